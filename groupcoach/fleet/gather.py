"""Frames of several rooms through one detector: those that wait while it works go through it together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from groupcoach.records import Frame, Observations


@dataclass(slots=True, eq=False)
class _Asked:
    frame: Frame
    done: threading.Event = field(default_factory=threading.Event)
    found: Observations | None = None
    error: Exception | None = None


class Gathered:
    """``detect`` for any number of threads. Whoever finds the detector free works for all who wait."""

    def __init__(self, detector: Any) -> None:
        """Args: detector: used by one thread at a time; ``detect_many(frames)`` where it has that, else ``detect``."""
        self._detector = detector
        self._waiting: list[_Asked] = []
        self._lock, self._works = threading.Lock(), threading.Lock()

    def detect(self, frame: Frame) -> Observations:
        """Everybody in the frame; raises what the detector raised for it."""
        mine = _Asked(frame)
        with self._lock:
            self._waiting.append(mine)
        with self._works:
            if not mine.done.is_set():
                with self._lock:
                    batch, self._waiting = self._waiting, []
                self._work(batch)
        if mine.error is not None:
            raise mine.error
        assert mine.found is not None
        return mine.found

    def _work(self, batch: Sequence[_Asked]) -> None:
        many = getattr(self._detector, "detect_many", None)
        try:
            if many is not None:
                for one, found in zip(batch, many([b.frame for b in batch]), strict=True):
                    one.found = found
            else:
                for one in batch:
                    one.found = self._detector.detect(one.frame)
        except Exception as error:  # theirs too: a batch fails as a whole
            for one in batch:
                if one.found is None:
                    one.error = error
        finally:
            for one in batch:
                one.done.set()
