"""The frames of a class, in its pace; the next one is given away early where it is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from groupcoach.records import Frame
from groupcoach.source import Source


class Supply:
    """What the run loop takes its frames from. Counts those that the class never saw."""

    def __init__(
        self, source: Source, *, paced: bool, goes_on: bool, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:  # fmt: skip
        """Begin now.

        Args:
            source: read once.
            paced: a file at the pace of a camera: frames come when they are due, and late ones are left out.
            goes_on: the first frame is due now, whatever its time: a class that broke off.
            clock: wall time, s.
            sleep: waits, s.
        """
        self._frames, self._fps = source.frames(), max(source.fps, 1.0)
        self._ready: Callable[[], bool] = getattr(source, "ready", lambda: False)
        self._paced, self._goes_on, self._clock, self._sleep = paced, goes_on, clock, sleep
        self._begin_s = clock()
        self._zero_s: float | None = getattr(source, "zero_s", None)
        self._last_index: int | None = None
        self._given = False
        self._next: Frame | None = None
        self._promised = False
        self.dropped = 0
        """Frames of the source that were left out, by it or for being late."""

    @property
    def zero_s(self) -> float | None:
        """When the source's time began, by the clock; None where no time passes by itself."""
        return self._begin_s if self._paced else self._zero_s

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order; waits for each."""
        while (frame := self._next or self._read()) is not None:
            promised, self._next, self._promised = self._promised, None, False
            if not promised:
                if self._late(frame):
                    self.dropped += 1
                    continue
                if self._paced and (early_s := -self._late_s(frame)) > 0:
                    self._sleep(early_s)
            self._given = True
            yield frame

    def waiting(self) -> Frame | None:
        """The frame that will be given next, if it is there and due; does not wait."""
        while not self._promised:
            if self._next is None and self._ready():
                self._next = self._read()
            if self._next is None or (self._paced and self._late_s(self._next) < 0):
                return None
            if self._late(self._next):
                self.dropped += 1
                self._next = None
            else:
                self._promised = True
        return self._next

    def _read(self) -> Frame | None:
        frame = next(self._frames, None)
        if frame is None:
            return None
        if self._last_index is None:
            if self._goes_on:
                self._begin_s = self._clock() - frame.t_s
        else:
            self.dropped += frame.index - self._last_index - 1
        self._last_index = frame.index
        return frame

    def _late_s(self, frame: Frame) -> float:
        return self._clock() - self._begin_s - frame.t_s

    def _late(self, frame: Frame) -> bool:
        """Whether nobody wants to see it any more."""
        return self._paced and self._given and self._late_s(frame) > 1.5 / self._fps
