"""Who has a phone with us: codes, sessions, and the line to each phone. For any number of threads; waits for nobody.

A code is for one person. For somebody with a name it comes from the name and a secret of this machine that lives for
half a day, so that it is still good after the engine was started again; for a body without a name from a secret of this
run, because the next run's ``Person 3`` is somebody else.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groupcoach.cues.policy import ClassCue
from groupcoach.cues.queue import SpeechResult

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH: Final = 7
HEARD_S: Final = 9.0
"""A phone that said nothing for so long is not there (it says so every four seconds)."""
ANSWER_S: Final = 10.0
"""A cue that the phone has not answered for so long was not heard."""
WRONG_PER_MINUTE: Final = 5
"""Wrong codes from one address; ``WRONG_IN_ALL`` from everybody."""
WRONG_IN_ALL: Final = 60
SESSIONS: Final = 200
LINES: Final = 4
"""Open streams of one person."""
KEPT_CUES: Final = 8
_NUMBERED: Final = re.compile(r"(Person|Guest) \d+")


class TooManyTries(Exception):
    """Wrong codes came too often; nothing is looked at for a while."""


class Line:
    """One open stream to a phone: the newest state and the cues not sent yet."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._state: Mapping[str, Any] | None = None
        self._cues: deque[dict[str, Any]] = deque(maxlen=KEPT_CUES)

    def offer(self, state: Mapping[str, Any] | None = None, cue: dict[str, Any] | None = None) -> None:
        """Called by the engine: a newer state replaces one that was not sent."""
        with self._lock:
            self._state = state or self._state
            if cue is not None:
                self._cues.append(cue)
        with contextlib.suppress(RuntimeError):  # the reader's event loop has ended
            self._wake()

    def take(self) -> list[tuple[str, str]]:
        """(event, JSON) to send now, cues first."""
        with self._lock:
            found = [("cue", json.dumps(cue)) for cue in self._cues]
            if self._state is not None:
                found.append(("state", json.dumps(self._state)))
            self._cues.clear()
            self._state = None
        return found


@dataclass(slots=True)
class _Phone:
    """What is known of one person's phones."""

    lines: list[Line] = field(default_factory=list)
    heard: float = -1e9
    recent: OrderedDict[int, ClassCue] = field(default_factory=OrderedDict)


