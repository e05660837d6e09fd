"""The instructor's programme as one person goes through it. Pure; time is passed in.

The exercise that is due gets more of the votes; doing something else for a while is an event; the target is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupcoach.records import Floats

PRIOR: Final = 3.0
"""The votes for the exercise that is due are multiplied by this, those for the one after it by its root."""
DEVIATES_S: Final = 5.0
"""So long somebody does something else before it is said; or the next step of the plan, before it has begun."""
#: Labels that are no exercise: resting is no deviation.
IDLE: Final = ("stand", "unknown")


@dataclass(frozen=True, slots=True)
class Step:
    """One exercise of the programme: so many repetitions, or so many seconds, then a rest."""

    exercise: str
    reps: int | None = None
    seconds: float | None = None
    rest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Deviation:
    """Somebody does something else than the plan has."""

    expected: str
    exercise: str
    since_s: float


class PlanProgress:
    """Where one person is in the programme."""

    def __init__(self, steps: Sequence[Step], columns: Mapping[str, int]) -> None:
        """At the first step.

        Args:
            steps: at least one.
            columns: of the classifier's classes.
        """
        self.steps = tuple(steps)
        self.at = 0
        self.reps = 0
        """Of the current step ..."""
        self.seconds = 0.0
        """... and seconds of it, held or moved."""
        self._columns = columns
        self._began_s: float | None = None
        self._rest_until_s = -1e18
        self._other: tuple[str, float] | None = None
        self._told = False

    @property
    def step(self) -> Step | None:
        """What is due; None after the last step."""
        return self.steps[self.at] if self.at < len(self.steps) else None

    def weigh(self, votes: Floats) -> Floats:
        """(C,) probabilities with the plan's prior; the sum stays 1."""
        out = votes.copy()
        for ahead, factor in ((0, PRIOR), (1, PRIOR**0.5)):
            if self.at + ahead < len(self.steps):
                column = self._columns.get(self.steps[self.at + ahead].exercise)
                if column is not None:
                    out[column] = max(out[column], votes[column] * factor)
        total = float(out.sum())
        result: Floats = out * (float(votes.sum()) / total) if total > 0 else out
        return result

    def count(self, exercise: str, t_s: float, *, reps: int = 0, held_s: float = 0.0, start_s: float | None = None
              ) -> None:  # fmt: skip
        """A repetition or a hold was booked."""
        if self.step is not None and exercise != self.step.exercise and self._is_next(exercise):
            self._advance(t_s)
        step = self.step
        if step is None or exercise != step.exercise:
            return
        if self._began_s is None:
            self._began_s = t_s if start_s is None else start_s
        self.reps += reps
        self.seconds = self.seconds + held_s if held_s else max(self.seconds, t_s - self._began_s)
        if (step.reps is not None and self.reps >= step.reps) or (
            step.seconds is not None and self.seconds >= step.seconds
        ):
            self._rest_until_s = t_s + step.rest_s
            self._advance(t_s)

    def watch(self, t_s: float, label: str) -> Deviation | None:
        """The voted label of this frame; the deviation that has lasted long enough now, once each."""
        step = self.step
        if step is None or label in IDLE or label == step.exercise or t_s < self._rest_until_s:
            self._other = None
            return None
        if self._other is None or self._other[0] != label:
            self._other, self._told = (label, t_s), False
        if t_s - self._other[1] < DEVIATES_S:
            return None
        if self._is_next(label):  # the class goes on, done or not
            self._advance(t_s)
            return None
        if self._told:
            return None
        self._told = True
        return Deviation(step.exercise, label, self._other[1])

    @property
    def standing(self) -> tuple[int, int, float]:
        """Step, repetitions and seconds of it: what ``go_to`` takes."""
        return self.at, self.reps, self.seconds

    def go_to(self, at: int, reps: int = 0, seconds: float = 0.0) -> None:
        """The instructor says where in the programme the person is."""
        self.at, self.reps, self.seconds = min(max(at, 0), len(self.steps)), reps, seconds
        self._began_s = self._other = None
        self._rest_until_s = -1e18

    def _is_next(self, exercise: str) -> bool:
        return self.at + 1 < len(self.steps) and self.steps[self.at + 1].exercise == exercise

    def _advance(self, t_s: float) -> None:
        self.at += 1
        self.reps, self.seconds = 0, 0.0
        self._began_s = self._other = None
