"""Several calibrated cameras on one trial: calibration, lags between the cameras, triangulation, who is who.

Pixels are undistorted everywhere here (``Camera.undistorted`` comes first), world axes are the calibration's, metres.
"""

from __future__ import annotations

import itertools
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from groupcoach.errors import ConfigError
from groupcoach.records import Floats
from groupcoach.skeleton import COCO_INDEX

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]  # only installed below Python 3.11


TORSO: Final = tuple(COCO_INDEX[n] for n in ("left_shoulder", "right_shoulder", "left_hip", "right_hip"))
#: One body's torso joints agree within this many torso lengths, or the views show different people.
SAME_BODY: Final = 0.35


@dataclass(frozen=True, eq=False)
class Camera:
    """A calibrated camera."""

    name: str
    matrix: Floats
    """(3, 3) px"""
    distortions: Floats
    """(4,) or (5,): k1, k2, p1, p2, k3 as OpenCV has them."""
    rotation: Floats
    """(3, 3) world -> camera axes (x right, y down, z away)"""
    translation: Floats
    """(3,) m"""
    size: tuple[int, int] | None = None
    """Width and height of the calibrated picture, px; None where the calibration does not say."""

    @property
    def projection(self) -> Floats:
        """(3, 4): world metres, homogeneous, to undistorted px."""
        return np.asarray(self.matrix @ np.column_stack([self.rotation, self.translation]))

    def undistorted(self, px: Floats) -> Floats:
        """(..., 2) px of the picture -> px of a camera without distortion; NaN stays NaN."""
        flat = np.asarray(px, np.float64).reshape(-1, 2)
        out = np.full_like(flat, np.nan)
        known = np.isfinite(flat).all(1)
        if known.any():
            out[known] = cv2.undistortPoints(
                flat[known][:, None], self.matrix, self.distortions, P=self.matrix
            ).reshape(-1, 2)  # fmt: skip
        return out.reshape(np.shape(px))

    def to_camera(self, points_m: Floats) -> Floats:
        """(..., 3) world -> camera axes."""
        return np.asarray(points_m @ self.rotation.T + self.translation)

    def to_px(self, points_m: Floats) -> Floats:
        """(..., 3) world -> (..., 2) undistorted px."""
        at = self.to_camera(points_m) @ self.matrix.T
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(at[..., :2] / at[..., 2:])

    def slope(self, points_m: Floats) -> Floats:
        """(..., 2, 3): how far a point moves in the picture, px per metre of the world."""
        at = self.to_camera(points_m)
        f = np.array([self.matrix[0, 0], self.matrix[1, 1]])
        x = np.zeros((*at.shape[:-1], 2, 3))
        x[..., 0, 0], x[..., 1, 1] = f[0] / at[..., 2], f[1] / at[..., 2]
        x[..., :, 2] = -at[..., :2] * f / at[..., 2:] ** 2
        return np.asarray(x @ self.rotation)


def read_cameras(folder: Path) -> list[Camera]:
    """The cameras of a calibration below ``folder``: Pose2Sim's TOML, or Qualisys' ``.qca.txt`` (XML).

    Raises:
        ConfigError: no calibration there, or a field is missing or wrong.
    """
    places = sorted({*folder.glob("*.toml"), *folder.glob("calibration/*.toml")} - {folder / "Config.toml"})
    places += sorted({*folder.glob("*.qca.txt"), *folder.glob("calibration/*.qca.txt")})
    if not places:
        raise ConfigError(f"{folder} has no calibration: neither a .toml nor a .qca.txt there or in its folder "
                          "calibration. `groupcoach models path multiview_single` prints one that has.")  # fmt: skip
    path = places[0]
    try:
        cameras = _from_toml(path) if path.suffix == ".toml" else _from_qualisys(path)
    except KeyError as error:
        raise ConfigError(f"The calibration {path} lacks the field {error}.") from error
    except (OSError, ValueError, TypeError, AttributeError, ET.ParseError) as error:
        raise ConfigError(f"The calibration {path} cannot be read ({error}).") from error
    if len(cameras) < 2:
        raise ConfigError(f"The calibration {path} has {len(cameras)} cameras; two at least are needed.")
    return cameras


def _from_toml(path: Path) -> list[Camera]:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = {k: v for k, v in data.items() if isinstance(v, dict) and "matrix" in v}
    return [
        Camera(str(c.get("name", name)), np.asarray(c["matrix"], float).reshape(3, 3),
               np.asarray(c["distortions"], float).ravel(), cv2.Rodrigues(np.asarray(c["rotation"], float))[0],
               np.asarray(c["translation"], float).reshape(3), _size(c.get("size")))
        for name, c in tables.items()
    ]  # fmt: skip


