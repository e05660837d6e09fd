"""Floors and walls of the empty room: what they are made of, by chance, and the colour of points on them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.colours import SHIRTS

if TYPE_CHECKING:
    from groupcoach.simulate.scene import Spot

Floats = NDArray[np.floating[Any]]
Colour = tuple[float, float, float]

_FLOORS: Final[dict[str, tuple[Colour, ...]]] = {
    "wood": ((0.70, 0.52, 0.35), (0.58, 0.42, 0.30), (0.78, 0.64, 0.48), (0.50, 0.38, 0.30), (0.74, 0.68, 0.58)),
    "parquet": ((0.68, 0.50, 0.32), (0.60, 0.45, 0.33)),
    "tiles": ((0.66, 0.66, 0.64), (0.74, 0.70, 0.64), (0.52, 0.54, 0.56)),
    "rubber": ((0.30, 0.32, 0.36), (0.36, 0.42, 0.44), (0.24, 0.24, 0.26)),
    "court": ((0.30, 0.50, 0.44), (0.26, 0.40, 0.58), (0.66, 0.40, 0.30)),
    "carpet": ((0.42, 0.46, 0.54), (0.50, 0.42, 0.40), (0.46, 0.52, 0.46)),
}
_WALLS: Final[tuple[Colour, ...]] = (
    (0.86, 0.85, 0.80), (0.75, 0.80, 0.83), (0.80, 0.76, 0.70), (0.70, 0.74, 0.70), (0.62, 0.66, 0.74),
    (0.82, 0.70, 0.62), (0.55, 0.57, 0.60), (0.90, 0.89, 0.88), (0.78, 0.80, 0.66),
)  # fmt: skip


@dataclass(frozen=True)
class Mat:
    """An exercise mat: its middle, how it lies, and its colour."""

    x_m: float
    z_m: float
    yaw: float
    colour: Colour


@dataclass(frozen=True)
class FloorStyle:
    """What the floor is made of and what lies flat on it."""

    kind: str
    colour: Colour
    sun: float
    """The side of the windows, -1 or 1."""
    patch: float
    """Brightness of the sun on the floor; 0 = none."""
    mats: tuple[Mat, ...]


@dataclass(frozen=True)
class WallStyle:
    """What walls are made of."""

    kind: str
    """``plain``, ``brick``, ``panels`` or ``low`` (another colour below)."""
    colour: Colour
    second: Colour
    level_m: float


def draw_floor(rng: np.random.Generator, spots: tuple[Spot, ...], sun: float) -> FloorStyle:
    """A floor; seven rooms of ten have mats under everybody."""
    kind = str(rng.choice(["wood", "wood", "parquet", "tiles", "rubber", "court", "carpet"]))
    tones = _FLOORS[kind]
    colour = tones[int(rng.integers(len(tones)))]
    mats: list[Mat] = []
    if rng.random() < 0.7:
        same, first = rng.random() < 0.5, int(rng.integers(len(SHIRTS)))
        for k, s in enumerate(spots):
            r, g, b = SHIRTS[first if same else (first + 3 * k) % len(SHIRTS)]
            mats.append(Mat(s.x_m, s.z_m, s.yaw, (0.12 + 0.6 * r / 255, 0.12 + 0.6 * g / 255, 0.12 + 0.6 * b / 255)))
    return FloorStyle(kind, colour, sun, float(rng.uniform(0.1, 0.28)) * (rng.random() < 0.4), tuple(mats))


def draw_wall(rng: np.random.Generator) -> WallStyle:
    """Walls."""
    kind = str(rng.choice(["plain", "plain", "band", "low", "brick", "panels"]))
    colour = _WALLS[int(rng.integers(len(_WALLS)))]
    r, g, b = SHIRTS[int(rng.integers(len(SHIRTS)))]
    share = 0.5 if kind == "band" else 0.3
    second = tuple(share * c / 255 + (1 - share) * w for c, w in zip((r, g, b), colour, strict=True))
    return WallStyle(kind, colour, (second[0], second[1], second[2]), float(rng.uniform(0.9, 1.3)))


def paint_floor(style: FloorStyle, p: Floats, half: float) -> Floats:
    """(N, 3) colours of points (N, 3) on the floor of a room that is 2 * ``half`` wide."""
    x, z = p[:, 0], p[:, 2]
    shade = np.ones(len(p), np.float32)
    if style.kind == "wood":
        plank = np.floor(x / 0.14)
        board = np.floor((z + 0.61 * plank) / 1.7)
        shade += 0.10 * (chance(plank * 7.1 + board * 13.7) - 0.5) + 0.02 * np.sin(90 * x + 6 * np.sin(3 * z + plank))
        shade -= 0.16 * np.exp(-((_seam(x, 0.14) / 0.04) ** 2))
    elif style.kind == "parquet":
        cx, cz = np.floor(x / 0.48), np.floor(z / 0.48)
        along = (cx + cz) % 2 == 0
        strip = np.floor(np.where(along, x, z) / 0.08)
        shade += 0.12 * (chance(strip * 3.7 + cx * 11.3 + cz * 5.1) - 0.5) + 0.03 * np.where(along, 1, -1)
        shade -= 0.10 * np.exp(-((np.where(along, _seam(x, 0.08), _seam(z, 0.08)) / 0.06) ** 2))
    elif style.kind == "tiles":
        shade += 0.05 * (chance(np.floor(x / 0.6) * 5.3 + np.floor(z / 0.6) * 9.7) - 0.5)
        shade -= 0.22 * np.exp(-((np.minimum(_seam(x, 0.6), _seam(z, 0.6)) / 0.016) ** 2))
    elif style.kind == "rubber":
        shade += 0.10 * (chance(np.floor(x / 0.02) * 3.1 + np.floor(z / 0.02) * 17.3) - 0.5)
        shade -= 0.12 * np.exp(-((np.minimum(_seam(x, 1.0), _seam(z, 1.0)) / 0.008) ** 2))
    elif style.kind == "carpet":
        shade += 0.07 * (chance(np.floor(x / 0.03) * 3.1 + np.floor(z / 0.03) * 17.3) - 0.5)
        shade += 0.05 * ((np.floor(x / 0.5) + np.floor(z / 0.5)) % 2 - 0.5)
    out = np.asarray(np.array(style.colour, np.float32) * shade[:, None])
    if style.kind == "court":
        ring = np.abs(np.hypot(x, z + 1.5) - 1.8) < 0.025
        lines = (np.abs(z + 1.5) < 0.025) | (np.abs(np.abs(x) - 3.6) < 0.025) | ring
        out[lines] = (0.88, 0.88, 0.84)
        out[np.abs(x - 1.1) < 0.02] = (0.80, 0.66, 0.22)
    for mat in style.mats:
        _mat(mat, x, z, out)
    # Light falls in from the window side.
    away = half - style.sun * x
    light = 0.97 + 0.05 * np.exp(-away / 2.0)
    if style.patch:
        up, along_z = away / 1.1, z + 0.35 * away
        lit = (up > 0.9) & (up < 2.5) & (along_z % 2.2 < 1.5) & (np.abs(along_z % 2.2 - 0.75) > 0.03)
        light = light + style.patch * lit
    return np.asarray(out * light[:, None])


def _mat(mat: Mat, x: Floats, z: Floats, out: Floats) -> None:
    near = np.flatnonzero(np.hypot(x - mat.x_m, z - mat.z_m) < 1.1)
    c, s = math.cos(mat.yaw), math.sin(mat.yaw)
    dx, dz = x[near] - mat.x_m, z[near] - mat.z_m
    u, v = np.abs(c * dx - s * dz), np.abs(s * dx + c * dz)
    edge = np.maximum(u - 0.34, v - 0.92)
    out[near] *= (1 - 0.25 * np.exp(-((np.maximum(edge, 0) / 0.03) ** 2)))[:, None]
    mine = edge < 0
    rim = np.where(edge[mine] > -0.02, 0.85, 1.0)
    out[near[mine]] = np.array(mat.colour) * rim[:, None]


def paint_wall(style: WallStyle, u: Floats, y: Floats, top: float) -> Floats:
    """(N, 3) colours of points on a wall: ``u`` (N,) metres along it, ``y`` (N,) metres up."""
    colour = np.array(style.colour, np.float32)
    shade = (0.93 + 0.06 * y / top).astype(np.float32)
    if style.kind == "brick":
        course = np.floor(y / 0.08)
        along = u + 0.11 * (course % 2)
        shade += 0.12 * (chance(np.floor(along / 0.22) * 3.3 + course * 7.9) - 0.5)
        joint = np.minimum(_seam(along, 0.22) * 0.22, _seam(y, 0.08) * 0.08)
        shade -= 0.10 * np.exp(-((joint / 0.006) ** 2))
    elif style.kind == "panels":
        shade += 0.03 * (chance(np.floor(u / 1.2) * 5.7) - 0.5)
        shade -= 0.14 * np.exp(-((_seam(u, 1.2) * 1.2 / 0.008) ** 2))
    out = np.asarray(colour * shade[:, None])
    second = np.array(style.second, np.float32)
    if style.kind == "band":
        band = (y > style.level_m) & (y < style.level_m + 0.14)
        out[band] = second * shade[band, None]
    elif style.kind == "low":
        below = y < style.level_m
        out[below] = second * shade[below, None]
        out[np.abs(y - style.level_m) < 0.02] = 0.6 * colour
    out[y < 0.1] = 0.82 * colour
    out *= (1 - 0.22 * np.exp(-y / 0.12))[:, None]
    return out


def _seam(v: Floats, size: float) -> Floats:
    """Distance from the nearest multiple of ``size``, in sizes."""
    return np.asarray(np.minimum(v / size % 1, 1 - v / size % 1))


def chance(v: Floats) -> Floats:
    """Chance between 0 and 1 that is the same for the same number."""
    return np.asarray(np.modf(np.abs(np.sin(v * 12.9898) * 43758.5453))[0])
