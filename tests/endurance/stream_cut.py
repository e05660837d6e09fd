"""Cuts a real RTSP stream again and again while a class runs on it, and says how fast the picture is back.

    python tests/endurance/stream_cut.py CLASS.mp4 --cuts 20 [--camera-only]

CLASS.mp4 has H.264 pictures. The server (``rtsp_server.py`` names what it needs) is killed and started again. The
engine is ``groupcoach run rtsp://...``, watched by its snapshot; with ``--camera-only`` only the source is there, which
shows the camera's part on a machine that is busy with other things. The time counts from the start of the server's
process, so its own start is in it. Prints one line of JSON at the end; exits 1 where the picture took more than 5 s
or a count was lost. Accelerated: cuts come every few seconds, not every few minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

SERVER = Path(__file__).with_name("rtsp_server.py")
PORT, ENGINE = 8654, "http://127.0.0.1:8765"
ADDRESS = f"rtsp://127.0.0.1:{PORT}/class"
LIMIT_S = 5.0


def serve(film: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/usr/bin/python3", str(SERVER), str(film.resolve()), str(PORT)])


class Watched(Protocol):
    """What is on the stream."""

    def last(self) -> tuple[float, float]:
        """Time of the newest picture, and its age; seconds."""

    def counts(self) -> dict[str, int]:
        """Repetitions by person."""


class Engine:
    """A whole class, seen through its snapshot."""

    def last(self) -> tuple[float, float]:
        found = self._snapshot()
        return (-1.0, 99.0) if found["t_s"] is None else (float(found["t_s"]), float(found["age_s"]))

    def counts(self) -> dict[str, int]:
        return {p["name"]: int(p["reps"]) for p in self._snapshot()["people"]}

    def _snapshot(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{ENGINE}/snapshot", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


class Camera:
    """The source alone; its pictures are counted, to the gap's beginning and after it."""

    def __init__(self) -> None:
        from groupcoach.source import open_source

        self._source = open_source(ADDRESS)
        self._seen = (-1.0, 0.0, 0)
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        for number, frame in enumerate(self._source.frames()):
            self._seen = (frame.t_s, time.monotonic(), number)

    def last(self) -> tuple[float, float]:
        return self._seen[0], time.monotonic() - self._seen[1]

    def counts(self) -> dict[str, int]:
        return {"pictures": self._seen[2]}

    def close(self) -> None:
        self._source.close()


def newer_than(watched: Watched, t_s: float, limit_s: float) -> float:
    """Wall seconds until there is a moment later than ``t_s``."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        with contextlib.suppress(OSError):
            newest_s, age_s = watched.last()
            if newest_s > t_s and age_s < 1.0:
                return time.monotonic() - began
        time.sleep(0.02)
    return float("inf")


@contextlib.contextmanager
def a_class() -> Iterator[Watched]:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "groupcoach",
            "run",
            ADDRESS,
            "--serve",
            "--no-voice",
            "--out",
            f"{folder}/run",
        ]
        engine = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield Engine()
        finally:
            engine.send_signal(signal.SIGINT)
            engine.wait(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--away", type=float, default=6.0, help="seconds that the stream is away, at the most")
    parser.add_argument("--camera-only", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    server = serve(args.film)
    back: list[float] = []
    lost: list[str] = []
    time.sleep(3.0)
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: server.kill())
        watched: Watched = (
            stack.enter_context(contextlib.closing(Camera())) if args.camera_only else stack.enter_context(a_class())
        )
        assert newer_than(watched, -1.0, 120.0) < 120, "the class never began"
        for cut in range(args.cuts):
            time.sleep(rng.uniform(2.0, 6.0))
            server.kill()
            server.wait()
            time.sleep(rng.uniform(0.5, args.away))
            before, (t_s, _) = watched.counts(), watched.last()
            server = serve(args.film)
            took = newer_than(watched, t_s + 0.05, 60.0)
            after = watched.counts()
            back.append(took)
            lost += [name for name, n in before.items() if after.get(name, 0) < n]
            print(f"cut {cut + 1}: back after {took:.2f} s, counts {after}", flush=True)
    print(json.dumps({
        "cuts": args.cuts, "camera_only": args.camera_only, "back_s_median": round(sorted(back)[len(back) // 2], 2),
        "back_s_most": round(max(back), 2), "within_5_s": sum(b <= LIMIT_S for b in back), "counts_lost": lost,
    }))  # fmt: skip
    sys.exit(bool(lost) or max(back) > LIMIT_S)


if __name__ == "__main__":
    main()
