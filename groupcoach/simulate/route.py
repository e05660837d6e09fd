"""The way over the floor: a path with rounded corners, turns about the vertical, and smoothing over time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

#: The plan is worked out on a grid this fine and read by straight lines between (0.1 mm off at the fastest foot).
HZ: Final = 200.0
#: A path that bends more than this at a point is gone in two, with a turn on the spot between.
_CUSP: Final = np.radians(115)


def wrap(angle: float) -> float:
    """The same heading within -pi to pi."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def flat(yaw: Floats | float, x: Floats | float, z: Floats | float) -> Floats:
    """(..., 2) the vector (x, z) turned by ``yaw``."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.stack([c * x + s * z, -s * x + c * z], -1)


def smooth(v: Floats, seconds: float) -> Floats:
    """Along the first axis, by a bell of +-``seconds``; what lies beyond the ends is as the ends are."""
    half = max(1, round(seconds * HZ))
    bell = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 2 * half + 1)) ** 2
    bell /= bell.sum()
    wide = np.pad(v.reshape(len(v), -1), ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(c, bell, mode="valid") for c in wide.T], -1).reshape(v.shape)


class Route:
    """The way over the floor: straight lines with their corners rounded, cut where it turns back."""

    def __init__(self, points_m: Sequence[tuple[float, float]]) -> None:
        points = np.vstack([[0.0, 0.0], np.asarray(points_m, dtype=float).reshape(-1, 2)])
        points = points[np.r_[True, np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-6]]
        headings = np.arctan2(*np.diff(points, axis=0).T)
        bends = np.array([abs(wrap(b - a)) for a, b in itertools.pairwise(headings)])
        corners = [0, *(np.flatnonzero(bends > _CUSP) + 1), len(points) - 1]
        pieces, self.cuts = [points[:1]], [0.0]
        for a, b in itertools.pairwise(corners):
            if b > a:
                pieces.append(_rounded(points[a : b + 1])[1:])
                length = np.linalg.norm(np.diff(np.vstack([pieces[-2][-1:], pieces[-1]]), axis=0), axis=1).sum()
                self.cuts.append(self.cuts[-1] + float(length))
        self.points = np.vstack(pieces)
        self.at = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(self.points, axis=0), axis=1))]
        self.length = float(self.at[-1])

    def xz(self, q: Floats | float) -> Floats:
        """(..., 2) the place ``q`` metres along."""
        return np.stack([np.interp(q, self.at, c) for c in self.points.T], -1)

    def heading(self, start: float, stop: float) -> tuple[Floats, Floats]:
        """Places along the piece from ``start`` to ``stop`` and the path's heading there (unwrapped)."""
        q = np.linspace(start, stop, max(3, round((stop - start) / 0.02)))
        step = np.diff(self.xz(q), axis=0)
        way = np.unwrap(np.arctan2(step[:, 0], step[:, 1]))
        return 0.5 * (q[1:] + q[:-1]), way


def _rounded(points: Floats, radius_m: float = 0.75) -> Floats:
    """(N, 2) a point every centimetre of straight lines whose corners are rounded; both ends stay."""
    far = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    q = np.linspace(0, far[-1], max(3, round(far[-1] / 0.01)))
    line = np.stack([np.interp(q, far, c) for c in points.T], -1)
    half = round(min(radius_m, 0.4 * far[-1]) / (q[1] - q[0]))
    if len(points) < 3 or half < 2:
        return line
    bell = np.cos(np.linspace(-np.pi / 2, np.pi / 2, 2 * half + 1)) ** 2
    # Mirrored through the end points, so that these do not move.
    wide = np.pad(line, ((half, half), (0, 0)), mode="reflect", reflect_type="odd")
    return np.stack([np.convolve(c, bell / bell.sum(), mode="valid") for c in wide.T], -1)
