import numpy as np
import pytest

from groupcoach.angles import measure_joints
from groupcoach.evaluate.pose import procrustes_error, score_poses
from groupcoach.skeleton import ANGLES, INDEX, JOINTS

RNG = np.random.default_rng(3)


def bodies(n: int) -> np.ndarray:
    joints = RNG.normal(0, 0.3, (n, len(JOINTS), 3))
    joints[:, INDEX["left_shoulder"]] = [0.2, -0.5, 0]  # the person's left at the right of the picture: from the front
    joints[:, INDEX["right_shoulder"]] = [-0.2, -0.5, 0]
    return joints


def truth_of(joints: np.ndarray) -> dict[str, np.ndarray]:
    n = len(joints)
    return {"frame": np.arange(n), "person": np.full(n, 7), "joints_m": joints, "joint_names": np.array(JOINTS)}


def poses_of(joints: np.ndarray) -> dict[str, np.ndarray]:
    n = len(joints)
    deg, sigma = measure_joints(joints, np.full(joints.shape[:2], 0.01))
    return {"frame": np.arange(n), "person": np.full(n, 1), "joints_m": joints, "angles_deg": deg, "sigma_deg": sigma,
            "joint_names": np.array(JOINTS), "angle_names": np.array(ANGLES)}  # fmt: skip


def test_the_same_bodies_have_no_error_wherever_they_stand() -> None:
    joints = bodies(5)
    score = score_poses(truth_of(joints), poses_of(joints + np.array([1.0, 2.0, 3.0])), {1: 7})
    assert score is not None
    assert score["mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    assert score["pa_mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    assert max(score["angle_mae_deg"].values()) == pytest.approx(0, abs=1e-3)
    assert score["coverage90"] == 1.0
    assert list(score["by_view"]) == ["front"]
    assert score["by_view"]["front"]["rows"] == 5


def test_a_wrist_ten_centimetres_off_is_that_over_the_number_of_joints() -> None:
    joints = bodies(4)
    off = joints.copy()
    off[:, INDEX["left_wrist"], 1] += 0.1
    score = score_poses(truth_of(joints), poses_of(off), {1: 7})
    assert score is not None
    assert score["mpjpe_mm"] == pytest.approx(100 / len(JOINTS))
    assert score["angle_mae_deg"]["elbow"] > 0
    assert score["angle_mae_deg"]["knee"] == pytest.approx(0, abs=1e-3)


def test_a_turned_and_scaled_body_has_no_error_after_alignment_and_a_mirrored_one_has() -> None:
    joints = bodies(3)
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], float)
    assert procrustes_error(1.3 * joints @ turn + 0.5, joints).max() == pytest.approx(0, abs=1e-9)
    assert procrustes_error(joints * [1, 1, -1], joints).mean() > 0.01


def test_joints_not_seen_are_left_out_and_other_names_are_found_by_name() -> None:
    joints = bodies(3)
    gaps = joints.copy()
    gaps[:, INDEX["left_hand"]] = np.nan
    order = RNG.permutation(len(JOINTS))
    truth = truth_of(joints[:, order]) | {"joint_names": np.array(JOINTS)[order]}
    score = score_poses(truth, poses_of(gaps), {1: 7})
    assert score is not None
    assert score["mpjpe_mm"] == pytest.approx(0, abs=1e-6)


def test_no_common_row_is_no_score() -> None:
    joints = bodies(2)
    assert score_poses(truth_of(joints), poses_of(joints), {}) is None
    assert score_poses({"frame": np.arange(2), "person": np.zeros(2)}, poses_of(joints), {1: 7}) is None
