"""Time spent per stage, and the pace of a class. Wall time stays in here and in ``engine.py``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

STAGES = ("detect", "track", "landmarks", "mesh", "classify", "reps")
BESIDE = ("networks", "latency", "end_to_end")
"""Of a whole frame: what the picture networks took inside ``detect`` and ``landmarks``, the time worked on it, and from
its capture until it was shown (only where time passes by itself)."""
_KEPT = 20_000


class Stopwatch:
    """Milliseconds per stage and frame; memory bounded by the last 20,000 frames."""

    def __init__(self) -> None:
        """No stage has run."""
        names = (*STAGES, *BESIDE)
        # rings of plain numbers: as objects a class of an hour would hold six megabytes of them
        self._ms, self._came = {name: np.zeros(_KEPT) for name in names}, dict.fromkeys(names, 0)
        self.last: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.perf_counter()
        yield
        self.add(name, 1000 * (time.perf_counter() - start))

    def add(self, name: str, ms: float) -> None:
        """Note a time measured elsewhere."""
        self._ms[name][self._came[name] % _KEPT] = ms
        self._came[name] += 1
        self.last[name] = ms

    def percentiles(self) -> dict[str, dict[str, float]]:
        """``{stage: {"p50": ms, "p95": ms, "mean": ms}}`` of the stages that ran."""
        out = {}
        for name, ring in self._ms.items():
            values = ring[: self._came[name]]
            if len(values):
                p50, p95 = np.percentile(values, [50, 95])
                out[name] = {"p50": round(float(p50), 2), "p95": round(float(p95), 2),
                             "mean": round(float(np.mean(values)), 2)}  # fmt: skip
        return out
