"""When a repetition goes down, turns and comes back; and the small movements nobody can suppress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def ease(u: Floats) -> Floats:
    """0 to 1 with minimum jerk: position, speed and acceleration start and end at rest."""
    u = np.clip(u, 0.0, 1.0)
    return u * u * u * (10 - 15 * u + 6 * u * u)


@dataclass(frozen=True, eq=False)
class Tempo:
    """The clock of a set. Each array is (N,) seconds, one entry per repetition."""

    start_s: Floats
    low_s: Floats
    """The turning point is reached; the pause there begins."""
    rise_s: Floats
    """The pause ends."""
    end_s: Floats
    """Back where it started: the repetition is complete."""
    skew: float
    """Above 1: starts slowly and finishes quickly."""
    duration_s: float
    stall_s: Floats
    """Hesitation on the way back, 0 for most; it lies between ``rise_s`` and ``end_s``."""
    stall_at: Floats
    """(N,) depth at which the hesitation is, 0 to 1."""
    reach: Floats
    """(N,) share of the usual range that is left: 1, less when tired."""
    quick: NDArray[np.bool_]
    """(N,) repetitions that were ordered too fast."""

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def moving_s(self) -> Floats:
        """(N,) seconds of movement: without the pause at the turning point and without hesitation."""
        return np.asarray(self.low_s - self.start_s + self.end_s - self.rise_s - self.stall_s)

    def number(self, t: Floats) -> NDArray[np.intp]:
        """(T,) which repetition an instant belongs to (0 before the first ends; the last one after it)."""
        return np.clip(np.searchsorted(self.start_s, t, side="right") - 1, 0, max(len(self) - 1, 0))

    def depth(self, t: Floats, late_s: float = 0.0) -> Floats:
        """(T,) 0 at rest, 1 at the turning point.

        Args:
            t: (T,) seconds.
            late_s: One side of the body follows the other by about this (negative: leads). Both start and end the
                repetition together, so its truth stays exact.
        """
        if not len(self):
            return np.zeros(len(t))
        i = self.number(t)
        start, low, rise, end = self.start_s[i], self.low_s[i], self.rise_s[i], self.end_s[i]
        if late_s:
            grow = 0.3 * (end - start)
            t = t - np.clip(late_s, -0.06 * (end - start), 0.06 * (end - start)) * (
                ease((t - start) / grow) * ease((end - t) / grow)
            )
        there = ease(np.clip((t - start) / (low - start), 0, 1) ** self.skew)
        back = ease(np.clip((end - t) / (end - rise), 0, 1) ** (1 / self.skew))
        stall, at = self.stall_s[i], self.stall_at[i]
        before = rise + (1 - at) * (end - rise - stall)
        after = before + stall
        slow = np.where(t < before, at + (1 - at) * ease((before - t) / np.maximum(before - rise, 1e-6)),
                        at * ease((end - t) / np.maximum(end - after, 1e-6)))  # fmt: skip
        return np.where(t < rise, there, np.where(stall > 0, slow, back))

    def progress(self, t: Floats) -> Floats:
        """(T,) as ``depth``, but at a steady pace from 0 to 1 and back: to be cut into phases that are eased apart."""
        return np.asarray(np.interp(self.depth(t), _EASED, _EVEN))


_EVEN = np.linspace(0.0, 1.0, 4001)
_EASED = ease(_EVEN)


#: Nobody moves faster: of the shortest time in a class, and a step of somebody who sprints on the spot.
_HURRIED: Final = 0.6
_SHORTEST_S: Final = 0.26


def draw_tempo(
    rng: np.random.Generator,
    seconds: float,
    *,
    reps: int | None = None,
    period_s: tuple[float, float] = (1.6, 3.6),
    pause_s: tuple[float, float] = (0.0, 0.35),
    rest_s: tuple[float, float] = (0.05, 0.5),
    tired: float = 0.25,
    weaker: float = 0.07,
    stall: float = 0.025,
    stall_at: tuple[float, float] = (0.3, 0.75),
    quick: float = 0.0,
    quick_s: tuple[float, float] = (0.72, 0.95),
    pace: float = 1.0,
) -> Tempo:
    """Draw the clock of a set that fits into ``seconds``.

    Args:
        rng: Source of chance.
        seconds: Time there is; as many whole repetitions as fit are done in it.
        reps: At most this many.
        period_s: Range of a repetition's moving time (down and up, without pauses).
        pause_s: Range of the person's pause at the turning point.
        rest_s: Range of the person's pause between repetitions.
        tired: How much slower the end of the set may be.
        weaker: How much range the end of the set may lose.
        stall: Chance of a hesitation of 0.2 to 0.5 s on the way back; nine times that in a very tired person.
        stall_at: Range of the depth at which it happens.
        quick: Share of the repetitions that are too fast, at least one if above 0: about half of the person's usual
            moving time.
        quick_s: Range their moving time is held in, so that it is possible and clearly too fast.
        pace: Of the person: all times but those of the fast ones, times this.
    """
    period = rng.uniform(*period_s)
    period = max(period * pace, min(period, max(_HURRIED * period_s[0], _SHORTEST_S)))
    if quick > 0:  # half of an already fast person's time is more than a body can do
        period = max(period, 1.75 * quick_s[1])
    down_share = rng.uniform(0.42, 0.6)
    pause, rest = rng.uniform(*pause_s) * pace, rng.uniform(*rest_s) * pace
    fatigue, even = rng.uniform(), rng.uniform(0.025, 0.08)
    slower, weaker = tired * fatigue * rng.uniform(0.6, 1.2), weaker * fatigue * rng.uniform(0.5, 1.1)
    skew = rng.uniform(0.85, 1.2)
    first = rng.uniform(0.1, 0.4)
    most = int(seconds / (0.4 * (period_s[0] * min(pace, 1.0) if quick <= 0 else quick_s[0]))) + 2
    chance = rng.uniform(size=(most, 4))
    fast = rng.permutation(most) < round(quick * most)
    noise = np.clip(rng.normal(0, 1, (most, 2)), -2.5, 2.5)

    def lay() -> list[tuple[float, ...]]:
        rows: list[tuple[float, ...]] = []
        at = first
        for k in range(most if reps is None else min(reps, most)):
            worn = min(1.0, at / 30)
            length = period * (1 + even * noise[k, 0]) * (1 + slower * worn)
            hold = pause * (0.6 + 0.8 * chance[k, 0])
            wait = (0.2 + 0.3 * chance[k, 1]) * (chance[k, 2] < stall * (1 + 8 * fatigue * worn))
            if fast[k]:
                length = float(np.clip(0.5 * period * (1 + 0.5 * even * noise[k, 0]), *quick_s))
                hold, wait = 0.3 * hold, 0.0
            low = at + length * float(np.clip(down_share + 0.03 * noise[k, 1], 0.38, 0.62))
            end = at + length + hold + wait
            if end + 0.15 > seconds:
                break
            level = stall_at[0] + (stall_at[1] - stall_at[0]) * chance[k, 3]
            rows.append((at, low, low + hold, end, wait, level, 1 - weaker * worn))
            at = end + rest * (0.5 + chance[k, 1])
        return rows

    rows = lay()
    if quick > 0 and not fast[: len(rows)].any():
        fast[int(rng.integers(max(len(rows), 1)))] = True
        rows = lay()
    start, low, rise, end, wait, level, reach = np.array(rows, dtype=float).reshape(-1, 7).T
    return Tempo(start, low, rise, end, skew, seconds, wait, level, reach, fast[: len(rows)].copy())


class Sway:
    """Smooth small noise, mean 0 and standard deviation 1: a few slow sines, the same for the same seed."""

    def __init__(self, rng: np.random.Generator, n: int, hz: tuple[float, float] = (0.08, 0.9)) -> None:
        self.hz = rng.uniform(*hz, (5, n))
        self.phase = rng.uniform(0, 2 * np.pi, (5, n))
        size = rng.uniform(0.3, 1, (5, n))
        self.size = size * np.sqrt(2 / (size**2).sum(0))

    def __call__(self, t: Floats) -> Floats:
        """(T, n)."""
        return np.asarray((self.size * np.sin(2 * np.pi * self.hz * t[:, None, None] + self.phase)).sum(1))
