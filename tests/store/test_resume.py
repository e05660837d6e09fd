"""A class whose engine was killed goes on: a real process, kill -9, and everybody's count from the record."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_class import FPS, HEIGHT, WIDTH, actor, frames_of, line, script_of

from groupcoach import engine
from groupcoach.corrections import Corrections
from groupcoach.engine import RunOptions, run_class
from groupcoach.errors import RecordError
from groupcoach.events import sets_of
from groupcoach.records import Event
from groupcoach.resume import go_on, point_of
from groupcoach.serve.board import CorrectCount, Merge, PutOnSpot, Split, Undo
from groupcoach.source.scripted import ScriptedSource
from groupcoach.store.replay import Unfinished, replay
from groupcoach.store.run_dir import load_run, to_json
from groupcoach.store.session import SessionStore

PLAN = [("stand", 1), ("squat", 9), ("stand", 1)]
CHILD = f"""
import os, sys, time
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from pathlib import Path
from scripted_class import FPS, HEIGHT, WIDTH, actor, frames_of, line, script_of
from groupcoach import engine
from groupcoach.engine import RunOptions, run_class
from groupcoach.source.scripted import ScriptedSource
from groupcoach.store.session import SessionStore
script = script_of([actor({PLAN!r}, seed=4)])
engine.open_source = lambda spec: ScriptedSource(frames_of(script), fps=FPS)
engine.build_pipeline = lambda **words: line(script)
write = SessionStore.write
def told(self, events):
    write(self, events)
    for e in events:
        if e.type == "rep_counted":
            print(e.data["number"], flush=True)
            if e.data["number"] == 2:
                time.sleep(60)  # the second within which it must be in the record begins
SessionStore.write = told
run_class(RunOptions("scripted", out=Path(sys.argv[1]), save_poses=True))
"""


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The folder of a class whose engine was killed a second after its second repetition."""
    out = tmp_path / "run"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(out)], stdout=subprocess.PIPE, text=True,
                             env=os.environ | {"OMP_NUM_THREADS": "1"})  # fmt: skip
    assert child.stdout is not None
    assert [child.stdout.readline().strip() for _ in range(2)] == ["1", "2"]
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=1.0)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    return out


def scripted(monkeypatch: pytest.MonkeyPatch) -> int:
    """The same class for an engine in this process; returns the repetitions that are done in it."""
    one = actor(PLAN, seed=4)
    script = script_of([one])
    monkeypatch.setattr(engine, "open_source", lambda spec: ScriptedSource(frames_of(script), fps=FPS))
    monkeypatch.setattr(engine, "build_pipeline", lambda **words: line(script))
    return one.reps("squat")


def test_a_killed_class_goes_on_with_its_counts(killed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(killed / "session.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT number FROM rep ORDER BY id").fetchall() == [(1,), (2,)]
        ((looks,),) = connection.execute("SELECT data FROM resume_point").fetchall()
    connection.close()
    assert json.loads(looks)["people"].keys() == {"1"}
    done = scripted(monkeypatch)
    result = run_class(RunOptions("scripted", out=killed, resume=True, save_poses=True))
    assert result.error is None
    assert any("2 repetitions from the record" in notice for notice in result.notices)
    (person,) = result.summary["people"]  # known again: no second card
    (squats,) = person["exercises"]
    assert done - 1 <= squats["reps"] <= done  # the one under way at the kill may be lost
    assert len(squats["rep_end_s"]) == squats["reps"]
    run = load_run(killed)
    numbers = [e["number"] for e in run.events() if e["type"] == "rep_counted"]
    assert numbers == list(range(1, squats["reps"] + 1))
    frames = run.tracks()[:, 0]
    assert len(set(frames)) == len(frames)
    poses = run.poses()
    assert poses is not None
    assert np.all(np.diff(poses["t_s"]) > 0)
    store = SessionStore(f"sqlite:///{killed / 'session.db'}")
    try:
        (session,) = store.sessions()
        assert session["finished"]
        with pytest.raises(RecordError, match="nothing to go on with"):
            store.resume()
    finally:
        store.close()
    with sqlite3.connect(killed / "session.db") as connection:  # what people were known again by is gone
        assert connection.execute("SELECT count(*) FROM resume_point").fetchone() == (0,)
    connection.close()


def test_an_engine_that_still_runs_keeps_its_class(tmp_path: Path) -> None:
    import psutil

    url = f"sqlite:///{tmp_path / 'session.db'}"
    store = SessionStore(url)
    store.start("0", "2026-11-22T00:00:00+00:00")
    parent = psutil.Process(os.getppid())
    store.mark({"t_s": 1.0, "pid": parent.pid, "pid_began": parent.create_time()})
    store.close()
    again = SessionStore(url)
    with pytest.raises(RecordError, match="still runs"):
        again.resume()
    again.close()


def test_without_a_record_there_is_nothing_to_go_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch)
    with pytest.raises(Exception, match="--out or --db"):
        run_class(RunOptions("scripted", resume=True))


