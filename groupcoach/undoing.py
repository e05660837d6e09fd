"""One correction as the record has it, and how each kind is taken back; in the engine that made it or in a later one.

A function of ``UNDONE_BY`` says what else the undoing came to; None when the people are not there any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupcoach.pipeline import Pipeline
from groupcoach.records import Event


@dataclass(frozen=True, slots=True)
class Correction:
    """One line of the record; everything that its undoing takes is in it, so that a later engine can undo it, too."""

    number: int
    t_s: float
    who: str
    type: str
    """Of the event: renamed, identity_merged, identity_split, identity_swapped, instructor_marked, put_on_spot,
    count_corrected, plan_step, class_paused, class_went_on."""
    person: int | None
    before: Any
    after: Any
    data: Mapping[str, Any]
    """More fields of the event."""

    @property
    def event(self) -> Event:
        """As recorded."""
        return Event(self.t_s, self.type, self.person, {
            **self.data, "correction": self.number, "who": self.who, "before": self.before, "after": self.after,
        })  # fmt: skip

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Correction:
        """From a row of the record (``event`` with ``t_s``, ``type`` and ``person``)."""
        own = ("t_s", "type", "person", "correction", "who", "before", "after")
        return cls(
            int(row["correction"]), float(row["t_s"]), str(row["who"]), str(row["type"]), row.get("person"),
            row.get("before"), row.get("after"), {k: v for k, v in row.items() if k not in own},
        )  # fmt: skip


def parted(pipeline: Pipeline, other: int) -> dict[str, Any]:
    """Who is somebody of their own again, and when that body was in sight."""
    person = pipeline.identity.people[other]
    spans = [[round(a, 3), round(b, 3)] for _, a, b in person.spans]
    return {"split": other, "name": person.name, "spans_s": spans}


def put(
    pipeline: Pipeline, person_id: int, spot: str | None, had: Iterable[int], theirs: str | None
) -> dict[str, Any] | None:  # fmt: skip
    """Somebody on a spot, and those who had it on another."""
    people = pipeline.identity.people
    if person_id not in people:
        return None
    people[person_id].spot = spot
    others = list(had)
    for other in others:
        if other in people:
            people[other].spot = theirs
    return {"spot": spot, "others": {str(other): theirs for other in others}}


def _unnamed(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    person = pipeline.identity.people.get(c.person or 0)
    if person is None:
        return None
    person.name, person.spot = c.before, c.data.get("spot_before", person.spot)
    return {"spot": person.spot}


def _unmerged(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    other = pipeline.split(c.person or 0)
    return None if other is None else parted(pipeline, other)


def _unsplit(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    other = int(c.data["split"])
    return {"merged": other} if pipeline.merge(other, c.person or 0) else None


def _unswapped(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    return {} if pipeline.swap(c.person or 0, int(c.data["other"])) else None


def _unmarked(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    person = pipeline.identity.people.get(c.person or 0)
    if person is None:
        return None
    person.instructor, person.provisional, person.settled = bool(c.before), False, False
    return {}


def _uncounted(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    state, exercise = pipeline.people.get(c.person or 0), str(c.data["exercise"])
    if state is None:
        return None
    state.correct(exercise, state.totals.get(exercise, 0) + int(c.before) - int(c.after))
    return {"exercise": exercise}


def _unput(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    # each has the spot from before: that of who had it was the one asked for
    return put(pipeline, c.person or 0, c.before, [int(other) for other in c.data.get("others") or {}], c.after)


def _unstepped(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    for number, standing in (c.data.get("stood") or {}).items():
        state = pipeline.people.get(int(number))
        if state is not None and state.plan is not None:
            state.plan.go_to(*standing)
    return {}


def _unpaused(pipeline: Pipeline, c: Correction) -> dict[str, Any] | None:
    pipeline.paused = bool(c.before)
    return {"paused": pipeline.paused}


UNDONE_BY: Final[Mapping[str, Callable[[Pipeline, Correction], Mapping[str, Any] | None]]] = {
    "renamed": _unnamed, "identity_merged": _unmerged, "identity_split": _unsplit, "identity_swapped": _unswapped,
    "instructor_marked": _unmarked, "count_corrected": _uncounted, "put_on_spot": _unput, "plan_step": _unstepped,
    "class_paused": _unpaused, "class_went_on": _unpaused,
}  # fmt: skip
