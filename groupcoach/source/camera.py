"""Cameras and network streams: only the newest picture counts, what came in between is a gap in the index."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import SourceError
from groupcoach.records import Frame
from groupcoach.source import Closing
from groupcoach.source.opencv import cv2

_DEFAULT_FPS = 30.0
_OPEN_TIMEOUT_MS = 8000
_READ_TIMEOUT_MS = 5000
_BAD_IN_A_ROW = 10
"""Failed reads after which a camera counts as gone (reopening it is the engine's business)."""


class Capture(Protocol):
    """What is used of ``cv2.VideoCapture``; tests give their own."""

    def isOpened(self) -> bool:  # noqa: D102
        ...

    def read(self) -> tuple[bool, Any]:  # noqa: D102
        ...

    def get(self, prop: int) -> float:  # noqa: D102
        ...

    def release(self) -> None:  # noqa: D102
        ...


class CameraSource(Closing):
    """A camera by index or a stream by address.

    A thread reads all the time, so that a slow class sees the newest picture and never an old one from a queue.
    ``Frame.index`` counts what the camera delivered, ``t_s`` is when a picture arrived, from the first one on.
    """

    live = True
    frame_count: int | None = None

    def __init__(
        self,
        where: int | str,
        *,
        capture: Capture | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises SourceError when there is no camera or stream, or it gives no picture."""
        self.name = f"camera {where}" if isinstance(where, int) else without_password(where)
        self.unreadable = 0
        self.notices: list[str] = []
        self._where = where
        self._clock = clock
        self._capture: Capture = capture if capture is not None else _open(where)
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceError(_not_there(where, self.name))
        first = self._read()
        if first is None:
            self._capture.release()
            raise SourceError(
                f"{self.name} is there but gives no picture. Another program may be using it: close that one, or "
                "unplug the camera and plug it in again."
            )
        self._zero_s = clock()
        self.height, self.width = first.shape[:2]
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.fps = fps if 1.0 <= fps <= 480.0 else _DEFAULT_FPS
        self._changed = threading.Condition()
        self._newest: Frame | None = Frame(0, 0.0, first)
        self._error: SourceError | None = None
        self._stopped = False
        self._thread: threading.Thread | None = None

    def frames(self) -> Iterator[Frame]:
        """The newest frame each time; ends when closed, SourceError when the camera is gone."""
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._watch, name="groupcoach-camera", daemon=True)
            self._thread.start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest or self._error or self._stopped)
                if self._stopped:
                    return
                if self._newest is None:
                    assert self._error is not None
                    raise self._error
                frame, self._newest = self._newest, None
            yield frame

    def close(self) -> None:
        """Stop the thread and let go of the camera."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=_READ_TIMEOUT_MS / 1000.0)  # a read that hangs ends by its own time limit
        self._capture.release()

    def _watch(self) -> None:
        index, last_s = 0, 0.0
        while not self._stopped:
            image = self._read()
            index += 1
            t_s = max(self._clock() - self._zero_s, last_s + 1e-6)
            error: SourceError | None = None
            if image is None:
                error = SourceError(
                    f"{self.name} stopped giving pictures after {last_s:.1f} s. What came before is kept. Check the "
                    "cable, the network and the camera's power, then start the class again."
                )
            elif image.shape[:2] != (self.height, self.width):
                error = SourceError(
                    f"{self.name} changed its picture size from {self.width}x{self.height} to "
                    f"{image.shape[1]}x{image.shape[0]} after {last_s:.1f} s. What came before is kept; set the camera "
                    "to one size and start again."
                )
            with self._changed:
                if error is not None or image is None:
                    self._error = error
                else:
                    self._newest = Frame(index, t_s, image)
                    last_s = t_s
                self._changed.notify_all()
            if error is not None:
                return

    def _read(self) -> NDArray[np.uint8] | None:
        """The next picture as RGB (H, W, 3); None when the camera gave nothing several times in a row."""
        for bad in range(_BAD_IN_A_ROW):
            ok, bgr = self._capture.read()
            if ok and bgr is not None:
                self.unreadable += bad
                rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
                return rgb
        return None


def without_password(address: str) -> str:
    """The address as it may be shown and recorded: no user, no password, no query."""
    return re.sub(r"^(\w+://)[^/]*@", r"\1", address).split("?", 1)[0]


def cameras_seen() -> list[int] | None:
    """Indices of the video devices that the system lists; None where it does not tell (macOS, Windows)."""
    if not sys.platform.startswith("linux"):
        return None
    found = (re.fullmatch(r"video(\d+)", path.name) for path in Path("/dev").glob("video*"))
    return sorted(int(match.group(1)) for match in found if match)


def _open(where: int | str) -> Capture:
    if isinstance(where, int):
        capture: Capture = cv2.VideoCapture(where)
        return capture
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_TIMEOUT_MS]
    stream: Capture = cv2.VideoCapture(where, cv2.CAP_FFMPEG, limits)
    return stream


def _not_there(where: int | str, name: str) -> str:
    if isinstance(where, str):
        return (
            f"Nothing could be read from {name} within {_OPEN_TIMEOUT_MS // 1000} s. Check the address, user and "
            "password, and that this machine reaches the camera (the address should play in a media player)."
        )
    seen = cameras_seen()
    if seen is None:
        there = "Check that one is plugged in and that this program may use it (privacy settings)."
    elif not seen:
        there = "The system lists no camera at all: plug one in, or name a video file."
    else:
        there = f"The system lists {', '.join(map(str, seen))}: try one of these."
    return f"There is no {name} here. {there}"
