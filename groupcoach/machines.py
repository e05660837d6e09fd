"""Every counting machine of one person. Pure.

A machine whose exercise nobody votes for sleeps; when votes come it is woken and shown what it has missed, so a class
of thirty costs what its people do, not what the catalogue has.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf, isfinite, nan

import numpy as np

from groupcoach.exercises.catalogue import Catalogue, Count, Definition
from groupcoach.measures import MEASURE_INDEX
from groupcoach.records import Floats, Rep
from groupcoach.reps import Excursion, Phase, RangeCounter, Side
from groupcoach.skeleton import ANGLE_INDEX

POSTURE_DEG, POSTURE_S = 10.0, 0.4
"""So far beside its gate, and for so long, the trunk is in no posture for an exercise."""
MISSED_S = 8.0
"""So much of the past a machine is shown when it wakes."""
_WAKE, _SLEEP, _AWAKE_S = 0.04, 0.01, 10.0
"""Share of the recent votes that wakes a machine, and that keeps it awake; it stays awake for so long in any case."""
_RECENT_S = 1.0


@dataclass(slots=True, eq=False)
class Row:
    """What was measured of one person in one frame."""

    t_s: float
    deg: Floats
    sigma_deg: Floats
    values: Floats
    sigma: Floats
    view: str
    votes: Floats
    place: tuple[float, float] | None


def drive_of(names: Sequence[str], each: str | None, deg: Sequence[float], sigma: Sequence[float],
             values: Sequence[float]) -> float:  # fmt: skip
    """The angle that is counted, NaN = not seen.

    Args:
        names: of the angles, or of one measure.
        each: None: their mean, the better seen one counts more; ``high`` / ``low``: the one farthest from that rest.
        deg: (A,)
        sigma: (A,)
        values: (M,)
    """
    if names[0] not in ANGLE_INDEX:
        return values[MEASURE_INDEX[names[0]]]
    total = weighted = 0.0
    far = nan
    for name in names:
        column = ANGLE_INDEX[name]
        v, s = deg[column], sigma[column]
        if not isfinite(v):
            continue
        if each is not None:
            far = v if not isfinite(far) or (v < far) == (each == "high") else far
        elif isfinite(s):
            weight = 1.0 / max(s, 1.0) ** 2
            total += weight
            weighted += weight * v
    if each is not None:
        return far
    return weighted / total if total > 0 else nan


class _Bank:
    """The machines of one exercise: one, or one for each side."""

    def __init__(self, definition: Definition) -> None:
        count = definition.count
        self.name = definition.id
        self.each = count.rest if count.sides == "each" and count.method == "range" else None
        sides: tuple[Side, ...] = ("left", "right") if count.method == "steps" else ("both",)
        self.counters = [(RangeCounter(count, side), _drive_names(count, side)) for side in sides]
        self.low, self.high = definition.gate.get("trunk_lean", (0.0, 180.0))
        self.awake_s = 0.0
        """Last time that something spoke for it."""
        self.seen_s = -1e18
        self.out_s: float | None = None
        self.away = False
        """The trunk has left the exercise's posture, and not come to rest in it again."""
        self.back_s: float | None = None

    def step(self, t_s: float, deg: Sequence[float], sigma: Sequence[float], values: Sequence[float]
             ) -> list[Excursion]:  # fmt: skip
        self.seen_s = t_s
        lean = deg[ANGLE_INDEX["trunk_lean"]]
        if not isfinite(lean):
            lean = values[MEASURE_INDEX["trunk_lean"]]
        # straight arms of somebody who stands are no rest level for push-ups
        if not isfinite(lean) or self.low - POSTURE_DEG <= lean <= self.high + POSTURE_DEG:
            self.out_s = None
        elif self.out_s is None:
            self.out_s = t_s
        elif t_s - self.out_s >= POSTURE_S:
            for counter, _ in self.counters:
                counter.restart()
            self.away = True
        if self.away and not self._settles(t_s, lean):
            return []
        out = []
        for counter, names in self.counters:
            done = counter.step(t_s, drive_of(names, self.each, deg, sigma, values))
            if done is not None:
                out.append(done)
        return out

    def _settles(self, t_s: float, lean: float) -> bool:
        """Whether the trunk has been in the posture for a while: getting down and up is no repetition."""
        if not isfinite(lean):
            return False
        if not self.low <= lean <= self.high:
            self.back_s = None
            return False
        if self.back_s is None:
            self.back_s = t_s
        if t_s - self.back_s < POSTURE_S:
            return False
        self.away, self.back_s = False, None
        return True


