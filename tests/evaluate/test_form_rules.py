"""Counting and form on simulated motion with today's errors; few seeds: the table of ``form_rules`` has many."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from groupcoach.evaluate.form_rules import CLASSES, Counted, _true, yaw_of
from groupcoach.evaluate.moved import Outcome, Readings, play, readings
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.measures import facing
from groupcoach.mesh.body_model import BodyModel

CATALOGUE = load_catalogue()


@lru_cache(maxsize=1)
def body() -> BodyModel:
    return BodyModel()


def moved(exercise: str, seed: int, seconds: float = 9.0, fps: float = 15.0, yaw: float | None = None,
          **faults: float) -> tuple[Readings, Outcome]:  # fmt: skip
    plan = [("stand", 3.0), (exercise, seconds), ("stand", 2.0)]
    turn = yaw_of(exercise, np.random.default_rng(seed)) if yaw is None else yaw
    r = readings(body(), plan, seed, faults=faults, yaw=turn, fps=fps)
    return r, play(r, CATALOGUE, CLASSES)


def ends(done: Outcome, exercise: str) -> list[float]:
    return [rep.end_s for s in done.state.sets if s.exercise == exercise for rep in s.reps]


@pytest.mark.parametrize(("exercise", "seed"), [
    ("side_lunge", 72), ("sit_up", 73), ("high_knees", 74), ("shoulder_press", 75),
    ("glute_bridge", 76), ("burpee", 77), ("deadlift", 78),
])  # fmt: skip
def test_what_is_done_is_counted_when_it_ends(exercise: str, seed: int) -> None:
    r, done = moved(exercise, seed)
    true_s, _, _ = _true(r, exercise)
    c = Counted()
    c.add(true_s, ends(done, exercise))
    assert len(true_s) >= 2
    assert c.within_one == 1
    assert c.matched >= len(true_s) - 1
    assert done.state.totals.keys() == {exercise}


def test_a_plank_is_seconds_and_ends_when_the_hips_sag() -> None:
    r, done = moved("plank", 81, seconds=16.0, yaw=1.5)
    start, end = next((s.start_s, s.end_s) for s in r.motion.segments if s.exercise == "plank")
    assert done.state.totals == {}
    assert done.state.held_s("plank") == pytest.approx(end - start, abs=2.0)
    held = [e.data for e in done.events if e.type == "hold_ended"]
    assert [h["ended_by"] for h in held] == [None]
    r, done = moved("plank", 81, seconds=16.0, yaw=1.5, hips_sag=0.4)
    _, faults, _ = _true(r, "plank")
    held = [e.data for e in done.events if e.type == "hold_ended"]
    assert held[0]["ended_by"] == "hips_sag"
    assert held[0]["end_s"] == pytest.approx(faults[0].start_s, abs=1.2)
    assert done.state.sets[0].faults()["hips_sag"] == 1


def test_a_fault_is_found_in_its_repetitions_and_nowhere_else() -> None:
    r, done = moved("front_raise", 91, seconds=14.0, yaw=0.1, too_high=0.4)
    _, faults, _ = _true(r, "front_raise")
    bad = {round(f.end_s) for f in faults}
    for s in done.state.sets:
        for rep in s.reps:
            assert ("too_high" in {f.code for f in rep.faults}) == any(abs(rep.end_s - b) <= 1 for b in bad)
            assert rep.out_s > 0
            assert rep.back_s > 0
            assert rep.depth_deg > 60


@pytest.mark.parametrize("exercise", ["stand", "walk"])
def test_who_does_nothing_that_counts_has_nothing_counted(exercise: str) -> None:
    r = readings(body(), [(exercise, 25.0)], 101, yaw=0.4)
    rng = np.random.default_rng(3)

    def votes(t_s: float, label: str) -> np.ndarray:  # a tenth of the frames is voted for anything
        out = np.full(len(CLASSES), 0.02)
        out[int(rng.integers(len(CLASSES))) if rng.random() < 0.1 else CLASSES.index("unknown")] = 1.0
        return out / out.sum()

    assert play(r, CATALOGUE, CLASSES, votes).state.totals == {}


def test_the_turn_of_the_body_is_the_view() -> None:
    for view, yaw in (("front", 0.1), ("side", 1.55), ("oblique", 0.75), ("back", 3.0)):
        r = readings(body(), [("stand", 1.0)], 5, yaw=yaw, error=0.0)
        assert set(facing(r.true_m)) == {view}
