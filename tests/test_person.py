"""One person's state from written angles and votes: what is booked, when, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.measures import MEASURE_INDEX, MEASURES
from groupcoach.past import HISTORY_S
from groupcoach.person import SET_GAP_S, PersonState
from groupcoach.records import Event, Floats
from groupcoach.skeleton import ANGLE_INDEX, ANGLES

CLASSES = ("stand", "squat", "lunge", "push_up", "jumping_jack", "biceps_curl", "lateral_raise", "unknown")
FPS = 15.0
Votes = dict[str, float] | None
At = Callable[[float], Any]


def person() -> PersonState:
    return PersonState(1, load_catalogue(), CLASSES)


def votes_of(shares: Votes) -> Floats | None:
    if shares is None:
        return None
    out = np.full(len(CLASSES), (1 - sum(shares.values())) / len(CLASSES))
    for name, share in shares.items():
        out[CLASSES.index(name)] += share
    return out


def live(
    state: PersonState,
    seconds: float,
    pose: At,
    votes: At,
    *,
    from_s: float = 0.0,
    fps: float = FPS,
    view: str = "side",
) -> list[Event]:
    """Feed a stretch of time: ``pose`` and ``votes`` tell, for a time, angles by name and shares by class."""
    events = []
    for t in np.arange(from_s, from_s + seconds, 1 / fps):
        deg, values = np.full(len(ANGLES), 172.0), np.full(len(MEASURES), np.nan)
        deg[[ANGLE_INDEX[n] for n in ("left_shoulder", "right_shoulder", "trunk_lean")]] = 8.0
        named = pose(float(t))
        for name, value in named.items():
            for side in ("left_", "right_", ""):
                if side + name in ANGLE_INDEX:
                    deg[ANGLE_INDEX[side + name]] = value
        for name in ("knee", "hip", "elbow", "shoulder"):
            values[MEASURE_INDEX[name]] = (deg[ANGLE_INDEX[f"left_{name}"]] + deg[ANGLE_INDEX[f"right_{name}"]]) / 2
        for name in ("knee", "elbow"):
            values[MEASURE_INDEX[f"{name}_low"]] = min(
                deg[ANGLE_INDEX[f"left_{name}"]], deg[ANGLE_INDEX[f"right_{name}"]]
            )
        values[MEASURE_INDEX["trunk_lean"]] = deg[ANGLE_INDEX["trunk_lean"]]
        for name in named.keys() & MEASURE_INDEX.keys():
            values[MEASURE_INDEX[name]] = named[name]
        sigma = np.where(np.isnan(values), np.nan, 0.03)
        sigma_deg = np.where(np.isnan(deg), np.nan, 5.0)
        events += state.step(float(t), deg, sigma_deg, values, sigma, view, votes_of(votes(float(t))))
    return events


def wave(t: float, start: float, n: int, period: float, rest: float, turn: float) -> float:
    k = (t - start) / period
    return rest + (turn - rest) * (1 - np.cos(2 * np.pi * k)) / 2 if 0 <= k < n else rest


def squatting(start: float = 1.0, n: int = 5, period: float = 2.0, low: float = 85.0) -> At:
    return lambda t: {"knee": wave(t, start, n, period, 172, low)}


def always(**shares: float) -> At:
    return lambda t: shares


def upright(t: float) -> dict[str, float]:
    return {}


def reps(events: list[Event]) -> list[tuple[str, int]]:
    return [(e.data["exercise"], e.data["number"]) for e in events if e.type == "rep_counted"]


def test_five_squats_are_five_in_order_and_in_one_set() -> None:
    state = person()
    events = live(state, 13, squatting(), always(squat=0.9))
    assert reps(events) == [("squat", n) for n in range(1, 6)]
    assert state.totals == {"squat": 5}
    assert [(s.exercise, len(s.reps), s.clean) for s in state.sets] == [("squat", 5, 5)]
    ends = [e.data["end_s"] for e in events if e.type == "rep_counted"]
    assert ends == pytest.approx([3, 5, 7, 9, 11], abs=0.5)
    told = [e.t_s for e in events if e.type == "rep_counted"]
    assert all(0 <= t - end < 0.1 for t, end in zip(told, ends, strict=True))  # said as it happens
    assert all(e.person == 1 for e in events)


@pytest.mark.parametrize("fps", [8, 15, 30])
def test_the_frame_rate_does_not_matter(fps: float) -> None:
    state = person()
    live(state, 13, squatting(), always(squat=0.9), fps=fps)
    assert state.totals == {"squat": 5}


def test_what_was_done_before_the_vote_was_sure_is_booked_afterwards() -> None:
    state = person()
    # at first the classifier cannot tell; its window lags behind the first repetition
    events = live(state, 13, squatting(), lambda t: {"stand": 0.5, "squat": 0.4} if t < 3.4 else {"squat": 0.9})
    assert reps(events) == [("squat", n) for n in range(1, 6)]
    first = next(e for e in events if e.type == "rep_counted")
    assert first.data["end_s"] == pytest.approx(2.7, abs=0.4)


def test_no_vote_at_first_is_no_loss() -> None:
    state = person()
    live(state, 13, squatting(), lambda t: None if t < 2.0 else {"squat": 0.9})
    assert state.totals == {"squat": 5}


@pytest.mark.parametrize("instead", ["unknown", "lunge", "stand"])
def test_a_stumble_of_the_classifier_loses_none(instead: str) -> None:
    state = person()
    events = live(state, 13, squatting(), lambda t: {instead: 0.9} if 5.2 < t < 6.0 else {"squat": 0.9})
    assert reps(events) == [("squat", n) for n in range(1, 6)]
    assert [s.exercise for s in state.sets] == ["squat"]


def test_standing_counts_nothing() -> None:
    state = person()
    events = live(state, 20, lambda t: {"knee": 170 + 4 * np.sin(t)}, always(stand=0.9))
    assert reps(events) == []
    assert (state.totals, state.sets) == ({}, [])


@pytest.mark.parametrize("label", ["unknown", "stand"])
def test_movement_that_is_no_exercise_counts_nothing(label: str) -> None:
    state = person()
    events = live(state, 20, squatting(n=8), always(**{label: 0.9}))
    events += state.finish(20.0)
    assert reps(events) == []


def test_a_movement_that_fits_two_exercises_is_booked_once() -> None:
    state = person()
    live(state, 13, squatting(), always(squat=0.65, lunge=0.3))
    assert state.totals == {"squat": 5}


def test_one_gesture_opens_no_set_and_several_of_its_kind_do() -> None:
    once, often = person(), person()
    live(once, 8, squatting(n=1), always(squat=0.6, unknown=0.4))
    assert once.totals == {}
    live(often, 13, squatting(n=4), always(squat=0.65, unknown=0.3))
    assert often.totals == {"squat": 4}
    sure = person()
    live(sure, 8, squatting(n=1), always(squat=0.85, unknown=0.15))
    assert sure.totals == {"squat": 1}


def test_arms_and_legs_at_once_are_one_exercise() -> None:
    state = person()
    pose: At = lambda t: {"knee": wave(t, 1, 5, 2.0, 172, 85), "shoulder": wave(t, 1, 5, 2.0, 10, 110)}  # noqa: E731
    live(state, 13, pose, always(squat=0.9))
    assert state.totals == {"squat": 5}


@pytest.mark.parametrize("seen", ["both arms", "only the left"])
def test_curls_of_one_arm_after_the_other_count_each(seen: str) -> None:
    def pose(t: float) -> dict[str, float]:
        left, right = wave(t, 1, 1, 2, 170, 50), wave(t, 3, 1, 2, 170, 50)
        left, right = min(left, wave(t, 5, 1, 2, 170, 50)), min(right, wave(t, 7, 1, 2, 170, 50))
        return {"left_elbow": left, "right_elbow": right if seen == "both arms" else np.nan}

    state = person()
    live(state, 11, pose, always(biceps_curl=0.9))
    assert state.totals == {"biceps_curl": 4 if seen == "both arms" else 2}
    assert state.sets[0].faults() == {}


def test_curls_of_both_arms_at_once_count_once() -> None:
    state = person()
    live(state, 11, lambda t: {"elbow": wave(t, 1, 4, 2, 170, 50)}, always(biceps_curl=0.9))
    assert state.totals == {"biceps_curl": 4}


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


def test_upright_push_ups_do_not_pass_the_gate() -> None:
    pose: At = lambda t: {"elbow": wave(t, 1, 4, 2, 172, 85)}  # noqa: E731
    lying: At = lambda t: {"elbow": wave(t, 1, 4, 2, 172, 85), "trunk_lean": 80.0}  # noqa: E731
    upright_state, lying_state = person(), person()
    live(upright_state, 11, pose, always(push_up=0.9))
    live(lying_state, 11, lying, always(push_up=0.9))
    assert (upright_state.totals, lying_state.totals) == ({}, {"push_up": 4})


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


def test_knees_in_needs_to_have_seen_the_person_stand() -> None:
    pose: At = lambda t: {  # noqa: E731
        "knee": wave(t, 4, 3, 2, 172, 85),
        "knees_inside_feet": wave(t, 4, 3, 2, 0.05, 0.45),
    }
    seen, unseen = person(), person()
    live(seen, 12, pose, lambda t: {"stand": 0.9} if t < 4 else {"squat": 0.9}, view="front")
    live(unseen, 12, pose, always(squat=0.9), view="front")
    assert seen.totals == unseen.totals == {"squat": 3}
    assert seen.sets[0].faults() == {"knees_in": 3}
    assert unseen.sets[0].faults() == {}


def test_not_seeing_for_a_moment_loses_none() -> None:
    state = person()
    base = squatting()

    def pose(t: float) -> dict[str, float]:
        return {"knee": np.nan} if 4.0 < t < 4.5 else base(t)

    live(state, 13, pose, always(squat=0.9))
    assert state.totals == {"squat": 5}


def test_one_leg_hidden_counts_by_the_other() -> None:
    state = person()
    base = squatting()
    events = []
    for t in np.arange(0, 13, 1 / FPS):
        deg = np.full(len(ANGLES), np.nan)
        deg[ANGLE_INDEX["right_knee"]] = base(float(t))["knee"]
        sigma = np.where(np.isnan(deg), np.nan, 5.0)
        nothing = np.full(len(MEASURES), np.nan)
        events += state.step(float(t), deg, sigma, nothing, nothing, "side", votes_of({"squat": 0.9}))
    assert state.totals == {"squat": 5}


def test_never_seen_well_is_an_ordinary_person() -> None:
    state = person()
    blind: At = lambda t: dict.fromkeys(("knee", "elbow", "shoulder", "hip"), np.nan)  # noqa: E731
    assert reps(live(state, 5, blind, lambda t: None)) == []
    assert state.finish(5.0) == []
    assert state.totals == {}


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


def raising(start: float = 1.0, n: int = 6, period: float = 1.6, feet: float = 18.0) -> At:
    """Arms up to the sides, the legs ``feet`` degrees apart while they are up."""
    return lambda t: {
        "shoulder": wave(t, start, n, period, 12, 95), "feet_apart": wave(t, start, n, period, 18, feet),
    }  # fmt: skip


def test_votes_for_what_it_cannot_have_been_are_votes_for_nothing() -> None:
    torn = always(jumping_jack=0.6, lateral_raise=0.3)
    still, apart = person(), person()
    live(still, 14, raising(), torn)
    live(apart, 14, raising(feet=40.0), torn)
    assert still.totals == {"lateral_raise": 6}  # feet that stay where they are are no jumping jack
    assert apart.totals == {"jumping_jack": 6}


def test_weak_votes_do_when_many_excursions_are_alike() -> None:
    weak = always(squat=0.47, unknown=0.5)
    few, many, ragged = person(), person(), person()
    live(few, 6, squatting(n=2, period=1.5), weak)
    live(many, 16, squatting(n=9, period=1.5), weak)
    lows = (150, 85, 140, 95, 150, 85, 140, 100, 150)
    live(ragged, 16, lambda t: squatting(n=9, period=1.5, low=lows[max(0, min(8, int((t - 1) / 1.5)))])(t), weak)
    assert few.totals == {}
    assert many.totals["squat"] >= 7  # who waits for 5 s sees fewer of them, so the first two may be missed
    assert sum(ragged.totals.values()) < 5


def test_what_waits_at_the_end_is_decided() -> None:
    state = person()
    votes: At = lambda t: {"squat": 0.45, "unknown": 0.45}  # noqa: E731
    events = live(state, 2.9, squatting(n=1, period=1.5), votes)
    events += state.finish(2.9)
    assert state._pending == []
    assert reps(events) == reps(state.finish(2.9) + events)  # a second end changes nothing


def test_memory_is_bounded() -> None:
    state = person()
    live(state, 60, squatting(n=28), always(squat=0.9))
    assert len(state._past.rows) <= HISTORY_S * FPS + 2
    assert len(state._support.recent) <= 40
    assert len(state._pending) < 10
    assert state.totals == {"squat": 28}


def test_time_may_start_anywhere() -> None:
    state = person()
    live(state, 13, squatting(start=1001), always(squat=0.9), from_s=1000)
    assert state.totals == {"squat": 5}
