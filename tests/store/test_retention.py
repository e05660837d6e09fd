"""Classes that are older than so many days go, with their files; the others stay as they are."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groupcoach.cli import app
from groupcoach.records import Event
from groupcoach.store.run_dir import RunWriter
from groupcoach.store.session import SessionStore


def a_class(folder: Path, days_ago: float, name: str) -> None:
    began = (datetime.now(timezone.utc) - timedelta(days=days_ago)).isoformat(timespec="seconds")
    store = SessionStore(f"sqlite:///{folder / 'session.db'}")
    store.start("0", began)
    store.write([Event(0.1, "person_entered", 1, {"name": name})])
    store.finish({"people": [{"id": 1, "name": name}]})
    store.close()
    RunWriter(folder, "0", 64, 48, 25.0, save_poses=False, save_video=False).finish({"people": []})


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name, days_ago in (("old", 100.0), ("new", 3.0)):
        (tmp_path / name).mkdir()
        a_class(tmp_path / name, days_ago, name.title())
    (tmp_path / "old" / "letter.txt").write_text("mine")
    a_class(tmp_path / "new", 91.0, "Older")  # two classes in one record
    return tmp_path


def test_what_is_older_goes_with_its_files(runs: Path) -> None:
    result = CliRunner().invoke(app, ["people", "forget", "90", "--runs", str(runs), "--yes"])
    assert result.exit_code == 0, result.output
    assert "2 classes older than 90 days deleted" in result.output
    assert [p.name for p in (runs / "old").iterdir()] == ["letter.txt"]  # not ours: left alone
    store = SessionStore(f"sqlite:///{runs / 'new' / 'session.db'}")
    (left,) = store.sessions()
    assert [p["name"] for p in store.read(left["id"])["people"]] == ["New"]
    store.close()
    assert b"Older" not in b"".join(p.read_bytes() for p in (runs / "new").iterdir())


def test_nothing_goes_without_a_yes(runs: Path) -> None:
    assert CliRunner().invoke(app, ["people", "forget", "90", "--runs", str(runs)], input="n\n").exit_code == 1
    assert (runs / "old" / "session.db").is_file()


def test_the_class_that_is_written_now_is_never_old(tmp_path: Path) -> None:
    store = SessionStore(f"sqlite:///{tmp_path / 'session.db'}")
    number = store.start("0", "2001-01-01T00:00:00+00:00")
    assert store.forget_before("2026-01-01") == []
    assert [s["id"] for s in store.sessions()] == [number]
    store.close()
