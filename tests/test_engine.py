"""``run_class`` with a scripted class: the record is whole, however the class ends."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scripted_class import FPS, Actor, actor, frames_of, line, script_of
from silent_voice import WHY, no_engine

from groupcoach import engine, outputs
from groupcoach.clock import STAGES
from groupcoach.cues.policy import ClassCue, CuePolicy
from groupcoach.cues.speaker import Speaker
from groupcoach.engine import RunOptions, RunResult, run_class
from groupcoach.errors import ConfigError, GroupCoachError, RecordError, SourceError
from groupcoach.pipeline import Pipeline
from groupcoach.records import Priority
from groupcoach.serve.board import CorrectCount, LiveBoard, Merge, Mute, Rename
from groupcoach.serve.server import EngineServer
from groupcoach.skeleton import ANGLES, JOINTS
from groupcoach.source.scripted import ScriptedSource
from groupcoach.store.run_dir import load_run

FORMATS_SUMMARY = {"schema", "source", "frames", "dropped_frames", "duration_s", "wall_s", "fps", "detector",
                   "regressor", "device", "stage_ms", "people"}  # fmt: skip
FORMATS_PERSON = {"id", "name", "spot", "track_ids", "first_s", "last_s", "seen_s", "median_box_xyxy", "exercises"}
FORMATS_EXERCISE = {"exercise", "start_s", "end_s", "reps", "clean_reps", "hold_s", "rep_end_s", "faults"}


@functools.cache
def squatter() -> Actor:
    return actor([("stand", 1), ("squat", 6), ("stand", 1)], seed=4)


@functools.cache
def stander() -> Actor:
    return actor([("stand", 2)], x_m=1.5, seed=5, yaw=0.2)


@dataclass
class Room:
    """The class that the engine is given."""

    actors: list[Actor] = field(default_factory=lambda: [squatter()])
    until: int | None = None
    """Frames before the end."""
    error: BaseException | None = None
    unreadable: int = 0
    notices: tuple[str, ...] = ()
    gap: range = range(0)
    """Frames that the source does not give."""
    at_frame: Callable[[int], None] = lambda k: None
    pipelines: list[Pipeline] = field(default_factory=list)

    def source(self, spec: str) -> ScriptedSource:
        frames = frames_of(script_of(self.actors))[: self.until]
        kept = [f for f in frames if f.index not in self.gap]
        return ScriptedSource(kept, fps=FPS, error=self.error, unreadable=self.unreadable, notices=self.notices)

    def pipeline(self, *, names: list[tuple[str, str | None]], **_: Any) -> Pipeline:
        made = line(script_of(self.actors), names)
        detect = made.detector.detect

        def watched(frame: Any) -> Any:
            self.at_frame(frame.index)
            return detect(frame)

        made.detector.detect = watched  # type: ignore[method-assign]
        self.pipelines.append(made)
        return made


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    made = Room()
    monkeypatch.setattr(engine, "open_source", lambda spec: made.source(spec))
    monkeypatch.setattr(engine, "build_pipeline", lambda **words: made.pipeline(**words))
    return made


def run(out: Path | None = None, **more: Any) -> RunResult:
    return run_class(RunOptions("class.mp4", out=out, **more))


def counts(result: RunResult) -> dict[str, int]:
    return {e["exercise"]: e["reps"] for p in result.summary["people"] for e in p["exercises"]}


# -- the record ---------------------------------------------------------------------------------------------------


def test_the_run_folder_is_whole(room: Room, tmp_path: Path) -> None:
    room.actors = [squatter(), stander()]
    out = tmp_path / "run"
    result = run(out, save_poses=True)
    assert result.error is None
    assert {p.name for p in out.iterdir()} == {"summary.json", "events.jsonl", "tracks.txt", "poses.npz", "session.db"}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary.keys() >= FORMATS_SUMMARY
    assert "ended_early" not in summary
    assert (summary["schema"], summary["source"], summary["detector"], summary["regressor"], summary["device"]) == (
        1, "class.mp4", "yolo", "lifter", "cpu",
    )  # fmt: skip
    frames = len(squatter().shapes)
    assert (summary["frames"], summary["dropped_frames"]) == (frames, 0)
    assert summary["duration_s"] == pytest.approx(frames / FPS, abs=0.01)
    assert set(STAGES) <= summary["stage_ms"].keys()
    assert all({"p50", "p95"} <= ms.keys() for ms in summary["stage_ms"].values())
    squatting, standing = sorted(summary["people"], key=lambda p: p["median_box_xyxy"][0])
    assert squatting.keys() >= FORMATS_PERSON
    (done,) = squatting["exercises"]
    assert done.keys() >= FORMATS_EXERCISE
    true = squatter().segments[1].rep_end_s
    assert (done["exercise"], done["reps"], len(done["rep_end_s"])) == ("squat", len(true), len(true))
    assert done["rep_end_s"] == pytest.approx(true, abs=0.6)
    assert standing["exercises"] == []
    assert squatting["seen_s"] == pytest.approx(frames / FPS, abs=0.2)

    recorded = load_run(out)
    events = recorded.events()
    assert all({"t_s", "type", "person"} <= e.keys() for e in events)
    assert [e["t_s"] for e in events] == sorted(e["t_s"] for e in events)
    assert sum(e["type"] == "rep_counted" for e in events) == len(true)
    tracks = recorded.tracks()
    assert set(tracks[:, 1]) == {1.0, 2.0}
    assert tracks[:, 0].max() == frames  # from 1
    poses = recorded.poses()
    assert poses is not None
    assert poses["joints_m"].shape == (len(tracks), len(JOINTS), 3)
    assert poses["angles_deg"].shape == (len(tracks), len(ANGLES))
    assert poses["rotmats"].shape == (len(tracks), 24, 3, 3)
    assert {"squat", "stand"} <= set(poses["voted"].tolist())


def test_the_session_record_tells_the_same(room: Room, tmp_path: Path) -> None:
    from groupcoach.store.session import SessionStore

    url = f"sqlite:///{tmp_path / 'classes.db'}"
    result = run(db=url)
    store = SessionStore(url)
    try:
        (session,) = store.sessions()
        assert session["source"] == "class.mp4"
        assert session["summary"]["people"][0]["exercises"][0]["reps"] == counts(result)["squat"]
    finally:
        store.close()
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".json"] == []


def test_without_out_and_db_nothing_is_written(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    opened: list[str] = []
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(home))
    builtin = open

    def noted(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
        if set(mode) & set("wax+"):
            opened.append(str(file))
        return builtin(file, mode, *more, **named)

    monkeypatch.setattr("builtins.open", noted)
    room.until = 60
    assert run().summary["frames"] == 60
    assert opened == []
    assert list(home.rglob("*")) == []


def test_the_roster_gives_names(room: Room, tmp_path: Path) -> None:
    roster = tmp_path / "roster.toml"
    roster.write_text('[[person]]\nname = "Mina"\nspot = "A1"\n', encoding="utf-8")
    room.until = 12
    (person,) = run(roster=roster).summary["people"]
    assert (person["name"], person["spot"]) == ("Mina", "A1")


def test_frames_the_source_left_out_are_counted_once(room: Room) -> None:
    room.gap, room.unreadable = range(20, 24), 4  # a file's unreadable frames are gaps in its index
    result = run()
    assert result.summary["dropped_frames"] == 4
    assert result.summary["frames"] == len(squatter().shapes) - 4
    assert counts(result) == {"squat": squatter().reps("squat")}


def test_what_the_source_says_about_itself_is_passed_on(room: Room) -> None:
    room.until, room.notices = 5, ("No frame rate in the file.",)
    assert run().notices == ["No frame rate in the file."]


# -- a class that ends otherwise ----------------------------------------------------------------------------------


def test_a_source_that_breaks_keeps_a_readable_record(room: Room, tmp_path: Path) -> None:
    room.until, room.error = 75, SourceError("class.mp4 breaks off after 75 frames. What came before is kept.")
    result = run(tmp_path / "run", save_poses=True)
    assert result.error is room.error
    recorded = load_run(tmp_path / "run")
    assert recorded.summary["ended_early"] == str(room.error)
    assert recorded.summary["frames"] == 75
    assert recorded.summary["people"][0]["exercises"][0]["reps"] >= 1
    assert len(recorded.tracks()) > 50
    assert any(e["type"] == "rep_counted" for e in recorded.events())
    poses = recorded.poses()
    assert poses is not None
    assert len(poses["t_s"]) == len(recorded.tracks())
    assert not (tmp_path / "run" / ".reserve").exists()


def test_ctrl_c_keeps_a_readable_record(room: Room, tmp_path: Path) -> None:
    room.until, room.error = 75, KeyboardInterrupt()
    result = run(tmp_path / "run")
    assert result.error is None
    assert result.summary["stopped"] is True
    assert any("Stopped from the keyboard" in n for n in result.notices)
    recorded = load_run(tmp_path / "run")
    assert recorded.summary["stopped"] is True
    assert recorded.summary["people"][0]["exercises"][0]["reps"] >= 1


def test_a_source_that_breaks_before_its_first_frame(room: Room, tmp_path: Path) -> None:
    room.at_frame = lambda k: (_ for _ in ()).throw(SourceError("gone at once"))
    result = run(tmp_path / "run")
    assert str(result.error) == "gone at once"
    assert (result.summary["frames"], result.summary["people"], result.summary["duration_s"]) == (0, [], 0.0)
    assert load_run(tmp_path / "run").summary["ended_early"] == "gone at once"


def test_a_bug_in_the_middle_still_leaves_a_readable_record(room: Room, tmp_path: Path) -> None:
    def fail(k: int) -> None:
        if k == 75:
            raise ZeroDivisionError("a bug")

    room.at_frame = fail
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "run")
    recorded = load_run(tmp_path / "run")
    assert recorded.summary["ended_early"]
    assert recorded.summary["people"][0]["exercises"][0]["exercise"] == "squat"


def test_a_disk_that_fills_up_ends_the_class_with_what_there_is(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from groupcoach.store.run_dir import RunWriter

    frame = RunWriter.frame

    def full(self: RunWriter, index: int, *more: Any) -> None:
        if index == 60:
            raise RecordError("The run cannot be recorded: the disk is full.")
        frame(self, index, *more)

    monkeypatch.setattr(RunWriter, "frame", full)
    result = run(tmp_path / "run")
    assert isinstance(result.error, RecordError)
    assert "disk is full" in load_run(tmp_path / "run").summary["ended_early"]


@pytest.mark.parametrize("option", ["roster", "plan"])
def test_a_wrong_roster_or_plan_stops_before_anything_is_opened(room: Room, tmp_path: Path, option: str) -> None:
    bad = tmp_path / f"{option}.toml"
    bad.write_text('nonsense = "yes"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"{option}\.toml"):
        run(tmp_path / "run", **{option: bad})
    assert not (tmp_path / "run").exists()
    assert room.pipelines == []


def test_a_folder_with_other_things_is_left_alone(room: Room, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RecordError, match="nothing in it was touched"):
        run(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


# -- time ---------------------------------------------------------------------------------------------------------


class Clock(SimpleNamespace):
    """Wall time that only passes when somebody works or sleeps."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


