"""How tall people stand, place by place. Pure.

A stature is measured against the floor, and the floor is found better and better, nearer here than there: so heights
are kept in px with the place where they were read, and two of one place are compared without asking the floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import exp, log
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from groupcoach.records import Floats
from groupcoach.track.floor import Floor

if TYPE_CHECKING:
    from groupcoach.track.evidence import Weights

LONGEST_S: Final = 20.0
"""Of the time in which a height is read at one place, so much counts."""
_TALL: Final = 0.9
"""The expectile of the readings that is learned; 0.5 is the mean: people are read too short more often than too tall
(they lean, they begin a squat)."""
_PLACES: Final = 5
_HERE: Final = 0.2
"""Shares of a body's height: readings of one place."""
_ONE_PLACE_M: Final = 0.6
_TAIL: Final = 3.0
"""Degrees of freedom (Student's t): now and then a height is just wrong."""
_COMMON_SD: Final = 0.1
"""All statures together may be off by so much: a class of children."""


@dataclass(slots=True)
class Reading:
    """The height of one body at one place."""

    x: float
    y: float
    """Feet, px."""
    tall: float
    """Log of the standing height, px."""
    seconds: float
    """How long it was read."""


@dataclass(slots=True)
class Heights:
    """How tall one body was seen to stand, and where."""

    readings: list[Reading] = field(default_factory=list)
    """The newest last."""

    @property
    def seconds(self) -> float:
        """How long they were read, in all."""
        return sum(r.seconds for r in self.readings)

    def read(self, foot_px: tuple[float, float], height_px: float, dt_s: float) -> None:
        """The body stands upright: where, how tall in the picture, and for how long."""
        (x, y), tall = foot_px, log(height_px)
        k = self._at(x, y, height_px)
        if k is None:
            self._add(Reading(x, y, tall, dt_s))
            return
        r = self.readings.pop(k)
        r.seconds = min(r.seconds + dt_s, LONGEST_S)
        share = dt_s / r.seconds
        r.x, r.y = r.x + (x - r.x) * share, r.y + (y - r.y) * share
        r.tall += (tall - r.tall) * min(1.0, 2 * (_TALL if tall > r.tall else 1 - _TALL) * share)
        self.readings.append(r)

    def take(self, other: Heights) -> None:
        """The other's were this body's, too."""
        for r in other.readings:
            k = self._at(r.x, r.y, exp(r.tall))
            if k is None:
                self._add(replace(r))
                continue
            mine = self.readings[k]
            total = mine.seconds + r.seconds
            mine.tall += (r.tall - mine.tall) * r.seconds / total
            mine.seconds = min(total, LONGEST_S)

    def _at(self, x: float, y: float, height_px: float) -> int | None:
        """Which reading is of that place, the newest first."""
        near = _HERE * height_px
        for k in range(len(self.readings) - 1, -1, -1):
            if abs(x - self.readings[k].x) < near and abs(y - self.readings[k].y) < near:
                return k
        return None

    def _add(self, reading: Reading) -> None:
        self.readings.append(reading)
        if len(self.readings) > _PLACES:
            self.readings.remove(min(self.readings[:-1], key=lambda r: r.seconds))


def stature_of(r: Reading, floor: Floor) -> float:
    """Log of the height over that of an ordinary body at the place of a reading."""
    return r.tall - log(floor.body_at(r.x, r.y))


def whose(
    known: Sequence[Heights], fresh: Sequence[Heights], owners: Sequence[Sequence[int]], floor: Floor, w: Weights
) -> Floats:  # fmt: skip
    """How likely it is, by stature, that bodies belong to certain people.

    A reading is the stature of its person, what is wrong with the floor at its place, and an error; together they are
    Student's t, so that one wrong height does not decide.

    Args:
        known: (M) what was read of people.
        fresh: (N) what was read of bodies since.
        owners: K answers of N each: whose every body is; a number from M on is somebody unknown.
        floor: of the room.
        w: weights.

    Returns:
        (K,) log-likelihood of each answer; zeros where the floor is not known.
    """
    if not floor.good:
        return np.zeros(len(owners))
    who: list[int] = []
    readings: list[Reading] = []
    for k, heights in enumerate([*known, *fresh]):
        who += [k] * len(heights.readings)
        readings += heights.readings
    if not readings:
        return np.zeros(len(owners))
    values = np.array([stature_of(r, floor) for r in readings])
    noise = [w.reading_sd**2 + w.glance_sd**2 / (1 + 3 * r.seconds) for r in readings]
    at: list[int] = []
    for k, r in enumerate(readings):
        same = (at[j] for j in range(k) if floor.apart_m((r.x, r.y), (readings[j].x, readings[j].y)) < _ONE_PLACE_M)
        at.append(next(same, k))
    place, subject = np.array(at), np.array(who)
    rest = w.place_sd**2 * (place[:, None] == place) + np.diag(noise) + _COMMON_SD**2
    out = []
    for answer in owners:
        person = np.array([*range(len(known)), *answer])[subject]
        factor = cho_factor(rest + w.people_sd**2 * (person[:, None] == person), lower=True)
        half = float(np.log(np.diag(factor[0])).sum())
        misfit = float(values @ cho_solve(factor, values))
        out.append(-0.5 * (_TAIL + len(values)) * log(1 + misfit / _TAIL) - half)
    return np.array(out)


def same_body(new: Heights, old: Heights, floor: Floor, w: Weights) -> float:
    """Log-odds that a newcomer is somebody known, from how tall they stand; 0 where one was not seen upright.

    Now and then a measurement is just wrong.
    """
    if not new.readings or not old.readings:
        return 0.0
    same, other = whose([old], [new], [[0], [1]], floor, w)
    return log((1 - w.wrong_body) * float(np.exp(same - other)) + w.wrong_body) if floor.good else 0.0
