"""A class for hours: does memory grow, does the frame rate hold?

    python tests/endurance/soak.py --people 20 --minutes 120 --out soak

Twenty people (the bench's) in a file that plays over and over as a camera, the whole line with record and pages on.
Every few seconds: memory of the engine and all that it started, frames since the last look (from ``/metrics``). Writes
``soak.csv`` and ``soak.svg``, prints one line of JSON: growth of memory from minute ``--settle`` on, by the medians of
the first and last tenth of that time, and the frame rate of the last minute by that of the first. A run of a few
minutes shows fast leaks only, and says so.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TextIO

import psutil

from groupcoach.bench.classes import SAMPLE, cut_out, write_class

ENGINE = "http://127.0.0.1:8765"
EVERY_S = 5.0
FULL_MINUTES = 120.0
Row = tuple[float, float, float]
"""Seconds since the first look, memory in MB, frames a second since the last look."""


def frames_so_far() -> float:
    with urllib.request.urlopen(f"{ENGINE}/metrics", timeout=30) as answer:
        found = re.search(rb"^groupcoach_frames_total (\S+)", answer.read(), re.M)
    return float(found.group(1)) if found else 0.0


def memory_mb(process: psutil.Process) -> float:
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:  # it has just ended
            continue
    return total / 1e6


def figures(rows: Sequence[Row], settle_s: float) -> dict[str, float | None]:
    """Growth of memory and how the frame rate held."""
    settled = [mb for t_s, mb, _ in rows if t_s >= settle_s]
    tenth = max(1, len(settled) // 10)
    early = [fps for t_s, _, fps in rows if 0 < t_s <= 60]
    late = [fps for t_s, _, fps in rows if t_s > rows[-1][0] - 60]
    return {
        "memory_mb_most": max(mb for _, mb, _ in rows),
        "memory_growth": median(settled[-tenth:]) / median(settled[:tenth]) - 1 if len(settled) > 1 else None,
        "fps_first_minute": median(early) if early else None,
        "fps_last_minute": median(late),
        "fps_held": median(late) / median(early) if early and median(early) > 0 else None,
    }


def drawing(rows: Sequence[Row], title: str) -> str:
    """Memory and frame rate over time, as SVG."""
    width, height, left = 900, 220, 60
    end_s = max(rows[-1][0], 1.0)
    parts = [f'<text x="{left}" y="22" font-size="16">{title}</text>']
    for k, (name, column, colour) in enumerate((("memory, MB", 1, "#07c"), ("frames a second", 2, "#c40"))):
        values = [row[column] for row in rows]
        most, top = max(*values, 1e-9) * 1.1, 40 + k * (height + 40)
        points = " ".join(
            f"{left + row[0] / end_s * (width - left - 10):.1f},{top + height - row[column] / most * height:.1f}"
            for row in rows
        )
        parts += [
            f'<rect x="{left}" y="{top}" width="{width - left - 10}" height="{height}" fill="none" stroke="#999"/>',
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
            f'<text x="{left}" y="{top - 6}" font-size="13">{name}</text>',
            f'<text x="4" y="{top + 12}" font-size="12">{most:.0f}</text>',
            f'<text x="4" y="{top + height}" font-size="12">0</text>',
            f'<text x="{width - 90}" y="{top + height + 16}" font-size="12">{end_s / 60:.1f} min</text>',
        ]
    size = f'width="{width}" height="{2 * (height + 40) + 50}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">{"".join(parts)}</svg>\n'


def watch(process: subprocess.Popen[bytes], minutes: float, kept: TextIO) -> list[Row]:
    """Look every few seconds, from the first frame on; each look is in ``kept`` at once."""
    began = time.monotonic()
    while True:
        try:
            frames = frames_so_far()
            if frames > 0:
                break
        except OSError:
            pass
        assert process.poll() is None, f"the engine ended with {process.returncode}"
        assert time.monotonic() - began < 180, "the class never began"
        time.sleep(0.5)
    tree, start = psutil.Process(process.pid), time.monotonic()
    rows, before_s = [(0.0, memory_mb(tree), 0.0)], 0.0
    while process.poll() is None and before_s < 60 * minutes:
        time.sleep(EVERY_S)
        try:
            now, t_s = frames_so_far(), time.monotonic() - start
        except OSError as error:  # busy for half a minute: nothing to write down, and the next look tells
            print(f"no answer: {error}", file=sys.stderr)
            continue
        rows.append((t_s, memory_mb(tree), (now - frames) / (t_s - before_s)))
        print("{:.1f},{:.1f},{:.2f}".format(*rows[-1]), file=kept, flush=True)
        frames, before_s = now, t_s
    assert process.poll() is None, f"the engine ended with {process.returncode}"
    rows[0] = (0.0, rows[0][1], rows[1][2])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=FULL_MINUTES)
    parser.add_argument("--settle", type=float, default=10.0, help="minutes before memory may no longer grow")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    film = args.out / "class.mp4"
    write_class(*cut_out(SAMPLE), args.people, film, 20.0)
    command = [sys.executable, "-m", "groupcoach", "run", f"loop:{film}", "--serve", "--no-voice", "--out",
               str(args.out / "run")]  # fmt: skip
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # the engine ends with us
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with (args.out / "soak.csv").open("w", encoding="utf-8") as kept:
            print("t_s,memory_mb,fps", file=kept)
            rows = watch(process, args.minutes, kept)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
    (args.out / "soak.svg").write_text(
        drawing(rows, f"{args.people} people, {args.minutes:g} minutes"), encoding="utf-8"
    )
    answer = figures(rows, min(60 * args.settle, rows[-1][0] / 2))
    short = args.minutes < FULL_MINUTES
    print(json.dumps({
        "people": args.people, "minutes": args.minutes, "looks": len(rows),
        "settled_after_s": min(60 * args.settle, rows[-1][0] / 2), **answer,
        "shows": "fast leaks only: shorter than two hours" if short else "two hours",
    }))  # fmt: skip


if __name__ == "__main__":
    main()
