"""Is this picture worth looking at? Cameras deliver black, green, half and frozen ones when something is wrong.

Looks at a few thousand points of the picture only. Pure numpy.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_POINTS: Final = 64
"""Rows and columns that are looked at, about."""
_FLAT: Final = 1.5
"""Standard deviation below which an area is one colour: a sensor's noise alone is more, also in a dark room."""
_LOW: Final = 4
"""The last quarter of the picture: a stream that lost data leaves it in one colour."""
_USUAL_S: Final = 10.0
"""What looks wrong for so long from the start on is how this camera is: a black bar, a lens cap over half of it."""
FROZEN_S: Final = 3.0


class PictureCheck:
    """Judges pictures one after another."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._last: NDArray[np.uint8] | None = None
        self._same_since_s = 0.0
        self._good = False
        self._began_s: float | None = None
        self._usual: set[str] = set()

    def fault(self, image: NDArray[np.uint8], t_s: float) -> str:
        """What is wrong with a picture (H, W, 3) that came at ``t_s``; empty when nothing is.

        ``one colour`` (black, green), ``half a picture``, or ``frozen`` (the same to the last bit for three seconds).
        """
        if self._began_s is None:
            self._began_s = t_s
        h, w = image.shape[:2]
        few = image[:: max(1, h // _POINTS), :: max(1, w // _POINTS)]
        same = self._last is not None and self._last.shape == few.shape and np.array_equal(self._last, few)
        if not same:
            self._last, self._same_since_s = few.copy(), t_s
        found = ""
        if _flat(few):
            found = "one colour"
        elif _flat(few[-(len(few) // _LOW) :]):
            found = "half a picture"
        elif t_s - self._same_since_s >= FROZEN_S:
            return "frozen"
        if not found:
            self._good = True
        elif not self._good and t_s - self._began_s >= _USUAL_S:
            self._usual.add(found)
        return "" if found in self._usual else found


def _flat(part: NDArray[np.uint8]) -> bool:
    """Whether all points of (h, w, 3) have one colour."""
    return bool((part.reshape(-1, 3).std(0) < _FLAT).all())
