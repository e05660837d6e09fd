"""Policy, room voice and phones together: every cue issued has exactly one end on record."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from fake_voices import missing, polite, slow

from groupcoach.cards import PersonCard
from groupcoach.cues.class_voices import ClassVoices, figure, own_state
from groupcoach.cues.phones import PhoneDesk
from groupcoach.cues.policy import CuePolicy
from groupcoach.cues.settings import load_settings
from groupcoach.cues.speaker import Speaker
from groupcoach.cues.standing import Progress
from groupcoach.plan import PlanProgress, Step
from groupcoach.records import Event
from groupcoach.skeleton import INDEX, JOINTS


def pipeline(n=3, plan=None):
    people = {i: SimpleNamespace(name=f"N{i}", in_doubt=False) for i in range(1, n + 1)}
    roster = SimpleNamespace(member=lambda name: SimpleNamespace(say="noon", language=None) if name == "N1" else None)
    states = {i: SimpleNamespace(plan=plan if i == 1 else None) for i in people}
    return SimpleNamespace(identity=SimpleNamespace(people=people, roster=roster), people=states)


def fault(t_s, person=1, code="shallow"):
    data = {"exercise": "squat", "code": code, "measured": 20.0, "limit": 10.0, "unit": "deg", "dangerous": False,
            "text": {"en": "go lower", "ko": "더 앉으세요"}}  # fmt: skip
    return Event(t_s, "fault_found", person, data)


def rep(t_s, person=1, faults=("shallow",), exercise="squat"):
    data = {"exercise": exercise, "number": 1, "faults": list(faults), "start_s": t_s - 2.0}
    return Event(t_s, "rep_counted", person, data)


def cue_events(events):
    return [(e.type, e.data.get("cue"), e.data.get("reason")) for e in events if e.type.startswith("cue_")]


def until(condition, limit_s=20.0):
    began = time.perf_counter()
    while not condition():
        assert time.perf_counter() - began < limit_s
        time.sleep(0.005)


@pytest.fixture
def make():
    made = []

    def voices(worker=polite, phones=None, aloud=True, clock=None):
        speaker = Speaker(enabled=aloud, worker=worker)
        policy = CuePolicy(texts=load_settings().texts())
        made.append(ClassVoices(policy, speaker, phones, aloud=aloud, **({"clock": clock} if clock else {})))
        return made[-1]

    yield voices
    for one in made:
        one.speaker.close()


@pytest.mark.parametrize(("worker", "aloud"), [(polite, True), (missing, True), (polite, False)])
def test_an_hour_of_twenty_people_every_cue_is_accounted_for(make, worker, aloud):
    """Simulated time: the voice cannot follow it, which is what fills the queue."""
    desk = PhoneDesk()
    voices, line, record = make(worker, desk, aloud), pipeline(20), []
    listening = desk.open(20, lambda: None)
    for t in range(0, 3600, 2):
        events = [e for p in range(1, 21) if (t // 2 + p) % 3 == 0 for e in (rep(t, p), fault(t, p, "shallow"))]
        record += voices.step(events, line, {7}, t % 600 > 540, float(t))
        desk.here(20)
        for _, cue in listening.take():
            if '"cue"' in cue:
                desk.answered(20, int(cue.split('"cue": ')[1].split(",")[0]), True, 0.0)
    record += voices.end(3600.0, 10.0)
    count = Counter(e.type for e in record)
    issued = sorted(e.data["cue"] for e in record if e.type == "cue_issued")
    ended = sorted(e.data["cue"] for e in record if e.type in ("cue_spoken", "cue_expired", "cue_dropped"))
    assert issued == ended == list(range(1, len(issued) + 1))
    assert count["cue_issued"] == count["cue_spoken"] + count["cue_expired"] + count["cue_dropped"] > 50
    assert {7} & {p for e in record if e.type == "cue_issued" for p in e.data["people"]} == set()
    if worker is polite and aloud:
        assert count["cue_spoken"] > 20
    reasons = {e.data["reason"] for e in record if e.type == "cue_dropped" and e.data["via"] == "room"}
    assert reasons <= ({"voice_off"} if not aloud else {"silent"} if worker is missing else {"put_right", "closed"})


def test_a_spoken_cue_has_its_beginning_and_end(make):
    voices = make()
    voices.step([rep(0.0), fault(0.0)], pipeline(), set(), False, 0.0)
    voices.step([rep(3.0), fault(3.0)], pipeline(), set(), False, 3.0)
    (spoken,) = [e for e in voices.end(4.0, 20.0) if e.type == "cue_spoken"]
    assert spoken.data["text"] == "N1, go lower"
    assert 3.0 <= spoken.data.get("start_s", 3.0) <= spoken.data.get("end_s", 3.1)


def test_who_has_a_phone_is_told_there_and_left_out_by_the_room(make):
    desk = PhoneDesk()
    voices = make(phones=desk)
    desk.open(1, lambda: None)
    twice = [fault(0.0, 1), fault(0.0, 2)] * 2
    record = voices.step(twice, pipeline(), set(), False, 0.0)
    assert [(e.data["via"], e.person) for e in record if e.type == "cue_issued"] == [("phone", 1), ("room", 2)]
    record = voices.end(1.0, 20.0)
    assert {(e.data["via"], e.type, e.data.get("reason")) for e in record} == {
        ("room", "cue_spoken", None), ("phone", "cue_dropped", "no_answer"),
    }  # fmt: skip


def test_names_that_no_voice_can_say_are_one_notice(make):
    voices, line = make(), pipeline(4)
    for person, name in ((1, "🦄🦄"), (2, "ⵜⵉⴼⵉ"), (3, "Анна"), (4, "Person 4")):
        line.identity.people[person].name = name
    voices.step([], line, set(), False, 0.0)
    (notice,) = voices.notices
    assert "🦄🦄, ⵜⵉⴼⵉ:" in notice
    line.identity.people[1].name, line.identity.people[2].name = "Mina", "Jun"
    voices.step([], line, set(), False, 1.0)
    assert voices.notices == []
    assert make(aloud=False).notices == []


def test_why_the_voice_is_silent_is_the_one_notice(make):
    voices, line = make(missing), pipeline(1)
    line.identity.people[1].name = "🦄"
    voices.step([], line, set(), False, 0.0)
    until(lambda: voices.speaker.notice)
    assert voices.notices == ["No speech engine on this machine"]


def test_a_cue_that_was_cut_off_is_said_again_at_the_next_repetition(make):
    voices, line = make(slow), pipeline(2)
    danger = fault(3.0, 2)
    danger.data["dangerous"] = True
    record = voices.step([fault(0.0), fault(0.0)], line, set(), False, 0.0)
    until(lambda: voices.speaker._queue.current and voices.speaker._queue.current.began)
    record += voices.step([danger], line, set(), False, 3.0)
    until(lambda: voices.speaker._queue.current and voices.speaker._queue.current.cue.person_id == 2)
    record += voices.step([], line, set(), False, 3.2)
    assert ("cue_dropped", 1, "interrupted") in cue_events(record)
    assert voices.speaker.drain(20)
    record = voices.step([fault(6.0)], line, set(), False, 6.0)  # no cooldown: nobody was told
    assert [(e.type, e.person) for e in record if e.type == "cue_issued"] == [("cue_issued", 1)]


def test_who_may_be_somebody_else_is_told_nothing(make):
    voices, line = make(), pipeline(2)
    line.identity.people[1].in_doubt = True
    twice = [fault(0.0), fault(0.0)]
    assert cue_events(voices.step(twice, line, set(), False, 0.0)) == []
    line.identity.people[1].in_doubt = False
    record = voices.step([fault(3.0)], line, set(), False, 3.0)
    assert ("cue_issued", 1) in [(e.type, e.person) for e in record]


def test_the_floor_is_the_instructors_for_so_long(make):
    now = [0.0]
    voices = make(clock=lambda: now[0])
    voices.take_floor(2.0)
    twice = [fault(0.0), fault(0.0)]
    assert cue_events(voices.step(twice, pipeline(), set(), False, 0.0)) == []
    now[0] = 2.1
    assert [e[0] for e in cue_events(voices.step([fault(3.0)], pipeline(), set(), False, 3.0))][:1] == ["cue_issued"]


def test_the_plan_gives_the_milestones_also_the_last_repetition(make):
    voices, plan = make(aloud=False), PlanProgress([Step("squat", reps=8), Step("lunge", reps=4)], {})
    line, reasons = pipeline(1, plan), []
    for i in range(1, 13):
        exercise = "squat" if i <= 8 else "lunge"
        plan.count(exercise, 3.0 * i, reps=1)
        events = voices.step([rep(3.0 * i, faults=(), exercise=exercise)], line, set(), False, 3.0 * i)
        reasons += [(i, e.data["reason"]) for e in events if e.type == "cue_issued"]
    assert reasons == [(4, "halfway"), (5, "last_three"), (8, "done"), (12, "done")]


def test_a_step_that_was_skipped_is_not_called_done(make):
    voices, plan = make(aloud=False), PlanProgress([Step("squat", reps=8), Step("lunge", reps=4)], {})
    line = pipeline(1, plan)
    plan.count("squat", 3.0, reps=7)
    voices.step([rep(3.0, faults=())], line, set(), False, 3.0)
    plan.count("lunge", 9.0, reps=1)
    assert cue_events(voices.step([rep(9.0, faults=(), exercise="lunge")], line, set(), False, 9.0)) == []


def test_the_figure_is_the_persons_box_from_0_to_1_and_nan_is_left_out():
    joints = np.full((len(JOINTS), 2), np.nan)
    joints[INDEX["head"]] = 150.0, 110.0
    joints[INDEX["left_knee"]] = 130.0, 250.0
    assert figure(joints, np.array([100.0, 100.0, 200.0, 300.0])) == {"head": [0.5, 0.05], "left_knee": [0.4, 0.75]}


def test_a_phone_is_shown_its_own_card_only():
    card = PersonCard(1, "Mina", None, True, "squat", "Squat", 3, 2, float("nan"), "knee", "push your knees out", 1.0,
                      {"squat": 3}, False, 1.0, None)  # fmt: skip
    state = own_state(card, {"left_knee": [0.4, 0.7], "head": [0.5, 0.1]}, "en", Progress(3, 10))
    assert (state["name"], state["reps"], state["target"], state["wrong"]) == ("Mina", 3, 10, ["left_knee"])
    desk, shown = PhoneDesk(), []
    voices = ClassVoices(CuePolicy(), Speaker(enabled=False), desk)
    own = desk.open(1, lambda: shown.append(1))
    other = PersonCard(2, "Jun", None, True, "squat", "Squat", 9, 2, 0.0, None, None, None, {}, False, 1.0, None)
    voices.show([card, other], [], "en")
    ((kind, text),) = own.take()
    assert kind == "state"
    assert "Mina" in text
    assert "Jun" not in text


def test_a_phone_is_told_a_count_at_once_and_a_figure_in_its_turn():
    now, desk = [0.0], PhoneDesk()
    voices = ClassVoices(CuePolicy(), Speaker(enabled=False), desk, clock=lambda: now[0])
    own = desk.open(1, lambda: None)
    card = PersonCard(1, "Mina", None, True, "squat", "Squat", 3, 2, 0.0, None, None, None, {}, False, 1.0, None)
    told = []
    for tick in range(50):  # ten times a second
        now[0] = 10 + tick / 10
        voices.show([replace(card, reps=4 if now[0] >= 12.35 else 3)], [], "en")
        told += [(now[0], json.loads(text)["reps"]) for _, text in own.take()]
    times = [at for at, _ in told]
    assert 11 <= len(told) <= 14
    assert max(b - a for a, b in pairwise(times)) < 0.55
    assert min(at for at, reps in told if reps == 4) <= 12.6
