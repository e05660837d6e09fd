"""Who may look at a class, the page on which they do, and where other programs of this machine find its engine."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from groupcoach.serve.access import Sessions


ANNOUNCED: Final = "engine.json"
"""In the run folder while the engine runs."""


@dataclass(frozen=True, slots=True)
class Running:
    """An engine that runs on this machine."""

    url: str
    out: Path
    """Its run folder."""
    pid: int
    began: float
    """When the process began, as ``psutil`` has it: numbers of processes are given out again."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        import psutil

        try:
            process = psutil.Process(self.pid)
            return bool(process.create_time() == self.began and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False


def announce(out: Path, url: str, sign_in: bool = False) -> Callable[[], None]:
    """Leave word in the run folder of where this engine answers; returns what takes it away again.

    Args:
        out: the run folder, which is there.
        url: of the engine.
        sign_in: it asks for a password.
    """
    import psutil

    path, pid = out / ANNOUNCED, os.getpid()
    text = json.dumps({"url": url, "pid": pid, "began": psutil.Process(pid).create_time(), "sign_in": sign_in})
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)  # whoever looks finds all of it or nothing
    return lambda: path.unlink(missing_ok=True)


def running(runs: Path) -> Running | None:
    """The engine that runs in one of the run folders under ``runs``, the newest; None: none that asks no password."""
    found: list[tuple[float, Running]] = []
    for path in (*runs.glob(f"*/{ANNOUNCED}"), *runs.glob(f"*/record/{ANNOUNCED}")):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):  # gone meanwhile, or not ours
            said = json.loads(path.read_text(encoding="utf-8"))
            one = Running(str(said["url"]), path.parent, int(said["pid"]), float(said["began"]))
            if not said["sign_in"] and one.alive:
                found.append((path.stat().st_mtime, one))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def sessions(listen: str) -> Sessions | None:
    """Who has signed in with the instructor's password; None where only this machine can ask.

    Raises:
        ConfigError: the engine is to listen beyond this machine, and no password is set.
    """
    from groupcoach.serve.guard import is_loopback

    if is_loopback(listen):
        return None
    from groupcoach.serve.access import Sessions, kept_hash

    return Sessions(kept_hash())


def open_dashboard(
    url: str, listen: str, known: Sessions | None, db: str | None, stack: contextlib.ExitStack
) -> list[str]:  # fmt: skip
    """Start the dashboard of a running engine; returns what the instructor should read.

    Args:
        url: of the engine.
        listen: address of the dashboard.
        known: who has signed in; None: nobody has to.
        db: address of the session record.
        stack: ends the dashboard with the class.
    """
    from dashboards.launch import launch

    page = launch(url, host=listen, open_browser=known is None, sign_in=known is not None, db=db)
    stack.callback(page.stop)
    said = [f"The dashboard is open on {page.url}"]
    if known is not None:
        known.page_port = page.port
        said.insert(0, f"Sign in on {url}/login")
    return said
