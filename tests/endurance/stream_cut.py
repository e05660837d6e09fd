"""Cuts a real RTSP stream again and again while a class runs on it, and says how fast the class is back.

    python tests/endurance/stream_cut.py CLASS.mp4 --cuts 20

CLASS.mp4 has H.264 pictures. The server (``rtsp_server.py``, which names what it needs) is killed and started again;
the engine is ``groupcoach run rtsp://...``, watched by its snapshot. Prints one line of JSON at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("rtsp_server.py")
PORT, ENGINE = 8654, "http://127.0.0.1:8765"


def serve(film: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/usr/bin/python3", str(SERVER), str(film.resolve()), str(PORT)])


def snapshot() -> dict[str, Any]:
    with urllib.request.urlopen(f"{ENGINE}/snapshot", timeout=2) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def newer_than(t_s: float, limit_s: float) -> float:
    """Wall seconds until the class shows a moment later than ``t_s``."""
    began = time.monotonic()
    while time.monotonic() - began < limit_s:
        try:
            found = snapshot()
            if found["t_s"] is not None and found["t_s"] > t_s and found["age_s"] < 1.0:
                return time.monotonic() - began
        except OSError:
            pass
        time.sleep(0.05)
    return float("inf")


def counts() -> dict[str, int]:
    return {p["name"]: int(p["reps"]) for p in snapshot()["people"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    server, back, lost = serve(args.film), [], []
    time.sleep(1.5)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "groupcoach", "run", f"rtsp://127.0.0.1:{PORT}/class", "--serve", "--no-voice",
                   "--out", f"{folder}/run"]  # fmt: skip
        engine = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            assert newer_than(-1.0, 60.0) < 60, "the class never began"
            for cut in range(args.cuts):
                time.sleep(rng.uniform(2.0, 6.0))
                server.kill()
                server.wait()
                time.sleep(rng.uniform(0.5, 6.0))
                before, t_s = counts(), float(snapshot()["t_s"])
                server = serve(args.film)
                took = newer_than(t_s + 0.05, 60.0)
                after = counts()
                back.append(took)
                lost += [name for name, n in before.items() if after.get(name, 0) < n]
                print(f"cut {cut + 1}: back after {took:.1f} s, counts {after}", flush=True)
        finally:
            server.kill()
            engine.send_signal(signal.SIGINT)
            engine.wait(30)
    print(json.dumps({"cuts": args.cuts, "back_s_median": round(sorted(back)[len(back) // 2], 2),
                      "back_s_most": round(max(back), 2), "counts_lost": lost}))  # fmt: skip


if __name__ == "__main__":
    main()
