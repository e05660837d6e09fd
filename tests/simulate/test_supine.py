"""Exercises on the back: what was counted and ordered is what the joints do."""

import numpy as np
import pytest

from groupcoach.simulate.rig import rot, turn
from groupcoach.simulate.supine import crunch, glute_bridge, pitch_roll_yaw, sit_up
from groupcoach.skeleton import INDEX
from tests.simulate.contact import depths

from .moves import dips, do, repetitions

MAKERS = [sit_up, crunch, glute_bridge]


def middle(joints, name):
    return joints[:, [INDEX[f"left_{name}"], INDEX[f"right_{name}"]]].mean(1)


def hip_open(joints):
    """(T,) degrees shoulder-hip-knee on the side of the belly."""
    u, v = middle(joints, "shoulder") - middle(joints, "hip"), middle(joints, "knee") - middle(joints, "hip")
    cos = (u * v).sum(-1) / np.linalg.norm(u, axis=-1) / np.linalg.norm(v, axis=-1)
    return np.degrees(np.arccos(np.clip(cos, -1, 1)))


def risen(joints):
    """(T,) degrees the line from the hips to the shoulders stands off the floor."""
    v = middle(joints, "shoulder") - middle(joints, "hip")
    return np.degrees(np.arctan2(v[:, 1], np.hypot(v[:, 0], v[:, 2]) * -np.sign(v[:, 2])))


@pytest.mark.parametrize("make", MAKERS)
def test_feet_stay_nothing_passes_the_floor_and_no_arm_the_body(make):
    for seed in range(8):
        motion = do(make, seed, 9.0)
        joints = motion.joints(motion.clock())
        assert joints[..., 1].min() > 0.01
        for side in ("left", "right"):
            for name in ("ankle", "foot"):
                assert np.ptp(joints[:, INDEX[f"{side}_{name}"]], axis=0).max() < 0.005
        inside = {k: v for k, v in depths(joints).items() if v[0] > 0.03}
        assert not inside, (seed, inside)
        # It starts and ends on the back.
        assert (np.abs(risen(motion.joints([0.0, *motion.part.rep_end_s, 9.0]))) < 6).all()
        if make is glute_bridge:
            for side in ("left", "right"):
                assert np.ptp(joints[:, INDEX[f"{side}_wrist"]], axis=0).max() < 0.005
            assert np.ptp(middle(joints, "shoulder"), axis=0).max() < 0.03
        else:
            assert np.ptp(middle(joints, "hip")[:, [0, 2]], axis=0).max() < 0.12
            assert middle(joints, "hip")[:, 1].max() < 0.2


def test_a_sit_up_ends_sitting_and_a_crunch_lifts_only_the_shoulders():
    for seed in range(6):
        motion = do(sit_up, seed, 15.0)
        angle = risen(motion.joints(motion.clock()))
        assert dips(-angle, -55, -15) == len(motion.part.rep_end_s) > 2
        motion = do(crunch, seed, 15.0)
        joints = motion.joints(motion.clock())
        assert dips(-middle(joints, "shoulder")[:, 1], -0.19, -0.15) == len(motion.part.rep_end_s) > 3
        assert joints[:, INDEX["pelvis"], 1].max() < 0.12
        assert 0.20 < middle(joints, "shoulder")[:, 1].max() < 0.38
        assert risen(joints).max() < 40


def test_faults_of_a_sit_up_and_a_crunch():
    for make, ordered in ((sit_up, {"half_range": 0.3, "too_fast": 0.3}), (crunch, {"too_fast": 0.4})):
        for seed in range(5):
            motion = do(make, seed, 25.0, ordered)
            assert {f.code for f in motion.part.faults} == set(ordered)
            for code, _, joints in repetitions(motion):
                if make is sit_up:
                    assert (risen(joints).max() < 55) == (code == "half_range")
                if code == "too_fast":
                    assert len(joints) < 60 * 1.2


def test_a_bridge_opens_the_hips_and_its_faults_do_not():
    sides = set()
    for seed in range(8):
        motion = do(glute_bridge, seed, 20.0, {"hips_low": 0.3, "uneven": 0.3})
        for code, side, joints in repetitions(motion):
            assert (hip_open(joints).max() < 152) == (code == "hips_low")
            if not code:
                assert hip_open(joints).max() > 165
            lower = joints[:, INDEX["right_hip"], 1] - joints[:, INDEX["left_hip"], 1]
            most = lower[np.abs(lower).argmax()]
            assert (abs(most) > 0.06) == (code == "uneven")
            if code == "uneven":
                sides.add(side)
                assert side == ("left" if most > 0 else "right")
        clean = do(glute_bridge, seed, 15.0)
        height = middle(clean.joints(clean.clock()), "hip")[:, 1]
        assert dips(-height / height.max(), -0.8, -0.5) == len(clean.part.rep_end_s) > 2
    assert sides == {"left", "right"}


def test_angles_of_a_body_on_its_back():
    lean, about = np.radians([-90, -95, -110, -130]), np.radians([0, 2, 20, -25])
    axes = rot("x", lean) @ rot("y", about)
    assert np.allclose(turn(pitch_roll_yaw(axes)), axes, atol=1e-9)
    angles = pitch_roll_yaw(axes)
    assert np.abs(angles[:, 2]).max() < np.radians(50)
