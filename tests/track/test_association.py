"""What the tracker is made of: the filter of a box, the costs of a pair, the assignment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from groupcoach.records import Floats
from groupcoach.track.assign import IMPOSSIBLE, Known, assign, match_cost
from groupcoach.track.kalman import BoxFilter
from groupcoach.track.settings import TrackerSettings


def test_the_filter_learns_a_velocity_and_rests() -> None:
    f = BoxFilter(np.array([0.0, 0, 100, 300]))
    for k in range(1, 30):
        f.predict(1 / 15)
        f.update(np.array([6.0 * k, 0, 100 + 6 * k, 300]), 0.9)
    assert f.velocity == pytest.approx([90, 0], abs=5)
    assert f.predict(0.5)[0] == pytest.approx(6 * 29 + 45, abs=6)
    f.slow_down(0.0)
    still = f.box
    assert f.predict(1.0) == pytest.approx(still)


def test_a_shrinking_box_never_turns_inside_out() -> None:
    f = BoxFilter(np.array([0.0, 0, 60, 60]))
    for k in range(10):
        f.predict(0.1)
        f.update(np.array([30.0 - 3 * (9 - k), 0, 30 + 3 * (9 - k), 60]), 0.9)
    box: Floats = f.predict(3.0)
    assert (box[2:] >= box[:2] + 1).all()


def test_the_assignment_is_best_over_all_and_within_the_limit() -> None:
    cost = np.array([[0.1, 0.2, 1.0], [0.15, 0.9, 1.0], [1.0, 1.0, 0.95]])
    pairs, rows, columns = assign(cost, 0.9)
    assert pairs == [(0, 1), (1, 0)]
    assert (rows, columns) == ([2], [2])
    assert assign(np.ones((0, 3)), 0.9) == ([], [], [0, 1, 2])
    assert assign(np.ones((2, 0)), 0.9) == ([], [0, 1], [])


PLAIN = TrackerSettings(
    last_weight=1.0, upright=0.0, size_weight=0.0, score_weight=0.0, gap_weight=0.0, spread=0.0
)  # fmt: skip


W, H = 100.0, 300.0


def boxes_at(*x: float) -> Floats:
    """(N, 4) boxes of people who stand side by side, their middles at ``x``."""
    return np.array([[c - W / 2, 150.0, c + W / 2, 150.0 + H] for c in x])


def known(predicted: Floats, last: Floats | None = None, gap_s: float = 0.0, score: float = 0.8) -> Known:
    n = len(predicted)
    return Known(predicted, predicted if last is None else last, np.full(n, gap_s), np.full(n, H), np.full(n, score))


def cost_of(one: Known, boxes: Floats, buffer: float = 0.15, score: float = 0.8, **weights: float) -> Floats:
    return match_cost(one, boxes, np.full(len(boxes), score), replace(PLAIN, **weights), buffer=buffer)


def test_costs_tell_near_from_far() -> None:
    boxes = boxes_at(300, 310, 600)
    cost = cost_of(known(boxes[:1]), boxes)
    assert cost[0, 0] == pytest.approx(0.0)
    assert 0 < cost[0, 1] < 0.3
    assert cost[0, 2] == IMPOSSIBLE
    assert cost_of(known(boxes[:0]), boxes).shape == (0, 3)
    assert cost_of(known(boxes[:1]), boxes[:0]).shape == (1, 0)


def test_grown_boxes_touch_who_has_moved_far_and_more_so_after_a_gap() -> None:
    start, far = boxes_at(300), boxes_at(420)
    assert cost_of(known(start), far, buffer=0.0)[0, 0] == IMPOSSIBLE
    assert cost_of(known(start), far, buffer=0.3)[0, 0] < 1.0
    assert cost_of(known(start, gap_s=1.0), far, buffer=0.0, spread=0.3)[0, 0] < 1.0


def test_the_last_observation_counts_beside_the_prediction() -> None:
    seen, guess = boxes_at(300), boxes_at(390)
    assert cost_of(known(guess, last=seen), seen)[0, 0] == pytest.approx(0.0)
    assert cost_of(known(guess, last=seen), seen, last_weight=0.5)[0, 0] == pytest.approx(0.5)


def test_height_and_score_tell_who_is_in_front() -> None:
    tall = boxes_at(300)
    short = tall.copy()
    short[:, 1] += 100  # legs or head hidden
    plain = cost_of(known(tall), short)[0, 0]
    assert cost_of(known(tall), short, upright=1.0)[0, 0] > plain + 0.05
    assert cost_of(known(tall), short, size_weight=0.6)[0, 0] == pytest.approx(plain + 0.6 / 3)
    assert cost_of(known(tall, score=0.9), tall, score=0.4, score_weight=0.5)[0, 0] == pytest.approx(0.25)
    assert cost_of(known(tall, gap_s=0.5), tall, gap_weight=0.2)[0, 0] == pytest.approx(0.1)


def test_a_refused_pair_is_not_paid_for_with_a_good_one() -> None:
    cost = np.array([[0.5, 0.85], [0.88, IMPOSSIBLE]])
    assert assign(cost, 0.9)[0] == [(0, 0)]  # and not two bad pairs: 0.85 + 0.88 is worse than 0.5 + 0.9
