"""Counts of one class at the pace of a camera against counts of every frame of it.

    python tests/endurance/pace.py CLASS.mp4 [--rounds 1]

Runs ``groupcoach run`` with ``--pace max``, then with ``--pace live`` (late frames are dropped there), and compares all
repetitions, exercise by exercise. Prints one line of JSON; exits 1 where they differ by more than 1 %.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

MOST = 0.01
"""Of all repetitions."""


def counted(film: Path, pace: str) -> tuple[Counter[str], dict[str, Any]]:
    """Repetitions by exercise, and the summary."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "run"
        subprocess.run(
            [sys.executable, "-m", "groupcoach", "run", str(film), "--pace", pace, "--no-voice", "--out", str(out)],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        summary: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    found: Counter[str] = Counter()
    for person in summary["people"]:
        for one in person["exercises"]:
            found[one["exercise"]] += one["reps"]
    return found, summary


def difference(live: Counter[str], every: Counter[str]) -> float:
    """Repetitions that only one of the two has, as a share of all."""
    apart = sum(abs(live[name] - every[name]) for name in live.keys() | every.keys())
    return apart / max(1, every.total())


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--rounds", type=int, default=1, help="live runs; each differs, because time does")
    args = parser.parse_args()
    every, summary = counted(args.film, "max")
    rows = []
    for _ in range(args.rounds):
        live, said = counted(args.film, "live")
        rows.append({
            "reps": dict(live), "difference": round(difference(live, every), 4),
            "frames": said["frames"], "dropped": said["dropped_frames"],
        })  # fmt: skip
        print(rows[-1], flush=True)
    worst = max(row["difference"] for row in rows)
    print(json.dumps({"max": dict(every), "frames": summary["frames"], "live": rows, "difference": worst}))
    sys.exit(worst > MOST)


if __name__ == "__main__":
    main()
