"""A scripted class for the engine: who is in it, and how its source ends."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from scripted_class import FPS, Actor, actor, frames_of, line, script_of

from groupcoach import engine
from groupcoach.engine import RunOptions, RunResult, run_class
from groupcoach.pipeline import Pipeline
from groupcoach.source.scripted import ScriptedSource


@functools.cache
def squatter() -> Actor:
    return actor([("stand", 1), ("squat", 6), ("stand", 1)], seed=4)


@functools.cache
def stander() -> Actor:
    return actor([("stand", 2)], x_m=1.5, seed=5, yaw=0.2)


@dataclass
class Room:
    """The class that the engine is given."""

    actors: list[Actor] = field(default_factory=lambda: [squatter()])
    until: int | None = None
    """Frames before the end."""
    error: BaseException | None = None
    unreadable: int = 0
    notices: tuple[str, ...] = ()
    gap: range = range(0)
    """Frames that the source does not give."""
    at_frame: Callable[[int], None] = lambda k: None
    pipelines: list[Pipeline] = field(default_factory=list)

    def source(self, spec: str) -> ScriptedSource:
        frames = frames_of(script_of(self.actors))[: self.until]
        kept = [f for f in frames if f.index not in self.gap]
        return ScriptedSource(kept, fps=FPS, error=self.error, unreadable=self.unreadable, notices=self.notices)

    def pipeline(self, *, names: list[tuple[str, str | None]], **_: Any) -> Pipeline:
        made = line(script_of(self.actors), names)
        detect = made.detector.detect

        def watched(frame: Any) -> Any:
            self.at_frame(frame.index)
            return detect(frame)

        made.detector.detect = watched  # type: ignore[method-assign]
        self.pipelines.append(made)
        return made


def the_room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """The engine opens this class, whatever it is told to open."""
    made = Room()
    monkeypatch.setattr(engine, "open_source", lambda spec: made.source(spec))
    monkeypatch.setattr(engine, "build_pipeline", lambda **words: made.pipeline(**words))
    return made


def run(out: Path | None = None, **more: Any) -> RunResult:
    return run_class(RunOptions("class.mp4", out=out, **more))


def counts(result: RunResult) -> dict[str, int]:
    return {e["exercise"]: e["reps"] for p in result.summary["people"] for e in p["exercises"]}
