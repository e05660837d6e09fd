"""One person's state from written angles and votes: what is booked, when, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from written_person import FPS, At, always, live, person, reps, squatting, votes_of, wave

from groupcoach.measures import MEASURES
from groupcoach.past import HISTORY_S
from groupcoach.skeleton import ANGLE_INDEX, ANGLES


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


@pytest.mark.parametrize(
    ("votes", "counted"),
    [
        ({"biceps_curl": 0.45, "stand": 0.3}, {"biceps_curl": 4}),
        ({"biceps_curl": 0.45, "unknown": 0.3}, {}),
        ({"biceps_curl": 0.2, "stand": 0.75}, {}),
    ],
)
def test_who_moves_far_does_not_stand_still(votes: dict[str, float], counted: dict[str, int]) -> None:
    state = person()
    live(state, 13, lambda t: {"elbow": wave(t, 1.0, 4, 2.0, 165, 45)}, always(**votes))
    state.finish(13.0)
    assert state.totals == counted


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


def test_upright_push_ups_do_not_pass_the_gate() -> None:
    pose: At = lambda t: {"elbow": wave(t, 1, 4, 2, 172, 85)}  # noqa: E731
    lying: At = lambda t: {"elbow": wave(t, 1, 4, 2, 172, 85), "trunk_lean": 80.0}  # noqa: E731
    upright_state, lying_state = person(), person()
    live(upright_state, 11, pose, always(push_up=0.9))
    live(lying_state, 11, lying, always(push_up=0.9))
    assert (upright_state.totals, lying_state.totals) == ({}, {"push_up": 4})


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


@pytest.mark.parametrize(("lean", "want"), [(82.0, {"squat": 2}), (30.0, {})], ids=["is none", "may be one"])
def test_only_what_can_be_a_repetition_is_a_witness(lean: float, want: dict[str, int]) -> None:
    """Two squats of 0.63 of the votes stand together, unless a third movement of the kind, with 0.2, speaks against."""

    def pose(t: float) -> dict[str, float]:
        if 4.0 <= t < 5.5:  # a weight is set down
            return {"knee": wave(t, 4, 1, 1.5, 172, 110), "trunk_lean": lean}
        return {"knee": wave(t, 1, 1, 2, 172, 85) if t < 5 else wave(t, 6.5, 1, 2, 172, 85)}

    state = person()
    votes: At = lambda t: {"squat": 0.15, "unknown": 0.7} if 3.6 < t < 6.2 else {"squat": 0.6, "unknown": 0.3}  # noqa: E731
    live(state, 12, pose, votes)
    state.finish(12.0)
    assert state.totals == want


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
