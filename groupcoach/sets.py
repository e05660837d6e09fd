"""Sets: repetitions and holds of one exercise without a long break. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from groupcoach.replist import RepList
from groupcoach.reps import Excursion

Spell = tuple[float, float]

SET_GAP_S = 20.0
"""Repetitions of one exercise closer than this are one set."""


@dataclass(slots=True)
class ExerciseSet:
    """Repetitions of one exercise without a long break."""

    exercise: str
    start_s: float
    end_s: float
    reps: RepList = field(default_factory=RepList)
    half_s: list[float] = field(default_factory=list)
    """Ends of the half repetitions, which are kept but not counted."""
    holds: list[Spell] = field(default_factory=list)
    """Start and end of each hold."""
    hold_faults: list[tuple[float, str]] = field(default_factory=list)
    """Time and code of the faults of holds."""

    @property
    def clean(self) -> int:
        """Repetitions without a fault."""
        return self.reps.clean

    @property
    def hold_s(self) -> float:
        """Seconds held."""
        return sum(end - start for start, end in self.holds)

    def faults(self) -> dict[str, int]:
        """Repetitions (of a hold: spells) by fault code."""
        out = Counter(code for rep in self.reps for code in {f.code for f in rep.faults})
        out.update(code for _, code in self.hold_faults)
        return dict(out)

    def by_side(self) -> dict[str, int]:
        """Repetitions by the side that did them."""
        return dict(Counter(rep.side for rep in self.reps))

    def parted(self, theirs: Callable[[float], bool]) -> tuple[ExerciseSet | None, ExerciseSet | None]:
        """What of this set was done at times that are ``theirs``, and what was not; None = nothing."""

        def only(wanted: bool) -> ExerciseSet | None:
            reps = RepList(r for r in self.reps if theirs(r.end_s) is wanted)
            holds = [h for h in self.holds if theirs(h[1]) is wanted]
            spans = sorted([(r.start_s, r.end_s) for r in reps] + holds)
            if not spans:
                return None
            return ExerciseSet(
                self.exercise, spans[0][0], max(end for _, end in spans), reps,
                [t for t in self.half_s if theirs(t) is wanted], holds,
                [f for f in self.hold_faults if theirs(f[0]) is wanted],
            )  # fmt: skip

        return only(True), only(False)


def set_for(sets: list[ExerciseSet], exercise: str, start_s: float, end_s: float) -> ExerciseSet:
    """The last of ``sets`` where that time of the exercise belongs to it, else a new one at their end."""
    if not sets or sets[-1].exercise != exercise or start_s - sets[-1].end_s > SET_GAP_S:
        sets.append(ExerciseSet(exercise, start_s, end_s))
    sets[-1].end_s = max(sets[-1].end_s, end_s)
    return sets[-1]


def parted(
    sets: Sequence[ExerciseSet], theirs: Callable[[float], bool]
) -> tuple[list[ExerciseSet], list[ExerciseSet]]:  # fmt: skip
    """The sets, or parts of them, that were done at times that are ``theirs``, and those that were not."""
    pieces = [s.parted(theirs) for s in sets]
    return [p for p, _ in pieces if p is not None], [p for _, p in pieces if p is not None]


def is_booked(sets: Sequence[ExerciseSet], exercise: str, e: Excursion) -> bool:
    """Whether the time of an excursion is a repetition already; the two sides of one exercise may overlap."""
    for done in reversed(sets[-2:]):
        for rep in reversed(done.reps[-4:]):
            if done.exercise == exercise and e.side != "both" and rep.side not in (e.side, "both"):
                continue
            shared = min(rep.end_s, e.end_s) - max(rep.start_s, e.start_s)
            if shared > 0.3 * min(e.end_s - e.start_s, rep.end_s - rep.start_s):
                return True
    return False
