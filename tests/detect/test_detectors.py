from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from groupcoach import assets
from groupcoach.detect import Detector, build_detector
from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_keypoints
from groupcoach.detect.scripted import ScriptedDetector
from groupcoach.detect.suppress import iou_matrix
from groupcoach.errors import ConfigError
from groupcoach.records import Frame, Observations
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO, COCO_INDEX, INDEX

SAMPLE = Path(__file__).resolve().parents[2] / "sample_videos"
AT = 25
"""One second in: everybody stands."""


def grey(h: int = 360, w: int = 640, index: int = 0) -> Frame:
    return Frame(index, index / 25, np.full((h, w, 3), 128, np.uint8))


def pulled() -> None:
    if any(one.state == "missing" for one in assets.status() if one.asset.group == "default"):
        pytest.skip("run `groupcoach models pull` to enable this test")


@pytest.fixture(scope="module")
def standing() -> tuple[Frame, np.ndarray, np.ndarray]:
    """A frame of the sample class, and of everybody in it the true boxes (P, 4) and joints (P, 31, 2)."""
    video = cv2.VideoCapture(str(SAMPLE / "class.mp4"))
    for _ in range(AT + 1):
        ok, image = video.read()
    assert ok
    truth = np.load(SAMPLE / "truth.npz")
    rows = truth["frame"] == AT
    frame = Frame(AT, AT / 25, np.ascontiguousarray(image[:, :, ::-1]))
    return frame, truth["box_xyxy"][rows].astype(float), truth["joints_px"][rows].astype(float)


def scripted(standing: tuple[Frame, np.ndarray, np.ndarray]) -> Detector:
    _, boxes, joints = standing
    points = np.stack([joints[:, INDEX[n]] if n in INDEX else np.full((len(boxes), 2), np.nan) for n in COCO], axis=1)
    return ScriptedDetector({AT: Observations(boxes, np.full(len(boxes), 0.9), points, np.full((len(boxes), 17), 0.9))})


BUILD: dict[str, Callable[..., Detector]] = {
    "scripted": scripted,
    "yolo": lambda _: build_detector("yolo"),
    "blazepose": lambda _: build_detector("blazepose"),
}
HOW_MANY = {"scripted": 4, "yolo": 4, "blazepose": 1}
"""Of the four in the sample class: BlazePose is the smaller net and known to miss people."""


@pytest.fixture(
    scope="module",
    params=[
        "scripted",
        pytest.param("yolo", marks=pytest.mark.models),
        pytest.param("blazepose", marks=pytest.mark.models),
    ],
)
def detector(request: pytest.FixtureRequest, standing: tuple[Frame, np.ndarray, np.ndarray]) -> Detector:
    if request.param != "scripted":
        pulled()
    return BUILD[request.param](standing)


@pytest.mark.parametrize(("h", "w"), [(360, 640), (353, 417), (720, 200)])
def test_an_empty_room_is_nobody_with_the_right_shapes(detector: Detector, h: int, w: int) -> None:
    obs = detector.detect(grey(h, w))
    assert len(obs) == 0
    assert obs.boxes_xyxy.shape == (0, 4)
    assert obs.keypoints_px.shape == (0, 17, 2)


def test_people_are_found_where_they_are(detector: Detector, standing: tuple[Frame, np.ndarray, np.ndarray]) -> None:
    frame, boxes, joints = standing
    before = frame.image.copy()
    obs = detector.detect(frame)
    assert (frame.image == before).all()
    overlap = iou_matrix(boxes, obs.boxes_xyxy)
    found = overlap.max(1) > 0.5
    assert found.sum() >= HOW_MANY[detector.name]
    assert (overlap.max(0) > 0.4).all()  # and nobody where nobody is
    assert (np.diff(obs.scores) <= 0).all()
    assert obs.scores.max() <= 1
    h, w = frame.image.shape[:2]
    assert (obs.boxes_xyxy >= 0).all()
    assert (obs.boxes_xyxy <= [w, h, w, h]).all()
    assert np.isfinite(obs.boxes_xyxy).all()
    for person in np.flatnonzero(found):
        row = overlap[person].argmax()
        height = boxes[person, 3] - boxes[person, 1]
        for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip", "left_ankle", "right_ankle"):
            off = obs.keypoints_px[row, COCO_INDEX[name]] - joints[person, INDEX[name]]
            assert np.hypot(*off) < 0.08 * height, name  # left is the person's own left


def test_the_same_frame_twice_is_the_same_answer(
    detector: Detector, standing: tuple[Frame, np.ndarray, np.ndarray]
) -> None:
    frame = standing[0]
    first = detector.detect(frame)
    detector.detect(grey(*frame.image.shape[:2]))
    again = detector.detect(frame)
    assert again.boxes_xyxy == pytest.approx(first.boxes_xyxy, abs=0.01)
    assert again.keypoints_px == pytest.approx(first.keypoints_px, abs=0.05, nan_ok=True)


@pytest.mark.models
@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_landmarks_of_a_rendered_body_lie_on_it_however_the_camera_is_turned(
    standing: tuple[Frame, np.ndarray, np.ndarray], quarter: int
) -> None:
    pulled()
    frame, boxes, joints = standing
    h, w = frame.image.shape[:2]
    image, joints = np.rot90(frame.image, -quarter).copy(), joints.copy()  # clockwise
    for _ in range(quarter):
        joints = np.stack([h - 1 - joints[..., 1], joints[..., 0]], axis=-1)
        h, w = w, h
    points = np.stack([joints[:, INDEX[n]] if n in INDEX else np.full((len(boxes), 2), np.nan) for n in COCO], axis=1)
    sure = np.where(np.isfinite(points).all(-1), 0.9, 0.0)
    crops = [crop_from_keypoints(p, s, b) for p, s, b in zip(points, sure, boxes, strict=True)]
    turn = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), quarter)
    for k, got in enumerate(BlazePoseLandmarks(1).locate(image, crops)):
        assert got is not None
        assert got.score > 0.5
        height = max(boxes[k, 2:] - boxes[k, :2])
        for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip", "left_knee", "right_knee"):
            assert np.hypot(*(got.px[BLAZEPOSE_INDEX[name]] - joints[k, INDEX[name]])) < 0.08 * height, name
        up = got.world_m[BLAZEPOSE_INDEX["nose"], :2] @ turn  # back in the upright picture
        assert up[1] < -0.4
    assert BlazePoseLandmarks(1).locate(np.full((400, 400, 3), 128, np.uint8), [crops[0]]) == [None]


def test_a_scripted_frame_without_an_entry_is_an_empty_room() -> None:
    one = Observations(np.array([[0.0, 0, 1, 1]]), np.ones(1), np.zeros((1, 17, 2)), np.ones((1, 17)))
    detector = ScriptedDetector({3: one})
    assert [len(detector.detect(grey(index=k))) for k in (2, 3, 4)] == [0, 1, 0]


def test_an_unknown_detector_is_named() -> None:
    with pytest.raises(ConfigError, match=r"--detector hog: unknown; choose yolo or blazepose"):
        build_detector("hog")
