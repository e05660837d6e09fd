"""A record of every version opens, and comes to the shape that the program has now."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from groupcoach.records import Event
from groupcoach.store import schema, tables
from groupcoach.store.session import SessionStore

#: As groupcoach 0.1.0 made it (``sqlite3 session.db .schema``).
FIRST = """
CREATE TABLE schema_version (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE session (id INTEGER NOT NULL, source VARCHAR NOT NULL, started_at_utc VARCHAR NOT NULL,
    finished BOOLEAN NOT NULL, summary JSON, PRIMARY KEY (id));
CREATE TABLE person (id INTEGER NOT NULL, session_id INTEGER NOT NULL, number INTEGER NOT NULL, name VARCHAR NOT NULL,
    spot VARCHAR, PRIMARY KEY (id), UNIQUE (session_id, number), FOREIGN KEY(session_id) REFERENCES session (id));
CREATE INDEX ix_person_name ON person (name);
CREATE TABLE event (id INTEGER NOT NULL, session_id INTEGER NOT NULL, t_s FLOAT NOT NULL, type VARCHAR NOT NULL,
    person INTEGER, data JSON NOT NULL, PRIMARY KEY (id), FOREIGN KEY(session_id) REFERENCES session (id));
CREATE INDEX ix_event_session_id ON event (session_id);
CREATE TABLE rep (id INTEGER NOT NULL, session_id INTEGER NOT NULL, person INTEGER NOT NULL, exercise VARCHAR NOT NULL,
    number INTEGER NOT NULL, start_s FLOAT, turn_s FLOAT, end_s FLOAT, range_deg FLOAT, faults JSON NOT NULL,
    PRIMARY KEY (id), FOREIGN KEY(session_id) REFERENCES session (id));
CREATE INDEX ix_rep_session_id ON rep (session_id);
CREATE TABLE fault (id INTEGER NOT NULL, session_id INTEGER NOT NULL, person INTEGER NOT NULL, t_s FLOAT NOT NULL,
    exercise VARCHAR NOT NULL, code VARCHAR NOT NULL, joint VARCHAR, side VARCHAR, measured FLOAT, "limit" FLOAT,
    unit VARCHAR, PRIMARY KEY (id), FOREIGN KEY(session_id) REFERENCES session (id));
CREATE INDEX ix_fault_session_id ON fault (session_id);
INSERT INTO schema_version VALUES (1);
INSERT INTO session VALUES (1, 'old.mp4', '2026-01-05T09:00:00+00:00', 1, '{"people": []}');
INSERT INTO person VALUES (1, 1, 4, 'Mina', 'A1');
INSERT INTO event VALUES (1, 1, 0.5, 'person_entered', 4, '{"name": "Mina"}');
"""


def shape_of(path: Path) -> dict[str, set[tuple[str, bool]]]:
    engine = create_engine(f"sqlite:///{path}")
    look = inspect(engine)
    found = {
        name: {(str(c["name"]), bool(c["nullable"])) for c in look.get_columns(name)}
        | {(str(i["column_names"]), True) for i in look.get_indexes(name)}
        for name in look.get_table_names() if name != "alembic_version"
    }  # fmt: skip
    engine.dispose()
    return found


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(FIRST)
    connection.close()
    return path


def test_a_record_of_the_first_version_opens_with_what_is_in_it_and_is_written_on(old: Path) -> None:
    store = SessionStore(f"sqlite:///{old}")
    assert [(p["name"], p["number"]) for p in store.read(1)["people"]] == [("Mina", 4)]
    number = store.start("new.mp4", "2026-11-22T09:00:00+00:00")
    store.write([Event(1.0, "person_entered", 1, {"name": "Jun"})])
    store.close()
    again = SessionStore(f"sqlite:///{old}")  # a second time there is nothing to do
    assert [p["name"] for p in again.read(number)["people"]] == ["Jun"]
    again.close()


def test_the_steps_end_at_the_tables_of_the_program(old: Path, tmp_path: Path) -> None:
    SessionStore(f"sqlite:///{old}").close()
    SessionStore(f"sqlite:///{tmp_path / 'new.db'}").close()
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    tables.metadata.create_all(plain)
    plain.dispose()
    assert shape_of(old) == shape_of(tmp_path / "new.db") == shape_of(tmp_path / "plain.db")
    with sqlite3.connect(old) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [(tables.VERSION,)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.HEAD,)]
    connection.close()
    assert int(schema.HEAD) == tables.VERSION


def test_a_record_up_to_date_is_opened_without_alembic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    SessionStore(url).close()
    monkeypatch.setitem(__import__("sys").modules, "alembic", None)
    SessionStore(url).close()
