"""Bodies followed from frame to frame: prediction, assignment in passes, confirmed and lost states, a long memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, hypot

import numpy as np

from groupcoach.detect.suppress import iou_matrix
from groupcoach.errors import DataError
from groupcoach.records import Floats, Observations, Track, TrackState
from groupcoach.track.assign import Known, assign, match_cost
from groupcoach.track.kalman import BoxFilter
from groupcoach.track.settings import TrackerSettings

__all__ = ["Tracker", "TrackerSettings"]
_EPS_S = 1e-9


@dataclass(slots=True)
class _Body:
    track_id: int
    filter: BoxFilter
    first_box: Floats
    last_box: Floats
    expected: Floats
    """Where the filter puts the box in this frame, before it is looked at."""
    born_s: float
    seen_s: float
    height: float
    score: float
    score_sum: float
    hits: int = 1
    frames: int = 1
    confirmed: bool = False
    row: int | None = 0
    """Row of the observation in this frame."""
    vouched: int = 0
    found_s: float = -1e9
    """When the detector last saw it; ``seen_s``: when anything did."""


class Tracker:
    """Observations in, tracks out. IDs count from 1 and are never given to somebody else."""

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
        if self._t_s is None:  # of an earlier run: whoever stood there may have moved a little
            for body in self._bodies:
                body.born_s = body.seen_s = t_s - self.settings.spread_s
        # rounded, so that a camera's steady beat is one step and not many
        dt = 0.0 if self._t_s is None else round(t_s - self._t_s, 6)
        self._t_s = t_s
        fade = exp(-dt / self.settings.coast_s)
        for body in self._bodies:
            if body.row is None:
                body.filter.slow_down(fade)
            body.row = None
            body.frames += 1
            body.expected = body.filter.predict(dt)
        self._match(obs, t_s)
        self._confirm(t_s)
        s = self.settings
        self._bodies = [
            b for b in self._bodies if t_s - b.seen_s <= (s.forget_s if b.confirmed else s.forget_tentative_s)
        ]
        return self.tracks()

    def skip_ids(self, last: int) -> None:
        """IDs up to ``last`` were given out in an earlier run of this class."""
        self._next_id = max(self._next_id, last + 1)

    def go_on(self, boxes: Mapping[int, Floats]) -> None:
        """Before the first frame: tracks of an earlier run of this class, confirmed, and where each was last.

        They are sought there in the first frame, whatever its time, and for a moment after it.

        Args:
            boxes: track -> (4,) px.
        """
        s = self.settings
        for track_id, box in sorted(boxes.items()):
            motion = BoxFilter(
                box, agility=s.agility, resizing=s.resizing, start_speed=s.start_speed, mistrust=s.mistrust
            )
            self._bodies.append(_Body(
                track_id, motion, box, box, box, 0.0, 0.0, float(box[3] - box[1]), 1.0, 1.0, confirmed=True, row=None
            ))  # fmt: skip
            self.skip_ids(track_id)

    def vouch(self, track_id: int) -> None:
        """Another network sees a body in this young track's box too."""
        for body in self._bodies:
            if body.track_id == track_id:
                body.vouched += 1

    def doubtful(self) -> set[int]:
        """Young tracks that only a second opinion can confirm."""
        return {b.track_id for b in self._bodies if not b.confirmed and b.row is not None and not self._is_sure(b)}

    def unseen(self) -> dict[int, tuple[Floats, Floats]]:
        """Confirmed tracks without a box in this frame, seen a moment ago: last box and expected box (4,)."""
        s, t_s = self.settings, self._t_s or 0.0
        return {
            b.track_id: (b.last_box, b.expected) for b in self._bodies
            if b.confirmed and b.row is None and t_s - b.seen_s <= s.hold_gap_s and t_s - b.found_s <= s.hold_s
        }  # fmt: skip

    def is_old(self, row: int) -> bool | None:
        """Whether the track on a row of this frame is confirmed; None: no track is on it."""
        return next((b.confirmed for b in self._bodies if b.row == row), None)

    def hold(self, track_id: int, row: int, box_xyxy: Floats) -> None:
        """The body is there, though the detector did not say so; a young track on that row was this one."""
        self.drop_young(row)
        for body in self._bodies:
            if body.track_id == track_id:
                body.filter.update(box_xyxy, 0.0)
                body.last_box, body.seen_s, body.row = box_xyxy.copy(), self._t_s or 0.0, row

    def drop_young(self, row: int) -> None:
        """The young track on that row is of a body that is followed already."""
        self._bodies = [b for b in self._bodies if b.row != row or b.confirmed]

    def tracks(self) -> list[Track]:
        """As ``step`` returned them, with what was held since."""
        return [self._as_track(b) for b in self._bodies]

    def _is_sure(self, body: _Body) -> bool:
        return body.score_sum >= self.settings.sure_score * body.hits

    def _match(self, obs: Observations, t_s: float) -> None:
        s = self.settings
        n = len(obs)
        sure = obs.scores >= s.high_score
        high, low = np.flatnonzero(sure).tolist(), np.flatnonzero(~sure).tolist()
        bodies = self._bodies
        free = list(range(n))
        if bodies and n:
            known = self._known(t_s)
            cost = match_cost(known, obs.boxes_xyxy, obs.scores, s, buffer=s.buffer)
            # confirmed tracks choose first, so that a flicker cannot take an old body's box
            old = [i for i, b in enumerate(bodies) if b.confirmed and t_s - b.seen_s <= s.follow_s]
            young = [i for i, b in enumerate(bodies) if not b.confirmed]
            old, high = self._pass(old, high, cost, s.first_limit, obs, t_s)
            old, low = self._pass(old, low, cost, s.second_limit, obs, t_s)
            if old and high:
                wide = match_cost(known.take(old), obs.boxes_xyxy[high], obs.scores[high], s, buffer=s.wide_buffer)
                all_cost = np.full_like(cost, np.inf)
                all_cost[np.ix_(old, high)] = wide
                _, high = self._pass(old, high, all_cost, s.third_limit, obs, t_s)
            _, free = self._pass(young, sorted(high + low), cost, s.first_limit - s.young, obs, t_s)
        self._begin(free, obs, t_s)

    def _known(self, t_s: float) -> Known:
        bodies = self._bodies
        return Known(
            np.array([b.expected for b in bodies]), np.array([b.last_box for b in bodies]),
            np.array([t_s - b.seen_s for b in bodies]), np.array([b.height for b in bodies]),
            np.array([b.score for b in bodies]),
        )  # fmt: skip

    def _pass(
        self, rows: list[int], columns: list[int], cost: Floats, limit: float, obs: Observations, t_s: float
    ) -> tuple[list[int], list[int]]:
        """Assign some bodies to some boxes; who and what is left over."""
        if not rows or not columns:
            return rows, columns
        pairs, lone, free = assign(cost[np.ix_(rows, columns)], limit)
        for i, j in pairs:
            self._see(self._bodies[rows[i]], columns[j], obs, t_s)
        return [rows[i] for i in lone], [columns[j] for j in free]

    def _see(self, body: _Body, row: int, obs: Observations, t_s: float) -> None:
        s = self.settings
        box, score, gap = obs.boxes_xyxy[row].copy(), float(obs.scores[row]), t_s - body.seen_s
        body.filter.update(box, score)
        body.height += (1 - exp(-gap / s.size_s)) * (float(box[3] - box[1]) - body.height)
        body.score += (1 - exp(-gap / s.score_s)) * (score - body.score)
        body.last_box, body.seen_s, body.row = box, t_s, row
        body.hits += 1
        body.score_sum += score
        body.found_s = t_s

    def _begin(self, rows: list[int], obs: Observations, t_s: float) -> None:
        s = self.settings
        rows = [r for r in rows if obs.scores[r] >= s.birth_score]
        if not rows:
            return
        taken = [b.row for b in self._bodies if b.row is not None]
        on_others = iou_matrix(obs.boxes_xyxy[rows], obs.boxes_xyxy[taken]).max(axis=1, initial=0.0)
        for row, shadow in zip(rows, on_others.tolist(), strict=True):
            if shadow > s.shadow_iou:
                continue
            box, score = obs.boxes_xyxy[row].copy(), float(obs.scores[row])
            motion = BoxFilter(
                box, agility=s.agility, resizing=s.resizing, start_speed=s.start_speed, mistrust=s.mistrust
            )
            self._bodies.append(_Body(
                self._next_id, motion, box, box, box, t_s, t_s, float(box[3] - box[1]), score, score, row=row
            ))  # fmt: skip
            self._next_id += 1

    def _confirm(self, t_s: float) -> None:
        s = self.settings
        for body in list(self._bodies):
            if body.confirmed or body.row is None:
                continue
            sure = self._is_sure(body)
            if t_s - body.born_s < (s.confirm_s if sure else s.doubtful_s) - _EPS_S:
                continue
            often = body.hits >= s.confirm_share * body.frames
            body.confirmed = often and (sure or body.vouched >= s.vouchers)
            if body.confirmed:
                self._come_back(body)

    def _come_back(self, body: _Body) -> None:
        """A track that has just been confirmed goes on as the lost one that it fits best, where there is one."""
        s = self.settings
        best, least = None, 1.0
        for other in self._bodies:
            if not other.confirmed or other.row is not None or other.seen_s >= body.born_s:
                continue
            reach = s.return_reach + s.return_speed * (body.born_s - other.seen_s)
            height = max((other.height + body.height) / 2, 1.0)
            (x1, y1), (x2, y2) = _centre(other.last_box), _centre(body.first_box)
            far = hypot(x1 - x2, y1 - y2) / height
            ratio = min(other.height, body.height) / max(other.height, body.height, 1e-6)
            if reach > 0 and (cost := far / reach + s.return_size * (1 - ratio)) < least:
                best, least = other, cost
        if best is not None:
            body.track_id, body.born_s = best.track_id, best.born_s
            self._bodies.remove(best)

    @staticmethod
    def _as_track(body: _Body) -> Track:
        if not body.confirmed:
            state = TrackState.TENTATIVE
        else:
            state = TrackState.LOST if body.row is None else TrackState.CONFIRMED
        return Track(
            body.track_id, body.filter.box, body.filter.velocity, state, body.born_s, body.seen_s, body.row
        )  # fmt: skip


def _centre(box: Floats) -> tuple[float, float]:
    x1, y1, x2, y2 = box.tolist()
    return (x1 + x2) / 2, (y1 + y2) / 2
