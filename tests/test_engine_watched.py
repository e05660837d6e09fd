"""What watches a class while it runs: the interface, the dashboard's commands, the voice, the annotated picture."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from engine_room import Room, counts, run, squatter, stander, the_room
from silent_voice import WHY, no_engine

from groupcoach import outputs
from groupcoach.cues.policy import ClassCue, CuePolicy
from groupcoach.cues.speaker import Speaker
from groupcoach.records import Priority
from groupcoach.serve.board import CorrectCount, LiveBoard, Merge, Mute, Rename
from groupcoach.serve.server import EngineServer
from groupcoach.store.run_dir import load_run


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return the_room(monkeypatch)


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
