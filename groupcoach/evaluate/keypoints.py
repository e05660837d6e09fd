"""How far the detector's keypoints lie from where they belong.

All in torso lengths: mid-shoulder to mid-hip in metres x focal / depth, px, whatever the foreshortening.

Simulated: the distance to the true joint contains a constant offset between the body's joint centres and the places
where annotators of photographs put points; views that agree with each other hide it. So each joint's median offset, in
the axes of the bone at it, is also taken out (``apart``).

Real: nobody knows the truth; each camera's keypoints are compared with what the other cameras say
(``leave_one_out``), as it is (raw) and corrected for the noise of those others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import ConfigError
from groupcoach.evaluate.cameras import (
    TORSO,
    Camera,
    find_lags,
    read_cameras,
    same_bodies,
    torso_px,
    triangulate,
)
from groupcoach.records import Floats
from groupcoach.skeleton import COCO, COCO_INDEX, INDEX, N_SMPL, SMPL_PARENTS
from groupcoach.source import open_source
from groupcoach.track.tracker import TrackerSettings

Say = Callable[[str], None]
Seen: TypeAlias = Sequence[tuple[Floats, Floats]]
"""One camera: keypoints (N, 17, 2) undistorted px and scores (N, 17), frame by frame."""

#: Only a box with this score can start a track; weaker ones can continue one.
CONFIDENCE: Final = TrackerSettings().birth_score
#: Keypoints below this score are not used.
SEEN: Final = 0.5
BODY: Final = COCO[5:]
FACE: Final = ("nose", "left_ear", "right_ear")


def quantile(values: NDArray[Any], q: float) -> float | None:
    """Of the finite values; None without any."""
    known = values[np.isfinite(values)]
    return float(np.quantile(known, q)) if known.size else None


def keypoint_errors(
    true: Mapping[str, NDArray[Any]], names: Sequence[str], points: Floats, sure: Floats
) -> tuple[Floats, Floats]:
    """Distance of detected keypoints from true joints, in torso lengths: as it is, and without the constant offset.

    Args:
        true: ``joints_px`` (R, J, 2), ``joints_m`` (R, J, 3), ``rotmats`` (R, 24, 3, 3) of the people found.
        names: of the J joints.
        points: (R, 17, 2) px.
        sure: (R, 17); only above ``SEEN`` counts.

    Returns:
        Both (R, 17), NaN where not measured (eyes have no true joint).
    """
    px, m = by_name(np.asarray(true["joints_px"], float), names), by_name(np.asarray(true["joints_m"], float), names)
    turn = np.array(true["rotmats"], float)
    for k in range(1, N_SMPL):
        turn[:, k] = turn[:, SMPL_PARENTS[k]] @ turn[:, k]
    top, low = ((m[:, INDEX[f"left_{n}"]] + m[:, INDEX[f"right_{n}"]]) / 2 for n in ("shoulder", "hip"))
    length = np.linalg.norm(top - low, axis=1)
    depth = np.maximum((top + low)[:, 2] / 2, 0.1)
    torso = length * _focal(px, m) / depth
    raw, apart = np.full(points.shape[:2], np.nan), np.full(points.shape[:2], np.nan)
    for name in (*BODY, *FACE):
        row, column = INDEX[name], COCO_INDEX[name]
        miss = (points[:, column] - px[:, row]) / torso[:, None]
        known = np.isfinite(miss).all(1) & (sure[:, column] > SEEN)
        raw[known, column] = np.linalg.norm(miss[known], axis=1)
        if known.sum() >= 8:
            axes = turn[known, row if row < N_SMPL else INDEX["head"], :2] / length[known, None, None]
            apart[known, column] = np.linalg.norm(miss[known] - axes @ _median_offset(axes, miss[known]), axis=1)
        else:
            apart[known, column] = raw[known, column]
    return raw, apart


def _focal(px: Floats, m: Floats) -> float:
    """px, from what is known of every point: the slope of px against metres over depth."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ray = np.where(m[..., 2:] > 0.05, m[..., :2] / m[..., 2:], np.nan)
    use = np.isfinite(ray).all(-1) & np.isfinite(px).all(-1)
    return float(np.polyfit(ray[use][:, 0], px[use][:, 0], 1)[0])


