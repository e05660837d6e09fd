import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from groupcoach.cli import app
from groupcoach.errors import ConfigError
from groupcoach.evaluate import detector as tested
from groupcoach.evaluate.detector import detector_lines, detector_table, evaluate_detector, false_rows, match
from groupcoach.evaluate.keypoints import keypoint_errors
from groupcoach.records import Frame, Landmarks, Observations
from groupcoach.skeleton import COCO, COCO_INDEX, INDEX, JOINTS

FOCAL = 600.0


def people(at: Sequence[float], tilt: float = 0.0) -> dict[str, np.ndarray]:
    """One row for each x: somebody 4 m away, turned by ``tilt`` about the line of sight."""
    rest = np.random.default_rng(1).uniform(-0.3, 0.3, (len(JOINTS), 3))
    for side, x in (("left", 0.2), ("right", -0.2)):
        rest[INDEX[f"{side}_shoulder"]], rest[INDEX[f"{side}_hip"]] = [x, -0.5, 0], [x / 2, 0.0, 0]
    c, s = np.cos(tilt), np.sin(tilt)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])
    m = np.stack([rest @ turn.T + [x, 0, 4.0] for x in at])
    px = m[..., :2] / m[..., 2:] * FOCAL + [160, 120]
    rotmats = np.tile(np.eye(3), (len(at), 24, 1, 1))
    rotmats[:, 0] = turn
    box = np.concatenate([px.min(1), px.max(1)], 1)
    return {"joints_m": m, "joints_px": px, "rotmats": rotmats, "box_xyxy": box}


def seen(row: np.ndarray) -> np.ndarray:
    return np.array([row[INDEX[n]] if n in INDEX else [0.0, 0.0] for n in COCO])


def test_boxes_are_paired_one_to_one_and_the_most_pairs_win() -> None:
    true = np.array([[0, 0, 10, 10], [4, 0, 14, 10.0]])
    found = np.array([[2, 0, 12, 10], [0, 0, 10, 10.0]])
    assert sorted(match(true, found, 0.5)) == [(0, 1), (1, 0)]
    assert match(true, found[:1], 0.5) in ([(0, 0)], [(1, 0)])
    assert match(true, np.zeros((0, 4)), 0.5) == []


def test_a_box_on_a_hidden_person_is_neither_right_nor_wrong_and_mirrors_count_apart() -> None:
    found = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10.0]])
    wrong, images = false_rows(found, [0], faint=found[1:2], mirrored=found[2:3])
    assert (wrong, images) == ([3], [2])


def test_a_constant_offset_in_the_bodys_axes_is_taken_out_and_noise_is_not() -> None:
    rows = [people([0.0], tilt=float(a)) for a in np.linspace(-1.5, 1.5, 40)]
    true = {k: np.concatenate([r[k] for r in rows]) for k in ("joints_m", "joints_px", "rotmats")}
    torso = 0.5 * FOCAL / 4
    points = np.stack([seen(r) for r in true["joints_px"]])
    points[:, COCO_INDEX["left_knee"]] += 0.1 * torso * true["rotmats"][:, 0, :2, 0]  # along the body's own x
    noise = np.random.default_rng(2).normal(0, 0.1 * torso, (40, 2))
    points[:, COCO_INDEX["right_knee"]] += noise
    sure = np.ones((40, 17))
    sure[0, COCO_INDEX["nose"]] = 0.2
    raw, apart = keypoint_errors(true, JOINTS, points, sure)
    left, right = COCO_INDEX["left_knee"], COCO_INDEX["right_knee"]
    np.testing.assert_allclose(raw[:, left], 0.1, atol=2e-3)
    assert np.median(apart[:, left]) < 0.005
    np.testing.assert_allclose(raw[:, right], np.linalg.norm(noise, axis=1) / torso, rtol=1e-3)
    assert np.median(apart[:, right]) > 0.8 * np.median(raw[:, right])
    assert np.isnan(raw[0, COCO_INDEX["nose"]])
    assert np.isnan(raw[:, COCO_INDEX["left_eye"]]).all()


class FakeDetector:
    """Finds the first person, well; something on the wall, surely; nobody else."""

    name = "yolo"

    def __init__(self, rows: dict[str, np.ndarray]) -> None:
        self.rows = rows

    def detect(self, frame: Frame) -> Observations:
        wall = np.array([1.0, 1.0, 9.0, 20.0])
        boxes = np.stack([self.rows["box_xyxy"][0], self.rows["box_xyxy"][2], wall])
        points = np.stack([seen(self.rows["joints_px"][0]), seen(self.rows["joints_px"][2]), np.zeros((17, 2))])
        return Observations(boxes, np.array([0.9, 0.8, 0.3]), points, np.ones((3, 17)))


