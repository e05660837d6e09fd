"""Kills a running engine with kill -9 at random moments, goes on with ``--resume``, and compares counts.

    python tests/endurance/killed_class.py --times 20
    python tests/endurance/killed_class.py --times 20 --live

The engine is ``run_class`` on a class of moving bodies without pictures (``tests/scripted_class.py``), in the time of
the source; with ``--live`` the source is a camera: people go on while no engine runs. Each round: a first engine is
killed, a second one goes on to the end. What has to hold of every round:

``sound``       the database passes SQLite's integrity check after the kill.
``oldest_lost`` no repetition that the engine had booked more than a second before the kill is missing in the record.
``same``        the second engine begins with the record's counts.
``kept``        every repetition of the record is still there at the end, and has the same owner.
``cards``       there are as many cards at the end as people.
``lost``        no repetition is missing that an uninterrupted class counts, other than those ``cut``: under way at some
                moment between the last recorded one and the first frame of the second engine. Nobody saw those wholly.
``moved``       no repetition of after the kill is on somebody else's card.
``extra``       no repetition is there that the uninterrupted class does not have at that time.

``fair`` says that all eight hold. ``equal``, stricter than any camera allows, says that the counts at the end are those
of the uninterrupted class, the ``cut`` ones too. Prints one line of JSON at the end.
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
from collections import Counter
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
LATE_S = 1.0
NEAR_S = 1.0
"""Two repetitions of one person that turn within so much of each other are the same one."""


class Done(NamedTuple):
    """One repetition of the record."""

    person: int
    exercise: str
    start_s: float
    turn_s: float
    end_s: float


def tell(kind: str, **data: Any) -> None:
    os.write(1, (json.dumps({"kind": kind, "at": time.time(), **data}) + "\n").encode())


def camera_of(script: dict[int, Any], began: Path) -> Any:
    """A camera before which the script plays; it goes on while nobody looks. The moment of its first frame is kept."""
    from scripted_class import FPS, frames_of

    from groupcoach.records import Frame
    from groupcoach.source.scripted import ScriptedSource

    class Camera(ScriptedSource):
        live = True
        frame_count = None

        def frames(self) -> Any:
            if not began.exists():
                began.write_text(repr(time.time()))
            zero, opened = float(began.read_text()), time.time()
            number, last = 0, -1
            while True:
                now = time.time()
                at = int((now - zero) * FPS)
                if at >= len(script):
                    return
                if at > last:
                    image = self._frames[at].image.copy()
                    image[0, 0] = at >> 8, at & 255, 0  # what is before the camera, for the scripted eyes
                    yield Frame(number, now - opened, image)
                    number, last = number + 1, at
                time.sleep(max(0.0, zero + (at + 1) / FPS - time.time()))

    camera = Camera(frames_of(script), fps=FPS)
    camera.frame_count = None
    return camera


def eyes_of(script: dict[int, Any]) -> Any:
    """The line, looking at what the picture says is before the camera."""
    from scripted_class import line

    pipeline = line(script)

    def at(frame: Any) -> Any:
        high, low, _ = frame.image[0, 0].tolist()
        return replace(frame, index=high * 256 + low)

    detect, look = pipeline.detector.detect, pipeline.landmarks.look
    pipeline.detector.detect = lambda frame: detect(at(frame))  # type: ignore[method-assign]
    pipeline.landmarks.look = lambda frame, people: look(at(frame), people)  # type: ignore[method-assign]
    return pipeline


def child(out: Path, resume: bool, sets: int, live: bool) -> None:
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
    if live:
        camera = camera_of(script, out.parent / f"{out.name}_began")
        engine.open_source = lambda spec: camera  # type: ignore[assignment]
        engine.build_pipeline = lambda **words: eyes_of(script)  # type: ignore[assignment]
    else:
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


def start(out: Path, resume: bool, args: argparse.Namespace) -> subprocess.Popen[str]:
    words = [sys.executable, str(Path(__file__).resolve()), "--child", str(out), "--sets", str(args.sets)]
    words += ["--again"] * resume + ["--live"] * args.live
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def rows(out: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(out / "session.db") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def done_in(out: Path) -> list[Done]:
    """The repetitions of a record by their owners at its end: who was merged is somebody else's."""
    from groupcoach.store.replay import replay

    found = rows(out, "SELECT t_s, type, person, data FROM event ORDER BY id")
    events = [{**json.loads(data), "t_s": t_s, "type": kind, "person": person} for t_s, kind, person, data in found]
    return [
        Done(number, str(r["exercise"]), float(r["start_s"]), float(r["turn_s"]), float(r["end_s"]))
        for number, past in replay(events).people.items() for r in past.rows if r["type"] == "rep_counted"
    ]  # fmt: skip


