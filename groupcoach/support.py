"""Whether an excursion was a repetition: the votes over its own time, and over its like around it. Pure.

On people who exercise, the first repetition of a set has 0.8 of the votes and more; a gesture that looks like one has
0.5 to 0.65. So a set needs clear votes or company to open, and less to go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from groupcoach.exercises.catalogue import Catalogue
from groupcoach.form import passes_gate
from groupcoach.past import TAIL_S, Past
from groupcoach.reps import Excursion

SURE, LIKELY, POSSIBLE = 0.75, 0.5, 0.15
"""Votes for an excursion: enough to open a set alone; enough within a set, or to open one together with its neighbours;
never below."""
TOGETHER = 0.6
EACH, CROWD = 0.04, 0.42
"""Each more excursion of the same size in a row asks for so much less, down to so little."""
ALIKE = 0.65
"""Of its neighbours' range: what they speak for has to look like them."""
BARELY = 1.5
"""Times the smallest range of an exercise: a first repetition below that waits for the second."""
FAR = 2.0
"""Times the smallest range: so large a movement is none of somebody who stands still."""
STILL = 0.3
"""Of the votes that may be left out for that: where more say so, the network has not looked at this movement."""
NEIGHBOUR_S = 8.0
_SPOKEN = 0.15
"""A rival has so much of the votes: little shares of many are doubt, and doubt speaks for nobody."""
_REMEMBERED = 100
_Key = tuple[str, float, float, float]
_T = TypeVar("_T")


class Support:
    """What speaks for the excursions of one person."""

    def __init__(self, catalogue: Catalogue, columns: Mapping[str, int], past: Past) -> None:
        """Args: catalogue: the exercises; columns: of the votes; past: of the person."""
        self._catalogue, self._columns, self._past = catalogue, columns, past
        self._gated = [
            (columns[d.id], d) for d in catalogue.counted if d.id in columns and (d.gate or d.turn or d.moves)
        ]
        self._still = columns.get("stand")
        self.recent: deque[tuple[str, Excursion]] = deque(maxlen=40)
        self._final: dict[_Key, float] = {}
        self._can: dict[_Key, bool] = {}

    def note(self, name: str, e: Excursion) -> None:
        """An excursion that was no half one: it is company for its neighbours."""
        self.recent.append((name, e))

    def of(self, name: str, e: Excursion) -> float:
        """Share of the votes, of those for movements that it can have been.

        A vote for an exercise whose own gate the excursion does not pass (a jumping jack with feet that stay where they
        are) is a vote for nothing: the classifier sees averages of two seconds, the gate this very movement.
        """
        return self._remembered(self._final, name, e, self._weigh)

    def _remembered(self, known: dict[_Key, _T], name: str, e: Excursion, ask: Callable[[str, Excursion], _T]) -> _T:
        """What was found out about an excursion, once nothing more comes to it."""
        key = (name, e.start_s, e.turn_s, e.end_s)
        if key in known:
            return known[key]
        answer = ask(name, e)
        if self._past.t_s is not None and self._past.t_s > e.end_s + TAIL_S:  # no more votes come
            if len(known) > _REMEMBERED:
                known.clear()
            known[key] = answer
        return answer

    def _can_be(self, name: str, e: Excursion) -> bool:
        """Whether the definition's gates let it be a repetition."""
        return passes_gate(self._catalogue.get(name), self._past.movement(e), e.turn_s)

    def _weigh(self, name: str, e: Excursion) -> float:
        votes = self._past.votes(e)
        if votes is None:
            return 0.0
        mine = float(votes[self._columns[name]])
        if mine < POSSIBLE / 2:
            return mine
        refuted = 0.0
        if self._still is not None and e.range_deg >= FAR * self._catalogue.get(name).count.min_range_deg:
            refuted = min(float(votes[self._still]), STILL)  # whoever moves so far does not stand still
        spoken = [(float(votes[k]), d) for k, d in self._gated if d.id != name and votes[k] >= _SPOKEN]
        if spoken:
            span = self._past.movement(e)
            refuted += sum(share for share, d in spoken if not passes_gate(d, span, e.turn_s))
        return mine / max(1.0 - refuted, mine)

    def may_be(self, name: str, e: Excursion) -> bool:
        """Whether there are, or may still come, votes enough for a repetition."""
        return self.of(name, e) >= POSSIBLE or self._past.t_s is None or self._past.t_s <= e.end_s + TAIL_S

    def is_rep(self, name: str, e: Excursion, support: float, set_goes_on: bool) -> bool:
        """Whether the votes make an excursion a repetition."""
        if support >= SURE:
            return True
        if support < POSSIBLE:
            return False
        around, best, usual_deg, others = self.neighbourhood(name, e)
        # the more excursions alike in a row, the less it can be a gesture
        wanted = max(CROWD, TOGETHER - EACH * max(0, others - 1))
        if set_goes_on or best >= SURE:
            enough = around >= min(LIKELY, wanted)
            return support >= LIKELY or (enough and e.range_deg >= ALIKE * usual_deg)
        return support >= min(LIKELY, wanted) and around >= wanted

    def company(self, name: str, e: Excursion, set_goes_on: bool) -> bool | None:
        """Whether the first excursion of a set, when only just large enough, is like the next one; None = none yet.

        A step into place bends a knee, too. When the person's own range is known it is counted after all, or not.
        """
        if set_goes_on or e.range_deg >= BARELY * self._catalogue.get(name).count.min_range_deg:
            return True
        later = [o.range_deg for n, o in self.recent if n == name and o.turn_s > e.turn_s]
        return e.range_deg >= ALIKE * max(later) if later else None

    def neighbourhood(self, name: str, e: Excursion) -> tuple[float, float, float, int]:
        """Excursions of one exercise around this one: mean support with it, the others' best, range, how many alike.

        Repetitions come in sets of their like; a movement between them that can be none (weights set down) is no
        witness for or against them.
        """
        around = [
            (other, self.of(name, other)) for n, other in self.recent
            if n == name and abs(other.turn_s - e.turn_s) <= NEIGHBOUR_S and self._past.covers(other)
            and (other is e or self._remembered(self._can, name, other, self._can_be))
        ]  # fmt: skip
        others = [(other, s) for other, s in around if other is not e]
        if not others:
            return 0.0, 0.0, 0.0, 0
        usual_deg = float(np.median([other.range_deg for other, _ in others]))
        alike = sum(ALIKE * usual_deg <= o.range_deg <= usual_deg / ALIKE for o, _ in others)
        return sum(s for _, s in around) / len(around), max(s for _, s in others), usual_deg, alike
