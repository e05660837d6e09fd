"""A z-buffer triangle rasterizer in plain numpy: what the simulator and the mesh overlay draw with.

Every triangle becomes one span per picture row and every span its pixels, for all triangles of a mesh at once; a
finger's two-pixel triangle and a floor that fills the picture take the same path. Two triangles that share an edge
share no pixel and leave none out. Pixel (i, j) is the point (i, j), as in OpenCV.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import DataError

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

#: Where the light of :func:`shade` comes from, in camera axes: above, a little to the left, from the viewer's side.
LIGHT: Final = (-0.35, -0.65, -0.68)
BACKGROUND: Final = -1


class Footprint(NamedTuple):
    """What a mesh covers of the picture, also behind nearer things."""

    pixels: int
    box: tuple[int, int, int, int]
    """First and last column and row: left, top, right, bottom."""


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
        self._mark = np.zeros(height * width, bool)

    @property
    def depth(self) -> NDArray[np.float32]:
        """(H, W) depth of what is seen, infinite where nothing is."""
        with np.errstate(divide="ignore"):
            return np.reciprocal(self._near).reshape(self.height, self.width)

    @property
    def nearness(self) -> NDArray[np.float32]:
        """(H, W) inverse depth of what is seen, 0 where nothing is; the buffer itself, not a copy."""
        return self._near.reshape(self.height, self.width)

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
        owner_id: int | NDArray[np.integer[Any]],
        cull: bool = True,
    ) -> Footprint | None:
        """Draws a mesh over what is farther away and under what is nearer.

        Args:
            vertices_px: (V, 2); may lie outside the picture.
            depth: (V,) along the view axis, any unit, the same in all calls.
            faces: (F, 3) rows of vertices. A face with a vertex that is not in front of the camera (``depth`` <= 0) or
                is NaN is left out whole, so a floor has to end before the camera.
            colours: (V, 3), blended over the faces, or (F, 3), one flat colour each (V wins where V = F); uint8, or
                float 0 to 1.
            owner_id: 0 to 32767, written to :attr:`owner`; one, or (F,) of each face.
            cull: Leave out faces seen from behind. Seen from the front, vertices run counter-clockwise on the screen.

        Returns:
            What the mesh covers, hidden or not; None where nothing of it is in the picture.
        """
        faces = np.asarray(faces)
        if not len(faces):
            return None
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
            return None
        span_tri, rows, first, length = _spans(spot[tri], self.width, self.height)
        if not len(span_tri):
            return None
        # Inverse depth is a plane over each triangle. Colour over depth is linear on the screen as inverse depth is;
        # dividing gives the true perspective.
        slopes, weight = _Slopes(spot[tri]), near[tri].T
        values = [weight, *(shades[:, c][tri].T * weight for c in range(3 if per_vertex else 0))]
        # Everything by channel: numpy is several times slower on short rows.
        start, slope = [], []
        for value in values:
            base, dx, dy = slopes.plane(value)
            start.append((base[span_tri] + dx[span_tri] * first + dy[span_tri] * rows).astype(np.float32))
            slope.append(dx.astype(np.float32)[span_tri])
        span = np.repeat(np.arange(len(span_tri)), length)
        before = np.cumsum(length) - length
        count = np.arange(len(span))
        step = (count - before[span]).astype(np.float32)
        depth_here = start[0][span] + slope[0][span] * step
        pixel = (rows * self.width + first - before)[span] + count

        np.maximum.at(self._near, pixel, depth_here)
        won = np.flatnonzero(depth_here == self._near[pixel])
        at, of = pixel[won], span[won]
        if per_vertex:
            step, away = step[won], np.reciprocal(depth_here[won])
            rgb = np.stack([(start[c][of] + slope[c][of] * step) * away for c in (1, 2, 3)])
        else:
            rgb = shades[kept[span_tri[of]]].T
        self.image.reshape(-1, 3)[at] = np.clip(rgb + 0.5, 0, 255).astype(np.uint8).T
        self.owner.reshape(-1)[at] = owner_id if np.ndim(owner_id) == 0 else np.asarray(owner_id)[kept[span_tri[of]]]
        return self._footprint(pixel, rows, first, length)

    def _footprint(self, pixel: Ints, rows: Ints, first: Ints, length: Ints) -> Footprint:
        self._mark[pixel] = True
        left, right = int(first.min()), int((first + length).max())
        top, bottom = int(rows.min()), int(rows.max()) + 1
        region = self._mark.reshape(self.height, self.width)[top:bottom, left:right]
        pixels = int(np.count_nonzero(region))
        region[:] = False
        return Footprint(pixels, (left, top, right - 1, bottom - 1))


class _Slopes:
    """How anything given at the corners changes over each triangle (T, 3, 2)."""

    def __init__(self, corners: Floats) -> None:
        (self.ax, bx, cx), (self.ay, by, cy) = corners.transpose(2, 1, 0)
        self.bx, self.by, self.cx, self.cy = bx - self.ax, by - self.ay, cx - self.ax, cy - self.ay
        self.area = self.bx * self.cy - self.by * self.cx

    def plane(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        """Values (3, T) at the corners: offset, slope along x, along y, each (T,)."""
        b, c = values[1] - values[0], values[2] - values[0]
        dx = (b * self.cy - c * self.by) / self.area
        dy = (c * self.bx - b * self.cx) / self.area
        return values[0] - dx * self.ax - dy * self.ay, dx, dy


def _visible_faces(
    spot: Floats, usable: NDArray[np.bool_], faces: NDArray[np.integer[Any]], cull: bool, width: int, height: int
) -> tuple[NDArray[np.integer[Any]], NDArray[np.intp]]:
    """Faces (T, 3) that may show, all turned the same way round, and their rows in ``faces``."""
    kept = np.flatnonzero(usable[faces[:, 0]] & usable[faces[:, 1]] & usable[faces[:, 2]])
    tri = faces[kept]
    xs, ys = (spot[:, i][tri.T] for i in range(2))
    # y points down, so counter-clockwise to the eye is a negative area here.
    area = (xs[1] - xs[0]) * (ys[2] - ys[0]) - (ys[1] - ys[0]) * (xs[2] - xs[0])
    inside = np.ones(len(tri), bool)
    for value, end in ((xs, width), (ys, height)):
        inside &= np.maximum(np.maximum(value[0], value[1]), value[2]) >= 0
        inside &= np.minimum(np.minimum(value[0], value[1]), value[2]) <= end - 1
    # Thinner than this the slopes of depth and colour lose all their digits; no pixel centre is missed in practice.
    show = inside & ((area < -1e-6) if cull else (np.abs(area) > 1e-6))
    tri = np.where((area > 0)[:, None], tri[:, ::-1], tri)
    return tri[show], kept[show]


def _spans(
    corners: Floats, width: int, height: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Runs of pixels inside triangles (T, 3, 2): for each its triangle, row, first column and length (>= 1)."""
    xs, ys = corners.transpose(2, 1, 0)
    top = np.ceil(np.clip(np.minimum(np.minimum(ys[0], ys[1]), ys[2]), 0, height)).astype(np.intp)
    end = np.ceil(np.clip(np.maximum(np.maximum(ys[0], ys[1]), ys[2]), 0, height)).astype(np.intp)
    count = np.maximum(end - top, 0)
    tri = np.repeat(np.arange(len(corners)), count)
    row = np.arange(len(tri)) - np.repeat(np.cumsum(count) - count, count) + top[tri]
    # Inside is where a x + b y + c <= 0. Swapping p and q negates all three exactly, so both triangles at an edge
    # compute the very same crossing x = m y + n and no pixel is drawn twice or missed.
    left, right = np.zeros(len(tri)), np.full(len(tri), float(width))
    for k in range(3):
        px, py, qx, qy = xs[k], ys[k], xs[(k + 1) % 3], ys[(k + 1) % 3]
        a, b, c = py - qy, qx - px, px * qy - qx * py
        with np.errstate(divide="ignore", invalid="ignore"):
            m, n = -b / a, -c / a
        falls, rises = a < 0, a > 0
        np.maximum(left, np.where(falls, m, 0.0)[tri] * row + np.where(falls, n, 0.0)[tri], out=left)
        np.minimum(right, np.where(rises, m, 0.0)[tri] * row + np.where(rises, n, float(width))[tri], out=right)
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
