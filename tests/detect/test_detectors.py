from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from groupcoach import assets
from groupcoach.detect import Detector, build_detector
from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_keypoints
from groupcoach.detect.letterbox import plan_input
from groupcoach.detect.scripted import ScriptedDetector
from groupcoach.detect.suppress import iou_matrix
from groupcoach.detect.yolo import BASE_PIXELS, LONGEST, YoloPose
from groupcoach.errors import AssetError, ConfigError
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


def answer(*people: tuple[float, float, float, float, float]) -> np.ndarray:
    """(56, A) as the network gives it: box centre and size in input pixels, score, keypoints on a diagonal."""
    raw = np.zeros((56, len(people)), np.float32)
    for k, (x, y, w, h, score) in enumerate(people):
        raw[:5, k] = x, y, w, h, score
        at = np.linspace(-0.5, 0.5, 17)[:, None]
        raw[5:, k] = np.concatenate([[x, y] + at * [w, h], np.full((17, 1), 0.9)], axis=1).ravel()
    return raw


def test_yolos_answer_is_read_in_pixels_of_the_frame() -> None:
    detector = object.__new__(YoloPose)  # without its weights
    detector._min_score, detector._plan = 0.1, plan_input(481, 641, BASE_PIXELS, LONGEST)
    plan = detector._plan
    centre = np.array([300.0, 240.0]) * plan.scale + [plan.pad_x, plan.pad_y]
    size = np.array([80.0, 200.0]) * plan.scale
    raw = answer((*centre, *size, 0.6), (*centre, *size * 1.02, 0.8), (5, 5, 60, 60, 0.7), (400, 300, 60, 90, 0.05))
    obs = detector._decode(raw, 481, 641)
    assert obs.scores == pytest.approx([0.8, 0.7])  # sorted; the double and the weak one are gone
    assert obs.boxes_xyxy[0] == pytest.approx([259.2, 138, 340.8, 342], abs=0.01)
    assert obs.keypoints_px[0, 8] == pytest.approx([300, 240], abs=0.01)
    assert (obs.boxes_xyxy[1] >= 0).all()  # cut at the border of the picture
    assert len(detector._decode(raw[:, :0], 481, 641)) == 0


@pytest.mark.parametrize("name", ["yolo", "blazepose"])
def test_without_its_files_a_detector_names_the_command(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(assets.CACHE_VARIABLE, str(tmp_path))
    with pytest.raises(AssetError, match="groupcoach models pull"):
        build_detector(name)


def test_a_scripted_frame_without_an_entry_is_an_empty_room() -> None:
    one = Observations(np.array([[0.0, 0, 1, 1]]), np.ones(1), np.zeros((1, 17, 2)), np.ones((1, 17)))
    detector = ScriptedDetector({3: one})
    assert [len(detector.detect(grey(index=k))) for k in (2, 3, 4)] == [0, 1, 0]


def test_an_unknown_detector_is_named() -> None:
    with pytest.raises(ConfigError, match=r"--detector hog: unknown; choose yolo or blazepose"):
        build_detector("hog")


@pytest.mark.models
def test_a_frame_begun_ahead_has_the_same_answer(standing: tuple[Frame, np.ndarray, np.ndarray]) -> None:
    pulled()
    frame, _, _ = standing
    other, yolo = grey(*frame.image.shape[:2], index=AT + 1), YoloPose()
    alone = [yolo.detect(frame) for _ in range(6)]  # the first are always alone
    yolo.clock.take()
    for asked in (frame, other):  # the one that was begun, or another one after all
        yolo.begin(frame)
        found = yolo.detect(asked)
        same = alone[0] if asked is frame else Observations.empty()
        assert (found.boxes_xyxy == same.boxes_xyxy).all()
        assert (found.keypoints_px == same.keypoints_px).all()
    assert yolo.clock.take() > 0  # what it takes alone, not what was waited for
    yolo.begin(grey(100, 100))  # another size: it is prepared when it is asked for
    assert len(yolo.detect(frame)) == len(alone[0])
