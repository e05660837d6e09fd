"""When a repetition goes down, turns and comes back; and the small movements nobody can suppress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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

    def __len__(self) -> int:
        return len(self.start_s)

    def number(self, t: Floats) -> NDArray[np.intp]:
        """(T,) which repetition an instant belongs to (0 before the first ends; the last one after it)."""
        return np.clip(np.searchsorted(self.start_s, t, side="right") - 1, 0, max(len(self) - 1, 0))

    def depth(self, t: Floats) -> Floats:
        """(T,) 0 at rest, 1 at the turning point."""
        if not len(self):
            return np.zeros(len(t))
        i = self.number(t)
        down = (t - self.start_s[i]) / (self.low_s[i] - self.start_s[i])
        up = (self.end_s[i] - t) / (self.end_s[i] - self.rise_s[i])
        there = ease(np.clip(down, 0, 1) ** self.skew)
        return np.where(t < self.rise_s[i], there, ease(np.clip(up, 0, 1) ** (1 / self.skew)))


def draw_tempo(
    rng: np.random.Generator,
    seconds: float,
    *,
    reps: int | None = None,
    period_s: tuple[float, float] = (1.6, 3.6),
    pause_s: tuple[float, float] = (0.0, 0.35),
    rest_s: tuple[float, float] = (0.05, 0.5),
    tired: float = 0.15,
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
    """
    period = rng.uniform(*period_s)
    down_share = rng.uniform(0.42, 0.6)
    pause, rest = rng.uniform(*pause_s), rng.uniform(*rest_s)
    slower = rng.uniform(0, tired)
    rows: list[tuple[float, float, float, float]] = []
    at = rng.uniform(0.1, 0.4)
    lead_out = 0.15
    while reps is None or len(rows) < reps:
        length = period * rng.normal(1, 0.05) * (1 + slower * min(1.0, at / 30))
        hold = pause * rng.uniform(0.6, 1.4)
        low = at + length * float(np.clip(down_share + rng.normal(0, 0.03), 0.35, 0.65))
        end = at + length + hold
        if end + lead_out > seconds:
            break
        rows.append((at, low, low + hold, end))
        at = end + rest * rng.uniform(0.5, 1.5)
    table = np.array(rows, dtype=float).reshape(-1, 4)
    start, low, rise, end = table.T
    return Tempo(start, low, rise, end, skew=rng.uniform(0.85, 1.2), duration_s=seconds)


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