def test_pace_live_drops_frames_and_says_so(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)

    def work(k: int) -> None:
        clock.now += 0.16  # 2.4 frames of the source

    room.at_frame = work
    result = run(tmp_path / "run", pace="live")
    frames = len(squatter().shapes)
    assert result.summary["frames"] + result.summary["dropped_frames"] == frames
    assert result.summary["frames"] == pytest.approx(frames / 2.4, rel=0.15)
    told = [e for e in load_run(tmp_path / "run").events() if e["type"] == "frames_dropped"]
    assert 4 <= len(told) <= 9  # once a second at most
    assert 0.8 * result.summary["dropped_frames"] <= sum(e["frames"] for e in told) <= result.summary["dropped_frames"]
    assert clock.now - 100 == pytest.approx(frames / FPS, abs=0.5)


def test_pace_live_waits_for_the_time_of_the_source(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)
    room.until = 45
    result = run(pace="live")
    assert result.summary["dropped_frames"] == 0
    assert result.summary["wall_s"] == pytest.approx(3.0, abs=0.2)


def test_the_age_of_what_is_shown_is_measured_where_time_passes_by_itself(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)
    shown: list[float] = []

    def work(k: int) -> None:
        clock.now += 0.05

    room.at_frame, room.until = work, 45
    result = run(pace="live", on_frame=lambda: shown.append(clock.now))
    late = result.summary["stage_ms"]["end_to_end"]
    assert (late["p50"], late["p95"]) == pytest.approx((50.0, 50.0), abs=1.0)
    assert len(shown) == result.summary["frames"] == 45
    assert "end_to_end" not in run(pace="max").summary["stage_ms"]  # a file waits: nothing in it grows old


