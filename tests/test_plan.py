"""One person's way through the programme: prior, targets, and what counts as leaving it."""

from __future__ import annotations

import numpy as np
import pytest

from groupcoach.config import load_plan
from groupcoach.errors import ConfigError
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.person import PersonState
from groupcoach.plan import DEVIATES_S, PRIOR, PlanProgress, Step

CLASSES = ("stand", "squat", "lunge", "plank", "unknown")
COLUMNS = {name: i for i, name in enumerate(CLASSES)}
HOUR = (Step("squat", reps=3, rest_s=10.0), Step("plank", seconds=20.0), Step("lunge", reps=2))


def progress() -> PlanProgress:
    return PlanProgress(HOUR, COLUMNS)


def due(plan: PlanProgress) -> str | None:
    return plan.step.exercise if plan.step else None


def test_the_exercise_that_is_due_gets_more_of_the_votes() -> None:
    votes = np.array([0.1, 0.3, 0.4, 0.1, 0.1])
    out = progress().weigh(votes)
    assert out.sum() == pytest.approx(1)
    assert out[COLUMNS["squat"]] / out[COLUMNS["lunge"]] == pytest.approx(PRIOR * 0.3 / 0.4)
    assert CLASSES[int(out.argmax())] == "squat"
    np.testing.assert_array_equal(votes, [0.1, 0.3, 0.4, 0.1, 0.1])  # what was given is not written into
    # nothing is made of nothing: what is clearly something else stays that
    clear = progress().weigh(np.array([0.0, 0.02, 0.96, 0.01, 0.01]))
    assert CLASSES[int(clear.argmax())] == "lunge"


def test_steps_follow_each_other_by_repetitions_and_by_seconds() -> None:
    plan = progress()
    for k in range(3):
        assert due(plan) == "squat"
        plan.count("squat", 2.0 * k, reps=1)
    assert due(plan) == "plank"
    plan.count("plank", 40.0, held_s=12.0)
    assert due(plan) == "plank"
    plan.count("plank", 60.0, held_s=9.0)
    assert due(plan) == "lunge"
    plan.count("lunge", 70.0, reps=2)
    assert due(plan) is None
    assert plan.watch(99.0, "squat") is None
    np.testing.assert_allclose(plan.weigh(np.full(5, 0.2)), 0.2)


def test_something_else_for_a_while_is_told_once() -> None:
    plan = progress()
    told = [plan.watch(float(t), "lunge") for t in np.arange(0, 12, 0.1)]
    said = [d for d in told if d]
    assert [(d.expected, d.exercise, d.since_s) for d in said] == [("squat", "lunge", 0.0)]
    assert told.index(said[0]) == pytest.approx(DEVIATES_S / 0.1, abs=1)


@pytest.mark.parametrize("label", ["stand", "unknown", "squat"])
def test_resting_and_doing_what_is_due_are_no_deviation(label: str) -> None:
    plan = progress()
    assert not any(plan.watch(float(t), label) for t in np.arange(0, 30, 0.1))


def test_a_short_excursion_is_no_deviation_and_neither_is_the_next_step() -> None:
    plan = progress()
    labels = ["lunge" if t % 6 < 3 else "squat" for t in range(60)]
    assert not any(plan.watch(float(t), label) for t, label in enumerate(labels))
    assert not any(plan.watch(100 + float(t), "plank") for t in range(8))
    assert due(plan) == "plank"  # the class went on


def test_during_the_rest_nobody_deviates() -> None:
    plan = progress()
    for k in range(3):
        plan.count("squat", float(k), reps=1)
    assert not any(plan.watch(2 + float(t) / 10, "squat") for t in range(99))
    assert any(plan.watch(12 + float(t) / 10, "squat") for t in range(60))


def test_a_persons_state_says_so_and_asks_for_the_target() -> None:
    state = PersonState(1, load_catalogue(), CLASSES, progress())
    votes, nan = np.eye(5)[COLUMNS["lunge"]], np.full(60, np.nan)
    events = []
    for t in np.arange(0, 9, 0.1):
        from groupcoach.measures import MEASURES
        from groupcoach.skeleton import ANGLES

        a, m = nan[: len(ANGLES)], nan[: len(MEASURES)]
        events += state.step(float(t), a, a, m, m, "front", votes)
    assert [e.data["exercise"] for e in events if e.type == "plan_deviation"] == ["lunge"]
    assert state.plan is not None
    assert state.plan.step == HOUR[0]


def test_the_file_becomes_the_programme(tmp_path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        '[[step]]\nexercise = "squat"\nreps = 10\nrest_s = 30\n[[step]]\nexercise = "plank"\nseconds = 40\n'
    )
    assert load_plan(path, load_catalogue().ids).programme == (
        Step("squat", 10, None, 30.0), Step("plank", None, 40.0, 0.0),
    )  # fmt: skip
    path.write_text('[[step]]\nexercise = "plnk"\nseconds = 40\n')
    with pytest.raises(ConfigError, match="Did you mean 'plank'"):
        load_plan(path, load_catalogue().ids)
