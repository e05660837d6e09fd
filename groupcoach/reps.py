"""Counting: one state machine per person and exercise, each written as one table. Pure; time is passed in.

``RangeCounter`` follows one angle out and back, relative to the person's own range. ``template.py`` has the source
method's machine, ``holds.py`` times holds. An event the table does not allow raises and changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from math import exp, inf, isfinite, nan
from statistics import median
from typing import Final, Literal

from groupcoach.errors import GroupCoachError
from groupcoach.exercises.catalogue import Count

Side = Literal["left", "right", "both"]


class Phase(Enum):
    """Where a repetition stands."""

    REST = "rest"
    OUT = "out"
    BACK = "back"
    ENDING = "ending"


class Move(Enum):
    """What the drive did."""

    LEFT = "left its rest"
    TURNED = "turned"
    AGAIN = "went out again before it was home"
    NEAR = "came near its rest"
    HOME = "came home"
    EXPIRED = "took too long or was lost"


RANGE_TABLE: Final[dict[tuple[Phase, Move], Phase]] = {
    (Phase.REST, Move.LEFT): Phase.OUT,
    (Phase.OUT, Move.TURNED): Phase.BACK,
    (Phase.BACK, Move.AGAIN): Phase.OUT,
    (Phase.BACK, Move.NEAR): Phase.ENDING,
    (Phase.ENDING, Move.HOME): Phase.REST,
    (Phase.OUT, Move.EXPIRED): Phase.REST,
    (Phase.BACK, Move.EXPIRED): Phase.REST,
    (Phase.ENDING, Move.EXPIRED): Phase.REST,
}


class IllegalMove(GroupCoachError):
    """An event that the table does not allow in this state."""


def next_phase(phase: Phase, move: Move) -> Phase:
    """The table's answer.

    Raises:
        IllegalMove: no such row.
    """
    if (phase, move) not in RANGE_TABLE:
        raise IllegalMove(f"A repetition in phase {phase.value!r} cannot take the event {move.value!r}.")
    return RANGE_TABLE[phase, move]


@dataclass(frozen=True, slots=True)
class Excursion:
    """The drive went out and came home once."""

    start_s: float
    turn_s: float
    end_s: float
    range_deg: float
    turn_deg: float
    """Drive at the turn."""
    side: Side = "both"
    half: bool = False
    """Less than a repetition: too small for the person, or short of where a repetition turns."""
    moving_s: float = nan
    """How long a whole smooth repetition at this pace takes."""


# Shares of the excursion: to leave, to have turned, to be near home, to be home; to be home when it goes out again.
_LEAVE, _TURN, _NEAR, _HOME, _NEARLY = 0.5, 0.25, 0.30, 0.03, 0.5
_RISE = 0.10
"""Share of the excursion by which the drive goes out again once it was near home."""
_STILL_S = 0.55
"""Near home, and no nearer for so long: that is home."""
_BEGUN, _THERE = 0.10, 0.06
"""Shares of the excursion within which the drive is as good as at the rest that it leaves, that it comes to."""
_SMOOTH_S = 0.05
_HALF = 0.6
"""Of what a repetition needs; less than that is no half one either."""
_DRIFT_S = 1.0
_RESTED_S = 0.3
"""Whoever was at rest for less when first seen was in the middle of a movement."""
LOST_S = 2.0


class RangeCounter:
    """Out and back, counted relative to the person's own range.

    A repetition needs a share of the person's usual range, and never less than the definition's smallest.
    """

    def __init__(self, count: Count, side: Side = "both") -> None:
        """One machine.

        Args:
            count: the definition's ``[count]`` table.
            side: whose repetitions these are, where each side has a machine.
        """
        self.count, self.side = count, side
        self.phase = Phase.REST
        self._sign = -1.0 if count.rest == "high" else 1.0
        self._ranges: deque[float] = deque(maxlen=6)
        self._t: float | None = None
        self._value = self._rest = self._peak = self._low = nan
        self._rest_s = self._start_s = self._turn_s = self._low_s = 0.0
        self._raw: deque[float] = deque(maxlen=3)
        self._path: list[tuple[float, float]] = []
        self._lag_s = _SMOOTH_S
        """By how much the smoothed drive is late."""
        self._since_s = 0.0
        """First reading since the last restart."""
        self._midway = False
        """The repetition under way was so when it was first seen: what it left was no rest."""

    @property
    def begun_s(self) -> float:
        """Since when a movement is under way; infinite: at rest."""
        return inf if self.phase is Phase.REST else self._start_s

    def _fire(self, move: Move) -> None:
        self.phase = next_phase(self.phase, move)

    def _needed(self) -> float:
        own = self.count.own_share * median(self._ranges) if len(self._ranges) >= 2 else 0.0
        return max(self.count.min_range_deg, own)

    def confirm(self, excursion: Excursion) -> None:
        """The excursion was a repetition of this exercise: learn the person's range from it."""
        self._ranges.append(excursion.range_deg)

    def step(self, t_s: float, drive_deg: float) -> Excursion | None:
        """One more reading of the drive; NaN = not seen. Returns an excursion, whole or half, when it has come home."""
        if self._t is not None and t_s - self._t > LOST_S:
            self.restart()
        if not isfinite(drive_deg):
            return None
        if self._t is None:
            self._since_s = t_s
        # a single wild reading does not pass a median of three; then a light low pass
        self._raw.append(self._sign * drive_deg)
        reading = sorted(self._raw)[len(self._raw) // 2] if len(self._raw) != 2 else sum(self._raw) / 2
        keep = 0.0 if self._t is None else exp(-(t_s - self._t) / _SMOOTH_S)
        value = reading if keep == 0.0 else keep * self._value + (1 - keep) * reading
        if self._t is not None:
            self._lag_s += 0.1 * (min(t_s - self._t, 0.15) + _SMOOTH_S - self._lag_s)
        self._value, self._t = value, t_s
        if self.phase is Phase.REST:
            self._at_rest(t_s, value)
            return None
        self._path.append((t_s, value))
        if t_s - self._start_s > self.count.max_s:
            self._fire(Move.EXPIRED)
            self._rest, self._rest_s = value, t_s
            return None
        if self.phase is Phase.OUT:
            if value > self._peak:
                self._peak, self._turn_s = value, t_s
            elif value <= self._peak - _TURN * max(self._peak - self._rest, self._needed()):
                self._fire(Move.TURNED)
                self._low, self._low_s = value, t_s
            elif t_s - self._turn_s > _DRIFT_S and self._peak - self._rest < _HALF * self._needed():
                self._fire(Move.EXPIRED)  # it went a little way and stays: this is the rest level now
                self._rest, self._rest_s = value, t_s
            return None
        return self._coming_back(t_s, value) if self.phase is Phase.BACK else self._ending(t_s, value)

    def _at_rest(self, t_s: float, value: float) -> None:
        if not value > self._rest + 0.15 * self._needed():  # also when there is no rest level yet
            self._rest_s = t_s
            self._path.clear()
        self._path.append((t_s, value))
        if not value > self._rest:
            self._rest = value
        elif value - self._rest >= _LEAVE * _HALF * self._needed():
            self._leave(self._rest_s, t_s, value)

    def _leave(self, start_s: float, t_s: float, value: float) -> None:
        self._fire(Move.LEFT)
        self._midway = start_s - self._since_s < _RESTED_S
        self._start_s, self._peak, self._turn_s = start_s, value, t_s

    def _coming_back(self, t_s: float, value: float) -> Excursion | None:
        if value < self._low:
            self._low, self._low_s = value, t_s
        size = self._whole()
        if size >= self._needed() if self._midway else value <= self._rest + _NEAR * size:
            self._fire(Move.NEAR)
            return self._ending(t_s, value)
        if value - self._low >= _TURN * size:
            if self._peak - self._low >= max(self._needed(), _NEARLY * size):
                # most of the way back and out again: its rest is no longer where it was (soft elbows)
                self._fire(Move.NEAR)
                return self._home(self._peak - self._low, t_s, value)
            self._fire(Move.AGAIN)
            if value > self._peak:
                self._peak, self._turn_s = value, t_s
        return None

    def _ending(self, t_s: float, value: float) -> Excursion | None:
        if value < self._low:
            self._low, self._low_s = value, t_s
        size = self._whole()
        there = value <= self._rest + _HOME * size and not self._midway
        if there or value >= self._low + _RISE * size or t_s - self._low_s >= _STILL_S:
            return self._home(size, t_s, value)
        return None

    def finish(self) -> Excursion | None:
        """Nothing more comes: a repetition that is near home was one."""
        if self.phase is not Phase.ENDING or self._t is None:
            return None
        return self._home(self._whole(), self._t, self._value)

    def _whole(self) -> float:
        """Range of the repetition that ends: from where it began or, where that was no rest, to where it came home."""
        return self._peak - (self._low if self._midway else self._rest)

    def _home(self, size: float, t_s: float, value: float) -> Excursion | None:
        self._fire(Move.HOME)
        end_s = next(t for t, v in self._path if t >= self._turn_s and v <= self._low + _THERE * size)
        floor = self._peak - size + _BEGUN * size
        start_s = max((t for t, v in self._path if t < self._turn_s and v <= floor), default=self._start_s)
        start_s = max(start_s, self._start_s)
        turn_s = max(start_s, self._turn_s - self._lag_s)
        done = Excursion(start_s, turn_s, end_s, size, self._sign * self._peak, self.side,
                         moving_s=nan if self._midway else self._moving_s(size))  # fmt: skip
        self._rest, self._rest_s = self._low, self._low_s
        self._path = [row for row in self._path if row[0] >= self._low_s]
        self._at_rest(t_s, value)
        return self._judged(done)

    def _moving_s(self, size: float) -> float:
        """Twice the time beyond half of the range: what a smooth repetition takes, however slowly it begins."""
        half = self._peak - size / 2
        first = last = nan
        before: tuple[float, float] | None = None
        for t, v in self._path:
            if before is not None and (before[1] < half) != (v < half):
                at = before[0] + (t - before[0]) * (half - before[1]) / (v - before[1])
                first, last = (at if t <= self._turn_s or not isfinite(first) else first), at
            before = (t, v)
        return 2 * (last - first)

    def _judged(self, e: Excursion) -> Excursion | None:
        """The excursion, marked where it is half; None when it is nothing."""
        if e.end_s - e.start_s < self.count.min_s or e.range_deg > self.count.max_range_deg:
            return None
        limit = self.count.rest_limit_deg
        # the rest is where the excursion began: range_deg before the turn
        if limit is not None and self._sign * limit < self._sign * e.turn_deg - e.range_deg:
            return None
        limit = self.count.turn_limit_deg
        far = limit is None or self._sign * e.turn_deg >= self._sign * limit
        if far and e.range_deg >= self._needed():
            return e
        if e.range_deg < _HALF * self._needed():
            return None
        return Excursion(e.start_s, e.turn_s, e.end_s, e.range_deg, e.turn_deg, e.side, True, e.moving_s)

    def restart(self) -> None:
        """Forget the repetition under way and the rest level: the person was away, or in another posture."""
        if self.phase is not Phase.REST:
            self._fire(Move.EXPIRED)
        self._t = None
        self._rest = nan
        self._raw.clear()
        self._path.clear()
