"""The room, the camera in it and the spots people stand on.

Room axes: metres, x to the right of the picture, y up, z towards the camera; the floor is y = 0 and the class stands
around the origin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.people import SHIRTS

Floats = NDArray[np.floating[Any]]

VIEWS: Final = ("front", "side", "oblique", "mixed")
#: People a row holds, and rows there can be.
ROW: Final = 6
ROWS: Final = 5
ROW_GAP: Final = 1.9
MOST_PEOPLE: Final = ROW * ROWS


@dataclass(frozen=True, eq=False)
class SceneCamera:
    """A pinhole camera in the room."""

    width: int
    height: int
    focal_px: float
    position_m: Floats
    """(3,) in the room."""
    pitch: float
    """Looking down by this, radians."""

    @property
    def axes(self) -> Floats:
        """(3, 3): room to camera axes (x right, y down, z away)."""
        c, s = math.cos(self.pitch), math.sin(self.pitch)
        return np.array([[1.0, 0, 0], [0, -c, -s], [0, -s, c]]) @ np.diag([1.0, 1.0, -1.0])

    @property
    def centre_px(self) -> tuple[float, float]:
        """Principal point."""
        return self.width / 2, self.height / 2

    def to_camera(self, points_m: Floats) -> Floats:
        """(..., 3) room -> camera axes."""
        return np.asarray((points_m - self.position_m) @ self.axes.T)

    def to_px(self, camera_m: Floats) -> Floats:
        """(..., 3) camera axes -> (..., 2) px; NaN behind the camera."""
        z = np.where(camera_m[..., 2:] > 0.05, camera_m[..., 2:], np.nan)
        return np.asarray(camera_m[..., :2] / z * self.focal_px + np.asarray(self.centre_px))


@dataclass(frozen=True)
class Spot:
    """A place in the class: room metres, which way its person faces (0 = the camera), and its name."""

    name: str
    x_m: float
    z_m: float
    yaw: float


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that does not move."""

    camera: SceneCamera
    spots: tuple[Spot, ...]
    light: Floats
    """(3,) unit vector towards the lamp, in the room."""
    background: NDArray[np.uint8]
    """(H, W, 3) RGB, the empty room."""
    floor: NDArray[np.bool_]
    """(H, W) where the floor is seen."""
    glow: float
    """Brightness of people relative to full light."""


def place_people(rng: np.random.Generator, people: int, view: str, *, roomy: bool, wide: float) -> tuple[Spot, ...]:
    """Spots for a class, the front row first; rows behind stand in the gaps.

    Args:
        rng: Source of chance.
        people: How many.
        view: One of ``VIEWS``.
        roomy: Wider gaps.
        wide: Distance over half width of what the camera sees there.
    """
    per_row = people if people <= 5 else math.ceil(people / math.ceil(people / ROW))
    gap = 1.55 + 0.2 * roomy + 0.2 * (view in ("side", "mixed"))
    base = {"front": 0.0, "side": math.pi / 2 * rng.choice([-1, 1]), "oblique": 0.6 * rng.choice([-1, 1]), "mixed": 0.0}
    away_m = (per_row * gap / 2 + 0.5) * wide
    spots = []
    for k in range(people):
        row, column = divmod(k, per_row)
        in_row = min(per_row, people - row * per_row)
        x = (column - (in_row - 1) / 2) * gap
        if people > per_row and in_row == per_row:
            x += 0.25 * gap * (1 if row % 2 else -1)
        x += rng.uniform(-0.06, 0.06)
        z = -row * ROW_GAP + rng.uniform(-0.25, 0.25)
        # Gaps are what the camera sees: a row behind stands wider by as much as it is farther away.
        x *= (away_m + row * ROW_GAP) / away_m
        turned = rng.uniform(-1.3, 1.3) if view == "mixed" else base[view] + rng.uniform(-0.15, 0.15)
        spots.append(Spot(f"{'ABCDE'[row]}{column + 1}", float(x), float(z), float(turned)))
    return tuple(spots)