class PhoneDesk:
    """Gives out codes, lets phones in, passes on what is theirs."""

    def __init__(self, key: Callable[[], bytes] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Make it.

        Args:
            key: gives the secret that codes of named people come from (``lasting_key``), asked for with the first
                code; None: one for this run.
            clock: seconds of wall time.
        """
        self._ask_key = key
        self._key: bytes | None = None
        self._own = secrets.token_bytes(32)
        self._clock = clock
        self._lock = threading.Lock()
        self._names: dict[int, str] = {}
        self._codes: dict[str, int] = {}
        self._shown: dict[int, str] = {}
        self._stale = False
        self._sessions: OrderedDict[str, str] = OrderedDict()
        self._wrong: deque[tuple[float, str]] = deque(maxlen=WRONG_IN_ALL)
        self._phones: dict[int, _Phone] = {}
        self._waiting: OrderedDict[int, tuple[ClassCue, float]] = OrderedDict()
        self._results: deque[SpeechResult] = deque(maxlen=1000)
        self.closed = False
        self.address = ""
        """Where a phone finds the page, e.g. ``http://192.168.1.20:8780/me``; empty: phones cannot reach it."""

    # -- the engine's side ----------------------------------------------------------------------------------------

    def meet(self, people: Iterable[tuple[int, str]]) -> None:
        """(id, name) of everybody known; called for every frame, does something when it changed."""
        now = dict(people)
        if now != self._names:
            with self._lock:
                self._names, self._stale = now, True

    def connected(self) -> set[int]:
        """People whose phone listens."""
        since = self._clock() - HEARD_S
        with self._lock:
            return {person for person, phone in self._phones.items() if phone.lines and phone.heard >= since}

    def watched(self) -> set[int]:
        """People whose page is open: their state is wanted."""
        with self._lock:
            return {person for person, phone in self._phones.items() if phone.lines}

    def show(self, person: int, state: Mapping[str, Any]) -> None:
        """The person's own count, exercise and figure, in JSON types."""
        for line in self._lines(person):
            line.offer(state)

    def say(self, cue: ClassCue) -> None:
        """Pass a cue to the phone of ``cue.person_id``."""
        with self._lock:
            phone = self._phones.setdefault(cue.person_id, _Phone())
            phone.recent[cue.number] = cue
            while len(phone.recent) > KEPT_CUES:
                phone.recent.popitem(last=False)
            self._waiting[cue.number] = (cue, self._clock())
        data = {"cue": cue.number, "text": cue.text, "language": cue.language, "priority": cue.priority.name.lower(),
                "reason": cue.reason}  # fmt: skip
        for line in self._lines(cue.person_id):
            line.offer(cue=data)

    def give_up(self) -> None:
        """Wait for no more answers."""
        self._expire(-1.0)

    def _expire(self, limit_s: float) -> None:
        now = self._clock()
        with self._lock:
            for number, (cue, said) in list(self._waiting.items()):
                if now - said > limit_s:
                    del self._waiting[number]
                    self._results.append(SpeechResult(cue, "dropped", "no_answer", now - said, 0.0))

    def results(self) -> list[SpeechResult]:
        """What became of cues since the last call, oldest first."""
        self._expire(ANSWER_S)
        with self._lock:
            found = list(self._results)
            self._results.clear()
        return found

    def codes(self) -> dict[int, tuple[str, str]]:
        """Person id -> (name, code): for the instructor only."""
        with self._lock:
            self._renew()
            return {person: (self._names[person], code) for person, code in self._shown.items()}

    def close(self) -> None:
        """Nothing more will come: the streams end."""
        with self._lock:
            self.closed = True
            lines = [line for phone in self._phones.values() for line in phone.lines]
        for line in lines:
            line.offer()

    # -- the phones' side -----------------------------------------------------------------------------------------

    def enter(self, code: str, address: str) -> str | None:
        """A session's token for a code; None when it is nobody's.

        Raises:
            TooManyTries: too many wrong codes came from this address, or from everybody.
        """
        now = self._clock()
        wanted = "".join(c for c in code.upper() if c in ALPHABET)
        with self._lock:
            while self._wrong and now - self._wrong[0][0] > 60.0:
                self._wrong.popleft()
            from_here = sum(who == address for _, who in self._wrong)
            if from_here >= WRONG_PER_MINUTE or len(self._wrong) >= WRONG_IN_ALL:
                raise TooManyTries
            self._renew()
            if len(code) > 40 or wanted not in self._codes:
                self._wrong.append((now, address))
                return None
            token = secrets.token_urlsafe(32)
            self._sessions[token] = wanted
            while len(self._sessions) > SESSIONS:
                self._sessions.popitem(last=False)
            return token

    def person_of(self, token: str | None) -> int | None:
        """Whose session it is; None when it is none (any more)."""
        with self._lock:
            self._renew()
            return self._codes.get(self._sessions.get(token or "", ""))

    def leave(self, token: str | None) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(token or "", None)

    def open(self, person: int, wake: Callable[[], object]) -> Line | None:
        """A stream begins; None when the person has too many."""
        line = Line(wake)
        with self._lock:
            phone = self._phones.setdefault(person, _Phone())
            if len(phone.lines) >= LINES or self.closed:
                return None
            phone.lines.append(line)
            phone.heard = self._clock()
        return line

    def shut(self, person: int, line: Line) -> None:
        """A stream has ended."""
        with self._lock, contextlib.suppress(ValueError, KeyError):
            self._phones[person].lines.remove(line)

    def here(self, person: int) -> None:
        """The phone lives."""
        with self._lock:
            self._phones.setdefault(person, _Phone()).heard = self._clock()

    def answered(self, person: int, number: int, spoken: bool, took_s: float) -> bool:
        """The phone has said a cue (or could only show it); False when it was not this person's, or is answered."""
        now = self._clock()
        with self._lock:
            cue, said = self._waiting.get(number, (None, now))
            if cue is None or cue.person_id != person:
                return False
            del self._waiting[number]
            took = min(max(took_s, 0.0), now - said)
            outcome = ("spoken", "") if spoken else ("dropped", "shown_only")
            self._results.append(SpeechResult(cue, *outcome, now - said - took, took))  # type: ignore[arg-type]
        return True

    def cue_of(self, person: int, number: int) -> ClassCue | None:
        """One of the person's last cues."""
        with self._lock:
            phone = self._phones.get(person)
            return phone.recent.get(number) if phone else None

    def _renew(self) -> None:
        """Codes again after somebody came, went or got another name; with the lock held."""
        if not self._stale:
            return
        self._stale = False
        if self._key is None:
            self._key = self._ask_key() if self._ask_key else secrets.token_bytes(32)
        # one that was given out for a body stays good; names win where two people changed theirs
        self._codes = {self._code(self._own, str(person)): person for person in self._names}
        self._shown = {}
        for person, name in self._names.items():
            code = self._code(self._key, name)
            if _NUMBERED.fullmatch(name) or code in self._codes:  # no name, or the same as somebody else's
                code = self._code(self._own, str(person))
            self._codes[code] = person
            self._shown[person] = code

    def _lines(self, person: int) -> tuple[Line, ...]:
        with self._lock:
            phone = self._phones.get(person)
            return tuple(phone.lines) if phone else ()

    @staticmethod
    def _code(key: bytes, who: str) -> str:
        number = int.from_bytes(hmac.digest(key, who.encode("utf-8", "surrogatepass"), "sha256"), "big")
        letters = []
        for _ in range(CODE_LENGTH):
            number, letter = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[letter])
        return "".join(letters)
