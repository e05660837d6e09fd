"""A lens that bends straight lines a little (Brown's first radial term), and its inverse. Pure numpy.

Points are in normalised coordinates: x / z and y / z in camera axes.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

#: Share of the radius where a barrel lens would fold back, squared; the formula holds up to there.
_USED: Final = 0.6
_STEPS: Final = 14


def bend(points: Floats, k1: float) -> Floats:
    """(..., 2) as a pinhole sees them -> (..., 2) as the lens does: ``p * (1 + k1 * r^2)``.

    With ``k1`` < 0 that would fold back far outside the picture; from 0.77 of the fold's radius on (1.8 for -0.06, far
    beyond the corner of a wide picture) it goes on straight, so that what is outside stays outside.
    """
    if k1 == 0:
        return np.asarray(points)
    r2 = points[..., :1] * points[..., :1] + points[..., 1:] * points[..., 1:]
    if k1 > 0:
        return np.asarray(points * (1 + k1 * r2))
    limit2 = _USED / (3 * -k1)
    inner = 1 + k1 * np.minimum(r2, limit2)
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = np.sqrt(limit2)
        r = np.sqrt(r2)
        beyond = (limit * (1 + k1 * limit2) + (1 - _USED) * (r - limit)) / r
    return np.asarray(points * np.where(r2 > limit2, beyond, inner))


def unbend(points: Floats, k1: float) -> Floats:
    """The inverse of :func:`bend` for points (..., 2), by fixed-point iteration where that is Brown's.

    Exact to 1e-6 for ``abs(k1)`` <= 0.1 and radii up to 1.3, to 1e-4 beyond (corners of an upright, wide picture).
    """
    if k1 == 0:
        return np.asarray(points)
    x, y = points[..., 0], points[..., 1]
    r2 = x * x + y * y
    limit = math.sqrt(_USED / (3 * -k1)) if k1 < 0 else math.inf
    edge = limit * (1 + k1 * limit * limit) if k1 < 0 else math.inf
    bent = k1 * np.minimum(r2, edge * edge)
    scale = np.ones_like(x)
    for _ in range(_STEPS):
        scale = 1 / (1 + bent * scale * scale)
    if k1 < 0 and (r2 > edge * edge).any():
        r = np.sqrt(np.maximum(r2, edge * edge))
        scale = np.where(r2 > edge * edge, (limit + (r - edge) / (1 - _USED)) / r, scale)
    return np.asarray(points * scale[..., None])