def test_pace_max_never_sleeps(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(sleep=lambda s: pytest.fail("slept"))
    monkeypatch.setattr(engine, "time", clock)
    room.until = 30
    assert run().summary["dropped_frames"] == 0


# -- what watches -------------------------------------------------------------------------------------------------


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EngineServer]]:
    """Servers on any free port, that remember themselves."""
    import groupcoach.serve.server as module

    made: list[EngineServer] = []

    class AnyPort(EngineServer):
        def __init__(self, board: LiveBoard, host: str, **more: Any) -> None:
            super().__init__(board, host, port=0, **more)
            made.append(self)

    monkeypatch.setattr(module, "EngineServer", AnyPort)
    yield made
    for server in made:
        server.stop()


def test_the_engine_answers_while_the_class_runs(
    room: Room, served: list[EngineServer], capfd: pytest.CaptureFixture[str]
) -> None:
    import httpx

    answers: list[dict[str, Any]] = []

    def ask(k: int) -> None:
        if k in (30, 100):
            answers.append(httpx.get(f"{served[0].url}/snapshot", timeout=10).json())

    room.at_frame = ask
    result = run(serve=True)
    assert [a["frame"] for a in answers] == [29, 99]
    assert answers[0]["running"] is True
    (card,) = answers[1]["people"]
    assert (card["name"], card["exercise"], card["exercise_name"], card["present"]) == (
        "Person 1",
        "squat",
        "Squat",
        True,
    )
    assert 1 <= card["reps"] <= counts(result)["squat"]
    assert "http://127.0.0.1:" in capfd.readouterr().err
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{served[0].url}/snapshot", timeout=2)  # over


