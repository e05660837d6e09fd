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
_OFF_M: Final = 0.6
"""A spot is known to so much; whoever came onto it is off it again from here."""
_AWAY_M: Final = 0.8
_NEAR_M, _BESIDE_M = 1.0, 2.5
"""Somebody half hidden seems to stand so far from the spot; whoever comes out from before it is first seen so far off.
"""
_STANDS_S: Final = 0.8
_AT_ONCE_S: Final = 0.6
"""People who really take turns on a spot need longer (a simulated pair that hurries: 1.2 s): bodies need room."""
_BORN_S: Final = 2.5
"""A track that begins on the spot did not walk there: the owner comes to light, after so long at most."""
_FRESH_S: Final = 4.0
_UNSEEN_S: Final = 1.0
_TIMES: Final = 2
"""Of one pair, within ``_FRESH_S``: there and back."""


class Mixups:
    """Watches who comes to whose spot when."""

    def __init__(self) -> None:
        """Nobody has met yet."""
        self._came_s: dict[tuple[int, int], float] = {}
        """(who, whose spot) -> since when on it; only of those who came walking."""
        self._beside_s: dict[tuple[int, int], float] = {}
        """(who, whose spot) -> last seen beside it, a moment ago."""
        self._home_s: dict[int, tuple[float, float]] = {}
        """When the owner was last on the own spot, and when first seen elsewhere after that: unseen in between."""
        self._done: list[tuple[frozenset[int], float]] = []
        """Who was exchanged with whom in the last moments, and when."""

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
            home_s, off_s = self._home_s.get(p.person_id, (-inf, -inf))
            if distance < _ON_M:
                self._home_s[p.person_id] = t_s, t_s
            elif home_s == off_s and distance < inf:
                self._home_s[p.person_id] = home_s, t_s
        unseen = {p.person_id for p in people if 0 < t_s - p.where.t_s <= _UNSEEN_S}
        came = {key: since for key, since in self._came_s.items() if key[0] in unseen}
        out = []
        for i, j in zip(*np.nonzero(np.array(far) < _OFF_M), strict=True):
            who, owner = here[i], owners[j]
            if who is owner:
                continue
            key = (who.person_id, owner.person_id)
            since = self._came_s.get(key)
            if since is None:
                new = who.where.first_s == t_s  # the track was on the spot before it was anybody's
                if far[i][j] >= _ON_M or (t_s - self._beside_s.get(key, -inf) > _UNSEEN_S and not new):
                    continue  # not on it; or stood there before it was anybody's spot
                since = who.first_s if new else t_s
            came[key] = since
            if own_far[j] > _AWAY_M and (
                self._at_once(who, owner, since, t_s) or self._took_over(who, owner, since, here, floor, t_s)
            ):
                out.append((owner.person_id, who.person_id))
        self._came_s = came
        self._beside_s = {key: since for key, since in self._beside_s.items() if t_s - since <= _UNSEEN_S}
        for i, j in zip(*np.nonzero((np.array(far) >= _ON_M) & np.isfinite(far)), strict=True):
            self._beside_s[here[i].person_id, owners[j].person_id] = t_s
        self._done = [(pair, done_s) for pair, done_s in self._done if t_s - done_s <= _FRESH_S]
        lately = [pair for pair, _ in self._done]
        out = [pair for pair in out if lately.count(frozenset(pair)) < _TIMES][:1]
        self._done += [(frozenset(pair), t_s) for pair in out]
        return out

    def exchanged(self, a: int, b: int) -> None:
        """The bodies of two people changed hands: who came from where goes with them, whose a spot is does not.

        Where the trace can be read both ways the two are exchanged back, and then left alone.
        """
        body = {a: b, b: a}
        self._came_s, self._beside_s = (
            {(body.get(who, who), spot): s for (who, spot), s in known.items() if body.get(who, who) != spot}
            for known in (self._came_s, self._beside_s)
        )
        for person_id in body:
            self._home_s.pop(person_id, None)

    def leave(self, a: int, b: int, t_s: float) -> None:
        """Clothes or stature exchanged two people: their walk, which was seen before that, does not undo it."""
        self._done += [(frozenset((a, b)), t_s)] * _TIMES

    def _at_once(self, who: Participant, owner: Participant, since_s: float, t_s: float) -> bool:
        """Whether one came and the other went in the same moment, a moment ago, and the one who came stands now."""
        home_s, off_s = self._home_s.get(owner.person_id, (-inf, -inf))
        apart_s = max(home_s - since_s, since_s - off_s, 0.0)
        at_once_s = _BORN_S if who.first_s == since_s else _AT_ONCE_S
        return t_s - off_s <= _FRESH_S and apart_s <= at_once_s and who.where.still_s >= _STANDS_S

    def _took_over(
        self, who: Participant, owner: Participant, since_s: float, here: Sequence[Participant], floor: Floor,
        t_s: float,
    ) -> bool:  # fmt: skip
        """Whether the owner, hidden on the own spot, came to light under the track of the one who stood before.

        That one walks off in the same moment, as a newcomer beside the spot.
        """
        spot = owner.where.home_px or (0.0, 0.0)
        hidden = t_s - owner.where.t_s > _UNSEEN_S and floor.apart_m(owner.where.seen_px, spot) <= _NEAR_M
        if not hidden or t_s - since_s > _FRESH_S or who.where.still_s < _STANDS_S:
            return False
        return any(
            p is not who and p.provisional and abs(p.first_s - since_s) <= _AT_ONCE_S
            and floor.apart_m(p.where.first_px, spot) <= _BESIDE_M
            for p in here
        )  # fmt: skip
