"""One body, one observation: duplicates of a detector removed. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groupcoach.records import Floats, Observations

_HEAD = 7
"""Rows of ``skeleton.COCO`` from the nose to the shoulders."""


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """(N, M) intersection over union of boxes (N, 4) and (M, 4), xyxy."""
    width = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    height = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    inter = np.maximum(width, 0) * np.maximum(height, 0)
    area_a, area_b = ((c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b))
    result: Floats = inter / np.maximum(area_a[:, None] + area_b[None] - inter, 1e-9)
    return result


def largest_share(box: Floats, others: Floats) -> float:
    """Share of ``box`` (4,) that the one of ``others`` (N, 4) lies on that covers most of it; 0 where there is none."""
    shared = np.maximum(np.minimum(others[:, 2:], box[2:]) - np.maximum(others[:, :2], box[:2]), 0.0)
    return float(shared.prod(axis=1).max(initial=0.0)) / max(float(np.prod(box[2:] - box[:2])), 1.0)


def keypoint_distance(a: Observations, b: Observations, min_score: float = 0.3) -> Floats:
    """(N, M) mean distance of the keypoints both rows see, in shares of the larger box diagonal; inf where none."""
    both = (a.keypoint_scores > min_score)[:, None] & (b.keypoint_scores > min_score)[None]
    gap = np.linalg.norm(a.keypoints_px[:, None] - b.keypoints_px[None], axis=-1)
    both &= np.isfinite(gap)
    count = both.sum(-1)
    diag_a = np.linalg.norm(a.boxes_xyxy[:, 2:] - a.boxes_xyxy[:, :2], axis=1)
    diag_b = np.linalg.norm(b.boxes_xyxy[:, 2:] - b.boxes_xyxy[:, :2], axis=1)
    diag = np.maximum(np.maximum(diag_a[:, None], diag_b[None]), 1e-6)
    mean = np.where(both, gap, 0.0).sum(-1) / np.maximum(count, 1)
    result: Floats = np.where(count >= 4, mean / diag, np.inf)
    return result


def heads_apart(obs: Observations) -> Floats:
    """(N, N) ``keypoint_distance`` of heads and shoulders alone."""
    top = obs.keypoints_px.copy()
    top[:, _HEAD:] = np.nan
    heads = Observations(obs.boxes_xyxy, obs.scores, top, obs.keypoint_scores)
    return keypoint_distance(heads, heads)


def suppress_duplicates(obs: Observations) -> Observations:
    """Keep the best of rows that show one body. Rows must be sorted, best score first.

    Two people behind each other overlap by box and differ in keypoints; a half-body box inside a full one differs in
    box and shares its keypoints: both signs together decide, except where either alone leaves no doubt. Of a push-up a
    detector often sees the front half as somebody of their own: head and shoulders are the same to a hair.
    """
    if len(obs) < 2:
        return obs
    # boxes alone first: a detector proposes each body five to ten times, and keypoints cost more to compare
    obs = obs.take(_best_of(iou_matrix(obs.boxes_xyxy, obs.boxes_xyxy) > 0.85))
    iou, apart = iou_matrix(obs.boxes_xyxy, obs.boxes_xyxy), keypoint_distance(obs, obs)
    one = (apart < 0.06) | (heads_apart(obs) < 0.025)
    return obs.take(_best_of(one | ((iou > 0.55) & ((apart < 0.15) | np.isinf(apart)))))


def _best_of(same: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Rows that are not the same (N, N) as a better row that stays."""
    keep: list[int] = []
    rest = np.ones(len(same), dtype=bool)
    for i in range(len(same)):
        if rest[i]:
            keep.append(i)
            rest &= ~same[i]
    return np.array(keep, dtype=np.intp)
