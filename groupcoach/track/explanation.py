"""Newcomers as missing people: the evidence for every pair, and the best joint explanation. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from groupcoach.records import Floats
from groupcoach.track.appearance import unlike_all
from groupcoach.track.evidence import Weights, clothes, of_places, shape
from groupcoach.track.floor import Floor
from groupcoach.track.membership import Participant
from groupcoach.track.stature import same_body

TOGETHER_S = 0.7
"""Two who were seen at once for longer are two people."""
_NEVER = -1e6


def may_be(person: Participant, known: Participant) -> bool:
    """Whether a newcomer may be somebody who was there before, by when the two were seen."""
    together = known.last_s - person.where.first_s > TOGETHER_S
    return person is not known and person.first_s >= known.first_s and not together


def evidence_of(
    new: Sequence[Participant], missing: Sequence[Participant], people: Sequence[Participant], floor: Floor, w: Weights,
    *, returns: float,
) -> list[list[dict[str, float]]]:  # fmt: skip
    """Log-odds by cue of every newcomer being every missing person.

    Args:
        new: newcomers (rows).
        missing: missing people (columns).
        people: everybody; how unlike their clothes are says what clothes are worth here.
        floor: of the room.
        w: weights of the cues.
        returns: log-odds beforehand that a newcomer is a certain missing person.
    """
    nothing = np.full((3, 1), np.nan)

    def worn(some: Sequence[Participant]) -> Floats:
        known = [p.colours for p in some if p.colours is not None]
        blank = np.full_like(known[0], np.nan) if known else nothing
        return np.stack([blank if p.colours is None else p.colours for p in some])

    everybody = [p for p in people if not p.provisional and p.colours is not None]
    among: Floats = np.zeros(0)
    if len(everybody) > 1:
        among = unlike_all(worn(everybody), worn(everybody))[np.triu_indices(len(everybody), 1)]
        among = among[np.isfinite(among)]
    both = worn([*new, *missing])
    unlike = unlike_all(both[: len(new)], both[len(new) :])
    # a hasty look is unlike everything: what it is worth is seen on those in sight, who are surely somebody else
    here = [p for p in everybody if all(p is not m for m in missing)]
    strangers = unlike_all(both, worn(here)) if here else np.zeros((len(both), 0))
    began_s = min(p.first_s for p in people)
    out = []
    for i, person in enumerate(new):
        row = []
        for j, known in enumerate(missing):
            if not may_be(person, known):
                row.append({"together": _NEVER})
                continue
            cues = of_places(person.where, known.where, floor, w, began_s)
            cues["clothes"] = clothes(float(unlike[i, j]), among, w, strangers=(strangers[i], strangers[len(new) + j]))
            cues["body"] = (same_body(person.where.heights, known.where.heights, floor, w)
                            or shape(person.betas, known.betas, w))  # fmt: skip
            row.append(cues | {"returns": returns})
        out.append(row)
    return out


def best_pairs(odds: Floats) -> list[tuple[int, int, float]]:
    """The best joint explanation of newcomers (rows) as missing people (columns), and by how much each pair leads.

    Args:
        odds: (N, M) log-odds against being somebody new.

    Returns:
        (row, column, lead): lead is how much worse the best explanation without that pair is.
    """
    n, m = odds.shape
    # a column of zeros for every row: somebody new
    table = np.concatenate([odds, np.full((n, n), _NEVER)], axis=1)
    table[np.arange(n), m + np.arange(n)] = 0.0

    def solve(t: Floats) -> tuple[float, list[tuple[int, int]]]:
        rows, columns = linear_sum_assignment(t, maximize=True)
        return float(t[rows, columns].sum()), [(int(i), int(j)) for i, j in zip(rows, columns, strict=True)]

    best, pairs = solve(table)
    out = []
    for i, j in pairs:
        if j < m:
            without = table.copy()
            without[i, j] = _NEVER
            out.append((i, j, best - solve(without)[0]))
    return out
