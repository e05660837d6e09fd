"""Rotations from directions, batched. Pure numpy."""

from __future__ import annotations

import numpy as np

from groupcoach.records import Floats


def unit(v: Floats) -> Floats:
    """Vectors (..., 3) of length 1; a vector of length 0 becomes NaN."""
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = np.where(length > 1e-9, v / length, np.nan)
    return result


def frame_of(main: Floats, second: Floats) -> Floats:
    """Orthonormal axes (..., 3, 3) as columns: ``main``, ``second`` made square to it, and their cross product."""
    a = unit(main)
    b = unit(second - (second * a).sum(-1, keepdims=True) * a)
    return np.stack([a, b, np.cross(a, b)], axis=-1)


def turn_between(main0: Floats, second0: Floats, main1: Floats, second1: Floats) -> Floats:
    """Rotation (..., 3, 3) that takes ``main0`` to ``main1``, and ``second0`` as near as can be to ``second1``."""
    result: Floats = frame_of(main1, second1) @ np.swapaxes(frame_of(main0, second0), -1, -2)
    return result


def shortest_turn(start: Floats, end: Floats) -> Floats:
    """Smallest rotation (..., 3, 3) taking unit directions ``start`` to ``end`` (both (..., 3))."""
    v = np.cross(start, end)
    c = (start * end).sum(-1)[..., None, None]
    k = np.zeros((*v.shape[:-1], 3, 3))
    k[..., 0, 1], k[..., 0, 2], k[..., 1, 2] = -v[..., 2], v[..., 1], -v[..., 0]
    k[..., 1, 0], k[..., 2, 0], k[..., 2, 1] = v[..., 2], -v[..., 1], v[..., 0]
    turn = np.eye(3) + k + k @ k / np.maximum(1.0 + c, 1e-6)
    # opposite directions: half a turn about any axis square to them
    axis = unit(np.cross(start, np.eye(3)[np.argmin(np.abs(start), axis=-1)]))
    half = 2 * axis[..., :, None] * axis[..., None, :] - np.eye(3)
    result: Floats = np.where(1.0 + c < 1e-6, half, turn)
    return result


def share_of_turn(turn: Floats, share: float) -> Floats:
    """The rotation (..., 3, 3) that goes ``share`` of the way (axis and angle)."""
    trace = np.clip((np.trace(turn, axis1=-2, axis2=-1) - 1) / 2, -1, 1)
    angle = np.arccos(trace)
    axis = np.stack([
        turn[..., 2, 1] - turn[..., 1, 2], turn[..., 0, 2] - turn[..., 2, 0], turn[..., 1, 0] - turn[..., 0, 1],
    ], axis=-1)  # fmt: skip
    axis = np.nan_to_num(unit(axis))
    a = (angle * share)[..., None, None]
    k = np.zeros_like(turn)
    k[..., 0, 1], k[..., 0, 2], k[..., 1, 2] = -axis[..., 2], axis[..., 1], -axis[..., 0]
    k[..., 1, 0], k[..., 2, 0], k[..., 2, 1] = axis[..., 2], -axis[..., 1], axis[..., 0]
    result: Floats = np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * (k @ k)
    return result


def proper(turn: Floats) -> Floats:
    """The same rotations with the undefined ones (NaN) replaced by no rotation."""
    bad = ~np.all(np.isfinite(turn), axis=(-1, -2))
    result: Floats = np.where(bad[..., None, None], np.eye(3), turn)
    return result
