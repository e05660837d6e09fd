"""What somebody wears, as colours of shirt and legs. Numbers only: no picture and no face is kept."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from groupcoach.records import Floats
from groupcoach.skeleton import COCO_INDEX

_BINS = (6, 8, 8)
N_COLOURS = int(np.prod(_BINS))
_GRID = 12


def clothing(image: NDArray[np.uint8], points: Floats, scores: Floats) -> Floats | None:
    """(2, N_COLOURS) histograms of the torso and the thighs in CIE Lab, each of sum 1; None when neither is seen.

    Args:
        image: (H, W, 3) RGB.
        points: (17, 2) px, COCO order.
        scores: (17,)
    """
    out = np.full((2, N_COLOURS), np.nan)
    c = COCO_INDEX
    torso = [c[n] for n in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
    thighs = [[c[f"{s}_hip"], c[f"{s}_knee"]] for s in ("left", "right")]
    if (scores[torso] > 0.3).all():
        a, b, d, e = points[torso]
        u = np.linspace(0.15, 0.85, _GRID)[:, None, None]
        v = np.linspace(0.1, 0.9, _GRID)[None, :, None]
        out[0] = _histogram(image, ((1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * e + u * d)).reshape(-1, 2))
    lines = [points[rows] for rows in thighs if (scores[rows] > 0.3).all()]
    if lines:
        share = np.linspace(0.15, 0.85, 3 * _GRID)[:, None]
        out[1] = _histogram(image, np.concatenate([(1 - share) * p + share * q for p, q in lines]))
    return None if np.isnan(out).all() else out


def _histogram(image: NDArray[np.uint8], at: Floats) -> Floats:
    h, w = image.shape[:2]
    xy = np.rint(at).astype(int)
    xy = xy[(xy[:, 0] >= 0) & (xy[:, 0] < w) & (xy[:, 1] >= 0) & (xy[:, 1] < h)]
    if len(xy) < 8:
        return np.full(N_COLOURS, np.nan)
    lab = cv2.cvtColor(np.ascontiguousarray(image[xy[:, 1], xy[:, 0]][None]), cv2.COLOR_RGB2LAB)[0].astype(int)
    # colour axes are centred at 128 and most clothes lie within 48 of it
    colour = np.clip((lab[:, 1:] - 80) * np.array(_BINS[1:]) // 96, 0, np.array(_BINS[1:]) - 1)
    light = lab[:, 0] * _BINS[0] // 256
    index = (light * _BINS[1] + colour[:, 0]) * _BINS[2] + colour[:, 1]
    counts: Floats = np.bincount(index, minlength=N_COLOURS) / len(index)
    return counts


def unlikeness(a: Floats, b: Floats) -> float:
    """Hellinger distance 0 to 1, mean of the parts both have; NaN when they share none."""
    parts = [float(np.sqrt(max(0.0, 1 - np.sqrt(p * q).sum()))) for p, q in zip(a, b, strict=True)
             if np.isfinite(p).all() and np.isfinite(q).all()]  # fmt: skip
    return float(np.mean(parts)) if parts else float("nan")
