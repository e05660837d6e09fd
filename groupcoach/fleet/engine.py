"""The engine of one room: its class in a thread, its state for the overview, and a new start when it fails.

The same object lives in a Ray actor (``cluster``) and in a process of this machine (``local``):

    python -m groupcoach.fleet.engine ROOM_AS_JSON     one state a line on standard output; ends when its input ends
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from groupcoach.errors import GroupCoachError
from groupcoach.fleet.rooms import Room
from groupcoach.logs import log, set_up
from groupcoach.source.devices import without_password
from groupcoach.supervise import RestartGuard, resumable

if TYPE_CHECKING:
    from groupcoach.detect import Detector
    from groupcoach.serve.board import LiveBoard

STATE_S: Final = 0.5
_END_S: Final = 20.0


class RoomEngine:
    """Runs until its class ends or ``end`` is called; goes on from its record when there is an unfinished class."""

    def __init__(self, room: Room, eyes: Detector | None = None, guard: RestartGuard | None = None) -> None:
        """Args: room: which; eyes: a detector made elsewhere; guard: how long to wait after a failure."""
        self.room = room
        self._eyes, self._guard = eyes, guard or RestartGuard()
        self._board: LiveBoard | None = None
        self._stop = threading.Event()
        self._starts, self._error, self._ended = 0, "", False
        self._resumed = False
        self._thread = threading.Thread(target=self._work, name=f"groupcoach-room-{room.key}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def state(self) -> dict[str, Any]:
        """The room now, in JSON types."""
        out: dict[str, Any] = {
            "room": self.room.name, "key": self.room.key, "source": without_password(self.room.source),
            "machine": platform.node(), "pid": os.getpid(), "starts": self._starts, "resumed": self._resumed,
            "error": self._error or None, "ended": self._ended, "t_s": None, "age_s": None, "fps": 0.0, "dropped": 0,
            "present": 0, "reps": 0, "people": [],
        }  # fmt: skip
        board = self._board
        latest = board.latest() if board is not None else None
        if latest is not None:
            now, age_s = latest
            people = [
                {"id": c.person_id, "name": c.name, "present": c.present, "exercise": c.exercise_name,
                 "reps": int(sum(c.totals.values()))}
                for c in now.people
            ]  # fmt: skip
            out |= {
                "t_s": round(now.t_s, 2), "age_s": round(age_s, 2), "fps": round(now.fps, 1), "dropped": now.dropped,
                "present": sum(c.present for c in now.people), "reps": sum(sum(c.totals.values()) for c in now.people),
                "people": people,
            }  # fmt: skip
        return out

    def end(self, limit_s: float = _END_S) -> None:
        """End the class as the instructor would; its record is closed."""
        from groupcoach.serve.board import EndClass

        self._stop.set()
        if self._board is not None:
            self._board.command(EndClass(by="fleet"))
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def _shown_on(self, board: LiveBoard) -> None:
        self._board = board

    def _work(self) -> None:
        from groupcoach.engine import RunOptions, run_class

        room = self.room
        while not self._stop.is_set():
            self._resumed = resumable(Path(room.out), room.db)
            self._starts += 1
            try:
                result = run_class(RunOptions(
                    source=room.source, out=Path(room.out), db=room.db, pace=room.pace, language=room.language,
                    roster=Path(room.roster) if room.roster else None, plan=Path(room.plan) if room.plan else None,
                    serve=True, resume=self._resumed, eyes=self._eyes, on_board=self._shown_on,
                ))  # fmt: skip
                self._error = str(result.error) if result.error is not None else ""
                break
            except GroupCoachError as bad:  # a camera that is not there yet is one of these
                self._error = str(bad)
            except Exception as bug:
                logging.getLogger("groupcoach").exception("bug")
                self._error = f"It crashed: {bug!r}"
            pause = self._guard.crashed(time.monotonic())
            log("error", "room_failed", room=room.key, pause_s=pause, error=self._error)
            self._stop.wait(pause)
        self._ended = True


def _main(room: Room) -> None:
    set_up()
    engine, over = RoomEngine(room), threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    engine.start()
    while not over.wait(STATE_S):
        state = engine.state()
        print(json.dumps(state), flush=True)
        if state["ended"]:
            break
    engine.end()
    print(json.dumps(engine.state()), flush=True)


if __name__ == "__main__":
    _main(Room(**json.loads(sys.argv[1])))
