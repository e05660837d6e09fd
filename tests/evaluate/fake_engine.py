"""A class that is written, not watched: stands in for ``groupcoach.engine`` where only the reading is under test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from groupcoach.errors import GroupCoachError
from groupcoach.records import Event
from groupcoach.store.poses import FramePerson
from groupcoach.store.run_dir import RunWriter

FPS = 10.0
Box = tuple[float, float, float, float]


@dataclass
class RunOptions:
    source: str
    out: Path | None
    roster: Path | None
    plan: Path | None
    detector: str
    regressor: str
    landmarks: str
    pace: str
    voice: bool
    language: str
    save_video: bool
    save_poses: bool
    db: str | None
    serve: bool
    dashboard: bool
    progress: bool


@dataclass
class RunResult:
    summary: dict[str, Any]
    notices: list[str] = field(default_factory=list)
    error: GroupCoachError | None = None


@dataclass
class Actor:
    """Somebody in the same place from start to end, whose repetitions end at these times."""

    id: int
    box: Box
    exercise: str = "stand"
    rep_end_s: Sequence[float] = ()
    faults: Sequence[tuple[str, str, float]] = ()
    """(code, side, t_s)"""
    name: str = ""


def play(actors: Sequence[Actor], out: Path | None, seconds: float = 10.0, poses: bool = False) -> dict[str, Any]:
    """Write the run folder of such a class (FORMATS: RUN_DIR); its summary."""
    people = []
    for a in actors:
        done = {"exercise": a.exercise, "start_s": 0.0, "end_s": seconds, "reps": len(a.rep_end_s), "hold_s": 0.0,
                "clean_reps": len(a.rep_end_s), "rep_end_s": list(a.rep_end_s), "faults": {}}  # fmt: skip
        people.append({"id": a.id, "name": a.name or f"Person {a.id}", "spot": None, "track_ids": [a.id],
                       "first_s": 0.0, "last_s": seconds, "seen_s": seconds, "median_box_xyxy": list(a.box),
                       "exercises": [done] if a.rep_end_s else []})  # fmt: skip
    frames = round(seconds * FPS)
    summary = {"frames": frames, "dropped_frames": 0, "duration_s": seconds, "wall_s": 2.0, "fps": frames / 2.0,
               "detector": "yolo", "regressor": "lifter", "device": "cpu",
               "stage_ms": {"detect": {"p50": 10.0, "p95": 12.0}, "landmarks": {"p50": 5.0, "p95": 8.0},
                            "mesh": {"p50": 1.0, "p95": 2.0}},
               "people": people}  # fmt: skip
    if out is not None:
        run = RunWriter(out, "class.mp4", 640, 360, FPS, save_poses=poses, save_video=False)
        for k in range(frames):
            run.frame(k, k / FPS, [FramePerson(a.id, a.box, 0.9, None, None, a.exercise, a.exercise) for a in actors])
        for a in actors:
            for n, t in enumerate(a.rep_end_s, 1):
                data = {"exercise": a.exercise, "number": n, "start_s": t - 0.8, "turn_s": t - 0.4, "end_s": t}
                run.events([Event(t, "rep_counted", a.id, data)])
            for code, side, t in a.faults:
                run.events([Event(t, "fault_found", a.id, {"code": code, "side": side})])
        run.finish(summary)
    return {"source": "class.mp4", **summary}


def module(run_class: Callable[[RunOptions], RunResult]) -> ModuleType:
    """``groupcoach.engine`` with that ``run_class``."""
    fake: Any = ModuleType("groupcoach.engine")
    fake.RunOptions, fake.RunResult, fake.run_class = RunOptions, RunResult, run_class
    return fake
