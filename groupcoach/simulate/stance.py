"""A person's habits and the postures every exercise starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.rig import SIDES, SIGN, Pose, Skeleton, turn
from groupcoach.simulate.tempo import Sway

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class FaultSpan:
    """A fault that was ordered, and when it shows."""

    code: str
    side: str
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Part:
    """One stretch of a motion. Times are from the start of the part."""

    name: str
    duration_s: float
    rows: Any
    """Function (T,) seconds -> Pose."""
    rep_end_s: tuple[float, ...] = ()
    faults: tuple[FaultSpan, ...] = ()
    first_s: float = 0.0
    """Start of the first repetition."""
    travel_m: tuple[float, float] = (0.0, 0.0)
    """Where the part ends, (x, z) from where it began."""
    turn: float = 0.0
    """Which way the person faces at the end, radians about the vertical from how it began."""
    entry: str = "step"
    """How one gets there from standing: ``step``, ``crouch`` (hands to the floor first), ``floor`` (onto the back)."""


def arm(flex_deg: Any, out_deg: Any, side: str) -> Floats:
    """Direction (T, 3) or (3,) of an upper arm in chest axes: forward by ``flex_deg``, outward by ``out_deg``.

    Outward beyond 90 is upward; there a negative ``flex_deg`` brings the elbow forward.
    """
    f, a = np.radians(flex_deg), np.radians(out_deg)
    f, a = np.broadcast_arrays(f, a)
    return np.stack([SIGN[side] * np.sin(a), -np.cos(a) * np.cos(f), np.cos(a) * np.sin(f)], axis=-1)


@dataclass(eq=False)
class Person:
    """One body with its habits, drawn once from a seed; every part of a motion asks it for postures."""

    skeleton: Skeleton
    seed: int
    free: bool = False
    """Keeps an own tempo, stance and bend of the knees, as people who train alone do, not those of a led class."""
    stance_m: float = field(init=False)
    toe_out: float = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 1])
        hip_m = abs(float(self.skeleton.at("left_hip")[0]))
        self.hip_m = hip_m
        self.stance_m = hip_m * rng.uniform(1.0, 1.7)
        self.toe_out = np.radians(rng.uniform(0, 22))
        self.knee_deg = rng.uniform(170, 176)
        self.hang_deg = rng.uniform(10, 18)
        self.elbow_deg = rng.uniform(8, 26)
        self.lean = np.radians(rng.uniform(-1, 5))
        self.uneven = rng.normal(0, 1, 4)
        self.restless = rng.uniform(0.5, 1.5)
        self.sway = Sway(rng, 16)
        own = np.random.default_rng([self.seed, 4])
        # Arms go up and down in 0.8 s, knees up three times a second; feet stand as wide as the shoulders.
        self.pace = float(own.uniform(0.45, 1.1)) if self.free else 1.0
        self.sink_deg = float(own.uniform(0, 45)) if self.free else 0.0
        if self.free:
            self.stance_m = hip_m * own.uniform(0.8, 2.6)
        # raises end so much higher
        self.over_deg = float(own.uniform(-10, 35)) if self.free else 0.0
        # a deadlift begins on the floor
        self.pulls = bool(self.free and own.random() < 0.5)
        # curls with the same arm throughout
        self.one_armed = bool(self.free and own.random() < 0.3)

    def rng(self, part: int) -> np.random.Generator:
        """Chance for one part of the motion; the same part of the same person always draws the same."""
        return np.random.default_rng([self.seed, 2, part])

    def stand(
        self, t: Floats, *, width_m: float | None = None, toe_out: float | None = None, still: float = 1.0
    ) -> Pose:
        """Standing with hanging arms and the sway nobody can suppress; feet ``2 * width_m`` apart."""
        sk, n = self.skeleton, len(t)
        width = self.stance_m if width_m is None else width_m
        out = self.toe_out if toe_out is None else toe_out
        pose = Pose.zeros(n)
        s = self.sway(t) * self.restless * still
        for side in SIDES:
            x = SIGN[side]
            pose[f"{side}_ankle"] = (x * width, sk.ankle_m, 0.0)
            pose[f"{side}_foot"] = (0, 0, x * out)
            pose[f"{side}_knee"] = (x * np.sin(out), 0, np.cos(out))
            self.hang(pose, side, s)
            pose[f"{side}_hip_hand"] = (x * 0.17, 0.08, 0.03)
            pose[f"{side}_hip_pole"] = (x, 0.1, -0.9)
            pose[f"{side}_floor_hand"] = (x * 0.25, 0.06, 0.4)
            pose[f"{side}_floor_pole"] = (x, 0.3, -0.6)
        pose["tilt"] = np.stack([self.lean * 0.5 + 0.008 * s[:, 0], 0.006 * s[:, 1] + 0.01 * self.uneven[0],
                                 0.02 * s[:, 2]], -1)  # fmt: skip
        pose["spine"] = np.stack([0.5 * self.lean + 0.015 * s[:, 3], 0.012 * s[:, 4], 0.02 * s[:, 5]], -1)
        pose["head"] = np.stack([0.04 * s[:, 6] + 0.02, 0.03 * s[:, 7], 0.07 * s[:, 8]], -1)
        sway_xz = np.stack([0.006 * s[:, 9], 0.008 * s[:, 10] + 0.03], -1)
        self.seat(pose, self.knee_deg - 1.5 * np.abs(s[:, 11]), sway_xz)
        return pose

    def hang(self, pose: Pose, side: str, s: Floats) -> None:
        """Arms at the sides."""
        x = SIGN[side]
        pose[f"{side}_upper"] = arm(-2 + 2 * s[:, 12], self.hang_deg + 1.2 * s[:, 13], side)
        pose[f"{side}_pole"] = (x * 0.45, 0, -1)
        pose[f"{side}_flex"] = np.radians(self.elbow_deg + 3 * s[:, 14])
        pose[f"{side}_roll"] = -0.25
        pose[f"{side}_collar"] = -0.12

    def seat(self, pose: Pose, knee_deg: Floats | float, hips_xz: Floats, *, lowest: bool = True) -> None:
        """Put the pelvis where the hips' middle is ``hips_xz`` (T, 2) from the ankles' middle and the knees bend so.

        With uneven feet the knee of the nearer hip gets the asked angle (the other one bends more or reaches).
        """
        sk = self.skeleton
        reach = np.broadcast_to(sk.reach_at(knee_deg), (len(pose),))
        axes = turn(pose["tilt"])
        middle = 0.5 * (pose["left_ankle"] + pose["right_ankle"])
        offset = {side: axes @ (sk.at(f"{side}_hip") - sk.at("pelvis")) for side in SIDES}
        centre = 0.5 * (offset["left"] + offset["right"])
        xz = middle[:, [0, 2]] + hips_xz - centre[:, [0, 2]]
        heights = []
        for side in SIDES:
            flat = xz + offset[side][:, [0, 2]] - pose[f"{side}_ankle"][:, [0, 2]]
            rise = np.sqrt(np.maximum(reach**2 - (flat**2).sum(-1), 0.01))
            heights.append(pose[f"{side}_ankle"][:, 1] + rise - offset[side][:, 1])
        y = np.minimum(*heights) if lowest else 0.5 * (heights[0] + heights[1])
        pose["pelvis"] = np.stack([xz[:, 0], y, xz[:, 1]], -1)

    def raise_heel(self, pose: Pose, side: str, pitch: Floats, ball: Floats, yaw: float | Floats = 0.0) -> None:
        """Turn a foot by ``pitch`` (T,) about its ball, which stays at ``ball`` (x, z); the toes stay flat."""
        sk = self.skeleton
        foot = np.stack([pitch, np.zeros_like(pitch), np.broadcast_to(yaw, pitch.shape)], -1)
        point = np.broadcast_to(ball, (len(pitch), 2))
        at = np.stack([point[:, 0], np.full(len(pitch), sk.ball_m), point[:, 1]], -1)
        pose[f"{side}_foot"] = foot
        pose[f"{side}_ankle"] = at - turn(foot) @ sk.ball_from_ankle(side)
        pose[f"{side}_toe"] = -pitch

    def ball_at(self, side: str, ankle_xz: Floats, yaw: float) -> Floats:
        """(..., 2) where the ball of a flat foot lies whose ankle is at ``ankle_xz``."""
        b = turn(np.array([0.0, 0.0, yaw])) @ self.skeleton.ball_from_ankle(side)
        return np.asarray(ankle_xz) + b[[0, 2]]
