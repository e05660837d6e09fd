"""What the instructor corrected before the engine was killed can be undone in the engine that goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from scripted_class import FPS, HEIGHT, WIDTH, actor, frames_of, line, script_of

from groupcoach import engine
from groupcoach.corrections import Corrections
from groupcoach.engine import RunOptions, run_class
from groupcoach.pipeline import Pipeline
from groupcoach.plan import Step
from groupcoach.records import Event
from groupcoach.resume import go_on, point_of
from groupcoach.serve.board import (
    CorrectCount,
    GoOn,
    LiveBoard,
    MarkInstructor,
    Merge,
    NextStep,
    Pause,
    PutOnSpot,
    Rename,
    Split,
    Swap,
    Undo,
)
from groupcoach.source.scripted import ScriptedSource
from groupcoach.store.replay import Unfinished, replay
from groupcoach.store.run_dir import to_json
from groupcoach.store.session import SessionStore


def rows(events: list[Event]) -> list[Mapping[str, Any]]:
    return [json.loads(json.dumps(to_json({**e.data, "t_s": e.t_s, "type": e.type, "person": e.person})))
            for e in events]  # fmt: skip


def after_the_kill(first: Pipeline, second: Pipeline, events: list[Event], frame: int, t_s: float) -> Corrections:
    """``second`` takes the class up from the record that ``first`` left."""
    point = point_of(first, t_s, frame=frame, frames=frame + 1, dropped=0, first_s=0.0)
    before = Unfinished("", rows(events), json.loads(json.dumps(to_json(point), allow_nan=False)))
    go_on(second, before, WIDTH, HEIGHT)
    hand = Corrections(second)
    hand.recall(before.events)
    return hand


def standing(pipeline: Pipeline) -> dict[int, Any]:
    """What the instructor can correct of everybody."""
    people = pipeline.identity.people
    return {
        i: (p.name, p.spot, p.instructor, {k: n for k, n in pipeline.people.of(i).totals.items() if n},
            (plan := pipeline.people.of(i).plan) and plan.standing)
        for i, p in people.items()
    }  # fmt: skip


@lru_cache(maxsize=1)
def two_with_a_plan() -> tuple[Pipeline, list[Event], int, float]:
    script = script_of([actor([("stand", 1), ("squat", 6), ("stand", 1)], x_m=-1.2, seed=4),
                        actor([("stand", 8)], x_m=1.2, seed=5, yaw=0.2)])  # fmt: skip
    pipeline = line(script)
    pipeline.programme = (Step("squat", 2), Step("lunge", 4), Step("squat", 2))
    events: list[Event] = []
    for frame in frames_of(script):
        events += pipeline.step(frame)[0]
    return pipeline, events, frame.index, frame.t_s


@pytest.mark.parametrize(
    ("commands", "undone"),
    [
        ([Rename(1, "Mina"), Rename(1, "Jun")], 2),
        ([Merge(1, 2)], 1),
        ([CorrectCount(1, "squat", 7), CorrectCount(1, "lunge", 3), Merge(1, 2), CorrectCount(2, "squat", 9)], 2),
        ([Merge(1, 2), Split(2)], 2),
        ([Swap(1, 2)], 1),
        ([MarkInstructor(2)], 1),
        ([CorrectCount(1, "squat", 12), CorrectCount(1, "squat", 3)], 1),
        ([PutOnSpot(1, "3"), PutOnSpot(2, "3")], 1),
        ([NextStep(), NextStep()], 1),
        ([Pause(), GoOn()], 1),
        ([Pause()], 1),
        ([CorrectCount(1, "squat", 12), CorrectCount(1, "squat", 3), Undo()], 1),
    ],
)
def test_what_was_corrected_before_the_kill_can_be_undone_after_it(commands: list[Any], undone: int) -> None:
    first, past, frame, t_s = deepcopy(two_with_a_plan())
    hand, events = Corrections(first), list(past)
    for command in commands:
        events += hand.obey(command, t_s)
    second = line({})
    second.programme = first.programme
    again = after_the_kill(first, second, events, frame, t_s)
    assert standing(second) == standing(first)
    for _ in range(undone):
        (here,), (there,) = hand.obey(Undo(), t_s), again.obey(Undo(), t_s)
        assert there == here
        assert here.type == "correction_undone"
        assert standing(second) == standing(first)
        assert second.paused == first.paused
        events.append(there)
    so_far = replay(rows(events))
    assert {i: p.totals for i, p in so_far.people.items()} == {i: s[3] for i, s in standing(second).items()}
    (next_one,) = again.obey(Rename(2, "Sam"), t_s)
    assert next_one.data["correction"] == hand.obey(Rename(2, "Sam"), t_s)[0].data["correction"]


def test_when_all_is_undone_nothing_is_left_to_undo() -> None:
    first, past, frame, t_s = deepcopy(two_with_a_plan())
    events = list(past)
    for command in (CorrectCount(1, "squat", 12), Undo()):
        events += Corrections(first).obey(command, t_s) if not isinstance(command, Undo) else []
    again = after_the_kill(first, line({}), events, frame, t_s)
    assert [again.obey(Undo(), t_s)[0].type for _ in range(2)] == ["correction_undone", "correction_refused"]


def test_the_engine_that_goes_on_undoes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'session.db'}"
    store = SessionStore(url)
    store.start("scripted", "2026-11-22T00:00:00+00:00")
    store.write([
        Event(0.2, "person_entered", 1, {"name": "Mina", "spot": None}),
        Event(0.4, "count_corrected", 1, {"exercise": "squat", "reps": 9, "correction": 1, "who": "instructor",
                                          "before": 4, "after": 9}),
        Event(0.5, "renamed", 1, {"name": "Jun", "spot": None, "spot_before": "3", "correction": 2,
                                  "who": "instructor", "before": "Mina", "after": "Jun"}),
    ])  # fmt: skip
    store.close()  # and killed
    script = script_of([actor([("stand", 2)], seed=4)])
    monkeypatch.setattr(engine, "open_source", lambda spec: ScriptedSource(frames_of(script), fps=FPS))
    monkeypatch.setattr(engine, "build_pipeline", lambda **words: line(script))

    def ask(board: LiveBoard) -> None:
        for _ in range(3):
            assert board.command(Undo())

    run_class(RunOptions("scripted", db=url, resume=True, serve=True, on_board=ask))
    store = SessionStore(url)
    try:
        events = [e for e in store.read(1)["events"] if "correction" in e["type"]]
        people = {row["number"]: row["name"] for row in store.read(1)["people"]}
    finally:
        store.close()
    assert [(e["type"], e["data"].get("correction"), e["data"].get("after")) for e in events] == [
        ("correction_undone", 2, "Mina"), ("correction_undone", 1, 4), ("correction_refused", None, None),
    ]  # fmt: skip
    assert people[1] == "Mina"
