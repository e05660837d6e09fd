"""Where the joints were, as all calibrated cameras together say, and how sure that is.

Both networks' points of every camera go in, each as an observation of its own, weighted by its score; a point far from
where the others agree counts less from round to round. What all views get wrong together stays wrong: a landmark "hip"
is no anatomical hip joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import butter, sosfiltfilt

from groupcoach.errors import ConfigError
from groupcoach.evaluate.agree import best_of, late_by, near, proposals, reprojections, sides_right
from groupcoach.evaluate.cameras import Camera, reprojection, shifted, triangulate
from groupcoach.evaluate.closer import BLAZEPOSE_ROWS, COCO_ROWS, JOINTS
from groupcoach.evaluate.views import View
from groupcoach.records import Floats
from groupcoach.skeleton import INNER_ANGLES

ANGLES: Final = tuple(a for a, ends in INNER_ANGLES.items() if all(e in JOINTS for e in ends))
_ENDS: Final = np.array([[JOINTS.index(e) for e in INNER_ANGLES[a]] for a in ANGLES])
#: Whose points are triangulated.
SOURCES: Final = ("closer_detector", "closer_landmarks")
OUTLIER_PX: Final = 80.0
REFINED: Final = 3
LAG_ROUNDS: Final = 4
#: Cut-off of the zero-phase low pass over time; exercise is below it, the networks' frame-to-frame noise above.
CUTOFF_HZ: Final = 6.0
#: Gaps up to this long are bridged by straight lines before the low pass.
GAP_S: Final = 0.1
LEAST_WEIGHT: Final = 0.1


@dataclass(frozen=True, eq=False)
class Reference:
    """Joints and angles at the instants of the first camera's frames. NaN = not known."""

    lags: tuple[int, ...]
    """Camera c shows in its frame t + lags[c] what the first shows in frame t."""
    lags_fine: tuple[float, ...]
    """The same to parts of a frame, as the movement says"""
    lags_sigma: tuple[float, ...]
    """and the standard error of that; NaN where nothing moves."""
    points_m: Floats
    """(T, 12, 3) world axes, ``JOINTS``"""
    deg: Floats
    """(T, 8) ``ANGLES``"""
    sigma_m: Floats
    """(12,) standard deviation of a joint's place (length of the vector)"""
    sigma_deg: Floats
    """(8,)"""
    reprojection_px: float
    """Mean distance between the reference and the observations, weighted by their say."""
    reprojection_by_camera: tuple[float, ...]
    outliers: float
    """Share of the observations farther than ``OUTLIER_PX``; they have next to no say."""


def inner_angles(points: Floats) -> Floats:
    """(..., 12, 3) ``JOINTS`` -> (..., 8) degrees, ``ANGLES``."""
    a, b, c = (points[..., _ENDS[:, k], :] for k in range(3))
    u, v = a - b, c - b
    with np.errstate(invalid="ignore", divide="ignore"):
        cos = (u * v).sum(-1) / (np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1))
        return np.asarray(np.degrees(np.arccos(np.clip(cos, -1, 1))))


def raw_angles(view: View) -> Floats:
    """(T, 8) of the landmark network's own metres, nothing done to them."""
    return inner_angles(view.world_m[:, BLAZEPOSE_ROWS])


def observations(views: Sequence[View], sources: Sequence[str] = SOURCES) -> tuple[Floats, Floats]:
    """Undistorted points (S * C, T, 12, 2), source by source the cameras, and their weights (S * C, T, 12).

    Args:
        views: C of them.
        sources: ``detector`` and ``landmarks`` as the product looks, ``closer_detector`` and ``closer_landmarks``.
    """
    total = min(len(v.t_s) for v in views)
    px, weight = [], []
    for source in sources:
        for v in views:
            if source == "detector":
                at, w = v.keypoints_px[:total, COCO_ROWS], v.keypoint_scores[:total, COCO_ROWS] ** 2
            elif source == "landmarks":
                at = v.landmarks_px[:total, BLAZEPOSE_ROWS]
                w = (v.visibility[:total, BLAZEPOSE_ROWS] * v.landmark_score[:total, None]) ** 2
            else:
                k = ("closer_detector", "closer_landmarks").index(source)
                at, w = v.closer_px[:total, k], v.closer_weight[:total, k]
            px.append(v.straight(at))
            weight.append(np.where(np.isfinite(at).all(-1), np.nan_to_num(w), 0.0))
    w = np.stack(weight)
    return np.stack(px), np.where(w >= LEAST_WEIGHT, w, 0.0)


