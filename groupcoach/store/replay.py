"""What everybody has done, from the events of a class alone: who was merged, split or corrected has the right rows.

The engine that goes on after a crash (``resume.py``), a run that was cut off (``reading.py``) and a person's page
(``history.py``) all read counts here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from groupcoach.errors import RecordError

#: Events that are booked to somebody and move with the card.
BOOKED: Final = ("rep_counted", "rep_half", "hold_ended", "fault_found")
_LATE_S: Final = 1.0
"""A span of a body lasts so much longer than it was seen (``track.identity.LEFT_S``)."""


@dataclass(slots=True)
class Past:
    """One card at the end of the events."""

    number: int
    name: str
    spot: str | None = None
    instructor: bool = False
    first_s: float = 0.0
    last_s: float = 0.0
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    """Of the kinds ``BOOKED``, in the order in which they happened."""
    corrections: Counter[str] = field(default_factory=Counter)
    """By how much the instructor's count of an exercise differs from the machine's."""

    @property
    def totals(self) -> dict[str, int]:
        """Repetitions by exercise, the instructor's corrections included."""
        out = Counter(self.corrections)
        out.update(str(r["exercise"]) for r in self.rows if r["type"] == "rep_counted")
        return {exercise: n for exercise, n in out.items() if n}


@dataclass(slots=True)
class ClassSoFar:
    """Everybody who has a card, and what holds for the whole class."""

    people: dict[int, Past] = field(default_factory=dict)
    most: int = 0
    """Highest number that a card ever had."""
    muted: set[int] = field(default_factory=set)
    all_muted: bool = False
    paused: bool = False
    last_s: float = 0.0
    gone: dict[int, Past] = field(default_factory=dict)
    """Whoever went on as somebody else, as they were then: name, spot, corrections."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A class of the record that did not come to its end."""

    source: str
    events: Sequence[Mapping[str, Any]]
    """Rows as of ``events.jsonl``, in order."""
    point: Mapping[str, Any]
    """``point_of`` the last moment recorded; empty where it was never reached."""

    @property
    def so_far(self) -> ClassSoFar:
        """Who has what."""
        return replay(self.events)

    @property
    def last_s(self) -> float:
        """Of the class: the last moment that is in the record."""
        return max([float(self.point.get("t_s") or 0.0), *(float(e["t_s"]) for e in self.events[-50:])])

    def check_over(self) -> None:
        """Raises RecordError while the engine that wrote the record still runs on this machine."""
        import psutil

        pid, began = self.point.get("pid"), self.point.get("pid_began")
        if pid is None or pid == os.getpid():
            return
        try:
            alive = psutil.Process(int(pid)).create_time() == began
        except psutil.Error:
            return
        if alive:
            raise RecordError(f"That class still runs (process {pid}): end it first, or start one with another record.")


@dataclass(slots=True)
class _Entry:
    """A booked row or a correction, and who had it before (the last merge last)."""

    row: Mapping[str, Any]
    owner: int
    t_s: float
    delta: int | None = None
    came_from: list[int] = field(default_factory=list)


def replay(events: Iterable[Mapping[str, Any]]) -> ClassSoFar:
    """The class as it stood after the last event.

    Args:
        events: rows with ``t_s``, ``type``, ``person`` and what else the event says, in order.
    """
    so_far = ClassSoFar()
    entries: list[_Entry] = []
    for event in events:
        _take(event, so_far, entries)
    for entry in entries:
        for number in entry.came_from if entry.delta else ():
            if number in so_far.gone:
                so_far.gone[number].corrections[str(entry.row["exercise"])] += entry.delta or 0
        past = so_far.people.get(entry.owner)
        if past is None:
            continue
        if entry.delta is None:
            past.rows.append(entry.row)
        else:
            past.corrections[str(entry.row["exercise"])] += entry.delta
    for past in so_far.people.values():
        past.corrections = Counter({name: n for name, n in past.corrections.items() if n})
    return so_far


