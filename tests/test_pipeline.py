"""The whole line on bodies of the simulator: everything but the picture itself."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from scripted_class import FPS, HEIGHT, WIDTH, Actor, Shape, actor, counts, frames_of, line, mirror, script_of, watch

from groupcoach.clock import STAGES
from groupcoach.records import Event, Frame, Landmarks, Observations
from groupcoach.skeleton import BLAZEPOSE_INDEX

Script = dict[int, list[Shape]]


@lru_cache(maxsize=1)
def three() -> tuple[Actor, ...]:
    """Squats on the left, somebody who stands in the middle, jumping jacks on the right."""
    return (
        actor([("stand", 1), ("squat", 12), ("stand", 1)], x_m=-1.7, seed=4),
        actor([("stand", 14)], x_m=0.0, seed=5, yaw=0.2),
        actor([("stand", 1), ("jumping_jack", 9), ("stand", 3)], x_m=1.7, seed=1, yaw=-0.3),
    )


@lru_cache(maxsize=1)
def watched() -> Any:
    return watch(script_of(three()))


@lru_cache(maxsize=1)
def two() -> tuple[Actor, ...]:
    return (
        actor([("stand", 1), ("squat", 6), ("stand", 1)], x_m=-1.2, seed=4),
        actor([("stand", 1), ("jumping_jack", 6), ("stand", 1)], x_m=1.2, seed=4),
    )


def two_true() -> list[dict[str, int]]:
    a, b = two()
    return [{"squat": a.reps("squat")}, {"jumping_jack": b.reps("jumping_jack")}]


def kinds(events: list[Event]) -> set[str]:
    return {e.type for e in events}


# -- the story ----------------------------------------------------------------------------------------------------


def test_three_people_beside_each_other_are_counted_each_for_what_they_do() -> None:
    pipeline, _ = watched()
    left, _, right = three()
    assert (left.reps("squat"), right.reps("jumping_jack")) == (5, 5)  # drawn by the seeds
    assert counts(pipeline) == [{"squat": 5}, {}, {"jumping_jack": 5}]
    assert pipeline.skipped == 0


def test_the_repetitions_are_told_when_they_end() -> None:
    pipeline, events = watched()
    for who, exercise in ((0, "squat"), (2, "jumping_jack")):
        true = next(s.rep_end_s for s in three()[who].segments if s.exercise == exercise)
        told = [e.data["end_s"] for e in events if e.type == "rep_counted" and e.data["exercise"] == exercise]
        assert told == pytest.approx(true, abs=0.6)
    numbers = [e.data["number"] for e in events if e.type == "rep_counted" and e.data["exercise"] == "squat"]
    assert numbers == [1, 2, 3, 4, 5]
    assert {e.person for e in events} <= set(pipeline.people)


def test_everybody_enters_once_and_keeps_the_number() -> None:
    pipeline, events = watched()
    assert [e.data["name"] for e in events if e.type == "person_entered"] == ["Person 1", "Person 2", "Person 3"]
    assert kinds(events) <= {"person_entered", "exercise_changed", "rep_counted", "fault_found"}
    assert all(p.track_ids == [n] for n, p in pipeline.identity.people.items())


def test_every_stage_is_timed() -> None:
    pipeline, _ = watched()
    assert set(STAGES) <= pipeline.watch.percentiles().keys()


# -- what must not matter -----------------------------------------------------------------------------------------


def test_the_order_of_detections_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    shuffled = {k: [row[i] for i in rng.permutation(len(row))] for k, row in script_of(two()).items()}
    assert counts(watch(shuffled)[0]) == two_true()


def test_a_mirrored_room_counts_the_same() -> None:
    turned = {k: [mirror(s) for s in row] for k, row in script_of(two()).items()}
    assert counts(watch(turned)[0]) == two_true()[::-1]


def test_the_same_class_twice_gives_the_same_events() -> None:
    first, again = (watch(script_of(two()[:1]))[1] for _ in range(2))
    assert first == again
    assert "rep_counted" in kinds(first)


def test_somebody_else_in_the_room_changes_nothing() -> None:
    alone, _ = watch(script_of(two()[:1]))
    assert counts(alone) == two_true()[:1]
    assert counts(watch(script_of(two()))[0])[:1] == counts(alone)


def test_frames_that_were_dropped_lose_no_repetition() -> None:
    script = script_of(two())
    kept = np.random.default_rng(0).random(len(script)) > 0.2
    pipeline = line(script)
    for frame in frames_of(script):
        if kept[frame.index]:
            pipeline.step(frame)
    pipeline.finish(len(script) / FPS)
    assert counts(pipeline) == two_true()


# -- one person's trouble -----------------------------------------------------------------------------------------


def without(landmarks: Landmarks, *names: str) -> Landmarks:
    world = landmarks.world_m.copy()
    world[[BLAZEPOSE_INDEX[n] for n in names] or slice(None)] = np.nan
    return replace(landmarks, world_m=world)


TROUBLE = {
    "no landmark": lambda s: replace(s, landmarks=without(s.landmarks)),
    "no left knee": lambda s: replace(s, landmarks=without(s.landmarks, "left_knee")),
    "no hips": lambda s: replace(s, landmarks=without(s.landmarks, "left_hip", "right_hip")),
    "all in one point": lambda s: replace(s, landmarks=replace(s.landmarks, world_m=np.zeros((33, 3)))),
    "nowhere in the picture": lambda s: replace(s, landmarks=replace(s.landmarks, px=np.full((33, 2), np.nan))),
    "visibility unknown": lambda s: replace(s, landmarks=replace(s.landmarks, visibility=np.full(33, np.nan))),
    "no keypoint": lambda s: replace(s, keypoints=np.full((17, 2), np.nan), scores=np.zeros(17)),
}


def test_one_persons_gaps_never_stop_the_others() -> None:
    script = script_of(two())
    for n, spoil in enumerate(TROUBLE.values()):
        for k in range(20 + 11 * n, 31 + 11 * n):
            script[k][0] = spoil(script[k][0])
    pipeline, _ = watch(script)
    assert counts(pipeline)[1] == two_true()[1]
    assert pipeline.skipped == 0


@pytest.mark.parametrize("trouble", TROUBLE)
def test_half_a_second_of_one_persons_trouble_is_an_ordinary_frame(trouble: str) -> None:
    script = script_of(two())
    pipeline = line(script)
    for frame in frames_of(script)[:20]:
        if frame.index >= 12:
            script[frame.index][0] = TROUBLE[trouble](script[frame.index][0])
        _, seen = pipeline.step(frame)
    assert [s.participant.person_id for s in seen] == [1, 2]
    assert np.isfinite(seen[1].pose.joints_m).all()
    assert pipeline.skipped == 0


def test_one_persons_error_never_stops_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    script = script_of(two())
    pipeline = line(script)
    for frame in frames_of(script):
        if frame.index == 30:
            first = pipeline.people[1]

            def fail(*_: object) -> list[Event]:
                raise np.linalg.LinAlgError("singular")

            monkeypatch.setattr(first, "step", fail)
        pipeline.step(frame)
    assert counts(pipeline)[1] == two_true()[1]
    assert pipeline.skipped == len(script) - 30


# -- ordinary numbers of people -----------------------------------------------------------------------------------


def test_an_empty_room_is_ordinary() -> None:
    pipeline = line({})
    for k in range(20):
        events, seen = pipeline.step(Frame(k, k / FPS, np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
        assert (events, seen) == ([], [])
    assert pipeline.finish(2.0) == []
    assert pipeline.people == {}


def test_thirty_people_are_ordinary() -> None:
    base = actor([("stand", 1.2)], x_m=-2.0, seed=5)
    script: Script = {}
    for k, s in enumerate(base.shapes):
        script[k] = []
        for n in range(30):
            by = np.array([(n % 10) * 86.0, (n // 10) * 120.0 - 100])
            script[k].append(replace(s, box=s.box + np.tile(by, 2), keypoints=s.keypoints + by,
                                     landmarks=replace(s.landmarks, px=s.landmarks.px + by)))  # fmt: skip
    pipeline, _ = watch(script)
    assert len(pipeline.people) == 30
    assert all(state.totals == {} for state in pipeline.people.values())


def test_who_leaves_and_comes_back_goes_on_counting() -> None:
    once = actor([("stand", 1), ("squat", 6), ("stand", 1)], seed=4)
    n = len(once.shapes)
    gap = round(3.5 * FPS)
    script: Script = {k: [s] for k, s in enumerate(once.shapes)}
    script |= {n + k: [] for k in range(gap)}
    script |= {n + gap + k: [s] for k, s in enumerate(once.shapes)}
    pipeline, events = watch(script)
    assert counts(pipeline) == [{"squat": 2 * once.reps("squat")}]
    assert {"person_left", "person_returned", "identity_merged"} <= kinds(events)
    assert len(pipeline.identity.people[1].track_ids) == 2


def test_the_roster_names_people_from_left_to_right() -> None:
    script = script_of(two())
    pipeline = line(script, names=[("Mina", "A1"), ("Joon", None)])
    for frame in frames_of(script)[:12]:
        pipeline.step(frame)
    people = pipeline.identity.people
    assert [(people[n].name, people[n].spot) for n in (1, 2)] == [("Mina", "A1"), ("Joon", None)]
    assert people[1].box_xyxy[0] < people[2].box_xyxy[0]


# -- the instructor's hand ----------------------------------------------------------------------------------------


def test_merging_two_people_adds_their_counts() -> None:
    pipeline, _ = watch(script_of(two()))
    a, b = two_true()
    assert not pipeline.merge(1, 1)
    assert not pipeline.merge(1, 9)
    assert pipeline.merge(2, 1)
    assert counts(pipeline) == [{**a, **b}]
    assert set(pipeline.people) == set(pipeline.identity.people) == {1}
    assert not pipeline.merge(2, 1)


def test_a_frame_is_not_written_into() -> None:
    script = script_of(two())
    pipeline = line(script)
    before = script[20][0].landmarks.world_m.copy(), script[20][0].keypoints.copy(), script[20][0].box.copy()
    for frame in frames_of(script)[:25]:
        frame.image.flags.writeable = False
        pipeline.step(frame)
    after = script[20][0].landmarks.world_m, script[20][0].keypoints, script[20][0].box
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_seen_carries_everything_a_picture_needs() -> None:
    script = script_of(two())
    pipeline = line(script)
    for frame in frames_of(script)[:30]:
        _, seen = pipeline.step(frame)
    assert [s.participant.person_id for s in seen] == [1, 2]
    for s in seen:
        assert np.isfinite(s.pose.joints_m).all()
        assert np.nanmax(np.abs(s.pose.joints_px - s.pose.joints_px.mean(0))) < HEIGHT
        assert s.exercise in pipeline.classifier.classes
        assert s.score == pytest.approx(0.9)
    assert pipeline.camera is not None


def test_a_wrong_box_of_the_detector_is_an_error_with_words() -> None:
    from groupcoach.errors import DataError

    shapes = script_of(two())[0]
    bad = Observations(np.full((1, 4), np.nan), np.ones(1), shapes[0].keypoints[None], np.ones((1, 17)))
    pipeline = line({0: shapes})
    pipeline.detector._script[0] = bad  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="boxes must be finite"):
        pipeline.step(Frame(0, 0.0, np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
