"""One person's classes over time, read from the session record; the shaping of the rows is pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from groupcoach.store import tables
from groupcoach.store.database import connect, record_error
from groupcoach.store.replay import Past, replay

#: Events that a person's page is made of.
WANTED: Final = ("rep_counted", "hold_ended")


@dataclass(frozen=True, slots=True)
class RepRow:
    """One repetition as recorded; None where an older record has no such field."""

    number: int
    start_s: float
    end_s: float
    range_deg: float | None
    out_s: float | None
    """From rest to the turn ..."""
    back_s: float | None
    """... and back."""
    side: str
    """``left``, ``right`` or ``both``."""
    left_right_deg: float | None
    faults: tuple[str, ...]
    worst_joint: str | None = None
    """Joint of the first fault."""

    @property
    def tempo_s(self) -> float:
        """Out and back."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Done:
    """What one person did of one exercise in one class."""

    exercise: str
    count: int
    """With the instructor's corrections."""
    reps: tuple[RepRow, ...]
    hold_s: float = 0.0

    @property
    def clean(self) -> int:
        """Repetitions without a fault, at most ``count``."""
        return min(self.count, sum(not rep.faults for rep in self.reps))

    @property
    def clean_share(self) -> float | None:
        """0 to 1; None without repetitions."""
        return self.clean / self.count if self.count else None

    @property
    def faults(self) -> dict[str, int]:
        """Repetitions by fault code, the most frequent first."""
        return dict(Counter(code for rep in self.reps for code in rep.faults).most_common())

    @property
    def sides(self) -> dict[str, int]:
        """Repetitions by the side that did them."""
        return dict(Counter(rep.side for rep in self.reps))

    @property
    def left_right_deg(self) -> float | None:
        """Mean of left less right at the turn; None where it was never seen."""
        seen = [rep.left_right_deg for rep in self.reps if rep.left_right_deg is not None]
        return sum(seen) / len(seen) if seen else None


@dataclass(frozen=True, slots=True)
class ClassOfPerson:
    """One class of one person."""

    session: int
    """Number of the class in the record; 0: it is not from a record."""
    person: int
    source: str
    started_at_utc: str
    finished: bool
    exercises: tuple[Done, ...]


def exercises_of(events: Sequence[Mapping[str, Any]], person: int) -> tuple[Done, ...]:
    """What somebody did, also as another card that went on as theirs.

    Args:
        events: of the whole class, as rows of ``events.jsonl``, in the order in which they happened.
        person: number of the card.
    """
    past = replay(events).people.get(person)
    return done_of(past) if past is not None else ()


def done_of(past: Past) -> tuple[Done, ...]:
    """The same, from somebody's past."""
    done: dict[str, Done] = {}
    for row in past.rows:
        exercise = str(row.get("exercise") or "")
        if row["type"] not in WANTED or not exercise:
            continue
        so_far = done.get(exercise) or Done(exercise, 0, ())
        if row["type"] == "rep_counted":
            done[exercise] = replace(so_far, count=so_far.count + 1, reps=(*so_far.reps, _rep(row)))
        else:
            done[exercise] = replace(so_far, hold_s=so_far.hold_s + (_number(row.get("hold_s")) or 0.0))
    for exercise, delta in past.corrections.items():
        so_far = done.get(exercise) or Done(exercise, 0, ())
        done[exercise] = replace(so_far, count=so_far.count + delta)
    return tuple(done.values())


def _rep(event: Mapping[str, Any]) -> RepRow:
    start, end = _number(event.get("start_s")), _number(event.get("end_s"))
    faults = tuple(str(f["code"] if isinstance(f, Mapping) else f) for f in event.get("faults") or ())
    return RepRow(
        int(event.get("number") or 0), start or 0.0, end if end is not None else float(event.get("t_s") or 0.0),
        _number(event.get("range_deg")), _number(event.get("out_s")), _number(event.get("back_s")),
        str(event.get("side") or "both"), _number(event.get("left_right_deg")), faults,
        event.get("worst_joint"),
    )  # fmt: skip


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def names_in(url: str) -> list[str]:
    """Everybody in the record, by name.

    Raises:
        RecordError: the record cannot be read.
    """
    with _Reading(url) as connection:
        rows = connection.execute(select(tables.person.c.name).distinct()).scalars()
        return sorted((str(name) for name in rows), key=str.casefold)


def classes_of(url: str, name: str) -> list[ClassOfPerson]:
    """The classes of the people called ``name`` (any case), oldest first; empty for an unknown name.

    Raises:
        RecordError: the record cannot be read.
    """
    wanted, person, session = name.strip().casefold(), tables.person.c, tables.session.c
    out = []
    with _Reading(url) as connection:
        called = [
            (int(row.session_id), int(row.number))
            for row in connection.execute(select(person.session_id, person.number, person.name))
            if str(row.name).strip().casefold() == wanted
        ]
        for session_id, number in sorted(called):
            row = connection.execute(select(tables.session).where(session.id == session_id)).one()
            done = exercises_of(_events(connection, session_id), number)
            out.append(ClassOfPerson(session_id, number, str(row.source), str(row.started_at_utc), bool(row.finished),
                                     done))  # fmt: skip
    return out


def fault_texts_in(url: str, language: str = "en") -> dict[str, str]:
    """What is said about each fault of the record, by its code.

    Raises:
        RecordError: the record cannot be read.
    """
    event = tables.event.c
    found: dict[str, str] = {}
    with _Reading(url) as connection:
        for data in connection.execute(select(event.data).where(event.type == "fault_found")).scalars():
            text = (data or {}).get("text")
            if isinstance(text, Mapping) and data.get("code"):
                found[str(data["code"])] = str(text.get(language) or text.get("en") or data["code"])
    return found


def _events(connection: Connection, session_id: int) -> list[dict[str, Any]]:
    event = tables.event.c
    mine = select(event.t_s, event.type, event.person, event.data).where(event.session_id == session_id)
    return [{**(row.data or {}), "t_s": row.t_s, "type": row.type, "person": row.person}
            for row in connection.execute(mine.order_by(event.id))]  # fmt: skip


class _Reading:
    """A connection for reading; the database's errors become one paragraph."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = connect(url)
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        try:
            self._connection = self._engine.connect()
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise record_error("read", self._url, error) from error
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()
        if isinstance(error, SQLAlchemyError):
            raise record_error("read", self._url, error) from error
