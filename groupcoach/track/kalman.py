"""A constant-velocity Kalman filter of one box, with the real time step. The only ``filterpy`` import."""

from __future__ import annotations

import numpy as np
from filterpy.kalman import KalmanFilter

from groupcoach.records import Floats

# Standard deviations in shares of the box height: of a measurement, and of the change of velocity in one second.
# People who exercise reverse their motion within half a second, so the second is large.
_MEASURE = np.array([0.04, 0.04, 0.08, 0.05])
_ACCELERATION = np.array([3.0, 3.0, 1.5, 2.5])


class BoxFilter:
    """Centre x, y, width, height and their velocities, in pixels and seconds."""

    def __init__(self, box_xyxy: Floats) -> None:
        """Start at rest on a box (4,)."""
        kf = KalmanFilter(dim_x=8, dim_z=4)
        kf.H[:4, :4] = np.eye(4)
        kf.x[:4, 0] = _to_state(box_xyxy)
        scale = self._scale(kf.x[3, 0])
        kf.P[:4, :4] = np.diag((_MEASURE * scale) ** 2)
        kf.P[4:, 4:] = np.eye(4) * scale**2
        self._kf = kf

    @staticmethod
    def _scale(height: float) -> float:
        return float(max(height, 8.0))

    def predict(self, dt_s: float) -> Floats:
        """Move on by ``dt_s`` and return the expected box (4,) xyxy."""
        kf = self._kf
        kf.F[:4, 4:] = np.eye(4) * dt_s
        q = (_ACCELERATION * self._scale(kf.x[3, 0])) ** 2
        kf.Q[:4, :4] = np.diag(q * dt_s**4 / 4)
        kf.Q[:4, 4:] = kf.Q[4:, :4] = np.diag(q * dt_s**3 / 2)
        kf.Q[4:, 4:] = np.diag(q * dt_s**2)
        kf.predict()
        return self.box

    def update(self, box_xyxy: Floats, score: float) -> None:
        """Take in a measured box (4,); a low ``score`` counts for less."""
        scale = self._scale(self._kf.x[3, 0])
        noise = np.diag((_MEASURE * scale * (2.0 - min(1.0, max(0.0, score)))) ** 2)
        self._kf.update(_to_state(box_xyxy)[:, None], R=noise)

    def rest(self) -> None:
        """Forget the velocity: a body not seen for long stands somewhere, it does not fly on."""
        self._kf.x[4:] = 0.0

    @property
    def box(self) -> Floats:
        """(4,) xyxy."""
        cx, cy, w, h = self._kf.x[:4, 0]
        w, h = max(w, 1.0), max(h, 1.0)
        return np.array([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])

    @property
    def velocity(self) -> Floats:
        """(2,) px/s of the centre."""
        result: Floats = self._kf.x[4:6, 0].copy()
        return result


def _to_state(box: Floats) -> Floats:
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[2] - box[0], box[3] - box[1]], dtype=np.float64)