def _take(event: Mapping[str, Any], so_far: ClassSoFar, entries: list[_Entry]) -> None:
    kind, number, t_s = event.get("type"), event.get("person"), float(event.get("t_s") or 0.0)
    so_far.last_s = max(so_far.last_s, t_s)
    if kind in ("muted", "unmuted"):
        if number is None:
            so_far.all_muted = kind == "muted"
        else:
            (so_far.muted.add if kind == "muted" else so_far.muted.discard)(int(number))
    elif kind in ("class_paused", "class_went_on"):
        so_far.paused = kind == "class_paused"
    if number is None:
        return
    number = int(number)
    so_far.most = max(so_far.most, number)
    if kind == "person_forgotten":
        so_far.people.pop(number, None)
        return
    past = so_far.people.get(number)
    if past is None:
        past = so_far.people[number] = Past(number, f"Person {number}", first_s=t_s)
    past.last_s = t_s
    if kind in BOOKED:
        entries.append(_Entry(event, number, t_s))
    elif kind in ("person_entered", "person_returned", "renamed"):
        past.name = str(event.get("name") or past.name)
        past.spot = event.get("spot", past.spot)
    else:
        _correct(event, past, so_far, entries)


def _correct(event: Mapping[str, Any], past: Past, so_far: ClassSoFar, entries: list[_Entry]) -> None:
    """Merges, splits and what the instructor corrects, and the undoing of each: it says what it came to."""
    kind = str(event.get("kind") if event.get("type") == "correction_undone" else event.get("type"))
    if event.get("merged"):
        gone = so_far.people.pop(int(event["merged"]), None)
        if gone is not None:
            so_far.gone[gone.number] = gone
            past.first_s = min(past.first_s, gone.first_s)
            _move(entries, gone.number, past.number)
    elif event.get("split"):
        number = int(event["split"])
        fresh = Past(number, f"Person {number}", first_s=past.last_s, last_s=past.last_s)
        other = so_far.gone.pop(number, fresh)
        other.name = str(event.get("name") or other.name)
        so_far.people[other.number] = other
        so_far.most = max(so_far.most, other.number)
        _part(entries, past.number, other.number, event.get("spans_s") or ())
    elif kind == "count_corrected":
        before = event.get("before")
        if before is None:
            before = _count(entries, past.number, str(event["exercise"]))
        delta = int(event.get("after", event.get("reps")) or 0) - int(before)
        entries.append(_Entry(event, past.number, float(event["t_s"]), delta))
    elif kind == "instructor_marked":
        past.instructor = bool(event.get("after"))
    elif kind == "put_on_spot":
        past.spot = event.get("after")
        for other_number, spot in (event.get("others") or {}).items():
            if int(other_number) in so_far.people:
                so_far.people[int(other_number)].spot = spot
    elif kind == "renamed":  # undone
        past.name = str(event.get("after") or past.name)


def _count(entries: Iterable[_Entry], owner: int, exercise: str) -> int:
    """Repetitions so far, corrections included."""
    mine = [e for e in entries if e.owner == owner and e.row.get("exercise") == exercise]
    return sum(e.delta if e.delta is not None else int(e.row["type"] == "rep_counted") for e in mine)


def _move(entries: Iterable[_Entry], person: int, into: int) -> None:
    for entry in entries:
        if entry.owner == person:
            entry.owner = into
            entry.came_from.append(person)


def _part(entries: Iterable[_Entry], kept: int, other: int, spans_s: Sequence[Sequence[float]]) -> None:
    """What was done while the other's body was in sight is the other's again; corrections go back to their owner."""
    for entry in entries:
        if entry.owner != kept:
            continue
        if entry.delta is not None:
            theirs = bool(entry.came_from) and entry.came_from[-1] == other
        else:
            at_s = float(entry.row.get("end_s") or entry.t_s)
            theirs = any(a <= at_s <= b + _LATE_S for a, b in spans_s)
        if theirs:
            entry.owner = other
            if entry.came_from and entry.came_from[-1] == other:
                entry.came_from.pop()
