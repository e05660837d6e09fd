"""What every counted exercise is made of: a maker, its repetitions, and the faults that were ordered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.stance import FaultSpan, Part, Person
from groupcoach.simulate.tempo import Tempo

Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator
#: Fault code -> share of the repetitions that show it.
Faults = Mapping[str, float]
#: Fault code -> (N,) whether a repetition shows it.
Wrong = Mapping[str, NDArray[np.bool_]]
#: (person, chance, seconds, most repetitions, faults) -> the part.
Maker = Callable[[Person, Rng, float, "int | None", Faults], Part]


def finish(name: str, tempo: Tempo, rows: Any, wrong: Wrong, *, side: str = "both", entry: str = "step",
           sides: Mapping[str, Sequence[str]] | None = None) -> Part:  # fmt: skip
    """The part of a set: its repetitions end as the tempo says, its faults span whole repetitions.

    Args:
        name: The exercise.
        tempo: The clock.
        rows: Function (T,) seconds -> Pose.
        wrong: Which repetitions show which fault.
        side: Of the faults: ``left``, ``right`` or ``both``.
        entry: How one gets there from standing.
        sides: Fault code -> (N,) side of each repetition, for one-sided faults.
    """
    named = sides or {}
    spans = tuple(
        FaultSpan(
            code, str(named[code][int(i)]) if code in named else side, float(tempo.start_s[i]), float(tempo.end_s[i])
        )
        for code, hit in wrong.items()
        for i in np.flatnonzero(hit)
    )
    first = float(tempo.start_s[0]) if len(tempo) else 0.0
    return Part(name, tempo.duration_s, rows, tuple(float(e) for e in tempo.end_s), spans, first, entry=entry)


def draw_wrong(
    rng: Rng, faults: Faults, n: int, codes: tuple[str, ...], quick: NDArray[np.bool_] | None = None
) -> dict[str, NDArray[np.bool_]]:
    """Which repetitions show which fault: the asked share (at least one), spread by chance, one fault in each.

    Args:
        rng: Source of chance.
        faults: What was ordered.
        n: Number of repetitions.
        codes: Faults this exercise can show, ``too_fast`` not among them.
        quick: (N,) ``Tempo.quick``: those repetitions have their fault already; they come back as ``too_fast``.
    """
    out = {}
    order = rng.permutation(n)
    if quick is not None:
        order = order[~quick[order]]
    for code in codes:
        hit = np.zeros(n, dtype=bool)
        share = faults.get(code, 0.0)
        many = min(len(order), max(1, round(share * n))) if share > 0 else 0
        hit[order[:many]] = True
        order = order[many:]
        out[code] = hit
    if quick is not None:
        out["too_fast"] = quick
    return out


def ranges(tempo: Tempo, wrong: Wrong) -> Floats:
    """(max(N, 1),) share of the usual range: less when tired, whole where a fault has to show."""
    if not len(tempo):
        return np.ones(1)
    return np.where(np.any(list(wrong.values()), axis=0), 1.0, tempo.reach)


def usual_or(rng: Rng, usual: Any, hit: NDArray[np.bool_], low: float, high: float) -> Floats:
    """(max(N, 1),) a value per repetition: ``usual`` (one or that many), where ``hit`` one of ``low`` to ``high``."""
    n = max(len(hit), 1)
    return np.where(np.resize(hit, n) if len(hit) else False, rng.uniform(low, high, n), usual)
