"""What the instructor corrects: carried out, recorded, undone."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import Any

import pytest
from scripted_class import Actor, actor, counts, frames_of, line, script_of

from groupcoach.corrections import Corrections
from groupcoach.pipeline import Pipeline
from groupcoach.plan import Step
from groupcoach.serve.board import (
    CorrectCount,
    GoOn,
    MarkInstructor,
    Merge,
    NextStep,
    Pause,
    PutOnSpot,
    Rename,
    Split,
    Swap,
    Undo,
)
from groupcoach.snapshot import card, snapshot, summary


@lru_cache(maxsize=1)
def two() -> tuple[Actor, ...]:
    return (
        actor([("stand", 1), ("squat", 6), ("stand", 1)], x_m=-1.2, seed=4),
        actor([("stand", 8)], x_m=1.2, seed=5, yaw=0.2),
    )


def watched(until: int | None = None) -> Pipeline:
    script = script_of(two())
    pipeline = line(script)
    for frame in frames_of(script)[:until]:
        pipeline.step(frame)
    return pipeline


@lru_cache(maxsize=1)
def whole() -> Pipeline:
    return watched()


@pytest.fixture
def pipeline() -> Pipeline:
    return deepcopy(whole())


def reps() -> int:
    return two()[0].reps("squat")


def test_renaming_is_recorded_with_who_when_before_and_after_and_undone(pipeline: Pipeline) -> None:
    hand = Corrections(pipeline)
    (event,) = hand.obey(Rename(1, "Mina", by="Jo"), 7.5)
    assert (event.t_s, event.type, event.person) == (7.5, "renamed", 1)
    assert event.data.items() >= {"who": "Jo", "before": "Person 1", "after": "Mina", "correction": 1}.items()
    assert pipeline.identity.people[1].name == "Mina"
    (undone,) = hand.obey(Undo(), 8.0)
    assert (undone.type, undone.data["correction"], undone.data["after"]) == ("correction_undone", 1, "Person 1")
    assert pipeline.identity.people[1].name == "Person 1"
    assert hand.log == ()


def test_a_merge_is_split_again_with_the_counts_of_each(pipeline: Pipeline) -> None:
    hand = Corrections(pipeline)
    before = counts(pipeline)
    hand.obey(CorrectCount(2, "lunge", 4), 8.0)
    hand.obey(Merge(1, 2), 8.0)
    assert pipeline.people[2].totals == {"squat": reps(), "lunge": 4}
    (split,) = hand.obey(Split(2), 8.1)
    assert (split.type, split.data["split"]) == ("identity_split", 1)
    assert pipeline.people[1].totals == {"squat": reps()}
    assert pipeline.people[2].totals == {"lunge": 4}
    hand.obey(Undo(), 8.2)  # together after all
    assert pipeline.people[2].totals == {"squat": reps(), "lunge": 4}
    hand.obey(Undo(), 8.3)  # the merge
    hand.obey(Undo(), 8.4)  # the count
    assert counts(pipeline) == before


def test_who_is_split_off_goes_on_being_counted() -> None:
    script = script_of(two())
    pipeline = line(script)
    hand = Corrections(pipeline)
    for frame in frames_of(script):
        pipeline.step(frame)
        if frame.index == 45:
            hand.obey(Merge(2, 1), frame.t_s)
        if frame.index == 60:
            hand.obey(Split(1), frame.t_s)
    pipeline.finish(len(script) / 15)
    assert counts(pipeline) == [{"squat": reps()}, {}]


def test_swapped_people_count_for_each_other_from_then_on() -> None:
    pipeline = watched(until=85)
    so_far = pipeline.people[1].totals.get("squat", 0)
    assert 0 < so_far < reps()
    hand = Corrections(pipeline)
    (event,) = hand.obey(Swap(1, 2), 4.0)
    assert (event.data["before"], event.data["after"]) == (["Person 1", "Person 2"], ["Person 2", "Person 1"])
    script = script_of(two())
    for frame in frames_of(script)[85:]:
        pipeline.step(frame)
    pipeline.finish(len(script) / 15)
    assert pipeline.people[1].totals == {"squat": so_far}
    assert pipeline.people[2].totals == {"squat": reps() - so_far}
    assert pipeline.identity.people[2].box_xyxy[0] < pipeline.identity.people[1].box_xyxy[0]


def test_who_teaches_is_seen_but_not_counted(pipeline: Pipeline) -> None:
    hand = Corrections(pipeline)
    hand.obey(MarkInstructor(1), 8.0)
    shown = card(pipeline.identity.people[1], pipeline.people[1], pipeline.catalogue, "en", 8.0, ())
    assert (shown.name, shown.reps, shown.totals) == ("Person 1", 0, {})
    assert _summary(pipeline)[1]["exercises"] == []
    assert _summary(pipeline)[1]["role"] == "instructor"
    hand.obey(Undo(), 8.1)
    assert sum(e["reps"] for e in _summary(pipeline)[1]["exercises"]) == reps()


def test_nothing_is_counted_of_who_was_marked_at_the_start() -> None:
    script = script_of(two())
    pipeline = line(script)
    for frame in frames_of(script):
        pipeline.step(frame)
        if frame.index == 10:
            Corrections(pipeline).obey(MarkInstructor(1), frame.t_s)
    pipeline.finish(len(script) / 15)
    assert counts(pipeline)[0] == {}


def _summary(pipeline: Pipeline) -> dict[int, dict[str, Any]]:
    made = summary(
        pipeline, source="", frames=1, dropped=0, duration_s=1, wall_s=1, boxes={}, detector="", regressor="",
        device="",
    )  # fmt: skip
    return {p["id"]: p for p in made["people"]}


def test_what_is_counted_after_a_correction_survives_its_undoing(pipeline: Pipeline) -> None:
    hand = Corrections(pipeline)
    hand.obey(CorrectCount(1, "squat", 20), 8.0)
    state = pipeline.people[1]
    assert state.totals["squat"] == 20
    state.sets[-1].reps.append(state.sets[-1].reps[-1])
    hand.obey(Undo(), 9.0)
    assert state.totals["squat"] == reps() + 1


def test_a_correction_of_nobody_is_refused_and_changes_nothing(pipeline: Pipeline) -> None:
    before = counts(pipeline)
    hand = Corrections(pipeline)
    for command in (Rename(9, "x"), Merge(1, 9), Merge(1, 1), Split(1), Swap(1, 9), MarkInstructor(9),
                    CorrectCount(9, "squat", 1), PutOnSpot(9, "1"), GoOn(), NextStep(), Undo()):  # fmt: skip
        (event,) = hand.obey(command, 8.0)
        assert event.type == "correction_refused"
        assert event.data["why"]
    assert counts(pipeline) == before


def test_a_spot_is_given_and_who_had_it_gets_the_other(pipeline: Pipeline) -> None:
    hand, people = Corrections(pipeline), pipeline.identity.people
    hand.obey(PutOnSpot(1, "A"), 8.0)
    (event,) = hand.obey(PutOnSpot(2, "a"), 8.1)
    assert (people[1].spot, people[2].spot) == (None, "a")
    assert (event.type, event.data["before"], event.data["after"], event.data["others"]) == (
        "put_on_spot", None, "a", {"1": None})  # fmt: skip
    hand.obey(Undo(), 8.2)
    assert (people[1].spot, people[2].spot) == ("a", None)
    hand.obey(Undo(), 8.3)
    assert (people[1].spot, people[2].spot) == (None, None)


def test_nothing_is_counted_in_a_pause_and_everything_before_and_after_it() -> None:
    script = script_of((actor([("stand", 1), ("squat", 14), ("stand", 1)], seed=4),))
    pipeline = line(script)
    hand, seen = Corrections(pipeline), []
    for frame in frames_of(script):
        happened = pipeline.step(frame)[0]
        seen += [(e.t_s, pipeline.paused) for e in happened if e.type == "rep_counted"]
        if frame.index in (75, 150):
            (event,) = hand.obey(Pause() if frame.index == 75 else GoOn(), frame.t_s)
            assert event.type == ("class_paused" if frame.index == 75 else "class_went_on")
            assert hand.obey(Pause() if frame.index == 75 else GoOn(), frame.t_s)[0].type == "correction_refused"
    assert not any(paused for _, paused in seen)
    assert [t for t, _ in seen if t < 5.0]
    assert [t for t, _ in seen if t > 11.0]
    hand.obey(Undo(), 15.0)
    assert pipeline.paused


def test_everybody_goes_on_to_the_next_exercise_of_the_plan_and_back() -> None:
    script = script_of(two())
    pipeline = line(script)
    pipeline.programme = (Step("squat", reps=30), Step("plank", seconds=40.0), Step("lunge", reps=8))
    for frame in frames_of(script):
        pipeline.step(frame)
    now = snapshot(pipeline, "en", 8.0, 1, 20.0, 0, (), ())
    assert now.plan is not None
    assert (now.plan["at"], now.plan["of"], now.plan["exercise_name"], now.plan["left_s"]) == (1, 3, "Squat", None)
    hand = Corrections(pipeline)
    (event,) = hand.obey(NextStep(), 8.0)
    assert (event.type, event.data["before"], event.data["after"]) == ("plan_step", "squat", "plank")
    after = snapshot(pipeline, "en", 8.0, 1, 20.0, 0, (), ()).plan
    assert after is not None
    assert (after["at"], after["left_s"]) == (2, 40.0)
    hand.obey(NextStep(), 8.0)
    assert hand.obey(NextStep(), 8.0)[0].data["after"] is None
    assert hand.obey(NextStep(), 8.0)[0].data["why"] == "there is no further step in the plan"
    for _ in range(3):
        hand.obey(Undo(), 9.0)
    assert snapshot(pipeline, "en", 8.0, 1, 20.0, 0, (), ()).plan == now.plan
    plan = pipeline.people[1].plan
    assert plan is not None
    assert plan.reps == reps()
