"""Presses, curls and raises: faults show in the joints where they were ordered and nowhere else."""

import numpy as np
import pytest

from groupcoach.simulate.arms import biceps_curl, front_raise, lateral_raise, shoulder_press
from groupcoach.simulate.counted import FAULTS
from groupcoach.skeleton import INDEX

from .moves import (
    SIDES,
    angle,
    check_body,
    check_count,
    check_faults,
    do,
    elbow,
    every_fault,
    off_upright,
    repetitions,
    trunk,
)


def raised(joints, side):
    """(T,) degrees of the upper arm: 0 hanging, 90 level, whatever the trunk does."""
    return 180 - off_upright(joints, f"{side}_shoulder", f"{side}_elbow")


@pytest.mark.parametrize("make", [shoulder_press, biceps_curl, lateral_raise, front_raise], ids=lambda m: m.__name__)
def test_bodies_hold_together_and_faults_are_ordered(make):
    check_body(make, fastest=8.0, farthest=0.01)
    if make.__name__ in FAULTS:
        check_faults(make)


@pytest.mark.parametrize(
    ("make", "signal", "low", "high"),
    [
        (shoulder_press, lambda j: -j[:, [INDEX["left_wrist"], INDEX["right_wrist"]], 1].mean(1), -1.8, -1.65),
        (biceps_curl, lambda j: np.minimum(elbow(j, "left"), elbow(j, "right")), 75, 140),
        (lateral_raise, lambda j: -raised(j, "left"), -60, -30),
        (front_raise, lambda j: -np.maximum(raised(j, "left"), raised(j, "right")), -60, -30),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_truth_counts_what_the_joints_do(make, signal, low, high):
    check_count(make, signal, low, high)


def test_presses_show_what_was_ordered():
    seen = set()
    for seed in range(8):
        for code, side, joints in repetitions(do(shoulder_press, seed, 18, every_fault(shoulder_press))):
            seen.add(code)
            wrists = joints[:, [INDEX["left_wrist"], INDEX["right_wrist"]], 1]
            top = int(wrists.mean(1).argmax())
            at = joints[top : top + 1]
            inner = {s: elbow(at, s)[0] for s in SIDES}
            assert (max(inner.values()) < 120) == (code == "half_press"), (seed, code, inner)
            if code not in ("half_press", "uneven"):
                assert min(inner.values()) > 150
            lower = wrists[top, 1] - wrists[top, 0]  # > 0: the left hand is lower
            assert (abs(lower) > 0.06) == (code == "uneven"), (seed, code, lower)
            if code == "uneven":
                assert (lower > 0) == (side == "left")
            arched = trunk(joints[:1])[0] - trunk(at)[0]
            assert (arched > 15) == (code == "back_arch"), (seed, code, arched)
            assert arched < 6 or code == "back_arch"
    assert seen == {"", *FAULTS["shoulder_press"]}


def test_curls_show_what_was_ordered():
    seen = set()
    for seed in range(8):
        for code, _, joints in repetitions(do(biceps_curl, seed, 18, every_fault(biceps_curl))):
            seen.add(code)
            closed = min(elbow(joints, s).min() for s in SIDES)
            assert (closed > 95) == (code == "half_range")
            assert closed < 75 or code == "half_range"
            swing = np.ptp(trunk(joints))
            assert (swing > 20) == (code == "swing"), (seed, code, swing)
            assert swing < 8 or code == "swing"
            moved = max(np.ptp(angle(joints, f"{s}_hip", f"{s}_shoulder", f"{s}_elbow")) for s in SIDES)
            assert (moved > 33) == (code == "elbow_drift"), (seed, code, moved)
            assert moved < 18 or code in ("elbow_drift", "swing"), (seed, code, moved)
    assert seen == {"", *FAULTS["biceps_curl"]}


@pytest.mark.parametrize("make", [lateral_raise, front_raise], ids=lambda m: m.__name__)
def test_raises_show_what_was_ordered_and_go_their_way(make):
    seen = set()
    for seed in range(8):
        for code, side, joints in repetitions(do(make, seed, 18, every_fault(make))):
            seen.add(code)
            top = {s: raised(joints, s).max() for s in SIDES}
            assert (max(top.values()) > 112) == (code == "too_high"), (seed, code, top)
            assert max(top.values()) < 105 or code == "too_high", (seed, code, top)
            assert (abs(top["left"] - top["right"]) > 22) == (code == "uneven"), (seed, code, top)
            if code == "uneven":
                assert min(top, key=top.get) == side
            swing = np.ptp(trunk(joints))
            assert (swing > 20) == (code == "swing")
            assert swing < 8 or code == "swing"
            high = int(raised(joints, max(top, key=top.get)).argmax())
            hand = (joints[high, INDEX["left_wrist"]] - joints[high, INDEX["left_shoulder"]])[[0, 2]]
            assert (hand[0] > hand[1]) == (make is lateral_raise)
    assert seen == {"", *FAULTS[make.__name__]}
