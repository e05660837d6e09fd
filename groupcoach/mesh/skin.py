"""A body's skin as a small picture of its own, several times faster than ``raster.py`` draws it. Pure numpy.

``raster.py`` compares the depth of every pixel, which a scene of floors and furniture needs. A body is a closed mesh of
small faces, so painting the farther faces first is right but for the size of a face, and one depth a face is enough to
tell which of two people is in front. A body that is large in the picture is painted smaller and enlarged afterwards,
so the time hardly depends on how near somebody stands.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.raster import LIGHT

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

#: Nothing nearer than this is painted: a hand at the lens would fill the picture.
NEAREST_M: Final = 0.25
#: A box of more pixels is painted smaller.
AREA_PX: Final = 26_000
#: Room around the body for contours, px of the patch.
ROOM: Final = 3


class Patch(NamedTuple):
    """A painted body; pixel (0, 0) of the patch and of the box is the same corner."""

    rgb: NDArray[np.uint8]
    """(h, w, 4) RGB and the faces' tag; 0 where there is no skin."""
    near: NDArray[np.float32]
    """(h, w) inverse depth, 1/m; 0 where there is no skin."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in the picture, the last two exclusive; the patch is to be enlarged to this."""


def paint(
    spot: Floats,
    depth_m: Floats,
    faces: Ints,
    light: Floats,
    colours: NDArray[np.uint8],
    dress: Ints,
    width: int,
    height: int,
) -> Patch | None:
    """Paints a closed mesh of small faces.

    Args:
        spot: (V, 2) px; may lie outside the picture.
        depth_m: (V,) metres along the view axis. A face with a vertex nearer than :data:`NEAREST_M` or not finite is
            left out, and so is one longer than half the picture.
        faces: (F, 3); seen from the front, vertices run counter-clockwise on the screen. The back is not painted.
        light: (V,) brightness 0 to 1, blended over the faces.
        colours: (K, 4) RGB and a tag of the caller's.
        dress: (F,) row of ``colours`` of each face.
        width: Of the picture, px.
        height: Of the picture, px.

    Returns:
        The patch, or None where nothing of the mesh is in the picture.
    """
    sx, sy = (np.ascontiguousarray(spot[:, i], dtype=np.float32) for i in range(2))
    with np.errstate(invalid="ignore"):
        # Farther out than this single precision has no digits left for a pixel.
        usable = (depth_m > NEAREST_M) & (np.abs(sx) < 1e5) & (np.abs(sy) < 1e5) & np.isfinite(light)
    if not usable.any():
        return None
    whole = bool(usable.all())
    inner = [v if whole else v[usable] for v in (sx, sy)]
    left, top = (max(0, math.floor(v.min()) - ROOM) for v in inner)
    right, bottom = (min(end, math.ceil(v.max()) + ROOM + 1) for v, end in zip(inner, (width, height), strict=True))
    if left >= right or top >= bottom:
        return None
    shrink = max(1.0, math.sqrt((right - left) * (bottom - top) / AREA_PX))
    columns, rows = (math.ceil(n / shrink) for n in (right - left, bottom - top))
    # Enlarging keeps the corners, not the middles, of the corner pixels in place.
    sx = (sx - np.float32(left - 0.5)) * np.float32(columns / (right - left)) - np.float32(0.5)
    sy = (sy - np.float32(top - 0.5)) * np.float32(rows / (bottom - top)) - np.float32(0.5)
    near = np.zeros(len(depth_m), np.float32)
    np.divide(1, depth_m, out=near, where=usable, casting="unsafe")
    at, x, y, close = _towards_the_eye(sx, sy, near, faces, None if whole else usable, max(width, height) / 2 / shrink)
    tri, row, first, length = _spans(x, y, columns, rows)
    if not len(tri):
        return None
    start, along = _brightness(x, y, np.take(np.asarray(light, np.float32), at.corners), tri, row, first)
    span = np.repeat(np.arange(len(tri)), length)
    before = np.cumsum(length) - length
    count = np.arange(len(span))
    pixel = count + np.take(row * columns + first - before, span)
    bright = np.take(start, span) + np.take(along, span) * (count - np.take(before, span)).astype(np.float32)
    level = np.minimum(np.maximum(bright * np.float32(255), 0), 255).astype(np.intp)
    shades = np.empty((len(colours), 256, 4), np.uint8)
    shades[..., :3] = colours[:, None, :3] * np.linspace(0, 1, 256)[:, None] + 0.5
    shades[..., 3] = colours[:, None, 3]
    level += np.take(np.take(dress, np.take(at.faces, tri)) * 256, span)
    out, out_near = np.zeros(rows * columns, np.uint32), np.zeros(rows * columns, np.float32)
    # Where a pixel comes twice, numpy keeps the last value given: the nearest face.
    out[pixel] = np.take(shades.view(np.uint32).reshape(-1), level)
    out_near[pixel] = np.take(np.take(close, tri), span)
    return Patch(out.view(np.uint8).reshape(rows, columns, 4), out_near.reshape(rows, columns),
                 (left, top, right, bottom))  # fmt: skip


class _Rows(NamedTuple):
    faces: NDArray[np.intp]
    """(T,) rows of the mesh's faces."""
    corners: NDArray[np.intp]
    """(3, T) rows of its vertices."""


