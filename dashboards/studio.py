"""The class that the set-up page starts and ends: an engine in a process of its own (no Streamlit here)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from dashboards.feed import send
from groupcoach.doors import Running, running

RUNS: Final = Path("runs")
ENDS_WITHIN_S: Final = 15.0
"""A class that was asked to end closes its record meanwhile; then it is interrupted."""
INTERRUPTED_S: Final = 5.0
LOOK_S: Final = 0.5
"""Shortest time between two looks for a running engine."""
SAID: Final = "engine.log"
_TAIL: Final = 8192

State = Literal["none", "starting", "running", "ended", "failed"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the instructor set up."""

    source: str
    """As the command line takes it: a camera's number, an address, ``loop:FILE``."""
    language: str = "en"
    voice: bool = True
    roster: Sequence[Mapping[str, Any]] = ()
    """Rows with the fields of ``roster.toml``; empty fields are left out."""
    plan: Sequence[Mapping[str, Any]] = ()
    """Rows with the fields of ``plan.toml``."""


def toml_of(table: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """``[[person]]`` entries, or of whatever ``table`` is; empty fields are left out, and rows that have no other."""
    parts = []
    for row in rows:
        fields = {name: _plain(value) for name, value in row.items()}
        lines = [f"{name} = {_value(value)}" for name, value in fields.items() if value not in (None, "", False)]
        if lines:
            parts.append(f"[[{table}]]\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _plain(value: Any) -> Any:
    """A cell of the page's tables: whole numbers come as 8.0, empty cells as NaN."""
    if isinstance(value, float):
        return None if value != value else int(value) if value == int(value) else value
    return value.strip() if isinstance(value, str) else value


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    # JSON's strings are TOML's, but for DEL
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def command_of(choice: Choice, out: Path) -> list[str]:
    """Writes roster and plan into ``out`` and returns the engine's command line.

    Raises:
        ConfigError: a roster or a plan that the engine would refuse; nothing is started then.
    """
    from groupcoach.config import load_plan, load_roster
    from groupcoach.exercises.catalogue import load_catalogue

    out.mkdir(parents=True, exist_ok=True)
    # whatever is typed as a source is one word after the options, never an option itself
    words = [sys.executable, "-m", "groupcoach", "run", "--serve", "--pace", "live", "--language", choice.language,
             "--voice" if choice.voice else "--no-voice", "--out", str(out / "record")]  # fmt: skip
    for name, table, rows in (("roster", "person", choice.roster), ("plan", "step", choice.plan)):
        text = toml_of(table, rows)
        if text:
            path = out / f"{name}.toml"
            path.write_text(text, encoding="utf-8")
            load_roster(path) if name == "roster" else load_plan(path, load_catalogue().ids)
            words += [f"--{name}", str(path)]
    return [*words, "--", choice.source]


class Studio:
    """At most one class at a time, for all browsers of this dashboard.

    The engine is a process of its own and outlives the dashboard, however that ends. A dashboard that is started again
    finds it by what it has left in its run folder (``doors.running``), and ends it as the first one would have.
    """

    def __init__(self, runs: Path = RUNS) -> None:
        """Args: runs: where run folders are made, and where a running engine is looked for."""
        self.out: Path | None = None
        """Run folder of the class, or of the last one."""
        self._runs = runs
        self._engine: Running | None = None
        self._process: subprocess.Popen[bytes] | None = None
        """Of the class that was started here."""
        self._looked_s = -1e9
        self._lock = threading.Lock()

    @property
    def url(self) -> str | None:
        """Of the engine, while there is one that answers."""
        return self._engine.url if self.state == "running" and self._engine is not None else None

    @property
    def said(self) -> list[str]:
        """Last lines of the engine; none where it was started by hand."""
        if self.out is None:
            return []
        with contextlib.suppress(OSError), (self.out.parent / SAID).open("rb") as lines:
            lines.seek(max(0, lines.seek(0, 2) - _TAIL))
            return lines.read().decode("utf-8", "replace").splitlines()[-40:]
        return []

    @property
    def state(self) -> State:
        """Of the class."""
        code = None if self._process is None else self._process.poll()
        self._look(self._process is not None and code is None)
        if self._engine is not None:
            return "running"
        if self._process is None:
            return "none" if self.out is None else "ended" if (self.out / "summary.json").is_file() else "failed"
        return "starting" if code is None else "ended" if code in (0, 130) else "failed"

    def _look(self, mine: bool) -> None:
        """Notice an engine that answers now, or one that is gone; ``mine``: the one started here still runs."""
        if self._engine is not None and self._engine.alive:
            return
        self._engine = None
        if time.monotonic() - self._looked_s < LOOK_S:
            return
        self._looked_s = time.monotonic()
        found = running(self._runs)
        if found is not None and not (mine and found.out != self.out):
            if found.out != self.out:
                self._process = None  # somebody else's
            self._engine, self.out = found, found.out

    def start(self, choice: Choice) -> None:
        """Start a class; nothing when one runs.

        Raises:
            ConfigError: what was set up is wrong.
        """
        with self._lock:
            if self.state in ("starting", "running"):
                return
            folder = self._runs / f"class_{datetime.now():%Y-%m-%d_%H%M%S}"
            words = command_of(choice, folder)
            folder.mkdir(parents=True, exist_ok=True)
            self.out = folder / "record"
            # into a file and out of this terminal: neither a broken pipe nor Ctrl-C here reaches the class
            with (folder / SAID).open("wb") as said:
                self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said,
                                                 stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip

    def end(self) -> None:
        """Ask the class to end; interrupt it when it does not."""
        with self._lock:
            state, engine, process = self.state, self._engine, self._process
            if state not in ("starting", "running"):
                return
            pid = engine.pid if engine is not None else process.pid if process is not None else 0

            def over() -> bool:
                gone = process is None or process.poll() is not None  # waited for: no zombie is left
                return gone and (engine is None or not engine.alive)

            if engine is None or send(engine.url, {"kind": "end_class"}):
                self._signal(pid, signal.SIGINT)
            waits = ((ENDS_WITHIN_S, signal.SIGINT), (INTERRUPTED_S, signal.SIGTERM), (INTERRUPTED_S, signal.SIGKILL))
            for wait_s, then in waits:
                deadline = time.monotonic() + wait_s
                while not over() and time.monotonic() < deadline:
                    time.sleep(0.05)
                if over():
                    return
                self._signal(pid, then)

    @staticmethod
    def _signal(pid: int, kind: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, kind)
