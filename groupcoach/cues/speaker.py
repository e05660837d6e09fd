"""The room's voice: a process that owns the speech engine, one that stands by, and a thread here that hands out cues.

``Speaker.say`` only puts a cue into a bounded queue; everything slow (starting the process, speaking, restarting it) is
done by the thread ``groupcoach-voice``, so speech never delays a frame. The cues stay on this side until the engine is
free: an engine that dies takes one cue with it, and expiry is judged at the last moment.

    starting -> ready -> (speaking -> ready)* -> closed
    speaking -> ready, cut short: by a dangerous cue, by the instructor's word
    any of them, when the process died or hung -> the one that stands by (four times within a minute: silent)
    starting -> silent, when there is no engine, no voice or no sound output: said once in ``notice``
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

from groupcoach.cues import voice
from groupcoach.cues.queue import CueQueue, Entry, SpeechResult, expected_s, parts_of
from groupcoach.cues.voices import VoiceChoice, VoiceSetup
from groupcoach.cues.worker import Message, VoiceProcess, Worker
from groupcoach.records import Cue, Priority

DEATHS: Final = 4
DEATHS_WITHIN_S: Final = 60.0
FAILURES: Final = 3
"""Cues in a row that the sound output did not take: silent."""
START_LIMIT_S: Final = 5.0
QUIET_LIMIT_S: Final = 1.5
"""A voice that says nothing for so long while it speaks (it beats every quarter of a second) hangs."""


class Speaker:
    """Says cues aloud, one after the other; silent (and saying why) where nothing can be spoken."""

    def __init__(
        self,
        setup: VoiceSetup | None = None,
        enabled: bool = True,
        *,
        worker: Worker = voice.run,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the voice in the background.

        Args:
            setup: the class's language and voices; English when None.
            enabled: False makes no process at all and drops every cue without a notice.
            worker: runs in the process; tests put their own here.
            clock: seconds of wall time; a cue lives ``expires_s - t_s`` of them after ``say``.
        """
        self._setup = setup or VoiceSetup()
        self._worker = worker
        self._clock = clock
        self._lock = threading.Condition()
        self._queue = CueQueue()
        self._notice: str | None = None
        self._silent = not enabled
        self._cut: str | None = None
        """Why the cue being spoken is to end now."""
        self._closing = False
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self._failures = 0
        self._spare: VoiceProcess | None = None
        """Stands by: starting takes a second or more while the class needs the processor."""
        self._thread: threading.Thread | None = None
        if enabled:
            self._thread = threading.Thread(target=self._watch, name="groupcoach-voice", daemon=True)
            self._thread.start()

    # -- for the engine's loop ------------------------------------------------------------------------------------

    @property
    def notice(self) -> str | None:
        """Why nothing is spoken and what would mend it; None while all is well. Does not change once set."""
        return self._notice

    @property
    def busy(self) -> Priority | None:
        """Of the most urgent cue that is queued or being said; None when the next one would be said at once."""
        with self._lock:
            return self._queue.busy

    @property
    def ready(self) -> bool:
        """Whether the voice is up: a cue would be said at once."""
        return self._spare is not None

    def ends_in_s(self) -> float:
        """How long until everything that is queued or being said will have been said, as far as that is known."""
        with self._lock:
            return self._queue.ends_in_s(self._clock())

    def say(self, cue: Cue) -> bool:
        """Queue a cue; False when it will not be spoken. Returns at once, whatever the voice does."""
        now = self._clock()
        length_s = expected_s(parts_of(cue), self._setup.choices.get(cue.language, VoiceChoice()).rate)
        with self._lock:
            if self._silent or self._closing:
                self._queue.refuse(cue, "silent" if self._silent else "closed", now)
                return False
            kept = self._queue.put(cue, now, length_s)
            speaking = self._queue.current
            if kept and cue.priority is Priority.DANGER and speaking and speaking.cue.priority is not Priority.DANGER:
                self._cut = "interrupted"
            self._lock.notify_all()
            return kept

    def hush(self) -> None:
        """The instructor speaks: end the cue that is being said, give up those that wait."""
        with self._lock:
            if self._queue.current is not None:
                self._cut = "floor"
            self._queue.give_up("floor", self._clock())

    def withdraw(self, unwanted: Callable[[Cue], bool]) -> None:
        """Give up waiting cues that are true no more (one that is being said is said to its end)."""
        with self._lock:
            self._queue.withdraw(unwanted, self._clock())
            self._lock.notify_all()

    def results(self) -> list[SpeechResult]:
        """What became of cues since the last call, oldest first; never waits."""
        with self._lock:
            return self._queue.results()

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is queued or being said (the end of a file); False when the time was too short."""
        with self._lock:
            return self._lock.wait_for(lambda: self._silent or self._queue.busy is None, timeout_s)

    def close(self) -> None:
        """End the voice; an utterance is cut off. Safe to call twice."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        with self._lock:
            self._queue.give_up("closed", self._clock())

    # -- the thread -----------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        outcome: Literal["closed", "silent", "died"] = "died"
        while outcome == "died":
            outcome = self._one_life()
            self._deaths.append(time.monotonic())
            often = len(self._deaths) == DEATHS and self._deaths[-1] - self._deaths[0] < DEATHS_WITHIN_S
            if outcome == "died" and often:
                self._notice = (
                    f"The speech engine stopped {DEATHS} times within a minute: the class goes on in silence, cues are "
                    'shown on the dashboard. Try the engine alone with: groupcoach voices --try "Mina"'
                )
                break
        if self._spare is not None:
            self._spare.end()
        with self._lock:
            self._silent = True
            self._queue.give_up("closed" if self._closing else "silent", self._clock())
            self._lock.notify_all()

    def _one_life(self) -> Literal["closed", "silent", "died"]:
        """One process from start to end."""
        process, self._spare = self._spare or self._new(), None
        if process is None:
            return "died"
        try:
            hello = process.receive(START_LIMIT_S, self._wanted)
            if hello is None:
                self._deaths.append(time.monotonic())  # counts twice: the class is told soon, not after four waits
                return "closed" if self._closing else "died"
            if hello[0] == "silent":
                self._notice = str(hello[1])
                return "silent"
            if not self._closing:
                self._spare = self._new()
            return self._speak_all(process)
        finally:
            process.end()

    def _new(self) -> VoiceProcess | None:
        try:
            return VoiceProcess(self._worker, self._setup, "groupcoach-voice")
        except OSError:
            return None

    def _wanted(self) -> bool:
        return not self._closing

    def _speak_all(self, process: VoiceProcess) -> Literal["closed", "silent", "died"]:
        while (entry := self._next()) is not None:
            process.send("say", parts_of(entry.cue))
            answer = self._listen(process, entry)
            with self._lock:
                cut, self._cut = self._cut, None
                now = self._clock()
                if answer is None:
                    self._queue.finish(entry, "dropped", "closed" if self._closing else "engine_stopped", now)
                elif answer[0] == "done":
                    self._queue.finish(entry, "spoken", "", now)
                elif answer[0] == "stopped":
                    self._queue.finish(entry, "dropped", cut or "interrupted", now)
                else:
                    self._queue.finish(entry, "dropped", "no_sound", now)
                self._failures = self._failures + 1 if answer and answer[0] == "failed" else 0
                self._lock.notify_all()
            if answer is None:
                return "closed" if self._closing else "died"
            if self._failures >= FAILURES:
                self._notice = (
                    f"The sound output takes no sound ({answer[1]}): the class goes on in silence, cues are shown on "
                    'the dashboard. Check the loudspeaker, then: groupcoach voices --try "Mina"'
                )
                return "silent"
        return "closed"

    def _listen(self, process: VoiceProcess, entry: Entry) -> Message | None:
        """Wait for the end of the cue, telling the worker when it is to be cut short; None when it died or hung."""
        told: list[str] = []
        while True:
            message = process.receive(QUIET_LIMIT_S, lambda: self._wanted() and (self._cut is None or bool(told)))
            if message is None:
                if self._cut is None or told or self._closing or not process.send("stop"):
                    return None
                told.append(self._cut)
                continue
            if message[0] == "began" and entry.began is None:
                with self._lock:
                    entry.began, entry.length_s = self._clock(), float(message[1] or entry.length_s)
            elif message[0] in ("done", "stopped", "failed"):
                return message

    def _next(self) -> Entry | None:
        """The most urgent cue that is still true; None when closing."""
        with self._lock:
            while not self._closing:
                self._cut = None
                if (entry := self._queue.take(self._clock())) is not None:
                    return entry
                self._lock.notify_all()
                self._lock.wait()
        return None
