"""Holds: how long a posture is held, and what ends it. Pure; time is passed in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from groupcoach.exercises.catalogue import Definition, FaultRule
from groupcoach.form import beyond_limit
from groupcoach.machines import Row
from groupcoach.measures import MEASURE_INDEX
from groupcoach.records import Fault
from groupcoach.reps import LOST_S

_LOOK_S = 0.5
"""A posture is judged over so long."""
_BACK_S = 2.5
"""The classifier takes a while to name a hold: it began when the posture was taken, but no earlier than this."""
_SHORTEST_S = 2.0
_FAULT_S = 0.8


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that is over."""

    start_s: float
    end_s: float
    ended_by: str | None
    """Fault code; None: the person stopped."""


@dataclass(slots=True)
class HoldClock:
    """How long a posture has been held: it begins and ends when it was so, or not so, for a while."""

    begin_s: float = 0.7
    let_go_s: float = 0.7
    start_s: float | None = None
    """Of the hold that goes on."""
    _since: float | None = None
    _t: float | None = None

    def step(self, t_s: float, held: bool | None) -> tuple[float, float] | None:
        """One more frame; None = cannot be told, and changes nothing.

        Returns:
            Start and end of a hold that is over now.
        """
        over = None
        if self._t is not None and t_s - self._t > LOST_S:
            over = self.finish()
        if held is None:
            return over
        self._t = t_s
        if held == (self.start_s is not None):
            self._since = None
            return over
        self._since = t_s if self._since is None else self._since
        if t_s - self._since < (self.begin_s if held else self.let_go_s):
            return over
        if held:
            self.start_s = self._since
        else:
            over, self.start_s = (self.start_s or 0.0, self._since), None
        self._since = None
        return over

    def take_up(self, start_s: float, t_s: float) -> None:
        """As if held from ``start_s`` to ``t_s``."""
        self.start_s, self._t = start_s, t_s

    def finish(self) -> tuple[float, float] | None:
        """Nothing more comes: start and end of the hold under way."""
        if self.start_s is None or self._t is None:
            self._since = None
            return None
        over = (self.start_s, self._t if self._since is None else self._since)
        self.start_s = self._since = None
        return over


class Hold:
    """One hold exercise of one person."""

    def __init__(self, definition: Definition) -> None:
        """Not holding."""
        self.definition = definition
        self._clock = HoldClock()
        self._spells = {rule.code: HoldClock(begin_s=_FAULT_S) for rule in definition.fault}
        self._ended_by: str | None = None

    def running_s(self, t_s: float) -> float:
        """Seconds of the hold that goes on; 0 when there is none."""
        return 0.0 if self._clock.start_s is None else max(0.0, t_s - self._clock.start_s)

    def step(self, rows: deque[Row], named: bool) -> tuple[Held | None, list[Fault]]:
        """One more frame.

        Args:
            rows: the newest last.
            named: the vote says that this is what the person does.
        """
        if not named and self._clock.start_s is None:
            self._clock.step(rows[-1].t_s, False)
            return None, []
        t_s = rows[-1].t_s
        values, sigma, views = _lately(rows)
        posture = _in_gate(self.definition, values)
        wrong: str | None = None
        faults: list[Fault] = []
        for rule in self.definition.fault:
            bad = _bad(rule, values, sigma, views) if posture and named else None
            clock = self._spells[rule.code]
            before = clock.start_s
            clock.step(t_s, bool(bad))
            if clock.start_s is not None and before is None and bad is not None:
                limit = rule.above if rule.above is not None else rule.below
                faults.append(Fault(rule.code, rule.joint, "both", bad, limit or 0.0, rule.unit, t_s, rule.text.en))
            if clock.start_s is not None and rule.code in self.definition.count.ends_with:
                wrong = rule.code
        self._ended_by = wrong or (self._ended_by if self._clock.start_s is not None else None)
        new = self._clock.start_s is None
        over = self._clock.step(t_s, named and posture and wrong is None)
        if new and self._clock.start_s is not None:
            self._clock.start_s = self._began(rows, self._clock.start_s)
            self._ended_by = None
        return self._held(over, wrong), faults

    def take_up(self, start_s: float, t_s: float) -> None:
        """An earlier engine saw this hold go on from ``start_s`` to ``t_s``."""
        self._clock.take_up(start_s, t_s)

    def finish(self) -> Held | None:
        """Nothing more comes."""
        return self._held(self._clock.finish(), None)

    def _held(self, over: tuple[float, float] | None, wrong: str | None) -> Held | None:
        if over is None or over[1] - over[0] < _SHORTEST_S:
            return None
        return Held(over[0], over[1], wrong or self._ended_by)

    def _began(self, rows: deque[Row], start_s: float) -> float:
        """Since when the posture has been taken without a break."""
        for row in reversed(rows):
            if row.t_s < start_s - _BACK_S:
                break
            if row.t_s <= start_s and not _in_gate(self.definition, row.values):
                return row.t_s
        return max(start_s - _BACK_S, rows[0].t_s)


def _lately(rows: deque[Row]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    last = rows[-1].t_s
    taken = []
    for row in reversed(rows):
        if row.t_s < last - _LOOK_S:
            break
        taken.append(row)
    with np.errstate(all="ignore"):
        return _median([r.values for r in taken]), _median([r.sigma for r in taken]), [r.view for r in taken]


def _median(rows: list[np.ndarray]) -> np.ndarray:
    """(M,) middle of what is finite; of an even number the lower one."""
    stacked = np.sort(np.stack(rows), axis=0)  # NaN come last
    seen = np.isfinite(stacked).sum(0)
    middle = np.maximum((seen - 1) // 2, 0)
    picked = np.take_along_axis(stacked, middle[None], axis=0)[0]
    return np.where(seen > 0, picked, np.nan)


def _in_gate(definition: Definition, values: np.ndarray) -> bool:
    for name, (low, high) in definition.gate.items():
        value = float(values[MEASURE_INDEX[name]])
        if np.isfinite(value) and not low <= value <= high:
            return False
    return True


def _bad(rule: FaultRule, values: np.ndarray, sigma: np.ndarray, views: list[str]) -> float | None:
    """The reading where the rule is broken now, else None."""
    view = max(dict.fromkeys(views), key=views.count)
    value, wide = float(values[MEASURE_INDEX[rule.measure]]), float(sigma[MEASURE_INDEX[rule.measure]])
    if view not in rule.views or not np.isfinite(value) or not np.isfinite(wide) or wide > 2 * rule.margin:
        return None
    return value if beyond_limit(rule, value, wide) > 0 else None
