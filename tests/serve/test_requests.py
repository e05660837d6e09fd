"""Commands as they come from anywhere: taken, or refused with a reason; the engine goes on in either case."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import TypeAdapter, ValidationError
from scripted_class import actor, frames_of, line, script_of

from groupcoach.corrections import Corrections
from groupcoach.pipeline import Pipeline
from groupcoach.plan import Step
from groupcoach.serve import board
from groupcoach.serve.requests import CommandRequest, command_of
from groupcoach.store.run_dir import to_json

KINDS = ("rename", "merge", "split", "swap", "mark_instructor", "undo", "mute", "unmute", "correct_count", "floor",
         "put_on_spot", "pause", "go_on", "next_step", "end_class", "drop_table")  # fmt: skip
ADAPTER: TypeAdapter[Any] = TypeAdapter(CommandRequest)
ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=80),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
#: Mostly sensible fields, so that many commands get past the check.
FIELDS = some.fixed_dictionaries(
    {"kind": some.sampled_from(KINDS)},
    optional={
        "person_id": some.integers(0, 4) | ANYTHING, "into": some.integers(0, 4) | ANYTHING,
        "other": some.integers(0, 4) | ANYTHING, "name": some.text(max_size=70) | ANYTHING,
        "spot": some.text(max_size=40) | ANYTHING, "reps": some.integers(-2, 50) | ANYTHING,
        "exercise": some.sampled_from(["squat", "lunge", "x'; --"]) | ANYTHING, "by": some.text(max_size=70),
        "instructor": some.booleans() | ANYTHING, "seconds": some.floats() | ANYTHING,
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    script = script_of([actor([("stand", 2)], x_m=x, seed=4) for x in (-1.2, 0.0, 1.2)])
    made = line(script)
    made.programme = (Step("squat", reps=5), Step("lunge", reps=5))
    for frame in frames_of(script):
        made.step(frame)
    return made


@settings(max_examples=400, deadline=None)
@given(some.lists(FIELDS, max_size=6))
def test_whatever_is_ordered_the_class_goes_on_and_the_record_can_be_written(
    pipeline: Pipeline, orders: list[dict[str, Any]]
) -> None:
    hand = Corrections(pipeline)
    for order in orders:
        try:
            command = command_of(ADAPTER.validate_python(order))
        except ValidationError:
            continue
        if isinstance(command, board.Mute | board.Unmute | board.Floor | board.EndClass):
            continue
        for event in hand.obey(command, 1.0):
            assert event.type
            json.dumps(to_json({**event.data}), allow_nan=False)
    for person_id, person in pipeline.identity.people.items():
        assert person.person_id == person_id
        assert person.name.strip()
        assert not any(ord(c) < 32 for c in person.name + (person.spot or ""))
    for state in pipeline.people.values():
        assert all(0 <= n <= 100_000 * 4 for n in state.totals.values())


@pytest.mark.parametrize("order", [
    {"kind": "put_on_spot", "person_id": 1}, {"kind": "put_on_spot", "person_id": 1, "spot": "x" * 31},
    {"kind": "put_on_spot", "person_id": 1, "spot": "a\u0000b"}, {"kind": "pause", "person_id": 1}, {"kind": "paus"},
    {"kind": "correct_count", "person_id": 1, "exercise": "../x", "reps": 1},
])  # fmt: skip
def test_malformed_orders_are_refused(order: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(order)
