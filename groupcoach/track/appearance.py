"""What somebody wears, as colours of shirt, legs and arms. Numbers only: no picture and no face is kept."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from groupcoach.records import Floats
from groupcoach.skeleton import COCO_INDEX

_BINS = (6, 8, 8)
N_COLOURS = int(np.prod(_BINS))
PARTS = ("torso", "thighs", "arms")
_GRID = 12
_GREY = 110.0
_LIGHT_STEP = 24
_SURE = 0.3
_TORSO = [COCO_INDEX[n] for n in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
_THIGHS = [[COCO_INDEX[f"{s}_hip"], COCO_INDEX[f"{s}_knee"]] for s in ("left", "right")]
_ARMS = [[COCO_INDEX[f"{s}_{a}"], COCO_INDEX[f"{s}_{b}"]] for s in ("left", "right")
         for a, b in (("shoulder", "elbow"), ("elbow", "wrist"))]  # fmt: skip


def light(image: NDArray[np.uint8]) -> Floats:
    """(3,) factors that bring the picture's mean colour to a fixed grey: lamps and exposure change, clothes do not."""
    mean = image[::_LIGHT_STEP, ::_LIGHT_STEP].reshape(-1, 3).mean(0)
    factors: Floats = np.clip(_GREY / np.maximum(mean, 1.0), 0.4, 3.0)
    return factors


def clothing(image: NDArray[np.uint8], points: Floats, scores: Floats, lit: Floats | None = None) -> Floats | None:
    """(3, N_COLOURS) histograms of torso, thighs and arms in CIE Lab, each of sum 1; None when none is seen.

    Args:
        image: (H, W, 3) RGB.
        points: (17, 2) px, COCO order.
        scores: (17,)
        lit: (3,) of ``light``; measured here when left out.
    """
    lit = light(image) if lit is None else lit
    out = np.full((len(PARTS), N_COLOURS), np.nan)
    if (scores[_TORSO] > _SURE).all():
        a, b, d, e = points[_TORSO]
        u = np.linspace(0.15, 0.85, _GRID)[:, None, None]
        v = np.linspace(0.1, 0.9, _GRID)[None, :, None]
        out[0] = _histogram(
            image, ((1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * e + u * d)).reshape(-1, 2), lit
        )  # fmt: skip
    for part, (limbs, low, high) in enumerate(((_THIGHS, 0.15, 0.85), (_ARMS, 0.1, 0.9)), start=1):
        lines = [points[rows] for rows in limbs if (scores[rows] > _SURE).all()]
        if lines:
            share = np.linspace(low, high, 3 * _GRID)[:, None]
            out[part] = _histogram(image, np.concatenate([(1 - share) * p + share * q for p, q in lines]), lit)
    return None if np.isnan(out).all() else out


def _histogram(image: NDArray[np.uint8], at: Floats, lit: Floats) -> Floats:
    h, w = image.shape[:2]
    at = at[np.isfinite(at).all(1)]
    xy = np.rint(at).astype(int)
    xy = xy[(xy[:, 0] >= 0) & (xy[:, 0] < w) & (xy[:, 1] >= 0) & (xy[:, 1] < h)]
    if len(xy) < 8:
        return np.full(N_COLOURS, np.nan)
    rgb = np.clip(image[xy[:, 1], xy[:, 0]] * lit, 0, 255).astype(np.uint8)
    lab = cv2.cvtColor(rgb[None], cv2.COLOR_RGB2LAB)[0].astype(int)
    # colour axes are centred at 128 and most clothes lie within 48 of it
    colour = np.clip((lab[:, 1:] - 80) * np.array(_BINS[1:]) // 96, 0, np.array(_BINS[1:]) - 1)
    tone = lab[:, 0] * _BINS[0] // 256
    index = (tone * _BINS[1] + colour[:, 0]) * _BINS[2] + colour[:, 1]
    counts: Floats = np.bincount(index, minlength=N_COLOURS) / len(index)
    return counts


def unlikeness(a: Floats, b: Floats) -> float:
    """Hellinger distance 0 to 1, mean of the parts both have; NaN when they share none."""
    return float(unlike_all(a[None], b[None])[0, 0])


def unlike_all(a: Floats, b: Floats) -> Floats:
    """(N, M): ``unlikeness`` of every one of ``a`` (N, parts, colours) with every one of ``b`` (M, parts, colours)."""
    known: NDArray[np.bool_] = np.isfinite(a.sum(2))[:, None] & np.isfinite(b.sum(2))[None]
    common = np.einsum("npc,mpc->nmp", np.sqrt(np.nan_to_num(a)), np.sqrt(np.nan_to_num(b)))
    apart = np.where(known, np.sqrt(np.clip(1 - common, 0.0, None)), 0.0)
    parts = known.sum(2)
    result: Floats = np.where(parts > 0, apart.sum(2) / np.maximum(parts, 1), np.nan)
    return result
