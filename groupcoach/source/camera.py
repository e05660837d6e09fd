"""Cameras and network streams: only the newest picture counts, what came in between is a gap in the index.

A camera that stops is opened again and again until it is back; the class waits meanwhile and goes on with its counts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import SourceError
from groupcoach.logs import log
from groupcoach.records import Frame
from groupcoach.source import Closing
from groupcoach.source.devices import (
    OPEN_TIMEOUT_MS,
    READ_TIMEOUT_MS,
    Capture,
    not_there,
    open_camera,
    without_password,
)
from groupcoach.source.devices import cameras_seen as cameras_seen  # for the setup page, until it asks there
from groupcoach.source.opencv import cv2
from groupcoach.source.picture_check import PictureCheck

_DEFAULT_FPS: Final = 30.0
_BAD_IN_A_ROW: Final = 10
"""Failed reads after which a camera counts as gone."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When a camera counts as stopped, and how long to wait before opening it again; seconds."""

    quiet_s: float = 3.0
    """No good picture for so long: it has stopped."""
    first_picture_s: float = OPEN_TIMEOUT_MS / 1000
    """After opening again the first picture may take so long: cameras start up, streams wait for a whole picture."""
    first_pause_s: float = 0.5
    longest_pause_s: float = 1.0
    """Asked for so often a camera is seen within five seconds of its return, and a dead one costs next to nothing."""
    steady_s: float = 10.0
    """A camera that ran for so long starts again with the first pause, another one with twice the last."""
    leave_s: float = READ_TIMEOUT_MS / 1000 + 0.5
    """At the end the driver gets so long to give its thread back: one inside when the program ends aborts it."""


