"""Identity over time: HOTA (Luiten et al. 2021), IDF1 (Ristani et al. 2016) and identity switches (CLEAR MOT).

Written here because the packages that have them bring matplotlib, pycocotools or pandas along; checked to nine digits
against the package ``trackeval`` 1.3.0 on the two sequences of ``data/mot/tud`` (the test holds its figures).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

ALPHAS: Final = np.arange(0.05, 0.99, 0.05)
#: Overlap from which a box is a hit, for IDF1 and switches.
HIT: Final = 0.5
_EPS: Final = float(np.finfo(float).eps)

Rows = NDArray[np.float64]
"""(R, >=6): frame, id, x, y, w, h."""


@dataclass(frozen=True, slots=True)
class IdentityScore:
    """All in 0 to 1, switches in numbers."""

    hota: float
    deta: float
    assa: float
    idf1: float
    switches: int


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Per frame: rows of truth identities, of tracked identities (both from 0 without gaps), and their overlap."""

    truth_ids: list[NDArray[np.intp]]
    track_ids: list[NDArray[np.intp]]
    overlap: list[NDArray[np.float64]]
    n_truth: int
    n_track: int


def overlap_xywh(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of every box in ``a`` (N, 4: x, y, w, h) with every box in ``b`` (M, 4): (N, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    common = np.clip(high - low, 0.0, None).prod(-1)
    union = a[:, 2:].prod(-1)[:, None] + b[:, 2:].prod(-1)[None] - common
    return np.asarray(np.where(union > 0, common / np.where(union > 0, union, 1.0), 0.0), dtype=np.float64)


def score_identity(truth: Rows, tracks: Rows) -> IdentityScore | None:
    """HOTA, its two halves, IDF1 and switches; None when the truth is empty.

    Args:
        truth: (R, >=6) true boxes; one row per identity and frame.
        tracks: (R, >=6) tracked boxes; one row per identity and frame.
    """
    if not len(truth):
        return None
    pairs = _pair_up(truth, tracks)
    hota, deta, assa = _hota(pairs, len(truth), len(tracks))
    return IdentityScore(hota, deta, assa, _idf1(pairs, len(truth), len(tracks)), _switches(pairs))


def common_frames(truth: Rows, tracks: Rows) -> NDArray[np.float64]:
    """How often each truth identity and each tracked identity lay on the same body (overlap from ``HIT``).

    Returns:
        (T, P) numbers of frames; rows and columns follow the sorted ids.
    """
    pairs = _pair_up(truth, tracks)
    common = np.zeros((pairs.n_truth, pairs.n_track))
    for t, p, overlap in zip(pairs.truth_ids, pairs.track_ids, pairs.overlap, strict=True):
        common[np.ix_(t, p)] += overlap >= HIT
    return common


def _pair_up(truth: Rows, tracks: Rows) -> _Pairs:
    names_t, names_p = np.unique(truth[:, 1]), np.unique(tracks[:, 1])
    truth_ids, track_ids, overlap = [], [], []
    groups_t, groups_p = _by_frame(truth), _by_frame(tracks)
    nothing = np.zeros((0, 6))
    for frame in sorted(groups_t.keys() | groups_p.keys()):
        t, p = groups_t.get(frame, nothing), groups_p.get(frame, nothing)
        truth_ids.append(np.searchsorted(names_t, t[:, 1]))
        track_ids.append(np.searchsorted(names_p, p[:, 1]))
        overlap.append(overlap_xywh(t[:, 2:6], p[:, 2:6]))
    return _Pairs(truth_ids, track_ids, overlap, len(names_t), len(names_p))


def _by_frame(rows: Rows) -> dict[int, Rows]:
    ordered = rows[np.argsort(rows[:, 0], kind="stable")]
    frames, starts = np.unique(ordered[:, 0], return_index=True)
    return {int(f): part for f, part in zip(frames, np.split(ordered, starts[1:]), strict=True)} if len(rows) else {}


def _hota(pairs: _Pairs, n_truth_boxes: int, n_track_boxes: int) -> tuple[float, float, float]:
    if not n_track_boxes:
        return 0.0, 0.0, 0.0
    shape = (pairs.n_truth, pairs.n_track)
    potential, truth_count, track_count = np.zeros(shape), np.zeros((shape[0], 1)), np.zeros((1, shape[1]))
    for t, p, overlap in zip(pairs.truth_ids, pairs.track_ids, pairs.overlap, strict=True):
        union = overlap.sum(0)[None] + overlap.sum(1)[:, None] - overlap
        potential[np.ix_(t, p)] += np.where(union > _EPS, overlap / np.maximum(union, _EPS), 0.0)
        truth_count[t, 0] += 1
        track_count[0, p] += 1
    alignment = potential / (truth_count + track_count - potential)

    matched = np.zeros((len(ALPHAS), *shape))
    for t, p, overlap in zip(pairs.truth_ids, pairs.track_ids, pairs.overlap, strict=True):
        if not len(t) or not len(p):
            continue
        rows, columns = linear_sum_assignment(alignment[np.ix_(t, p)] * overlap, maximize=True)
        for i, alpha in enumerate(ALPHAS):
            hit = overlap[rows, columns] >= alpha - _EPS
            matched[i, t[rows[hit]], p[columns[hit]]] += 1

    hits = matched.sum((1, 2))
    deta = hits / (n_truth_boxes + n_track_boxes - hits)
    per_pair = matched / np.maximum(1, truth_count + track_count - matched)
    assa = (matched * per_pair).sum((1, 2)) / np.maximum(1, hits)
    return float(np.sqrt(deta * assa).mean()), float(deta.mean()), float(assa.mean())


def _idf1(pairs: _Pairs, n_truth_boxes: int, n_track_boxes: int) -> float:
    """Best one-to-one naming of tracks; unmatched identities pay all their boxes."""
    common = np.zeros((pairs.n_truth, pairs.n_track))
    for t, p, overlap in zip(pairs.truth_ids, pairs.track_ids, pairs.overlap, strict=True):
        common[np.ix_(t, p)] += overlap >= HIT
    rows, columns = linear_sum_assignment(common, maximize=True)
    right = common[rows, columns].sum()
    return float(2 * right / (n_truth_boxes + n_track_boxes))


def _switches(pairs: _Pairs) -> int:
    """How often a true identity is found under another track than the last time it was found."""
    last = np.full(pairs.n_truth, -1, dtype=np.intp)
    before = np.full(pairs.n_truth, -1, dtype=np.intp)
    switches = 0
    for t, p, overlap in zip(pairs.truth_ids, pairs.track_ids, pairs.overlap, strict=True):
        now = np.full(pairs.n_truth, -1, dtype=np.intp)
        if len(t) and len(p):
            # a pair of the frame before is kept where it still fits (CLEAR MOT)
            score: Any = 1000.0 * (p[None] == before[t][:, None]) + overlap
            score[overlap < HIT - _EPS] = 0
            rows, columns = linear_sum_assignment(score, maximize=True)
            hit = score[rows, columns] > _EPS
            rows, columns = rows[hit], columns[hit]
            known = last[t[rows]]
            switches += int(np.sum((known >= 0) & (known != p[columns])))
            last[t[rows]] = p[columns]
            now[t[rows]] = p[columns]
        before = now
    return switches
