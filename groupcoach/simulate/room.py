"""The empty room: drawn from chance once, then painted by following the ray of every pixel, also out of the mirror."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.furniture import Decal, Solid, draw_decals, draw_solids, hit_solids, paint_decal
from groupcoach.simulate.mirror import Mirror
from groupcoach.simulate.surfaces import FloorStyle, WallStyle, draw_floor, draw_wall, paint_floor, paint_wall

if TYPE_CHECKING:
    from groupcoach.simulate.scene import SceneCamera, Spot

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

#: Rays a side of a pixel; their mean is the pixel.
FINE: Final = 2
#: Rows of the picture that are painted in one go.
_BAND: Final = 24
WALLS: Final = ("back", "front", "left", "right")
#: The ways light falls off: strongest slope of brightness across the room, a metre.
_SLOPE: Final = 0.028


@dataclass(frozen=True, eq=False)
class Room:
    """Walls at z = ``back_m`` and ``front_m`` (behind the camera) and x = +- ``half_m``, and what is in between."""

    back_m: float
    front_m: float
    half_m: float
    top_m: float
    slope: float
    """Brightness grows by this share a metre to the right."""
    floor: FloorStyle
    wall: WallStyle
    decals: dict[str, tuple[Decal, ...]]
    """Flat things, by wall."""
    solids: tuple[Solid, ...]
    glass: tuple[float, float, float, float] | None
    """left, right, low, high of the mirror on the back wall."""
    tint: Floats


def draw_room(
    rng: np.random.Generator,
    camera: SceneCamera,
    spots: tuple[Spot, ...],
    rows: int,
    *,
    sun: float,
    mirror: bool,
) -> Room:
    """A room around a class and its camera.

    Args:
        rng: Source of chance.
        camera: Is inside.
        spots: Where people stand; nothing else does there.
        rows: Of the class.
        sun: The side the light comes from, -1 or 1.
        mirror: On the back wall.
    """
    widest = max(abs(s.x_m) for s in spots)
    half = max(float(rng.uniform(3.6, 5.0) + 0.8 * rows), widest + 1.5)
    back = min(s.z_m for s in spots) - float(rng.uniform(1.4, 2.3))
    front = float(camera.position_m[2]) + float(rng.uniform(0.6, 2.0))
    top = float(rng.uniform(3.2, 3.9))
    glass = None
    if mirror:
        wide = half - 0.4 if rng.random() < 0.5 else min(half - 0.4, widest + float(rng.uniform(0.8, 1.6)))
        off = float(rng.uniform(-0.3, 0.3)) * (half - 0.4 - wide)
        glass = (off - wide, off + wide, float(rng.choice([0.1, 0.35])), float(rng.uniform(2.0, 2.5)))
    style = draw_floor(rng, spots, sun)
    wall = draw_wall(rng)
    decals = {name: draw_decals(rng, name, back, front, half, top, sun, glass if name == "back" else None)
              for name in WALLS}  # fmt: skip
    solids = draw_solids(rng, back, half, spots, glass)
    slope = sun * float(rng.uniform(0.2, 1.0)) * _SLOPE
    tint = np.array([0.90, 0.93, 0.92]) * rng.uniform(0.94, 1.0)
    return Room(back, front, half, top, slope, style, wall, decals, solids, glass, tint)


def paint_room(room: Room, camera: SceneCamera) -> tuple[NDArray[np.uint8], Bools, Mirror | None]:
    """The room through the camera.

    Returns:
        (H, W, 3) picture, (H, W) mask of the floor, and the mirror with its masks.
    """
    import cv2

    w, h = camera.width, camera.height
    picture = np.empty((h, w, 3), np.uint8)
    masks = np.zeros((3, h, w), bool)
    x = ((np.arange(w * FINE) + 0.5) / FINE - 0.5).astype(np.float32)
    for top in range(0, h, _BAND):
        rows = min(_BAND, h - top)
        y = (top + (np.arange(rows * FINE) + 0.5) / FINE - 0.5).astype(np.float32)
        rays = camera.rays(np.stack(np.meshgrid(x, y), -1)).astype(np.float32).reshape(-1, 3)
        colour, *seen = _follow(room, camera.position_m.astype(np.float32), rays)
        band = np.clip(colour, 0, 1).reshape(rows * FINE, w * FINE, 3)
        picture[top : top + rows] = cv2.resize(band, (w, rows), interpolation=cv2.INTER_AREA) * 255
        for mask, mine in zip(masks, seen, strict=True):
            mask[top : top + rows] = mine.reshape(rows, FINE, w, FINE).mean((1, 3)) > 0.5
    floor, glass, below = masks
    mirror = None if room.glass is None else Mirror(room.back_m, *room.glass, room.tint, glass, below)
    return picture, floor, mirror


def _follow(room: Room, origin: Floats, rays: Floats) -> tuple[Floats, Bools, Bools, Bools]:
    """Colours (N, 3) of rays, where they meet the floor, the mirror, and the floor in the mirror, each (N,)."""
    colour, point, on_floor, on_back = _meet(room, origin, rays)
    in_glass = np.zeros(len(rays), bool)
    below = np.zeros(len(rays), bool)
    if room.glass is None:
        return colour, on_floor, in_glass, below
    left, right, low, high = room.glass
    x, y = point[:, 0], point[:, 1]
    in_glass = on_back & (x > left) & (x < right) & (y > low) & (y < high)
    rim = on_back & ~in_glass & (x > left - 0.05) & (x < right + 0.05) & (y > low - 0.05) & (y < high + 0.05)
    colour[rim] = (0.42, 0.42, 0.44)
    if in_glass.any():
        behind = origin * (1, 1, -1) + np.array([0, 0, 2 * room.back_m], np.float32)
        seen, _, beyond, _ = _meet(room, behind.astype(np.float32), rays[in_glass] * np.array([1, 1, -1], np.float32))
        # Sheets of glass side by side: thin dark joints.
        sheet = (x[in_glass] - left) % 1.3
        seen *= room.tint * np.where((sheet < 0.008) & (x[in_glass] - left > 0.1), 0.55, 1.0)[:, None]
        colour[in_glass] = seen
        below[in_glass] = beyond
    return colour, on_floor, in_glass, below


def _meet(room: Room, origin: Floats, rays: Floats) -> tuple[Floats, Floats, Bools, Bools]:
    """What rays (N, 3) from a point meet: colour (N, 3), point (N, 3), whether the floor, whether the back wall."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / rays
    # From behind the mirror the back wall is no obstacle: rays run towards the camera's side.
    far = np.stack([
        np.where(rays[:, 1] < 0, -origin[1] * inverse[:, 1], np.inf),
        np.where(rays[:, 1] > 0, (room.top_m - origin[1]) * inverse[:, 1], np.inf),
        np.where(rays[:, 2] < 0, (room.back_m - origin[2]) * inverse[:, 2], np.inf),
        np.where(rays[:, 2] > 0, (room.front_m - origin[2]) * inverse[:, 2], np.inf),
        np.where(rays[:, 0] < 0, (-room.half_m - origin[0]) * inverse[:, 0], np.inf),
        np.where(rays[:, 0] > 0, (room.half_m - origin[0]) * inverse[:, 0], np.inf),
    ])  # fmt: skip
    what = far.argmin(0)
    distance = far.min(0)
    point = (origin + rays * distance[:, None]).astype(np.float32)
    out = np.empty((len(rays), 3), np.float32)
    for k, name in enumerate(("floor", "ceiling", *WALLS)):
        mine = np.flatnonzero(what == k)
        if len(mine):
            out[mine] = _surface(room, name, point[mine])
    out *= (1 + room.slope * point[:, :1]).astype(np.float32)
    hit = hit_solids(room.solids, origin, rays, distance, out)
    return out, point, (what == 0) & ~hit, (what == 2) & ~hit


