"""A pinhole camera of unknown make, and where in front of it a body stands. Pure numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from groupcoach.records import Floats

#: Across the longer side; webcams and phones lie between 55 and 75 degrees.
DEFAULT_FOV_DEG = 60.0
_UNLIKE = math.log(1.33)
"""Ratio of the distance that the points ask for to the one that the size asks for; 99 in 100 standing bodies lie
between 0.8 and 1.1."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Focal length and principal point in pixels."""

    focal_px: float
    cx: float
    cy: float

    @staticmethod
    def guess(width: int, height: int, fov_deg: float = DEFAULT_FOV_DEG) -> Camera:
        """A camera with ``fov_deg`` across the longer side of the picture."""
        return Camera(max(width, height) / 2 / math.tan(math.radians(fov_deg / 2)), width / 2, height / 2)

    def project(self, points_m: Floats) -> Floats:
        """(..., 3) camera axes -> (..., 2) px; points behind the camera are NaN."""
        z = np.where(points_m[..., 2:] > 0.05, points_m[..., 2:], np.nan)
        result: Floats = points_m[..., :2] / z * self.focal_px + np.array([self.cx, self.cy])
        return result


def place(joints_m: Floats, points_px: Floats, weight: Floats, camera: Camera) -> Floats:
    """Translations (N, 3) that lay bodies on their picture points (weighted linear least squares, one batch).

    Where a body and its points are too unlike for that (somebody on the floor whose pose was taken wrongly would stand
    half a metre before the lens: 1 % of the bodies in a class with sit-ups), it stands as far away as its size says.

    Args:
        joints_m: (N, J, 3) camera axes, root anywhere.
        points_px: (N, J, 2), NaN = not measured.
        weight: (N, J), 0 = ignore.
        camera: of the picture.
    """
    seen = np.all(np.isfinite(points_px), axis=-1) & np.all(np.isfinite(joints_m), axis=-1)
    w = np.where(seen, weight, 0.0)
    uv = np.where(seen[..., None], points_px - np.array([camera.cx, camera.cy]), 0.0) / camera.focal_px
    j = np.where(np.isfinite(joints_m), joints_m, 0.0)
    # (X + tx) = u (Z + tz), the same for y: rows (1, 0, -u) t = u Z - X
    n = len(j)
    a = np.zeros((n, 3, 3))
    b = np.zeros((n, 3))
    for axis in (0, 1):
        row = np.zeros((*uv.shape[:2], 3))
        row[..., axis], row[..., 2] = 1.0, -uv[..., axis]
        rhs = uv[..., axis] * j[..., 2] - j[..., axis]
        a += np.einsum("njr,njc,nj->nrc", row, row, w)
        b += np.einsum("njr,nj,nj->nr", row, rhs, w)
    enough = (w > 0).sum(1) >= 4
    a = np.where(enough[:, None, None], a + 1e-9 * np.eye(3), np.eye(3))
    t = np.linalg.solve(a, np.where(enough[:, None], b, [0.0, 0.0, 3.0])[..., None])[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (w / w.sum(1, keepdims=True))[..., None]
        middle, at = (share * j).sum(1), (share * uv).sum(1)
        wide = ((share * (j[..., :2] - middle[:, None, :2]) ** 2).sum((1, 2))) ** 0.5
        far = wide / ((share * (uv - at[:, None]) ** 2).sum((1, 2))) ** 0.5
        unlike = enough & ~(np.abs(np.log((t[:, 2] + middle[:, 2]) / far)) < _UNLIKE) & np.isfinite(far)
    t[unlike] = np.column_stack([at * far[:, None], far])[unlike] - middle[unlike]
    # a body cannot stand in the lens: at least half a metre away
    result: Floats = np.where((t[:, 2:] > 0.5), t, t * np.array([1.0, 1.0, 0.0]) + np.array([0.0, 0.0, 0.5]))
    return result
