"""Counting: one state machine per person and exercise, each written as one table. Pure; time is passed in.

``RangeCounter`` follows one angle out and back, relative to the person's own range. ``TemplateCounter`` is the source
method's machine: stand, posture, reached, stand. An event the table does not allow raises and changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from groupcoach.errors import GroupCoachError
from groupcoach.exercises.catalogue import Count, Template
from groupcoach.skeleton import mirrored


class Phase(Enum):
    """Where a repetition stands."""

    REST = "rest"
    OUT = "out"
    BACK = "back"


class Move(Enum):
    """What the drive did."""

    LEFT = "left its rest"
    TURNED = "turned"
    AGAIN = "went out again before it was home"
    HOME = "came home"
    EXPIRED = "took too long or was lost"


RANGE_TABLE: Final[dict[tuple[Phase, Move], Phase]] = {
    (Phase.REST, Move.LEFT): Phase.OUT,
    (Phase.OUT, Move.TURNED): Phase.BACK,
    (Phase.BACK, Move.AGAIN): Phase.OUT,
    (Phase.BACK, Move.HOME): Phase.REST,
    (Phase.OUT, Move.EXPIRED): Phase.REST,
    (Phase.BACK, Move.EXPIRED): Phase.REST,
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


# Shares of the excursion: to leave, to have turned, to be home; to be home when it goes out again from there.
_LEAVE, _TURN, _HOME, _NEARLY = 0.5, 0.25, 0.30, 0.5
_SMOOTH_S = 0.05
_OWN = 0.4
_LOST_S = 2.0


class RangeCounter:
    """Out and back, counted relative to the person's own range.

    A repetition needs 0.4 of the person's usual range (less is a fidget, more would lose the shallow repetition that
    is to be corrected), and never less than the definition's smallest.
    """

    def __init__(self, count: Count) -> None:
        """Args: count: the definition's ``[count]`` table."""
        self.count = count
        self.phase = Phase.REST
        self._sign = -1.0 if count.rest == "high" else 1.0
        self._ranges: deque[float] = deque(maxlen=6)
        self._t: float | None = None
        self._value = self._rest = self._peak = self._low = np.nan
        self._rest_s = self._start_s = self._turn_s = self._low_s = 0.0
        self._raw: deque[float] = deque(maxlen=3)

    def _fire(self, move: Move) -> None:
        self.phase = next_phase(self.phase, move)

    def _needed(self) -> float:
        own = _OWN * float(np.median(self._ranges)) if len(self._ranges) >= 2 else 0.0
        return max(self.count.min_range_deg, own)

    def confirm(self, excursion: Excursion) -> None:
        """The excursion was a repetition of this exercise: learn the person's range from it."""
        self._ranges.append(excursion.range_deg)

    def step(self, t_s: float, drive_deg: float) -> Excursion | None:
        """One more reading of the drive; NaN = not seen. Returns an excursion when one has come home."""
        if self._t is not None and t_s - self._t > _LOST_S:
            self.restart()
        if not np.isfinite(drive_deg):
            return None
        # a single wild reading does not pass a median of three; then a light low pass
        self._raw.append(self._sign * drive_deg)
        reading = float(np.median(self._raw))
        keep = 0.0 if self._t is None else float(np.exp(-(t_s - self._t) / _SMOOTH_S))
        value = reading if keep == 0.0 else keep * self._value + (1 - keep) * reading
        self._value, self._t = value, t_s
        if self.phase is Phase.REST:
            self._at_rest(t_s, value)
            return None
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
            return None
        return self._coming_back(t_s, value)

    def _at_rest(self, t_s: float, value: float) -> None:
        if not value > self._rest + 0.15 * self._needed():  # also when there is no rest level yet
            self._rest_s = t_s
        if not value > self._rest:
            self._rest = value
        elif value - self._rest >= _LEAVE * self._needed():
            self._fire(Move.LEFT)
            self._start_s, self._peak, self._turn_s = self._rest_s, value, t_s

    def _coming_back(self, t_s: float, value: float) -> Excursion | None:
        size = self._peak - self._rest
        if value <= self._rest + _HOME * size:
            self._fire(Move.HOME)
            done = Excursion(self._start_s, self._turn_s, t_s, size, self._sign * self._peak)
            self._rest, self._rest_s = value, t_s
            return done if self._is_whole(done) else None
        if value < self._low:
            self._low, self._low_s = value, t_s
        elif value - self._low >= _TURN * size:
            if self._peak - self._low >= max(self._needed(), _NEARLY * size):
                return self._home_is_nearer(t_s, value)
            self._fire(Move.AGAIN)
            if value > self._peak:
                self._peak, self._turn_s = value, t_s
        return None

    def _home_is_nearer(self, t_s: float, value: float) -> Excursion | None:
        """The drive came most of the way and goes out again: its rest is no longer where it was (soft elbows)."""
        self._fire(Move.HOME)
        done = Excursion(self._start_s, self._turn_s, self._low_s, self._peak - self._low, self._sign * self._peak)
        self._rest, self._rest_s = self._low, self._low_s
        self._fire(Move.LEFT)
        self._start_s, self._peak, self._turn_s = self._low_s, value, t_s
        return done if self._is_whole(done) else None

    def _is_whole(self, e: Excursion) -> bool:
        limit = self.count.turn_limit_deg
        far = limit is None or self._sign * e.turn_deg >= self._sign * limit
        limit = self.count.rest_limit_deg
        # the rest is where the excursion began: range_deg before the turn
        if limit is not None and self._sign * limit < self._sign * e.turn_deg - e.range_deg:
            return False
        return far and e.range_deg >= self._needed() and self.count.min_s <= e.end_s - e.start_s

    def restart(self) -> None:
        """Forget the repetition under way and the rest level: the person was away, or in another posture."""
        if self.phase is not Phase.REST:
            self._fire(Move.EXPIRED)
        self._t = None
        self._rest = np.nan
        self._raw.clear()


