"""Measures that gates and form rules speak of, for everybody at once. Pure numpy.

A measure is one number of one body in one frame: a joint angle as the mean of both sides (the better seen side
counts more), a difference, a distance in torso lengths. Each has a standard deviation; NaN = not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from groupcoach.records import Floats
from groupcoach.skeleton import ANGLE_INDEX, INDEX

_MEANS: Final = ("knee", "hip", "elbow", "shoulder", "ankle", "shin_lean", "thigh_lean")
MEASURES: Final[tuple[str, ...]] = (
    *_MEANS, "knee_low", "elbow_low", "waist", "trunk_lean", "trunk_minus_shin", "knees_inside_feet", "hip_sag",
    "hip_pike", "trunk_swing",
)  # fmt: skip
MEASURE_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(MEASURES)}
VIEWS: Final = ("front", "back", "side", "oblique")


def weighted_mean(deg: Floats, sigma: Floats, names: Sequence[str]) -> tuple[Floats, Floats]:
    """(N,) mean of named angles and its standard deviation; a side that is seen better counts more."""
    columns = [ANGLE_INDEX[n] for n in names]
    value, weight = deg[:, columns], 1.0 / np.maximum(sigma[:, columns], 1.0) ** 2
    weight = np.where(np.isfinite(value) & np.isfinite(weight), weight, 0.0)
    total = weight.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0, (np.where(weight > 0, value, 0.0) * weight).sum(1) / total, np.nan)
        return mean, np.where(total > 0, 1 / np.sqrt(total), np.nan)


def measure_all(joints_m: Floats, sigma_m: Floats, deg: Floats, sigma_deg: Floats) -> tuple[Floats, Floats]:
    """(N, M) values and standard deviations in ``MEASURES`` order.

    Args:
        joints_m: (N, J, 3) camera axes.
        sigma_m: (N, J)
        deg: (N, A)
        sigma_deg: (N, A)
    """
    n = len(joints_m)
    value, sigma = np.full((n, len(MEASURES)), np.nan), np.full((n, len(MEASURES)), np.nan)
    if n == 0:
        return value, sigma

    def put(name: str, v: Floats, s: Floats) -> None:
        value[:, MEASURE_INDEX[name]], sigma[:, MEASURE_INDEX[name]] = v, np.where(np.isnan(v), np.nan, s)

    for name in _MEANS:
        put(name, *weighted_mean(deg, sigma_deg, (f"left_{name}", f"right_{name}")))
    for name in ("knee", "elbow"):  # of the side that is bent more
        sides = [ANGLE_INDEX[f"left_{name}"], ANGLE_INDEX[f"right_{name}"]]
        put(f"{name}_low", deg[:, sides].min(1), sigma_deg[:, sides].max(1))
    lean, lean_s = deg[:, ANGLE_INDEX["trunk_lean"]], sigma_deg[:, ANGLE_INDEX["trunk_lean"]]
    put("trunk_lean", lean, lean_s)
    put("trunk_swing", lean, lean_s)
    put("waist", deg[:, ANGLE_INDEX["waist"]], sigma_deg[:, ANGLE_INDEX["waist"]])
    shin, shin_s = value[:, MEASURE_INDEX["shin_lean"]], sigma[:, MEASURE_INDEX["shin_lean"]]
    put("trunk_minus_shin", lean - shin, np.hypot(lean_s, shin_s))
    p = {name: joints_m[:, INDEX[name]] for name in INDEX}
    torso = np.linalg.norm(p["neck"] - p["pelvis"], axis=-1)
    knees = np.abs((p["left_knee"] - p["right_knee"])[:, 0])
    feet = np.abs((p["left_ankle"] - p["right_ankle"])[:, 0])
    put("knees_inside_feet", (feet - knees) / torso, 2 * sigma_m[:, INDEX["left_knee"]] / torso)
    sag, sag_s = _sag(p, sigma_m)
    put("hip_sag", sag, sag_s)
    put("hip_pike", -sag, sag_s)
    return value, sigma


def _sag(p: dict[str, Floats], sigma_m: Floats) -> tuple[Floats, Floats]:
    """(N,) degrees that the hips hang below the line from shoulders to ankles (negative: stand above it)."""
    top = (p["left_shoulder"] + p["right_shoulder"]) / 2
    feet = (p["left_ankle"] + p["right_ankle"]) / 2
    hips = (p["left_hip"] + p["right_hip"]) / 2
    u, v = top - hips, feet - hips
    with np.errstate(invalid="ignore", divide="ignore"):
        inner = np.degrees(np.arccos(np.clip((u * v).sum(-1) / np.linalg.norm(u, axis=-1)
                                             / np.linalg.norm(v, axis=-1), -1, 1)))  # fmt: skip
        line = feet - top
        share = ((hips - top) * line).sum(-1) / (line**2).sum(-1)
        below = hips[:, 1] - (top + share[:, None] * line)[:, 1]
        sigma = np.degrees(sigma_m[:, INDEX["pelvis"]] / np.linalg.norm(u, axis=-1)) + 4.0
    return np.where(below > 0, 180 - inner, inner - 180), sigma


def facing(joints_m: Floats) -> list[str]:
    """From where the camera sees each body (N): ``front``, ``back``, ``side`` or ``oblique``."""
    across = (
        joints_m[:, INDEX["left_shoulder"]] - joints_m[:, INDEX["right_shoulder"]]
        + joints_m[:, INDEX["left_hip"]] - joints_m[:, INDEX["right_hip"]]
    )  # fmt: skip
    flat = np.hypot(across[:, 0], across[:, 2])
    turn = np.abs(across[:, 0]) / np.maximum(flat, 1e-9)
    out = []
    for k in range(len(joints_m)):
        if not np.isfinite(turn[k]) or flat[k] < 0.1:
            out.append("oblique")
        elif turn[k] > 0.88:  # within 28 degrees
            out.append("front" if across[k, 0] > 0 else "back")
        else:
            out.append("side" if turn[k] < 0.47 else "oblique")
    return out
