"""A mirror on the back wall: what stands at z shows again at 2 * back - z. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Mirror:
    """A rectangle of the back wall, and where it is seen in the picture."""

    back_m: float
    """z of the wall."""
    left_m: float
    right_m: float
    low_m: float
    high_m: float
    tint: Floats
    """(3,) share of each colour that comes back."""
    mask: NDArray[np.bool_]
    """(H, W) where the glass is seen."""
    floor: NDArray[np.bool_]
    """(H, W) where the floor is seen in it."""

    @property
    def corners_m(self) -> Floats:
        """(4, 3) in the room, clockwise from the top left."""
        x = (self.left_m, self.right_m, self.right_m, self.left_m)
        y = (self.high_m, self.high_m, self.low_m, self.low_m)
        return np.stack([x, y, np.full(4, self.back_m)], -1)

    def reflect(self, points_m: Floats) -> Floats:
        """(..., 3) in the room -> their images behind the glass."""
        return np.asarray(points_m * (1.0, 1.0, -1.0) + (0.0, 0.0, 2 * self.back_m))

    def in_camera(self, axes: Floats, position_m: Floats) -> tuple[Floats, Floats]:
        """The same in a camera's axes, as ``points @ turn.T + shift``.

        Args:
            axes: (3, 3) room to camera.
            position_m: (3,) of the camera, in the room.

        Returns:
            turn (3, 3) and shift (3,).
        """
        turn = axes @ np.diag([1.0, 1.0, -1.0]) @ axes.T
        shift = axes @ np.array([0.0, 0.0, 2 * (self.back_m - position_m[2])])
        return turn, shift
