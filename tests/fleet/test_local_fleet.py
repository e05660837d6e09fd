"""Rooms in processes of their own: small scripts here."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from groupcoach.cli import app
from groupcoach.errors import GroupCoachError
from groupcoach.fleet import local
from groupcoach.fleet.local import LocalFleet, _Process
from groupcoach.fleet.overview import Overview
from groupcoach.fleet.rooms import Room
from groupcoach.supervise import RestartGuard

SCRIPT = """
import json, os, pathlib, sys, threading
room, kind = json.loads(sys.argv[1]), sys.argv[2]
counter = pathlib.Path(room["out"])
starts = int(counter.read_text()) if counter.exists() else 0
counter.write_text(str(starts + 1))
state = {"room": room["name"], "key": room["key"], "error": None, "ended": False, "t_s": 1.0, "age_s": 0.1, "fps": 20.0,
         "dropped": 0, "present": 3, "reps": 7 + starts, "people": [], "starts": 1}
print("not a state", flush=True)
print(json.dumps(state), flush=True)
if kind == "dies" and starts == 0:
    os._exit(9)
sys.stdin.read()
print(json.dumps(state | {"ended": True}), flush=True)
"""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 8.0
    while not true():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.01)


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Room]:
    script = tmp_path / "room.py"
    script.write_text(SCRIPT)

    def command(room: Room) -> list[str]:
        return [sys.executable, str(script), json.dumps(room.plain()), room.source]

    monkeypatch.setattr(local, "command_of", command)
    return [Room(name, name.lower(), kind, str(tmp_path / name)) for name, kind in (("A", "stays"), ("B", "dies"))]


def test_every_room_has_a_process_and_ends_when_asked(rooms: list[Room]) -> None:
    fleet = LocalFleet(rooms[:1])
    (before,) = fleet.states()
    assert (before["room"], before["t_s"]) == ("A", None)
    fleet.start()
    until(lambda: fleet.states()[0]["reps"] == 7)
    assert fleet.states()[0]["heard_s"] < 5
    fleet.stop()
    assert fleet.states()[0]["ended"]


def test_a_room_whose_process_dies_is_begun_again_and_the_others_do_not_notice(rooms: list[Room]) -> None:
    dying = _Process(rooms[1], RestartGuard(pause_s=0.2))
    dying.start()
    until(lambda: bool(dying.state()["error"]))
    assert "status 9" in dying.state()["error"]
    assert dying.state()["reps"] == 7  # what was known stays shown
    until(lambda: dying.state()["reps"] == 8)
    assert dying.state()["error"] is None
    assert dying.state()["starts"] == 2
    dying.ask_to_end()
    dying.join()
    assert dying.state()["ended"]


def test_one_page_shows_all_rooms(rooms: list[Room]) -> None:
    fleet = LocalFleet(rooms)
    page = Overview(fleet.states, 0)
    address = page.start()
    try:
        assert [r["room"] for r in httpx.get(f"{address}/rooms").json()["rooms"]] == ["A", "B"]
        assert "All rooms" in httpx.get(address).text
        assert httpx.get(f"{address}/rooms", headers={"Host": "evil.example"}).status_code == 403
        with pytest.raises(GroupCoachError, match=r"cannot listen on port .*--port"):
            Overview(fleet.states, int(address.rsplit(":", 1)[1])).start()
    finally:
        page.stop()


def test_the_command_runs_until_all_classes_are_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Fleet:
        def __init__(self, rooms: Any) -> None:
            made.append([room.name for room in rooms])

        def start(self) -> None:
            made.append("started")

        def states(self) -> list[dict[str, Any]]:
            return [{"room": "A", "ended": True, "reps": 12, "error": "The file broke off."}]

        def stop(self) -> None:
            made.append("stopped")

    monkeypatch.setattr(local, "LocalFleet", Fleet)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    file = tmp_path / "fleet.toml"
    file.write_text('[[room]]\nname = "A"\nsource = "a.mp4"')
    done = CliRunner().invoke(app, ["fleet", str(file), "--local", "--port", "0"])
    assert done.exit_code == 0, done.output
    assert made == [["A"], "started", "stopped"]
    assert "A: 12 repetitions: The file broke off." in done.output
    assert CliRunner().invoke(app, ["fleet", str(file), "--local", "--address", "x"]).exit_code == 2


def test_without_ray_the_way_on_this_machine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    file = tmp_path / "fleet.toml"
    file.write_text('[[room]]\nname = "A"\nsource = "a.mp4"')
    done = CliRunner().invoke(app, ["fleet", str(file)])
    assert done.exit_code == 1
    assert "--local" in done.output
    assert "groupcoach[fleet]" in done.output
