"""A constant-velocity Kalman filter of one box, with the real time step. The only ``filterpy`` import."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from filterpy.kalman import KalmanFilter

from groupcoach.records import Floats

_EYE = np.eye(2)
_H = np.array([[1.0, 0, 0, 0], [0, 0, 1.0, 0]])


class BoxFilter:
    """Centre x, y, width, height and their velocities, in pixels and seconds.

    x and y share one covariance, width and height another, so that the state is a (4, 2) matrix (rows: centre, its
    velocity, size, its velocity; columns: x, y) under a 4x4 covariance. That covariance is in units of the error of
    measurement, whatever it is in pixels: the gain only depends on how ``agility`` compares with it.
    """

    def __init__(
        self, box_xyxy: Floats, *, agility: float = 17.0, resizing: float = 8.0, start_speed: float = 25.0,
        mistrust: float = 1.0,
    ) -> None:  # fmt: skip
        """Start at rest on a box (4,).

        Args:
            box_xyxy: (4,) px.
            agility: Standard deviation of the change of velocity in one second, in measurement errors.
            resizing: The same for the size.
            start_speed: Standard deviation of the velocity at first, in measurement errors a second.
            mistrust: A box of score 0 has ``1 + mistrust`` times the error of a box of score 1.
        """
        kf = KalmanFilter(dim_x=4, dim_z=2)
        kf.x = np.zeros((4, 2))
        kf.x[::2] = _to_rows(box_xyxy)
        kf.P = np.diag([1.0, start_speed**2, 1.0, start_speed**2])
        kf.inv = _inverse
        self._kf = kf
        self._noise = (agility, resizing)
        self._mistrust = mistrust

    def predict(self, dt_s: float) -> Floats:
        """Move on by ``dt_s`` and return the expected box (4,) xyxy."""
        step, noise = _motion(dt_s, *self._noise)
        self._kf.predict(F=step, Q=noise)
        return self.box

    def update(self, box_xyxy: Floats, score: float) -> None:
        """Take in a measured box (4,); a low ``score`` counts for less."""
        error = 1.0 + self._mistrust * (1.0 - min(1.0, max(0.0, score)))
        # with H given, filterpy takes the measurement as it is: a matrix like the state
        self._kf.update(_to_rows(box_xyxy), R=error**2 * _EYE, H=_H)

    def slow_down(self, keep: float) -> None:
        """Only this share of the velocity remains."""
        self._kf.x[1::2] *= keep

    @property
    def box(self) -> Floats:
        """(4,) xyxy."""
        (cx, cy), _, (w, h), _ = self._kf.x.tolist()
        w, h = max(w, 1.0) / 2, max(h, 1.0) / 2
        return np.array([cx - w, cy - h, cx + w, cy + h])

    @property
    def velocity(self) -> Floats:
        """(2,) px/s of the centre."""
        result: Floats = self._kf.x[1].copy()
        return result


@lru_cache(maxsize=64)
def _motion(dt: float, agility: float, resizing: float) -> tuple[Floats, Floats]:
    """Transition and process noise (4, 4) of white acceleration over ``dt``."""
    step, noise = np.eye(4), np.zeros((4, 4))
    shape = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    for i, strength in ((0, agility), (2, resizing)):
        step[i, i + 1] = dt
        noise[i : i + 2, i : i + 2] = strength**2 * shape
    return step, noise


def _inverse(s: Floats) -> Floats:
    """Of a diagonal matrix (2, 2): centre and size do not share anything."""
    return np.array([[1.0 / s[0, 0], 0.0], [0.0, 1.0 / s[1, 1]]])


def _to_rows(box: Floats) -> Floats:
    x1, y1, x2, y2 = box.tolist()
    return np.array([[(x1 + x2) / 2, (y1 + y2) / 2], [x2 - x1, y2 - y1]])
