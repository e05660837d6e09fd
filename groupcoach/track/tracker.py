"""Bodies followed from frame to frame: Kalman prediction, assignment in two passes, confirmed and lost states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from groupcoach.detect.suppress import iou_matrix
from groupcoach.errors import DataError
from groupcoach.records import Floats, Observations, Track, TrackState
from groupcoach.track.assign import assign, match_cost
from groupcoach.track.kalman import BoxFilter


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """All numbers of the tracker; times in seconds, scores 0 to 1."""

    high_score: float = 0.45
    """Boxes from here on are matched first."""
    birth_score: float = 0.2
    """Only such a box starts a track."""
    sure_score: float = 0.45
    """A young track whose scores average less needs a second opinion (``Tracker.vouch``) to be confirmed."""
    vouchers: int = 3
    doubtful_s: float = 1.0
    """... and this time instead of ``confirm_s``."""
    confirm_s: float = 0.4
    """A track counts once seen over this time ..."""
    confirm_share: float = 0.7
    """... in at least this share of the frames."""
    forget_s: float = 2.0
    """A confirmed track not seen for so long ends; the person may come back under a new track (``identity.py``)."""
    forget_tentative_s: float = 0.4
    first_limit: float = 0.9
    second_limit: float = 0.6
    buffer: float = 0.15
    shadow_iou: float = 0.75
    """A young track lying so much on an older one is a second box of the same body."""


@dataclass(slots=True)
class _Body:
    track_id: int
    filter: BoxFilter
    last_box: Floats
    born_s: float
    seen_s: float
    hits: int = 1
    frames: int = 1
    confirmed: bool = False
    row: int | None = 0
    """Row of the observation in this frame."""
    score_sum: float = 0.0
    vouched: int = 0


class Tracker:
    """Observations in, tracks out. IDs count from 1 and are never reused."""

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        """Start with an empty room."""
        self.settings = settings or TrackerSettings()
        self._bodies: list[_Body] = []
        self._next_id = 1
        self._t_s: float | None = None

    def step(self, obs: Observations, t_s: float) -> list[Track]:
        """All living tracks after this frame, oldest first.

        Raises:
            DataError: time does not move on, or a box has NaN or negative size.
        """
        if self._t_s is not None and not t_s > self._t_s:
            raise DataError(f"Tracker.step: time must move on, got {t_s} s after {self._t_s} s.")
        boxes = obs.boxes_xyxy
        if len(boxes) and not (np.isfinite(boxes).all() and (boxes[:, 2:] >= boxes[:, :2]).all()):
            raise DataError("Tracker.step: boxes must be finite with x1 <= x2 and y1 <= y2.")
        dt = 0.0 if self._t_s is None else t_s - self._t_s
        self._t_s = t_s
        for body in self._bodies:
            body.row = None
            body.frames += 1
            if t_s - body.seen_s > 0.6:
                body.filter.rest()
            body.filter.predict(dt)
        self._match(obs, t_s)
        self._end(t_s)
        return [self._as_track(b) for b in self._bodies]

    def vouch(self, track_id: int) -> None:
        """Another network sees a body in this young track's box too."""
        for body in self._bodies:
            if body.track_id == track_id:
                body.vouched += 1

    def doubtful(self) -> set[int]:
        """Young tracks that only a second opinion can confirm."""
        return {b.track_id for b in self._bodies if not b.confirmed and b.row is not None and not self._is_sure(b)}

    def _is_sure(self, body: _Body) -> bool:
        return body.score_sum >= self.settings.sure_score * body.hits

    def _match(self, obs: Observations, t_s: float) -> None:
        s = self.settings
        high = np.flatnonzero(obs.scores >= s.high_score)
        low = np.flatnonzero(obs.scores < s.high_score)
        # confirmed tracks choose first, so that a flicker cannot take an old body's box
        confirmed = [b for b in self._bodies if b.confirmed]
        tentative = [b for b in self._bodies if not b.confirmed]
        left, free = self._pass(confirmed, obs, high, t_s, s.first_limit)
        _, rest = self._pass(left, obs, low, t_s, s.second_limit)
        _, free = self._pass(tentative, obs, np.sort(np.concatenate([free, rest])), t_s, s.first_limit)
        taken = [b.row for b in self._bodies if b.row is not None]
        for row in free:
            if obs.scores[row] < s.birth_score:
                continue
            box = obs.boxes_xyxy[row]
            if taken and iou_matrix(box[None], obs.boxes_xyxy[taken]).max() > s.shadow_iou:
                continue
            self._bodies.append(_Body(
                self._next_id, BoxFilter(box), box.copy(), t_s, t_s, row=int(row), score_sum=float(obs.scores[row])
            ))  # fmt: skip
            self._next_id += 1

    def _pass(
        self, bodies: list[_Body], obs: Observations, rows: np.ndarray, t_s: float, limit: float
    ) -> tuple[list[_Body], np.ndarray]:
        if not bodies or not len(rows):
            return bodies, rows
        cost = match_cost(
            np.stack([b.filter.box for b in bodies]), np.stack([b.last_box for b in bodies]),
            np.array([t_s - b.seen_s for b in bodies]), obs.boxes_xyxy[rows], buffer=self.settings.buffer,
        )  # fmt: skip
        pairs, lone, free = assign(cost, limit)
        for i, j in pairs:
            body, row = bodies[i], int(rows[j])
            body.filter.update(obs.boxes_xyxy[row], float(obs.scores[row]))
            body.last_box = obs.boxes_xyxy[row].copy()
            body.seen_s, body.row = t_s, row
            body.hits += 1
            body.score_sum += float(obs.scores[row])
        return [bodies[i] for i in lone], rows[free]

    def _end(self, t_s: float) -> None:
        s = self.settings
        kept = []
        for body in self._bodies:
            if not body.confirmed and body.row is not None:
                sure = self._is_sure(body)
                if t_s - body.born_s >= (s.confirm_s if sure else s.doubtful_s):
                    often = body.hits >= s.confirm_share * body.frames
                    body.confirmed = often and (sure or body.vouched >= s.vouchers)
            gone = t_s - body.seen_s
            if gone <= (s.forget_s if body.confirmed else s.forget_tentative_s):
                kept.append(body)
        self._bodies = kept

    @staticmethod
    def _as_track(body: _Body) -> Track:
        if not body.confirmed:
            state = TrackState.TENTATIVE
        else:
            state = TrackState.LOST if body.row is None else TrackState.CONFIRMED
        return Track(
            body.track_id, body.filter.box, body.filter.velocity, state, body.born_s, body.seen_s, body.row
        )  # fmt: skip