def _median_offset(axes: Floats, miss: Floats) -> Floats:
    """(3,) the offset o for which the distances between ``axes`` (R, 2, 3) o and ``miss`` (R, 2) are least in sum."""
    weight, offset = np.ones(len(miss)), np.zeros(3)
    for _ in range(20):
        a = np.einsum("rij,rik,r->jk", axes, axes, weight) + 1e-6 * np.eye(3)
        offset = np.linalg.solve(a, np.einsum("rij,ri,r->j", axes, miss, weight))
        weight = 1 / np.maximum(np.linalg.norm(axes @ offset - miss, axis=1), 1e-3)
    return np.asarray(offset)


def by_name(values: Floats, names: Sequence[str] | NDArray[Any]) -> Floats:
    """(R, J, ...) with columns called ``names`` in the order of ``skeleton.JOINTS``; NaN where there is none."""
    out = np.full((len(values), len(INDEX), *values.shape[2:]), np.nan)
    for k, name in enumerate(names):
        if str(name) in INDEX:
            out[:, INDEX[str(name)]] = values[:, k]
    return out


def real_cameras(folder: Path, every: int = 5, say: Say = lambda text: None) -> dict[str, Any]:
    """Leave-one-camera-out error of the detector's keypoints on real people, torso lengths.

    Args:
        folder: calibration and ``videos/`` (one per camera, in the calibration's order or by its names).
        every: take every n-th instant; all frames are looked at to find the lags.
        say: told what is going on.
    """
    from groupcoach.detect import build_detector

    cameras = read_cameras(folder)
    videos = sorted([*folder.glob("videos/*.mp4"), *folder.glob("*.mp4")])
    named = [next((v for v in videos if v.stem == c.name), None) for c in cameras]
    paths = [v for v in named if v is not None] if all(named) else videos
    if len(paths) != len(cameras) or len(cameras) < 3:
        raise ConfigError(f"{folder}: {len(cameras)} cameras in the calibration, {len(paths)} videos; each camera "
                          "needs its own, three at least.")  # fmt: skip
    looked = []
    for camera, path in zip(cameras, paths, strict=True):
        say(f"{path} ...")
        detector = build_detector("yolo")
        with open_source(str(path)) as source:
            looked.append([(camera.undistorted(o.keypoints_px[keep]), o.keypoint_scores[keep]) for o in
                           map(detector.detect, source.frames()) for keep in [o.scores >= CONFIDENCE]])  # fmt: skip
    total = min(len(v) for v in looked)
    # rough: without the lags bodies are still told apart; the same body over time is the one nearest to the last
    tracks = np.full((len(cameras), total, 17, 2), np.nan)
    last: Floats | None = None
    for t in range(total):
        groups = same_bodies(cameras, [v[t] for v in looked])
        bodies = [np.stack([np.where(looked[c][t][1][r][:, None] > SEEN, looked[c][t][0][r], np.nan)
                            for c, r in enumerate(g)]) for g in groups]  # fmt: skip
        if bodies:
            far = [0.0 if last is None else float(np.nanmean(np.abs(b - last))) for b in bodies]
            last = tracks[:, t] = bodies[int(np.nanargmin(far))]
    lags = find_lags(cameras, tracks)
    say(f"lags of the cameras, frames: {lags}")
    return _left_out(cameras, looked, lags, total, every)