def build_scene(rng: np.random.Generator, people: int, size: tuple[int, int], view: str, *, roomy: bool) -> Scene:
    """A room with a camera that sees every spot.

    Args:
        rng: Source of chance.
        people: How many spots.
        size: Width and height of the picture.
        view: One of ``VIEWS``: how the class is turned to the camera.
        roomy: Wider gaps (exercises that lie down or step far).
    """
    width, height = size
    fov = math.radians(rng.uniform(48, 66))
    focal = width / 2 / math.tan(fov / 2)
    wide = focal / (width / 2)
    spots = place_people(rng, people, view, roomy=roomy, wide=wide)
    rows = 1 + max("ABCDE".index(s.name[0]) for s in spots)
    high = rng.uniform(1.25, 1.7) if rows == 1 else rng.uniform(1.9, 2.2) + 0.15 * (rows - 2)
    # Far enough for every spot with arms out, and for raised arms above.
    reach = max((abs(s.x_m) + 0.85) * wide + s.z_m for s in spots)
    if roomy:  # lying bodies: the head is ahead of the spot, the feet behind
        ends = [(s.x_m + far * math.sin(s.yaw), s.z_m + far * math.cos(s.yaw)) for s in spots for far in (0.85, -1.0)]
        reach = max(reach, *((abs(x) + 0.25) * wide + z for x, z in ends))
    front = max(s.z_m for s in spots)
    away = max(reach, front + 2.45 * focal / (0.94 * height), front + 2.6)
    lowest = min(s.z_m for s in spots)
    # Aim at the middle between the front row's feet and the raised hands.
    up = math.atan2(2.35 - high, away - front)
    down = math.atan2(high + 0.12, away - front - 0.35)
    pitch = (down - up) / 2
    camera = SceneCamera(width, height, focal, np.array([0.0, high, away]), pitch)
    light = np.array([rng.uniform(-0.7, 0.7), 1.0, rng.uniform(0.35, 0.9)])
    light /= np.linalg.norm(light)
    back = lowest - rng.uniform(1.3, 2.2)
    picture, floor = _draw_room(rng, camera, spots, back, float(rng.uniform(3.6, 5.0) + 1.0 * rows))
    return Scene(camera, spots, light, picture, floor, float(rng.uniform(0.9, 1.05)))


