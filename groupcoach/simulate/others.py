"""Motions that must count nothing: what else people do in a class. None has repetitions in its truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.gestures import GESTURES
from groupcoach.simulate.reach import add
from groupcoach.simulate.rig import SIGN, Pose
from groupcoach.simulate.sets import Maker
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.tempo import ease

Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator
Rows = Callable[[Floats], Pose]


def walk(person: Person, rng: Rng, seconds: float, *, stay: bool = False) -> Part:
    """Walking: on the spot, or across the floor (``travel_m`` says how far); ``stay``: in any case on the spot."""
    across = rng.random() < 0.5 and not stay
    period = rng.uniform(0.95, 1.3)
    stride = (rng.uniform(0.7, 1.15) * person.skeleton.leg_m) * across
    lift, arms = rng.uniform(0.07, 0.16), rng.uniform(12, 30)

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=person.hip_m, toe_out=0.1)
        phase = t / period
        for side, off in (("left", 0.0), ("right", 0.5)):
            x = SIGN[side]
            frac, whole = np.modf(phase + off)
            go = np.clip((frac - 0.6) / 0.4, 0, 1)
            z = stride * (whole + ease(go) + 0.3 - off)
            y = person.skeleton.ankle_m + lift * np.sin(np.pi * go) ** 2
            pose[f"{side}_ankle"] = np.stack([0 * t + x * person.hip_m, y, z], -1)
            pose[f"{side}_foot"] = np.stack([0.5 * np.sin(np.pi * go) * (1 - go), 0 * t, 0 * t + 0.1 * x], -1)
            swing = np.sin(2 * np.pi * (phase + off))
            pose[f"{side}_upper"] = arm(arms * swing - 3, person.hang_deg, side)
            pose[f"{side}_flex"] = np.radians(18 + 10 * swing)
        add(pose, "pelvis", stride * phase, 2)
        add(pose, "pelvis", 0.015 * np.sin(4 * np.pi * phase) - 0.03 - 0.12 * (stride * 0.5) ** 2, 1)
        add(pose, "tilt", 0.08 * np.sin(2 * np.pi * phase), 2)
        return pose

    return Part("walk", seconds, rows, travel_m=(0.0, float(stride * seconds / period)))


def _plain(make: Callable[[Person, Rng, float], Part]) -> Maker:
    def maker(person: Person, rng: Rng, seconds: float, reps: int | None = None, faults: Any = None) -> Part:
        return make(person, rng, seconds)

    return maker


UNCOUNTED: Final[dict[str, Maker]] = {
    "walk": _plain(walk),
    **GESTURES,
}  # fmt: skip