def _surface(room: Room, name: str, p: Floats) -> Floats:
    x, y, z = p.T
    if name == "floor":
        out = paint_floor(room.floor, p, room.half_m)
        wall = np.minimum(np.minimum(z - room.back_m, room.front_m - z), room.half_m - np.abs(x))
        out *= (1 - 0.25 * np.exp(-((wall / 0.5) ** 2)))[:, None]
        for solid in room.solids:
            gap = np.hypot(
                np.maximum(np.abs(x - solid.centre_m[0]) - solid.half_m[0], 0),
                np.maximum(np.abs(z - solid.centre_m[2]) - solid.half_m[2], 0),
            )
            out *= (1 - solid.shade * np.exp(-((gap / 0.12) ** 2)))[:, None]
        return np.asarray(out)
    if name == "ceiling":
        lamp = (np.abs(x % 2.4 - 1.2) < 0.12) & (np.abs(z % 2.0 - 1.0) < 0.6)
        return np.asarray(np.where(lamp, 1.0, 0.84)[:, None] * np.array([1.0, 0.99, 0.96]))
    u, length = (x, room.half_m) if name in ("back", "front") else (z, math.inf)
    out = paint_wall(room.wall, u, y, room.top_m)
    if name != "back":
        out *= 0.9
    corner = np.minimum(np.where(np.isinf(length), z - room.back_m, length - np.abs(u)), room.top_m - y)
    out *= (1 - 0.10 * np.exp(-((corner / 0.35) ** 2)))[:, None]
    for decal in room.decals[name]:
        paint_decal(decal, u, y, out)
    return np.asarray(out)
