"""Joints -> named angles with an uncertainty each. Pure numpy, everybody at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from groupcoach.records import BodyPose, Floats, JointAngles
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, INCLINATIONS, INDEX, INNER_ANGLES

# Landmarks are least sure along the line of sight: a bone that points at the camera adds up to this much (Cosoli 2026:
# 6 degrees of spread from the side, 15 and a bias of 14 over oblique views).
_BASE_DEG = 5.0
_DEPTH_DEG = 20.0
_ENDS = np.array([[INDEX[n] for n in t] for t in INNER_ANGLES.values()])
_LINES = np.array([[INDEX[n] for n in t] for t in INCLINATIONS.values()])
_N_INNER = len(_ENDS)


def measure(poses: Sequence[BodyPose]) -> list[JointAngles]:
    """``skeleton.ANGLES`` of each body; an angle with an unseen joint is NaN."""
    if not poses:
        return []
    stated = np.full((len(poses), _N_INNER), np.nan)
    for i, pose in enumerate(poses):
        if pose.angle_sigma_deg is not None:
            stated[i] = pose.angle_sigma_deg
    deg, sigma = measure_joints(np.stack([p.joints_m for p in poses]), np.stack([p.sigma_m for p in poses]), stated)
    return [JointAngles(d, s) for d, s in zip(deg, sigma, strict=True)]


def measure_joints(joints_m: Floats, sigma_m: Floats, stated_deg: Floats | None = None) -> tuple[Floats, Floats]:
    """(N, A) degrees and standard deviations from joints.

    Args:
        joints_m: (N, J, 3)
        sigma_m: (N, J) standard deviation of each.
        stated_deg: (N, inner angles) deviations that the regressor itself states; NaN = by the rule above.
    """
    n = len(joints_m)
    deg = np.full((n, len(ANGLES)), np.nan)
    sigma = np.full((n, len(ANGLES)), np.nan)
    a, b, c = (joints_m[:, _ENDS[:, k]] for k in range(3))
    u, v = a - b, c - b
    lu, lv = np.linalg.norm(u, axis=-1), np.linalg.norm(v, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        deg[:, :_N_INNER] = np.degrees(np.arccos(np.clip((u * v).sum(-1) / (lu * lv), -1, 1)))
        away = np.maximum(np.abs(u[..., 2]) / lu, np.abs(v[..., 2]) / lv)
        place = np.degrees(np.hypot(sigma_m[:, _ENDS[:, 0]] / lu, sigma_m[:, _ENDS[:, 2]] / lv) * 0.5)
        sigma[:, :_N_INNER] = np.sqrt(_BASE_DEG**2 + (_DEPTH_DEG * away**2) ** 2 + place**2)
        if stated_deg is not None:
            sigma[:, :_N_INNER] = np.where(np.isfinite(stated_deg), stated_deg, sigma[:, :_N_INNER])
        line = joints_m[:, _LINES[:, 1]] - joints_m[:, _LINES[:, 0]]
        length = np.linalg.norm(line, axis=-1)
        lean = np.degrees(np.arccos(np.clip(-line[..., 1] / length, -1, 1)))
        ends = np.degrees(np.hypot(sigma_m[:, _LINES[:, 0]], sigma_m[:, _LINES[:, 1]]) / length * 0.7)
        # leaning towards or away from the camera is seen worst
        lean_sigma = np.sqrt(_BASE_DEG**2 + (_DEPTH_DEG * np.abs(line[..., 2]) / length) ** 2 + ends**2)
    for k, name in enumerate(INCLINATIONS):
        deg[:, ANGLE_INDEX[name]], sigma[:, ANGLE_INDEX[name]] = lean[:, k], lean_sigma[:, k]
    left, right, waist = ANGLE_INDEX["left_hip"], ANGLE_INDEX["right_hip"], ANGLE_INDEX["waist"]
    deg[:, waist] = np.maximum(deg[:, left], deg[:, right])
    straighter = np.where(deg[:, left] >= deg[:, right], sigma[:, left], sigma[:, right])
    sigma[:, waist] = np.where(np.isnan(deg[:, waist]), np.nan, straighter)
    sigma[np.isnan(deg)] = np.nan
    return deg, sigma
