"""Counting and form rules on simulated people, by exercise and fault: the table that rules are tuned with.

    python -m groupcoach.evaluate.form_rules [--seeds 20] [--first 1000] [--fps 15] [--only squat,lunge]

No pictures and no classifier: ``moved.py`` says what the readings are. Faults are looked for in the views in which
their rule may speak. Floor exercises lie across the picture, as in the simulator's classes.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from groupcoach.evaluate.counting import match_times
from groupcoach.evaluate.faults import FoundFault, score_faults
from groupcoach.evaluate.moved import VIEW_DEG, Outcome, Readings, play, readings
from groupcoach.evaluate.truth import TrueFault
from groupcoach.exercises.catalogue import Catalogue, Definition, load_catalogue
from groupcoach.mesh.body_model import BodyModel
from groupcoach.simulate.diary import ACROSS, FLOOR
from groupcoach.simulate.motion import EXERCISES, FAULTS

SECONDS: Final = 20.0
SHARE: Final = 0.4
CLASSES: Final = (*EXERCISES, "unknown")


@dataclass(slots=True)
class Counted:
    """Repetitions of one exercise over many sets."""

    sets: int = 0
    within_one: int = 0
    exact: int = 0
    true: int = 0
    got: int = 0
    matched: int = 0
    delays_s: list[float] = field(default_factory=list)

    def add(self, true_s: Sequence[float], got_s: Sequence[float]) -> None:
        """One more set."""
        pairs = match_times(true_s, got_s)
        self.sets += 1
        self.within_one += abs(len(true_s) - len(got_s)) <= 1
        self.exact += len(true_s) == len(got_s)
        self.true, self.got, self.matched = self.true + len(true_s), self.got + len(got_s), self.matched + len(pairs)
        self.delays_s += [sorted(got_s)[j] - sorted(true_s)[i] for i, j in pairs]


@dataclass(slots=True)
class Judged:
    """One exercise: its clean sets and those with a fault."""

    counted: Counted = field(default_factory=Counted)
    clean_s: float = 0.0
    false: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Faults found in clean sets, by code."""
    pairs: dict[str, list[tuple[list[TrueFault], list[FoundFault]]]] = field(default_factory=lambda: defaultdict(list))
    silent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Repetitions in which a rule was not judged, in views it may speak in, by code."""
    wrong: int = 0
    """Repetitions of other exercises."""


def yaw_of(exercise: str, rng: np.random.Generator, views: Sequence[str] | None = None) -> float:
    """A turn of the body, radians, that shows it in one of ``views`` (None: any)."""
    side = float(rng.choice([-1.0, 1.0]))
    if exercise in FLOOR:
        return side * (np.pi / 2 + float(rng.uniform(-ACROSS, ACROSS)))
    low, high = VIEW_DEG[str(rng.choice(list(views or VIEW_DEG)))]
    return side * float(np.radians(rng.uniform(low, high)))


def _found(events: Sequence[Any], exercise: str) -> list[FoundFault]:
    spans = {e.data["number"]: (e.data["start_s"], e.data["end_s"]) for e in events
             if e.type == "rep_counted" and e.data["exercise"] == exercise}  # fmt: skip
    return [
        FoundFault(e.data["code"], e.data["side"], *spans.get(e.data["rep"], (e.t_s, e.t_s)))
        for e in events if e.type == "fault_found" and e.data["exercise"] == exercise
    ]  # fmt: skip


def _true(r: Readings, exercise: str) -> tuple[list[float], list[TrueFault], float]:
    mine = [s for s in r.motion.segments if s.exercise == exercise]
    faults = [TrueFault(f.code, f.side, f.start_s, f.end_s) for s in mine for f in s.faults]
    return [t for s in mine for t in s.rep_end_s], faults, sum(s.end_s - s.start_s for s in mine)


def _plan(exercise: str) -> list[tuple[str, float]]:
    return [("stand", 3.0), (exercise, SECONDS), ("stand", 2.0)]


def measure(definition: Definition, catalogue: Catalogue, body: BodyModel, seeds: Sequence[int], fps: float) -> Judged:
    """One exercise: each seed clean, and once with each fault that the simulator can show."""
    out, name = Judged(), definition.id
    speak = {rule.code: rule.views for rule in definition.fault}
    for seed in seeds:
        rng = np.random.default_rng([seed, 43])
        for code in (None, *FAULTS.get(name, ())):
            views = speak.get(code) if code is not None else None
            r = readings(body, _plan(name), seed, faults={code: SHARE} if code else None,
                         yaw=yaw_of(name, rng, views), fps=fps)  # fmt: skip
            done = play(r, catalogue, CLASSES)
            true_s, faults, seconds = _true(r, name)
            _take(out, name, code, done, true_s, faults, seconds)
    return out


def _take(out: Judged, name: str, code: str | None, done: Outcome, true_s: list[float], faults: list[TrueFault],
          seconds: float) -> None:  # fmt: skip
    got = [rep for s in done.state.sets if s.exercise == name for rep in s.reps]
    out.counted.add(true_s, [rep.end_s for rep in got])
    out.wrong += sum(len(s.reps) for s in done.state.sets if s.exercise != name)
    found = _found(done.events, name)
    if code is None:
        out.clean_s += seconds
        for fault in found:
            out.false[fault.code] += 1
        return
    out.pairs[code].append((faults, found))
    for rep in got:
        out.silent[code] += code in rep.not_judged


def table(results: Mapping[str, Judged]) -> list[str]:
    """Lines for a person to read."""
    lines = [f"{'exercise':17s} sets  OBO exact  reps  prec  rec  delay p50 p95 | false faults an hour (clean sets)"]
    for name, r in results.items():
        c = r.counted
        delay = np.percentile(c.delays_s, [50, 95]) if c.delays_s else [np.nan, np.nan]
        false = sum(r.false.values()) / (r.clean_s / 3600) if r.clean_s else 0.0
        lines.append(
            f"{name:17s} {c.sets:4d} {c.within_one / c.sets:4.2f} {c.exact / c.sets:5.2f} {c.true:5d} "
            f"{c.matched / c.got if c.got else 1:5.3f} {c.matched / c.true if c.true else 1:5.3f} {delay[0]:5.2f} "
            f"{delay[1]:5.2f} | {false:5.1f} {dict(r.false) or ''}" + (f" other reps {r.wrong}" if r.wrong else "")
        )
    lines.append(f"{'exercise':17s} {'fault':14s} spells found  prec   rec  silent | also said")
    for name, r in results.items():
        for code, pairs in r.pairs.items():
            score = score_faults(pairs, 1.0)["by_code"]
            own = score.get(code, {"done": 0, "found": 0, "precision": None, "recall": None})
            others = {k: v["found"] for k, v in score.items() if k != code and v["found"]}
            lines.append(
                f"{name:17s} {code:14s} {own['done']:5d} {own['found']:5d} {_share(own['precision'])} "
                f"{_share(own['recall'])} {r.silent[code]:5d} | {others or ''}"
            )
    return lines


def _share(value: float | None) -> str:
    return "    -" if value is None else f"{value:5.2f}"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--fps", type=float, default=15.0)
    parser.add_argument("--only", default="", help="exercise ids, with commas")
    args = parser.parse_args()
    catalogue, body = load_catalogue(), BodyModel()
    wanted = [w for w in args.only.split(",") if w]
    results = {
        d.id: measure(d, catalogue, body, range(args.first, args.first + args.seeds), args.fps)
        for d in catalogue.counted if not wanted or d.id in wanted
    }  # fmt: skip
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
