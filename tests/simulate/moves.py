"""One part of a motion on its own, and what its repetitions show in the joints: for the tests of the makers."""

from typing import NamedTuple

import numpy as np

from groupcoach.simulate.counted import FAULTS
from groupcoach.simulate.rig import default_skeleton, joints_of, solve
from groupcoach.simulate.stance import Person
from groupcoach.skeleton import INDEX

from .contact import depths

SIDES = ("left", "right")
SKELETON = default_skeleton()
HZ = 30.0


class Set(NamedTuple):
    part: object
    joints: object

    def clock(self, hz=HZ):
        return np.arange(0, self.part.duration_s, 1 / hz)


def do(make, seed, seconds=12.0, faults=None):
    """A maker's part and the function of its joints over time."""
    person = Person(SKELETON, seed)
    part = make(person, person.rng(0), seconds, None, faults or {})
    return Set(part, lambda t: joints_of(SKELETON, *solve(SKELETON, part.rows(np.asarray(t, float)))))


def repetitions(motion, hz=60.0):
    """(fault code or "", side, joints (T, 24, 3)) of each repetition."""
    start, t = motion.part.first_s, motion.clock(hz)
    joints = motion.joints(t)
    for end in motion.part.rep_end_s:
        mine = [f for f in motion.part.faults if abs(f.end_s - end) < 1e-9]
        assert len(mine) <= 1
        begin = mine[0].start_s if mine else start
        code, side = (mine[0].code, mine[0].side) if mine else ("", "both")
        yield code, side, joints[(t >= begin) & (t < end)]
        start = end


def angle(joints, a, b, c):
    """(T,) degrees at b."""
    u, v = (joints[:, INDEX[x]] - joints[:, INDEX[b]] for x in (a, c))
    cos = (u * v).sum(-1) / np.linalg.norm(u, axis=-1) / np.linalg.norm(v, axis=-1)
    return np.degrees(np.arccos(np.clip(cos, -1, 1)))


def knee(joints, side="left"):
    return angle(joints, f"{side}_hip", f"{side}_knee", f"{side}_ankle")


def elbow(joints, side="left"):
    return angle(joints, f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist")


def forward(joints, low, high):
    """(T,) degrees that the line from ``low`` to ``high`` leans forward of upright."""
    v = joints[:, INDEX[high]] - joints[:, INDEX[low]]
    return np.degrees(np.arctan2(v[:, 2], v[:, 1]))


def off_upright(joints, low, high):
    """(T,) degrees between the line from ``low`` to ``high`` and straight up."""
    v = joints[:, INDEX[high]] - joints[:, INDEX[low]]
    return np.degrees(np.arccos(v[:, 1] / np.linalg.norm(v, axis=-1)))


def trunk(joints):
    return forward(joints, "pelvis", "neck")


def dips(signal, low, high):
    """How often a signal falls under ``low`` after having been over ``high``."""
    count, armed = 0, False
    for value in signal:
        if value > high:
            armed = True
        elif value < low and armed:
            count, armed = count + 1, False
    return count


def slides(joints):
    """The farthest (m) that the ball of a foot moves while it is on the floor."""
    worst = 0.0
    for side in ("left", "right"):
        ball = joints[:, INDEX[f"{side}_foot"]]
        start = None
        for place, on_floor in zip(ball, ball[:, 1] < SKELETON.ball_m + 0.004, strict=True):
            start = (place if start is None else start) if on_floor else None
            if start is not None:
                worst = max(worst, float(np.linalg.norm((place - start)[[0, 2]])))
    return worst


def bend(joints):
    """(T,) mean of both knees."""
    return 0.5 * (knee(joints, "left") + knee(joints, "right"))


def every_fault(make):
    """All faults of an exercise, in 7 of 10 repetitions."""
    codes = FAULTS[make.__name__]
    return {code: 0.7 / len(codes) for code in codes}


def check_body(make, *, fastest=17.0, farthest=0.03, seeds=4):
    """Hands stay out of the body, feet where they are put, all above the floor, nobody faster than a fist."""
    for seed in range(seeds):
        motion = do(make, seed, 10, every_fault(make) if seed % 2 and make.__name__ in FAULTS else None)
        joints = motion.joints(motion.clock())
        for what, (deep, frame) in depths(joints).items():
            assert deep < 0.015, (seed, what, frame / HZ)
        assert joints[..., 1].min() > 0.012
        assert np.abs(np.diff(joints, axis=0)).max() * HZ < fastest
        assert slides(joints) < farthest, seed


def check_faults(make, seeds=2):
    """Each fault comes when ordered, alone, with its side; none comes unasked."""
    for seed in range(seeds):
        assert do(make, seed, 20).part.faults == ()
        for code in FAULTS[make.__name__]:
            faults = do(make, seed, 20, {code: 0.3}).part.faults
            assert {f.code for f in faults} == {code}
            assert all((f.side in SIDES) == (code == "uneven") for f in faults)


def check_count(make, signal, low, high, seeds=4):
    """The joints dip as often as the truth counts, and are back at rest when a repetition ends."""
    for seed in range(seeds):
        motion = do(make, seed, 15)
        assert dips(signal(motion.joints(motion.clock(60))), low, high) == len(motion.part.rep_end_s) > 2, seed
        ends = signal(motion.joints(np.array(motion.part.rep_end_s)))
        assert (ends > high).all()
