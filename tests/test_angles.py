from __future__ import annotations

import numpy as np
import pytest

from groupcoach.angles import measure, measure_joints
from groupcoach.mesh.body_model import BodyModel
from groupcoach.records import BodyPose, Floats
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, INCLINATIONS, INDEX, INNER_ANGLES, JOINTS, N_SMPL, mirrored

SIGMA = np.full((1, len(JOINTS)), 0.025)


def standing() -> Floats:
    """(1, 31, 3) camera axes: the body at rest (arms out), facing the camera."""
    rel = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
    rel[0, 0] = np.diag([1.0, -1.0, -1.0])
    return BodyModel().joints(rel, np.zeros((1, 10)), np.array([[0.0, 0, 3]]))


def only(**places: tuple[float, float, float]) -> Floats:
    joints = np.full((1, len(JOINTS), 3), np.nan)
    for name, at in places.items():
        joints[0, INDEX[name]] = at
    return joints


@pytest.mark.parametrize("want", [0, 30, 60, 90, 135, 180])
def test_a_knee_of_known_bend(want: float) -> None:
    a = np.radians(want)
    joints = only(left_hip=(0, 0, 3), left_knee=(0, 0.4, 3), left_ankle=(0, 0.4 - 0.5 * np.cos(a), 3 + 0.5 * np.sin(a)))
    deg, sigma = measure_joints(joints, SIGMA)
    assert deg[0, ANGLE_INDEX["left_knee"]] == pytest.approx(want, abs=1e-5)
    assert sigma[0, ANGLE_INDEX["left_knee"]] > 0
    known = {n for n in ANGLES if np.isfinite(deg[0, ANGLE_INDEX[n]])}
    assert known == {"left_knee", "left_thigh_lean", "left_shin_lean"}
    assert np.isnan(sigma[0, [ANGLE_INDEX[n] for n in ANGLES if n not in known]]).all()


@pytest.mark.parametrize(("neck", "want"), [((0, -1, 0), 0), ((1, 0, 0), 90), ((0, 0, -1), 90), ((1, -1, 0), 45),
                                            ((0, 1, 0), 180), ((-1, 0, 1), 90)])  # fmt: skip
def test_lean_is_against_the_vertical(neck: tuple[float, float, float], want: float) -> None:
    deg, _ = measure_joints(only(pelvis=(0, 0, 0), neck=neck), SIGMA)
    assert deg[0, ANGLE_INDEX["trunk_lean"]] == pytest.approx(want, abs=1e-5)


def test_a_body_at_rest() -> None:
    deg, _ = measure_joints(standing(), SIGMA)
    at = {n: deg[0, ANGLE_INDEX[n]] for n in ANGLES}
    assert at["left_knee"] > 170
    assert at["left_elbow"] > 165
    assert 80 < at["left_shoulder"] < 115
    assert at["waist"] > 160
    assert all(at[n] < 15 for n in INCLINATIONS)


def test_where_the_camera_stands_does_not_matter_to_inner_angles() -> None:
    rng = np.random.default_rng(0)
    joints = standing() + 0.1 * rng.standard_normal((1, len(JOINTS), 3))
    want, _ = measure_joints(joints, SIGMA)
    q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    got, _ = measure_joints(2.5 * joints @ q.T + [1, 2, 3], SIGMA)
    inner = [ANGLE_INDEX[n] for n in (*INNER_ANGLES, "waist")]
    assert got[:, inner] == pytest.approx(want[:, inner])
    # the leans stay when the body only turns about the vertical
    yaw = np.array([[0.6, 0, 0.8], [0, 1, 0], [-0.8, 0, 0.6]])
    assert measure_joints(joints @ yaw.T, SIGMA)[0] == pytest.approx(want)


def test_the_mirror_image_has_the_angles_of_the_other_side() -> None:
    rng = np.random.default_rng(1)
    joints = standing() + 0.1 * rng.standard_normal((1, len(JOINTS), 3))
    other = joints[:, [INDEX[mirrored(n)] for n in JOINTS]] * [-1, 1, 1]
    a, b = measure_joints(joints, SIGMA), measure_joints(other, SIGMA)
    swap = [ANGLE_INDEX[mirrored(n)] for n in ANGLES]
    for x, y in zip(a, b, strict=True):
        assert y[:, swap] == pytest.approx(x)


def test_the_waist_is_the_straighter_side_and_needs_both() -> None:
    joints = standing()
    joints[0, INDEX["left_knee"]] = joints[0, INDEX["left_hip"]] + [0, 0, -0.4]
    deg, sigma = measure_joints(joints, SIGMA)
    left, right, waist = (ANGLE_INDEX[n] for n in ("left_hip", "right_hip", "waist"))
    assert deg[0, left] < 120 < deg[0, right] == deg[0, waist]
    assert sigma[0, waist] == sigma[0, right]
    joints[0, INDEX["left_knee"]] = np.nan
    assert np.isnan(measure_joints(joints, SIGMA)[0][0, waist])


def test_bones_along_the_line_of_sight_are_less_sure() -> None:
    across = only(left_hip=(0, 0, 3), left_knee=(0, 0.4, 3), left_ankle=(0.4, 0.4, 3))
    along = only(left_hip=(0, 0, 3), left_knee=(0, 0.4, 3), left_ankle=(0, 0.4, 3.4))
    a, b = (measure_joints(j, SIGMA)[1][0, ANGLE_INDEX["left_knee"]] for j in (across, along))
    assert 4 <= a < 6
    assert b > 12
    vague = measure_joints(across, 4 * SIGMA)[1][0, ANGLE_INDEX["left_knee"]]
    assert vague > 1.5 * a


def test_bones_without_length_have_no_angle() -> None:
    joints = only(left_hip=(0, 0, 3), left_knee=(0, 0, 3), left_ankle=(0.4, 0.4, 3))
    deg, sigma = measure_joints(joints, SIGMA)
    assert np.isnan(deg[0, ANGLE_INDEX["left_knee"]])
    assert np.isnan(sigma[0, ANGLE_INDEX["left_knee"]])


def test_bodies_do_not_touch_each_other() -> None:
    joints = np.concatenate([standing(), np.full((1, len(JOINTS), 3), np.nan), standing() * 1.2])
    deg, _ = measure_joints(joints, np.repeat(SIGMA, 3, axis=0))
    assert np.isnan(deg[1]).all()
    assert deg[0] == pytest.approx(measure_joints(standing(), SIGMA)[0][0])
    assert measure_joints(joints[:0], SIGMA[:0])[0].shape == (0, len(ANGLES))


def test_poses_in_records_out() -> None:
    joints = standing()[0]
    pose = BodyPose(joints, joints[:, :2], np.tile(np.eye(3), (N_SMPL, 1, 1)), np.zeros(10), np.zeros(3), SIGMA[0])
    (got,) = measure([pose])
    assert got.deg == pytest.approx(measure_joints(standing(), SIGMA)[0][0])
    assert measure([]) == []
