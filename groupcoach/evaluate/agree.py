"""What several views agree on, where single views err: lost limbs, left taken for right, cameras that are late."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

from groupcoach.evaluate.cameras import Camera, reprojection
from groupcoach.evaluate.closer import JOINTS
from groupcoach.records import Floats
from groupcoach.skeleton import mirrored

#: An observation so far off has lost three quarters of its say.
SCALE_PX: Final = 40.0
MIRROR: Final = [JOINTS.index(mirrored(j)) for j in JOINTS]
LIMBS: Final = ([k for k, j in enumerate(JOINTS) if j.endswith(("shoulder", "elbow", "wrist"))],
                [k for k, j in enumerate(JOINTS) if j.endswith(("hip", "knee", "ankle"))])  # fmt: skip


def near(off_px: Floats) -> Floats:
    """The say, 0 to 1, of an observation so far from the point."""
    return np.asarray(1 / (1 + (off_px / SCALE_PX) ** 2) ** 2)


def reprojections(cameras: Sequence[Camera], points: Floats, px: Floats) -> Floats:
    """(K, T, 12) px between points (T, 12, 3) and observations (K, T, 12, 2) of the cameras in turn."""
    many = [*cameras] * (len(px) // len(cameras))
    return reprojection(many, points.reshape(-1, 3), px.reshape(len(px), -1, 2)).reshape(px.shape[:3])


def sides_right(cameras: Sequence[Camera], points: Floats, px: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Observations (K, T, 12, 2) with left and right exchanged where a network took one for the other.

    Arms and legs each, where the exchanged ones lie clearly nearer to the points (T, 12, 3) of all views.
    """
    px, weight = px.copy(), weight.copy()
    plain = saturated(reprojections(cameras, points, px), weight)
    crossed = saturated(reprojections(cameras, points, px[:, :, MIRROR]), weight[:, :, MIRROR])
    for limbs in LIMBS:
        wrong = crossed[..., limbs].sum(-1) < 0.7 * plain[..., limbs].sum(-1)
        other = [MIRROR[k] for k in limbs]
        for values in (px, weight):
            before = values[wrong]
            after = before.copy()
            after[:, limbs] = before[:, other]
            values[wrong] = after
    return px, weight


def saturated(off: Floats, weight: Floats) -> Floats:
    """The errors of observations ``off`` px away, growing to their weight at most; none where not seen."""
    x = (off / SCALE_PX) ** 2
    share = 1 - 1 / (1 + np.where(np.isfinite(x), x, np.inf))
    return np.asarray(np.where(weight > 0, weight * share, 0.0))


def late_by(camera: Camera, points: Floats, px: Floats, weight: Floats) -> tuple[float, float]:
    """By how many frames a camera is behind the points (T, 12, 3) of the others, and a standard error.

    A view that is late by d frames lies d steps of the path behind: least squares of the misses (each joint's median
    taken out: networks put joints elsewhere in each view) on the steps. Neighbouring frames err alike, so the
    standard error is that of six parts of the time.
    """
    seen = camera.to_px(points)
    step = np.asarray(np.gradient(seen, axis=0))
    top, low = [], []
    for at, w in zip(px, weight, strict=True):
        miss = np.where((w > 0)[..., None], at - seen, np.nan)
        known = np.asarray(np.isfinite(miss).all(-1) & np.isfinite(step).all(-1))
        for j in np.flatnonzero(known.sum(0) > 10):
            miss[:, j] -= np.median(miss[known[:, j], j], axis=0)
        say = np.where(known, w * near(np.linalg.norm(np.nan_to_num(miss), axis=-1)), 0.0)
        top.append((say * (np.nan_to_num(miss) * np.nan_to_num(step)).sum(-1)).sum(1))
        low.append((say * (np.nan_to_num(step) ** 2).sum(-1)).sum(1))
    parts = [(p.sum(), q.sum()) for p, q in zip(np.array_split(np.sum(top, 0), 6), np.array_split(np.sum(low, 0), 6),
                                                strict=True)]  # fmt: skip
    p, q = np.array(parts).T
    if not q.sum() > 0:
        return np.nan, np.nan
    along = p.sum() / q.sum()
    return float(-along), float(np.sqrt(((p - along * q) ** 2).sum()) / q.sum())


def proposals(
    cameras: Sequence[Camera], px: Floats, weight: Floats, owner: Sequence[int]
) -> tuple[list[tuple[int, int]], Floats, Floats]:
    """Each pair of observations from two cameras proposes a point; each observation says how far off it is.

    Args:
        cameras: one per observation.
        px: (K, N, 2) undistorted.
        weight: (K, N), 0 = not seen.
        owner: which camera an observation comes from; two of one camera propose nothing.

    Returns:
        The P pairs, their points (P, N, 3) m, and saturating errors (P, K, N), inf where there is no point.
    """
    pairs = [(a, b) for a, b in itertools.combinations(range(len(px)), 2) if owner[a] != owner[b]]
    # rows of the linear equations of a point, and their sums of squares per observation
    p = np.stack([c.projection / c.matrix[0, 0] for c in cameras])
    rows = px[..., None] * p[:, None, None, 2] - p[:, None, :2]
    square = np.einsum("knri,knrj->knij", rows, rows)
    points, cost = np.full((len(pairs), px.shape[1], 3), np.nan), np.full((len(pairs), *px.shape[:2]), np.inf)
    for k, (a, b) in enumerate(pairs):
        use = (weight[a] > 0) & (weight[b] > 0) & np.isfinite(px[[a, b]]).all((0, 2))
        both = square[a, use] + square[b, use]
        points[k, use] = np.linalg.solve(both[:, :3, :3] + 1e-12 * np.eye(3), -both[:, :3, 3:])[..., 0]
        cost[k, :, use] = saturated(reprojection(cameras, points[k], px), weight)[:, use].T
    return pairs, points, cost


def best_of(points: Floats, cost: Floats, pairs: Sequence[int]) -> Floats:
    """(N, 3): of the points (P, N, 3) of the ``pairs`` each time the one of the least ``cost`` (P, N); NaN if none."""
    if not pairs:
        return np.full(points.shape[1:], np.nan)
    best = np.argmin(cost[list(pairs)], axis=0)
    return np.asarray(np.take_along_axis(points[list(pairs)], best[None, :, None], axis=0)[0])
