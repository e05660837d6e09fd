"""The last seconds of one person as numbers for the network. Pure numpy; time, not frames, sets the window.

Two seconds tell the movement of now; what of it is a slow repetition, and what arms that are held out, the four seconds
tell that hold a whole one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.classify.signals import SIGNALS
from groupcoach.records import Floats

WINDOW_S: Final = 2.0
LONG_S: Final = 4.0
SHORTEST_S: Final = 0.4
"""No answer before this much was seen."""
STATS: Final = ("now", "mean", "spread", "low", "high", "change", "pace", "long_mean", "long_spread", "long_low",
                "long_high")  # fmt: skip
_LONG_STEP_S: Final = 0.2
"""Of the long window a reading this often."""
_CHANGE_S: Final = 0.35
N_FEATURES: Final = len(SIGNALS) * len(STATS)
_CAPACITY: Final = 256


class Window:
    """A ring of signals. Of older than ``LONG_S`` nothing is told; a gap of one second starts anew."""

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
        if self._n == _CAPACITY:  # room for seconds to come is made at once
            first = max(int(np.searchsorted(self._t[: self._n], t_s - LONG_S, side="left")), 1)
            kept = self._n - first
            self._t[:kept] = self._t[first : self._n]
            self._values[:kept] = self._values[first : self._n]
            self._n = kept
        self._t[self._n], self._values[self._n] = t_s, values
        self._n += 1


def features_of(windows: Sequence[Window]) -> tuple[list[int], Floats]:
    """Everybody's features at once.

    Returns:
        Rows of ``windows`` in which enough was seen, and their features (rows, ``N_FEATURES``).
    """
    rows = [i for i, w in enumerate(windows) if _enough(w._t[: w._n])]
    if not rows:
        return rows, np.empty((0, N_FEATURES))
    begins = [_begin(windows[i]._t[: windows[i]._n]) for i in rows]
    longest = max(windows[i]._n - first for i, first in zip(rows, begins, strict=True))
    # shorter ones begin with rows that weigh nothing
    t, values = np.empty((len(rows), longest)), np.full((len(rows), longest, len(SIGNALS)), np.nan, np.float32)
    long = np.full((len(rows), len(_BACK), len(SIGNALS)), np.nan, np.float32)
    for k, (i, first) in enumerate(zip(rows, begins, strict=True)):
        w = windows[i]
        pad = longest - (w._n - first)
        t[k, pad:], t[k, :pad] = w._t[first : w._n], w._t[first]
        values[k, pad:] = w._values[first : w._n]
        picked = _spaced(w._t[: w._n])
        long[k, : len(picked)] = w._values[picked]
    return rows, np.concatenate([_statistics(t, values), _long_statistics(long)], axis=1)


def window_features(t: Floats, values: Floats) -> Floats | None:
    """(``N_FEATURES``,) of one window: values (T, S) at times (T,), the last row is now; None of too little."""
    if not _enough(t):
        return None
    values, first = values.astype(np.float32), _begin(t)
    near = _statistics(t[None, first:], values[None, first:])
    both: Floats = np.concatenate([near, _long_statistics(values[None, _spaced(t)])], axis=1)[0]
    return both


def _enough(t: Floats) -> bool:
    return len(t) >= 3 and bool(t[-1] - t[0] >= SHORTEST_S)


def _begin(t: Floats) -> int:
    """Row at which the window of ``WINDOW_S`` begins."""
    return int(np.searchsorted(t, t[-1] - WINDOW_S, side="left"))


_BACK: Final = np.arange(0.0, LONG_S, _LONG_STEP_S)


def _spaced(t: Floats) -> NDArray[np.intp]:
    """Rows of the long window, evenly spaced in time whatever the frame rate."""
    at = t[-1] - _BACK
    rows: NDArray[np.intp] = np.minimum(np.searchsorted(t, at[at >= t[0]], side="left"), len(t) - 1)
    return rows


def _long_statistics(values: Floats) -> Floats:
    """(N, 4 S) mean, standard deviation, lowest and highest of evenly spaced values (N, T, S); NaN = not seen."""
    seen = np.isfinite(values)
    total = seen.sum(1).astype(np.float32)
    known, clean = np.maximum(total, 1), np.where(seen, values, 0)
    mean = clean.sum(1) / known
    away = np.where(seen, clean - mean[:, None], 0)
    spread = np.sqrt((away * away).sum(1) / known)
    low = np.where(seen, values, np.float32(np.inf)).min(1)
    high = np.where(seen, values, np.float32(-np.inf)).max(1)
    out = np.stack([mean, spread, low, high], axis=1)
    result: Floats = np.where(total[:, None] > 0, out, np.nan).reshape(len(values), -1)
    return result


def _statistics(t: Floats, values: Floats) -> Floats:
    """(N, 7 S) statistics of windows: values (N, T, S, 32 bits) at times (N, T), the last row is now.

    ``spread`` is the standard deviation, ``change`` the difference to 0.35 s ago, ``pace`` the mean absolute change per
    second. Each is weighted by time, so that a varying frame rate does not show. NaN = not seen; a row that repeats a
    time and holds NaN weighs nothing.
    """
    step = np.diff(t)
    weight = np.zeros_like(t)
    weight[:, :-1] += step / 2
    weight[:, 1:] += step / 2
    whole = (t[:, -1] - t[:, 0])[:, None]
    share = weight.astype(values.dtype)[:, None]  # (N, 1, T): products with (N, T, S) sum over time
    seen = np.isfinite(values)
    total = (share @ seen)[:, 0]
    clean = np.where(seen, values, 0)
    enough = total > 0.3 * whole
    total = np.maximum(total, 1e-9)
    mean = (share @ clean)[:, 0] / total
    away = np.where(seen, clean - mean[:, None], 0)
    spread = np.sqrt((share @ (away * away))[:, 0] / total)
    low = np.where(seen, values, np.float32(np.inf)).min(1)
    high = np.where(seen, values, np.float32(-np.inf)).max(1)
    n = np.arange(len(t))
    back = np.minimum((t < t[:, -1:] - _CHANGE_S).sum(1), t.shape[1] - 2)
    now = values[:, -1]
    change = (now - values[n, back]) / np.maximum(t[:, -1] - t[n, back], 1e-6)[:, None] * _CHANGE_S
    moved = np.abs(values[:, 1:] - values[:, :-1])
    pace = np.where(seen[:, 1:] & seen[:, :-1], moved, 0).sum(1) / whole
    out = np.stack([now, mean, spread, low, high, change, pace], axis=1)
    out[:, 1:5] = np.where(enough[:, None], out[:, 1:5], np.nan)
    result: Floats = out.reshape(len(t), -1)
    return result
