"""People who passed each other: whether each still has the own body is asked of how tall the bodies are. Pure.

Where two people overlap in the picture a track may go on as the other body, and in one uniform neither boxes nor
clothes tell. How tall a body stands on the floor does, mostly: it is measured anew after a meeting and held against
what was known of the people before it. Until that has spoken, both are in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.records import Floats
from groupcoach.track.evidence import Weights
from groupcoach.track.floor import Floor
from groupcoach.track.membership import Participant
from groupcoach.track.recheck import Recheck, exchanges
from groupcoach.track.stature import Heights, whose

_LOOK_S: Final = 0.2
_BESIDE, _OVER = 0.18, 0.3
"""Trunks overlap: middles so near, in body heights, and boxes that overlap by so much of the lower one's height."""
_HIDDEN_S, _PACES = 0.15, 1.5
"""Who is out of sight and somebody who is, too, or walks, ... so many body heights apart, may have passed each other
behind a third."""
_PARTED_S: Final = 1.5
"""Who was apart for so long meets again."""
_KNOWN_S: Final = 4.0
"""Somebody's stature is known after so long, ..."""
_MEASURED_S: Final = 2.0
"""... a body's is after so long."""
_CHANGES: Final = 1.0
"""Log-odds against, for each body, that a meeting exchanged it."""
_UNCLEAR_S: Final = 8.0
"""So long after a meeting of people whose statures are not known nobody of them is called by name: what they wear has
told an exchange by then, or does not."""
_SURE: Final = 2.0
_AGAIN_S: Final = 0.5
_GIVE_UP_S: Final = 45.0
"""A doubt that nothing has settled by then is dropped."""
_UNSEEN_S: Final = 1.5
_WALKS: Final = 0.1
"""Body heights a second, from which on somebody walks."""
_OUT_S: Final = 1.2
"""Seen again for so long, the direction is known."""
_TURNED: Final = 2.5
"""Log-odds that two who walked towards each other and came back, both, are each other; and against it, of two who went
on."""
_FEW: Final = 5
"""Of more than so many only pairs are asked about."""
_GONE_S: Final = 10.0
"""Not seen for so long, the track does not come back."""


