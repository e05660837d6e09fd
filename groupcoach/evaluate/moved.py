"""Simulated people as a person's state sees them: exact motion, with the errors of today's regressor drawn on top.

Counting and form rules are measured here without pictures and without the classifier: what is voted is what is true.
The sizes of the errors are those of the lifter on simulated classes that it was not trained on (mean absolute errors:
knee 6, hip 4.5, elbow 9, shoulder 5.7, trunk 3 degrees): an offset for each joint and set, a slow drift, and jitter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from groupcoach.angles import measure_joints
from groupcoach.exercises.catalogue import Catalogue
from groupcoach.measures import facing, measure_all
from groupcoach.mesh.body_model import BodyModel
from groupcoach.person import PersonState
from groupcoach.records import Event, Floats
from groupcoach.simulate.motion import Motion, Skeleton, make_motion
from groupcoach.skeleton import INDEX, INNER_ANGLES, JOINTS

#: Standard deviation of a joint's place, metres; feet and hands move with the joint before them.
_SPREAD_M: Final = {
    "pelvis": 0.006, "hip": 0.006, "knee": 0.019, "ankle": 0.020, "neck": 0.012, "head": 0.014, "shoulder": 0.010,
    "elbow": 0.020, "wrist": 0.024, "spine_low": 0.006, "spine_mid": 0.008, "spine_high": 0.010, "collar": 0.010,
}  # fmt: skip
_WITH: Final = {"foot": "ankle", "heel": "ankle", "toe": "ankle", "hand": "wrist", "nose": "head", "ear": "head"}
_OWN_M: Final = 0.004
_OFFSET, _DRIFT, _JITTER = 0.55, 0.75, 0.3
"""Shares (of variance: their squares) of what stays through a set, drifts, and changes from frame to frame."""
_DRIFT_S: Final = 0.5
_AXES: Final = np.array([0.9, 0.9, 1.2])
_STATED_DEG: Final = {"knee": 6.0, "hip": 3.6, "elbow": 9.0, "shoulder": 5.4, "ankle": 3.3}
#: Angles between the camera and the front of the body, degrees.
VIEW_DEG: Final[Mapping[str, tuple[float, float]]] = {
    "front": (0, 22), "oblique": (35, 55), "side": (70, 110), "back": (158, 180),
}  # fmt: skip
_LOOK: Final = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What a person's state gets of one simulated person, and what is true."""

    motion: Motion
    t_s: Floats
    """(T,)"""
    joints_m: Floats
    """(T, J, 3) camera axes, with errors."""
    true_m: Floats
    """(T, J, 3) without."""
    deg: Floats
    sigma_deg: Floats
    values: Floats
    sigma: Floats
    views: list[str]
    labels: Sequence[str]


def readings(
    body: BodyModel, plan: Sequence[tuple[str, float]], seed: int, *, faults: Mapping[str, float] | None = None,
    yaw: float = 0.0, fps: float = 15.0, error: float = 1.0,
) -> Readings:  # fmt: skip
    """One simulated person.

    Args:
        body: the body model.
        plan: (exercise, seconds) in order.
        seed: body, habits, errors.
        faults: code -> share of the repetitions.
        yaw: turn of the body, radians; 0 faces the camera.
        fps: frames a second.
        error: 1 = as large as today's, 0 = none.
    """
    rng = np.random.default_rng([seed, 41])
    betas = rng.standard_normal((1, 10)).clip(-2, 2)
    floor_m = float(body.rest_extra(betas)[0][:, 1].min())
    skeleton = Skeleton(joints_m=body.rest_joints(betas)[0], floor_m=floor_m)
    motion = make_motion(skeleton, plan, seed=seed, faults=faults or {}, yaw=yaw)
    t = np.arange(0, motion.duration_s, 1 / fps)
    rotations, transl = motion.both(t)
    true = body.joints(rotations, np.repeat(betas, len(t), axis=0), transl) @ _LOOK.T + (0.0, 1.0, 5.0)
    pitch = np.radians(rng.uniform(0, 8))  # the camera looks down a little
    c, s = np.cos(pitch), np.sin(pitch)
    true = true @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    seen = true + error * _errors(rng, len(t), 1 / fps)
    spread = np.broadcast_to([0.02] * len(JOINTS), seen.shape[:2])
    stated = np.array([_STATED_DEG[n.split("_")[1]] for n in INNER_ANGLES]) * max(error, 0.3)
    deg, sigma_deg = measure_joints(seen, spread, np.repeat(stated[None], len(t), axis=0))
    values, sigma = measure_all(seen, spread, deg, sigma_deg)
    return Readings(motion, t, seen, true, deg, sigma_deg, values, sigma, facing(seen),
                    [str(name) for name in motion.labels(t)])  # fmt: skip


def _errors(rng: np.random.Generator, n: int, dt_s: float) -> Floats:
    """(T, J, 3) metres."""

    def noise(size_m: float) -> Floats:
        keep = float(np.exp(-dt_s / _DRIFT_S))
        kick, drift = rng.standard_normal((n, 3)), np.empty((n, 3))
        last = rng.standard_normal(3)
        for i in range(n):
            last = keep * last + np.sqrt(1 - keep**2) * kick[i]
            drift[i] = last
        whole = _OFFSET * rng.standard_normal(3) + _DRIFT * drift + _JITTER * rng.standard_normal((n, 3))
        return np.asarray(size_m * _AXES * whole)

    out = np.zeros((n, len(JOINTS), 3))
    for name in JOINTS:
        plain = name.removeprefix("left_").removeprefix("right_")
        if plain in _SPREAD_M:
            out[:, INDEX[name]] = noise(_SPREAD_M[plain])
    for name in JOINTS:
        side, _, plain = name.partition("_")
        part = plain if plain in _WITH else name
        if part in _WITH:
            base = _WITH[part] if part == name else f"{side}_{_WITH[part]}"
            out[:, INDEX[name]] = out[:, INDEX[base if base in INDEX else _WITH[part]]] + noise(_OWN_M)
    return out


@dataclass(slots=True)
class Outcome:
    """What a person's state made of the readings."""

    state: PersonState
    events: list[Event] = field(default_factory=list)


Votes = Callable[[float, str], Floats]


def true_votes(classes: Sequence[str]) -> Votes:
    """Everything is voted what it is, 0.94 to 1; whatever is no class is ``unknown``."""

    def votes(t_s: float, label: str) -> Floats:
        out = np.full(len(classes), 0.06 / len(classes))
        out[classes.index(label if label in classes else "unknown")] += 0.94
        return out

    return votes


def play(r: Readings, catalogue: Catalogue, classes: tuple[str, ...], votes: Votes | None = None) -> Outcome:
    """Feed one person's state from the first frame to the last."""
    votes = votes or true_votes(classes)
    out = Outcome(PersonState(1, catalogue, classes))
    for i, t in enumerate(r.t_s):
        out.events += out.state.step(
            float(t), r.deg[i], r.sigma_deg[i], r.values[i], r.sigma[i], r.views[i], votes(float(t), r.labels[i])
        )
    out.events += out.state.finish(float(r.t_s[-1]))
    return out
