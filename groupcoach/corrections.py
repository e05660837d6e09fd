"""What the instructor corrects in a running class: each correction is carried out, recorded and can be undone.

A correction is recorded as an event with ``who``, ``t_s`` (when), ``before`` and ``after``, and a number under which an
undo names it. What is undone is the correction, not what happened since: counts go on in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from groupcoach.pipeline import Pipeline
from groupcoach.records import Event
from groupcoach.serve import board as commands
from groupcoach.snapshot import class_step
from groupcoach.undoing import UNDONE_BY, Correction, parted, put

_KEPT = 200
"""So many corrections can be undone, the last one first."""


class Corrections:
    """The corrections of one class, in order."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Args: pipeline: whose people are corrected."""
        self._pipeline = pipeline
        self._log: list[Correction] = []
        self._count = 0

    @property
    def log(self) -> tuple[Correction, ...]:
        """What can be undone, oldest first."""
        return tuple(self._log)

    def recall(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """The corrections of an earlier engine of this class: they can be undone, and the next ones follow them.

        Args:
            rows: the events of its record, in order.
        """
        for row in rows:
            if row.get("correction") is None:
                continue
            self._count = max(self._count, int(row["correction"]))
            if row["type"] == "correction_undone":
                self._log = [c for c in self._log if c.number != int(row["correction"])]
            elif row["type"] in UNDONE_BY:
                self._log = [*self._log[1 - _KEPT :], Correction.of_row(row)]

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
            more = UNDONE_BY[last.type](self._pipeline, last)
            if more is not None:
                return Event(t_s, "correction_undone", last.person, {
                    **more, "correction": last.number, "kind": last.type, "who": command.by, "before": last.after,
                    "after": last.before,
                })  # fmt: skip
        return _refused(command, t_s)

    def _note(
        self, command: commands.Command, t_s: float, kind: str, person: int | None, change: tuple[Any, Any],
        **data: Any,
    ) -> Correction:  # fmt: skip
        self._count += 1
        return Correction(self._count, t_s, command.by, kind, person, *change, data)

    # -- one each -------------------------------------------------------------------------------------------------

    def _rename(self, command: commands.Rename, t_s: float) -> Correction | None:
        identity, person_id = self._pipeline.identity, command.person_id
        if person_id not in identity.people:
            return None
        person = identity.people[person_id]
        before, spot = person.name, person.spot
        member = identity.roster.member(command.name)
        identity.roster.named_by_hand(command.name)
        person.name, person.provisional, person.settled = command.name, False, False
        person.spot = member.spot if member is not None else spot
        return self._note(command, t_s, "renamed", person_id, (before, command.name), name=command.name,
                          spot=person.spot, spot_before=spot)  # fmt: skip

    def _merge(self, command: commands.Merge, t_s: float) -> Correction | None:
        people = self._pipeline.identity.people
        names = [people[i].name for i in (command.person_id, command.into) if i in people]
        if not self._pipeline.merge(command.person_id, command.into):
            return None
        return self._note(command, t_s, "identity_merged", command.into, (names, names[1:]), name=names[1],
                          merged=command.person_id, by="instructor")  # fmt: skip

    def _split(self, command: commands.Split, t_s: float) -> Correction | None:
        people = self._pipeline.identity.people
        other = self._pipeline.split(command.person_id)
        if other is None:
            return None
        names = [people[command.person_id].name, people[other].name]
        return self._note(command, t_s, "identity_split", command.person_id, (names[:1], names),
                          **parted(self._pipeline, other))  # fmt: skip

    def _swap(self, command: commands.Swap, t_s: float) -> Correction | None:
        people, one, other = self._pipeline.identity.people, command.person_id, command.other
        if not self._pipeline.swap(one, other):
            return None
        names = [people[one].name, people[other].name]
        return self._note(command, t_s, "identity_swapped", one, (names, names[::-1]), other=other)

    def _mark(self, command: commands.MarkInstructor, t_s: float) -> Correction | None:
        person = self._pipeline.identity.people.get(command.person_id)
        if person is None:
            return None
        before = person.instructor
        person.instructor, person.provisional, person.settled = command.instructor, False, False
        return self._note(command, t_s, "instructor_marked", command.person_id, (before, command.instructor))

    def _count_again(self, command: commands.CorrectCount, t_s: float) -> Correction | None:
        state, exercise = self._pipeline.people.get(command.person_id), command.exercise
        if state is None:
            return None
        before = state.totals.get(exercise, 0)
        state.correct(exercise, command.reps)
        return self._note(command, t_s, "count_corrected", command.person_id, (before, command.reps),
                          exercise=exercise, reps=command.reps)  # fmt: skip

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
        more = put(self._pipeline, person_id, spot, had, before) or {}
        return self._note(command, t_s, "put_on_spot", person_id, (before, spot), **more)

    def _next_step(self, command: commands.NextStep, t_s: float) -> Correction | None:
        pipeline, at = self._pipeline, class_step(self._pipeline)
        if at is None:
            return None
        plans = {i: state.plan for i, state in pipeline.people.items() if state.plan is not None}
        stood = {str(i): plan.standing for i, plan in plans.items()}
        for plan in plans.values():
            plan.go_to(at + 1)
        steps = [step.exercise for step in pipeline.programme]
        return self._note(command, t_s, "plan_step", None, (steps[at], (*steps, None)[at + 1]), step=at + 2,
                          stood=stood)  # fmt: skip

    def _pause(self, command: commands.Pause | commands.GoOn, t_s: float) -> Correction | None:
        pipeline, wanted = self._pipeline, isinstance(command, commands.Pause)
        if pipeline.paused == wanted:
            return None
        pipeline.paused = wanted
        kind = "class_paused" if wanted else "class_went_on"
        return self._note(command, t_s, kind, None, (not wanted, wanted), paused=wanted)


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
