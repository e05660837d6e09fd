"""Joints and angles of ``poses.npz`` against ``truth.npz``. Pure numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.angles import measure_joints
from groupcoach.evaluate.steadiness import score_steadiness
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.rotation import shortest_turn, unit
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, BLAZEPOSE_INDEX, INDEX, INNER_ANGLES, JOINTS

Columns = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]

#: Angles that ``angle_mae_deg`` names and ``by_view`` averages.
JUDGED: Final = tuple(n for n in INNER_ANGLES if n.split("_")[1] in ("knee", "hip", "elbow", "shoulder"))
#: Share of the body that is to be seen of ``visible`` people.
CLEAR: Final = 0.6
#: 90 % of a normal distribution lie within this many standard deviations.
_NINETY: Final = 1.6449


def score_poses(
    truth: Columns, poses: Columns, matched: Mapping[int, int], size: tuple[int, int] | None = None
) -> dict[str, Any] | None:
    """Mean joint and angle errors over the rows that both have.

    Args:
        truth: Columns of ``truth.npz``: ``frame``, ``person``, ``joints_m``, ``joint_names``.
        poses: Columns of ``poses.npz``.
        matched: Run person id -> truth person id.
        size: Width and height of the picture, for ``raw``.

    Returns:
        ``mpjpe_mm`` (pelvis on pelvis), ``pa_mpjpe_mm`` (after the best rotation and scale), ``angle_mae_deg`` by joint
        (both sides together), ``by_view``, ``coverage90`` (share of angles whose error lies within the 90 % interval
        they state), over all rows; ``visible``: the same over people more than ``CLEAR`` visible; ``steadiness`` (see
        ``steadiness.score_steadiness``); ``raw``: figures of ``visible`` and steadiness that the landmark network alone
        reaches on the same rows, where the run kept its answers. None when no row is in both.
    """
    if "joints_m" not in truth or "joint_names" not in truth:
        return None
    mine, true = _same_rows(truth, poses, matched)
    if not len(mine):
        return None
    got = joints_of(poses["joints_m"][mine], poses["joint_names"])
    want = joints_of(truth["joints_m"][true], truth["joint_names"])
    root = INDEX["pelvis"]
    error = np.linalg.norm((got - got[:, [root]]) - (want - want[:, [root]]), axis=-1)
    want_deg = measure_joints(want, np.zeros(got.shape[:2]))[0]
    got_deg = _angles(poses["angles_deg"][mine], poses["angle_names"])
    sigma = _angles(poses["sigma_deg"][mine], poses["angle_names"])
    rows = _Rows(error, procrustes_error(got, want), np.abs(got_deg - want_deg), sigma, _views(want))
    result = rows.figures(np.ones(len(mine), bool))
    clear = np.asarray(truth["visible"])[true] > CLEAR if "visible" in truth else np.ones(len(mine), bool)
    result["visible"] = rows.figures(clear) if clear.any() else None
    when = (np.asarray(truth["t_s"])[true], np.asarray(truth["person"])[true]) if "t_s" in truth else None
    if when is not None:
        result["steadiness"] = score_steadiness(*when, got, want, got_deg, want_deg)
    if size is not None and "landmarks_m" in poses:
        hips = poses["joints_px"][mine][:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(1)
        raw = raw_joints(poses["landmarks_m"][mine], hips, size)
        there = clear & np.isfinite(raw).any((1, 2))
        if there.any():
            raw_deg = measure_joints(raw, np.zeros(raw.shape[:2]))[0]
            error = np.linalg.norm((raw - raw[:, [root]]) - (want - want[:, [root]]), axis=-1)
            no_sigma = np.full(raw_deg.shape, np.nan)
            result["raw"] = _Rows(error, procrustes_error(raw, want), np.abs(raw_deg - want_deg), no_sigma,
                                  rows.views).figures(there)  # fmt: skip
            if when is not None:
                result["raw"]["steadiness"] = score_steadiness(*when, raw, want, raw_deg, want_deg)
    return result


def raw_joints(landmarks_m: NDArray[Any], hips_px: NDArray[Any], size: tuple[int, int]) -> Floats:
    """Landmarks (R, 33, 3) in the axes of their crops as joints (R, J, 3) in camera axes; NaN where there is none.

    Args:
        landmarks_m: Metres from between the hips.
        hips_px: (R, 2) where the hips are: the network sees every body as if the camera looked straight at it.
        size: Width and height of the picture.
    """
    camera = Camera.guess(*size)
    out = np.full((len(landmarks_m), len(JOINTS), 3), np.nan)
    both = [name for name in BLAZEPOSE_INDEX if name in INDEX]
    out[:, [INDEX[n] for n in both]] = landmarks_m[:, [BLAZEPOSE_INDEX[n] for n in both]]
    out[:, INDEX["pelvis"]] = out[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(1)
    flat = (np.nan_to_num(hips_px.astype(float)) - (camera.cx, camera.cy)) / camera.focal_px
    ray = unit(np.concatenate([flat, np.ones((len(flat), 1))], axis=1))
    turn = shortest_turn(np.broadcast_to([0.0, 0.0, 1.0], ray.shape), ray)
    return np.asarray(np.einsum("rab,rjb->rja", turn, out))


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """What is known of each row."""

    error: Floats
    aligned: Floats
    off: Floats
    """(R, A) degrees."""
    sigma: Floats
    views: NDArray[np.str_]

    def figures(self, use: NDArray[np.bool_]) -> dict[str, Any]:
        """The figures over some rows."""
        judged = [ANGLE_INDEX[name] for name in JUDGED]
        off, views = self.off[use], self.views[use]
        known = np.isfinite(off) & np.isfinite(self.sigma[use])
        error = self.error[use]
        return {
            "rows": int(use.sum()),
            "mpjpe_mm": _mean(error * 1000),
            "pa_mpjpe_mm": _mean(self.aligned[use] * 1000),
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
            "coverage90": float(np.mean(off[known] <= _NINETY * self.sigma[use][known])) if known.any() else None,
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


def joints_of(joints: NDArray[Any], names: NDArray[Any]) -> Floats:
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
