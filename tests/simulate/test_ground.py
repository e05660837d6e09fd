"""Exercises on hands and feet: what was counted and ordered is what the joints do."""

import numpy as np
import pytest

from groupcoach.simulate.ground import burpee, mountain_climber, plank, push_up
from groupcoach.skeleton import INDEX
from tests.simulate.contact import depths

from .moves import dips, do, elbow, knee, repetitions, slides

MAKERS = [push_up, plank, mountain_climber, burpee]


def above_line(joints):
    """(T,) metres the hips are above the straight line from the shoulders to the ankles (the rearmost one)."""
    middle = {k: joints[:, [INDEX[f"left_{k}"], INDEX[f"right_{k}"]]].mean(1) for k in ("shoulder", "hip")}
    ankles = joints[:, [INDEX["left_ankle"], INDEX["right_ankle"]]]
    ankle = ankles[np.arange(len(joints)), ankles[..., 2].argmin(1)]
    line = (middle["shoulder"] - ankle)[:, 1:]
    line = line / np.linalg.norm(line, axis=-1, keepdims=True)
    to_hip = (middle["hip"] - ankle)[:, 1:]
    return to_hip[:, 0] * line[:, 1] - to_hip[:, 1] * line[:, 0]


def driven(joints, side):
    """(T,) how far ahead of the hip the ankle is."""
    return joints[:, INDEX[f"{side}_ankle"], 2] - joints[:, INDEX[f"{side}_hip"], 2]


@pytest.mark.parametrize("make", MAKERS)
def test_nothing_slides_and_no_arm_passes_through_the_body(make):
    for seed in range(6):
        motion = do(make, seed, 9.0)
        joints = motion.joints(motion.clock())
        assert joints[..., 1].min() > 0.01, seed
        assert np.abs(np.diff(joints, axis=0)).max() * 30 < 16
        assert slides(joints) < 0.03
        inside = {k: v for k, v in depths(joints).items() if v[0] > 0.03}
        assert not inside, (seed, inside)
        if make is not burpee:
            for side in ("left", "right"):
                wrist = joints[:, INDEX[f"{side}_wrist"]]
                assert np.ptp(wrist, axis=0).max() < 0.01
                assert wrist[:, 1].max() < 0.08


def test_a_clean_push_up_is_straight_and_counts_when_the_elbows_are():
    for seed in range(6):
        motion = do(push_up, seed, 15.0)
        joints = motion.joints(motion.clock())
        assert np.abs(above_line(joints)).max() < 0.05
        assert dips(elbow(joints, "left"), 110, 140) == len(motion.part.rep_end_s) > 2
        assert (elbow(motion.joints(motion.part.rep_end_s), "left") > 150).all()


def test_faults_of_a_push_up():
    ordered = {"hips_sag": 0.2, "hips_pike": 0.2, "shallow": 0.2, "too_fast": 0.2}
    seen = set()
    for seed in range(5):
        for code, side, joints in repetitions(do(push_up, seed, 25.0, ordered)):
            seen.add(code)
            assert side == "both"
            hips, quarter = above_line(joints), len(joints) // 4
            assert (hips.max() > 0.15) == (code == "hips_pike")
            assert (hips[quarter:-quarter].min() < -0.07) == (code == "hips_sag"), hips.min()
            assert (elbow(joints, "left").min() > 115) == (code == "shallow")
            if code in ("", "too_fast"):
                assert elbow(joints, "left").min() < 95
            assert (len(joints) < 70) == (code == "too_fast") or code != "too_fast"
    assert seen == {"", *ordered}


def test_a_plank_is_a_hold_and_sags_for_the_asked_time():
    for seed in range(5):
        clean = do(plank, seed, 20.0)
        assert clean.part.rep_end_s == ()
        assert np.abs(above_line(clean.joints(clean.clock()))).max() < 0.05
        motion = do(plank, seed, 20.0, {"hips_sag": 0.4})
        (span,) = motion.part.faults
        assert (span.code, span.side) == ("hips_sag", "both")
        assert span.end_s - span.start_s == pytest.approx(8.0)
        t = motion.clock()
        low = above_line(motion.joints(t)) < -0.09
        inside = (t > span.start_s) & (t < span.end_s)
        assert (low == inside).mean() > 0.97
        assert 0 < span.start_s < span.end_s < 20


def test_every_drive_of_a_mountain_climber_counts_and_sides_alternate():
    styles = set()
    for seed in range(8):
        motion = do(mountain_climber, seed, 12.0)
        t = motion.clock()
        joints = motion.joints(t)
        ends = np.array(motion.part.rep_end_s)
        assert (np.diff(ends) > 0.3).all()
        each = [dips(-driven(joints, side), 0.25, 0.6) for side in ("left", "right")]
        assert sum(each) == len(ends) > 5
        assert abs(each[0] - each[1]) <= 1
        both = np.minimum(driven(joints, "left"), driven(joints, "right"))
        styles.add(bool(both.max() > -0.6))
    assert styles == {True, False}  # some change feet in one hop


def test_faults_of_a_mountain_climber():
    for seed in range(5):
        motion = do(mountain_climber, seed, 15.0, {"hips_pike": 0.3, "knees_low": 0.3})
        for code, _, joints in repetitions(motion):
            quarter = len(joints) // 4
            assert (above_line(joints)[quarter:-quarter].max() > 0.15) == (code == "hips_pike")
            # The knee comes to the hips, or not half of the way.
            far = max(
                (joints[:, INDEX[f"{s}_knee"], 2] - joints[:, INDEX[f"{s}_hip"], 2]).max() for s in ("left", "right")
            )
            assert (far < 0.05) == (code == "knees_low"), far


def test_a_burpee_goes_from_standing_to_the_plank_and_back():
    jumped = set()
    for seed in range(6):
        motion = do(burpee, seed, 14.0)
        joints = motion.joints(motion.clock())
        head = joints[:, INDEX["head"], 1]
        assert dips(head, 0.7, 1.3) == len(motion.part.rep_end_s) > 2
        ends = motion.joints(motion.part.rep_end_s)
        assert (knee(ends, "left") > 160).all()
        for _, _, one in repetitions(motion):
            stretched = (knee(one, "left") > 160) & (one[:, INDEX["head"], 1] < 0.8)
            assert stretched.mean() > 0.1  # the plank
            assert np.abs(above_line(one[stretched])).max() < 0.1
        jumped.add(bool(joints[:, INDEX["left_foot"], 1][head > 1.4].max() > 0.1))
    assert jumped == {True, False}


def test_faults_of_a_burpee():
    for seed in range(6):
        motion = do(burpee, seed, 25.0, {"hips_sag": 0.3, "no_full_stand": 0.3})
        assert {f.code for f in motion.part.faults} == {"hips_sag", "no_full_stand"}
        for code, _, joints in repetitions(motion):
            plank_now = (joints[:, INDEX["head"], 1] < 0.8) & (knee(joints, "left") > 165)
            assert (above_line(joints)[plank_now].min() < -0.12) == (code == "hips_sag")
            assert (knee(joints[-3:], "left").max() < 150) == (code == "no_full_stand")


def test_the_same_seed_does_the_same():
    for make in MAKERS:
        a, b = (do(make, 3, 8.0, {"hips_sag": 0.5}) for _ in range(2))
        t = np.linspace(0, 8, 30)
        assert np.array_equal(a.joints(t), b.joints(t))


def test_even_no_time_is_a_body():
    for make in MAKERS:
        motion = do(make, 1, 0.6)
        assert motion.part.rep_end_s == ()
        assert np.isfinite(motion.joints(np.linspace(0, 0.6, 5))).all()
