"""Bodies as the two networks might see them, without a picture: made-up errors of the right kind and size.

Pictures are slow to draw. The classifier learns from filmed classes (``filmed.py``) and, for variety of movement, from
many more bodies seen this way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from groupcoach.mesh.camera import Camera
from groupcoach.records import Floats
from groupcoach.skeleton import BLAZEPOSE, COCO, INDEX, JOINTS


def _drift(rng: np.random.Generator, n: int, dt: float, tau_s: float, size: tuple[int, ...]) -> Floats:
    """Ornstein-Uhlenbeck noise (n, *size) of unit variance and memory ``tau_s``."""
    keep = float(np.exp(-dt / tau_s))
    out = np.empty((n, *size))
    out[0] = rng.standard_normal(size)
    kick = rng.standard_normal((n, *size)) * np.sqrt(1 - keep**2)
    for i in range(1, n):
        out[i] = keep * out[i - 1] + kick[i]
    return out


_LIMB_OUT = {"elbow": 0.7, "wrist": 1.0, "knee": 0.3, "ankle": 0.4, "heel": 0.4, "toe": 0.5}


def _away_from_camera(p: Floats) -> Floats:
    """(T, J) 0 to 1: how far a limb's joint lies on the side that the trunk hides."""
    across = p[:, INDEX["left_shoulder"]] - p[:, INDEX["right_shoulder"]]
    side_on = across[:, 2] / np.maximum(np.linalg.norm(across, axis=-1), 1e-6)  # +1: the left is away
    out = np.zeros(p.shape[:2])
    for name, share in _LIMB_OUT.items():
        out[:, INDEX[f"left_{name}"]] = share * np.clip(side_on, 0, 1)
        out[:, INDEX[f"right_{name}"]] = share * np.clip(-side_on, 0, 1)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What the two networks might say of one body over T frames."""

    world_m: Floats
    """(T, 33, 3) landmarks in camera axes, NaN where the body has no such joint."""
    px: Floats
    """(T, 33, 2)"""
    keypoints_px: Floats
    """(T, 17, 2)"""
    boxes_xyxy: Floats
    """(T, 4)"""


def as_seen(joints_m: Floats, dt_s: float, rng: np.random.Generator, camera: Camera) -> Drawn:
    """What the networks might report of joints (T, J, 3) of the room (y up), seen from anywhere by ``camera``.

    The sizes of the errors follow what was seen on real people: 1 to 2 cm across the picture, nearly constant while the
    view is; along the line of sight several times that, and a depth squeezed to as little as a third.
    """
    yaw, pitch, roll = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(-4, 22)), np.radians(rng.normal(0, 2))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    look = np.diag([1.0, -1.0, -1.0])
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    bank = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    true = (joints_m - joints_m[:, :1]) @ (bank @ tilt @ look @ turn).T
    p = true
    n = len(p)
    axes = np.array([0.020, 0.020, 0.050]) * rng.uniform(0.2, 1.3)
    squeeze = np.clip(rng.uniform(0.35, 1.15) + 0.12 * _drift(rng, n, dt_s, 1.0, (1,)), 0.3, 1.25)
    p = p * np.stack([np.ones_like(squeeze), np.ones_like(squeeze), squeeze], axis=-1)
    # the side away from the camera is guessed from the near one: its arm and leg err most, and while they move
    away = _away_from_camera(p)
    axes = axes * (1.0 + max(0.0, rng.uniform(-1.0, 3.5)) * away)[..., None]
    p = p + rng.standard_normal((1, len(JOINTS), 3)) * axes
    p = p + _drift(rng, n, dt_s, rng.uniform(0.2, 0.8), (len(JOINTS), 3)) * axes * rng.uniform(0.2, 0.9)
    p = p + rng.standard_normal(p.shape) * rng.uniform(0.0005, 0.005)
    limbs = (
        ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"), ("left_knee", "left_ankle"),
        ("right_knee", "right_ankle"),
    )  # fmt: skip
    for limb in limbs:  # hidden for a while: guessed
        if rng.random() < 0.15:
            start, length = rng.integers(0, n), int(rng.uniform(0.3, 2.0) / dt_s)
            rows = slice(start, min(n, start + length))
            for name in limb:
                p[rows, INDEX[name]] += rng.standard_normal(3) * 0.08
    far = np.array([0.0, 0.0, rng.uniform(2.6, 8.0)])
    seen = camera.project(np.concatenate([true[..., :2] + 0.7 * (p - true)[..., :2], true[..., 2:]], axis=-1) + far)
    size = camera.focal_px / far[2]
    own = rng.standard_normal((1, len(JOINTS), 2)) * 0.015 + _drift(rng, n, dt_s, 0.4, (len(JOINTS), 2)) * 0.010
    own = own + rng.standard_normal((n, len(JOINTS), 2)) * rng.uniform(0.002, 0.008)
    points = camera.project(true + far) + own * (1 + away)[..., None] * size
    world, px = np.full((n, 33, 3), np.nan), np.zeros((n, 33, 2))
    for k, name in enumerate(BLAZEPOSE):
        world[:, k], px[:, k] = p[:, INDEX[_stand_in(name)]], seen[:, INDEX[_stand_in(name)]]
    keypoints = np.stack([points[:, INDEX[_stand_in(name)]] for name in COCO], axis=1)
    low, high = camera.project(true + far).min(1), camera.project(true + far).max(1)
    edge = 0.06 * size + rng.standard_normal((2, 2)) * 0.02 * size
    return Drawn(world, px, keypoints, np.concatenate([low - edge[0], high + edge[1]], axis=1))


def _stand_in(name: str) -> str:
    """The joint that a keypoint or landmark lies on or next to."""
    if name in INDEX:
        return name
    side, _, part = name.partition("_")
    if side == "mouth" or part.startswith("eye"):
        return "nose"
    return f"{side}_hand"
