"""Who is who between two frames: costs and the best one-to-one assignment. Pure."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from groupcoach.detect.suppress import iou_matrix
from groupcoach.records import Floats


def grow(boxes: Floats, share: float | Floats) -> Floats:
    """Boxes (N, 4) made larger on every side by ``share`` (scalar or (N,)) of their own size."""
    size = boxes[:, 2:] - boxes[:, :2]
    pad = size * np.broadcast_to(np.asarray(share, dtype=np.float64), (len(boxes),))[:, None]
    return np.concatenate([boxes[:, :2] - pad, boxes[:, 2:] + pad], axis=1)


def match_cost(predicted: Floats, last_seen: Floats, gap_s: Floats, found: Floats, *, buffer: float) -> Floats:
    """(T, N) cost 0 to 1 between T tracks and N boxes; 1 = cannot be.

    The better of two guesses counts: the filter's prediction, and the last real observation (right again when
    somebody reversed while hidden). Boxes are grown by ``buffer``, and more the longer the track was not seen.

    Args:
        predicted: (T, 4) boxes of the filters.
        last_seen: (T, 4) last observed boxes.
        gap_s: (T,) seconds since then.
        found: (N, 4) observed boxes.
        buffer: share of the size that boxes are grown by (Yang et al. 2023, buffered IoU).
    """
    if not len(predicted) or not len(found):
        return np.ones((len(predicted), len(found)))
    share = buffer + 0.25 * np.minimum(gap_s, 1.0)
    grown = grow(found, buffer)
    overlap = np.maximum(iou_matrix(grow(predicted, share), grown), 0.9 * iou_matrix(grow(last_seen, share), grown))
    old, new = last_seen[:, 3] - last_seen[:, 1], found[:, 3] - found[:, 1]
    ratio = old[:, None] / np.maximum(new[None], 1e-6)
    unlike = 1.0 - np.minimum(ratio, 1 / np.maximum(ratio, 1e-6))
    result: Floats = np.where(overlap > 0, np.clip(1.0 - overlap + 0.1 * unlike, 0.0, 1.0), 1.0)
    return result


def assign(cost: Floats, limit: float) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pairs (track, box) of least total cost with each below ``limit``; tracks left over; boxes left over."""
    rows, cols = linear_sum_assignment(cost) if cost.size else ((), ())
    pairs = [(int(r), int(c)) for r, c in zip(rows, cols, strict=True) if cost[r, c] < limit]
    used_r, used_c = {r for r, _ in pairs}, {c for _, c in pairs}
    return (
        pairs,
        [r for r in range(cost.shape[0]) if r not in used_r],
        [c for c in range(cost.shape[1]) if c not in used_c],
    )
