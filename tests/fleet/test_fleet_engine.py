"""One room's engine: what it says of itself, and what it does when its class fails."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from groupcoach import engine as class_engine
from groupcoach.cards import PersonCard, Snapshot
from groupcoach.errors import GroupCoachError, SourceError
from groupcoach.fleet import engine as room_engine
from groupcoach.fleet.engine import RoomEngine
from groupcoach.fleet.gather import Gathered
from groupcoach.fleet.rooms import Room
from groupcoach.records import Frame
from groupcoach.serve.board import EndClass, LiveBoard
from groupcoach.supervise import RestartGuard


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not true():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.005)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room("Studio 1", "studio_1", "rtsp://me:secret@camera/1", str(tmp_path / "studio_1"))


def card(person_id: int, present: bool, totals: dict[str, int]) -> PersonCard:
    at: dict[str, Any] = {"muted": False, "last_seen_s": 1.0, "box_xyxy": None}
    return PersonCard(
        person_id, f"P{person_id}", None, present, "squat", "Squat", 3, 2, 0.0, None, None, None, totals, **at
    )


def class_until_it_is_ended(asked: list[Any]) -> Callable[[Any], Any]:
    def run_class(options: Any) -> Any:
        asked.append(options)
        board = LiveBoard()
        options.on_board(board)
        cards = [card(1, True, {"squat": 3, "lunge": 2}), card(2, False, {"squat": 4})]
        board.publish(Snapshot(12.3, 300, 24.6, 5, {}, cards), [])
        while not any(isinstance(c, EndClass) for c in board.take_commands()):
            time.sleep(0.005)
        return SimpleNamespace(error=None)

    return run_class


def test_a_room_says_how_it_is_and_ends_when_asked(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(class_engine, "run_class", class_until_it_is_ended(asked))
    engine = RoomEngine(room)
    assert (engine.state()["t_s"], engine.state()["people"]) == (None, [])
    engine.start()
    until(lambda: engine.state()["t_s"] is not None)
    state = engine.state()
    assert (state["room"], state["t_s"], state["fps"], state["dropped"]) == ("Studio 1", 12.3, 24.6, 5)
    assert (state["present"], state["reps"]) == (1, 9)
    assert [(p["name"], p["reps"]) for p in state["people"]] == [("P1", 5), ("P2", 4)]
    assert "secret" not in str(state)
    assert not state["ended"]
    engine.end()
    assert engine.state()["ended"]
    (options,) = asked
    assert (options.pace, options.serve, options.voice, options.resume) == ("live", True, False, False)


def test_a_class_that_fails_is_begun_again_from_its_record(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[bool] = []
    failures: list[Exception] = [SourceError("There is no camera."), ZeroDivisionError("a bug")]

    def run_class(options: Any) -> Any:
        went.append(options.resume)
        if failures:
            raise failures.pop(0)
        return SimpleNamespace(error=GroupCoachError("The disk is full."))

    monkeypatch.setattr(class_engine, "run_class", run_class)
    monkeypatch.setattr(room_engine, "resumable", lambda out, db: len(went) > 0)
    engine = RoomEngine(room, guard=RestartGuard(pause_s=0.01))
    engine.start()
    until(lambda: engine.state()["ended"])
    assert went == [False, True, True]
    assert engine.state()["starts"] == 3
    assert engine.state()["error"] == "The disk is full."  # an end by itself: somebody has to look


def test_a_room_whose_camera_is_off_says_so_and_can_be_ended(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_class(options: Any) -> Any:
        raise SourceError("There is no camera.")

    monkeypatch.setattr(class_engine, "run_class", run_class)
    engine = RoomEngine(room, guard=RestartGuard(pause_s=60.0))
    engine.start()
    until(lambda: bool(engine.state()["error"]))
    assert engine.state()["error"] == "There is no camera."
    assert not engine.state()["ended"]
    engine.end()
    assert engine.state()["ended"]


# -- one detector for all ---------------------------------------------------------------------------------------------


def frame(k: int) -> Frame:
    return Frame(k, float(k), np.full((2, 2, 3), k, np.uint8))


class Eyes:
    """Takes its time for the first frame, so that the others wait; finds in each its own number."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.go = threading.Event()

    def detect_many(self, frames: list[Frame]) -> list[Any]:
        self.batches.append(len(frames))
        if len(self.batches) == 1:
            assert self.go.wait(5)
        return [int(f.image[0, 0, 0]) for f in frames]


def test_frames_that_wait_go_through_the_detector_together_and_everybody_gets_their_own() -> None:
    eyes = Eyes()
    gathered = Gathered(eyes)
    found: dict[int, Any] = {}
    threads = [threading.Thread(target=lambda k=k: found.update({k: gathered.detect(frame(k))})) for k in range(5)]
    threads[0].start()
    until(lambda: eyes.batches == [1])
    for thread in threads[1:]:
        thread.start()
    until(lambda: len(gathered._waiting) == 4)
    eyes.go.set()
    for thread in threads:
        thread.join(5)
    assert found == {k: k for k in range(5)}
    assert eyes.batches == [1, 4]


def test_a_detector_without_batches_and_one_that_fails() -> None:
    one = Gathered(SimpleNamespace(detect=lambda f: int(f.image[0, 0, 0])))
    assert [one.detect(frame(k)) for k in (3, 4)] == [3, 4]

    def broken(frame: Frame) -> Any:
        raise ValueError("no picture")

    failing = Gathered(SimpleNamespace(detect=broken))
    for _ in range(2):  # and it is free again for the next
        with pytest.raises(ValueError, match="no picture"):
            failing.detect(frame(1))