class Stage(Enum):
    """States of the source method's machine."""

    STAND = "stand"
    POSTURE = "posture"
    REACHED = "reached"


class Reading(Enum):
    """What the errors against the template say."""

    NEAR = "every error below enter_deg for hold_s"
    HELD = "every error below count_deg for hold_s"
    AWAY = "an error beyond twice enter_deg"
    LOST = "not seen for a while"


TEMPLATE_TABLE: Final[dict[tuple[Stage, Reading], tuple[Stage, bool]]] = {
    # -> (next stage, counts)
    (Stage.STAND, Reading.NEAR): (Stage.POSTURE, False),
    (Stage.POSTURE, Reading.HELD): (Stage.REACHED, False),
    (Stage.POSTURE, Reading.AWAY): (Stage.STAND, False),
    (Stage.REACHED, Reading.AWAY): (Stage.STAND, True),
    (Stage.POSTURE, Reading.LOST): (Stage.STAND, False),
    (Stage.REACHED, Reading.LOST): (Stage.STAND, False),
}


# 0.53 s stands for five frames at the source's 9.5 a second, which are 0.526 s
_HOLD_GRACE_S = 0.005


@dataclass(frozen=True, slots=True)
class Correction:
    """The joint farthest from the template, and where it should go."""

    angle: str
    error_deg: float
    """measured - reference: positive = too straight, bend more."""


class TemplateCounter:
    """Stand -> posture -> reached -> stand; the return to stand counts.

    The template is for one lead leg; the mirror image is tried as well and the nearer of the two is kept while in the
    posture.
    """

    def __init__(self, template: Template) -> None:
        """Args: template: the definition's ``[template]`` table."""
        self.template = template
        self.stage = Stage.STAND
        self.correction: Correction | None = None
        self.count = 0
        self.near_s: float | None = None
        """When the posture of the current (or last) repetition was taken ..."""
        self.reached_s: float | None = None
        """... and when it was held long enough."""
        self._mirror = False
        self._t: float | None = None
        self._near_since: float | None = None
        self._held_since: float | None = None

    def _fire(self, reading: Reading) -> bool:
        if (self.stage, reading) not in TEMPLATE_TABLE:
            raise IllegalMove(f"The template machine in {self.stage.value!r} cannot take {reading.value!r}.")
        self.stage, counts = TEMPLATE_TABLE[self.stage, reading]
        return counts

    def _errors(self, deg: Mapping[str, float], mirror: bool) -> dict[str, float]:
        return {
            (mirrored(n) if mirror else n): deg[mirrored(n) if mirror else n] - reference
            for n, reference in self.template.angles.items()
        }

    def step(self, t_s: float, deg: Mapping[str, float]) -> bool:
        """Named angles of one frame; True when a repetition counts now. NaN anywhere: nothing happens."""
        both = {m: self._errors(deg, m) for m in (False, True)}
        worst = {m: max(map(abs, e.values())) for m, e in both.items()}
        if any(np.isnan(list(e.values())).any() for e in both.values()):
            return False
        if self._t is not None and t_s - self._t > _LOST_S:
            self._restart()
        self._t = t_s
        if self.stage is Stage.STAND:
            self._mirror = worst[True] < worst[False]
        errors, largest = both[self._mirror], worst[self._mirror]
        tpl = self.template
        self._near_since = _since(self._near_since, t_s, largest < tpl.enter_deg)
        self._held_since = _since(self._held_since, t_s, largest < tpl.count_deg)
        counts, hold_s = False, tpl.hold_s - _HOLD_GRACE_S
        if self.stage is Stage.STAND and self._near_since is not None and t_s - self._near_since >= hold_s:
            self._fire(Reading.NEAR)
            self.near_s = self._near_since
            self._held_since = t_s if largest < tpl.count_deg else None
        elif self.stage is Stage.POSTURE and self._held_since is not None and t_s - self._held_since >= hold_s:
            self._fire(Reading.HELD)
            self.reached_s = t_s
        elif self.stage is not Stage.STAND and largest > 2 * tpl.enter_deg:
            counts = self._fire(Reading.AWAY)
            self.count += counts
        name = max(errors, key=lambda n: abs(errors[n]))
        coached = self.stage is Stage.POSTURE and abs(errors[name]) >= tpl.count_deg
        self.correction = Correction(name, errors[name]) if coached else None
        return counts

    def _restart(self) -> None:
        if self.stage is not Stage.STAND:
            self._fire(Reading.LOST)
        self._near_since = self._held_since = None


def _since(since: float | None, t_s: float, now: bool) -> float | None:
    """From when on something has been so without a break; None when it is not so now."""
    if not now:
        return None
    return t_s if since is None else since
