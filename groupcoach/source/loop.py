"""A video file played over and over as if it were a camera: for trials, demonstrations and long tests."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from groupcoach.errors import SourceError
from groupcoach.source.devices import Capture
from groupcoach.source.opencv import cv2


class LoopCapture:
    """What ``cv2.VideoCapture`` of a camera does, from a file: one picture when its time has come."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            SourceError: there is none, or it is no video.
        """
        self._path = path
        self._file: Capture = cv2.VideoCapture(str(path))
        if not path.is_file() or not self._file.isOpened():
            raise SourceError(f"loop:{path}: no video file can be read there. Give the path of one after `loop:`.")
        fps = float(self._file.get(cv2.CAP_PROP_FPS))
        self._step_s = 1 / fps if 1.0 <= fps <= 480.0 else 1 / 30
        self._due_s = time.monotonic()

    def isOpened(self) -> bool:  # noqa: D102
        return self._file.isOpened()

    def read(self) -> tuple[bool, Any]:
        """The next picture, at the end the first again."""
        now = time.monotonic()
        time.sleep(max(0.0, self._due_s - now))
        self._due_s = max(self._due_s, now - self._step_s) + self._step_s
        ok, bgr = self._file.read()
        if not ok:
            self._file.release()
            self._file = cv2.VideoCapture(str(self._path))
            ok, bgr = self._file.read()
        return ok, bgr

    def get(self, prop: int) -> float:  # noqa: D102
        return float(self._file.get(prop))

    def release(self) -> None:  # noqa: D102
        self._file.release()
