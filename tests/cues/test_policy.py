"""Stories of a class in simulated time: who is spoken to, when, and what is kept quiet."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from groupcoach.cues.policy import CuePolicy
from groupcoach.records import Event, Priority

NAMES = {1: "Mina", 2: "Jun", 3: "Ana"}


def fault(t_s, person=1, code="knees_in", measured=20.0, dangerous=False, **more):
    text = {"en": "push your knees out", "ko": "무릎을 바깥으로"}
    data = {"exercise": "squat", "code": code, "joint": "knee", "side": "both", "measured": measured, "limit": 10.0,
            "unit": "deg", "text": text, "dangerous": dangerous, **more}  # fmt: skip
    return Event(t_s, "fault_found", person, data)


def rep(t_s, person=1, faults=()):
    return Event(t_s, "rep_counted", person, {"exercise": "squat", "number": 1, "faults": list(faults)})


def reasons(record):
    return [(e.type, e.data["reason"]) for e in record]


def test_the_second_occurrence_is_spoken_with_the_name():
    policy = CuePolicy()
    assert policy.decide([fault(1.0)], NAMES, 1.0) == ([], [])
    (cue,), (event,) = policy.decide([fault(4.0)], NAMES, 4.0)
    assert cue.text == "Mina, push your knees out"
    assert (cue.person_id, cue.priority, cue.reason, cue.t_s, cue.expires_s) == (1, Priority.FORM, "knees_in", 4.0, 6.0)
    assert event.type == "cue_issued"
    assert event.person == 1
    assert {"text", "language", "priority", "reason", "name"} <= event.data.keys()


def test_danger_is_spoken_at_once_and_does_not_wait_for_the_room():
    policy = CuePolicy()
    policy.decide([fault(0.0)], NAMES, 0.0)
    assert policy.decide([fault(1.0)], NAMES, 1.0)[0]
    (cue,), _ = policy.decide([fault(2.1, person=2, dangerous=True)], NAMES, 2.1)
    assert (cue.person_id, cue.priority) == (2, Priority.DANGER)


def test_korean_class_and_the_ways_back_to_english():
    policy = CuePolicy("ko")
    (cue,), _ = policy.decide([fault(0.0, dangerous=True)], NAMES, 0.0)
    assert (cue.text, cue.language) == ("Mina, 무릎을 바깥으로", "ko")
    (cue,), _ = policy.decide([fault(9.0, person=2, dangerous=True, text={"en": "back flat"})], NAMES, 9.0)
    assert (cue.text, cue.language) == ("Jun, back flat", "en")
    (cue,), _ = policy.decide([fault(19.0, person=7, code="hip_sag", dangerous=True, text={})], NAMES, 19.0)
    assert (cue.text, cue.language) == ("7번, hip sag", "en")


def test_cooldown_grows_while_the_cue_is_ignored_and_shrinks_when_put_right():
    policy, spoken, t = CuePolicy(), [], 0.0
    while t < 60.0:
        spoken += [c.t_s for c in policy.decide([fault(t)], NAMES, t)[0]]
        t += 1.0
    assert spoken == [1.0, 9.0, 21.0, 39.0]  # 8 s, 12 s, 18 s
    policy.decide([rep(60.0)], NAMES, 60.0)
    again = [t for t in range(61, 90) if policy.decide([fault(t)], NAMES, t)[0]]
    assert again[1] - again[0] == 8


def test_a_fault_put_right_is_not_spoken_any_more():
    policy = CuePolicy()
    policy.decide([fault(0.0), fault(0.1, person=2), fault(0.2, person=2)], NAMES, 0.2)  # Jun takes the room
    policy.decide([fault(1.0)], NAMES, 1.0)  # Mina waits for it
    cues, record = policy.decide([rep(2.0)], NAMES, 2.0)
    assert cues == []
    assert reasons(record) == [("cue_dropped", "expired")]
    assert policy.decide([], NAMES, 5.0) == ([], [])


def test_a_repetition_with_the_fault_keeps_the_cue():
    policy = CuePolicy()
    policy.decide([fault(0.0), fault(0.1, person=2), fault(0.2, person=2)], NAMES, 0.2)
    policy.decide([fault(1.0), rep(1.0, faults=["knees_in"])], NAMES, 1.0)
    (cue,), _ = policy.decide([], NAMES, 2.8)
    assert cue.person_id == 1


def test_waiting_for_the_room_too_long_is_said_so():
    policy = CuePolicy()
    for t in range(4):  # dangerous faults of others keep the room busy
        events = [fault(t, person=10 + t, dangerous=True)] + [fault(t)] * (t < 2)
        policy.decide(events, NAMES, float(t))
    for t in range(4, 7):
        _, record = policy.decide([fault(t, person=10 + t, dangerous=True)], NAMES, float(t))
        if t == 6:
            assert ("cue_dropped", "room_busy") in reasons(record)


def test_muted_and_old_faults_are_dropped_with_their_reason():
    policy = CuePolicy()
    policy.decide([fault(0.0)], NAMES, 0.0, muted={1})
    assert reasons(policy.decide([fault(1.0)], NAMES, 1.0, muted={1})[1]) == [("cue_dropped", "muted")]
    assert reasons(policy.decide([fault(2.0)], NAMES, 7.0)[1]) == [("cue_dropped", "expired")]


def test_worst_first_and_then_the_one_not_spoken_to_for_longest():
    policy = CuePolicy()
    both = [fault(0.0), fault(0.0, 2, measured=40.0)]
    assert policy.decide(both + both, NAMES, 0.0)[0][0].person_id == 2
    order = []
    for t in range(3, 40, 3):
        order += [c.person_id for c in policy.decide([fault(t), fault(t, 2, measured=40.0)], NAMES, float(t))[0]]
    assert order[:4] == [1, 2, 1, 2]
    worse = [fault(99.0, 3, "depth", measured=math.nan), fault(99.0, 3, "trunk_lean", measured=50.0)]
    assert policy.decide(worse + worse, NAMES, 99.0)[0][0].reason == "trunk_lean"


def test_twenty_people_half_at_fault_nobody_waits_45_s():
    policy, last, longest = CuePolicy(), dict.fromkeys(range(10), 3.0), 0.0
    for tick in range(0, 3000):  # five minutes, ten times a second; a repetition every 3 s
        t = tick / 10
        events = [fault(t, p, measured=15.0 + p) for p in range(10) if tick % 30 == 3 * p]
        for cue in policy.decide(events, {}, t)[0]:
            longest, last[cue.person_id] = max(longest, t - last[cue.person_id]), t
    longest = max(longest, *(300.0 - s for s in last.values()))
    assert longest < 45.0


moments = st.tuples(
    st.floats(0, 2),
    st.integers(1, 4),
    st.sampled_from(["a", "b"]),
    st.booleans(),
    st.sampled_from(["fault", "rep", "left"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(moments, max_size=60))
def test_every_cue_is_accounted_for_and_the_room_stays_quiet(story):
    policy, t, offered, answers, spoken = CuePolicy(), 0.0, 0, Counter(), []
    for step, person, code, dangerous, kind in story:
        t += step
        event = {"fault": fault(t, person, code, dangerous=dangerous), "rep": rep(t, person, [code]),
                 "left": Event(t, "person_left", person, {"name": "x"})}[kind]  # fmt: skip
        offered += kind == "fault"
        cues, record = policy.decide([event], NAMES, t)
        answers.update(e.type for e in record)
        spoken += cues
        assert len(cues) <= 1
    gaps = [(b.t_s - a.t_s, b.priority) for a, b in pairwise(spoken)]
    assert all(gap >= (1.0 if p is Priority.DANGER else 2.5) for gap, p in gaps)
    assert answers["cue_issued"] == len(spoken)
    assert answers["cue_issued"] + answers["cue_dropped"] <= offered
