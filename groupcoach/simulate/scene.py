"""The camera, the spots people stand on, and the empty room behind them.

Room axes: metres, x to the right of the picture, y up, z towards the camera; the floor is y = 0 and the class stands
around the origin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.lens import bend, unbend
from groupcoach.simulate.mirror import Mirror
from groupcoach.simulate.room import draw_room, paint_room

Floats = NDArray[np.floating[Any]]

VIEWS: Final = ("front", "side", "oblique", "mixed")
#: People a row holds, and rows there can be.
ROW: Final = 6
ROWS: Final = 5
ROW_GAP: Final = 1.9
#: Between rows that lie down, so that nobody's legs are before somebody's face.
LYING_GAP: Final = 1.8
#: From a row on mats to the one behind it: a long lunge forward ends before anybody's feet, and the instructor passes.
BEHIND_MATS: Final = 2.4
#: Most people of a row that is there for those who go to the floor; more of them are too small in the picture.
FRONT: Final = 4
MOST_PEOPLE: Final = ROW * ROWS
#: Raised hands of a tall person; feet are on the floor.
REACH_UP_M: Final = 2.3
#: Share of the picture that stays free at its edges.
MARGIN: Final = 0.015


@dataclass(frozen=True, eq=False)
class SceneCamera:
    """A camera in the room."""

    width: int
    height: int
    focal_px: float
    position_m: Floats
    """(3,) in the room."""
    pitch: float
    """Looking down by this, radians."""
    k1: float = 0.0
    """Radial distortion of the lens (``lens.bend``)."""

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

    def to_room(self, camera_m: Floats) -> Floats:
        """(..., 3) camera axes -> room."""
        return np.asarray(camera_m @ self.axes + self.position_m)

    def to_px(self, camera_m: Floats) -> Floats:
        """(..., 3) camera axes -> (..., 2) px as the lens shows them; NaN behind the camera."""
        z = np.where(camera_m[..., 2:] > 0.05, camera_m[..., 2:], np.nan)
        return np.asarray(bend(camera_m[..., :2] / z, self.k1) * self.focal_px + np.asarray(self.centre_px))

    def rays(self, px: Floats) -> Floats:
        """(..., 2) px -> (..., 3) directions in the room, of depth 1: the inverse of ``to_px``."""
        flat = unbend((px - np.array(self.centre_px, px.dtype)) / px.dtype.type(self.focal_px), self.k1)
        return np.asarray(np.concatenate([flat, np.ones_like(flat[..., :1])], -1) @ self.axes.astype(px.dtype))


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
    """(H, W) where the floor is seen (not in the mirror)."""
    glow: float
    """Brightness of people relative to full light."""
    slope: float = 0.0
    """People and floor are brighter by this share for every metre to the right (negative: the window is left)."""
    mirror: Mirror | None = None
    """The mirror on the back wall."""

    @property
    def mirror_px(self) -> Floats | None:
        """(4, 2) px: corners of the mirror, clockwise from the top left; None without one."""
        return None if self.mirror is None else self.camera.to_px(self.camera.to_camera(self.mirror.corners_m))


def place_people(
    rng: np.random.Generator, people: int, view: str, *, lying: bool, wide: float, low: Sequence[int] = ()
) -> tuple[Spot, ...]:
    """Spots for a class, one per person; rows behind stand in the gaps.

    Args:
        rng: Source of chance.
        people: How many.
        view: One of ``VIEWS``.
        lying: Room for bodies that lie across the picture.
        wide: Distance over half width of what the camera sees there.
        low: Who goes to the floor, if not everybody: they get the front row.
    """
    if lying:  # short rows: each body is large in the picture
        per_row = math.ceil(people / min(ROWS, max(2, math.ceil(people / 3)))) if people > 2 else people
        if len(low) < people:
            # As in a studio, mats are where nothing is before them: from behind legs a lying body is hidden in its
            # middle, and no detector makes one box of the two ends.
            per_row = max(per_row, min(len(low), FRONT))
        gap = 1.9
    else:
        rows = 1 if people <= 5 else math.ceil(people / ROW)
        # One row more than it takes is a deeper class with larger people.
        rows += rows < ROWS and people > 2 * ROWS and rng.random() < 0.5
        per_row = math.ceil(people / rows)
        if 4 <= people <= 5 and rng.random() < 0.35:
            per_row = 3
        gap = 1.6 + 0.2 * (view in ("side", "mixed"))
    base = {"front": 0.0, "side": math.pi / 2 * rng.choice([-1, 1]), "oblique": 0.6 * rng.choice([-1, 1]), "mixed": 0.0}
    away_m = (per_row * gap / 2 + 0.5) * wide
    deep = LYING_GAP if lying else ROW_GAP
    mats = math.ceil(len(low) / per_row) if lying and len(low) < people else 0
    spots = []
    for k in range(people):
        row, column = divmod(k, per_row)
        in_row = min(per_row, people - row * per_row)
        x = (column - (in_row - 1) / 2) * gap
        if people > per_row and in_row == per_row:
            x += 0.25 * gap * (1 if row % 2 else -1)
        x += rng.uniform(-0.06, 0.06)
        back_m = row * deep + min(row, mats) * (BEHIND_MATS - LYING_GAP)
        z = -back_m + rng.uniform(-0.25, 0.25)
        # Gaps are what the camera sees: a row behind stands wider by as much as it is farther away.
        x *= (away_m + back_m) / away_m
        turned = rng.uniform(-1.3, 1.3) if view == "mixed" else base[view] + rng.uniform(-0.15, 0.15)
        spots.append(Spot(f"{'ABCDE'[row]}{column + 1}", float(x), float(z), float(turned)))
    first = sorted(range(people), key=lambda k: (k not in low, k))
    return tuple(spots[first.index(k)] for k in range(people))


def _extent(spots: tuple[Spot, ...], *, lying: bool) -> Floats:
    """(N, 3) room points that have to be seen: feet, raised hands, arms out; bodies across the picture if ``lying``."""
    about = [(-0.3, 0.0, 0.75), (0.3, 0.0, 0.75), (-0.35, REACH_UP_M, 0.15), (0.35, REACH_UP_M, 0.15),
             (-0.85, 1.45, 0.1), (0.85, 1.45, 0.1)]  # fmt: skip
    if lying:
        about += [(-0.95, 0.0, 0.3), (0.95, 0.0, 0.3)]
    return np.array([(s.x_m + x, y, s.z_m + z) for s in spots for x, y, z in about])


def _frame(points: Floats, size: tuple[int, int], focal: float, high: float, k1: float) -> tuple[float, float]:
    """Distance along z and pitch of the nearest camera at a height that has all points (N, 3) in its picture."""
    width, height = size
    room = np.array([0.5 - MARGIN, 0.5 - MARGIN]) * (width, height)

    def look(away: float) -> tuple[bool, float]:
        # Aim so that what is above and below leaves the same gap.
        low, up = -0.4, 1.2
        for _ in range(13):
            pitch = (low + up) / 2
            camera = SceneCamera(width, height, focal, np.array([0.0, high, away]), pitch, k1)
            px = camera.to_px(camera.to_camera(points)) - camera.centre_px
            if np.isnan(px).any():
                return False, pitch
            if px[:, 1].max() + px[:, 1].min() > 0:
                low = pitch
            else:
                up = pitch
        return bool((np.abs(px).max(0) <= room).all()), pitch

    near, far = points[:, 2].max() + 1.2, points[:, 2].max() + 60.0
    for _ in range(14):
        middle = (near + far) / 2
        near, far = (near, middle) if look(middle)[0] else (middle, far)
    return float(far), look(float(far))[1]


def place_camera(
    rng: np.random.Generator, people: int, size: tuple[int, int], view: str, *, lying: bool, low: Sequence[int] = ()
) -> tuple[SceneCamera, tuple[Spot, ...]]:
    """Spots for a class and the nearest camera that sees all of it, bodies on the floor and raised hands too.

    Args:
        rng: Source of chance.
        people: How many spots.
        size: Width and height of the picture.
        view: One of ``VIEWS``: how the class is turned to the camera.
        lying: Room for exercises on the floor, across the picture, seen from above 2 m.
        low: Who goes to the floor, if not everybody: they get the front row.
    """
    width = size[0]
    # A wide lens close by makes the last row small; lying bodies there would be lost.
    fov = math.radians(rng.uniform(*(40, 52) if lying else (45, 85)))
    k1 = float(rng.uniform(-0.06, 0.01))
    focal = width / 2 / math.tan(fov / 2)
    spots = place_people(rng, people, view, lying=lying, wide=focal / (width / 2), low=low)
    rows = rows_of(spots)
    if lying:
        high = float(rng.uniform(2.4, 3.0))
    else:
        lowest = 1.0 if rows == 1 else min(1.7 + 0.15 * (rows - 2), 2.4)
        high = float(rng.uniform(lowest, 3.0 if rows > 1 or rng.random() < 0.25 else 2.0))
    away, pitch = _frame(_extent(spots, lying=lying), size, focal, high, k1)
    return SceneCamera(*size, focal, np.array([0.0, high, away]), pitch, k1), spots


def rows_of(spots: tuple[Spot, ...]) -> int:
    """Rows of a class."""
    return 1 + max("ABCDE".index(s.name[0]) for s in spots)


def build_scene(
    rng: np.random.Generator, people: int, size: tuple[int, int], view: str, *, lying: bool, mirror: bool = False,
    low: Sequence[int] = (),
) -> Scene:  # fmt: skip
    """A room with a camera that sees every spot, as near as that allows.

    Args:
        rng: Source of chance.
        people: How many spots.
        size: Width and height of the picture.
        view: One of ``VIEWS``: how the class is turned to the camera.
        lying: Room for exercises on the floor, across the picture, seen from above 2 m.
        mirror: Most of the back wall is a mirror.
        low: Who goes to the floor, if not everybody: they get the front row.
    """
    camera, spots = place_camera(rng, people, size, view, lying=lying, low=low)
    sun = float(rng.choice([-1.0, 1.0]))
    light = np.array([sun * rng.uniform(0.1, 0.7), 1.0, rng.uniform(0.35, 0.9)])
    light /= np.linalg.norm(light)
    mats = tuple(replace(s, yaw=math.pi / 2 + rng.uniform(-0.15, 0.15)) for s in spots) if lying else spots
    room = draw_room(rng, camera, mats, rows_of(spots), sun=sun, mirror=mirror)
    picture, floor, glass = paint_room(room, camera)
    return Scene(camera, spots, light, picture, floor, float(rng.uniform(0.9, 1.05)), room.slope, glass)