def _size(pair: Any) -> tuple[int, int] | None:
    return None if pair is None else (round(float(pair[0])), round(float(pair[1])))


def _from_qualisys(path: Path) -> list[Camera]:
    """Qualisys gives camera centres in mm, axes x right, y up, z back, and pixels in 64ths."""
    cameras = []
    for item in ET.parse(path).getroot().iter("camera"):
        place, lens = item.find("transform"), item.find("intrinsic")
        if place is None or lens is None:
            raise KeyError("transform or intrinsic")
        t, i = place.attrib, {k: float(v) for k, v in lens.attrib.items()}
        rows = np.array([[float(t[f"r{a}{b}"]) for b in (1, 2, 3)] for a in (1, 2, 3)])
        rotation = np.diag([1.0, -1.0, -1.0]) @ rows
        centre = np.array([float(t[k]) for k in "xyz"]) / 1000
        matrix = np.array([[i["focalLengthU"] / 64, 0, i["centerPointU"] / 64],
                           [0, i["focalLengthV"] / 64, i["centerPointV"] / 64], [0, 0, 1.0]])  # fmt: skip
        bent = np.array([i["radialDistortion1"], i["radialDistortion2"], i["tangentalDistortion1"],
                         i["tangentalDistortion2"]])  # fmt: skip
        field = item.find("fov_video")
        of = {} if field is None else {k: float(v) for k, v in field.attrib.items()}
        size = None if not of else (of["right"] - of["left"] + 1, of["bottom"] - of["top"] + 1)
        cameras.append(Camera(item.attrib["serial"], matrix, bent, rotation, -rotation @ centre, _size(size)))
    return cameras


