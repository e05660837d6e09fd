"""Who is who between two frames: costs and the best one-to-one assignment. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from groupcoach.detect.suppress import iou_matrix
from groupcoach.records import Floats
from groupcoach.track.settings import TrackerSettings

IMPOSSIBLE = 1e3
"""The cost of a pair that does not touch."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of T bodies before a frame is looked at."""

    predicted: Floats
    """(T, 4) boxes of the filters."""
    last: Floats
    """(T, 4) last observed boxes."""
    gap_s: Floats
    """(T,) since then."""
    height: Floats
    """(T,) usual height, px."""
    score: Floats
    """(T,) usual score of late."""

    def take(self, rows: list[int]) -> Known:
        """Some of them."""
        return Known(self.predicted[rows], self.last[rows], self.gap_s[rows], self.height[rows], self.score[rows])


def grow(boxes: Floats, share: float | Floats) -> Floats:
    """Boxes (N, 4) made larger on every side by ``share`` (scalar or (N, 1)) of their own size."""
    pad = (boxes[:, 2:] - boxes[:, :2]) * share
    return np.concatenate([boxes[:, :2] - pad, boxes[:, 2:] + pad], axis=1)


def match_cost(known: Known, boxes: Floats, scores: Floats, s: TrackerSettings, *, buffer: float) -> Floats:
    """(T, N) cost of taking each of N boxes for each of T bodies; 0 = all fits, ``IMPOSSIBLE`` = they do not touch.

    The better of two guesses counts: the filter's prediction, and the last real observation (right again when
    somebody reversed while hidden). Boxes are grown by ``buffer``, and more the longer the body was not seen. A change
    of direction costs nothing: people who dance or exercise turn back all the time; every weight on it lost identities.

    Args:
        known: T bodies.
        boxes: (N, 4) observed, px.
        scores: (N,)
        s: Weights.
        buffer: Share of their size that boxes are grown by.
    """
    if not len(known.gap_s) or not len(boxes):
        return np.full((len(known.gap_s), len(boxes)), IMPOSSIBLE)
    share = (buffer + s.spread * np.minimum(known.gap_s, s.spread_s))[:, None]
    grown = grow(boxes, buffer)
    ahead = iou_matrix(grow(known.predicted, share), grown)
    behind = s.last_weight * iou_matrix(grow(known.last, share), grown)
    overlap = np.maximum(ahead, behind)
    if s.upright:
        # where the last observation is the better guess, its rows count
        rows = np.where((ahead >= behind)[..., None], known.predicted[:, None, 1::2], known.last[:, None, 1::2])
        low, high = np.maximum(rows[..., 0], boxes[:, 1]), np.minimum(rows[..., 1], boxes[:, 3])
        union = np.maximum(rows[..., 1], boxes[:, 3]) - np.minimum(rows[..., 0], boxes[:, 1])
        overlap *= np.maximum((high - low) / np.maximum(union, 1e-9), 1e-3) ** s.upright
    cost: Floats = 1.0 - overlap
    cost += s.size_weight * unlike(known.height, boxes[:, 3] - boxes[:, 1])
    if s.foot_weight:
        rise = np.abs(known.predicted[:, 3, None] - boxes[:, 3]) / np.maximum(known.height, 1e-6)[:, None]
        cost += s.foot_weight * np.minimum(rise, s.foot_most)
    cost += s.gap_weight * np.minimum(known.gap_s, 1.0)[:, None]
    cost += s.score_weight * np.abs(known.score[:, None] - scores)
    cost[overlap <= 0] = IMPOSSIBLE
    return cost


def unlike(a: Floats, b: Floats) -> Floats:
    """(T, N) how unlike lengths (T,) and (N,) are: 0 = the same, 1 = nothing against something."""
    a, b = np.maximum(a, 1e-6)[:, None], np.maximum(b, 1e-6)
    result: Floats = 1.0 - np.minimum(a, b) / np.maximum(a, b)
    return result


def assign(cost: Floats, limit: float | Floats) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pairs (track, box) of least total cost, each below ``limit``; tracks left over; boxes left over.

    A pair that is refused costs what the limit is, so that no pair is given up to make an impossible one cheaper.

    Args:
        cost: (T, N)
        limit: For all, or (T, 1) for each track.
    """
    capped = np.minimum(cost, limit)
    rows, cols = linear_sum_assignment(capped) if cost.size else ((), ())
    fits = cost < limit
    pairs = [(int(r), int(c)) for r, c in zip(rows, cols, strict=True) if fits[r, c]]
    used_r, used_c = {r for r, _ in pairs}, {c for _, c in pairs}
    return (
        pairs,
        [r for r in range(cost.shape[0]) if r not in used_r],
        [c for c in range(cost.shape[1]) if c not in used_c],
    )