def _draw_room(
    rng: np.random.Generator, camera: SceneCamera, spots: tuple[Spot, ...], back: float, half: float
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The empty room, twice as fine and averaged down; and the mask of the floor."""
    import cv2

    w, h = camera.width * 2, camera.height * 2
    x = (np.arange(w) + 0.5) / 2 - camera.centre_px[0]
    y = (np.arange(h) + 0.5) / 2 - camera.centre_px[1]
    ray = np.stack(np.broadcast_arrays(x[None, :] / camera.focal_px, y[:, None] / camera.focal_px, 1.0), -1)
    ray = (ray.reshape(-1, 3) @ camera.axes).astype(np.float32)
    origin = camera.position_m.astype(np.float32)
    top = 3.4
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.stack([
            np.where(ray[:, 1] < 0, -origin[1] / ray[:, 1], np.inf),
            np.where(ray[:, 1] > 0, (top - origin[1]) / ray[:, 1], np.inf),
            np.where(ray[:, 2] < 0, (back - origin[2]) / ray[:, 2], np.inf),
            (half * np.sign(ray[:, 0]) - origin[0]) / ray[:, 0],
        ])  # fmt: skip
    what = far.argmin(0)
    point = origin + ray * far.min(0)[:, None]
    out = np.empty((w * h, 3), np.float32)
    sun = float(rng.choice([-1.0, 1.0]))
    for k, paint in enumerate((_floor, _ceiling, _wall, _side)):
        mine = what == k
        if mine.any():
            out[mine] = paint(rng, point[mine], back, half, top, sun)
        elif k == 0:
            raise AssertionError("a class without a floor")
    if rng.random() < 0.7:
        _mats(rng, out, point, what == 0, spots)
    picture = cv2.resize(
        np.clip(out, 0, 1).reshape(h, w, 3), (camera.width, camera.height), interpolation=cv2.INTER_AREA
    )
    floor = (what == 0).reshape(h, w)[::2, ::2]
    return (picture * 255).astype(np.uint8), floor


def _floor(rng: np.random.Generator, p: Floats, back: float, half: float, top: float, sun: float) -> Floats:
    kind = rng.choice(["wood", "wood", "tiles", "rubber"])
    tone = {"wood": [(0.70, 0.52, 0.35), (0.58, 0.42, 0.30), (0.78, 0.64, 0.48)], "tiles": [(0.66, 0.66, 0.64)],
            "rubber": [(0.30, 0.32, 0.36), (0.36, 0.42, 0.44)]}[str(kind)]  # fmt: skip
    colour = np.array(tone[int(rng.integers(len(tone)))])
    x, z = p[:, 0], p[:, 2]
    shade = np.ones(len(p))
    if kind == "wood":
        plank = np.floor(x / 0.14)
        board = np.floor((z + 0.61 * plank) / 1.7)
        shade += 0.10 * (_hash(plank * 7.1 + board * 13.7) - 0.5) + 0.02 * np.sin(90 * x + 6 * np.sin(3 * z + plank))
        seam = np.minimum(x / 0.14 % 1, 1 - x / 0.14 % 1)
        shade -= 0.16 * np.exp(-((seam / 0.04) ** 2))
    elif kind == "tiles":
        sx, sz = (np.minimum(v / 0.6 % 1, 1 - v / 0.6 % 1) for v in (x, z))
        shade += 0.05 * (_hash(np.floor(x / 0.6) * 5.3 + np.floor(z / 0.6) * 9.7) - 0.5)
        shade -= 0.22 * np.exp(-((np.minimum(sx, sz) / 0.016) ** 2))
    else:
        shade += 0.03 * (_hash(np.floor(x / 0.02) * 3.1 + np.floor(z / 0.02) * 17.3) - 0.5)
    # Light falls in from the window side and off towards the walls.
    shade *= 0.92 + 0.10 * sun * x / half
    shade *= 1 - 0.25 * np.exp(-((z - back) ** 2) / 0.3)
    return np.asarray(colour * shade[:, None])


def _ceiling(rng: np.random.Generator, p: Floats, back: float, half: float, top: float, sun: float) -> Floats:
    lamp = (np.abs(p[:, 0] % 2.4 - 1.2) < 0.12) & (np.abs(p[:, 2] % 2.0 - 1.0) < 0.6)
    return np.asarray(np.where(lamp, 1.0, 0.84)[:, None] * np.array([1.0, 0.99, 0.96]))


def _wall(rng: np.random.Generator, p: Floats, back: float, half: float, top: float, sun: float) -> Floats:
    tones = [(0.86, 0.85, 0.80), (0.75, 0.80, 0.83), (0.80, 0.76, 0.70), (0.70, 0.74, 0.70), (0.62, 0.66, 0.74)]
    colour = np.array(tones[int(rng.integers(len(tones)))])
    x, y = p[:, 0], p[:, 1]
    out = colour * (0.90 + 0.05 * y / top + 0.05 * sun * x / half)[:, None]
    if rng.random() < 0.6:  # a painted band
        low = rng.uniform(0.9, 1.1)
        band = np.array(SHIRTS[int(rng.integers(4))]) / 255 * 0.5 + 0.5 * colour
        out[(y > low) & (y < low + 0.14)] = band
    centre, wide = rng.uniform(-0.4, 0.4), rng.uniform(1.0, 1.4)
    if rng.random() < 0.75:  # windows
        bright, u = rng.uniform(0.88, 1.0), (x - centre) % (2.2 * wide) / wide - 0.6
        glass = (np.abs(u) < 0.5) & (y > 1.75) & (y < 2.85)
        frame = (np.abs(u) < 0.55) & (y > 1.69) & (y < 2.91) & ~glass
        out[frame] = 0.94
        out[glass] = np.array([0.80, 0.90, 0.98]) * bright
        out[glass & (np.abs(u) < 0.02)] = 0.94
    out[y < 0.1] = 0.93 * colour * 0.9
    out *= (1 - 0.22 * np.exp(-y / 0.12))[:, None]
    return np.asarray(out)


def _side(rng: np.random.Generator, p: Floats, back: float, half: float, top: float, sun: float) -> Floats:
    light = 0.74 + 0.06 * (p[:, 0] * sun < 0)
    out = np.outer(light * (1 - 0.2 * np.exp(-p[:, 1] / 0.12)), (0.95, 0.95, 0.92))
    out[p[:, 1] < 0.1] *= 0.85
    return out


def _mats(rng: np.random.Generator, out: Floats, p: Floats, floor: NDArray[np.bool_], spots: tuple[Spot, ...]) -> None:
    same = rng.random() < 0.5
    first = int(rng.integers(len(SHIRTS)))
    for k, spot in enumerate(spots):
        c, s = math.cos(spot.yaw), math.sin(spot.yaw)
        dx, dz = p[:, 0] - spot.x_m, p[:, 2] - spot.z_m
        u, v = c * dx - s * dz, s * dx + c * dz
        mine = floor & (np.abs(u) < 0.34) & (np.abs(v) < 0.92)
        colour = np.array(SHIRTS[first if same else (first + 3 * k) % len(SHIRTS)]) / 255
        rim = (np.abs(u[mine]) > 0.32) | (np.abs(v[mine]) > 0.90)
        out[mine] = (0.6 * colour + 0.12) * np.where(rim, 0.85, 1.0)[:, None]


def _hash(v: Floats) -> Floats:
    """Chance between 0 and 1 that is the same for the same number."""
    return np.asarray(np.modf(np.abs(np.sin(v * 12.9898) * 43758.5453))[0])
