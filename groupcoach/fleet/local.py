"""All rooms on this machine: a process each, started again when it dies, with its counts from the record."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from groupcoach.fleet.rooms import Room
from groupcoach.logs import log
from groupcoach.supervise import RestartGuard

_END_S: Final = 30.0


def no_state(room: Room, error: str | None = None) -> dict[str, Any]:
    """Of a room that has said nothing yet."""
    return {"room": room.name, "key": room.key, "error": error, "ended": False, "t_s": None, "age_s": None, "fps": 0.0,
            "dropped": 0, "present": 0, "reps": 0, "people": [], "starts": 0, "heard_s": None}  # fmt: skip


class LocalFleet:
    """One process for each room."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        """Nothing runs before ``start``."""
        self._rooms = [_Process(room) for room in rooms]

    def start(self) -> None:
        """Begin all classes."""
        for one in self._rooms:
            one.start()

    def states(self) -> list[dict[str, Any]]:
        """Each room as it last said, with ``heard_s``: seconds since then."""
        return [one.state() for one in self._rooms]

    def stop(self) -> None:
        """End all classes; their records are closed."""
        for one in self._rooms:
            one.ask_to_end()
        for one in self._rooms:
            one.join()


class _Process:
    """A room's process and the thread that listens to it."""

    def __init__(self, room: Room, guard: RestartGuard | None = None) -> None:
        self.room = room
        self._guard = guard or RestartGuard()
        self._state, self._heard_s = no_state(room), time.monotonic()
        self._process: subprocess.Popen[str] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"groupcoach-fleet-{room.key}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def state(self) -> dict[str, Any]:
        return {**self._state, "heard_s": round(time.monotonic() - self._heard_s, 2)}

    def ask_to_end(self) -> None:
        self._stop.set()
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.close()

    def join(self) -> None:
        self._thread.join(_END_S)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _keep(self) -> None:
        starts = 0
        while not self._stop.is_set():
            starts += 1
            with subprocess.Popen(command_of(self.room), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  encoding="utf-8") as self._process:  # fmt: skip
                assert self._process.stdout is not None
                for line in self._process.stdout:
                    with contextlib.suppress(ValueError):  # something else printed there
                        said = json.loads(line)
                        self._state, self._heard_s = {**said, "starts": said["starts"] + starts - 1}, time.monotonic()
                status = self._process.wait()
            if self._state["ended"] or self._stop.is_set():
                return
            pause = self._guard.crashed(time.monotonic())
            log("error", "room_died", room=self.room.key, status=status, pause_s=pause)
            self._state = {**self._state, "error": f"Its engine died (status {status}) and is started again."}
            self._stop.wait(pause)


def command_of(room: Room) -> list[str]:
    """What starts a room's process."""
    return [sys.executable, "-m", "groupcoach.fleet.engine", json.dumps(room.plain())]
