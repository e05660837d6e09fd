"""Keep an engine up: start it again when it crashes, go on with its class, and not in a tight circle.

A class that ends, a mistake a person has to mend, and Ctrl-C are ends. Everything else (a bug, a driver that takes the
process with it, the system's memory guard) is a crash: the engine is started again with ``--resume``, and the record
that the crashed one left is what it goes on from. After five crashes in a minute there is a pause, longer each time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from groupcoach.errors import GroupCoachError
from groupcoach.logs import log

BUG: Final = 70
"""Exit status of a command that met a bug (EX_SOFTWARE)."""
ENDS: Final = frozenset({0, 1, 2, 130, -signal.SIGINT, -signal.SIGTERM})
"""Exit statuses after which nothing is started again."""


@dataclass(slots=True)
class RestartGuard:
    """How long to wait before the next start. Time is given in, seconds that only rise."""

    most: int = 5
    """Restarts within ``within_s``; the one after them waits longer."""
    within_s: float = 60.0
    pause_s: float = 1.0
    back_off_s: float = 30.0
    """The first long pause; each further one is twice as long, up to ``longest_s``."""
    longest_s: float = 600.0
    _crashes: deque[float] = field(default_factory=deque)
    _backed_off: int = 0
    _until_s: float = 0.0

    def crashed(self, now_s: float) -> float:
        """A crash happened; returns the pause before the next start."""
        if self._backed_off and now_s - self._until_s > self.within_s:
            self._backed_off = 0  # it ran for longer than a minute: the trouble is over
        while self._crashes and now_s - self._crashes[0] > self.within_s:
            self._crashes.popleft()
        self._crashes.append(now_s)
        if len(self._crashes) <= self.most and not self._backed_off:
            return self.pause_s
        pause = min(self.back_off_s * 2.0**self._backed_off, self.longest_s)
        self._backed_off += 1
        self._crashes.clear()
        self._until_s = now_s + pause
        return pause


def resumable(out: Path | None, db: str | None) -> bool:
    """Whether the record has a class that did not come to its end."""
    from groupcoach.store.session import SessionStore

    if db is None:
        if out is None or not (out / "session.db").is_file():
            return False
        db = f"sqlite:///{out / 'session.db'}"
    try:
        store = SessionStore(db)
        try:
            return any(not one["finished"] for one in store.sessions())
        finally:
            store.close()
    except GroupCoachError:  # the engine says it better
        return False


def keep_up(
    words: Sequence[str], out: Path | None, db: str | None, say: Callable[[str], None], *,
    guard: RestartGuard | None = None, sleep: Callable[[float], None] = time.sleep,
    start: Callable[[Sequence[str]], subprocess.Popen[Any]] | None = None,
) -> int:  # fmt: skip
    """Run ``groupcoach WORDS`` until it ends.

    Args:
        words: ``run ...`` or ``class ...``.
        out: its ``--out``.
        db: its ``--db``.
        say: told about each crash, one sentence.
        guard: how long to wait.
        sleep: waits (tests).
        start: starts a process (tests).

    Returns:
        The last exit status.
    """
    guard, start = guard or RestartGuard(), start or _start
    again = list(words)
    while True:
        process = start(again)
        with _stop_goes_on_to(process):
            status = _wait(process)
        if status in ENDS:
            return status
        pause = guard.crashed(time.monotonic())
        goes_on = resumable(out, db)
        log("error", "engine_crashed", status=status, pause_s=pause, resumes=goes_on)
        then = "goes on with its class" if goes_on else "begins anew: nothing of the class was recorded yet"
        say(f"The engine crashed (status {status}). It is started again in {pause:.0f} s and {then}.")
        sleep(pause)
        again = [*words, "--resume"] if goes_on and "--resume" not in words else list(words)


def _start(words: Sequence[str]) -> subprocess.Popen[Any]:
    return subprocess.Popen([sys.executable, "-m", "groupcoach", *words])


def _wait(process: subprocess.Popen[Any]) -> int:
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the engine has it too, and closes its record
            return process.wait()


@contextlib.contextmanager
def _stop_goes_on_to(process: subprocess.Popen[Any]) -> Any:
    """A request to end (systemd, docker stop) ends the class as Ctrl-C does."""

    def stop(number: int, frame: object) -> None:
        if os.name != "nt":
            process.send_signal(signal.SIGINT)
        else:
            process.terminate()

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread: whoever has it stops us
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
