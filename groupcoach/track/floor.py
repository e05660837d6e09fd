"""The floor, found from the people who stand on it: feet in the picture -> metres. No calibration by hand.

How tall a standing body is in the picture grows with the row of its feet, from nothing at the horizon:
``height = a * y + b * x + c``. That plane says for every point of the floor how many pixels a metre has there, and with
a guess of the lens how far away it is, so it is a homography. Bodies are not equally tall: everybody's own factor is
fitted along. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.camera import Camera
from groupcoach.records import Floats
from groupcoach.skeleton import COCO_INDEX

BODY_M: Final = 1.7
"""Nobody is measured: a body counts as this tall, so all metres are this approximate."""
_PAIRS: Final = {part: [COCO_INDEX[f"left_{part}"], COCO_INDEX[f"right_{part}"]]
                 for part in ("shoulder", "hip", "knee", "ankle")}  # fmt: skip
_SHOULDER_TO_ANKLE: Final = 0.775
"""Of the stature. The head is left out: it nods, and raised arms are above it."""
_ANKLE: Final = 0.045
_SURE: Final = 0.3
_OFTEN: Final = 5
"""A place weighs as much as it was seen, up to so often."""


@dataclass(frozen=True, slots=True)
class FloorSettings:
    """Lengths in shares of a body's height in the picture."""

    slope: float = 0.85
    """``a`` expected beforehand: stature over height of the camera (0.85: a camera 2 m up) ..."""
    slope_sd: float = 0.35
    tilt_sd: float = 0.03
    """``b`` expected: none."""
    height_sd: float = 0.06
    """Of one measured height."""
    stature_sd: float = 0.06
    """Of people."""
    fewest: int = 6
    """Places (two people who stand are seen to sway over three or four each in some seconds)."""
    poor: float = 0.12
    """Median misfit from which the fit is not used."""
    cell: float = 0.2
    """Heights seen closer together than this are averaged."""
    most: int = 400


@dataclass(frozen=True, slots=True, eq=False)
class Stance:
    """Where bodies touch the floor."""

    foot_px: Floats
    """(N, 2)"""
    ankles: NDArray[np.bool_]
    """(N,) the feet are seen, not only the lower edge of the box."""
    height_px: Floats
    """(N,) of bodies that stand upright; NaN of all others."""

    def foot(self, i: int) -> tuple[float, float]:
        """Of one body."""
        x, y = self.foot_px[i].tolist()
        return x, y


def stance(boxes: Floats, points: Floats, scores: Floats, width: int, height: int) -> Stance:
    """Feet and standing heights.

    Args:
        boxes: (N, 4) xyxy px.
        points: (N, 17, 2) px.
        scores: (N, 17)
        width: of the picture, px.
        height: of the picture, px.
    """
    seen = {part: (scores[:, rows] > _SURE).all(1) & np.isfinite(points[:, rows]).all((1, 2))
            for part, rows in _PAIRS.items()}  # fmt: skip
    at = {part: points[:, rows].mean(1) for part, rows in _PAIRS.items()}
    tall = boxes[:, 3] - boxes[:, 1]
    upright = seen["shoulder"] & seen["hip"] & seen["knee"] & seen["ankle"]
    with np.errstate(invalid="ignore", divide="ignore"):
        thigh, shin = at["knee"][:, 1] - at["hip"][:, 1], at["ankle"][:, 1] - at["knee"][:, 1]
        trunk = at["hip"] - at["shoulder"]
        apart = np.abs(points[:, _PAIRS["ankle"][0]] - points[:, _PAIRS["ankle"][1]])
        body = (at["ankle"][:, 1] - at["shoulder"][:, 1]) / _SHOULDER_TO_ANKLE
        # straight legs (bent ones are short towards the camera), feet beside each other, trunk above the hips
        upright &= (thigh > 0.8 * shin) & (thigh < 1.45 * shin) & (body > 0.8 * tall)
        upright &= (apart[:, 0] < 0.25 * body) & (apart[:, 1] < 0.1 * body)
        upright &= (np.abs(trunk[:, 0]) < 0.25 * trunk[:, 1]) & (trunk[:, 1] > 0.6 * thigh)
    inside = (boxes[:, 0] > 2) & (boxes[:, 2] < width - 2) & (boxes[:, 3] < height - 2)
    below = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
    sole = np.stack([at["ankle"][:, 0], at["ankle"][:, 1] + _ANKLE * tall], axis=1)
    # of a lying body the ankles are far from where it was when it stood
    ankles = seen["ankle"] & (tall > boxes[:, 2] - boxes[:, 0])
    foot = np.where(ankles[:, None], sole, below)
    return Stance(foot, ankles, np.where(upright & inside, body, np.nan))


