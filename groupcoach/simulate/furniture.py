"""Things in the empty room: flat ones on the walls, and boxes and balls on the floor beside the class."""

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
Bools = NDArray[np.bool_]
Colour = tuple[float, float, float]
Rect = tuple[float, float, float, float]

_WOOD: Final[Colour] = (0.66, 0.47, 0.29)
_METAL: Final[Colour] = (0.30, 0.31, 0.33)


@dataclass(frozen=True)
class Decal:
    """Something flat on a wall: left, right, low and high in metres along the wall and up."""

    kind: str
    """``window``, ``poster``, ``door``, ``radiator``, ``bars`` or ``clock``."""
    rect: Rect
    colour: Colour
    number: float
    """0 to 1, tells two of a kind apart."""


@dataclass(frozen=True, eq=False)
class Solid:
    """A box along the axes, or a ball (all three half sizes the same)."""

    ball: bool
    centre_m: Floats
    half_m: Floats
    colour: Colour
    shade: float
    """How much the floor beside it darkens."""


def draw_decals(
    rng: np.random.Generator, wall: str, back: float, front: float, half: float, top: float, sun: float,
    glass: Rect | None,
) -> tuple[Decal, ...]:  # fmt: skip
    """What hangs on a wall; nothing on top of anything else, nor of the mirror ``glass``."""
    long_wall = wall in ("back", "front")
    low, high = (-half + 0.3, half - 0.3) if long_wall else (back + 0.3, front - 0.3)
    sunny = wall == ("right" if sun > 0 else "left") or (wall == "back" and rng.random() < 0.5)
    out: list[Decal] = []
    if sunny:
        wide, gap, off = (float(rng.uniform(*r)) for r in ((1.1, 1.9), (0.3, 1.1), (0.0, 0.6)))
        sill, lintel = float(rng.uniform(0.9, 1.7)), min(top - 0.25, float(rng.uniform(2.5, 3.0)))
        number, warm = float(rng.random()), rng.random() < 0.6
        at = low + off
        while at + wide < high:
            out.append(Decal("window", (at, at + wide, sill, lintel), (0.80, 0.90, 0.98), number))
            if warm and sill > 0.8:
                out.append(Decal("radiator", (at + 0.1, at + wide - 0.1, 0.12, 0.68), (0.9, 0.9, 0.88), number))
            at += wide + gap
    kinds = ["door", "poster", "poster", "poster", "bars", "clock", "poster"]
    sizes = {"door": (0.95, 0.0, 2.1), "poster": (0.6, 1.2, 0.85), "bars": (0.9, 0.1, 2.5), "clock": (0.36, 2.3, 0.36)}
    for kind in rng.permutation(kinds)[: int(rng.integers(2, 6))]:
        width, foot, tall = sizes[str(kind)]
        if kind == "poster":
            width, tall = (float(rng.uniform(0.5, 1.1)), float(rng.uniform(0.5, 1.0)))
        left = float(rng.uniform(low, high - width))
        rect = (left, left + width, foot, foot + tall)
        colour = tuple(c / 255 for c in SHIRTS[int(rng.integers(len(SHIRTS)))])
        decal = Decal(str(kind), rect, (colour[0], colour[1], colour[2]), float(rng.random()))
        if not any(_overlap(rect, other.rect) for other in out):
            out.append(decal)
    return tuple(d for d in out if glass is None or not _overlap(d.rect, glass))


def _overlap(a: Rect, b: Rect, gap: float = 0.08) -> bool:
    return a[0] < b[1] + gap and a[1] > b[0] - gap and a[2] < b[3] + gap and a[3] > b[2] - gap


def paint_decal(decal: Decal, u: Floats, y: Floats, out: Floats) -> None:
    """Paints over the wall's colours ``out`` (N, 3) at the points ``u``, ``y`` (N,) that the decal covers."""
    left, right, low, high = decal.rect
    frame = 0.06 if decal.kind in ("window", "door") else 0.0
    near = (u > left - frame) & (u < right + frame) & (y > low - frame) & (y < high + frame)
    mine = np.flatnonzero(near)
    if not len(mine):
        return
    # a and b: metres from the left and lower edge; negative on the frame
    a, b = u[mine] - left, y[mine] - low
    rim = (a < 0) | (b < 0) | (a > right - left) | (b > high - low)
    paint = {"window": _window, "door": _door, "poster": _poster, "radiator": _radiator, "bars": _bars, "clock": _clock}
    colour, shows = paint[decal.kind](decal, a, b, right - left, high - low)
    colour[rim] = 0.93 if decal.kind == "window" else 0.75
    out[mine[shows]] = colour[shows]


