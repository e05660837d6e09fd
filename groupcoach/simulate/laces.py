"""Tying a shoe: both hands at one foot, bent over, crouched or on one knee."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.reach import add
from groupcoach.simulate.rests import hands_near
from groupcoach.simulate.rig import SIDES, SIGN, Pose, joints_of, rot, solve
from groupcoach.simulate.stance import Person
from groupcoach.simulate.tempo import Sway, ease
from groupcoach.skeleton import INDEX

Floats = NDArray[np.floating[Any]]

#: Where laces are from the ankle: further up and ahead, metres; hands so far to either side of them.
_UP_M, _AHEAD_M, _APART_M = 0.02, 0.07, 0.035
#: Degrees that the knees bend, and how far the shoe is put ahead of the other one, metres.
_WAYS: Final = {"bow": ((115, 160), (0.05, 0.3)), "crouch": ((50, 75), (0.05, 0.25)), "kneel": ((78, 95), (0.52, 0.66))}
_DOWN_S: Final = (0.9, 1.7)


def tie_shoe(person: Person, rng: np.random.Generator, seconds: float) -> Callable[[Pose, Floats], None]:
    """Go down to one shoe, stay there with busy hands, come up again."""
    way = str(rng.choice(list(_WAYS)))
    knee, apart = (float(rng.uniform(*span)) for span in _WAYS[way])
    forward, behind = (0.0, apart) if way == "kneel" else (apart, 0.0)
    foot, other = rng.permutation(SIDES).tolist()
    down_s, round_share = min(float(rng.uniform(*_DOWN_S)), seconds / 2.5), float(rng.uniform(0.3, 0.5))
    heel = {"bow": 0.0, "crouch": float(rng.uniform(0.2, 0.8)), "kneel": 1.15}[way]
    back = {"bow": 0.2, "crouch": 0.16, "kneel": 0.05}[way]
    busy = Sway(rng, 6, (0.8, 2.5))

    def bent(pose: Pose, u: Floats, pitch: Floats) -> None:
        """Change a standing pose: the trunk forward by ``pitch`` (T,), ``u`` (T,) of the way down."""
        add(pose, "tilt", pitch * (1 - round_share), 0)
        add(pose, "spine", pitch * round_share, 0)
        add(pose, "head", -0.15 * pitch, 0)
        for name in (f"{side}_{n}" for side in SIDES for n in ("upper", "pole")):  # the arms hang
            pose[name] = np.einsum("tij,tj->ti", rot("x", -0.9 * pitch), pose[name])
        step = ease(u / 0.6)
        add(pose, f"{foot}_ankle", forward * step, 2)
        add(pose, f"{foot}_ankle", 0.04 * np.sin(np.pi * np.clip(u / 0.6, 0, 1)) ** 2, 1)
        width = abs(float(pose[f"{other}_ankle"][0, 0]))
        yaw = float(pose[f"{other}_foot"][0, 2])
        ball = person.ball_at(other, np.array([SIGN[other] * width, 0.0]), yaw)
        person.raise_heel(pose, other, heel * u, ball - np.outer(behind * step, [0.0, 1.0]), yaw)
        person.seat(pose, person.knee_deg + (knee - person.knee_deg) * u, np.stack([0 * u, 0.03 - back * u], -1))

    # the least bend of the trunk whose hands come to the shoe
    tried = np.radians(np.arange(20.0, 130.0, 2.0))
    still = np.full(len(tried), 0.5 * seconds)
    pose = person.stand(still)
    bent(pose, np.ones(len(tried)), tried)
    at = _laces(pose, foot)
    joints = joints_of(person.skeleton, *solve(person.skeleton, pose))
    far = np.max([np.linalg.norm(joints[:, INDEX[f"{s}_shoulder"]] - at[s], axis=-1) for s in SIDES], axis=0)
    near = np.flatnonzero(far < 0.9 * person.skeleton.arm_m)
    pitch = float(tried[near[0] if len(near) else far.argmin()])

    def change(pose: Pose, t: Floats) -> None:
        down, up = t / down_s, (seconds - t) / down_s
        u = ease(down) * ease(up)
        bent(pose, u, pitch * u)
        s = busy(t)
        target = _laces(pose, foot)
        for k, side in enumerate(SIDES):
            target[side] = target[side] + 0.02 * s[:, 3 * k : 3 * k + 3]
        hands_near(person, pose, target, ease((down - 0.3) / 0.7) * ease((up - 0.3) / 0.7),
                   elbow=(1.0, 0.3, -0.1))  # fmt: skip

    return change


def _laces(pose: Pose, foot: str) -> dict[str, Floats]:
    """(T, 3) where the hands are, by side."""
    place = pose[f"{foot}_ankle"] + np.array([0.0, _UP_M, _AHEAD_M])
    return {side: place + np.array([SIGN[side] * _APART_M, 0.0, 0.0]) for side in SIDES}