class Floor:
    """The homography so far. Before it is ``good``, distances are those in the picture, in body heights."""

    def __init__(self, settings: FloorSettings | None = None) -> None:
        """Nobody has been seen yet."""
        self.settings = settings or FloorSettings()
        self._cells: dict[tuple[int, int, int], Floats] = {}
        """(who, column, row) -> mean x, y, height, and how often seen."""
        self._plane = (0.0, 0.0, 1.0)
        """Height of a body of ordinary stature: ``plane @ (x, y, 1)``."""
        self._usual = 100.0
        self._lens = Camera.guess(1280, 720)
        self.good = False

    def note(self, who: Sequence[int], foot_px: Floats, height_px: Floats) -> None:
        """Take in bodies that stand upright: ``who`` (N,), ``foot_px`` (N, 2), ``height_px`` (N,), NaN = leave out."""
        for person, (x, y), tall in zip(who, foot_px.tolist(), height_px.tolist(), strict=True):
            if not tall > 0:
                continue
            step = 2.0 ** round(np.log2(self.settings.cell * tall))
            key = (person, int(x // step), int(y // step))
            cell = self._cells.pop(key, None)
            if cell is None:
                cell = np.zeros(4)
                if len(self._cells) >= self.settings.most:
                    self._cells.pop(next(iter(self._cells)))
            cell[3] = min(cell[3] + 1, 50)
            cell[:3] += (np.array([x, y, tall]) - cell[:3]) / cell[3]
            self._cells[key] = cell  # at the end: the oldest are forgotten first

    def kept(self) -> list[list[float]]:
        """What was noted, to be kept: who, x, y, height (px), and how often."""
        return [[who, *np.round(cell, 2).tolist()] for (who, *_), cell in self._cells.items()]

    def recall(self, kept: Sequence[Sequence[float]], width: int, height: int) -> None:
        """Note again what an earlier run has ``kept``, and fit to it."""
        for who, x, y, tall, often in kept:
            for _ in range(min(int(often), _OFTEN)):
                self.note([int(who)], np.array([[x, y]]), np.array([tall]))
        self.fit(width, height)

    def fit(self, width: int, height: int) -> None:
        """Fit the plane to what was noted, robustly (Huber weights), with everybody's own stature."""
        s = self.settings
        self._lens = Camera.guess(width, height)
        if not self._cells:
            return
        data = np.array(list(self._cells.values()))
        x, y, tall, often = data[:, 0] - width / 2, data[:, 1], data[:, 2], np.minimum(data[:, 3], _OFTEN)
        people, who = np.unique([key[0] for key in self._cells], return_inverse=True)
        middle, usual = float(np.median(y)), float(np.median(tall))
        self._usual = usual
        rows = np.stack([y - middle, x, np.full(len(x), usual)], axis=1)
        prior = np.diag([1 / s.slope_sd**2, 1 / s.tilt_sd**2, 1 / 4.0])
        aim = prior @ np.array([s.slope, 0.0, 1.0])
        factor, weight, answer = np.ones(len(people)), np.sqrt(often), np.array([s.slope, 0.0, 1.0])
        misfit = np.zeros(len(x))
        for _ in range(6):
            sd = s.height_sd * np.maximum(tall, 0.2 * usual)
            w = weight / sd**2
            mine = rows * factor[who, None]
            answer = np.linalg.solve(mine.T @ (w[:, None] * mine) + prior, mine.T @ (w * tall) + aim)
            expected = np.maximum(rows @ answer, 0.05 * usual)
            ratio = np.log(np.maximum(tall, 1.0) / expected)
            total = np.bincount(who, weight, len(people))
            own = np.bincount(who, weight * ratio, len(people)) / (total + (s.height_sd / s.stature_sd) ** 2)
            factor = np.exp(own - np.median(own))
            misfit = np.abs(ratio - own[who])
            weight = np.sqrt(often) * np.minimum(1.0, s.height_sd / np.maximum(misfit, 1e-9))
        slope, tilt, level = answer.tolist()
        self._plane = (tilt, slope, level * usual - slope * middle - tilt * width / 2)
        self.good = bool(len(data) >= s.fewest and np.median(misfit) < s.poor and slope > 0.1)

    def body_at(self, x: float, y: float) -> float:
        """Height, px, of an ordinary standing body whose feet are at a point of the picture."""
        if not self.good:
            return self._usual
        tilt, slope, level = self._plane
        return max(tilt * x + slope * y + level, 0.1 * self._usual)

    def metres(self, x: float, y: float) -> tuple[float, float]:
        """A point of the floor in metres: to the right, and away from the camera (downward while not ``good``)."""
        body = self.body_at(x, y)
        scale = body / BODY_M
        return (x - self._lens.cx) / scale, (self._lens.focal_px / scale if self.good else y / scale)

    def unsure_m(self, x: float, y: float, share: float = 0.03) -> tuple[float, float]:
        """Standard deviation, m, of ``metres`` when the feet are off by ``share`` of the body's height."""
        across = share * BODY_M
        if not self.good:
            return across, across
        return across, self._lens.focal_px * BODY_M / self.body_at(x, y) * abs(self._plane[1]) * share

    def apart_m(self, a: tuple[float, float], b: tuple[float, float], least: float = 0.5) -> float:
        """Distance of two points of the floor, m. Depth that is measured badly counts less, but ``least`` at least."""
        (ax, az), (bx, bz) = self.metres(*a), self.metres(*b)
        across, away = self.unsure_m(*a)
        return hypot(ax - bx, (az - bz) * max(min(1.0, across / max(away, 1e-9)), least))