def _flat(colour: Colour, n: int) -> Floats:
    return np.tile(np.array(colour, np.float32), (n, 1))


def _window(d: Decal, a: Floats, b: Floats, wide: float, tall: float) -> tuple[Floats, Bools]:
    up = np.clip(b / tall, 0, 1)[:, None]
    sky = np.array(d.colour) * (0.90 + 0.10 * d.number) + up * np.array([-0.06, 0.0, 0.02])
    tops = 0.28 + 0.10 * d.number + 0.05 * np.sin(7 * a + 9 * d.number) + 0.03 * np.sin(23 * a)
    trees = np.array([0.58, 0.68, 0.56]) + 0.05 * np.sin(31 * a[:, None] + 17 * b[:, None])
    out = np.where(up < tops[:, None], trees, sky).astype(np.float32)
    out[(np.abs(a - wide / 2) < 0.025) | (np.abs(b - 0.62 * tall) < 0.02)] = 0.93
    return out, np.ones(len(a), bool)


def _door(d: Decal, a: Floats, b: Floats, wide: float, tall: float) -> tuple[Floats, Bools]:
    tone: Colour = _WOOD if d.number < 0.5 else (0.72, 0.74, 0.76)
    out = _flat(tone, len(a)) * (1 - 0.05 * (np.sin(40 * a) > 0.6))[:, None]
    out[(np.abs(a - 0.1) < 0.045) & (np.abs(b - 1.02) < 0.015)] = 0.35
    out[(np.abs(a - wide / 2) < 0.12) & (np.abs(b - 1.55) < 0.28) & (d.number > 0.3)] = (0.70, 0.80, 0.86)
    return out, np.ones(len(a), bool)


def _poster(d: Decal, a: Floats, b: Floats, wide: float, tall: float) -> tuple[Floats, Bools]:
    out = _flat((0.92, 0.91, 0.87), len(a))
    s, t = a / wide, b / tall
    colour = np.array(d.colour)
    if d.number < 0.35:
        out[np.hypot(s - 0.5, (t - 0.6) * tall / wide) < 0.28] = colour
    elif d.number < 0.7:
        out[t > 0.35 + 0.4 * np.abs(s - 0.4)] = 0.5 + 0.4 * colour
        out[(t > 0.3) & (t < 0.3 + 0.5 * s)] = colour
    else:
        out[:] = 0.25 + 0.5 * colour
        out[np.abs(((s + t) * 4) % 1 - 0.5) < 0.12] = 0.9
    lines = (np.abs(t * 22 % 1 - 0.5) < 0.22) & (t < 0.24) & (t > 0.05) & (s > 0.1) & (s < 0.55 + 0.3 * d.number)
    out[lines] = 0.2
    return out, np.ones(len(a), bool)


def _radiator(d: Decal, a: Floats, b: Floats, wide: float, tall: float) -> tuple[Floats, Bools]:
    out = _flat(d.colour, len(a)) * (0.86 + 0.14 * np.abs(np.sin(math.pi * a / 0.06)))[:, None]
    return out, np.ones(len(a), bool)


def _bars(d: Decal, a: Floats, b: Floats, wide: float, tall: float) -> tuple[Floats, Bools]:
    upright = (a < 0.07) | (a > wide - 0.07)
    rung = np.abs(b % 0.18 - 0.09) < 0.02
    out = _flat(_WOOD, len(a)) * np.where(upright, 0.86, 1.0 - 0.2 * (b % 0.18 < 0.085))[:, None]
    return out, upright | rung


def _clock(d: Decal, a: Floats, b: Floats, wide: float, tall: float) -> tuple[Floats, Bools]:
    x, y = a - wide / 2, b - tall / 2
    r = np.hypot(x, y)
    out = _flat((0.95, 0.95, 0.93), len(a))
    for turn, long in ((6.28 * d.number, 0.6), (75 * d.number, 0.85)):
        c, s = math.cos(turn), math.sin(turn)
        out[(np.abs(c * x + s * y) < 0.008) & (c * y - s * x > 0) & (r < long * wide / 2)] = 0.1
    out[r > 0.88 * wide / 2] = 0.2
    return out, r < wide / 2