def _towards_the_eye(
    sx: Floats, sy: Floats, near: Floats, faces: Ints, usable: NDArray[np.bool_] | None, longest: float
) -> tuple[_Rows, Floats, Floats, Floats]:
    """Faces that show, the farthest first: which, their corners' x and y (3, T), inverse depth (T,)."""
    by_corner = np.ascontiguousarray(faces.T, dtype=np.intp)
    x, y = np.take(sx, by_corner), np.take(sy, by_corner)
    bx, by, cx, cy = x[1] - x[0], y[1] - y[0], x[2] - x[0], y[2] - y[0]
    # y points down, so counter-clockwise to the eye is a negative area.
    show = bx * cy - by * cx < -1e-4
    if usable is not None:
        show &= np.take(usable, by_corner).all(axis=0)
    for side in (bx, by, cx, cy):
        np.logical_and(show, np.abs(side) <= longest, out=show)
    rows = np.flatnonzero(show)
    depth = np.take(near, np.take(by_corner, rows, axis=1)).sum(axis=0) / np.float32(3)
    order = np.argsort(depth)
    rows = np.take(rows, order)
    return (
        _Rows(rows, np.take(by_corner, rows, axis=1)),
        np.take(x, rows, axis=1),
        np.take(y, rows, axis=1),
        depth[order],
    )


def _spans(x: Floats, y: Floats, width: int, height: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Runs of pixels inside triangles (3, T): for each its triangle, row, first column and length (>= 1)."""
    (x0, x1, x2), (y0, y1, y2) = x, y
    # Corners from the top down: the long side runs from the first to the last, the two others meet in between. Both
    # triangles at a side compute with the same upper and lower end, so there are no gaps.
    for step in range(3):
        if step == 1:
            turn = y1 > y2
            x1, x2 = np.where(turn, x2, x1), np.where(turn, x1, x2)
            y1, y2 = np.minimum(y1, y2), np.maximum(y1, y2)
        else:
            turn = y0 > y1
            x0, x1 = np.where(turn, x1, x0), np.where(turn, x0, x1)
            y0, y1 = np.minimum(y0, y1), np.maximum(y0, y1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (x2 - x0) / (y2 - y0), (x1 - x0) / (y1 - y0), (x2 - x1) / (y2 - y1)
        long, upper, lower = (
            (m, start - m * at) for m, start, at in zip(slopes, (x0, x0, x1), (y0, y0, y1), strict=True)
        )
    top, end = (np.ceil(np.minimum(np.maximum(v, 0), height)).astype(np.intp) for v in (y0, y2))
    count = end - top
    tri = np.repeat(np.arange(len(top)), count)
    row = np.arange(len(tri)) + np.take(top - np.cumsum(count) + count, tri)
    at = row.astype(np.float32)
    one = np.take(long[0], tri) * at + np.take(long[1], tri)
    # Rows of the lower short side come after those of the upper one.
    which = tri + len(top) * (at >= np.take(y1, tri))
    two = np.take(np.concatenate([upper[0], lower[0]]), which) * at
    two += np.take(np.concatenate([upper[1], lower[1]]), which)
    first, last = (
        np.ceil(np.minimum(np.maximum(v, 0), width)).astype(np.intp)
        for v in (np.minimum(one, two), np.maximum(one, two))
    )
    some = np.flatnonzero(last > first)
    first = np.take(first, some)
    return np.take(tri, some), np.take(row, some), first, np.take(last, some) - first


def _brightness(x: Floats, y: Floats, light: Floats, tri: Ints, row: Ints, first: Ints) -> tuple[Floats, Floats]:
    """Light (3, T) at the corners -> brightness at the first pixel of each span, and its change from pixel to pixel."""
    b, c = light[1] - light[0], light[2] - light[0]
    bx, by, cx, cy = x[1] - x[0], y[1] - y[0], x[2] - x[0], y[2] - y[0]
    area = bx * cy - by * cx
    dx, dy = (b * cy - c * by) / area, (c * bx - b * cx) / area
    base = light[0] - dx * x[0] - dy * y[0]
    along = np.take(dx, tri)
    return np.take(base, tri) + along * first.astype(np.float32) + np.take(dy, tri) * row.astype(np.float32), along


def lamp(vertices_m: Floats, faces: Ints, light: tuple[float, float, float] = LIGHT) -> NDArray[np.float32]:
    """Brightness (V,) of 0 to 1 about as ``raster.shade`` gives it, in a third of the time; NaN where a vertex is.

    A vertex gets the mean of what its faces turn to the lamp, not what their mean direction does.
    """
    towards = (np.asarray(light) / np.linalg.norm(light)).astype(np.float32)
    corner = np.ascontiguousarray(faces.T, dtype=np.intp)
    x, y, z = (np.take(np.ascontiguousarray(vertices_m[:, i], dtype=np.float32), corner) for i in range(3))
    ux, uy, uz, wx, wy, wz = x[1] - x[0], y[1] - y[0], z[1] - z[0], x[2] - x[0], y[2] - y[0], z[2] - z[0]
    nx, ny, nz = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
    length = np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-12)
    facing = (nx * towards[0] + ny * towards[1] + nz * towards[2]) / length
    n, every = len(vertices_m), corner.reshape(-1)
    mean = np.bincount(every, np.tile(facing, 3), n) / np.maximum(np.bincount(every, minlength=n), 1)
    half = np.maximum(0.5 + 0.5 * mean, 0)
    # Half Lambert, as in shade.
    return np.minimum((0.35 + 0.65 * half * np.sqrt(half)) * 1.15, 1).astype(np.float32)
