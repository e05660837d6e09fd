"""Joints and angles of ``poses.npz`` against ``truth.npz``. Pure numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.angles import measure_joints
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, INDEX, INNER_ANGLES, JOINTS

Columns = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]

#: Angles that ``angle_mae_deg`` names and ``by_view`` averages.
JUDGED: Final = tuple(n for n in INNER_ANGLES if n.split("_")[1] in ("knee", "hip", "elbow", "shoulder"))
#: 90 % of a normal distribution lie within this many standard deviations.
_NINETY: Final = 1.6449


def score_poses(truth: Columns, poses: Columns, matched: Mapping[int, int]) -> dict[str, Any] | None:
    """Mean joint and angle errors over the rows that both have.

    Args:
        truth: Columns of ``truth.npz``: ``frame``, ``person``, ``joints_m``, ``joint_names``.
        poses: Columns of ``poses.npz``.
        matched: Run person id -> truth person id.

    Returns:
        ``mpjpe_mm`` (pelvis on pelvis), ``pa_mpjpe_mm`` (after the best rotation and scale), ``angle_mae_deg`` by joint
        (both sides together), ``by_view``, ``coverage90`` (share of angles whose error lies within the 90 % interval
        they state). None when no row is in both.
    """
    if "joints_m" not in truth or "joint_names" not in truth:
        return None
    mine, true = _same_rows(truth, poses, matched)
    if not len(mine):
        return None
    got = _ours(poses["joints_m"][mine], poses["joint_names"])
    want = _ours(truth["joints_m"][true], truth["joint_names"])
    root = INDEX["pelvis"]
    error = np.linalg.norm((got - got[:, [root]]) - (want - want[:, [root]]), axis=-1)
    no_sigma = np.zeros(got.shape[:2])
    want_deg = measure_joints(want, no_sigma)[0]
    got_deg = _angles(poses["angles_deg"][mine], poses["angle_names"])
    sigma = _angles(poses["sigma_deg"][mine], poses["angle_names"])
    off = np.abs(got_deg - want_deg)
    judged = [ANGLE_INDEX[name] for name in JUDGED]
    known = np.isfinite(off) & np.isfinite(sigma)
    views = _views(want)
    return {
        "rows": len(mine),
        "mpjpe_mm": _mean(error * 1000),
        "pa_mpjpe_mm": _mean(procrustes_error(got, want) * 1000),
        "angle_mae_deg": {
            part: _mean(off[:, [ANGLE_INDEX[name] for name in JUDGED if name.endswith("_" + part)]])
            for part in ("knee", "hip", "elbow", "shoulder")
        },
        "by_view": {
            view: {
                "rows": int(np.count_nonzero(views == view)),
                "mpjpe_mm": _mean(error[views == view] * 1000),
                "angle_mae_deg": _mean(off[views == view][:, judged]),
            }
            for view in ("front", "oblique", "side", "back")
            if np.any(views == view)
        },
        "coverage90": float(np.mean(off[known] <= _NINETY * sigma[known])) if known.any() else None,
    }


def _same_rows(truth: Columns, poses: Columns, matched: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """Rows of ``poses`` and of ``truth`` that are the same person in the same frame."""
    where = {(int(f), int(p)): i for i, (f, p) in enumerate(zip(truth["frame"], truth["person"], strict=True))}
    mine, true = [], []
    for i, (frame, person) in enumerate(zip(poses["frame"], poses["person"], strict=True)):
        row = where.get((int(frame), matched.get(int(person), -1)))
        if row is not None:
            mine.append(i)
            true.append(row)
    return mine, true


def _ours(joints: NDArray[Any], names: NDArray[Any]) -> Floats:
    """(R, J, 3) in the order of ``skeleton.JOINTS``; a joint that is not among the names is NaN."""
    return _reorder(joints, names, JOINTS)


def _angles(values: NDArray[Any], names: NDArray[Any]) -> Floats:
    return _reorder(values, names, ANGLES)


def _reorder(values: NDArray[Any], names: NDArray[Any], order: tuple[str, ...]) -> Floats:
    out = np.full((len(values), len(order), *values.shape[2:]), np.nan)
    column = {str(name): i for i, name in enumerate(names)}
    for i, name in enumerate(order):
        if name in column:
            out[:, i] = values[:, column[name]]
    return out


def procrustes_error(got: Floats, want: Floats) -> Floats:
    """(R, J) distances after the best shift, rotation and scale of each body; joints unknown on one side are NaN."""
    out = np.full(got.shape[:2], np.nan)
    known = np.asarray(np.isfinite(got + want).all(axis=-1))
    for row in range(len(got)):
        use = known[row]
        if np.count_nonzero(use) < 4:
            continue
        a, b = got[row, use], want[row, use]
        a0, b0 = a - a.mean(0), b - b.mean(0)
        u, s, vt = np.linalg.svd(a0.T @ b0)
        mirror = np.ones(3)
        mirror[2] = np.sign(np.linalg.det(u @ vt)) or 1.0
        size = float((a0**2).sum())
        if size > 0:
            turned = a0 @ (u * mirror) @ vt * float((s * mirror).sum() / size)
            out[row, use] = np.linalg.norm(turned - b0, axis=-1)
    return out


def _views(joints: Floats) -> NDArray[np.str_]:
    """From which side the camera sees each body, by the line of the shoulders: front, back, side or oblique."""
    line = joints[:, INDEX["left_shoulder"]] - joints[:, INDEX["right_shoulder"]]
    with np.errstate(invalid="ignore"):
        turn = np.degrees(np.arctan2(np.abs(line[:, 2]), np.abs(line[:, 0])))
        facing = line[:, 0] > 0  # facing the camera, the person's left is at the right of the picture
    return np.where(turn > 65, "side", np.where(turn > 25, "oblique", np.where(facing, "front", "back")))


def _mean(values: NDArray[Any]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None
