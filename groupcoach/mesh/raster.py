"""A z-buffer triangle rasterizer in plain numpy: what the simulator and the mesh overlay draw with.

Every triangle becomes one span per picture row and every span its pixels, for all triangles of a mesh at once; a
finger's two-pixel triangle and a floor that fills the picture take the same path. Two triangles that share an edge
share no pixel and leave none out. Pixel (i, j) is the point (i, j), as in OpenCV.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import DataError

Floats = NDArray[np.floating[Any]]

#: Where the light of :func:`shade` comes from, in camera axes: above, a little to the left, from the viewer's side.
LIGHT: Final = (-0.35, -0.65, -0.68)
BACKGROUND: Final = -1


class Rasterizer:
    """A picture that triangles are drawn into, nearest first; the buffers are kept from picture to picture."""

    def __init__(self, width: int, height: int) -> None:
        """An empty picture of ``width`` by ``height`` px."""
        if width < 1 or height < 1:
            raise DataError(f"Rasterizer: width and height must be at least 1, got {width} x {height}.")
        self.width, self.height = width, height
        self.image: NDArray[np.uint8] = np.zeros((height, width, 3), np.uint8)
        """(H, W, 3) RGB."""
        self.owner: NDArray[np.int16] = np.full((height, width), BACKGROUND, np.int16)
        """(H, W) ``owner_id`` of what is seen there, -1 where nothing is."""
        # Inverse depth, because over a flat triangle it changes linearly with the pixel; 0 is infinitely far.
        self._near = np.zeros(height * width, np.float32)

    @property
    def depth(self) -> NDArray[np.float32]:
        """(H, W) depth of what is seen, infinite where nothing is."""
        with np.errstate(divide="ignore"):
            return np.reciprocal(self._near).reshape(self.height, self.width)

    def clear(self, background: NDArray[np.uint8] | None = None) -> None:
        """Forgets everything drawn; the picture becomes ``background`` (H, W, 3 or one RGB colour), or black."""
        self.image[:] = 0 if background is None else background
        self.owner[:] = BACKGROUND
        self._near[:] = 0

    def draw(
        self,
        vertices_px: Floats,
        depth: Floats,
        faces: NDArray[np.integer[Any]],
        colours: NDArray[Any],
        owner_id: int,
        cull: bool = True,
    ) -> None:
        """Draws a mesh over what is farther away and under what is nearer.

        Args:
            vertices_px: (V, 2); may lie outside the picture.
            depth: (V,) along the view axis, any unit, the same in all calls.
            faces: (F, 3) rows of vertices. A face with a vertex that is not in front of the camera (``depth`` <= 0) or
                is NaN is left out whole, so a floor has to end before the camera.
            colours: (V, 3), blended over the faces, or (F, 3), one flat colour each (V wins where V = F); uint8, or
                float 0 to 1.
            owner_id: 0 to 32767, written to :attr:`owner`.
            cull: Leave out faces seen from behind. Seen from the front, vertices run counter-clockwise on the screen.
        """
        faces = np.asarray(faces)
        if not len(faces):
            return
        per_vertex = len(colours) == len(vertices_px)
        if not per_vertex and len(colours) != len(faces):
            raise DataError(
                f"Rasterizer.draw: colours: expected {len(vertices_px)} (vertices) or {len(faces)} (faces) rows, "
                f"got {len(colours)}."
            )
        shades = np.asarray(colours, dtype=np.float32) * (1 if np.asarray(colours).dtype == np.uint8 else 255)
        spot = np.asarray(vertices_px, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            near = 1 / np.asarray(depth, dtype=np.float64)
        usable = np.isfinite(near) & (near > 0) & np.isfinite(spot).all(axis=1)
        tri, kept = _visible_faces(spot, usable, faces, cull, self.width, self.height)
        if not len(tri):
            return
        span_tri, rows, first, length = _spans(spot[tri], self.width, self.height)
        if not len(span_tri):
            return

        # Inverse depth is a plane over each triangle: near = base + dx * x + dy * y.
        corners, slopes = spot[tri], _Slopes(spot[tri])
        base, dx, dy = slopes.plane(corners, near[tri])
        at_first = base[span_tri] + dx[span_tri] * first + dy[span_tri] * rows
        span = np.repeat(np.arange(len(span_tri)), length)
        step = np.arange(len(span)) - np.repeat(np.cumsum(length) - length, length)
        value = (at_first[span] + dx[span_tri][span] * step).astype(np.float32)
        pixel = (rows * self.width + first)[span] + step

        np.maximum.at(self._near, pixel, value)
        won = np.flatnonzero(value == self._near[pixel])
        pixel, value, span, step = pixel[won], value[won], span[won], step[won]
        of = span_tri[span]
        if per_vertex:
            # Colour over depth is linear on the screen as inverse depth is; dividing gives the true perspective.
            cb, cx, cy = slopes.plane(corners, shades[tri] * near[tri][..., None])
            start = cb[span_tri] + cx[span_tri] * first[:, None] + cy[span_tri] * rows[:, None]
            rgb = (start.astype(np.float32)[span] + cx.astype(np.float32)[of] * step[:, None]) / value[:, None]
        else:
            rgb = shades[kept][of]
        self.image.reshape(-1, 3)[pixel] = np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
        self.owner.reshape(-1)[pixel] = owner_id


class _Slopes:
    """How anything given at the corners changes over each triangle."""

    def __init__(self, corners: Floats) -> None:
        self.e1, self.e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        self.area = self.e1[:, 0] * self.e2[:, 1] - self.e1[:, 1] * self.e2[:, 0]

    def plane(self, corners: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
        """Values (T, 3) or (T, 3, C) at corners (T, 3, 2): offset, slope along x, along y, each (T,) or (T, C)."""
        grow = (slice(None), None) if values.ndim == 3 else (slice(None),)
        d1, d2 = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
        area = self.area[grow]
        dx = (d1 * self.e2[:, 1][grow] - d2 * self.e1[:, 1][grow]) / area
        dy = (d2 * self.e1[:, 0][grow] - d1 * self.e2[:, 0][grow]) / area
        return values[:, 0] - dx * corners[:, 0, 0][grow] - dy * corners[:, 0, 1][grow], dx, dy


def _visible_faces(
    spot: Floats, usable: NDArray[np.bool_], faces: NDArray[np.integer[Any]], cull: bool, width: int, height: int
) -> tuple[NDArray[np.integer[Any]], NDArray[np.intp]]:
    """Faces (T, 3) that may show, all turned the same way round, and their rows in ``faces``."""
    kept = np.flatnonzero(usable[faces].all(axis=1))
    tri = faces[kept]
    a, b, c = spot[tri[:, 0]], spot[tri[:, 1]], spot[tri[:, 2]]
    # y points down, so counter-clockwise to the eye is a negative area here.
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    inside = (high >= 0).all(axis=1) & (low[:, 0] <= width - 1) & (low[:, 1] <= height - 1)
    # Thinner than this the slopes of depth and colour lose all their digits; no pixel centre is missed in practice.
    show = inside & ((area < -1e-6) if cull else (np.abs(area) > 1e-6))
    tri = np.where((area > 0)[:, None], tri[:, ::-1], tri)
    return tri[show], kept[show]


def _spans(
    corners: Floats, width: int, height: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Runs of pixels inside triangles (T, 3, 2): for each its triangle, row, first column and length (>= 1)."""
    ys = corners[:, :, 1]
    top = np.ceil(np.clip(ys.min(axis=1), 0, height)).astype(np.intp)
    count = np.maximum(np.ceil(np.clip(ys.max(axis=1), 0, height)).astype(np.intp) - top, 0)
    tri = np.repeat(np.arange(len(corners)), count)
    row = np.arange(len(tri)) - np.repeat(np.cumsum(count) - count, count) + top[tri]
    left, right = np.zeros(len(tri)), np.full(len(tri), float(width))
    for k in range(3):
        p, q = corners[:, k], corners[:, (k + 1) % 3]
        # Inside is where a x + b y + c <= 0. Swapping p and q negates all three exactly, so both triangles at an edge
        # compute the very same crossing and no pixel is drawn twice or missed.
        a, b = p[:, 1] - q[:, 1], q[:, 0] - p[:, 0]
        c = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            cross = -(b[tri] * row + c[tri]) / a[tri]
        falls, rises = (a < 0)[tri], (a > 0)[tri]
        left = np.where(falls & (cross > left), cross, left)
        right = np.where(rises & (cross < right), cross, right)
    first = np.ceil(left).astype(np.intp)
    length = np.ceil(right).astype(np.intp) - first
    some = length > 0
    return tri[some], row[some], first[some], length[some]


