"""An engine that crashes is started again from its record; one that crashes again and again waits longer."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from groupcoach import cli, supervise
from groupcoach.cli import app
from groupcoach.store.session import SessionStore
from groupcoach.supervise import BUG, RestartGuard, keep_up, resumable


def test_five_crashes_in_a_minute_are_followed_by_growing_pauses() -> None:
    guard = RestartGuard()
    now = 0.0
    pauses = []
    for _ in range(9):
        pauses.append(guard.crashed(now))
        now += pauses[-1] + 2.0
    assert pauses == [1.0] * 5 + [30.0, 60.0, 120.0, 240.0]
    for _ in range(4):
        pauses.append(guard.crashed(now))
        now += pauses[-1] + 2.0
    assert pauses[-4:] == [480.0, 600.0, 600.0, 600.0]


def test_crashes_far_apart_are_not_a_loop() -> None:
    guard = RestartGuard()
    assert [guard.crashed(13.0 * k) for k in range(40)] == [1.0] * 40


def test_after_a_minute_of_work_the_pauses_are_short_again() -> None:
    guard = RestartGuard()
    assert [guard.crashed(k) for k in range(6)][-1] == 30.0
    assert guard.crashed(5 + 30 + 59) == 60.0  # crashed within a minute of that start: still in trouble
    assert guard.crashed(94 + 60 + 61) == 1.0


class Process:
    def __init__(self, status: int) -> None:
        self.status = status
        self.signals: list[int] = []

    def wait(self) -> int:
        return self.status

    def send_signal(self, number: int) -> None:
        self.signals.append(number)


def kept(statuses: list[int], out: Path, **more: Any) -> tuple[int, list[list[str]], list[float], list[str]]:
    started: list[list[str]] = []
    slept: list[float] = []
    said: list[str] = []
    left = iter(statuses)

    def start(words: Sequence[str]) -> Any:
        started.append(list(words))
        return Process(next(left))

    words = ["class", "0", "--out", str(out)]
    status = keep_up(words, out, None, said.append, sleep=slept.append, start=start, **more)
    return status, started, slept, said


@pytest.mark.parametrize("end", [0, 1, 2, 130, -signal.SIGINT, -signal.SIGTERM])
def test_what_is_an_end_is_not_started_again(tmp_path: Path, end: int) -> None:
    status, started, slept, said = kept([end], tmp_path)
    assert (status, len(started), slept, said) == (end, 1, [], [])


def a_class_that_broke_off(out: Path, finished: bool = False) -> None:
    store = SessionStore(f"sqlite:///{out / 'session.db'}")
    store.start("0", "2026-01-01T10:00:00+00:00")
    if finished:
        store.finish({"duration_s": 1.0, "people": []})
    store.close()


def test_a_crash_goes_on_from_the_record(tmp_path: Path) -> None:
    a_class_that_broke_off(tmp_path)
    status, started, slept, said = kept([-signal.SIGKILL, BUG, 0], tmp_path)
    assert status == 0
    assert [words[-1] == "--resume" for words in started] == [False, True, True]
    assert slept == [1.0, 1.0]
    assert "status -9" in said[0]
    assert "goes on with its class" in said[0]


def test_without_a_class_in_the_record_it_begins_anew(tmp_path: Path) -> None:
    status, started, _, said = kept([BUG, 0], tmp_path)
    assert status == 0
    assert started[0] == started[1]
    assert "begins anew" in said[0]
    assert not resumable(None, None)
    a_class_that_broke_off(tmp_path, finished=True)
    assert not resumable(tmp_path, None)
    (tmp_path / "session.db").write_bytes(b"no database")
    assert not resumable(tmp_path, None)


def test_a_loop_of_crashes_backs_off_and_keeps_the_record(tmp_path: Path) -> None:
    a_class_that_broke_off(tmp_path)
    _, started, slept, _ = kept([-11] * 7 + [0], tmp_path)
    assert slept == [1.0] * 5 + [30.0, 60.0]
    assert resumable(tmp_path, None)
    assert all(words[-1] == "--resume" for words in started[1:])


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are of POSIX systems")
def test_a_request_to_end_reaches_the_engine_as_ctrl_c(tmp_path: Path) -> None:
    inner = (
        "import signal, time, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a test run in the background ignores it
        "try: print('up', flush=True); time.sleep(30)\nexcept KeyboardInterrupt: sys.exit(130)"
    )
    outer = (
        "import subprocess, sys\nfrom groupcoach.supervise import keep_up\n"
        f"start = lambda words: subprocess.Popen([sys.executable, '-c', {inner!r}])\n"
        "sys.exit(keep_up(['class'], None, None, print, start=start))"
    )
    with subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 130


def test_keep_needs_a_class_with_a_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []

    def fake(words: list[str], out: Path | None, db: str | None, say: Any) -> int:
        asked.append((words, out, db))
        return 130

    monkeypatch.setattr(supervise, "keep_up", fake)
    run = CliRunner().invoke
    assert run(app, ["keep"]).exit_code == 2
    assert run(app, ["keep", "bench"]).exit_code == 2
    assert "give --out or --db" in run(app, ["keep", "class", "0"]).output
    done = run(app, ["keep", "class", "0", "--voice", "--out", str(tmp_path)])
    assert done.exit_code == 130
    assert run(app, ["keep", "run", "0", "--db=sqlite:///a.db"]).exit_code == 130
    assert asked == [
        (["class", "0", "--voice", "--out", str(tmp_path)], tmp_path, None),
        (["run", "0", "--db=sqlite:///a.db"], None, "sqlite:///a.db"),
    ]


def test_a_bug_ends_with_a_status_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise KeyError("nobody expected this")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == BUG
    assert "nobody expected this" in capsys.readouterr().err
