"""People who are taken for each other although they wear different things: found out while both are in sight. Pure.

A track may change bodies where two people overlap, and nothing in its boxes tells. What was seen of each body in the
last seconds is therefore held against what everybody has worn so far; of people in one uniform that says nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from groupcoach.records import Floats
from groupcoach.track.appearance import unlike_all, unlikeness
from groupcoach.track.evidence import Weights, clothes
from groupcoach.track.explanation import TOGETHER_S
from groupcoach.track.membership import Participant

KNOWN_LOOKS: Final = 5
"""From so many looks on it is known what somebody wears."""
_LOOKS, _RECENT_S = 3, 8.0
"""A body is judged by so many looks, none older than that."""
_STAYS: Final = 2.0
"""Log-odds, for each, that a body followed so far is still the same one."""
_MISFIT: Final = -1.0
"""A body whose clothes say less than this for its owner is perhaps another's."""
_OTHER, _BETTER, _FITS = 0.5, 0.15, 0.45
"""Hellinger distances: of what different people wear; by how much nearer a body is to another than to its owner; and of
a newcomer's clothes to those of the person that it is."""
_NEVER: Final = -1e3
_SURE: Final = 2.5
_AGAIN_S: Final = 1.0
"""What was found has to be found again so much later."""


class Recheck:
    """Keeps the last looks at every body."""

    def __init__(self) -> None:
        """Nobody was looked at yet."""
        self._looks: dict[int, deque[tuple[float, Floats]]] = {}
        self._found: dict[tuple[int, ...], float] = {}

    def look(self, track_id: int, colours: Floats, t_s: float) -> None:
        """What a body wears (parts, colours), seen with nobody before it."""
        self._looks.setdefault(track_id, deque(maxlen=_LOOKS)).append((t_s, colours))

    def wears_own(self, track_id: int, person: Participant, other: Participant, since_s: float) -> bool:
        """Whether a body was seen since then in clothes that its owner wears, and the other does not."""
        looks = [colours for at_s, colours in self._looks.get(track_id, ()) if at_s > since_s]
        if not looks or person.colours is None or other.colours is None:
            return False
        now = _mean(looks)
        mine, theirs = unlikeness(now, person.colours), unlikeness(now, other.colours)
        apart = unlikeness(person.colours, other.colours)
        known = min(person.looks, other.looks) >= KNOWN_LOOKS
        return known and mine < _FITS and apart > _OTHER and theirs > mine + _BETTER

    def step(
        self, here: Mapping[int, Participant], missing: Sequence[Participant], w: Weights, t_s: float
    ) -> list[tuple[int, int]]:  # fmt: skip
        """Pairs (a, b), one after the other: the body that a has is b's, and b's, where b has one, goes to a.

        Only bodies that do not look like their owner are asked about, and newcomers beside them.

        Args:
            here: people in sight, by track.
            missing: people who are not in sight.
            w: what clothes are worth.
            t_s: now.
        """
        self._looks = {k: looks for k, looks in self._looks.items() if t_s - looks[-1][0] <= _RECENT_S}
        gone_s = min((p.last_s for p in missing), default=inf)
        tracks, people, now, new = [], [], [], []
        for track_id, person in here.items():
            looks = [colours for at_s, colours in self._looks.get(track_id, ()) if t_s - at_s <= _RECENT_S]
            newcomer = person.provisional and person.first_s > gone_s - TOGETHER_S
            if len(looks) == _LOOKS and person.colours is not None and (newcomer or person.looks >= KNOWN_LOOKS):
                tracks.append(track_id)
                people.append(person)
                now.append(_mean(looks))
                new.append(newcomer)
        if not people:
            return []
        lost = [p for p in missing if p.colours is not None and p.looks >= KNOWN_LOOKS]
        worn = np.stack([p.colours for p in [*people, *lost] if p.colours is not None])
        best, gain = _best(np.stack(now), worn, np.array(new + [False] * len(lost)), w)
        every = [p.person_id for p in [*people, *lost]]
        found: dict[tuple[int, ...], float] = {}
        for group in _groups(best):
            if sum(gain[i] for i in group) < _SURE:
                continue
            key = tuple(every[i] for i in group)
            found[key] = self._found.get(key, t_s)
            if t_s - found[key] >= _AGAIN_S:
                for i in group:
                    del self._looks[tracks[i]]
                self._found = {}
                return exchanges({every[i]: every[best[i]] for i in group})
        self._found = found
        return []