class Meetings:
    """Who met whom, and how tall the bodies are since then; by track, so a body takes its own along."""

    def __init__(self) -> None:
        """Nobody has met yet."""
        self._near_s: dict[tuple[int, int], float] = {}
        self._open: dict[tuple[int, int], float] = {}
        """Pairs whose meeting left a doubt, and when it began."""
        self._paces: dict[tuple[int, int], tuple[list[float], list[float]]] = {}
        """With which they went into it, and with which they came out of it, ..."""
        self._turned: dict[tuple[int, int], float] = {}
        """... and what that says for an exchange, log-odds."""
        self._unclear: dict[int, float] = {}
        """Tracks that met somebody whose stature, or whose own, was not known, and when."""
        self._fresh: dict[int, Heights] = {}
        """What was read of bodies since the last meeting."""
        self._found: dict[tuple[tuple[int, int], ...], float] = {}
        self._looked_s = -1e9

    @property
    def doubted(self) -> set[int]:
        """Tracks whose body may be another's."""
        return {track for pair in self._open for track in pair}

    def step(
        self, everybody: Iterable[Participant], owners: Mapping[int, Participant], dt_s: float, t_s: float
    ) -> None:  # fmt: skip
        """One frame.

        Args:
            everybody: who has a card.
            owners: people by the track that each is now, or was last, without those of whom the instructor has said
                who they are: they are in no doubt.
            dt_s: since the frame before.
            t_s: now.
        """
        if t_s - self._looked_s >= _LOOK_S:
            self._looked_s = t_s
            self._meet(owners, t_s)
        doubted = self.doubted
        for track in doubted & owners.keys():
            where = owners[track].where
            if where.t_s == t_s and where.height_px > 0 and t_s - self._last(track) > _LOOK_S:
                self._fresh.setdefault(track, Heights()).read(where.foot_px, where.height_px, dt_s)
        for pair in list(self._paces):
            self._watch(pair, owners, t_s)
        people = {owners[track].person_id for track in doubted & owners.keys()}
        self._unclear = {track: met_s for track, met_s in self._unclear.items() if t_s - met_s < _UNCLEAR_S}
        unclear = {owners[track].person_id for track in self._unclear.keys() & owners.keys()}
        for person in everybody:
            person.where.doubted = person.person_id in people
            person.where.unclear = person.person_id in unclear

    def decide(
        self, owners: Mapping[int, Participant], recheck: Recheck, floor: Floor, w: Weights, t_s: float
    ) -> list[tuple[int, int]]:  # fmt: skip
        """Pairs of people (by number) to exchange, one after the other: each has the other's body.

        Settled doubts are dropped: where clothes tell the two apart, as soon as one was seen in the own ones again.

        Args:
            owners: people by the track that each is now, or was last.
            recheck: what bodies were seen to wear.
            floor: they stand on.
            w: what stature is worth.
            t_s: now.
        """
        gone = [pair for pair, since in self._open.items() if t_s - since > _GIVE_UP_S
                or any(track not in owners or t_s - owners[track].last_s > _GONE_S for track in pair)]  # fmt: skip
        self._close(gone, owners)
        self._close([(a, b) for a, b in self._open
                     if any(recheck.wears_own(x, owners[x], owners[y], self._last(x)) for x, y in ((a, b), (b, a)))],
                    owners)  # fmt: skip
        out: list[tuple[int, int]] = []
        found: dict[tuple[tuple[int, int], ...], float] = {}
        for group in self._groups(owners):
            best, gain, clear = self._best(group, owners, floor, w)
            if gain > _SURE:
                key = tuple((group[i], group[j]) for i, j in enumerate(best) if i != j)
                found[key] = self._found.get(key, t_s)
                if t_s - found[key] >= _AGAIN_S:
                    who = [owners[track].person_id for track in group]
                    out += exchanges({who[i]: who[j] for i, j in enumerate(best) if i != j})
                    del found[key]
            elif clear > _SURE:
                self._close([p for p in self._open if set(p) <= set(group)], owners)
        self._found = found
        return out

    def exchanged(self, one: Participant, other: Participant) -> None:
        """The tracks of two people are exchanged: what spoke for that speaks against doing it again."""
        a, b = sorted(p.spans[-1][0] if p.spans else -1 for p in (one, other))
        pair = (a, b)
        if pair in self._turned:
            self._turned[pair] = -self._turned[pair]

    def _meet(self, owners: Mapping[int, Participant], t_s: float) -> None:
        tracks = [track for track, person in owners.items() if t_s - person.last_s <= _UNSEEN_S]
        if len(tracks) < 2:
            return
        boxes = np.stack([owners[track].box_xyxy for track in tracks])
        hidden = np.array([t_s - owners[track].last_s > _HIDDEN_S for track in tracks])
        walks = hidden | np.array([abs(owners[track].where.pace) > _WALKS for track in tracks])
        met = _near(boxes, _BESIDE) | (_near(boxes, _PACES) & (hidden[:, None] | hidden) & walks[:, None] & walks)
        for i, j in zip(*np.nonzero(np.triu(met, 1)), strict=True):
            pair = (min(tracks[i], tracks[j]), max(tracks[i], tracks[j]))
            new = t_s - self._near_s.get(pair, -1e9) > _PARTED_S
            self._near_s[pair] = t_s
            if new and not all(owners[track].where.heights.seconds >= _KNOWN_S for track in pair):
                self._unclear |= dict.fromkeys(pair, t_s)
            elif new:
                self._open[pair] = t_s
                self._paces[pair] = [owners[track].where.pace for track in pair], [0.0, 0.0]
                for track in pair:
                    self._fresh.pop(track, None)
        self._near_s = {pair: s for pair, s in self._near_s.items() if t_s - s <= _PARTED_S or pair in self._open}

    def _watch(self, pair: tuple[int, int], owners: Mapping[int, Participant], t_s: float) -> None:
        """Which way two go who met a moment ago."""
        before, after = self._paces[pair]
        apart_s = [t_s - self._last(track) for track in pair]
        for k, track in enumerate(pair):
            if track in owners and owners[track].where.t_s == t_s and abs(owners[track].where.pace) > _WALKS:
                after[k] = owners[track].where.pace
        if min(apart_s) < _OUT_S:
            return
        del self._paces[pair]
        towards = before[0] * before[1] < 0 and min(abs(v) for v in before) > _WALKS
        if towards and all(after):
            turned = [a * b < 0 for a, b in zip(before, after, strict=True)]
            says = (turned[0] == turned[1]) * (_TURNED if turned[0] else -_TURNED)
            self._turned[pair] = self._turned.get(pair, 0.0) + says

    def _best(
        self, group: Sequence[int], owners: Mapping[int, Participant], floor: Floor, w: Weights
    ) -> tuple[list[int], float, float]:  # fmt: skip
        """Whose every body of a group is: for each its person.

        And how much likelier that is than that nothing changed; and how much likelier it is that nothing changed than
        the best that did.
        """
        answers = _answers(len(group))
        odds = whose([owners[t].where.heights for t in group], [self._fresh[t] for t in group], answers, floor, w)
        odds -= odds[0]
        for k, answer in enumerate(answers):
            for i, j in enumerate(answer):
                if i != j:
                    pair = (min(group[i], group[j]), max(group[i], group[j]))
                    odds[k] += self._turned.get(pair, 0.0) / 2 - _CHANGES
        best = int(odds.argmax())
        return answers[best], float(odds[best]), -float(odds[1:].max())

    def _last(self, track: int) -> float:
        """When the body was last beside another that it may be taken for."""
        return max((s for pair, s in self._near_s.items() if track in pair and pair in self._open), default=-1e9)

    def _groups(self, owners: Mapping[int, Participant]) -> list[list[int]]:
        """Bodies that met, directly or by others, and were measured since."""
        groups: list[set[int]] = []
        for pair in self._open:
            if all(t in owners and t in self._fresh and self._fresh[t].seconds >= _MEASURED_S for t in pair):
                joined = [g for g in groups if g & set(pair)]
                groups = [g for g in groups if not g & set(pair)] + [set(pair).union(*joined)]
        return [sorted(group) for group in groups]

    def _close(self, pairs: Iterable[tuple[int, int]], owners: Mapping[int, Participant]) -> None:
        """Nobody is in doubt for these any more; what was measured meanwhile is the owner's."""
        for pair in list(pairs):
            del self._open[pair]
            self._paces.pop(pair, None)
            self._turned.pop(pair, None)
        for track in set(self._fresh) - self.doubted:
            measured = self._fresh.pop(track)
            if track in owners:
                owners[track].where.heights.take(measured)


def _near(boxes: Floats, beside: float) -> NDArray[np.bool_]:
    """(N, N) who are so many body heights beside each other, or less, and in one row or nearly; of (N, 4) xyxy."""
    middle, tall = (boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3] - boxes[:, 1]
    least = np.minimum(tall[:, None], tall[None])
    over = np.minimum(boxes[:, None, 3], boxes[None, :, 3]) - np.maximum(boxes[:, None, 1], boxes[None, :, 1])
    near: NDArray[np.bool_] = (np.abs(middle[:, None] - middle[None]) < beside * least) & (over > _OVER * least)
    return near


def _answers(n: int) -> list[list[int]]:
    """Whose every one of N bodies may be: each the own one's; two exchanged; or, of few, three in a ring."""
    out = [list(range(n))]
    rings: list[tuple[int, ...]] = list(combinations(range(n), 2))
    rings += [ring for a, b, c in combinations(range(n if n <= _FEW else 0), 3) for ring in ((a, b, c), (a, c, b))]
    for ring in rings:
        answer = list(range(n))
        for i, j in zip(ring, (*ring[1:], ring[0]), strict=True):
            answer[i] = j
        out.append(answer)
    return out
