from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from groupcoach.angles import measure_joints
from groupcoach.classify.signals import SIGNALS, signals
from groupcoach.mesh.body_model import BodyModel
from groupcoach.records import Floats
from groupcoach.skeleton import INDEX, JOINTS, N_SMPL, mirrored

BODY = BodyModel()
AT = {name: k for k, name in enumerate(SIGNALS)}


def crowd(n: int = 12, seed: int = 0) -> Floats:
    """(n, 31, 3) bodies in any pose."""
    rng = np.random.default_rng(seed)
    turns = Rotation.from_rotvec(0.5 * rng.standard_normal((n * N_SMPL, 3))).as_matrix().reshape(n, N_SMPL, 3, 3)
    turns[:, 0] = np.diag([1.0, -1.0, -1.0]) @ turns[:, 0]
    return BODY.joints(turns, np.zeros((n, 10)), rng.uniform([-1, -1, 3], [1, 1, 5], (n, 3)))


def standing(**turns: tuple[float, float, float]) -> Floats:
    rel = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
    rel[0, 0] = np.diag([1.0, -1.0, -1.0])
    for name, euler in turns.items():
        rel[0, INDEX[name]] = Rotation.from_euler("xyz", euler, degrees=True).as_matrix()
    return BODY.joints(rel, np.zeros((1, 10)), np.array([[0.0, 0, 4]]))


def of(joints: Floats) -> Floats:
    return signals(joints, measure_joints(joints, np.full(joints.shape[:2], 0.025))[0])


def test_the_mirror_image_gives_the_same_signals() -> None:
    joints = crowd()
    other = joints[:, [INDEX[mirrored(n)] for n in JOINTS]] * [-1, 1, 1]
    assert of(other) == pytest.approx(of(joints))


@pytest.mark.parametrize("yaw", [37, 90, 180, -120])
def test_where_the_camera_stands_does_not_matter(yaw: float) -> None:
    joints = crowd()
    turn = Rotation.from_euler("y", yaw, degrees=True).as_matrix()
    assert of(joints @ turn.T) == pytest.approx(of(joints))


@pytest.mark.parametrize(("size", "shift"), [(0.6, (0, 0, 0)), (1.7, (1, -2, 3)), (1.0, (-3, 0, 9))])
def test_size_and_place_do_not_matter(size: float, shift: tuple[float, float, float]) -> None:
    joints = crowd()
    assert of(size * joints + shift) == pytest.approx(of(joints))


def test_legs_are_as_far_apart_as_the_picture_shows_them() -> None:
    joints = standing()
    flat = joints[..., :2] / joints[..., 2:] * 1000.0
    wide = flat.copy()
    for side in ("left", "right"):
        wide[:, INDEX[f"{side}_ankle"], 0] *= 3.0
    deg = measure_joints(joints, np.full(joints.shape[:2], 0.025))[0]
    one, none, far = (float(signals(joints, deg, px)[0, AT["legs_apart"]]) * 180 for px in (flat, None, wide))
    assert one == pytest.approx(none, abs=1.5)
    assert far > one + 10


def test_the_order_of_people_does_not_matter() -> None:
    joints = crowd()
    order = np.random.default_rng(1).permutation(len(joints))
    assert of(joints[order]) == pytest.approx(of(joints)[order])
    assert of(joints[3:4]) == pytest.approx(of(joints)[3:4])


def test_signals_mean_what_they_say() -> None:
    rest, up = of(standing())[0], of(standing(left_shoulder=(0, 0, 85), right_shoulder=(0, 0, -85)))[0]
    assert up[AT["wrist_height_low"]] > rest[AT["wrist_height_low"]] + 0.8
    assert up[AT["upper_arm_up_low"]] > 0.9
    assert rest[AT["upper_arm_outward_low"]] > 0.9
    assert rest[AT["knee_low"]] > 0.95
    assert rest[AT["ankles_up"]] == pytest.approx(0, abs=0.02)
    one_leg = of(standing(left_hip=(-90, 0, 0), left_knee=(90, 0, 0)))[0]
    assert one_leg[AT["hip_low"]] < 0.6 < 0.9 < one_leg[AT["hip_high"]]
    assert one_leg[AT["ankles_up"]] > 0.5
    apart = of(standing(left_hip=(0, 0, 25), right_hip=(0, 0, -25)))[0]
    assert apart[AT["ankles_across"]] > rest[AT["ankles_across"]] + 0.5
    assert apart[AT["ankles_along"]] == pytest.approx(rest[AT["ankles_along"]], abs=0.05)
    lunge = of(standing(left_hip=(-30, 0, 0), right_hip=(30, 0, 0)))[0]
    assert lunge[AT["ankles_along"]] > rest[AT["ankles_along"]] + 0.5


def test_lows_are_never_above_highs() -> None:
    values = of(crowd(40, seed=3))
    for name, k in AT.items():
        if name.endswith("_low"):
            assert (values[:, k] <= values[:, AT[name[:-4] + "_high"]]).all()


def test_what_is_not_seen_is_nan_and_nothing_else_is() -> None:
    joints = crowd(1)
    want = of(joints)[0]
    joints[0, [INDEX["left_wrist"], INDEX["left_hand"]]] = np.nan
    got = of(joints)[0]
    gone = {n for n in SIGNALS if np.isnan(got[AT[n]])}
    assert {n.rsplit("_", 1)[0] for n in gone} == {"elbow", "wrist_height", "wrist_behind", "wrists"}
    rest = [AT[n] for n in SIGNALS if n not in gone]
    assert got[rest] == pytest.approx(want[rest])
    assert np.isnan(of(np.full((2, len(JOINTS), 3), np.nan))).all()


def test_nobody() -> None:
    assert of(crowd(1)[:0]).shape == (0, len(SIGNALS))
