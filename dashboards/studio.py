"""The class that the set-up page starts and ends: an engine in a process of its own (no Streamlit here)."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from dashboards.feed import send

RUNS: Final = Path("runs")
ENDS_WITHIN_S: Final = 15.0
"""A class that was asked to end closes its record meanwhile; then it is interrupted."""
_ANSWERS: Final = re.compile(r"The engine answers on (http://\S+)")

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
    """At most one class at a time, for all browsers of this dashboard."""

    def __init__(self) -> None:
        """No class yet."""
        self.url: str | None = None
        """Of the engine, while there is one that answers."""
        self.out: Path | None = None
        """Run folder of the class, or of the last one."""
        self.said: deque[str] = deque(maxlen=40)
        """Last lines of the engine."""
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        """Of the class."""
        if self._process is None:
            return "none"
        code = self._process.poll()
        if code is None:
            return "running" if self.url else "starting"
        return "ended" if code in (0, 130) else "failed"

    def start(self, choice: Choice, runs: Path = RUNS) -> None:
        """Start a class; nothing when one runs.

        Raises:
            ConfigError: what was set up is wrong.
        """
        with self._lock:
            if self.state in ("starting", "running"):
                return
            folder = runs / f"class_{datetime.now():%Y-%m-%d_%H%M%S}"
            words = command_of(choice, folder)
            self.url, self.out = None, folder / "record"
            self.said.clear()
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                             stderr=subprocess.STDOUT, text=True, errors="replace")  # fmt: skip
            threading.Thread(target=self._listen, args=(self._process,), name="groupcoach-studio", daemon=True).start()

    def end(self) -> None:
        """Ask the class to end; interrupt it when it does not."""
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                return
            if self.url is None or send(self.url, {"kind": "end_class"}):
                process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + ENDS_WITHIN_S
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            for kind in (signal.SIGINT, signal.SIGTERM):
                if process.poll() is None:
                    process.send_signal(kind)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(timeout=5)
            if process.poll() is None:
                process.kill()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.said.append(line.rstrip())
                if found := _ANSWERS.search(line):
                    self.url = found[1]
        process.wait()
        self.url = None