def triangulate(
    cameras: Sequence[Camera], px: Floats, weight: Floats, rounds: int = 4, scale_px: float = 8.0
) -> Floats:
    """Points (N, 3) m by weighted linear least squares, views that disagree counting less from round to round.

    Args:
        cameras: C of them.
        px: (C, N, 2) undistorted; NaN = not seen.
        weight: (C, N), 0 = ignore.
        rounds: of reweighting.
        scale_px: a view this far off counts half as much.

    Returns:
        NaN where fewer than two views see the point.
    """
    seen = np.isfinite(px).all(-1) & (weight > 0)
    w = np.where(seen, weight, 0.0)
    xy = np.where(seen[..., None], px, 0.0)
    p = np.stack([c.projection / c.matrix[0, 0] for c in cameras])
    rows = np.stack(
        [xy[..., 0, None] * p[:, None, 2] - p[:, None, 0], xy[..., 1, None] * p[:, None, 2] - p[:, None, 1]]
    )
    enough = seen.sum(0) >= 2
    points = np.full((px.shape[1], 3), np.nan)
    if not enough.any():
        return points
    use = w.copy()
    for _ in range(rounds):
        # a row is focal x depth times as large as the error in px: divide by the depth found so far
        a = np.einsum("kcnr,kcns,cn->nrs", rows, rows, use)
        a[~enough] = np.eye(4)
        v = np.linalg.eigh(a)[1][..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            points = np.where(enough[:, None], v[:, :3] / v[:, 3:], np.nan)
        off = np.stack([np.linalg.norm(c.to_px(points) - px[k], axis=-1) for k, c in enumerate(cameras)])
        depth = np.stack([c.to_camera(points)[..., 2] for c in cameras])
        good = seen & np.isfinite(off) & enough
        use = np.where(
            good, w / (1 + (np.where(good, off, 0.0) / scale_px) ** 2) / np.where(good, depth, 1.0) ** 2, 0.0
        )
    return points


def reprojection(cameras: Sequence[Camera], points: Floats, px: Floats) -> Floats:
    """(C, N) distance in px between points (N, 3) and where the cameras see them (C, N, 2)."""
    return np.stack([np.linalg.norm(c.to_px(points) - px[k], axis=-1) for k, c in enumerate(cameras)])


def same_bodies(cameras: Sequence[Camera], seen: Sequence[Any]) -> list[tuple[int, ...]]:
    """Who is who at one instant: for each body that all cameras see, the row of its observation in each.

    Args:
        cameras: C of them.
        seen: per camera (keypoints (N, 17, 2) undistorted, scores (N, 17)).
    """
    combos = np.array(list(itertools.product(*(range(len(k)) for k, _ in seen))), np.intp).reshape(-1, len(cameras))
    if not len(combos):
        return []
    px = np.stack([k[combos[:, c]][:, TORSO] for c, (k, _) in enumerate(seen)])
    score = np.stack([s[combos[:, c]][:, TORSO] for c, (_, s) in enumerate(seen)])
    px = np.where((score > 0.3)[..., None], px, np.nan)
    n = len(combos)
    points = triangulate(cameras, px.reshape(len(cameras), -1, 2), score.reshape(len(cameras), -1), 1)
    off = reprojection(cameras, points, px.reshape(len(cameras), -1, 2)).reshape(len(cameras), n, len(TORSO))
    size = torso_px(cameras, points.reshape(n, len(TORSO), 3))
    known = np.isfinite(off)
    mean = np.where(known, off / size[..., None], 0.0).sum((0, 2)) / np.maximum(known.sum((0, 2)), 1)
    mean[known.sum((0, 2)) < 3 * len(cameras)] = np.inf
    found: list[tuple[int, ...]] = []
    for k in np.argsort(mean):
        if not mean[k] < SAME_BODY:
            break
        if not any((combos[k] == np.array(f)).any() for f in found):
            found.append(tuple(int(v) for v in combos[k]))
    return found


def torso_px(cameras: Sequence[Camera], torso: Floats) -> Floats:
    """(C, N): length from mid-shoulder to mid-hip in metres x focal / depth, for bodies (N, 4, 3) as ``TORSO``.

    So long the torso would be in the picture if it stood square to the camera: foreshortening does not shrink it.
    """
    top, low = torso[:, :2].mean(1), torso[:, 2:].mean(1)
    length = np.linalg.norm(top - low, axis=-1)
    middle = (top + low) / 2
    return np.stack([length * c.matrix[0, 0] / np.maximum(c.to_camera(middle)[:, 2], 0.1) for c in cameras])


def shifted(tracks: Floats, lags: Sequence[int]) -> Floats:
    """(C, T, ...) with camera c's row t + lags[c] moved to row t; NaN where the trial has none."""
    out = np.full_like(tracks, np.nan)
    total = tracks.shape[1]
    for c, lag in enumerate(lags):
        a, b = max(0, -lag), min(total, total - lag)
        if a < b:
            out[c, a:b] = tracks[c, a + lag : b + lag]
    return out


def find_lags(cameras: Sequence[Camera], tracks: Floats, longest: int = 12, rounds: int = 12) -> list[int]:
    """By how many frames each camera is behind the first: its frame t + lag shows what the first shows at t.

    The best single move of one camera, of all but the first, or of each by one frame is taken until none makes the
    views agree better (mean reprojection error, each capped at 60 px). It is as sharp as the points are: with a
    detector's keypoints that are 20 px off it may miss by a frame or two of a slow movement.

    Args:
        cameras: C of them.
        tracks: (C, T, K, 2) undistorted px of the same points over time, NaN = not seen.
        longest: largest lag tried, frames.
        rounds: at most.
    """
    lags = [0] * len(cameras)

    def cost(trial: list[int]) -> float:
        px = shifted(tracks, trial)[:, longest : tracks.shape[1] - longest or None]
        flat = px.reshape(len(cameras), -1, 2)
        flat = flat[:, np.isfinite(flat).all((0, 2))]
        if flat.shape[1] < 20:
            return np.inf
        points = triangulate(cameras, flat, np.ones(flat.shape[:2]), 1)
        return float(np.minimum(reprojection(cameras, points, flat), 60.0).mean())

    best = cost(lags)
    steps = [s for s in range(-longest, longest + 1) if s]
    along = [tuple(s * (k == c) for k in range(1, len(cameras))) for c in range(1, len(cameras)) for s in steps]
    along += [(s,) * (len(cameras) - 1) for s in steps]
    corners = list(itertools.product((-1, 0, 1), repeat=min(len(cameras) - 1, 4)))
    beside = [(*c, *[0] * (len(cameras) - 1 - len(c))) for c in corners]
    for _ in range(rounds):
        before = list(lags)
        for moves in (along, beside):
            start = list(lags)
            for move in moves:
                trial = [0, *(a + b for a, b in zip(start[1:], move, strict=True))]
                if max(map(abs, trial)) <= longest and (found := cost(trial)) < best - 1e-9:
                    best, lags = found, trial
        if lags == before:
            break
    return lags
