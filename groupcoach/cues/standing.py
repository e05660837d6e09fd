"""What the cue policy remembers of one person: faults that stand, remarks that wait, what was said. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from groupcoach.records import Event, Priority

FaultKey: TypeAlias = tuple[str, str]
"""Exercise and code."""
LAST: Final = 3
"""Repetitions before the end that are announced."""


@dataclass(frozen=True, slots=True)
class CueTiming:
    """The policy's patience, all in seconds but the growth and the size of a group."""

    cooldown_s: float = 8.0
    """Silence towards one person after a cue about a fault."""
    growth: float = 1.5
    """The cooldown is multiplied by this each time the same cue has to be said again."""
    cooldown_max_s: float = 24.0
    room_gap_s: float = 2.5
    """Between the beginnings of two cues in the room; ``danger_gap_s`` before a dangerous one, or one for somebody who
    has waited for ``urgent_after_s``."""
    danger_gap_s: float = 1.0
    urgent_after_s: float = 15.0
    ahead_s: float = 1.7
    """So long before the voice is free it may be handed the next cue: it is heard within its life."""
    prompt_s: float = 0.3
    """So long after it was seen a fault is spoken about at once; later it waits for the next time it is seen."""
    patient_after_s: float = 36.0
    """Who waited longer is spoken to also between two repetitions, up to ``fresh_s`` after the last one."""
    fresh_s: float = 4.0
    again_s: float = 60.0
    """A fault that occurs so long after the last time occurs for the first time."""
    stands_s: float = 12.0
    """A fault that was not seen for so long stands no more (the person rests)."""
    yields_s: float = 8.0
    """Who was spoken to yields to somebody who has waited so long since before that; danger after ``overdue_s``."""
    holds_s: float = 6.0
    """Others yield only to a fault that was seen within this time."""
    overdue_s: float = 30.0
    expires_s: float = 2.0
    """How long an issued cue, or a remark, may wait."""
    praise_within_s: float = 30.0
    """A fault that is gone so long after the cue is praised, ..."""
    praise_gap_s: float = 20.0
    """... a person not more often than this."""
    group: int = 3
    """So many people with the same fault are told together."""
    forget_s: float = 900.0
    """Somebody who left is forgotten after this."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of the plan's step a person has done."""

    done: float
    target: float
    unit: Literal["reps", "seconds"] = "reps"


@dataclass(slots=True)
class Wish:
    """Something to be said to a person."""

    code: str
    """Fault code, or ``praise``, ``halfway``, ``last_three``, ``done``."""
    priority: Priority
    data: Mapping[str, Any]
    """Of the fault event; empty for a remark."""
    seen_s: float
    since_s: float
    """Waiting since: worth a word since then, or said then."""
    said: bool = False
    obstacle: str = "room_busy"
    """What kept it from being said, last."""

    @property
    def key(self) -> FaultKey:
        """The same code of another exercise is another fault."""
        return str(self.data.get("exercise")), self.code

    @property
    def dangerous(self) -> bool:
        """Whether it may interrupt."""
        return self.priority is Priority.DANGER

    @property
    def severity(self) -> float:
        """How far beyond the limit: 1.0 is 30 degrees, or the limit once more for anything not in degrees."""
        measured, limit = self.data.get("measured"), self.data.get("limit")
        if measured is None or limit is None or not math.isfinite(measured) or not math.isfinite(limit):
            return 0.0
        scale = 30.0 if self.data.get("unit") in ("deg", "degrees") else max(abs(limit), 1e-6)
        return float(abs(measured - limit) / scale)


