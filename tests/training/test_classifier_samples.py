"""Windows that the classifier learns from: labelled, repeatable, through the running program's own lifter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from groupcoach.classify.network import Classifier
from groupcoach.classify.window import N_FEATURES
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera
from groupcoach.skeleton import BLAZEPOSE, BLAZEPOSE_INDEX, COCO, COCO_INDEX, INDEX, N_SMPL
from groupcoach.training import classifier_data
from groupcoach.training.classifier_data import CLASSES, EXERCISE_OF, KINDS, drawn_windows, filmed_windows
from groupcoach.training.drawn import as_seen

BODY, CAMERA = BodyModel(), Camera.guess(1280, 720)


def test_the_shipped_weights_are_of_these_classes() -> None:
    assert set(Classifier().classes) == set(CLASSES)
    assert set(CLASSES) == {*load_catalogue().ids, "unknown"}
    assert all(EXERCISE_OF[k] == k for k in load_catalogue().ids), "each exercise of the catalogue is a kind of its own"


def test_drawn_windows_are_labelled_and_the_same_again() -> None:
    x, y = drawn_windows(["squat", "drink"], [3, 4], BODY)
    again, _ = drawn_windows(["squat", "drink"], [3, 4], BODY)
    assert x.shape == (len(y), N_FEATURES)
    assert np.array_equal(x, again, equal_nan=True)
    kinds = [KINDS[k] for k in y]
    assert {"squat", "drink"} <= set(kinds) <= {"squat", "drink", "stand", "transition"}
    assert kinds.count("squat") > 20


@pytest.mark.parametrize("seed", range(4))
def test_errors_of_the_made_up_networks_are_centimetres(seed: int) -> None:
    still = np.tile(np.eye(3), (40, N_SMPL, 1, 1))
    joints = BODY.joints(still, np.zeros((40, 10)), np.zeros((40, 3)))
    seen = as_seen(joints, 0.1, np.random.default_rng(seed), CAMERA)
    assert np.isfinite(seen.world_m).all()

    def height(points: np.ndarray, top: int, low: int) -> float:
        return float(np.linalg.norm(points[:, top] - points[:, low], axis=-1).mean())

    nose, ankle = BLAZEPOSE_INDEX["nose"], BLAZEPOSE_INDEX["left_ankle"]
    tall = height(joints, INDEX["nose"], INDEX["left_ankle"])
    assert height(seen.world_m, nose, ankle) == pytest.approx(tall, rel=0.2)
    assert (seen.world_m[:, nose, 1] < seen.world_m[:, ankle, 1]).all()  # y points down
    # both networks look at the same body in the picture, and the box is around it
    size = height(seen.px, nose, ankle)
    for name in ("left_shoulder", "right_wrist", "left_knee"):
        apart = seen.px[:, BLAZEPOSE.index(name)] - seen.keypoints_px[:, COCO.index(name)]
        assert np.linalg.norm(apart, axis=-1).mean() < 0.15 * size
    inside = (seen.keypoints_px > seen.boxes_xyxy[:, None, :2] - 0.1 * size) & (
        seen.keypoints_px < seen.boxes_xyxy[:, None, 2:] + 0.1 * size
    )
    assert inside.mean() > 0.97
    assert seen.keypoints_px[0, COCO_INDEX["nose"], 1] < seen.keypoints_px[0, COCO_INDEX["left_ankle"], 1]


def test_filmed_windows_carry_what_each_person_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, rows = np.random.default_rng(0), []
    for f in range(40):
        for person in range(2):
            still = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
            joints = BODY.joints(still, np.zeros((1, 10)), np.zeros((1, 3)))
            rows.append((f, person, as_seen(joints, 0.1, np.random.default_rng(person), CAMERA)))
    keypoints = np.stack([np.column_stack([s.keypoints_px[0], np.full(17, 0.9)]) for *_, s in rows])
    px = np.stack([np.column_stack([s.px[0], np.full(33, 0.9)]) for *_, s in rows])
    world = np.stack([s.world_m[0] for *_, s in rows]) + rng.normal(0, 0.002, (len(rows), 33, 3))
    np.savez(
        tmp_path / "900000.npz", frame=[r[0] for r in rows], person=[r[1] for r in rows], keypoints=keypoints, px=px,
        t_s=[r[0] / 10 for r in rows], box=np.stack([s.boxes_xyxy[0] for *_, s in rows]), world=world,
        score=np.ones(len(rows)), visible=np.ones(len(rows)), size=np.array([1280, 720]),
    )  # fmt: skip
    doing = [np.full(40, "squat"), np.array(["stand"] * 20 + ["lunge"] * 20)]
    monkeypatch.setattr(classifier_data, "labels_of", lambda seed, body: doing)
    x, y = filmed_windows(tmp_path / "900000.npz", BODY)
    assert x.shape == (len(y), N_FEATURES)
    kinds = [KINDS[k] for k in y]
    assert kinds.count("squat") == pytest.approx(len(y) / 2, abs=2)
    assert kinds.count("stand") > 4
    assert kinds.count("lunge") > 4


def test_networks_side_by_side_answer_with_their_mean() -> None:
    torch = pytest.importorskip("torch")
    from groupcoach.training.classifier import side_by_side

    torch.manual_seed(4)
    nets = [torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(7, 6),
                                torch.nn.ReLU(), torch.nn.Linear(6, 3)).eval() for _ in range(3)]  # fmt: skip
    x = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    answer = x
    for i, (weight, bias) in enumerate(layers := side_by_side(nets)):
        answer = answer @ weight + bias
        answer = np.maximum(answer, 0) if i + 1 < len(layers) else answer
    with torch.no_grad():
        mean = np.mean([net(torch.from_numpy(x)).numpy() for net in nets], axis=0)
    assert answer == pytest.approx(mean, abs=1e-5)
    assert np.abs(answer - nets[0](torch.from_numpy(x)).detach().numpy()).max() > 0.01