class CameraSource(Closing):
    """A camera by index or a stream by address.

    A thread reads all the time, so that a slow class sees the newest picture and never an old one from a queue. Times
    are when a picture arrived by this machine's clock, from the first one on: a camera's own clock is not believed.
    ``Frame.index`` counts what the camera delivered.
    """

    live = True
    frame_count: int | None = None

    def __init__(
        self, where: int | str, *, capture: Capture | None = None, reopen: Callable[[], Capture] | None = None,
        clock: Callable[[], float] = time.monotonic, patience: Patience | None = None,
    ) -> None:  # fmt: skip
        """Open it.

        Args:
            where: index or address.
            capture: opened already (tests).
            reopen: opens it again; the same as the first time when left out.
            clock: seconds that only rise.
            patience: when to open it again.

        Raises:
            SourceError: there is no camera or stream, or it gives no picture.
        """
        self.name = f"camera {where}" if isinstance(where, int) else without_password(where)
        self.unreadable = 0
        self.reopened = 0
        """How often it was opened again."""
        self.notices: list[str] = []
        self.patience = patience or Patience()
        self._clock = clock
        self._reopen = reopen or (lambda: open_camera(where))
        opened = capture if capture is not None else open_camera(where)
        if not opened.isOpened():
            opened.release()
            raise SourceError(not_there(where, self.name))
        first = _first_picture(opened)
        if first is None:
            opened.release()
            raise SourceError(
                f"{self.name} is there but gives no picture. Another program may be using it: close that one, or "
                "unplug the camera and plug it in again."
            )
        self.zero_s = clock()
        """Frame time 0 on the clock: the first picture's arrival."""
        self.height, self.width = first.shape[:2]
        fps = float(opened.get(cv2.CAP_PROP_FPS))
        self.fps = fps if 1.0 <= fps <= 480.0 else _DEFAULT_FPS
        self._changed = threading.Condition()
        self._newest: Frame | None = Frame(0, 0.0, first)
        self._index, self._last_s, self._good_s = 0, 0.0, 0.0
        self._stopped = False
        self._watcher: threading.Thread | None = None
        self._reader = _Reader(opened, self)
        self._said: set[str] = set()
        self._check = PictureCheck()
        self._check.fault(first, 0.0)

    def frames(self) -> Iterator[Frame]:
        """The newest frame each time; ends when closed."""
        if self._watcher is None and not self._stopped:
            self._reader.start()
            self._watcher = threading.Thread(target=self._watch, name="groupcoach-camera-watch", daemon=True)
            self._watcher.start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest or self._stopped)
                if self._stopped:
                    return
                assert self._newest is not None
                frame, self._newest = self._newest, None
            yield frame

    def ready(self) -> bool:
        """Whether a picture is there that nobody has taken: taking it would not wait."""
        with self._changed:
            return self._newest is not None and not self._stopped

    def close(self) -> None:
        """Stop the threads and let go of the camera."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._watcher is not None:
            self._watcher.join(timeout=self.patience.leave_s)
        self._reader.drop()
        self._reader.join(self.patience.leave_s)

    def deliver(self, reader: _Reader, bgr: NDArray[np.uint8], failed: int) -> bool:
        """A reader's picture, after so many failed reads; False when it is not wanted any more."""
        t_s = self._clock() - self.zero_s
        rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        fault = self._check.fault(rgb, t_s)
        if rgb.shape[:2] != (self.height, self.width):
            self._say("size", f"{self.name} changed its picture size from {self.width}x{self.height} to "
                              f"{rgb.shape[1]}x{rgb.shape[0]} after {t_s:.0f} s; its pictures are scaled.")  # fmt: skip
            rgb = fitted(rgb, self.width, self.height)
        with self._changed:
            if self._stopped or reader is not self._reader:
                return False
            self._index += 1 + failed
            self.unreadable += failed + bool(fault)
            if fault:
                self._say(fault, f"{self.name} gave pictures that are no use ({fault}) after {t_s:.0f} s; they are "
                                 "left out.")  # fmt: skip
                return True
            self._last_s = max(t_s, self._last_s + 1e-6)
            self._good_s = self._last_s
            self._newest = Frame(self._index, self._last_s, rgb)
            self._changed.notify_all()
        return True

    def _watch(self) -> None:
        """Open the camera again whenever it has stopped."""
        pause, opened_s = self.patience.first_pause_s, 0.0
        while self._wait(min(0.25, self.patience.quiet_s / 4)):
            with self._changed:
                now = self._clock() - self.zero_s
                came = self._good_s >= opened_s
                stuck = (
                    now - self._good_s >= self.patience.quiet_s
                    if came
                    else now - opened_s >= self.patience.first_picture_s
                )
            if not stuck and not self._reader.ended:
                continue
            if now - opened_s >= self.patience.steady_s:
                pause = self.patience.first_pause_s
            if "gone" not in self._said:
                self._say("gone", f"{self.name} stopped giving pictures after {self._good_s:.0f} s and was opened "
                                  "again; the class went on. Check cable, network and power.")  # fmt: skip
            log("warning", "camera_stopped", camera=self.name, good_s=round(self._good_s, 2), now_s=round(now, 2),
                pause_s=pause)  # fmt: skip
            self._reader.drop()
            if not self._wait(pause):
                return
            self.reopened += 1
            pause = min(2 * pause, self.patience.longest_pause_s)
            self._reader = _Reader(None, self)
            self._reader.start()
            opened_s = self._clock() - self.zero_s

    def _wait(self, seconds: float) -> bool:
        """Wait; False when the source was closed meanwhile."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._stopped, timeout=seconds)

    def again(self) -> Capture:
        """Open the camera once more (in a reader's thread: it may hang)."""
        return self._reopen()

    def _say(self, what: str, notice: str) -> None:
        """A notice once."""
        if what not in self._said:
            self._said.add(what)
            self.notices.append(notice)


class _Reader:
    """A thread that reads one opening of the camera. It may hang in the driver: then it is left behind."""

    def __init__(self, capture: Capture | None, owner: CameraSource) -> None:
        self._capture, self._owner = capture, owner
        self._dropped = threading.Event()
        self.ended = False
        self._thread = threading.Thread(target=self._run, name="groupcoach-camera", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def drop(self) -> None:
        """No more pictures from here; whoever is left in the driver lets go of the camera when it comes back."""
        self._dropped.set()
        if self._capture is not None and not self._thread.is_alive():
            self._capture.release()

    def join(self, seconds: float) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)

    def _run(self) -> None:
        try:
            self._read_on()
        except cv2.error:  # a driver's fault is a picture that did not come
            pass
        finally:
            self.ended = True
            if self._capture is not None:
                self._capture.release()

    def _read_on(self) -> None:
        if self._capture is None:
            self._capture = self._owner.again()
        bad = 0
        while not self._dropped.is_set() and bad < _BAD_IN_A_ROW:
            ok, bgr = self._capture.read()
            if not ok or bgr is None:
                bad += 1
            elif not self._owner.deliver(self, bgr, bad):
                return
            else:
                bad = 0


def _first_picture(capture: Capture) -> NDArray[np.uint8] | None:
    for _ in range(_BAD_IN_A_ROW):
        ok, bgr = capture.read()
        if ok and bgr is not None:
            rgb: NDArray[np.uint8] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
            return rgb
    return None


def fitted(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The picture scaled into another size, its proportions kept, black bars beside it."""
    h, w = image.shape[:2]
    scale = min(width / w, height / h)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    out: NDArray[np.uint8] = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    out[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return out