class FakeNetwork:
    def __init__(self, threads: int) -> None: ...

    def locate(self, image: Any, crops: Sequence[Any]) -> list[Landmarks]:
        return [Landmarks(np.zeros((33, 3)), np.zeros((33, 2)), np.ones(33), 0.75) for _ in crops]


@pytest.fixture
def sim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten frames: person 1 and 2 clear, person 3 hardly visible."""
    rows, frames = people([-0.9, 0.0, 0.9]), 10
    columns = {k: np.tile(v, (frames, *[1] * (v.ndim - 1))) for k, v in rows.items()}
    columns |= {"frame": np.repeat(np.arange(frames), 3), "person": np.tile([1, 2, 3], frames)}
    columns["visible"] = np.tile([1.0, 0.9, 0.3], frames)
    np.savez(tmp_path / "truth.npz", joint_names=np.array(JOINTS), **columns)
    done = [{"exercise": "squat", "start_s": 0, "end_s": 9, "reps": 1, "rep_end_s": [0.5], "faults": []}]
    truth = {"schema": 1, "fps": 10.0, "people": [{"id": k, "segments": done if k == 1 else []} for k in (1, 2, 3)]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    video = cv2.VideoWriter(str(tmp_path / "class.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (320, 240))
    for k in range(frames):
        video.write(np.full((240, 320, 3), 20 * k, np.uint8))
    video.release()
    monkeypatch.setattr("groupcoach.detect.build_detector", lambda name: FakeDetector(rows))
    monkeypatch.setattr(tested, "BlazePoseLandmarks", FakeNetwork)
    return tmp_path


def test_a_class_is_judged_by_who_is_found(sim: Path) -> None:
    result = evaluate_detector(sim, every=5)
    assert result["people"] == 4  # two frames, two clear people
    assert (result["recall"], result["recall_iou30"]) == (0.5, 0.5)
    assert result["precision"] == 0.5  # the wall is wrong, the hidden person counts for nothing
    assert result["landmark_score_median"] == 0.75
    assert result["by_exercise"]["squat"]["recall"] == 1.0
    assert result["by_exercise"]["between"]["recall"] == 0.0
    assert result["keypoint_error_raw_median"] == pytest.approx(0.0, abs=1e-6)
    assert sum(part["people"] for part in result["by_size"].values()) == 4
    assert (result["real"], result["ratio"]) == (None, None)
    assert detector_table(result).row_count > 3
    assert any("precision" in line for line in detector_lines(result))


def test_boxes_on_mirror_images_are_counted_apart(sim: Path) -> None:
    with np.load(sim / "truth.npz") as data:
        columns = dict(data)
    wall = np.array([[1.0, 1.0, 9.0, 20.0]] * 2)
    np.savez(sim / "truth.npz", reflection_frame=np.array([0, 5]), reflection_xyxy=wall, **columns)
    result = evaluate_detector(sim, every=5)
    assert (result["precision"], result["reflections"]) == (1.0, 2)


def test_real_people_give_the_ratio(sim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def real(*_: Any) -> dict[str, Any]:
        return {"by_joint": {n: {"corrected": 0.1} for n in COCO[5:]}, "keypoint_error_raw_median": 0.2,
                "keypoint_error_median": 0.1, "bodies": 3, "lags": [0, 0, 4, 1]}  # fmt: skip

    monkeypatch.setattr(tested, "real_cameras", real)
    with pytest.raises(ConfigError, match="no calibration"):
        evaluate_detector(sim, sim / "nowhere", every=5)
    monkeypatch.setattr(tested, "read_cameras", lambda folder: [])
    result = evaluate_detector(sim, sim, every=5)
    assert result["ratio"] == pytest.approx(0.0, abs=1e-6)
    assert "simulated / real" in detector_lines(result)[-1]


def test_the_command_ends_with_json_and_says_what_is_missing_in_one_paragraph(sim: Path) -> None:
    runner = CliRunner()
    good = runner.invoke(app, ["evaluate", "detector", str(sim), "--json"])
    assert good.exit_code == 0
    last = json.loads(good.stdout.strip().splitlines()[-1])
    assert last["recall"] == 0.5
    (sim / "class.mp4").unlink()
    bad = runner.invoke(app, ["evaluate", "detector", str(sim)])
    assert bad.exit_code == 1
    assert "class.mp4" in bad.output
    with pytest.raises(ConfigError, match="--every"):
        evaluate_detector(sim, every=0)
    (sim / "truth.npz").unlink()
    with pytest.raises(ConfigError, match=r"truth\.npz"):
        evaluate_detector(sim)
