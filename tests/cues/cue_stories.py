"""What happens to the people of a small class, for stories about who is spoken to."""

from __future__ import annotations

from groupcoach.cues.policy import CuePolicy, Room
from groupcoach.cues.settings import load_settings
from groupcoach.cues.standing import CueTiming
from groupcoach.records import Event, Priority

NAMES = {1: "Mina", 2: "Jun", 3: "Ana", 4: "Leo"}
ROOM = Room(NAMES)
BUSY = Room(NAMES, busy=Priority.FORM)
TIMING = CueTiming()


def fault(t_s, person=1, code="knees_in", measured=20.0, dangerous=False, **more):
    text = {"en": "push your knees out", "ko": "무릎을 바깥으로"}
    data = {"exercise": "squat", "code": code, "joint": "knee", "side": "both", "measured": measured, "limit": 10.0,
            "unit": "deg", "text": text, "dangerous": dangerous, **more}  # fmt: skip
    return Event(t_s, "fault_found", person, data)


def rep(t_s, person=1, faults=(), start_s=None):
    data = {"exercise": "squat", "number": 1, "faults": list(faults), "start_s": t_s if start_s is None else start_s}
    return Event(t_s, "rep_counted", person, data)


def ask(policy, t_s, *events, room=ROOM):
    """The cues of one moment."""
    return policy.decide(events, room, t_s)[0]


def said(policy, t_s, *events, room=ROOM):
    return [(c.people, c.text) for c in ask(policy, t_s, *events, room=room)]


def reasons(record):
    return [(e.type, e.data["reason"]) for e in record]


def policy_with_texts(language="en"):
    return CuePolicy(language, texts=load_settings().texts())
