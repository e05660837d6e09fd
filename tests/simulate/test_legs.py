"""Squats and hinges: faults show in the joints where they were ordered and nowhere else."""

import numpy as np
import pytest

from groupcoach.simulate.counted import FAULTS
from groupcoach.simulate.legs import deadlift, squat, stand
from groupcoach.skeleton import INDEX

from .moves import (
    SIDES,
    bend,
    check_body,
    check_count,
    check_faults,
    do,
    every_fault,
    knee,
    off_upright,
    repetitions,
    trunk,
)


@pytest.mark.parametrize("make", [stand, squat, deadlift], ids=lambda m: m.__name__)
def test_bodies_hold_together_and_faults_are_ordered(make):
    check_body(make)
    if make.__name__ in FAULTS:
        check_faults(make)


@pytest.mark.parametrize(
    ("make", "signal", "low", "high"),
    [
        (squat, bend, 130, 160),
        (deadlift, lambda j: 180 - trunk(j), 140, 165),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_truth_counts_what_the_joints_do(make, signal, low, high):
    check_count(make, signal, low, high)


def test_squats_show_what_was_ordered():
    seen = set()
    for seed in range(8):
        for code, side, joints in repetitions(do(squat, seed, 18, every_fault(squat))):
            seen.add(code)
            low = bend(joints).argmin()
            at = joints[low : low + 1]
            shin = np.mean([off_upright(at, f"{s}_ankle", f"{s}_knee") for s in SIDES])
            past = trunk(at)[0] - shin
            heel = np.degrees([np.arcsin((at[0, INDEX[f"{s}_ankle"], 1] - 0.025) / 0.1366) for s in SIDES]) - 23.8
            left, right = knee(at, "left")[0], knee(at, "right")[0]
            apart = at[0, INDEX["left_knee"], 0] - at[0, INDEX["right_knee"], 0]
            feet = at[0, INDEX["left_ankle"], 0] - at[0, INDEX["right_ankle"], 0]
            assert (bend(at)[0] > 105) == (code == "shallow")
            assert (past > 25) == (code == "trunk_lean"), (seed, code, past)
            assert past < 10 or code == "trunk_lean", (seed, code, past)
            assert (heel.min() > 25) == (code == "heels_up"), (seed, code, heel)
            assert heel.max() < 2 or code == "heels_up"
            assert (abs(left - right) > 9) == (code == "uneven"), (seed, code, left, right)
            if code == "uneven":
                assert (left < right) == (side == "left")
                aside = at[0, INDEX["pelvis"], 0]
                assert abs(aside) > 0.05
                assert (aside > 0) == (side == "left")
            inside = (feet - apart) / 0.5  # of a torso
            assert (inside > 0.18) == (code == "knees_in"), (seed, code, inside)
            assert inside < 0.03 or code == "knees_in", (seed, code, inside)
            assert (len(joints) / 60 < 1.15) == (code == "too_fast")
    assert seen == {"", *FAULTS["squat"]}


def test_hinges_show_what_was_ordered_with_the_hands_along_the_legs():
    for seed in range(8):
        for code, _, joints in repetitions(do(deadlift, seed, 18, every_fault(deadlift))):
            assert (trunk(joints).max() > 45) == (code != "half_range")
            assert (len(joints) / 60 < 1.15) == (code == "too_fast")
            assert bend(joints).min() > 120  # a hinge, no squat
            for side in SIDES:
                hand, hip, ankle = (joints[:, INDEX[f"{side}_{x}"]] for x in ("wrist", "hip", "ankle"))
                share = np.clip((hip[:, 1] - hand[:, 1]) / (hip[:, 1] - ankle[:, 1]), 0, 1)[:, None]
                assert (hand[:, 2] > (hip + (ankle - hip) * share)[:, 2] + 0.05).all()
