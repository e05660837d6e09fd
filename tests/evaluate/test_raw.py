"""The landmark network's own answers, judged beside ours on the same rows."""

import numpy as np
import pytest

from groupcoach.evaluate.pose import raw_joints, score_poses
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.rotation import shortest_turn, unit
from groupcoach.skeleton import ANGLES, BLAZEPOSE, BLAZEPOSE_INDEX, INDEX, JOINTS

SIZE = (1280, 720)
N = 12


def body() -> np.ndarray:
    """(N, J, 3) somebody at the right edge of the picture."""
    rng = np.random.default_rng(1)
    joints = rng.normal(0, 0.4, (1, len(JOINTS), 3)) + np.linspace(0, 0.2, N)[:, None, None]
    joints[:, INDEX["pelvis"]] = joints[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(1)
    return joints + np.array([2.0, 0.0, 5.0])


def as_landmarks(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a perfect network says: (N, 33, 3) in the axes of its crops, and the picture (N, J, 2)."""
    hips = joints[:, INDEX["pelvis"]]
    ray = unit(hips)
    back = np.swapaxes(shortest_turn(np.broadcast_to([0.0, 0, 1.0], ray.shape), ray), -1, -2)
    marks = np.zeros((len(joints), 33, 3))
    for name in BLAZEPOSE:
        if name in INDEX:
            marks[:, BLAZEPOSE_INDEX[name]] = np.einsum("rab,rb->ra", back, joints[:, INDEX[name]] - hips)
    px = Camera.guess(*SIZE).project(joints)
    px[:, [INDEX["left_hip"], INDEX["right_hip"]]] = Camera.guess(*SIZE).project(hips)[:, None]
    return marks, px


def test_landmarks_are_turned_along_the_line_of_sight() -> None:
    joints = body()
    marks, px = as_landmarks(joints)
    found = raw_joints(marks, px[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(1), SIZE)
    for name in ("left_knee", "right_wrist", "nose"):
        want = joints[:, INDEX[name]] - joints[:, INDEX["pelvis"]]
        assert np.allclose(found[:, INDEX[name]] - found[:, INDEX["pelvis"]], want, atol=1e-4), name
    assert np.isnan(found[:, INDEX["spine_mid"]]).all()


def test_raw_figures_stand_beside_ours_and_hidden_people_are_told_apart() -> None:
    joints = body()
    marks, px = as_landmarks(joints)
    marks[:, BLAZEPOSE_INDEX["left_knee"]] += 0.1
    columns = {"frame": np.arange(N), "person": np.ones(N, int), "joints_m": joints, "joint_names": np.array(JOINTS)}
    truth = columns | {"visible": np.where(np.arange(N) < 4, 0.2, 1.0), "t_s": np.arange(N) / 25}
    off = joints.copy()
    off[:4, INDEX["left_knee"]] += 0.3
    poses = columns | {
        "person": np.full(N, 5), "joints_m": off, "joints_px": px, "landmarks_m": marks,
        "angle_names": np.array(ANGLES),
        "angles_deg": np.full((N, len(ANGLES)), 90.0), "sigma_deg": np.full((N, len(ANGLES)), 5.0),
    }  # fmt: skip
    score = score_poses(truth, poses, {5: 1}, SIZE)
    assert score is not None
    assert score["visible"]["rows"] == 8
    assert score["visible"]["mpjpe_mm"] == pytest.approx(0, abs=1e-3)
    assert score["mpjpe_mm"] > 1
    assert score["raw"]["rows"] == 8
    assert score["raw"]["mpjpe_mm"] > 1
    assert score["raw"]["coverage90"] is None
    assert "raw" not in (score_poses(truth, {k: v for k, v in poses.items() if k != "landmarks_m"}, {5: 1}, SIZE) or {})