def _drive_names(count: Count, side: Side) -> tuple[str, ...]:
    return count.drive if side == "both" else tuple(f"{side}_{name}" for name in count.drive)


class Machines:
    """All of one person's, by exercise."""

    def __init__(self, definitions: Iterable[Definition], columns: Mapping[str, int]) -> None:
        """Everything asleep.

        Args:
            definitions: of the catalogue; those counted by range or steps and known to the classifier get a machine.
            columns: of the classifier's classes.
        """
        self._banks = {
            d.id: _Bank(d) for d in definitions if d.count.method in ("range", "steps") and d.id in columns
        }  # fmt: skip
        self._list = list(self._banks.values())
        self._columns = np.array([columns[name] for name in self._banks], dtype=np.intp)
        self._awake: set[int] = set()
        self._recent: Floats | None = None
        self._t: float | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._banks

    def busy(self, name: str) -> bool:
        """Whether a repetition of that exercise is under way."""
        bank = self._banks.get(name)
        return bank is not None and any(counter.phase is not Phase.REST for counter, _ in bank.counters)

    def begun_s(self, share: float) -> float:
        """Since when a movement is under way that has so much of the votes; infinite: there is none."""
        if self._recent is None:
            return inf
        banks = [self._list[k] for k in np.flatnonzero(self._recent[self._columns] >= share).tolist()]
        return min((counter.begun_s for bank in banks for counter, _ in bank.counters), default=inf)

    def confirm(self, name: str, e: Excursion) -> None:
        """``e`` was a repetition: each side's machine learns the person's range."""
        for counter, _ in self._banks[name].counters if name in self._banks else ():
            if counter.side in (e.side, "both"):
                counter.confirm(e)

    def recall(self, reps: Iterable[Rep]) -> None:
        """Repetitions that an earlier engine counted: the machines know the person's range again."""
        for r in reps:
            self.confirm(r.exercise, Excursion(r.start_s, r.turn_s, r.end_s, r.range_deg, r.depth_deg, r.side))

    def step(self, rows: deque[Row]) -> list[tuple[str, Excursion]]:
        """The newest row is the last one; returns what came home."""
        now = rows[-1]
        if now.votes.any():
            keep = 0.0 if self._t is None else max(0.0, 1.0 - (now.t_s - self._t) / _RECENT_S)
            self._recent = now.votes if self._recent is None else keep * self._recent + (1 - keep) * now.votes
            self._t = now.t_s
        if self._recent is None:
            return []
        shares = self._recent[self._columns]
        wanted = np.flatnonzero(shares >= _SLEEP).tolist()  # few: what is looked at is what the votes speak of
        if not wanted and not self._awake:
            return []
        deg, sigma, values = now.deg.tolist(), now.sigma_deg.tolist(), now.values.tolist()
        done: list[tuple[str, Excursion]] = []
        for k in sorted({*wanted, *self._awake}):
            bank = self._list[k]
            if shares[k] >= (_SLEEP if k in self._awake else _WAKE):
                if k not in self._awake:
                    self._awake.add(k)
                    done += ((bank.name, e) for e in self._wake(bank, rows))
                bank.awake_s = now.t_s
            elif k not in self._awake:
                continue
            elif now.t_s - bank.awake_s > _AWAKE_S:
                self._awake.discard(k)
                continue
            done += ((bank.name, e) for e in bank.step(now.t_s, deg, sigma, values))
        return done

    def finish(self) -> list[tuple[str, Excursion]]:
        """The class ends: what is as good as home."""
        banks = [self._list[k] for k in sorted(self._awake)]
        done = [(bank.name, counter.finish()) for bank in banks for counter, _ in bank.counters]
        return [(name, e) for name, e in done if e is not None]

    @staticmethod
    def _wake(bank: _Bank, rows: deque[Row]) -> list[Excursion]:
        """Show a machine the rows it has slept through."""
        since = max(bank.seen_s, rows[-1].t_s - MISSED_S)
        if bank.seen_s < since:
            bank.out_s = bank.back_s = None
            for counter, _ in bank.counters:
                counter.restart()
        missed = [row for row in islice(rows, 0, len(rows) - 1) if row.t_s > since]
        return [e for row in missed
                for e in bank.step(row.t_s, row.deg.tolist(), row.sigma_deg.tolist(), row.values.tolist())]  # fmt: skip


def machines_of(catalogue: Catalogue, columns: Mapping[str, int]) -> Machines:
    """The machines of everything in the catalogue that the classifier knows."""
    return Machines(catalogue.counted, columns)
