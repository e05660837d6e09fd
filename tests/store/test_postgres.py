"""The session record in a real PostgreSQL: started here where its programs are found."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from glob import glob
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from groupcoach.records import Event
from groupcoach.store.history import classes_of
from groupcoach.store.session import SessionStore

pytest.importorskip("psycopg", reason="no driver: pip install 'psycopg[binary]'")


def program(name: str) -> str | None:
    """Debian keeps the server's programs beside the path."""
    return shutil.which(name) or next(iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)


INITDB, POSTGRES = program("initdb"), program("postgres")
if INITDB is None or POSTGRES is None:
    pytest.skip("no PostgreSQL here: sudo apt-get install postgresql", allow_module_level=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of our own, listening on this machine only."""
    words: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        if shutil.which("runuser") is None:
            pytest.skip("PostgreSQL does not run as root, and there is no runuser to become somebody else")
        words = ["runuser", "-u", "nobody", "--"]
    folder = Path(tempfile.mkdtemp(prefix="groupcoach-pg-"))
    try:
        if words:
            shutil.chown(folder, "nobody")
        yield from serving(folder, words)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serving(folder: Path, words: list[str]) -> Iterator[str]:
    data = folder / "data"
    options = ["-U", "coach", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    made = subprocess.run([*words, str(INITDB), "-D", str(data), *options], capture_output=True, text=True, cwd=folder)
    assert made.returncode == 0, made.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = subprocess.Popen(
        [*words, str(POSTGRES), "-D", str(data), "-p", str(port), "-k", "", "-h", "127.0.0.1", "-F"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    url = f"postgresql+psycopg://coach@127.0.0.1:{port}/postgres"
    engine = create_engine(url, connect_args={"connect_timeout": 2})
    for _ in range(100):
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
            break
        except Exception:
            assert running.poll() is None, "the server ended at once"
            time.sleep(0.1)
    engine.dispose()
    yield url
    running.terminate()
    running.wait(timeout=20)


def rep(n: int) -> Event:
    times = {"start_s": 2.0 * n - 1.5, "turn_s": 2.0 * n - 1, "end_s": 2.0 * n}
    return Event(
        2.0 * n, "rep_counted", 1, {"exercise": "squat", "number": n, **times, "range_deg": 80.0, "faults": []}
    )


def test_a_class_is_written_resumed_read_exported_and_erased(server: str) -> None:
    store = SessionStore(server)
    number = store.start("0", "2026-11-22T09:00:00+00:00")
    store.write([Event(0.1, "person_entered", 1, {"name": "하은"}), rep(1), rep(2)])
    store.mark({"t_s": 4.0, "people": {}})
    store.close()  # the engine is gone, the class has not ended

    again = SessionStore(server)
    before = again.resume()
    assert before.so_far.people[1].totals == {"squat": 2}
    assert before.point["t_s"] == 4.0
    again.write([rep(3)])
    again.finish({"people": [{"id": 1, "name": "하은", "spot": "A"}]})
    assert len(again.read(number)["reps"]) == 3
    assert again.export_person("하은")["sessions"][0]["spot"] == "A"
    again.close()
    (one,) = classes_of(server, "하은")
    assert one.exercises[0].count == 3

    last = SessionStore(server)
    assert last.erase_person("하은") == 4 + 3 + 1
    assert last.export_person("하은")["sessions"] == []
    assert last.forget_before("2026-12-01") == [number]
    assert last.sessions() == []
    last.close()


def test_the_tables_are_taken_through_every_step(server: str) -> None:
    engine = create_engine(server)
    with engine.begin() as connection:
        SessionStore(server).close()
        assert connection.execute(text("SELECT version FROM schema_version")).scalar() == 2
        # as the first version left it: without the later table, and without Alembic's mark
        connection.execute(text("DROP TABLE alembic_version, resume_point"))
        connection.execute(text("UPDATE schema_version SET version = 1"))
    SessionStore(server).close()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version FROM schema_version")).scalar() == 2
        assert connection.execute(text("SELECT count(*) FROM resume_point")).scalar() == 0
    engine.dispose()
