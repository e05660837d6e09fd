"""The board between the engine and everybody who watches it.

The engine publishes and drains commands; watchers read. Nothing here waits for a watcher: an event queue that is full
loses events and counts them, a picture is encoded only while somebody looks, by the looker's thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from groupcoach.cards import Snapshot
from groupcoach.cues.phones import PhoneDesk
from groupcoach.cues.sentences import Part
from groupcoach.records import Event
from groupcoach.serve.preview import Preview
from groupcoach.serve.watcher import Watcher

if TYPE_CHECKING:
    from groupcoach.serve.metrics import Metrics

COMMAND_QUEUE: Final = 256
ANSWERS: Final = 8


@dataclass(frozen=True, slots=True)
class _ByHand:
    by: str = field(default="instructor", kw_only=True)
    """Who asked for it."""


@dataclass(frozen=True, slots=True)
class Rename(_ByHand):
    """Call a person by another name."""

    person_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Merge(_ByHand):
    """Two people of the record are one: ``person_id`` goes on as ``into``."""

    person_id: int
    into: int


@dataclass(frozen=True, slots=True)
class Split(_ByHand):
    """The last merge into a person was wrong."""

    person_id: int


@dataclass(frozen=True, slots=True)
class Swap(_ByHand):
    """Two people have each other's names: from now on each counts for the other."""

    person_id: int
    other: int


@dataclass(frozen=True, slots=True)
class MarkInstructor(_ByHand):
    """This is who teaches: seen, drawn, not counted and not told anything. Or not, after all."""

    person_id: int
    instructor: bool = True


@dataclass(frozen=True, slots=True)
class Undo(_ByHand):
    """Take the last correction back."""


@dataclass(frozen=True, slots=True)
class Mute(_ByHand):
    """No cues for a person, or for the whole class (None)."""

    person_id: int | None


@dataclass(frozen=True, slots=True)
class Unmute(_ByHand):
    """Cues again for a person, or for the whole class (None)."""

    person_id: int | None


@dataclass(frozen=True, slots=True)
class CorrectCount(_ByHand):
    """The instructor's count of an exercise replaces the machine's."""

    person_id: int
    exercise: str
    reps: int


@dataclass(frozen=True, slots=True)
class Floor(_ByHand):
    """The instructor speaks for so long: nobody else does. 0 gives the floor back."""

    seconds: float


@dataclass(frozen=True, slots=True)
class PutOnSpot(_ByHand):
    """This person has that spot; who had it gets the person's former one. None: no spot."""

    person_id: int
    spot: str | None


@dataclass(frozen=True, slots=True)
class Pause(_ByHand):
    """The class stands still: people are followed, nothing is counted and nothing is said."""


@dataclass(frozen=True, slots=True)
class GoOn(_ByHand):
    """The pause is over."""


@dataclass(frozen=True, slots=True)
class NextStep(_ByHand):
    """Everybody goes on to the next exercise of the plan."""


@dataclass(frozen=True, slots=True)
class EndClass(_ByHand):
    """The class is over: the record is closed and the engine ends."""


Command: TypeAlias = (
    Rename | Merge | Mute | Unmute | CorrectCount | Split | Swap | MarkInstructor | Undo | Floor | PutOnSpot | Pause
    | GoOn | NextStep | EndClass
)  # fmt: skip


class LiveBoard:
    """What is going on right now, for any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty board; ``clock`` gives seconds of wall time."""
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: tuple[Snapshot, float] | None = None
        self._watchers: set[Watcher] = set()
        self._event_number = 0
        self._commands: deque[Command] = deque()
        self._answers: deque[tuple[int, Event]] = deque(maxlen=ANSWERS)
        self.preview = Preview(clock)
        self.closed = False
        self.metrics: Metrics | None = None
        self.phones: PhoneDesk | None = None
        """Participants' own pages; None while there are none."""
        self.render: Callable[[tuple[Part, ...]], bytes | None] | None = None
        """Makes a cue's sound for a phone without a voice."""

    # -- the engine's side ----------------------------------------------------------------------------------------

    def publish(self, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """Put up the class at this instant and pass its events on."""
        with self._lock:
            if self._latest is not None and snapshot.dropped > self._latest[0].dropped:
                self.preview.behind()
            self._latest = (snapshot, self._clock())
            numbered = [(self._event_number + i, e) for i, e in enumerate(events, 1)]
            self._event_number += len(numbered)
            self._answers.extend((n, e) for n, e in numbered if "who" in e.data)
            watchers = tuple(self._watchers)
        if numbered:
            for watcher in watchers:
                watcher.offer(numbered)

    def take_commands(self) -> list[Command]:
        """What the instructor asked for since the last call, in order."""
        with self._lock:
            found = list(self._commands)
            self._commands.clear()
        return found

    def close(self) -> None:
        """Nothing more will be published: the watchers' streams end."""
        with self._lock:
            self.closed = True
            watchers = tuple(self._watchers)
        for watcher in watchers:
            watcher.offer([])
        if self.phones is not None:
            self.phones.close()

    # -- the watchers' side ---------------------------------------------------------------------------------------

    def latest(self) -> tuple[Snapshot, float] | None:
        """The last snapshot and its age in seconds of wall time; None before the first."""
        with self._lock:
            if self._latest is None:
                return None
            snapshot, published = self._latest
        return snapshot, self._clock() - published

    def answers(self) -> list[tuple[int, Event]]:
        """What became of the last commands, oldest first: numbered events, a refusal is one too."""
        with self._lock:
            return list(self._answers)

    def watch(self, wake: Callable[[], None]) -> Watcher:
        """Begin to receive events; ``wake`` is called (from the engine's thread) when there are some."""
        watcher = Watcher(wake)
        with self._lock:
            self._watchers.add(watcher)
        return watcher

    def unwatch(self, watcher: Watcher) -> None:
        """Stop receiving events."""
        with self._lock:
            self._watchers.discard(watcher)

    @property
    def watchers(self) -> int:
        """How many read the event stream."""
        with self._lock:
            return len(self._watchers)

    def command(self, command: Command) -> bool:
        """Queue a command for the engine; False when too many wait already."""
        with self._lock:
            if len(self._commands) >= COMMAND_QUEUE:
                return False
            self._commands.append(command)
            return True