def project(points_m: Floats, focal_px: float, principal_px: tuple[float, float]) -> tuple[Floats, Floats]:
    """Pinhole camera: points (..., 3) in camera axes to pixels (..., 2) and depth (...); NaN where not in front."""
    z = np.where(points_m[..., 2] > 1e-6, points_m[..., 2], np.nan)
    return np.asarray(focal_px * points_m[..., :2] / z[..., None] + np.asarray(principal_px)), np.asarray(z)


def vertex_normals(vertices: Floats, faces: NDArray[np.integer[Any]]) -> Floats:
    """(V, 3) unit normals, each the mean of the faces around a vertex weighted by their area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    corner = faces.reshape(-1)
    out = np.stack([np.bincount(corner, np.repeat(normal[:, i], 3), minlength=len(vertices)) for i in range(3)], axis=1)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12))


def shade(
    vertices_m: Floats, faces: NDArray[np.integer[Any]], colours: Floats, light: tuple[float, float, float] = LIGHT
) -> Floats:
    """Colours (V, 3) of 0 to 1 under a soft lamp: never black on the far side, so that limbs stay readable.

    Args:
        vertices_m: (V, 3) in camera axes.
        faces: (F, 3).
        colours: (V, 3) or (3,), 0 to 1.
        light: Towards the lamp, in camera axes.
    """
    towards = np.asarray(light) / np.linalg.norm(light)
    facing = vertex_normals(vertices_m, faces) @ towards
    # Half Lambert (Mitchell et al. 2006): the shadow side keeps its roundness.
    return np.asarray(np.clip(colours * (0.35 + 0.65 * (0.5 + 0.5 * facing) ** 1.5)[:, None] * 1.15, 0, 1))
