"""The room's queue: what waits for the loudspeaker, what it says, and what became of every cue. Pure, time passed in.

Bounded; the most urgent first, then the oldest. A cue lives as long as its ``expires_s`` says, and not longer: whether
it is still true is asked at the last moment.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from groupcoach.cues.sentences import Part, script_runs
from groupcoach.records import Cue, Priority

QUEUE_LIMIT: Final = 16
START_S: Final = 0.15
"""From the free voice's taking a cue to its sound: the engine makes it first."""
NORMAL_RATE: Final = 175
"""Words a minute."""
_SYLLABLE_S: Final = 0.16
_LETTER_S: Final = 0.062
"""A character of Hangul or Chinese, and any other, at the normal rate (measured with eSpeak NG)."""

UNHEARD: Final = frozenset({"expired", "queue_full", "interrupted", "engine_stopped", "no_sound"})
"""Ends of a cue after which its people were told nothing. Not the ends that leave it on the card alone (no voice), nor
those that somebody wanted (the instructor's word, a fault put right)."""
_LEARN: Final = 0.2

Outcome = Literal["spoken", "expired", "dropped"]


@dataclass(frozen=True, slots=True)
class SpeechResult:
    """What became of one cue."""

    cue: Cue
    outcome: Outcome
    reason: str
    """Empty when spoken; else ``expired``, ``queue_full``, ``silent``, ``engine_stopped``, ``no_sound``,
    ``interrupted``, ``floor``, ``put_right`` or ``closed``."""
    waited_s: float
    """From handing over to the beginning of the sound (or to being given up)."""
    took_s: float
    """Of the sound; 0 when nothing was heard."""
    at_once: bool = True
    """Nothing was being said and nothing waited when it was handed over."""


@dataclass(slots=True, order=True)
class Entry:
    """A cue in the queue; the order of the fields is the order of the queue."""

    urgency: int
    order: int
    said: float
    deadline: float
    cue: Cue
    length_s: float
    """Of its sound: guessed, then known."""
    expected_s: float
    """Of its sound, by its letters."""
    at_once: bool
    taken: float | None = None
    began: float | None = None


class CueQueue:
    """Put in by the engine, taken out by the voice."""

    def __init__(self, limit: int = QUEUE_LIMIT) -> None:
        self.waiting: list[Entry] = []
        self.current: Entry | None = None
        """Being said."""
        self._limit = limit
        self._order = itertools.count()
        self._results: deque[SpeechResult] = deque(maxlen=1000)
        self._pace = 1.0
        """How much longer than expected this machine's voice takes, as it turned out so far."""

    @property
    def busy(self) -> Priority | None:
        """Of the most urgent cue that waits or is being said; None when the next one would be said at once."""
        return max((e.cue.priority for e in self._all()), key=lambda p: p.value, default=None)

    def ends_in_s(self, now: float) -> float:
        """How long until everything that is known here will have been said."""
        left = sum(START_S + entry.length_s for entry in self.waiting)
        if (speaking := self.current) is not None:
            begins = now if speaking.taken is None else speaking.taken + START_S
            left += max(0.0, (begins if speaking.began is None else speaking.began) + speaking.length_s - now)
        return left

    def put(self, cue: Cue, now: float, length_s: float = 0.0) -> bool:
        """Queue a cue; False when it had to give way at once. A full queue gives up its least urgent.

        Args:
            cue: to be said.
            now: seconds.
            length_s: of its sound, by its letters (``expected_s``).
        """
        quiet = self.current is None and not self.waiting
        deadline = now + (cue.expires_s - cue.t_s)
        entry = Entry(
            -cue.priority.value, next(self._order), now, deadline, cue, length_s * self._pace, length_s, quiet
        )
        heapq.heappush(self.waiting, entry)
        if len(self.waiting) <= self._limit:
            return True
        least = max(self.waiting)
        self._remove([least], "queue_full", now)
        return least is not entry

    def refuse(self, cue: Cue, reason: str, now: float) -> None:
        """A cue that nobody will say."""
        self.finish(Entry(0, next(self._order), now, now, cue, 0.0, 0.0, False), "dropped", reason, now)

    def take(self, now: float) -> Entry | None:
        """The most urgent cue that is still true, now being said; None when there is none."""
        while self.waiting:
            entry = heapq.heappop(self.waiting)
            if now <= entry.deadline:
                entry.taken, self.current = now, entry
                return entry
            self.finish(entry, "expired", "expired", now)
        return None

    def withdraw(self, unwanted: Callable[[Cue], bool], now: float) -> None:
        """Give up waiting cues that are true no more."""
        self._remove([e for e in self.waiting if unwanted(e.cue)], "put_right", now)

    def give_up(self, reason: str, now: float) -> None:
        """Nothing that waits will be said."""
        self._remove(sorted(self.waiting), reason, now)

    def finish(self, entry: Entry, outcome: Outcome, reason: str, now: float) -> None:
        """What became of a cue."""
        began = now if entry.began is None else entry.began
        if outcome == "spoken" and entry.expected_s > 0 and now > began:
            took = min(max((now - began) / entry.expected_s, 0.5), 3.0)
            self._pace += _LEARN * (took - self._pace)
        result = SpeechResult(entry.cue, outcome, reason, began - entry.said, now - began, entry.at_once)
        self._results.append(result)
        if self.current is entry:
            self.current = None

    def results(self) -> list[SpeechResult]:
        """What became of cues since the last call, oldest first."""
        found = list(self._results)
        self._results.clear()
        return found

    def _remove(self, entries: Sequence[Entry], reason: str, now: float) -> None:
        for entry in entries:
            self.waiting.remove(entry)
            self.finish(entry, "dropped", reason, now)
        heapq.heapify(self.waiting)

    def _all(self) -> list[Entry]:
        return [*self.waiting, *([self.current] if self.current is not None else [])]


def parts_of(cue: Cue) -> tuple[Part, ...]:
    """What the voices say: the cue's own parts, or its text cut by script."""
    own: tuple[Part, ...] | None = getattr(cue, "parts", None)
    if own is not None:
        return own
    return tuple(Part(text, language or cue.language) for text, language in script_runs(cue.text, cue.language))


def expected_s(parts: Sequence[Part], rate: int | None = None) -> float:
    """How long a voice will take, before it has said how long it takes.

    Args:
        parts: of the cue.
        rate: words a minute; None: the normal one.
    """
    seconds = sum(_SYLLABLE_S if "\u2e80" <= char <= "\ud7a3" else _LETTER_S for part in parts for char in part.text)
    return seconds * NORMAL_RATE / (rate or NORMAL_RATE)
