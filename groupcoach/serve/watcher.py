"""One reader of the engine's events: what it is too slow for is counted, not waited for."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from groupcoach.records import Event

WATCHER_QUEUE: Final = 256


class Watcher:
    """One reader of the event stream: a bounded queue of numbered events."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._queue: deque[tuple[int, Event]] = deque()
        self._lost = 0

    def offer(self, events: Sequence[tuple[int, Event]]) -> None:
        """Called by the engine: queue what fits, count what does not, wake the reader (also with nothing)."""
        with self._lock:
            self._queue.extend(events)
            while len(self._queue) > WATCHER_QUEUE:
                self._queue.popleft()
                self._lost += 1
        with contextlib.suppress(RuntimeError):  # the reader's event loop has ended
            self._wake()

    def take(self) -> tuple[list[tuple[int, Event]], int]:
        """The queued events, oldest first, and how many older ones were lost since the last call."""
        with self._lock:
            found, lost = list(self._queue), self._lost
            self._queue.clear()
            self._lost = 0
        return found, lost
