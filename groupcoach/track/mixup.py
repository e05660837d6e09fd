"""Two tracks that changed bodies where people met: who stood goes on standing, who walked goes on walking. Pure.

A tracker that takes two people in the same clothes for each other leaves a trace on the floor: from one frame to the
next the walker's track is on the very spot of somebody who has been standing there, and that one's track walks off.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Final

import numpy as np

from groupcoach.track.floor import Floor

if TYPE_CHECKING:
    from groupcoach.track.membership import Participant

_ON_M: Final = 0.3
_AWAY_M: Final = 0.8
_STANDS_S: Final = 0.8
_AT_ONCE_S: Final = 0.6
"""People who really take turns on a spot need longer (a simulated pair that hurries: 1.2 s): bodies need room."""
_FRESH_S: Final = 4.0


class Mixups:
    """Watches who comes to whose spot when."""

    def __init__(self) -> None:
        """Nobody has met yet."""
        self._came_s: dict[tuple[int, int], float] = {}
        """(who, whose spot) -> since when on it; only of those who came walking."""
        self._home_s: dict[int, float] = {}
        """When the owner was last on the own spot."""

    def step(self, people: Sequence[Participant], floor: Floor, t_s: float) -> list[tuple[int, int]]:
        """Pairs (owner, walker) of people whose tracks have to be exchanged."""
        owners = [p for p in people if p.where.home_px is not None]
        here = [p for p in people if p.where.t_s == t_s]
        if not owners or not here:
            return []
        spots = [(p.where.home_px or (0.0, 0.0), floor.body_at(*(p.where.home_px or (0.0, 0.0)))) for p in owners]
        far = [
            # most are a body's height or more apart in the picture: no need to measure that
            [inf if abs(who.where.seen_px[0] - spot[0]) > body else floor.apart_m(who.where.seen_px, spot, least=0.7)
             for spot, body in spots] for who in here
        ]  # fmt: skip
        row = {p.person_id: i for i, p in enumerate(here)}
        own_far = [far[row[p.person_id]][j] if p.person_id in row else inf for j, p in enumerate(owners)]
        for p, distance in zip(owners, own_far, strict=True):
            if distance < _ON_M:
                self._home_s[p.person_id] = t_s
        came = {}
        out = []
        for i, j in zip(*np.nonzero(np.array(far) < _ON_M), strict=True):
            who, owner = here[i], owners[j]
            if who is owner:
                continue
            key = (who.person_id, owner.person_id)
            since = self._came_s.get(key)
            if since is None and who.where.still_s > 0.5:
                continue  # stood there before it was anybody's spot
            came[key] = since = t_s if since is None else since
            if own_far[j] > _AWAY_M and self._at_once(who, owner, since, t_s):
                out.append((owner.person_id, who.person_id))
        self._came_s = came
        for pair in out:
            for person_id in pair:
                self._home_s.pop(person_id, None)
            self._came_s = {k: v for k, v in self._came_s.items() if not set(k) & set(pair)}
        return out[:1]

    def _at_once(self, who: Participant, owner: Participant, since_s: float, t_s: float) -> bool:
        """Whether one came and the other went in the same moment, a moment ago, and the one who came stands now."""
        left_s = self._home_s.get(owner.person_id, -inf)
        recent = t_s - left_s <= _FRESH_S and abs(since_s - left_s) <= _AT_ONCE_S
        return recent and who.where.still_s >= _STANDS_S
