"""What the instructor corrects in a running class: each correction is carried out, recorded and can be undone.

A correction is recorded as an event with ``who``, ``t_s`` (when), ``before`` and ``after``, and a number under which an
undo names it. What is undone is the correction, not what happened since: counts go on in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupcoach.pipeline import Pipeline
from groupcoach.records import Event
from groupcoach.serve import board as commands
from groupcoach.snapshot import class_step

_KEPT = 200
"""So many corrections can be undone, the last one first."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One line of the record."""

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
    undo: Callable[[], Mapping[str, Any] | None]
    """Takes it back and says what else that came to; None when the people are not there any more."""

    @property
    def event(self) -> Event:
        """As recorded."""
        return Event(self.t_s, self.type, self.person, {
            **self.data, "correction": self.number, "who": self.who, "before": self.before, "after": self.after,
        })  # fmt: skip


class Corrections:
    """The corrections of one class, in order."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Args: pipeline: whose people are corrected."""
        self._pipeline = pipeline
        self._log: list[Correction] = []
        self.count = 0
        """Number of the last one; a class that goes on after a crash begins behind those of the record."""

    @property
    def log(self) -> tuple[Correction, ...]:
        """What can be undone, oldest first."""
        return tuple(self._log)

    def obey(self, command: commands.Command, t_s: float) -> list[Event]:
        """Carry a command out; a command about somebody who is not there is recorded as refused."""
        if isinstance(command, commands.Undo):
            return [self._undo(command, t_s)]
        done = self._carry_out(command, t_s)
        if done is None:
            return [_refused(command, t_s)]
        self._log = [*self._log[1 - _KEPT :], done]
        return [done.event]

    def _carry_out(self, command: commands.Command, t_s: float) -> Correction | None:
        match command:
            case commands.Rename():
                return self._rename(command, t_s)
            case commands.Merge():
                return self._merge(command, t_s)
            case commands.Split():
                return self._split(command, t_s)
            case commands.Swap():
                return self._swap(command, t_s)
            case commands.MarkInstructor():
                return self._mark(command, t_s)
            case commands.CorrectCount():
                return self._count_again(command, t_s)
            case commands.PutOnSpot():
                return self._put_on_spot(command, t_s)
            case commands.NextStep():
                return self._next_step(command, t_s)
            case commands.Pause() | commands.GoOn():
                return self._pause(command, t_s)
            case _:
                return None

    def _undo(self, command: commands.Undo, t_s: float) -> Event:
        while self._log:
            last = self._log.pop()
            more = last.undo()
            if more is not None:
                return Event(t_s, "correction_undone", last.person, {
                    **more, "correction": last.number, "kind": last.type, "who": command.by, "before": last.after,
                    "after": last.before,
                })  # fmt: skip
        return _refused(command, t_s)

    def _note(
        self, command: commands.Command, t_s: float, kind: str, person: int | None, change: tuple[Any, Any],
        undo: Callable[[], Mapping[str, Any] | None], **data: Any,
    ) -> Correction:  # fmt: skip
        self.count += 1
        return Correction(self.count, t_s, command.by, kind, person, *change, data, undo)

    # -- one each -------------------------------------------------------------------------------------------------

    def _rename(self, command: commands.Rename, t_s: float) -> Correction | None:
        identity, person_id = self._pipeline.identity, command.person_id
        if person_id not in identity.people:
            return None
        person = identity.people[person_id]
        before, spot = person.name, person.spot
        member = identity.roster.member(command.name)
        identity.roster.named_by_hand(command.name)
        person.name, person.provisional = command.name, False
        person.spot = member.spot if member is not None else spot

        def back() -> Mapping[str, Any] | None:
            if person_id not in identity.people:
                return None
            identity.people[person_id].name, identity.people[person_id].spot = before, spot
            return {"spot": spot}

        return self._note(command, t_s, "renamed", person_id, (before, command.name), back, name=command.name,
                          spot=person.spot)  # fmt: skip

    def _merge(self, command: commands.Merge, t_s: float) -> Correction | None:
        pipeline, people = self._pipeline, self._pipeline.identity.people
        names = [people[i].name for i in (command.person_id, command.into) if i in people]
        if not pipeline.merge(command.person_id, command.into):
            return None

        def back() -> Mapping[str, Any] | None:
            other = pipeline.split(command.into)
            return None if other is None else self._parted(other)

        return self._note(command, t_s, "identity_merged", command.into, (names, names[1:]), back, name=names[1],
                          merged=command.person_id, by="instructor")  # fmt: skip

    def _parted(self, other: int) -> dict[str, Any]:
        """Who is somebody of their own again, and when that body was in sight."""
        person = self._pipeline.identity.people[other]
        spans = [[round(a, 3), round(b, 3)] for _, a, b in person.spans]
        return {"split": other, "name": person.name, "spans_s": spans}

    def _split(self, command: commands.Split, t_s: float) -> Correction | None:
        pipeline, people = self._pipeline, self._pipeline.identity.people
        other = pipeline.split(command.person_id)
        if other is None:
            return None
        names = [people[command.person_id].name, people[other].name]

        def back() -> Mapping[str, Any] | None:
            return {"merged": other} if pipeline.merge(other, command.person_id) else None

        return self._note(command, t_s, "identity_split", command.person_id, (names[:1], names), back,
                          **self._parted(other))  # fmt: skip

    def _swap(self, command: commands.Swap, t_s: float) -> Correction | None:
        pipeline, people = self._pipeline, self._pipeline.identity.people
        one, other = command.person_id, command.other
        if not pipeline.swap(one, other):
            return None
        names = [people[one].name, people[other].name]
        return self._note(command, t_s, "identity_swapped", one, (names, names[::-1]),
                          lambda: {} if pipeline.swap(one, other) else None, other=other)  # fmt: skip

    def _mark(self, command: commands.MarkInstructor, t_s: float) -> Correction | None:
        people, person_id = self._pipeline.identity.people, command.person_id
        if person_id not in people:
            return None
        before = people[person_id].instructor

        def mark(value: bool) -> Mapping[str, Any] | None:
            if person_id not in people:
                return None
            people[person_id].instructor, people[person_id].provisional = value, False
            return {}

        mark(command.instructor)
        return self._note(command, t_s, "instructor_marked", person_id, (before, command.instructor),
                          lambda: mark(before))  # fmt: skip

    def _count_again(self, command: commands.CorrectCount, t_s: float) -> Correction | None:
        pipeline, person_id, exercise = self._pipeline, command.person_id, command.exercise
        if person_id not in pipeline.people:
            return None
        before = pipeline.people[person_id].totals.get(exercise, 0)
        pipeline.people[person_id].correct(exercise, command.reps)

        def back() -> Mapping[str, Any] | None:
            state = pipeline.people.get(person_id)
            if state is None:
                return None
            state.correct(exercise, state.totals.get(exercise, 0) + before - command.reps)
            return {"exercise": exercise}

        return self._note(command, t_s, "count_corrected", person_id, (before, command.reps), back, exercise=exercise,
                          reps=command.reps)  # fmt: skip

    def _put_on_spot(self, command: commands.PutOnSpot, t_s: float) -> Correction | None:
        people, person_id, spot = self._pipeline.identity.people, command.person_id, command.spot
        if person_id not in people:
            return None
        before = people[person_id].spot
        had = [
            p.person_id
            for p in people.values()
            if spot is not None and p.person_id != person_id and (p.spot or "").casefold() == spot.casefold()
        ]

        def put(mine: str | None, theirs: str | None) -> Mapping[str, Any] | None:
            if person_id not in people:
                return None
            people[person_id].spot = mine
            for other in had:
                if other in people:
                    people[other].spot = theirs
            return {"spot": mine, "others": {str(other): theirs for other in had}}

        more = put(spot, before) or {}
        # undone, each has the spot from before: that of who had it was the one asked for
        return self._note(command, t_s, "put_on_spot", person_id, (before, spot), lambda: put(before, spot), **more)

    def _next_step(self, command: commands.NextStep, t_s: float) -> Correction | None:
        pipeline, at = self._pipeline, class_step(self._pipeline)
        if at is None:
            return None
        plans = {i: state.plan for i, state in pipeline.people.items() if state.plan is not None}
        before = {i: plan.standing for i, plan in plans.items()}
        for plan in plans.values():
            plan.go_to(at + 1)

        def back() -> Mapping[str, Any] | None:
            for i, plan in plans.items():
                plan.go_to(*before[i])
            return {}

        steps = [step.exercise for step in pipeline.programme]
        return self._note(command, t_s, "plan_step", None, (steps[at], (*steps, None)[at + 1]), back, step=at + 2)

    def _pause(self, command: commands.Pause | commands.GoOn, t_s: float) -> Correction | None:
        pipeline, wanted = self._pipeline, isinstance(command, commands.Pause)
        if pipeline.paused == wanted:
            return None

        def turn(on: bool) -> Mapping[str, Any]:
            pipeline.paused = on
            return {"paused": on}

        kind = "class_paused" if wanted else "class_went_on"
        return self._note(command, t_s, kind, None, (not wanted, wanted), lambda: turn(not wanted), **turn(wanted))


_WHY_NOT: Final[Mapping[type, str]] = {
    commands.Split: "nobody was merged into this person", commands.NextStep: "there is no further step in the plan",
    commands.Pause: "the class is paused already", commands.GoOn: "the class is not paused",
}  # fmt: skip


def _refused(command: commands.Command, t_s: float) -> Event:
    kind = type(command).__name__
    if isinstance(command, commands.Undo):
        return Event(t_s, "correction_refused", None, {"kind": kind, "who": command.by, "why": "nothing to undo"})
    why = _WHY_NOT.get(type(command), "no such person")
    return Event(t_s, "correction_refused", getattr(command, "person_id", None), {
        "kind": kind, "who": command.by, "why": why,
    })  # fmt: skip
