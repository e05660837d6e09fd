"""Sets: repetitions and holds of one exercise without a long break. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from groupcoach.records import Rep

Spell = tuple[float, float]


@dataclass(slots=True)
class ExerciseSet:
    """Repetitions of one exercise without a long break."""

    exercise: str
    start_s: float
    end_s: float
    reps: list[Rep] = field(default_factory=list)
    half_s: list[float] = field(default_factory=list)
    """Ends of the half repetitions, which are kept but not counted."""
    holds: list[Spell] = field(default_factory=list)
    """Start and end of each hold."""
    hold_faults: list[tuple[float, str]] = field(default_factory=list)
    """Time and code of the faults of holds."""

    @property
    def clean(self) -> int:
        """Repetitions without a fault."""
        return sum(not rep.faults for rep in self.reps)

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
            reps = [r for r in self.reps if theirs(r.end_s) is wanted]
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
