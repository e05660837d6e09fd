"""Kills a running engine with kill -9 at random moments, goes on with ``--resume``, and compares counts.

    python tests/endurance/killed_class.py --times 20

The engine is ``run_class`` on a class of moving bodies without pictures (``tests/scripted_class.py``), in the time of
the source. Each round: a first engine is killed; the record must be sound and hold every repetition that the engine had
booked more than a second before; a second engine goes on and must begin with the record's counts. The last engine of a
round runs to the end, and its counts are compared with those of a class that nobody interrupted. Prints one line of
JSON at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
LATE_S = 1.0


def tell(kind: str, **data: Any) -> None:
    os.write(1, (json.dumps({"kind": kind, "at": time.time(), **data}) + "\n").encode())


def child(out: Path, resume: bool, sets: int) -> None:
    """One engine; says on standard output what it books and when, and with what counts it goes on."""
    from scripted_class import FPS, actor, frames_of, line, script_of

    from groupcoach import engine
    from groupcoach.engine import RunOptions, run_class
    from groupcoach.outputs import Outputs
    from groupcoach.source.scripted import ScriptedSource
    from groupcoach.store.session import SessionStore

    plan = [("stand", 1), *[("squat", 6), ("stand", 1.5)] * sets]
    actors = [actor(plan, x_m=x, seed=seed, yaw=0.5) for x, seed in ((-1.3, 4), (0.0, 5), (1.3, 6))]
    script = script_of(actors)
    engine.open_source = lambda spec: ScriptedSource(frames_of(script), fps=FPS)  # type: ignore[assignment]
    engine.build_pipeline = lambda **words: line(script)  # type: ignore[assignment]
    write, publish, begun = SessionStore.write, Outputs.publish, []

    def told(self: Any, events: Any) -> None:
        tell("booked", reps=[[e.person, e.data["exercise"], e.data["number"]] for e in events
                             if e.type == "rep_counted"])  # fmt: skip
        write(self, events)

    def first(self: Any, *args: Any) -> None:
        if not begun:
            begun.append(True)
            tell("begins", counts={str(i): s.totals for i, s in self.pipeline.people.items()})
        publish(self, *args)

    SessionStore.write, Outputs.publish = told, first  # type: ignore[method-assign]
    result = run_class(RunOptions("scripted", out=out, pace="live", resume=resume))
    tell("begins", counts=None)  # killed after its last frame: there was nothing to go on with but the record
    tell("ends", counts={p["name"]: sum(e["reps"] for e in p["exercises"]) for p in result.summary["people"]})


def start(out: Path, resume: bool, sets: int) -> subprocess.Popen[str]:
    words = [sys.executable, str(Path(__file__).resolve()), "--child", str(out), "--sets", str(sets)]
    return subprocess.Popen(words + (["--again"] if resume else []), stdout=subprocess.PIPE, text=True,
                            env=os.environ | {"OMP_NUM_THREADS": "1"})  # fmt: skip


def recorded(out: Path) -> tuple[str, list[tuple[int, str, int]]]:
    """Whether the database is sound, and the repetitions in it."""
    with sqlite3.connect(out / "session.db") as connection:
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        rows = connection.execute("SELECT person, exercise, number FROM rep ORDER BY id").fetchall()
    connection.close()
    return str(sound), [(int(p), str(e), int(n)) for p, e, n in rows]


def totals(reps: list[tuple[int, str, int]]) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for person, exercise, _ in reps:
        of = out.setdefault(str(person), {})
        of[exercise] = of.get(exercise, 0) + 1
    return out


def one_round(out: Path, kill_after_s: float, sets: int) -> dict[str, Any]:
    """Kill an engine ``kill_after_s`` after its first frame, and go on to the end."""
    engine = start(out, False, sets)
    assert engine.stdout is not None
    said = [json.loads(engine.stdout.readline())]
    time.sleep(kill_after_s)
    killed_at = time.time()
    engine.send_signal(signal.SIGKILL)
    said += [json.loads(line) for line in engine.stdout.read().splitlines() if line.endswith("}")]
    engine.wait()
    booked = [(tuple(rep), s["at"]) for s in said if s["kind"] == "booked" for rep in s["reps"]]
    sound, kept = recorded(out)
    lost = [age for rep, at in booked if rep not in kept for age in [killed_at - at]]
    again = start(out, True, sets)
    lines = [json.loads(line) for line in again.communicate(timeout=240)[0].splitlines()]
    begins = next(s for s in lines if s["kind"] == "begins")
    ends = next(s for s in lines if s["kind"] == "ends")
    went_on = {i: {k: n for k, n in of.items() if n} for i, of in (begins["counts"] or totals(kept)).items()}
    return {
        "killed_after_s": round(kill_after_s, 2), "booked": len(booked), "kept": len(kept),
        "oldest_lost_s": round(max(lost, default=0.0), 2), "sound": sound == "ok",
        "same": {i: of for i, of in went_on.items() if of} == totals(kept), "end": ends["counts"],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--sets", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child is not None:
        child(args.child, args.again, args.sets)
        return
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = start(Path(folder) / "whole", False, args.sets)
        lines = [json.loads(line) for line in whole.communicate()[0].splitlines()]
        wanted = next(s["counts"] for s in lines if s["kind"] == "ends")
        lasts_s = lines[-1]["at"] - lines[0]["at"]
        rounds = []
        for k in range(args.times):
            found = one_round(Path(folder) / str(k), rng.uniform(0.5, 0.95 * lasts_s), args.sets)
            found["off_at_end"] = sum(abs(found["end"].get(name, 0) - n) for name, n in wanted.items())
            rounds.append(found)
            print(found, file=sys.stderr)
    print(json.dumps({
        "kills": len(rounds), "uninterrupted": wanted, "all_sound": all(r["sound"] for r in rounds),
        "same_counts": sum(r["same"] for r in rounds), "booked": sum(r["booked"] for r in rounds),
        "oldest_lost_s": max(r["oldest_lost_s"] for r in rounds),
        "older_than_1_s_lost": sum(r["oldest_lost_s"] > LATE_S for r in rounds),
        "repetitions_off_at_the_end": [r["off_at_end"] for r in rounds],
    }))  # fmt: skip


if __name__ == "__main__":
    main()
