"""Stories of a class in simulated time: who is spoken to, when, and what is kept quiet."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupcoach.cues.policy import CuePolicy, Room
from groupcoach.cues.settings import load_settings
from groupcoach.cues.standing import CueTiming, Progress
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


# -- one person -------------------------------------------------------------------------------------------------------


def test_the_second_occurrence_is_spoken_with_the_name():
    policy = CuePolicy()
    assert policy.decide([fault(1.0)], ROOM, 1.0) == ([], [])
    (cue,), (event,) = policy.decide([fault(4.0)], ROOM, 4.0)
    assert cue.text == "Mina, push your knees out"
    assert (cue.person_id, cue.priority, cue.reason, cue.t_s, cue.expires_s) == (1, Priority.FORM, "knees_in", 4.0, 6.0)
    assert (event.type, event.person, event.data["cue"]) == ("cue_issued", 1, cue.number)
    assert {"text", "language", "priority", "reason", "name", "fault_t_s"} <= event.data.keys()


def test_danger_is_spoken_at_its_first_occurrence_and_over_a_lower_cue():
    policy = CuePolicy()
    assert not ask(policy, 1.0, fault(1.0, dangerous=True), room=Room(NAMES, busy=Priority.DANGER))
    (cue,) = ask(policy, 1.1, room=BUSY)
    assert (cue.person_id, cue.priority) == (1, Priority.DANGER)


def test_the_worst_one_only():
    policy = CuePolicy()
    worse = [fault(9.0, 3, "depth", measured=math.nan), fault(9.0, 3, "trunk_lean", measured=50.0)]
    (cue,) = ask(policy, 9.0, *worse, *worse)
    assert cue.reason == "trunk_lean"
    assert not ask(policy, 12.0, *worse)  # and then silence, about the other as well


def test_korean_class_own_language_and_the_ways_back_to_english():
    policy = CuePolicy("ko")
    assert said(policy, 0.0, fault(0.0, dangerous=True)) == [((1,), "Mina, 무릎을 바깥으로")]
    (cue,) = ask(policy, 9.0, fault(9.0, 2, dangerous=True, text={"en": "back flat"}))
    assert (cue.text, cue.language) == ("Jun, back flat", "en")
    assert said(policy, 19.0, fault(19.0, 7, "hip_sag", dangerous=True, text={})) == [((7,), "Person 7, hip sag")]
    own = Room(NAMES, languages={3: "en"})
    assert said(policy, 29.0, fault(29.0, 3, dangerous=True), room=own) == [((3,), "Ana, push your knees out")]


def test_cooldown_grows_while_the_cue_is_ignored_and_shrinks_when_put_right():
    policy, spoken = CuePolicy(), []
    for t in range(80):
        spoken += [c.t_s for c in ask(policy, float(t), fault(float(t)))]
    assert np.diff(spoken).tolist() == [8, 12, 18, 24]
    ask(policy, 80.0, rep(80.0))
    again = [t for t in range(81, 130) if [c for c in ask(policy, t, fault(t)) if c.priority is Priority.FORM]]
    assert again[1] - again[0] == 8


def test_a_spoken_fault_that_is_gone_is_praised_once():
    policy = policy_with_texts()
    ask(policy, 0.0, fault(0.0))
    assert ask(policy, 3.0, fault(3.0), rep(3.0, faults=["knees_in"]))
    assert not ask(policy, 5.0, rep(5.0, start_s=2.9))  # this one had begun before the cue
    (cue,) = ask(policy, 8.0, rep(8.0, start_s=5.0))
    assert (cue.reason, cue.priority) == ("praise", Priority.INFO)
    assert cue.text.startswith("Mina, ")
    assert not ask(policy, 12.0, rep(12.0, start_s=9.0))


def test_a_repetition_with_another_fault_is_not_praised():
    policy = policy_with_texts()
    ask(policy, 0.0, fault(0.0))
    ask(policy, 3.0, fault(3.0), rep(3.0, faults=["knees_in"]))
    assert not ask(policy, 8.0, rep(8.0, faults=["shallow"], start_s=5.0), fault(8.0, code="shallow"))


def test_a_fault_put_right_is_not_spoken_any_more():
    policy = CuePolicy()
    ask(policy, 0.0, fault(0.0), room=BUSY)
    ask(policy, 1.0, fault(1.0), room=BUSY)
    cues, record = policy.decide([rep(2.0)], ROOM, 2.0)
    assert cues == []
    assert reasons(record) == [("cue_withheld", "put_right")]
    assert policy.withdrawn() == []


def test_a_cue_whose_fault_is_gone_is_withdrawn_from_its_voice():
    policy = CuePolicy()
    (cue,) = ask(policy, 0.0, fault(0.0, dangerous=True))
    ask(policy, 1.5, rep(1.5, start_s=0.1))
    assert policy.withdrawn() == [cue.number]
    assert policy.withdrawn() == []


def test_a_busy_room_is_waited_out_until_the_next_time_the_fault_is_seen():
    policy = CuePolicy()
    ask(policy, 0.0, fault(0.0))
    assert not ask(policy, 3.0, fault(3.0), room=BUSY)
    assert not ask(policy, 4.0)  # late is wrong
    assert said(policy, 6.0, fault(6.0)) == [((1,), "Mina, push your knees out")]


@pytest.mark.parametrize(("ends_in_s", "told"), [(0.4, True), (1.7, True), (1.9, False)])
def test_the_next_cue_is_handed_over_while_the_room_is_busy_if_it_will_be_heard_within_its_life(ends_in_s, told):
    policy = CuePolicy()
    ask(policy, 0.0, fault(0.0))
    assert bool(ask(policy, 3.0, fault(3.0), room=Room(NAMES, busy=Priority.FORM, ends_in_s=ends_in_s))) is told


def test_two_cues_do_not_begin_too_soon_after_each_other_but_for_who_has_waited():
    def policy_after(waited_s):
        policy = CuePolicy()
        for t in np.arange(0.0, waited_s + 4.0, 3.0):
            ask(policy, t, fault(t, 2), room=BUSY)
        now = t + 1.0
        assert ask(policy, now, fault(now, dangerous=True))
        soon = Room(NAMES, busy=Priority.DANGER, ends_in_s=1.2)
        return ask(policy, now + 0.1, fault(now + 0.1, 2), room=soon)

    assert not policy_after(4.0)
    assert policy_after(TIMING.urgent_after_s)


def test_the_exercise_may_be_named_late_or_lost_for_a_moment():
    def change(t_s, exercise):
        return Event(t_s, "exercise_changed", 1, {"exercise": exercise})

    policy = CuePolicy()
    assert not ask(policy, 1.0, fault(1.0))
    assert not ask(policy, 1.2, change(1.2, "squat"))
    assert ask(policy, 4.0, fault(4.0))  # the second all the same
    assert not ask(policy, 6.0, change(6.0, "stand"))
    assert not ask(policy, 9.0, change(9.0, "squat"))
    assert ask(policy, 4.0 + TIMING.cooldown_s, fault(4.0 + TIMING.cooldown_s))
    assert not ask(policy, 16.0, change(16.0, "lunge"))
    assert not ask(policy, 90.0, fault(90.0, exercise="lunge"))  # of this exercise the first
    assert not ask(policy, 200.0, fault(200.0, exercise="lunge"))  # the last was long ago


def test_a_fault_of_the_exercise_before_is_not_spoken_any_more():
    policy = CuePolicy()
    for t in (0.0, 3.0):
        ask(policy, t, fault(t), room=BUSY)
    _, record = policy.decide([Event(4.0, "exercise_changed", 1, {"exercise": "lunge"})], ROOM, 4.0)
    assert reasons(record) == [("cue_withheld", "exercise_over")]


def test_danger_passes_a_cue_that_was_handed_over_ahead():
    policy = CuePolicy()
    ask(policy, 0.0, fault(0.0), fault(0.0, 2, "shallow"))
    assert ask(policy, 3.0, fault(3.0))
    assert ask(policy, 5.0, fault(5.0, 2, "shallow"), room=Room(NAMES, busy=Priority.FORM, ends_in_s=0.9))
    (cue,) = ask(policy, 5.1, fault(5.1, 3, dangerous=True), room=Room(NAMES, busy=Priority.FORM, ends_in_s=2.6))
    assert cue.person_id == 3


def test_who_was_told_something_that_nobody_heard_was_told_nothing():
    policy = CuePolicy()
    ask(policy, 0.0, fault(0.0))
    (lost,) = ask(policy, 3.0, fault(3.0))
    assert not ask(policy, 6.0, fault(6.0))  # left in peace
    policy.unheard(lost.number)
    (again,) = ask(policy, 9.0, fault(9.0))
    policy.unheard(lost.number)  # of an earlier cue: nothing
    assert not ask(policy, 12.0, fault(12.0))
    assert ask(policy, 9.0 + TIMING.cooldown_s, fault(9.0 + TIMING.cooldown_s))  # and it does not count as ignored
    assert again.number == lost.number + 1


@pytest.mark.parametrize(
    ("room", "reason"),
    [(Room(NAMES, muted={1}), "muted"), (Room(NAMES, floor=True), "floor"), (BUSY, "room_busy")],
)
def test_who_is_muted_and_who_has_the_floor(room, reason):
    policy = CuePolicy()
    for t in (0.0, 3.0, 6.0):
        assert not ask(policy, t, fault(t), room=room)
    assert reasons(policy.decide([], room, 19.0)[1]) == [("cue_withheld", reason)]


def test_when_the_floor_is_given_back_the_next_repetition_is_spoken():
    policy = CuePolicy()
    for t in (0.0, 3.0):
        ask(policy, t, fault(t), room=Room(NAMES, floor=True))
    assert len(ask(policy, 6.0, fault(6.0))) == 1


# -- milestones -------------------------------------------------------------------------------------------------------


def milestones(target, unit="reps", counts=None):
    policy, found = policy_with_texts(), []
    for i, done in enumerate(counts or range(int(target) + 1)):
        room = Room(NAMES, progress={1: Progress(done, target, unit)})
        found += [(done, cue.reason) for cue in ask(policy, 3.0 * i, room=room)]
    return found


def test_milestones_come_from_the_plan():
    assert milestones(10) == [(5, "halfway"), (7, "last_three"), (10, "done")]
    assert milestones(6) == [(3, "last_three"), (6, "done")]
    assert milestones(3) == [(3, "done")]
    assert milestones(40, "seconds", [0, 10, 21, 33, 40.5]) == [(21, "halfway"), (40.5, "done")]
    assert milestones(10, counts=[0, 4, 8, 8, 10]) == [(8, "last_three"), (10, "done")]  # the highest passed, once
    assert milestones(10, counts=[9, 10]) == [(10, "done")]


def test_a_new_step_of_the_plan_is_no_milestone():
    policy = policy_with_texts()
    for t, progress in enumerate((Progress(4, 10), Progress(0, 8), Progress(3, 8))):
        assert not ask(policy, 3.0 * t, room=Room(NAMES, progress={1: progress}))


def test_a_remark_waits_for_nobody_who_waits_for_a_cue():
    policy = policy_with_texts()
    for t in (0.0, 3.0, 6.0, 9.0):
        ask(policy, t, fault(t, 2), room=BUSY)
    done = Room(NAMES, progress={1: Progress(9, 10)})
    ask(policy, 11.0, room=done)
    later = Room(NAMES, progress={1: Progress(10, 10)})
    assert not ask(policy, 11.5, room=later)  # Jun's next repetition with the fault is due
    assert ask(policy, 12.0, fault(12.0, 2), room=later)[0].person_id == 2


# -- several people ---------------------------------------------------------------------------------------------------


def test_worst_first_and_then_the_one_not_spoken_to_for_longest():
    policy = CuePolicy()
    both = [fault(0.0), fault(0.0, 2, "shallow", measured=40.0)]
    assert ask(policy, 0.0, *both, *both)[0].person_id == 2
    order = []
    for t in range(3, 40, 3):
        order += [c.person_id for c in ask(policy, t, fault(t), fault(t, 2, "shallow", measured=40.0))]
    assert order[:4] == [1, 2, 1, 2]


def together(people, room=ROOM, language="en"):
    policy = policy_with_texts(language)
    first = [fault(0.0, p) for p in people]
    ask(policy, 0.0, *first, room=room)
    return policy, ask(policy, 3.0, *[fault(3.0, p) for p in people], room=room)


def test_three_with_the_same_fault_are_called_by_name_and_more_as_everyone():
    assert together([1, 2])[1][0].people == (1,)
    policy, (cue,) = together([1, 2, 3])
    assert (cue.text, set(cue.people)) == ("Mina, Jun and Ana: push your knees out", {1, 2, 3})
    assert not ask(policy, 6.0, fault(6.0, 2))  # each of them has been told
    policy, (cue,) = together([1, 2, 3, 4])
    assert (cue.text, len(cue.people)) == ("everyone: push your knees out", 4)
    assert together([1, 2, 3, 4], language="ko")[1][0].text == "모두: 무릎을 바깥으로"


def test_the_same_fault_of_another_exercise_is_another():
    policy = CuePolicy()
    events = [fault(0.0, 1), fault(0.0, 2), fault(0.0, 3, exercise="lunge")] * 2
    assert len(ask(policy, 0.0, *events)[0].people) == 1


def test_a_group_leaves_out_who_asked_for_none_and_who_has_a_phone():
    _, (cue,) = together([1, 2, 3], Room(NAMES, muted={2}))
    assert cue.people == (1,)
    _, cues = together([1, 2, 3], Room(NAMES, phones={3}))
    assert [(c.via, c.people, c.text) for c in cues] == [
        ("phone", (3,), "push your knees out"),  # one's own phone needs no name
        ("room", (1,), "Mina, push your knees out"),
    ]


def test_phones_do_not_wait_for_the_room():
    policy = CuePolicy()
    room = Room(NAMES, phones={1, 2}, busy=Priority.DANGER)
    twice = [fault(0.0, 1), fault(0.0, 2, "shallow")] * 2
    assert [(c.via, c.person_id) for c in ask(policy, 0.0, *twice, room=room)] == [("phone", 1), ("phone", 2)]
    assert not ask(policy, 3.0, fault(3.0, 1), room=room)


def test_danger_of_others_does_not_starve_a_person():
    """Nine people in danger again and again, one with a plain fault."""
    policy, told = CuePolicy(), []
    for tick in range(0, 1200):
        t = tick / 10
        events = [fault(t, p, f"d{p}", dangerous=True) for p in range(10, 19) if tick % 30 == 3 * (p - 10)]
        events += [fault(t, 1)] * (tick % 30 == 5)
        told += [c.t_s for c in ask(policy, t, *events) if 1 in c.people]
    assert max(np.diff([3.5, *told, 120.0])) <= 45.0


# -- a class of twenty (test_hour has its voice) ----------------------------------------------------------------------


def test_an_hour_leaves_nothing_behind():
    """The memory after an hour is that after ten minutes; every cue issued is there to be answered, once."""
    policy = CuePolicy()
    issued = Counter()

    def minutes(start, n):
        for t in range(start * 60, (start + n) * 60):
            events = [rep(t, p, [f"c{p % 7}"], t - 2) for p in range(20) if (t + p) % 3 == 0]
            events += [fault(t, p, f"c{p % 7}") for p in range(20) if (t + p) % 3 == 0]
            events += [Event(t, "exercise_changed", p) for p in range(20)] * (t % 300 == 0)
            cues, record = policy.decide(events, ROOM, t)
            issued.update(c.number for c in cues)
            assert len([e for e in record if e.type == "cue_issued"]) == len(cues)

    minutes(0, 10)
    before = len(repr(vars(policy)))  # everything it remembers
    minutes(10, 50)
    assert len(repr(vars(policy))) < 1.1 * before
    assert sorted(issued) == list(range(1, len(issued) + 1))
    assert set(issued.values()) == {1}
    assert len(policy._people) == 20


def test_who_left_long_ago_is_forgotten():
    policy = CuePolicy()
    for p in range(200):
        ask(policy, 10.0 * p, fault(10.0 * p, p), Event(10.0 * p, "person_left", p, {}))
    assert len(policy._people) < 100


moments = st.tuples(
    st.floats(0, 2),
    st.integers(1, 5),
    st.sampled_from(["a", "b"]),
    st.booleans(),
    st.sampled_from(["fault", "fault", "fault", "rep", "left", "floor", "busy"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(moments, max_size=80))
def test_the_room_stays_quiet_and_every_cue_has_one_number(story):
    policy, t, spoken, numbers = CuePolicy(), 0.0, [], []
    for step, person, code, dangerous, kind in story:
        t += step
        event = {"rep": rep(t, person, [code]), "left": Event(t, "person_left", person, {"name": "x"})}.get(
            kind, fault(t, person, code, dangerous=dangerous)
        )
        room = Room(NAMES, floor=kind == "floor", busy=Priority.FORM if kind == "busy" else None)
        cues, record = policy.decide([event], room, t)
        assert not (cues and kind == "floor")
        assert all(c.priority is Priority.DANGER for c in cues) or kind != "busy"
        numbers += [e.data["cue"] for e in record if e.type == "cue_issued"]
        spoken += cues
        assert len(cues) <= 1
    assert numbers == [c.number for c in spoken] == list(range(1, len(spoken) + 1))
    gaps = [(b.t_s - a.t_s, b.priority) for a, b in pairwise(spoken)]
    assert all(gap >= (1.0 if p is Priority.DANGER else 2.5) for gap, p in gaps)


person_habits = st.tuples(st.floats(1.5, 4.0), st.floats(0, 3.0), st.booleans(), st.sampled_from("abc"))


@settings(max_examples=12, deadline=None)
@given(st.lists(person_habits, min_size=2, max_size=10), st.floats(1.0, 2.4))
def test_nobody_waits_45_s_while_others_get_two(people, speech_s):
    """Whoever keeps a fault, whatever the others do: before a third person gets a second cue, the first has one."""
    policy, busy_until = CuePolicy(), -1.0
    next_s = {p: first for p, (_, first, _, _) in enumerate(people)}
    told = {p: [] for p in next_s}
    waits_from = {}
    for tick in range(750):
        t = tick / 5
        events = []
        for p, (rep_s, _, dangerous, code) in enumerate(people):
            if t >= next_s[p]:
                next_s[p] += rep_s
                events += [rep(t, p, [code], t - rep_s), fault(t, p, code, 15.0 + p, dangerous)]
                waits_from.setdefault(p, t + rep_s)
        for cue in policy.decide(events, Room(busy=Priority.FORM if t < busy_until else None), t)[0]:
            busy_until = t + speech_s
            for p in cue.people:
                told[p].append(t)
    for p, since in waits_from.items():
        moments_ = [since, *[t for t in told[p] if t > since], 150.0]
        for a, b in pairwise(moments_):
            if b - a > 45.0:
                twice = [q for q, when in told.items() if q != p and sum(a < t < a + 45.0 for t in when) >= 2]
                assert not twice, (p, a, b, twice)
