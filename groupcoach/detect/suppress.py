"""One body, one observation: duplicates of a detector removed. Pure."""

from __future__ import annotations

import numpy as np

from groupcoach.records import Floats, Observations


def iou_matrix(a: Floats, b: Floats) -> Floats:
    """(N, M) intersection over union of boxes (N, 4) and (M, 4), xyxy."""
    top = np.maximum(a[:, None, :2], b[None, :, :2])
    low = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = np.prod(np.clip(low - top, 0, None), axis=2)
    area_a = np.prod(a[:, 2:] - a[:, :2], axis=1)
    area_b = np.prod(b[:, 2:] - b[:, :2], axis=1)
    result: Floats = inter / np.maximum(area_a[:, None] + area_b[None] - inter, 1e-9)
    return result


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


def suppress_duplicates(obs: Observations) -> Observations:
    """Keep the best of rows that show one body. Rows must be sorted, best score first.

    Two people behind each other overlap by box and differ in keypoints; a half-body box inside a full one differs in
    box and shares its keypoints: both signs together decide, except where either alone leaves no doubt.
    """
    n = len(obs)
    if n < 2:
        return obs
    iou, apart = iou_matrix(obs.boxes_xyxy, obs.boxes_xyxy), keypoint_distance(obs, obs)
    duplicate = (iou > 0.85) | (apart < 0.06) | ((iou > 0.55) & ((apart < 0.15) | np.isinf(apart)))
    keep: list[int] = []
    for i in range(n):
        if not any(duplicate[i, j] for j in keep):
            keep.append(i)
    return obs.take(np.array(keep))