def test_the_commands_of_a_dashboard_are_carried_out_and_recorded(
    room: Room, served: list[EngineServer], tmp_path: Path
) -> None:
    room.actors = [squatter(), stander()]

    def click(k: int) -> None:
        board = served[0].board
        if k == 40:
            for command in (Rename(1, "Mina"), Mute(2), Mute(None), CorrectCount(1, "lunge", 3), Rename(99, "nobody")):
                board.command(command)
        if k == 60:
            board.command(Merge(2, 1))

    room.at_frame = click
    result = run(tmp_path / "run", serve=True)
    (person,) = result.summary["people"]
    assert person["name"] == "Mina"
    assert counts(result) == {"squat": squatter().reps("squat"), "lunge": 3}
    events = {e["type"]: e for e in load_run(tmp_path / "run").events()}
    assert events["renamed"]["before"] == "Person 1"
    assert events["count_corrected"]["reps"] == 3
    assert events["identity_merged"]["merged"] == 2
    assert events["muted"]["person"] is None


def test_with_a_voice_but_no_engine_it_is_silent_and_says_so_once(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    said = ClassCue(1, "Person 1, go a little lower", "en", Priority.FORM, "shallow", 0.0, 60.0, 1, (1,), ())
    cues = iter([[said]])
    monkeypatch.setattr(outputs, "Speaker", functools.partial(Speaker, worker=no_engine))
    monkeypatch.setattr(CuePolicy, "decide", lambda *_: (next(cues, []), []))
    room.until = 20
    result = run(tmp_path / "run", voice=True)
    assert result.notices == [WHY]
    assert result.error is None
    dropped = [e for e in load_run(tmp_path / "run").events() if e["type"] == "cue_dropped"]
    assert [(e["person"], e["reason"]) for e in dropped] == [(1, "silent")]


def test_without_a_voice_no_process_is_made(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_context", lambda *_: pytest.fail("made a process"))
    room.until = 10
    assert run().notices == []


def test_the_annotated_picture_is_kept_when_asked(room: Room, tmp_path: Path) -> None:
    import cv2

    room.until = 12
    run(tmp_path / "run", save_video=True)
    film = cv2.VideoCapture(str(tmp_path / "run" / "annotated.mp4"))
    pictures = []
    with contextlib.closing(SimpleNamespace(close=film.release)):
        while (read := film.read())[0]:
            pictures.append(read[1])
    assert len(pictures) == 12
    assert np.asarray(pictures[-1]).max() > 100  # somebody is drawn into the black room


def test_readings_that_could_not_be_used_are_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.until = 20

    def spoil(k: int) -> None:
        room.pipelines[0].skipped = k

    room.at_frame = spoil
    assert any("readings of one person" in n for n in run().notices)


def test_an_error_is_one_paragraph() -> None:
    with pytest.raises(GroupCoachError) as caught:
        run_class(RunOptions("no-such-film.mp4"))
    assert "no-such-film.mp4" in str(caught.value)
    assert "\n" not in str(caught.value)
