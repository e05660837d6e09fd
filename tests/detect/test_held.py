"""Somebody whom the detector loses in a push-up, and the landmark network does not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from groupcoach.detect.held import SCORE, hold_on, observation_of, same_body
from groupcoach.records import Floats, Frame, Landmarks, Observations, TrackState
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO
from groupcoach.track.tracker import Tracker

PICTURE = np.zeros((720, 1280, 3), np.uint8)
FPS = 10.0


def lying(x: float, y: float, length: float = 300.0, height: float = 110.0) -> Landmarks:
    """Somebody in a push-up, head to the right, within about that box."""
    along = {"nose": (0.95, 0.3), "shoulder": (0.8, 0.35), "elbow": (0.78, 0.65), "wrist": (0.82, 0.95),
             "hip": (0.5, 0.5), "knee": (0.28, 0.6), "ankle": (0.06, 0.75)}  # fmt: skip
    px = np.zeros((33, 2))
    for name, row in BLAZEPOSE_INDEX.items():
        part = next((v for k, v in along.items() if k in name), (0.9, 0.3))
        px[row] = x + part[0] * length, y + part[1] * height + (4 if name.startswith("left") else 0)
    return Landmarks(np.zeros((33, 3)), px, np.full(33, 0.9), 0.95)


def seen(*bodies: Landmarks, score: float = 0.8) -> Observations:
    rows = [observation_of(b) for b in bodies]
    if not rows:
        return Observations.empty()
    return Observations(
        np.concatenate([r.boxes_xyxy for r in rows]), np.full(len(rows), score),
        np.concatenate([r.keypoints_px for r in rows]), np.concatenate([r.keypoint_scores for r in rows]),
    )  # fmt: skip


class Eyes:
    """In place of ``LandmarkBudget``: sees the bodies it is told of, whatever is sought."""

    def __init__(self, **seen_of: Landmarks) -> None:
        self.there = {int(k[1:]): v for k, v in seen_of.items()}
        self.asked: list[list[int]] = []
        self.kept: list[int] = []

    def seek(self, frame: Frame, lost: Mapping[int, Floats]) -> dict[int, Landmarks]:
        self.asked.append(sorted(lost))
        return {k: v for k, v in self.there.items() if k in lost}

    def keep(self, track_id: int, found: Landmarks, box_xyxy: Floats, t_s: float) -> None:
        self.kept.append(track_id)


def followed(*bodies: Landmarks, seconds: float = 1.0) -> Tracker:
    tracker = Tracker()
    for k in range(round(seconds * FPS)):
        tracker.step(seen(*bodies), k / FPS)
    return tracker


def go_on(tracker: Tracker, eyes: Eyes, found: Observations, k: int) -> Observations:
    tracker.step(found, k / FPS)
    return hold_on(Frame(k, k / FPS, PICTURE), found, tracker, eyes)


def test_the_network_sees_on_whom_the_detector_lost() -> None:
    body = lying(200, 400)
    tracker, eyes = followed(body), Eyes(t1=body)
    for k in range(10, 30):
        found = go_on(tracker, eyes, Observations.empty(), k)
        (track,) = tracker.tracks()
        assert (track.state, track.observation) == (TrackState.CONFIRMED, 0)
        assert found.scores.tolist() == [SCORE]
        assert np.allclose(found.boxes_xyxy[0], observation_of(body).boxes_xyxy[0])
    (track,) = tracker.step(seen(body), 3.0)
    assert (track.track_id, track.observation) == (1, 0)
    assert eyes.kept == [1] * 20


def test_nobody_is_held_for_ever() -> None:
    body = lying(200, 400)
    tracker, eyes = followed(body), Eyes(t1=body)
    held = [len(go_on(tracker, eyes, Observations.empty(), k)) for k in range(10, 120)]
    assert 70 <= sum(held) <= 85, "about eight seconds after the detector last saw somebody there"
    assert not any(held[90:])


def test_who_is_behind_another_is_not_sought_there() -> None:
    front, behind = lying(200, 400), lying(210, 380)
    tracker, eyes = followed(front, behind), Eyes(t1=front, t2=front)
    found = go_on(tracker, eyes, seen(front), 10)
    assert len(found) == 1
    assert eyes.asked in ([], [[]])


def test_a_body_that_is_somebody_elses_is_not_taken() -> None:
    one, other = lying(200, 400), lying(560, 400)
    tracker, eyes = followed(one, other), Eyes(t2=one)
    assert len(go_on(tracker, eyes, seen(one), 10)) == 1
    assert eyes.kept == []


def test_what_is_found_far_from_where_the_body_was_is_not_it() -> None:
    tracker, eyes = followed(lying(200, 400)), Eyes(t1=lying(800, 200))
    assert len(go_on(tracker, eyes, Observations.empty(), 10)) == 0


def test_the_front_half_of_a_held_body_becomes_nobody() -> None:
    body = lying(200, 400)
    tracker, eyes = followed(body), Eyes(t1=body)
    whole = observation_of(body)
    _, y1, x2, y2 = whole.boxes_xyxy[0]
    front = Observations(np.array([[x2 - 130, y1, x2, y2]]), np.array([0.7]), whole.keypoints_px, whole.keypoint_scores)
    for k in range(10, 25):
        found = go_on(tracker, eyes, front, k)
        now = {t.track_id: t for t in tracker.tracks() if t.observation is not None}
        assert set(now) == {1}
        assert len(found) <= 2


def test_without_anybody_lost_nothing_is_sought() -> None:
    body = lying(200, 400)
    tracker, eyes = followed(body), Eyes(t1=body)
    found = seen(body)
    assert go_on(tracker, eyes, found, 10) is found
    assert eyes.asked == []


def test_one_body_is_the_same_and_another_is_not() -> None:
    row = observation_of(lying(200, 400))
    assert same_body(row, seen(lying(700, 300), lying(202, 401))) == 1
    assert same_body(row, seen(lying(700, 300))) is None
    assert same_body(row, Observations.empty()) is None


@pytest.mark.parametrize("visible", [0.9, 0.1])
def test_the_box_of_landmarks_holds_the_body(visible: float) -> None:
    marks = lying(100, 200)
    marks.visibility[:] = visible
    row = observation_of(marks)
    (x1, y1, x2, y2) = row.boxes_xyxy[0]
    assert (row.keypoints_px[0] >= [x1, y1]).all()
    assert (row.keypoints_px[0] <= [x2, y2]).all()
    assert row.keypoints_px.shape == (1, len(COCO), 2)
