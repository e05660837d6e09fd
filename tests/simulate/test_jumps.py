"""Jumps on the spot: faults show in the joints where they were ordered and nowhere else."""

import numpy as np
import pytest

from groupcoach.simulate.counted import FAULTS
from groupcoach.simulate.jumps import high_knees, jumping_jack
from groupcoach.skeleton import INDEX

from .moves import (
    SIDES,
    check_body,
    check_count,
    check_faults,
    do,
    every_fault,
    forward,
    off_upright,
    repetitions,
)


@pytest.mark.parametrize("make", [jumping_jack, high_knees], ids=lambda m: m.__name__)
def test_bodies_hold_together_and_faults_are_ordered(make):
    # A jumping foot is never said to be planted.
    check_body(make, farthest=0.03 if make is high_knees else 1.0)
    if make.__name__ in FAULTS:
        check_faults(make)


@pytest.mark.parametrize(
    ("make", "signal", "low", "high"),
    [
        (jumping_jack, lambda j: -j[:, INDEX["left_wrist"], 1], -1.5, -1.1),
        (high_knees, lambda j: -j[:, [INDEX["left_knee"], INDEX["right_knee"]], 1].max(1), -0.65, -0.55),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_truth_counts_what_the_joints_do(make, signal, low, high):
    check_count(make, signal, low, high)


def test_jacks_and_high_knees_show_what_was_ordered():
    for seed in range(8):
        for code, side, joints in repetitions(do(jumping_jack, seed, 20, every_fault(jumping_jack))):
            top = {s: (180 - off_upright(joints, f"{s}_shoulder", f"{s}_elbow")).max() for s in SIDES}
            assert (max(top.values()) < 125) == (code == "arms_low")
            assert (abs(top["left"] - top["right"]) > 35) == (code == "uneven")
            if code == "uneven":
                assert min(top, key=top.get) == side
        steps = []
        for code, _, joints in repetitions(do(high_knees, seed, 20, every_fault(high_knees))):
            thigh = [(180 - off_upright(joints, f"{s}_hip", f"{s}_knee")).max() for s in SIDES]
            assert (max(thigh) < 60) == (code == "knees_low")
            assert max(thigh) > 74 or code == "knees_low"
            steps.append(int(np.argmax(thigh)))
            assert np.abs(forward(joints, "pelvis", "neck")).max() < 15
        assert (np.diff(steps) != 0).all()
