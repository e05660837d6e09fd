"""Starts the dashboard: Streamlit in a process of its own, quiet, on this machine only."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dashboards.feed import BOUND, DB, ENGINE, RUN, SIGN_IN
from dashboards.words import LANGUAGE
from groupcoach.errors import GroupCoachError
from groupcoach.serve.guard import is_loopback

PORT: Final = 8501
PORTS_TRIED: Final = 20
READY_LIMIT_S: Final = 60.0
BEHIND: Final = 10
"""By so much the dashboard is nicer than the engine beside it (Unix)."""
APP: Final = Path(__file__).with_name("app.py")


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A running dashboard."""

    process: subprocess.Popen[bytes]
    url: str
    port: int

    def wait(self) -> int:
        """Wait until it ends; Ctrl-C ends it."""
        try:
            return self.process.wait()
        except KeyboardInterrupt:
            self.stop()
            return 0

    def stop(self) -> None:
        """End it. Safe to call twice."""
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def launch(
    target: str | Path | None, port: int = PORT, host: str = "127.0.0.1", open_browser: bool = False,
    wait_ready: bool = True, db: str | None = None, language: str | None = None, sign_in: bool = False,
) -> Dashboard:  # fmt: skip
    """Start the dashboard on an engine or on a finished run.

    Args:
        target: address of an engine (``http://...``), or a run folder; None: the set-up page alone.
        port: first one to try; a busy one is followed by the next.
        host: address to listen on.
        open_browser: show the page in the instructor's browser once it answers.
        wait_ready: return only when the page answers (some seconds).
        db: address of the session record, for the page of one person; a run folder has its own.
        language: ``en`` or ``ko``; None: that of the class.
        sign_in: show nothing to who has not signed in at the engine; required for a host that other machines reach.

    Raises:
        GroupCoachError: the target is neither, no port is free, or the dashboard ended at once.
    """
    if not is_loopback(host) and not (sign_in and str(target).startswith("http")):
        raise GroupCoachError(
            f"The dashboard was asked to listen on {host}, where other machines reach it, without anybody signing in. "
            "Use `groupcoach class --listen`, or leave the address at 127.0.0.1."
        )
    environment = dict(os.environ) | {"PYTHONPATH": _python_path(), "PYTHONUNBUFFERED": "1"}
    environment.pop(ENGINE, None)
    environment.pop(RUN, None)
    environment.pop(SIGN_IN, None)
    environment |= {BOUND: host} | ({SIGN_IN: "1"} if sign_in else {})
    environment |= {key: value for key, value in ((DB, db), (LANGUAGE, language)) if value is not None}
    if isinstance(target, str) and target.startswith(("http://", "https://")):
        environment[ENGINE] = target
    elif target is None:
        environment.pop(DB, None)
    elif (Path(target) / "summary.json").is_file():
        environment[RUN] = str(Path(target).resolve())
        record = Path(target).resolve() / "session.db"
        if db is None and record.is_file():
            environment[DB] = f"sqlite:///{record}"
    else:
        raise GroupCoachError(
            f"There is no finished run at {target} (looked for summary.json in it): make one with "
            f"`groupcoach run SOURCE --out {target}`, or give the folder of another run."
        )
    port = _free_port(host, port)
    process = subprocess.Popen(
        command(host, port), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _behind_the_engine(process.pid)
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    dashboard = Dashboard(process, f"http://{reached}:{port}", port)
    if wait_ready or open_browser:
        _wait_ready(dashboard)
    if open_browser:
        webbrowser.open(dashboard.url)
    return dashboard


def command(host: str, port: int) -> list[str]:
    """The command line of the dashboard's process.

    Headless also means: no question for an e-mail address, nothing written to the home folder.
    """
    known_as = host
    if host in ("0.0.0.0", "::"):
        from groupcoach.serve.phone import network_address

        known_as = network_address(host)
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.runOnSave": "false",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "server.maxUploadSize": "1",
        "browser.gatherUsageStats": "false",
        # a whole collection after each run of a page takes the class's time; memory stays level without
        # (tests/endurance/page_memory.py)
        "runner.postScriptGC": "false",
        # of the pages that may open a connection: beyond this machine by the address that others know it by
        "browser.serverAddress": known_as,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.level": "error",
    }
    return [sys.executable, "-m", "streamlit", "run", str(APP), *(f"--{key}={value}" for key, value in options.items())]


def _python_path() -> str:
    """The repository first: ``streamlit run`` only puts the script's own folder on the path."""
    here = str(APP.parent.parent)
    before = os.environ.get("PYTHONPATH")
    return f"{here}{os.pathsep}{before}" if before else here


def _free_port(host: str, first: int) -> int:
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise GroupCoachError(
        f"No free port for the dashboard on {host} from {first} on: stop the other program, or name another port."
    )


def _behind_the_engine(pid: int) -> None:
    """Lower the priority of the dashboard's process: where the machine is short of time, the class goes first."""
    import psutil

    with contextlib.suppress(psutil.Error):
        windows = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", None)
        psutil.Process(pid).nice(windows or min(int(psutil.Process().nice()) + BEHIND, 19))


def _wait_ready(dashboard: Dashboard) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline and dashboard.process.poll() is None:
        try:
            with opener.open(f"{dashboard.url}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    dashboard.stop()
    raise GroupCoachError(
        f"The dashboard did not start on {dashboard.url}; what it printed is above. Is Streamlit installed here "
        "(`python -m streamlit version`)?"
    )
