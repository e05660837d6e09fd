"""The session record: SQLAlchemy, SQLite by default (write-ahead log), any other database by its URL.

``SessionStore.write`` puts events into a queue; the thread ``groupcoach-record`` writes and commits them within
``COMMIT_S``, so a slow disk never delays a frame and a killed engine loses at most one second. When the disk is full or
gone the thread stops, everything committed stays readable, and the next call raises the ``RecordError``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from groupcoach.errors import RecordError
from groupcoach.records import Event
from groupcoach.store import of_one, tables
from groupcoach.store.database import connect, record_error, shown
from groupcoach.store.replay import Unfinished
from groupcoach.store.run_dir import to_json
from groupcoach.store.schema import bring_up_to_date

COMMIT_S: Final = 0.2
"""Longest time an event waits for its commit. The promise is one second; half of one held two repetitions."""

#: Events whose ``name`` is what the person is called from then on.
NAMING: Final = frozenset({"person_entered", "person_returned", "renamed"})


class SessionStore:
    """One database with any number of classes; writes one class at a time."""

    def __init__(self, url: str) -> None:
        """Open or make the database.

        Args:
            url: of SQLAlchemy, e.g. ``sqlite:///RUN_DIR/session.db``.

        Raises:
            RecordError: the database cannot be opened, is of a newer groupcoach, or is no database.
        """
        self.url = url
        self._engine = connect(url)
        self._session_id: int | None = None
        self._lock = threading.Condition()
        self._queue: list[Event] = []
        self._point: Mapping[str, Any] | None = None
        self._busy = False
        self._closing = False
        self._hurry = False
        self._error: RecordError | None = None
        self._thread: threading.Thread | None = None
        try:
            with self._engine.begin() as connection:
                bring_up_to_date(connection, url)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise record_error("open", url, error) from error
        except RecordError:
            self._engine.dispose()
            raise

    # -- writing a class ------------------------------------------------------------------------------------------

    def start(self, source: str, started_at_utc: str) -> int:
        """Begin the record of a class and return its session id."""
        try:
            with self._engine.begin() as connection:
                row = insert(tables.session).values(source=source, started_at_utc=started_at_utc, finished=False)
                key = connection.execute(row).inserted_primary_key
        except SQLAlchemyError as error:
            raise record_error("write", self.url, error) from error
        assert key is not None
        return self._begin(int(key[0]))

    def resume(self) -> Unfinished:
        """Go on with the newest class that did not come to its end.

        Raises:
            RecordError: there is none, or it still runs.
        """
        unfinished = [s for s in self.sessions() if not s["finished"]]
        if not unfinished:
            raise RecordError(
                f"Every class of the record {shown(self.url)} has come to its end: there is nothing to go on with. "
                "Start one without --resume, or give the --out or --db of the class that broke off."
            )
        number = int(unfinished[-1]["id"])
        event, point = tables.event.c, tables.resume_point.c
        rows = self._rows(select(tables.event).where(event.session_id == number).order_by(event.id))
        events = [{**(r["data"] or {}), "t_s": r["t_s"], "type": r["type"], "person": r["person"]} for r in rows]
        points = self._rows(select(tables.resume_point).where(point.session_id == number))
        found = Unfinished(str(unfinished[-1]["source"]), events, points[0]["data"] if points else {})
        found.check_over()
        self._begin(number)
        return found

    def _begin(self, session_id: int) -> int:
        self._session_id = session_id
        self._thread = threading.Thread(target=self._write_loop, name="groupcoach-record", daemon=True)
        self._thread.start()
        return session_id

    def mark(self, point: Mapping[str, Any]) -> None:
        """Keep the point from which the class could go on (``resume.point_of``), with the next events; the last one."""
        with self._lock:
            self._point = point
            self._lock.notify_all()

    def write(self, events: Sequence[Event]) -> None:
        """Queue events of the class begun with ``start``; they are committed within one second.

        Raises:
            RecordError: an earlier batch could not be written. What was committed before it is kept.
        """
        if self._session_id is None:
            raise RecordError("No class was begun in this record: call start() before write().")
        if self._error is not None:
            raise self._error
        if events:
            with self._lock:
                self._queue.extend(events)
                self._lock.notify_all()

    def flush(self) -> None:
        """Wait until everything written is committed."""
        with self._lock:
            self._hurry = True
            self._lock.notify_all()
            self._lock.wait_for(lambda: self._error is not None or not (self._queue or self._point or self._busy))
            self._hurry = False
        if self._error is not None:
            raise self._error

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Commit everything and keep the run's ``summary.json`` with the session; names and spots follow it."""
        self.flush()
        try:
            with self._engine.begin() as connection:
                row = update(tables.session).where(tables.session.c.id == self._session_id)
                connection.execute(row.values(finished=True, summary=to_json(summary)))
                connection.execute(
                    delete(tables.resume_point).where(tables.resume_point.c.session_id == self._session_id)
                )
                for who in summary.get("people", ()):
                    self._name(connection, int(who["id"]), str(who["name"]), who.get("spot"))
        except SQLAlchemyError as error:
            raise record_error("write", self.url, error) from error

    def close(self) -> None:
        """Commit what is queued and let go of the database. Safe to call twice; raises nothing."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=10.0)
        self._engine.dispose()

    def _write_loop(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._queue or self._point or self._closing)
                # gather a batch: one commit for all that comes meanwhile
                self._lock.wait_for(lambda: self._closing or self._hurry, timeout=COMMIT_S)
                batch, self._queue = self._queue, []
                point, self._point = self._point, None
                self._busy = bool(batch or point)
                ending = self._closing
            if batch or point:
                self._commit(batch, point)
            with self._lock:
                self._busy = False
                self._lock.notify_all()
            if ending or self._error is not None:
                return

    def _commit(self, batch: Sequence[Event], point: Mapping[str, Any] | None) -> None:
        try:
            with self._engine.begin() as connection:
                self._insert(connection, batch)
                if point is not None:
                    mine = tables.resume_point.c.session_id == self._session_id
                    values = {"t_s": float(point["t_s"]), "data": to_json(point)}
                    if not connection.execute(update(tables.resume_point).where(mine).values(**values)).rowcount:
                        values["session_id"] = self._session_id
                        connection.execute(insert(tables.resume_point).values(**values))
        except SQLAlchemyError as error:
            self._error = record_error("write", self.url, error)

    def _insert(self, connection: Connection, batch: Sequence[Event]) -> None:
        rows: dict[Table, list[dict[str, Any]]] = {tables.event: [], tables.rep: [], tables.fault: []}
        for e in batch:
            data = to_json(e.data)
            base = {"session_id": self._session_id, "person": e.person}
            rows[tables.event].append({**base, "t_s": float(e.t_s), "type": e.type, "data": data})
            if e.person is None:
                continue
            if e.type == "rep_counted":
                rows[tables.rep].append(base | _fields(tables.rep, data))
            elif e.type == "fault_found":
                rows[tables.fault].append({**base, "t_s": float(e.t_s)} | _fields(tables.fault, data))
            elif e.type in NAMING and data.get("name"):
                self._name(connection, e.person, str(data["name"]))
        for table, found in rows.items():
            if found:
                connection.execute(insert(table), found)

    def _name(self, connection: Connection, number: int, name: str, spot: str | None = None) -> None:
        p = tables.person.c
        values: dict[str, Any] = {"name": name} | ({"spot": spot} if spot is not None else {})
        row = update(tables.person).where(p.session_id == self._session_id, p.number == number).values(**values)
        if connection.execute(row).rowcount == 0:
            connection.execute(insert(tables.person).values(session_id=self._session_id, number=number, **values))

    # -- reading --------------------------------------------------------------------------------------------------

    def sessions(self) -> list[dict[str, Any]]:
        """Every class of the record, oldest first: ``id, source, started_at_utc, finished, summary``."""
        return self._rows(select(tables.session).order_by(tables.session.c.id))

    def read(self, session_id: int) -> dict[str, Any]:
        """One class: ``{"session", "people", "reps", "faults", "events"}``, each a list of rows but ``session``.

        Raises:
            RecordError: there is no such class, or the record cannot be read.
        """
        found = self._rows(select(tables.session).where(tables.session.c.id == session_id))
        if not found:
            known = ", ".join(str(s["id"]) for s in self.sessions()) or "none"
            raise RecordError(f"The record {shown(self.url)} has no session {session_id}; it has: {known}.")
        out: dict[str, Any] = {"session": found[0]}
        parts = {"people": tables.person, "reps": tables.rep, "faults": tables.fault, "events": tables.event}
        for name, table in parts.items():
            out[name] = self._rows(select(table).where(table.c.session_id == session_id).order_by(table.c.id))
        return out

    # -- one person -----------------------------------------------------------------------------------------------

    def export_person(self, name: str) -> dict[str, Any]:
        """Everything kept about the people called ``name`` (``of_one.export``)."""
        return of_one.export(self._rows, name)

    def erase_person(self, name: str) -> int:
        """Delete everything about the people called ``name`` (any case); returns the number of rows removed.

        The bytes are overwritten and the write-ahead log emptied, so the name is not left behind in the files.
        """
        people = of_one.called(self._rows, name)
        return self._delete(lambda connection: sum(of_one.erase(connection, who) for who in people), bool(people))

    def forget_before(self, utc: str) -> list[int]:
        """Delete the classes that began before a moment (ISO 8601); returns their numbers.

        The class that is written now is never one of them.
        """
        old = [int(s["id"]) for s in self.sessions() if s["started_at_utc"] < utc and s["id"] != self._session_id]
        self._delete(lambda connection: sum(of_one.forget_session(connection, number) for number in old), bool(old))
        return old

    def _delete(self, rows_of: Callable[[Connection], int], any_at_all: bool) -> int:
        try:
            with self._engine.begin() as connection:
                removed = rows_of(connection)
            if any_at_all and self._engine.dialect.name == "sqlite":
                with self._engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except SQLAlchemyError as error:
            raise record_error("write", self.url, error) from error
        return removed

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query).mappings()]
        except SQLAlchemyError as error:
            raise record_error("read", self.url, error) from error


def _fields(table: Table, data: Mapping[str, Any]) -> dict[str, Any]:
    """The event's fields that the table has a column for; every row of a batch has the same keys."""
    given = {"id", "session_id", "person", "t_s"}
    return {c.name: data.get(c.name) for c in table.columns if c.name not in given}
