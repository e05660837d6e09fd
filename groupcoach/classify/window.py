"""The last two seconds of one person as numbers for the network. Pure numpy; time, not frames, sets the window."""

from __future__ import annotations

from typing import Final

import numpy as np

from groupcoach.classify.signals import SIGNALS
from groupcoach.records import Floats

WINDOW_S: Final = 2.0
SHORTEST_S: Final = 0.4
"""No answer before this much was seen."""
_STATS: Final = ("now", "mean", "spread", "low", "high", "change", "pace")
_CHANGE_S: Final = 0.35
N_FEATURES: Final = len(SIGNALS) * len(_STATS)
_CAPACITY: Final = 256


class Window:
    """A ring of signals. Older than ``WINDOW_S`` is forgotten; a gap of one second starts anew."""

    __slots__ = ("_n", "_t", "_values")

    def __init__(self) -> None:
        """An empty window."""
        self._t = np.empty(_CAPACITY)
        self._values = np.empty((_CAPACITY, len(SIGNALS)))
        self._n = 0

    def push(self, t_s: float, values: Floats) -> None:
        """Add the signals (S,) of one frame, NaN = not seen."""
        if self._n and t_s - self._t[self._n - 1] > 1.0:
            self._n = 0
        first = int(np.searchsorted(self._t[: self._n], t_s - WINDOW_S, side="left"))
        if first or self._n == _CAPACITY:
            first = max(first, int(self._n == _CAPACITY))
            kept = self._n - first
            self._t[:kept] = self._t[first : self._n]
            self._values[:kept] = self._values[first : self._n]
            self._n = kept
        self._t[self._n], self._values[self._n] = t_s, values
        self._n += 1

    def features(self) -> Floats | None:
        """(``N_FEATURES``,) or None while too little was seen."""
        return window_features(self._t[: self._n], self._values[: self._n])


def window_features(t: Floats, values: Floats) -> Floats | None:
    """Statistics of a window: values (T, S) at times (T,), the last row is now.

    ``spread`` is the standard deviation, ``change`` the difference to 0.35 s ago, ``pace`` the mean absolute change per
    second. Each is weighted by time, so that a varying frame rate does not show.
    """
    if len(t) < 3 or t[-1] - t[0] < SHORTEST_S:
        return None
    step = np.diff(t)
    weight = np.empty(len(t))
    weight[0], weight[-1] = step[0] / 2, step[-1] / 2
    weight[1:-1] = (step[1:] + step[:-1]) / 2
    seen = np.isfinite(values)
    total = (weight[:, None] * seen).sum(0)
    clean = np.where(seen, values, 0.0)
    enough = total > 0.3 * weight.sum()
    total = np.maximum(total, 1e-9)
    mean = (weight[:, None] * clean).sum(0) / total
    spread = np.sqrt(np.maximum((weight[:, None] * np.where(seen, (values - mean) ** 2, 0.0)).sum(0) / total, 0.0))
    low = np.where(seen, values, np.inf).min(0)
    high = np.where(seen, values, -np.inf).max(0)
    back = int(np.clip(np.searchsorted(t, t[-1] - _CHANGE_S), 0, len(t) - 2))
    change = (values[-1] - values[back]) / max(t[-1] - t[back], 1e-6) * _CHANGE_S
    moved = np.abs(np.diff(values, axis=0))
    pace = np.where(np.isfinite(moved), moved, 0.0).sum(0) / (t[-1] - t[0])
    out = np.stack([values[-1], mean, spread, low, high, change, pace])
    out[1:5] = np.where(enough, out[1:5], np.nan)
    result: Floats = out.reshape(-1)
    return result