def draw_solids(
    rng: np.random.Generator, back: float, half: float, spots: tuple[Spot, ...], glass: Rect | None
) -> tuple[Solid, ...]:
    """Benches, shelves, boxes and balls along the back and side walls, away from every spot."""
    out: list[Solid] = []

    def box(x: float, y: float, z: float, size: tuple[float, float, float], colour: Colour, shade: float) -> None:
        out.append(Solid(False, np.array([x, y, z]), np.array(size) / 2, colour, shade))

    def ball(x: float, y: float, z: float, radius: float, colour: Colour, shade: float) -> None:
        out.append(Solid(True, np.array([x, y, z]), np.full(3, radius), colour, shade))

    def paint() -> Colour:
        r, g, b = SHIRTS[int(rng.integers(len(SHIRTS)))]
        return 0.1 + 0.7 * r / 255, 0.1 + 0.7 * g / 255, 0.1 + 0.7 * b / 255

    for kind in rng.permutation(["bench", "rack", "ball", "boxes", "ball", "rack"])[: int(rng.integers(1, 5))]:
        by_side = bool(rng.random() < 0.4) or glass is not None
        side = float(rng.choice([-1.0, 1.0]))
        x = side * (half - 0.4) if by_side else float(rng.uniform(-half + 1.2, half - 1.2))
        z = back + (float(rng.uniform(1.2, 4.0)) if by_side else 0.32)
        if any(math.hypot(s.x_m - x, s.z_m - z) < 1.5 for s in spots):
            continue
        if any(np.hypot(*(s.centre_m - (x, 0, z))[[0, 2]]) < 1.5 for s in out):
            continue
        if kind == "bench":
            size = (0.34, 0.05, 1.7) if by_side else (1.7, 0.05, 0.34)
            box(x, 0.42, z, size, _WOOD, 0.0)
            for k in (-0.7, 0.7):
                px, pz = (x, z + k) if by_side else (x + k, z)
                box(px, 0.2, pz, (0.28, 0.39, 0.06) if by_side else (0.06, 0.39, 0.28), _METAL, 0.35)
        elif kind == "rack":
            for level in (0.3, 0.75):
                box(x, level, z, (0.4, 0.05, 1.3) if by_side else (1.3, 0.05, 0.4), _METAL, 0.12)
                for k in np.linspace(-0.5, 0.5, int(rng.integers(3, 6))):
                    px, pz = (x, z + k) if by_side else (x + k, z)
                    ball(px, level + 0.1, pz, 0.075, paint() if level < 0.5 else (0.16, 0.16, 0.18), 0.0)
            for k in (-0.62, 0.62):
                px, pz = (x, z + k) if by_side else (x + k, z)
                box(px, 0.45, pz, (0.36, 0.9, 0.05) if by_side else (0.05, 0.9, 0.36), _METAL, 0.3)
        elif kind == "boxes":
            box(x, 0.2, z, (0.5, 0.4, 0.5), paint() if rng.random() < 0.5 else _WOOD, 0.35)
            box(x + 0.03, 0.52, z, (0.4, 0.24, 0.4), paint(), 0.0)
        else:
            radius = float(rng.uniform(0.26, 0.36))
            ball(x, radius, z + 0.05, radius, paint(), 0.45)
    return tuple(out)


def hit_solids(solids: tuple[Solid, ...], origin: Floats, rays: Floats, distance: Floats, out: Floats) -> Bools:
    """Draws what rays (N, 3) meet before ``distance`` (N,, changed); colours go into ``out`` (N, 3); who met one."""
    met = np.zeros(len(rays), bool)
    long2 = (rays * rays).sum(-1)
    for solid in solids:
        to = (solid.centre_m - origin).astype(np.float32)
        along = rays @ to / long2
        reach2 = float((solid.half_m**2).sum()) if not solid.ball else float(solid.half_m[0] ** 2)
        gap2 = float(to @ to) - along * along * long2
        near = np.flatnonzero((gap2 < reach2) & (along > 0))
        if not len(near):
            continue
        ray = rays[near]
        if solid.ball:
            t = along[near] - np.sqrt(np.maximum(reach2 - gap2[near], 0) / long2[near])
            hit = t < distance[near]
            normal = (ray * t[:, None] - to) / solid.half_m[0]
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                a, b = (to - solid.half_m) / ray, (to + solid.half_m) / ray
            enter, leave = np.minimum(a, b), np.maximum(a, b)
            t, axis = enter.max(1), enter.argmax(1)
            hit = (t < leave.min(1)) & (t > 0) & (t < distance[near])
            normal = np.zeros_like(ray)
            rows = np.arange(len(ray))
            normal[rows, axis] = -np.sign(ray[rows, axis])
        level = 0.62 + 0.33 * normal[:, 1] + 0.08 * normal[:, 2]
        rows = near[hit]
        out[rows] = np.array(solid.colour) * level[hit, None]
        distance[rows] = t[hit]
        met[rows] = True
    return met
