"""Stories of one person in simulated time: when they are spoken to, and what is kept quiet."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cue_stories import BUSY, NAMES, ROOM, TIMING, ask, fault, policy_with_texts, reasons, rep, said

from groupcoach.cues.policy import CuePolicy, Room
from groupcoach.cues.standing import Progress
from groupcoach.records import Event, Priority

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


def test_danger_too_is_said_when_it_is_seen_or_at_the_next_repetition():
    policy = CuePolicy()
    assert ask(policy, 0.0, fault(0.0, dangerous=True))
    assert not ask(policy, 0.2, fault(0.2, 2, dangerous=True))  # one sentence has just begun
    assert not ask(policy, 1.2)
    assert ask(policy, 3.0, fault(3.0, 2, dangerous=True))


def test_readings_close_to_the_limit_have_to_be_one_more():
    policy = CuePolicy()
    assert not ask(policy, 0.0, fault(0.0, dangerous=True, clear=False))
    assert ask(policy, 3.0, fault(3.0, dangerous=True, clear=False))
    for person, readings in ((2, [False, False, False]), (3, [False, True]), (4, [True, False])):
        for k, clear in enumerate(readings, 1):
            t_s = 40.0 * person + 3 * k
            assert len(ask(policy, t_s, fault(t_s, person, clear=clear))) == (k == len(readings))


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
