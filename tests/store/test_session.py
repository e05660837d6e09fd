"""A class is written, read, exported and erased; disks fill up and folders refuse."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from groupcoach.errors import RecordError
from groupcoach.records import Event
from groupcoach.store import database
from groupcoach.store.session import SessionStore

STARTED = "2026-01-05T09:00:00Z"


def fault(t_s, person=1, **more):
    data = {"exercise": "squat", "code": "knees_in", "joint": "knee", "side": "left", "measured": 20.0, "limit": 10.0,
            "unit": "deg", "text": {"en": "push your knees out"}, "dangerous": False}  # fmt: skip
    return Event(t_s, "fault_found", person, data | more)


def rep(t_s, person=1, number=1, faults=()):
    data = {"exercise": "squat", "number": number, "start_s": t_s - 2, "turn_s": t_s - 1, "end_s": t_s,
            "range_deg": np.float32(88.5), "faults": faults}  # fmt: skip
    return Event(t_s, "rep_counted", person, data)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/session.db"


@pytest.fixture
def store(url):
    made = SessionStore(url)
    yield made
    made.close()


def a_class(store):
    session_id = store.start("class.mp4", STARTED)
    entered = [Event(0.1, "person_entered", 1, {"name": "Mina"}), Event(0.1, "person_entered", 2, {"name": "Jun"})]
    store.write(entered)
    store.write([fault(2.0, measured=float("nan")), rep(3.0, faults=("knees_in",)), rep(4.0, 2)])
    people = [{"id": 1, "name": "Mina", "spot": "A1"}, {"id": 2, "name": "Jun", "spot": None}]
    store.finish({"schema": 1, "people": people, "fps": float("inf")})
    return session_id


def test_what_was_written_is_read_back(store):
    session_id = a_class(store)
    back = store.read(session_id)
    assert back["session"]["finished"] is True
    assert back["session"]["summary"]["fps"] is None
    assert [(p["number"], p["name"], p["spot"]) for p in back["people"]] == [(1, "Mina", "A1"), (2, "Jun", None)]
    assert [(r["person"], r["number"], r["range_deg"], r["faults"]) for r in back["reps"]] == [
        (1, 1, 88.5, ["knees_in"]), (2, 1, 88.5, [])]  # fmt: skip
    assert [(f["code"], f["side"], f["measured"], f["limit"]) for f in back["faults"]] == [
        ("knees_in", "left", None, 10.0)]  # fmt: skip
    assert [e["type"] for e in back["events"]] == ["person_entered"] * 2 + ["fault_found"] + ["rep_counted"] * 2
    json.dumps(back, allow_nan=False)


def test_two_classes_in_one_record(store):
    first, second = a_class(store), a_class(store)
    assert [s["id"] for s in store.sessions()] == [first, second]
    assert len(store.read(first)["reps"]) == len(store.read(second)["reps"]) == 2
    with pytest.raises(RecordError, match=r"no session 99; it has: 1, 2"):
        store.read(99)


def test_another_program_reads_it_while_the_class_goes_on(store, url):
    session_id = store.start("0", STARTED)
    store.write([rep(3.0)])
    store.flush()
    other = SessionStore(url)
    assert len(other.read(session_id)["reps"]) == 1
    assert other.read(session_id)["session"]["finished"] is False
    other.close()


def test_closing_commits_what_is_queued(url):
    store = SessionStore(url)
    session_id = store.start("0", STARTED)
    store.write([rep(t, number=t) for t in range(1, 51)])
    store.close()
    again = SessionStore(url)
    assert len(again.read(session_id)["reps"]) == 50
    again.close()


def test_a_killed_engine_leaves_a_sound_record(url, tmp_path):
    script = (
        "import os\nfrom groupcoach.store.session import SessionStore\nfrom groupcoach.records import Event\n"
        f"store = SessionStore({url!r}); store.start('0', 'now')\n"
        "store.write([Event(1.0, 'person_entered', 1, {'name': 'Mina'})]); store.flush()\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    with sqlite3.connect(tmp_path / "session.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    store = SessionStore(url)
    assert store.read(1)["people"][0]["name"] == "Mina"
    store.close()


def test_a_rename_follows_the_person(store):
    session_id = store.start("0", STARTED)
    store.write([Event(0.1, "person_entered", 1, {"name": "Person 1"}), Event(9.0, "renamed", 1, {"name": "Ana"})])
    store.flush()
    assert [p["name"] for p in store.read(session_id)["people"]] == ["Ana"]


def test_a_full_disk_keeps_what_was_recorded(url, monkeypatch):
    monkeypatch.setattr(database, "PRAGMAS", [*database.PRAGMAS, "PRAGMA max_page_count=40"])
    store = SessionStore(url)
    session_id = store.start("0", STARTED)
    written = 0

    def fill():
        nonlocal written
        for n in range(10_000):
            store.write([rep(float(n), number=n)])
            store.flush()
            written += 1

    with pytest.raises(RecordError, match=r"full.*What was recorded until now is kept"):
        fill()
    with pytest.raises(RecordError):
        store.write([])
    assert written > 0
    assert len(store.read(session_id)["reps"]) == written
    store.close()


def test_places_that_cannot_hold_a_record(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "noise.db").write_bytes(os.urandom(5000))
    bad = [f"sqlite:///{tmp_path}/file/session.db", f"sqlite:///{tmp_path}/noise.db", "nonsense", "nodatabase://x/y"]
    for url in bad:
        with pytest.raises(RecordError) as caught:
            SessionStore(url)
        assert "\n" not in str(caught.value)


def test_a_record_of_a_newer_program_is_left_alone(url, tmp_path):
    SessionStore(url).close()
    with sqlite3.connect(tmp_path / "session.db") as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(RecordError, match="newer groupcoach"):
        SessionStore(url)


def test_a_password_is_never_shown():
    with pytest.raises(RecordError) as caught:
        SessionStore("nodatabase://mina:hunter2@host/name")
    assert "hunter2" not in str(caught.value)


def test_export_and_erase_of_one_person(store, tmp_path):
    session_id = a_class(store)
    mine = store.export_person(" mina")
    (kept,) = mine["sessions"]
    assert (kept["person"], kept["summary"]["name"]) == (1, "Mina")
    assert (len(kept["events"]), len(kept["reps"]), len(kept["faults"])) == (3, 1, 1)
    json.dumps(mine, allow_nan=False)

    assert store.erase_person("Mina") == 3 + 1 + 1 + 1
    assert store.export_person("Mina")["sessions"] == []
    assert store.erase_person("Mina") == 0
    left = store.read(session_id)
    assert [p["name"] for p in left["people"]] == ["Jun"]
    assert [p["name"] for p in left["session"]["summary"]["people"]] == ["Jun"]
    assert len(left["reps"]) == 1
    files = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"Mina" not in files
    assert b"Jun" in files
