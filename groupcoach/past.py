"""The last seconds of one person's readings, and what can be asked of a stretch of them. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf

import numpy as np

from groupcoach.form import Span
from groupcoach.machines import Row
from groupcoach.records import Floats
from groupcoach.reps import Excursion

HISTORY_S = 15.0
TAIL_S = 0.6
"""A classifier's window looks back, so its votes lag."""
_LEAD_S = 0.5
_AFTER_S = 0.15
"""So much of the time after a repetition is looked at as well."""
_WALK = 0.3
"""Shares of the body's size that the hips may move across the picture within a repetition."""


class Past:
    """Rows of one person, the newest last."""

    def __init__(self, classes: Sequence[str]) -> None:
        """Nothing was seen. Args: classes: of the classifier's votes."""
        self.rows: deque[Row] = deque()
        self._none = np.zeros(len(classes))

    @property
    def t_s(self) -> float | None:
        """Time of the newest row."""
        return self.rows[-1].t_s if self.rows else None

    def push(
        self, t_s: float, deg: Floats, sigma_deg: Floats, values: Floats, sigma: Floats, view: str,
        votes: Floats | None, place: tuple[float, float] | None,
    ) -> None:  # fmt: skip
        """Add one frame (fields of ``Row``); what is older than ``HISTORY_S`` is forgotten."""
        self.add(Row(t_s, deg, sigma_deg, values, sigma, view, self._none if votes is None else votes, place))

    def add(self, row: Row) -> None:
        """``push`` of a row that is made already; votes of nothing but zeros are none."""
        rows = self.rows
        if not row.votes.any():
            row.votes = self._none
        rows.append(row)
        while rows[0].t_s < row.t_s - HISTORY_S:
            rows.popleft()

    def covers(self, e: Excursion) -> bool:
        """Whether the whole excursion is still remembered."""
        return bool(self.rows) and e.start_s >= self.rows[0].t_s

    def between(self, start_s: float, end_s: float) -> list[Row]:
        """Rows of a stretch of time, in order; the past is long and what is asked for is mostly recent."""
        out = []
        for row in reversed(self.rows):
            if row.t_s < start_s:
                break
            if row.t_s <= end_s:
                out.append(row)
        return out[::-1]

    def since(self, start_s: float) -> list[Row]:
        """Rows from just before a movement that began then until now: they show from where it began."""
        return self.between(start_s - _LEAD_S, inf)

    def votes(self, e: Excursion) -> Floats | None:
        """(C,) mean vote over an excursion and a moment after it; None where nobody voted."""
        votes = [r.votes for r in self.between(e.start_s, e.end_s + TAIL_S) if r.votes is not self._none]
        # the second half counts: at the start the window still shows what was before
        late = votes[len(votes) // 3 :]
        if not late:
            return None
        result: Floats = np.mean(late, axis=0)
        return result

    def span(self, start_s: float, end_s: float) -> Span:
        """What was measured over a stretch of time."""
        rows = self.between(start_s, end_s)
        return Span(
            np.array([r.t_s for r in rows]), np.stack([r.values for r in rows]), np.stack([r.sigma for r in rows]),
            np.stack([r.deg for r in rows]), [r.view for r in rows], np.stack([r.sigma_deg for r in rows]),
        )  # fmt: skip

    def movement(self, e: Excursion) -> Span:
        """What was measured over an excursion and just after it."""
        return self.span(e.start_s, e.end_s + _AFTER_S)

    def walks(self, e: Excursion) -> bool:
        """Whether the body went elsewhere meanwhile: somebody who walks by swings arms and bends knees, too."""
        at = [r.place for r in self.between(e.start_s, e.end_s) if r.place is not None]
        if len(at) < 2:
            return False
        third = max(1, len(at) // 4)
        x, size = np.array([p[0] for p in at]), np.array([p[1] for p in at])
        return bool(abs(np.median(x[-third:]) - np.median(x[:third])) > _WALK * np.median(size))
