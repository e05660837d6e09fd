"""What becomes of what is booked: sets, faults, the instructor's count, and cards that turn out to be one person."""

from __future__ import annotations

import pytest
from written_person import CLASSES, At, always, live, person, reps, squatting, wave

from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.person import PersonState
from groupcoach.sets import SET_GAP_S


def test_two_exercises_after_each_other() -> None:
    state = person()
    events = live(state, 12, squatting(), always(squat=0.9))
    jacks: At = lambda t: {"shoulder": wave(t, 13, 6, 1.2, 10, 165)}  # noqa: E731
    events += live(state, 12, jacks, always(jumping_jack=0.9), from_s=12)
    assert state.totals == {"squat": 5, "jumping_jack": 6}
    assert [(s.exercise, len(s.reps)) for s in state.sets] == [("squat", 5), ("jumping_jack", 6)]
    assert [e.data["exercise"] for e in events if e.type == "exercise_changed"] == ["squat", "jumping_jack"]
    assert state.current_set is state.sets[-1]


def test_a_long_break_begins_a_new_set_a_short_one_does_not() -> None:
    for pause, sets in ((SET_GAP_S - 8, [3, 3]), (SET_GAP_S + 8, [3, 3])):
        state = person()
        second = 8 + pause
        pose: At = lambda t, s=second: {"knee": min(wave(t, 1, 3, 2, 172, 85), wave(t, s, 3, 2, 172, 85))}  # noqa: E731
        live(state, second + 9, pose, lambda t, s=second: {"squat": 0.9} if t < 7 or t > s else {"stand": 0.9})
        assert state.totals == {"squat": 6}
        assert [len(s.reps) for s in state.sets] == (sets if pause > SET_GAP_S else [6])


def test_a_shallow_repetition_counts_and_is_a_fault() -> None:
    state = person()
    events = live(state, 13, squatting(low=122), always(squat=0.9))
    found = [e for e in events if e.type == "fault_found"]
    assert [(e.data["code"], e.data["rep"], e.data["joint"]) for e in found] == [
        ("shallow", n, "knee") for n in range(1, 6)
    ]
    assert found[0].data["text"].keys() == {"en", "ko"}
    assert found[0].data["measured"] == pytest.approx(122, abs=4)
    assert [e.data["faults"] for e in events if e.type == "rep_counted"] == [["shallow"]] * 5
    assert state.last_fault is not None
    assert state.last_fault[:3] == ("squat", "shallow", "knee")
    assert state.sets[0].clean == 0
    assert state.sets[0].faults() == {"shallow": 5}


def test_a_good_repetition_wipes_the_fault() -> None:
    state = person()
    pose: At = lambda t: {"knee": wave(t, 1, 1, 2, 172, 122) if t < 3 else wave(t, 3, 1, 2, 172, 85)}  # noqa: E731
    live(state, 8, pose, always(squat=0.9))
    assert state.sets[0].faults() == {"shallow": 1}
    assert state.sets[0].clean == 1
    assert state.last_fault is None


def test_the_instructors_count_stands_and_what_follows_adds_to_it() -> None:
    state = person()
    live(state, 13, squatting(), always(squat=0.9))
    state.correct("squat", 7)
    assert state.totals["squat"] == 7
    later = live(state, 6, squatting(start=14, n=2), always(squat=0.9), from_s=13)
    assert reps(later) == [("squat", 8), ("squat", 9)]
    state.correct("squat", 2)
    assert state.totals["squat"] == 2
    state.correct("lunge", 3)
    assert state.totals == {"squat": 2, "lunge": 3}


def test_who_was_somebody_else_brings_everything_along() -> None:
    old, new = person(), PersonState(2, load_catalogue(), CLASSES)
    live(old, 8, squatting(n=3), always(squat=0.9))
    old.correct("squat", 4)
    # comes back under another number, in the middle of the next set
    live(new, 3.2, squatting(start=10.5, n=3), always(squat=0.9), from_s=10)
    assert new.totals == {"squat": 1}
    old.take_over(new)
    assert old.totals == {"squat": 5}
    assert old.vote.label.exercise == "squat"
    events = live(old, 7, squatting(start=10.5, n=3), always(squat=0.9), from_s=13.2)
    assert old.totals == {"squat": 7}  # the repetition under way at the merge is not lost
    assert {e.person for e in events} == {1}


def test_taking_over_somebody_who_left_earlier_keeps_ones_own_present() -> None:
    early, late = PersonState(1, load_catalogue(), CLASSES), PersonState(2, load_catalogue(), CLASSES)
    live(early, 8, squatting(n=3), always(squat=0.9))
    live(late, 4.2, squatting(start=10.5, n=4), always(squat=0.9), from_s=10)
    late.take_over(early)
    assert late.totals == {"squat": 4}
    assert [s.start_s for s in late.sets] == sorted(s.start_s for s in late.sets)
    live(late, 7, squatting(start=10.5, n=4), always(squat=0.9), from_s=14.2)
    assert late.totals == {"squat": 7}
