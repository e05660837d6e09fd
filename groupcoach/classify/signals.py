"""Signals of one body in one frame that say what it is doing, wherever the camera stands. Pure numpy.

Every signal is the same for a body and its mirror image (pairs become lower and higher value), for any turn about the
vertical, and for any size (lengths in torso lengths).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from groupcoach.measures import legs_apart
from groupcoach.records import Floats
from groupcoach.skeleton import ANGLE_INDEX, INDEX

_PAIRS: Final = ("knee", "hip", "elbow", "shoulder", "thigh_lean", "shin_lean")
_HEIGHTS: Final = ("wrist", "elbow", "ankle", "knee")
_ARM_AXES: Final = ("up", "behind", "outward")

SIGNALS: Final[tuple[str, ...]] = (
    *(f"{name}_{end}" for name in _PAIRS for end in ("low", "high")),
    "trunk_lean",
    *(f"{name}_height_{end}" for name in _HEIGHTS for end in ("low", "high")),
    "head_height", "ankles_across", "ankles_along", "ankles_up", "knees_across", "wrists_across", "wrists_along",
    "wrists_up",
    *(f"upper_arm_{axis}_{end}" for axis in _ARM_AXES for end in ("low", "high")),
    *(f"wrist_behind_{end}" for end in ("low", "high")), "legs_apart",
)  # fmt: skip


def signals(joints_m: Floats, deg: Floats, joints_px: Floats | None = None) -> Floats:
    """(N, S) signals in ``SIGNALS`` order, NaN where a joint is not seen.

    Args:
        joints_m: (N, J, 3) camera axes; the camera is taken to be held level.
        deg: (N, A) angles of the same bodies. Angles enter as shares of 180 degrees.
        joints_px: (N, J, 2) where the picture shows the joints; arms that fly up do not part the legs there.
    """
    p = {name: joints_m[:, row] * np.array([1.0, -1.0, 1.0]) for name, row in INDEX.items()}
    n = len(joints_m)
    if n == 0:
        return np.zeros((0, len(SIGNALS)))
    trunk = p["neck"] - p["pelvis"]
    torso = np.maximum(np.linalg.norm(trunk, axis=-1), 1e-6)
    across = p["left_shoulder"] - p["right_shoulder"] + p["left_hip"] - p["right_hip"]
    across = _unit(across * np.array([1.0, 0.0, 1.0]))
    along = np.stack([across[:, 2], np.zeros(n), -across[:, 0]], axis=-1)
    out: list[Floats] = []

    def pair(left: Floats, right: Floats) -> None:
        out.extend((np.minimum(left, right), np.maximum(left, right)))

    for name in _PAIRS:
        pair(deg[:, ANGLE_INDEX[f"left_{name}"]] / 180, deg[:, ANGLE_INDEX[f"right_{name}"]] / 180)
    out.append(deg[:, ANGLE_INDEX["trunk_lean"]] / 180)
    for name in _HEIGHTS:
        pair(*((p[f"{side}_{name}"] - p["pelvis"])[:, 1] / torso for side in ("left", "right")))
    out.append((p["head"] - p["pelvis"])[:, 1] / torso)
    feet, hands = p["left_ankle"] - p["right_ankle"], p["left_wrist"] - p["right_wrist"]
    knees = p["left_knee"] - p["right_knee"]
    out.extend((
        np.abs(_dot(feet, across)) / torso, np.abs(_dot(feet, along)) / torso, np.abs(feet[:, 1]) / torso,
        np.abs(_dot(knees, across)) / torso, np.abs(_dot(hands, across)) / torso, np.abs(_dot(hands, along)) / torso,
        np.abs(hands[:, 1]) / torso,
    ))  # fmt: skip
    # arms in axes of the trunk, so that a leaning or lying body moves its arms the same way
    up = trunk / torso[:, None]
    left_axis = p["left_shoulder"] - p["right_shoulder"]
    left_axis = _unit(left_axis - _dot(left_axis, up)[:, None] * up)
    behind = np.cross(left_axis, up)  # these axes are left-handed: y was turned up, z was not
    arms = [_unit(p[f"{side}_elbow"] - p[f"{side}_shoulder"]) for side in ("left", "right")]
    pair(*(_dot(arm, up) for arm in arms))
    pair(*(_dot(arm, behind) for arm in arms))
    pair(_dot(arms[0], left_axis), -_dot(arms[1], left_axis))
    pair(*(_dot(p[f"{side}_wrist"] - p[f"{side}_shoulder"], behind) / torso for side in ("left", "right")))
    out.append(legs_apart(joints_m, joints_px) / 180)
    return np.stack(out, axis=1)


def _dot(a: Floats, b: Floats) -> Floats:
    result: Floats = (a * b).sum(-1)
    return result


def _unit(v: Floats) -> Floats:
    result: Floats = v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-6)
    return result
