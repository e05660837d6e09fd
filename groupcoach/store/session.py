"""The session record: SQLAlchemy, SQLite by default (write-ahead log), any other database by its URL.

``SessionStore.write`` puts events into a queue; the thread ``groupcoach-record`` writes and commits them within
``COMMIT_S``, so a slow disk never delays a frame and a killed engine loses at most one second. When the disk is full or
gone the thread stops, everything committed stays readable, and the next call raises the ``RecordError``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from groupcoach.errors import RecordError
from groupcoach.records import Event
from groupcoach.store import tables
from groupcoach.store.database import connect, record_error, shown
from groupcoach.store.erase import merged_into
from groupcoach.store.run_dir import to_json

COMMIT_S: Final = 0.5
"""Longest time an event waits for its commit (the promise is one second)."""

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
        self._busy = False
        self._closing = False
        self._hurry = False
        self._error: RecordError | None = None
        self._thread: threading.Thread | None = None
        try:
            with self._engine.begin() as connection:
                tables.metadata.create_all(connection)
                found = connection.execute(select(func.max(tables.schema_version.c.version))).scalar()
                if found is None:
                    connection.execute(insert(tables.schema_version).values(version=tables.VERSION))
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise record_error("open", url, error) from error
        if found is not None and found > tables.VERSION:
            self._engine.dispose()
            raise RecordError(
                f"The record {shown(url)} was made by a newer groupcoach (version {found} of its tables, this program "
                f"knows {tables.VERSION}): update groupcoach, or give another database with --db."
            )

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
        self._session_id = int(key[0])
        self._thread = threading.Thread(target=self._write_loop, name="groupcoach-record", daemon=True)
        self._thread.start()
        return self._session_id

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
            self._lock.wait_for(lambda: self._error is not None or not (self._queue or self._busy))
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
                self._lock.wait_for(lambda: self._queue or self._closing)
                # gather a batch: one commit for all that comes meanwhile
                self._lock.wait_for(lambda: self._closing or self._hurry, timeout=COMMIT_S)
                batch, self._queue = self._queue, []
                self._busy = bool(batch)
                ending = self._closing
            if batch:
                self._commit(batch)
            with self._lock:
                self._busy = False
                self._lock.notify_all()
            if ending or self._error is not None:
                return

    def _commit(self, batch: Sequence[Event]) -> None:
        try:
            with self._engine.begin() as connection:
                self._insert(connection, batch)
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
        """Everything kept about the people called ``name`` (any case), JSON values only.

        Returns:
            ``{"name", "sessions": [{"session_id", "source", "started_at_utc", "person", "spot", "summary", "reps",
            "faults", "events"}]}``; ``sessions`` is empty for an unknown name.
        """
        out = []
        for who in self._called(name):
            (session,) = self._rows(select(tables.session).where(tables.session.c.id == who["session_id"]))
            kept: dict[str, Any] = {"session_id": session["id"], "source": session["source"],
                                    "started_at_utc": session["started_at_utc"], "person": who["number"],
                                    "name": who["name"], "spot": who["spot"]}  # fmt: skip
            people = (session["summary"] or {}).get("people", [])
            kept["summary"] = next((p for p in people if p.get("id") == who["number"]), None)
            for key, table in zip(("events", "reps", "faults"), tables.OF_ONE_PERSON, strict=True):
                mine = (table.c.session_id == who["session_id"], table.c.person == who["number"])
                kept[key] = self._rows(select(table).where(*mine).order_by(table.c.id))
            out.append(kept)
        return {"name": name, "sessions": out}

    def erase_person(self, name: str) -> int:
        """Delete everything about the people called ``name`` (any case); returns the number of rows removed.

        The bytes are overwritten and the write-ahead log emptied, so the name is not left behind in the files.
        """
        removed = 0
        people = self._called(name)
        try:
            with self._engine.begin() as connection:
                for who in people:
                    for table in tables.OF_ONE_PERSON:
                        mine = (table.c.session_id == who["session_id"], table.c.person == who["number"])
                        removed += connection.execute(delete(table).where(*mine)).rowcount
                    removed += connection.execute(delete(tables.person).where(tables.person.c.id == who["id"])).rowcount
                    _erase_from_summary(connection, who)
            if people and self._engine.dialect.name == "sqlite":
                with self._engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except SQLAlchemyError as error:
            raise record_error("write", self.url, error) from error
        return removed

    def _called(self, name: str) -> list[dict[str, Any]]:
        """Rows of the people called ``name``, and of the cards that went on as theirs."""
        wanted, out = name.strip().casefold(), []
        everybody = self._rows(select(tables.person))
        for number in {p["session_id"] for p in everybody if p["name"].strip().casefold() == wanted}:
            people = [p for p in everybody if p["session_id"] == number]
            ids = {p["number"] for p in people if p["name"].strip().casefold() == wanted}
            e = tables.event.c
            merges = self._rows(select(tables.event).where(e.session_id == number, e.type == "identity_merged"))
            (session,) = self._rows(select(tables.session).where(tables.session.c.id == number))
            known = {int(p["id"]) for p in (session["summary"] or {}).get("people", ())}
            ids |= merged_into(ids, ({**m["data"], "type": m["type"], "person": m["person"]} for m in merges), known)
            out += [p for p in people if p["number"] in ids]
        return out

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(query).mappings()]
        except SQLAlchemyError as error:
            raise record_error("read", self.url, error) from error


def _erase_from_summary(connection: Connection, who: Mapping[str, Any]) -> None:
    mine = tables.session.c.id == who["session_id"]
    summary = connection.execute(select(tables.session.c.summary).where(mine)).scalar()
    if summary:
        kept = [p for p in summary.get("people", []) if p.get("id") != who["number"]]
        connection.execute(update(tables.session).where(mine).values(summary={**summary, "people": kept}))


def _fields(table: Table, data: Mapping[str, Any]) -> dict[str, Any]:
    """The event's fields that the table has a column for; every row of a batch has the same keys."""
    given = {"id", "session_id", "person", "t_s"}
    return {c.name: data.get(c.name) for c in table.columns if c.name not in given}