def make_reference(
    views: Sequence[View], lags: Sequence[int] | None = None, sources: Sequence[str] = SOURCES,
    cutoff_hz: float = CUTOFF_HZ,
) -> Reference:  # fmt: skip
    """Triangulate what all views saw.

    Args:
        views: C >= 2 of one person.
        lags: of the cameras, frames; estimated where None.
        sources: of the points, see ``observations``.
        cutoff_hz: of the low pass over time.

    Raises:
        ConfigError: too little was seen by two cameras at once.
    """
    px, weight = observations(views, sources)
    cameras, count, many = [v.camera for v in views], len(views), len(sources)
    rate = 1 / float(np.median(np.diff(views[0].t_s)))
    fixed = lags is not None
    lags = [0] * count if lags is None else [int(x) for x in lags]
    fine = fine_sigma = np.full(count, np.nan)
    for again in range(1 if fixed else LAG_ROUNDS):
        at, w = shifted(px, [*lags] * many), np.nan_to_num(shifted(weight, [*lags] * many))
        points, left = _solve(cameras, at, w, rate, cutoff_hz)
        if not again or fixed:
            at, w = sides_right(cameras, points, at, w)
            points, left = _solve(cameras, at, w, rate, cutoff_hz)
            px, weight = shifted(at, [-lag for lag in lags] * many), shifted(w, [-lag for lag in lags] * many)
        late, fine_sigma = np.array([late_by(cameras[c], left[c], at[c::count], w[c::count]) for c in range(count)]).T
        # the others are late against this one as well: what is late against the mean of all is less
        fine = np.array(lags) + (late - late[0]) * (count - 1) / count
        whole = [round(f) if np.isfinite(f) else lag for f, lag in zip(fine.tolist(), lags, strict=True)]
        if fixed or whole == lags:
            break
        lags = whole
    if (np.isfinite(points).all(2).mean(1) >= 0.5).sum() < 10:
        raise ConfigError("Fewer than ten frames in which two cameras see half of the person: there is no reference.")
    off = reprojections(cameras, points, at)
    known = np.isfinite(off) & (w > 0)
    off, w = np.where(known, off, 0.0), np.where(known, w, 0.0)
    say = (w * near(off)).reshape(many, count, -1)
    each = (off.reshape(many, count, -1) * say).sum((0, 2)) / np.maximum(say.sum((0, 2)), 1e-9)
    return Reference(
        tuple(lags), tuple(fine.tolist()), tuple(fine_sigma.tolist()), points, inner_angles(points),
        np.sqrt((_jackknife(left) ** 2).sum(-1)), _jackknife(inner_angles(left)),
        float((off.ravel() * say.ravel()).sum() / say.sum()), tuple(float(x) for x in each),
        float((off[known] > OUTLIER_PX).mean()),
    )  # fmt: skip


def _solve(
    cameras: Sequence[Camera], px: Floats, weight: Floats, rate: float, cutoff_hz: float
) -> tuple[Floats, Floats]:
    """Points (T, 12, 3) from all cameras, and (C, T, 12, 3) with one camera left out each, smoothed over time.

    Observations that most agree with come first (``proposals``); then what lies near the path over time is believed
    more than what only agrees at one instant.
    """
    count, shape = len(cameras), px.shape[1:3]
    owner = [r % count for r in range(len(px))]
    all_px, all_w = px.reshape(len(px), -1, 2), weight.reshape(len(px), -1)
    pairs, proposed, cost = proposals([cameras[c] for c in owner], all_px, all_w, owner)
    out = []
    for missing in (None, *range(count)):
        rows = [r for r in range(len(px)) if owner[r] != missing]
        mine = [cameras[owner[r]] for r in rows]
        # two networks in one camera are no two views: a point seen by a single camera has no depth
        seen = np.stack([(all_w[c::count] > 0).any(0) for c in range(count) if c != missing]).sum(0) >= 2
        at, w = all_px[rows], np.where(seen, all_w[rows], 0.0)
        points = best_of(proposed, cost[:, rows].sum(1), [p for p, (a, b) in enumerate(pairs) if missing not in
                                                          (owner[a], owner[b])])  # fmt: skip
        for _ in range(REFINED):
            path = smooth(np.where(seen[:, None], points, np.nan).reshape(*shape, 3), rate, cutoff_hz).reshape(-1, 3)
            points = triangulate(mine, at, np.nan_to_num(w * near(reprojection(mine, path, at))), 2, scale_px=np.inf)
        out.append(smooth(points.reshape(*shape, 3), rate, cutoff_hz))
    return out[0], np.stack(out[1:])


def smooth(values: Floats, rate: float, cutoff_hz: float = CUTOFF_HZ) -> Floats:
    """(T, ...) without what is faster than ``cutoff_hz``, no delay; NaN where not known for more than ``GAP_S``."""
    if rate < 2.5 * cutoff_hz:
        return values
    sections = butter(2, cutoff_hz, fs=rate, output="sos")
    flat = values.reshape(len(values), -1).copy()
    t = np.arange(len(flat))
    for column in flat.T:
        known = np.flatnonzero(np.isfinite(column))
        if len(known) < 16:
            column[:] = np.nan
            continue
        gap = np.diff(known)[np.clip(np.searchsorted(known, t, side="right") - 1, 0, len(known) - 2)]
        keep = (t >= known[0]) & (t <= known[-1]) & ((gap <= GAP_S * rate) | np.isfinite(column))
        part = slice(known[0], known[-1] + 1)
        column[part] = sosfiltfilt(sections, np.interp(t[part], known, column[known]))
        column[~keep] = np.nan
    return np.asarray(flat.reshape(values.shape))


def _jackknife(left: Floats) -> Floats:
    """How far the answer moves when one camera is missing.

    Standard deviation of the answer from all, from those with one camera missing (C, T, ...): root mean over T.
    """
    count = len(left)
    off = left - left.mean(0)
    variance = np.asarray((count - 1) / count * (off**2).sum(0))
    known = np.isfinite(variance)
    return np.asarray(np.sqrt(np.where(known, variance, 0.0).sum(0) / np.maximum(known.sum(0), 1)))