def judged(kept: list[Done], end: list[Done], whole: list[Done], cut: tuple[float, float]) -> dict[str, int]:
    """What became of everybody's repetitions.

    Args:
        kept: of the record at the kill.
        end: of the record at the end.
        whole: of the uninterrupted class.
        cut: the last recorded moment and the first frame after it.
    """

    def same(a: Done, b: Done) -> bool:
        return a.exercise == b.exercise and abs(a.turn_s - b.turn_s) < NEAR_S

    missing = [w for w in whole if not any(same(w, e) and w.person == e.person for e in end)]
    through = [w for w in missing if w.start_s < cut[1] and w.end_s > cut[0]]
    stray = [e for e in end if not any(same(w, e) and w.person == e.person for w in whole)]
    moved = [e for e in stray if any(same(w, e) for w in missing)]
    return {
        "forgotten": sum((Counter(kept) - Counter(end)).values()), "cut": len(through),
        "lost": len(missing) - len(through), "moved": len(moved), "extra": len(stray) - len(moved),
    }  # fmt: skip


def one_round(out: Path, kill_after_s: float, whole: list[Done], args: argparse.Namespace) -> dict[str, Any]:
    """Kill an engine ``kill_after_s`` after its first frame, and go on to the end."""
    engine = start(out, False, args)
    assert engine.stdout is not None
    said = [json.loads(engine.stdout.readline())]
    time.sleep(kill_after_s)
    killed_at = time.time()
    engine.send_signal(signal.SIGKILL)
    said += [json.loads(line) for line in engine.stdout.read().splitlines() if line.endswith("}")]
    engine.wait()
    booked = [(tuple(rep), s["at"]) for s in said if s["kind"] == "booked" for rep in s["reps"]]
    ((sound,),) = rows(out, "PRAGMA integrity_check")
    rep_rows = rows(out, "SELECT person, exercise, number FROM rep ORDER BY id")
    lost = [killed_at - at for rep, at in booked if rep not in rep_rows]
    kept, marked = done_in(out), rows(out, "SELECT t_s FROM resume_point")
    again = start(out, True, args)
    lines = [json.loads(line) for line in again.communicate(timeout=240)[0].splitlines()]
    begins = next(s for s in lines if s["kind"] == "begins")["counts"]
    ends = next(s for s in lines if s["kind"] == "ends")["counts"]
    recorded = Counter((str(d.person), d.exercise) for d in kept)
    went_on = {(i, k): n for i, of in (begins or {}).items() for k, n in of.items() if n}
    resumed = rows(out, "SELECT t_s FROM event WHERE type = 'class_resumed'")
    cut = (marked[0][0] if marked else 0.0, resumed[0][0] if resumed else inf)
    found = {
        "killed_after_s": round(kill_after_s, 2), "booked": len(booked), "in_record": len(kept),
        "oldest_lost_s": round(max(lost, default=0.0), 2), "sound": sound == "ok",
        "same": begins is None or went_on == dict(recorded), "cards": len(ends), "end": ends,
        "away_s": round(cut[1] - cut[0], 1) if resumed else None, **judged(kept, done_in(out), whole, cut),
    }  # fmt: skip
    found["fair"] = (
        found["sound"] and found["same"] and found["oldest_lost_s"] <= LATE_S and found["cards"] == 3
        and not any(found[name] for name in ("forgotten", "lost", "moved", "extra"))
    )  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--sets", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", action="store_true", help="a camera: time passes while no engine runs")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child is not None:
        child(args.child, args.again, args.sets, args.live)
        return
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        run = start(Path(folder) / "whole", False, args)
        lines = [json.loads(line) for line in run.communicate()[0].splitlines()]
        wanted = next(s["counts"] for s in lines if s["kind"] == "ends")
        whole = done_in(Path(folder) / "whole")
        lasts_s = lines[-1]["at"] - lines[0]["at"]
        rounds = []
        for k in range(args.times):
            found = one_round(Path(folder) / str(k), rng.uniform(0.5, 0.95 * lasts_s), whole, args)
            found["equal"] = found["end"] == wanted
            rounds.append(found)
            print(found, file=sys.stderr, flush=True)
    sums = ("booked", "forgotten", "cut", "lost", "moved", "extra")
    print(json.dumps({
        "kills": len(rounds), "live": args.live, "uninterrupted": wanted, "fair": sum(r["fair"] for r in rounds),
        "equal": sum(r["equal"] for r in rounds), "all_sound": all(r["sound"] for r in rounds),
        "same_counts": sum(r["same"] for r in rounds), "second_cards": sum(r["cards"] != len(wanted) for r in rounds),
        "oldest_lost_s": max(r["oldest_lost_s"] for r in rounds),
        "older_than_1_s_lost": sum(r["oldest_lost_s"] > LATE_S for r in rounds),
        **{name: sum(r[name] for r in rounds) for name in sums},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
