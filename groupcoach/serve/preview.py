"""The annotated picture for those who look at it: drawn only while somebody does, encoded once however many do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WANTED_S: Final = 2.0
PICTURE_S: Final = 0.08
"""Shortest time between two drawn pictures: drawing costs the engine more than a person sees."""
BEHIND_S: Final = 5.0
"""An engine that dropped a frame within this time is behind its camera ..."""
SHARE: Final = 0.02
"""... and draws for no larger share of its time: counts go before pictures."""
SLOWEST_S: Final = 1.0
"""But so often in any case."""
WIDTH: Final = 1280
JPEG_QUALITY: Final = 80


class Preview:
    """The newest picture."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """No picture yet; ``clock`` gives seconds of wall time."""
        self._clock = clock
        self._lock, self._encode_lock = threading.Lock(), threading.Lock()
        self._asked = self._drawn = self._began = self._behind = -inf
        self._cost_s = 0.0
        self._picture: tuple[int, NDArray[np.uint8]] | None = None
        self._jpeg: tuple[int, bytes] | None = None

    # -- the engine's side ----------------------------------------------------------------------------------------

    def watched(self) -> bool:
        """Whether somebody asked for a picture within the last two seconds."""
        return self._clock() - self._asked < WANTED_S

    def wanted(self) -> bool:
        """Whether the engine should draw a picture now: somebody looks, and the last one is old enough."""
        now_s = self._clock()
        behind = now_s - self._behind < BEHIND_S
        pause_s = max(PICTURE_S, min(self._cost_s / SHARE, SLOWEST_S)) if behind else PICTURE_S
        self._began = now_s
        return self.watched() and now_s - self._drawn >= pause_s

    def behind(self) -> None:
        """The engine has dropped a frame."""
        self._behind = self._clock()

    def put(self, rgb: NDArray[np.uint8]) -> None:
        """Put up the picture that was ``wanted``, (H, W, 3) RGB. It is kept, not copied: do not draw into it later."""
        if not self.watched():
            return
        self._drawn = self._clock()
        self._cost_s = self._drawn - self._began
        with self._lock:
            number = self._picture[0] + 1 if self._picture else 1
            self._picture = (number, rgb)

    # -- the watchers' side ---------------------------------------------------------------------------------------

    def ask(self) -> int:
        """Say that a picture is wanted; returns the number of the newest one (0: none yet)."""
        self._asked = self._clock()
        with self._lock:
            return self._picture[0] if self._picture else 0

    def jpeg(self) -> tuple[int, bytes] | None:
        """The newest picture as (number, JPEG), encoded once however many look; takes some milliseconds."""
        with self._encode_lock:
            with self._lock:
                picture = self._picture
            if picture is None:
                return None
            if self._jpeg is None or self._jpeg[0] != picture[0]:
                self._jpeg = (picture[0], _encode(picture[1]))
            return self._jpeg


def _encode(rgb: NDArray[np.uint8]) -> bytes:
    import cv2

    bgr: Any = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    height, width = bgr.shape[:2]
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)
