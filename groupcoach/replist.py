"""The repetitions of a set, in little memory. Pure.

Twenty people who never stop make 25,000 repetitions an hour. As objects each takes half a kilobyte.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, overload

from groupcoach.records import Rep

_NUMBERS: Final = ("start_s", "turn_s", "end_s", "range_deg", "depth_deg", "out_s", "back_s", "left_right_deg")
_REST: Final = ("exercise", "faults", "side", "worst_joint", "not_judged")


class RepList(Sequence[Rep]):
    """Repetitions in the order in which they were booked; each is made anew when it is asked for."""

    __slots__ = ("_known", "_numbers", "_rest", "_which", "clean")

    def __init__(self, reps: Iterable[Rep] = ()) -> None:
        """Args: reps: booked so far."""
        self._numbers, self._which = array("d"), array("l")
        self._rest: list[tuple[object, ...]] = []
        self._known: dict[tuple[object, ...], tuple[object, ...]] = {}
        """What repetitions without a fault have in common is kept once."""
        self.clean = 0
        """Those without a fault."""
        for rep in reps:
            self.append(rep)

    def append(self, rep: Rep) -> None:
        """One more."""
        rest = tuple(getattr(rep, name) for name in _REST)
        if not rep.faults:
            self.clean += 1
            rest = self._known.setdefault(rest, rest)
        self._numbers.extend(getattr(rep, name) for name in _NUMBERS)
        self._which.append(rep.number)
        self._rest.append(rest)

    def __len__(self) -> int:
        return len(self._which)

    @overload
    def __getitem__(self, at: int) -> Rep: ...
    @overload
    def __getitem__(self, at: slice) -> list[Rep]: ...
    def __getitem__(self, at: int | slice) -> Rep | list[Rep]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        i, wide = range(len(self))[at], len(_NUMBERS)
        numbers = dict(zip(_NUMBERS, self._numbers[wide * i : wide * (i + 1)], strict=True))
        rest: dict[str, object] = dict(zip(_REST, self._rest[i], strict=True))
        return Rep(number=self._which[i], **numbers, **rest)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        # by what repr says: a measure that is NaN in both is the same
        return isinstance(other, Sequence) and repr(list(self)) == repr(list(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"RepList({list(self)!r})"