def rows(events: list[Event]) -> list[Mapping[str, Any]]:
    return [json.loads(json.dumps(to_json({**e.data, "t_s": e.t_s, "type": e.type, "person": e.person})))
            for e in events]  # fmt: skip


def test_the_record_tells_the_same_as_the_engine_whatever_was_corrected() -> None:
    script = script_of([actor([("stand", 1), ("squat", 6), ("stand", 1)], x_m=-1.2, seed=4),
                        actor([("stand", 8)], x_m=1.2, seed=5, yaw=0.2)])  # fmt: skip
    pipeline = line(script)
    hand, events = Corrections(pipeline), []
    for frame in frames_of(script):
        events += pipeline.step(frame)[0]
    end_s = len(script) / FPS

    def same() -> None:
        past = replay(rows(events)).people
        assert past.keys() == pipeline.identity.people.keys()
        for i, state in pipeline.people.items():
            assert past[i].totals == {k: n for k, n in state.totals.items() if n}
            assert past[i].spot == pipeline.identity.people[i].spot
            assert [(s.exercise, len(s.reps), s.clean, s.faults()) for s in sets_of(past[i].rows)] == [
                (s.exercise, len(s.reps), s.clean, s.faults()) for s in state.sets if s.reps or s.holds]  # fmt: skip

    same()
    for command in (CorrectCount(2, "lunge", 4), PutOnSpot(1, "3"), Merge(1, 2), Split(2), Undo(), Undo(),
                    CorrectCount(1, "squat", 9), Undo(), PutOnSpot(2, "3"), Undo()):  # fmt: skip
        events += hand.obey(command, end_s)
        same()


@pytest.mark.parametrize("known", [True, False])
def test_who_is_known_again_and_who_was_never_marked(known: bool) -> None:
    script = script_of([actor([("stand", 1), ("squat", 8), ("stand", 1)], x_m=x, seed=4) for x in (-1.2, 1.2)])
    frames = frames_of(script)
    first, events = line(script), []
    for frame in frames[:90]:
        events += first.step(frame)[0]
    counts = {i: s.totals for i, s in first.people.items()}
    assert all(of["squat"] for of in counts.values())
    point = point_of(first, frames[89].t_s, frame=89, frames=90, dropped=0, first_s=0.0)
    plain = json.loads(json.dumps(to_json(point)))
    second = line(script)
    go_on(second, Unfinished("", rows(events), plain if known else {}), WIDTH, HEIGHT)
    assert {i: s.totals for i, s in second.people.items()} == counts
    for frame in frames[90:]:
        second.step(frame)
    second.finish(frames[-1].t_s)
    if known:  # nobody has a second card, and everybody goes on counting
        assert second.identity.people.keys() == counts.keys()
    assert all(second.people[i].totals["squat"] >= of["squat"] + known for i, of in counts.items())


def test_the_point_is_small_and_plain_json() -> None:
    script = script_of([actor([("stand", 2)], x_m=x, seed=4) for x in (-1.2, 1.2)])
    pipeline = line(script)
    for frame in frames_of(script):
        pipeline.step(frame)
    point = point_of(pipeline, 2.0, frame=30, frames=30, dropped=0, first_s=0.0)
    assert len(json.dumps(to_json(point), allow_nan=False)) < 20_000