def _left_out(
    cameras: Sequence[Camera], looked: Sequence[Seen], lags: list[int], total: int, every: int
) -> dict[str, Any]:
    """The leave-one-out figures at every n-th instant, bodies matched anew with the lags taken out."""
    px, score = [], []
    for t in range(0, total, every):
        at = [t + lag for lag in lags]
        if min(at) < 0 or any(a >= len(v) for a, v in zip(at, looked, strict=True)):
            continue
        now = [v[a] for a, v in zip(at, looked, strict=True)]
        for group in same_bodies(cameras, now):
            px.append(np.stack([now[c][0][r] for c, r in enumerate(group)]))
            score.append(np.stack([now[c][1][r] for c, r in enumerate(group)]))
    if not px:
        raise ConfigError(
            "The cameras never see the same body at the same time: do calibration and videos belong together?"
        )
    raw, corrected, length = leave_one_out(cameras, np.stack(px, 1), np.stack(score, 1))
    body = [COCO_INDEX[j] for j in BODY]
    return {
        "bodies": len(px), "lags": lags, "torso_m": quantile(length, 0.5),
        "keypoint_error_median": quantile(corrected[..., body], 0.5),
        "keypoint_error_raw_median": quantile(raw[..., body], 0.5),
        "by_camera": {c.name: quantile(corrected[k][:, body], 0.5) for k, c in enumerate(cameras)},
        "by_joint": {
            name: {"raw": quantile(raw[..., COCO_INDEX[name]], 0.5),
                   "corrected": quantile(corrected[..., COCO_INDEX[name]], 0.5)}
            for name in (*BODY, *FACE) if np.isfinite(raw[..., COCO_INDEX[name]]).any()
        },
    }  # fmt: skip


def leave_one_out(cameras: Sequence[Camera], px: Floats, score: Floats) -> tuple[Floats, Floats, Floats]:
    """Each camera's keypoints against what the others say, in torso lengths.

    The point is triangulated from the other cameras and projected into the one left out; the distance to the keypoint
    there contains its error and theirs. If all views err alike and independently (s px each),
    the projected point's variance is s^2 trace(J (sum Ji^T Ji)^-1 J^T) / 2 per axis, with J the slopes of
    the projections; dividing by sqrt(1 + that) takes it out. What all views get wrong together (a joint seen
    deeper in the body than it is) shows in neither figure.

    Args:
        cameras: C >= 3 of them.
        px: (C, B, 17, 2) undistorted, B bodies-in-instants; NaN = not seen.
        score: (C, B, 17); only above ``SEEN`` counts.

    Returns:
        raw (C, B, 17), corrected (C, B, 17), both NaN where fewer than three others see the joint (two others with
        three cameras), and the torso length (B,) m.
    """
    count, bodies, joints = px.shape[:3]
    seen = np.isfinite(px).all(-1) & (score > SEEN)
    flat, weight = px.reshape(count, -1, 2), np.where(seen, score, 0.0).reshape(count, -1)
    everything = triangulate(cameras, flat, weight).reshape(bodies, joints, 3)
    torso = everything[:, TORSO]
    size = torso_px(cameras, torso)
    raw = np.full((count, bodies, joints), np.nan)
    corrected = raw.copy()
    need = min(3, count - 1)
    for c in range(count):
        others = [k for k in range(count) if k != c]
        points = triangulate([cameras[k] for k in others], flat[others], weight[others])
        known = (weight[others] > 0).sum(0) >= need
        off = np.linalg.norm(cameras[c].to_px(points) - flat[c], axis=-1)
        off[~known | ~(weight[c] > 0)] = np.nan
        slopes = [np.where((weight[k] > 0)[:, None, None], cameras[k].slope(points), 0.0) for k in others]
        inform = sum(np.einsum("nki,nkj->nij", s, s) for s in slopes)
        good = np.isfinite(off)
        share = np.ones(len(off))
        if good.any():
            mine = cameras[c].slope(points[good])
            spread = mine @ np.linalg.inv(np.asarray(inform)[good]) @ np.swapaxes(mine, 1, 2)
            share[good] = np.sqrt(1 + np.trace(spread, axis1=1, axis2=2) / 2)
        raw[c] = off.reshape(bodies, joints) / size[c][:, None]
        corrected[c] = raw[c] / share.reshape(bodies, joints)
    return raw, corrected, np.linalg.norm(torso[:, :2].mean(1) - torso[:, 2:].mean(1), axis=-1)