@dataclass(slots=True)
class Memory:
    """One person; the size is bounded by the number of fault codes of an exercise."""

    seen: dict[FaultKey, tuple[int, float, bool]] = field(default_factory=dict)
    """How often each fault occurred, when last, and whether it was ever clear. The vote may leave an exercise for a
    moment, or come to it after the first repetition: that makes no fault a new one."""
    faults: dict[str, Wish] = field(default_factory=dict)
    remarks: dict[str, Wish] = field(default_factory=dict)
    spoken_s: float = -math.inf
    spoken: FaultKey | None = None
    """Fault that was spoken about and not put right since."""
    cooldown_s: float = 0.0
    praised_s: float = -math.inf
    progress: Progress | None = None
    left_s: float | None = None
    issued: tuple[int, float] | None = None
    """Number and time of the last cue about ``spoken``."""
    before: tuple[float, FaultKey | None, float, dict[str, tuple[float, bool]]] | None = None
    """What ``issued`` changed: last spoken to, about what, cooldown, and since when each fault waited."""

    def take(self, event: Event, timing: CueTiming) -> list[tuple[Wish, str]]:
        """Take in what happened to this person; returns faults that stand no more, with the reason."""
        if event.type == "fault_found":
            self._found(event, timing)
        elif event.type == "rep_counted":
            return self._repetition(event, timing)
        elif event.type in ("exercise_changed", "person_left"):
            left = event.type == "person_left"
            now = None if left else event.data.get("exercise")
            over = [wish for wish in self.faults.values() if left or wish.data.get("exercise") != now]
            for wish in over:
                del self.faults[wish.code]
            self.remarks.clear()
            if left:
                self.left_s = event.t_s
                self.seen.clear()
            return [(wish, "left" if left else "exercise_over") for wish in over]
        elif event.type == "person_returned":
            self.left_s = None
        return []

    def reached(self, progress: Progress, t_s: float) -> None:
        """Milestones between the progress before and now become remarks; the highest one only."""
        before, self.progress = self.progress, progress
        if before is None or before.target != progress.target or progress.done <= before.done:
            return
        marks = [("done", progress.target)]
        if progress.unit == "reps" and progress.target > LAST + 1:
            marks.append(("last_three", progress.target - LAST))
        if progress.target / 2 < progress.target - LAST:
            marks.append(("halfway", math.ceil(progress.target / 2)))
        for code, mark in marks:
            if before.done < mark <= progress.done:
                self.remarks = {code: Wish(code, Priority.INFO, {}, t_s, t_s)}
                return

    def lapse(self, t_s: float, timing: CueTiming) -> list[tuple[Wish, str]]:
        """Faults not seen for long, and remarks nobody had time for, go."""
        gone = [(w, w.obstacle) for w in self.faults.values() if t_s - w.seen_s > timing.stands_s]
        gone += [(w, w.obstacle) for w in self.remarks.values() if t_s - w.seen_s > timing.expires_s]
        for wish, _ in gone:
            (self.remarks if wish.priority is Priority.INFO else self.faults).pop(wish.code, None)
        return gone

    def cooling(self, wish: Wish, t_s: float) -> bool:
        """Whether the person is left in peace; danger does not wait for the cooldown of another cue."""
        if wish.priority is Priority.INFO or t_s - self.spoken_s >= self.cooldown_s:
            return False
        return not wish.dangerous or self.spoken == wish.key

    def said(self, wish: Wish, number: int, t_s: float, timing: CueTiming) -> None:
        """A cue about ``wish`` has been issued."""
        if wish.priority is Priority.INFO:
            self.remarks.pop(wish.code, None)
            if wish.code == "praise":
                self.praised_s = t_s
            return
        waiting = {code: (standing.since_s, standing.said) for code, standing in self.faults.items()}
        self.before = (self.spoken_s, self.spoken, self.cooldown_s, waiting)
        again = self.spoken == wish.key
        self.cooldown_s = min(self.cooldown_s * timing.growth, timing.cooldown_max_s) if again else timing.cooldown_s
        self.spoken_s, self.spoken, self.issued = t_s, wish.key, (number, t_s)
        for standing in self.faults.values():
            standing.since_s = t_s  # a person who was spoken to has had a turn, whatever it was about
        wish.said = True

    def unsay(self, number: int) -> None:
        """The cue with this number was not heard: everything is as before it."""
        if self.issued is None or self.issued[0] != number or self.before is None:
            return
        self.spoken_s, self.spoken, self.cooldown_s, waiting = self.before
        self.issued = self.before = None
        for code in waiting.keys() & self.faults.keys():
            self.faults[code].since_s, self.faults[code].said = waiting[code]

    def _found(self, event: Event, timing: CueTiming) -> None:
        code, dangerous = str(event.data["code"]), bool(event.data.get("dangerous", False))
        key = (str(event.data.get("exercise")), code)
        times, last_s, clear = self.seen.get(key, (0, -math.inf, False))
        if event.t_s - last_s > timing.again_s:
            times, clear = 0, False
        times, clear = times + 1, clear or bool(event.data.get("clear", True))
        self.seen[key] = times, event.t_s, clear
        wish = self.faults.get(code)
        if wish is not None:
            wish.data, wish.seen_s = event.data, event.t_s
        elif times >= (1 if dangerous and clear else 2 if dangerous or clear else 3):
            priority = Priority.DANGER if dangerous else Priority.FORM
            self.faults[code] = Wish(code, priority, event.data, event.t_s, event.t_s)

    def _repetition(self, event: Event, timing: CueTiming) -> list[tuple[Wish, str]]:
        done = str(event.data.get("exercise"))
        right = [c for c, wish in self.faults.items() if wish.key[0] == done and c not in event.data["faults"]]
        gone = [(self.faults.pop(code), "put_right") for code in right]
        started_s = float(event.data.get("start_s", event.t_s))
        exercise, code = self.spoken or (None, "")
        if exercise == done and code not in event.data["faults"] and started_s > self.spoken_s:
            self.spoken = None  # put right: should it come back, it is a new cue, not an ignored one
            near = event.t_s - self.spoken_s <= timing.praise_within_s
            # words of praise for a repetition with another fault would be taken for that one too
            if near and not event.data["faults"] and event.t_s - self.praised_s >= timing.praise_gap_s:
                self.remarks["praise"] = Wish("praise", Priority.INFO, {}, event.t_s, event.t_s)
        return gone
