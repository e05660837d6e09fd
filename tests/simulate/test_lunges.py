"""Lunges: they go their way, and faults show where they were ordered and nowhere else."""

import numpy as np
import pytest

from groupcoach.simulate.counted import FAULTS
from groupcoach.simulate.lunges import lunge, reverse_lunge, side_lunge
from groupcoach.skeleton import INDEX

from .moves import (
    SIDES,
    check_body,
    check_count,
    check_faults,
    do,
    every_fault,
    knee,
    repetitions,
    trunk,
)


@pytest.mark.parametrize("make", [lunge, reverse_lunge, side_lunge], ids=lambda m: m.__name__)
def test_bodies_hold_together_and_faults_are_ordered(make):
    check_body(make)
    if make.__name__ in FAULTS:
        check_faults(make)


@pytest.mark.parametrize(
    ("make", "signal", "low", "high"),
    [
        (lunge, lambda j: np.minimum(knee(j, "left"), knee(j, "right")), 115, 155),
        (reverse_lunge, lambda j: np.minimum(knee(j, "left"), knee(j, "right")), 115, 155),
        (side_lunge, lambda j: np.minimum(knee(j, "left"), knee(j, "right")), 115, 160),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_truth_counts_what_the_joints_do(make, signal, low, high):
    check_count(make, signal, low, high)


@pytest.mark.parametrize("make", [lunge, reverse_lunge], ids=lambda m: m.__name__)
def test_lunges_show_what_was_ordered_and_go_their_way(make):
    seen, leads = set(), set()
    for seed in range(8):
        for code, _, joints in repetitions(do(make, seed, 18, every_fault(make))):
            seen.add(code)
            both = np.minimum(knee(joints, "left"), knee(joints, "right"))
            low = joints[:, INDEX["pelvis"], 1].argmin()
            at = joints[low : low + 1]
            assert (both.min() > 108) == (code == "shallow")
            assert (trunk(at)[0] > 30) == (code == "trunk_lean")
            assert trunk(at)[0] < 20 or code == "trunk_lean"
            assert (len(joints) / 60 < 1.2) == (code == "too_fast")
            feet = [at[0, INDEX[f"{s}_ankle"], 2] - joints[0, INDEX[f"{s}_ankle"], 2] for s in SIDES]
            moved = int(np.abs(feet).argmax())
            assert (feet[moved] > 0.5) == (make is lunge)
            assert (feet[moved] < -0.5) == (make is reverse_lunge)
            front = SIDES[moved if make is lunge else 1 - moved]
            leads.add(front)
            assert both[low] == pytest.approx(knee(at, front)[0]) or code == "shallow"
            rear = at[0, INDEX[f"{SIDES[1 - SIDES.index(front)]}_knee"], 1]
            assert 0.06 < rear < 0.3 or code == "shallow"
    assert seen == {"", *FAULTS["lunge"]}
    assert leads == set(SIDES)


def test_side_lunges_alternate_with_one_leg_straight():
    seen = set()
    for seed in range(8):
        sides = []
        for code, _, joints in repetitions(do(side_lunge, seed, 18, every_fault(side_lunge))):
            seen.add(code)
            both = np.stack([knee(joints, s) for s in SIDES])
            low = both.min(0).argmin()
            at = joints[low : low + 1]
            bent = int(both[:, low].argmin())
            sides.append(bent)
            assert both[1 - bent, low] > 165
            assert (both[bent, low] > 108) == (code == "shallow")
            assert (trunk(at)[0] > 38) == (code == "trunk_lean")
            assert trunk(at)[0] < 32 or code == "trunk_lean"
            hips = at[0, INDEX["pelvis"], 0] - np.mean([at[0, INDEX[f"{s}_ankle"], 0] for s in SIDES])
            assert (hips > 0.1) == (bent == 0)
        assert (np.diff(sides) != 0).all()
    assert seen == {"", *FAULTS["side_lunge"]}
