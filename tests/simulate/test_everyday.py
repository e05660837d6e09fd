"""Everyday movements look like what they are: hands that tie a shoe are at one shoe, a bottle comes to the mouth."""

import numpy as np
import pytest

from groupcoach.simulate.gestures import GESTURES
from groupcoach.simulate.rig import SIDES, default_skeleton, joints_of, solve
from groupcoach.simulate.stance import Person
from groupcoach.skeleton import INDEX

SKELETON = default_skeleton()
HZ = 60.0
SECONDS = 8.0


def played(name, seed):
    person = Person(SKELETON, seed, free=bool(seed % 2))
    part = GESTURES[name](person, np.random.default_rng([seed, 3]), SECONDS)
    joints = joints_of(SKELETON, *solve(SKELETON, part.rows(np.arange(0, part.duration_s, 1 / HZ))))
    return person, part, joints


def away(joints, a, b):
    return np.linalg.norm(joints[:, INDEX[a]] - joints[:, INDEX[b]], axis=-1)


@pytest.mark.parametrize("seed", range(8))
def test_both_hands_come_to_one_shoe(seed):
    _, _, joints = played("tie_shoe", seed)
    halfway = joints[len(joints) // 2][None]
    at = {foot: max(float(away(halfway, f"{side}_hand", f"{foot}_ankle")[0]) for side in SIDES) for foot in SIDES}
    assert min(at.values()) < 0.25
    assert away(halfway, "left_wrist", "right_wrist")[0] < 0.25


@pytest.mark.parametrize("seed", range(8))
def test_the_bottle_comes_to_the_mouth_and_the_other_arm_hangs(seed):
    _, _, joints = played("drink", seed)
    near = {side: away(joints, f"{side}_hand", "head") for side in SIDES}
    drinks, hangs = sorted(SIDES, key=lambda side: float(near[side].min()))
    assert near[drinks].min() < 0.25
    assert near[hangs].min() > 0.5
    assert (near[drinks] > 0.4).any(), "it comes down again"
    up = joints[near[drinks].argmin()]
    arm = up[INDEX[f"{drinks}_elbow"]] - up[INDEX[f"{drinks}_shoulder"]]
    assert arm[1] > -0.8 * np.linalg.norm(arm), "the upper arm is raised, which it is not in a curl"


@pytest.mark.parametrize("name", ["drink", "tie_shoe"])
@pytest.mark.parametrize("seed", range(4))
def test_they_begin_and_end_standing_and_nothing_jumps(name, seed):
    person, part, joints = played(name, seed)
    for at in (0.0, part.duration_s):
        t = np.array([at])
        have, want = (joints_of(SKELETON, *solve(SKELETON, p)) for p in (part.rows(t), person.stand(t)))
        assert np.abs(have - want).max() < 0.02
    assert joints[..., 1].min() > 0.01
    speed = np.diff(joints, axis=0) * HZ
    assert np.linalg.norm(speed, axis=-1).max() < 5
