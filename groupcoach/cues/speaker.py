"""The room's voice: one process that owns the speech engine, one thread here that hands it cues.

``Speaker.say`` only puts a cue into a bounded queue; everything slow (starting the process, speaking, restarting it) is
done by the thread ``groupcoach-voice``, so speech never delays a frame. The cues stay on this side until the engine is
free: an engine that dies takes one cue with it, and expiry is judged at the last moment.

    starting -> ready -> (speaking -> ready)* -> closed
    any of them, when the process died or hung -> starting again (three times at most), then silent
    starting -> silent, when there is no engine, no voice or no sound output: said once in ``notice``
"""

from __future__ import annotations

import heapq
import itertools
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from groupcoach.cues import voice
from groupcoach.records import Cue

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    Worker = Callable[[Connection, str], None]

QUEUE_LIMIT: Final = 16
RESTARTS: Final = 3
START_LIMIT_S: Final = 20.0
SPEECH_LIMIT_S: Final = 8.0
"""An utterance that takes longer is taken for a hung engine (a cue lasts one to three seconds)."""


@dataclass(frozen=True, slots=True)
class SpeechResult:
    """What became of one cue."""

    cue: Cue
    outcome: Literal["spoken", "expired", "dropped"]
    reason: str
    """Empty when spoken; else ``expired``, ``queue_full``, ``silent``, ``engine_stopped`` or ``closed``."""
    waited_s: float
    """Wall time from ``say`` to the engine (or to being given up)."""
    took_s: float
    """Wall time of the utterance; 0 when not spoken."""


class Speaker:
    """Says cues aloud, one after the other; silent (and saying why) where nothing can be spoken."""

    def __init__(
        self,
        language: str = "en",
        enabled: bool = True,
        *,
        worker: Worker = voice.run,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the voice in the background.

        Args:
            language: of the class, ``en`` or ``ko``.
            enabled: False makes no process at all and drops every cue without a notice.
            worker: runs in the process; tests put their own here.
            clock: seconds of wall time; a cue lives ``expires_s - t_s`` of them after ``say``.
        """
        self.language = language
        self._worker = worker
        self._clock = clock
        self._lock = threading.Condition()
        self._queue: list[tuple[int, int, float, float, Cue]] = []  # -priority, order, said, deadline, cue
        self._order = itertools.count()
        self._results: deque[SpeechResult] = deque(maxlen=1000)
        self._notice: str | None = None
        self._silent = not enabled
        self._speaking = False
        self._closing = False
        self._thread: threading.Thread | None = None
        if enabled:
            self._thread = threading.Thread(target=self._watch, name="groupcoach-voice", daemon=True)
            self._thread.start()

    # -- for the engine's loop ------------------------------------------------------------------------------------

    @property
    def notice(self) -> str | None:
        """Why nothing is spoken and what would mend it; None while all is well. Does not change once set."""
        return self._notice

    def say(self, cue: Cue) -> bool:
        """Queue a cue; False when it will not be spoken. Returns at once, whatever the voice does."""
        now = self._clock()
        with self._lock:
            if self._silent or self._closing:
                self._finish(cue, "dropped", "silent" if self._silent else "closed", now, now)
                return False
            entry = (-cue.priority.value, next(self._order), now, now + (cue.expires_s - cue.t_s), cue)
            heapq.heappush(self._queue, entry)
            kept = True
            if len(self._queue) > QUEUE_LIMIT:
                least = max(self._queue)
                self._queue.remove(least)
                heapq.heapify(self._queue)
                self._finish(least[4], "dropped", "queue_full", least[2], now)
                kept = least is not entry
            self._lock.notify_all()
            return kept

    def results(self) -> list[SpeechResult]:
        """What became of cues since the last call, oldest first; never waits."""
        with self._lock:
            found = list(self._results)
            self._results.clear()
        return found

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is queued or being said (the end of a file); False when the time was too short."""
        with self._lock:
            return self._lock.wait_for(lambda: self._silent or not (self._queue or self._speaking), timeout_s)

    def close(self) -> None:
        """End the voice; an utterance is cut off. Safe to call twice."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        with self._lock:
            self._give_up_queue("closed")

    # -- the thread -----------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        for _ in range(1 + RESTARTS):
            outcome = self._one_life()
            if outcome != "died":
                break
        else:
            self._notice = (
                f"The speech engine stopped {1 + RESTARTS} times: the class goes on in silence, cues are shown on the "
                "dashboard. Try the engine alone with: python -c \"import pyttsx3; pyttsx3.speak('hello')\""
            )
        with self._lock:
            self._silent = True
            self._give_up_queue("closed" if self._closing else "silent")
            self._lock.notify_all()

    def _one_life(self) -> Literal["closed", "silent", "died"]:
        """One process from start to end."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=self._worker, args=(theirs, self.language), name="groupcoach-voice", daemon=True
        )
        try:
            process.start()
            theirs.close()
            hello = self._receive(ours, START_LIMIT_S)
            if hello is None:
                return "closed" if self._closing else "died"
            if hello[0] == "silent":
                self._notice = str(hello[1])
                return "silent"
            return self._speak_all(ours)
        except OSError:  # the process could not be made, or its end of the pipe is gone
            return "died"
        finally:
            ours.close()  # the worker ends by itself when its pipe does
            if process.pid is not None:
                process.join(timeout=0.2)
                if process.is_alive():
                    process.kill()
                    process.join(timeout=1.0)

    def _speak_all(self, ours: Connection) -> Literal["closed", "died"]:
        while (entry := self._next()) is not None:
            _, _, said, _, cue = entry
            began = self._clock()
            answer = None
            try:
                ours.send((cue.text, cue.language))
                answer = self._receive(ours, SPEECH_LIMIT_S)
            except OSError:
                pass
            with self._lock:
                self._speaking = False
                if answer is not None:
                    self._finish(cue, "spoken", "", said, began, self._clock() - began)
                else:
                    self._finish(cue, "dropped", "closed" if self._closing else "engine_stopped", said, began)
                self._lock.notify_all()
            if answer is None:
                return "closed" if self._closing else "died"
        return "closed"

    def _next(self) -> tuple[int, int, float, float, Cue] | None:
        """The most urgent cue that is still true; None when closing."""
        with self._lock:
            while not self._closing:
                if not self._queue:
                    self._lock.notify_all()
                    self._lock.wait()
                    continue
                entry = heapq.heappop(self._queue)
                now = self._clock()
                if now <= entry[3]:
                    self._speaking = True
                    return entry
                self._finish(entry[4], "expired", "expired", entry[2], now)
        return None

    def _receive(self, ours: Connection, limit_s: float) -> tuple[Any, ...] | None:
        """The worker's next message; None when it died, hung, or the speaker is being closed."""
        deadline = time.monotonic() + limit_s
        while not self._closing and time.monotonic() < deadline:
            try:
                if ours.poll(0.1):
                    message: tuple[Any, ...] = ours.recv()
                    return message
            except (EOFError, OSError):
                return None
        return None

    def _finish(
        self,
        cue: Cue,
        outcome: Literal["spoken", "expired", "dropped"],
        reason: str,
        said: float,
        now: float,
        took_s: float = 0.0,
    ) -> None:
        self._results.append(SpeechResult(cue, outcome, reason, now - said, took_s))

    def _give_up_queue(self, reason: str) -> None:
        now = self._clock()
        for entry in sorted(self._queue):
            self._finish(entry[4], "dropped", reason, entry[2], now)
        self._queue.clear()