def _best(now: Floats, worn: Floats, new: NDArray[np.bool_], w: Weights) -> tuple[list[int], list[float]]:
    """Whose every body is by the clothes, and how much more that is likely, for each, than that nothing changed.

    Args:
        now: (N, parts, colours) of the bodies.
        worn: (M, parts, colours) so far of their N owners, and after them of those who are missing.
        new: (M,) who may be one of the missing.
        w: what clothes are worth.
    """
    n, m = len(now), len(worn)
    among = unlike_all(worn[~new], worn[~new])[np.triu_indices(int((~new).sum()), 1)]
    among = among[np.isfinite(among)]
    unlike, apart = unlike_all(now, worn), unlike_all(worn, worn)[:n]
    odds = np.array([[clothes(float(d), among, w) for d in row] for row in unlike])
    mine = unlike[np.arange(n), np.arange(n)][:, None]
    # in one uniform a strange look is a bad look: another's clothes have to be other clothes, and to fit better
    fits = np.where(new[:n, None], unlike < _FITS, (apart > _OTHER) & (unlike < mine - _BETTER))
    odds[~fits] = _NEVER
    odds[:, new] = np.where(mine > _OTHER, 0.0, _NEVER)  # a newcomer may wear anything
    odds[np.ix_(new[:n], np.arange(m) >= n)] = _NEVER  # that is decided by more than clothes
    own = np.array([0.0 if new[i] else clothes(float(mine[i, 0]), among, w) + _STAYS for i in range(n)])
    odds[np.arange(n), np.arange(n)] = own
    asked = np.flatnonzero(new[:n] | (own < _MISFIT + _STAYS))
    best = list(range(n))
    if (own[asked] < _MISFIT + _STAYS).any():
        columns = np.concatenate([asked, np.arange(n, m)])
        rows, chosen = linear_sum_assignment(odds[np.ix_(asked, columns)], maximize=True)
        for i, j in zip(asked[rows].tolist(), columns[chosen].tolist(), strict=True):
            best[i] = j
    return best, [float(odds[i, j] - own[i]) for i, j in enumerate(best)]


def _mean(looks: Sequence[Floats]) -> Floats:
    """Of those looks that saw a part."""
    stack = np.stack(looks)
    known = np.isfinite(stack)
    total = np.where(known, stack, 0.0).sum(0)
    result: Floats = np.where(known.any(0), total / np.maximum(known.sum(0), 1), np.nan)
    return result


def _groups(best: Sequence[int]) -> list[list[int]]:
    """Bodies that change hands together: rings, and chains that end with somebody who had no body."""
    after = {i: j for i, j in enumerate(best) if i != j}
    out: list[list[int]] = []
    starts = [i for i in after if i not in after.values()]
    for start in [*starts, *after]:
        group, i = [], start
        while i in after:
            group.append(i)
            i = after.pop(i)
        if group:
            out.append(group)
    return out


def exchanges(is_really: dict[int, int]) -> list[tuple[int, int]]:
    """Pairs to exchange, in order, until every body is with its person; ``is_really``: whose body each one has."""
    out: list[tuple[int, int]] = []
    left = dict(is_really)
    while ends := [i for i, j in left.items() if j not in left]:  # of chains, from the end
        out += [(i, left.pop(i)) for i in ends]
    for person in list(left):
        while left[person] != person:
            other = left[person]
            out.append((person, other))
            left[person], left[other] = left[other], other
    return out
