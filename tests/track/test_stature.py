"""How tall people stand: readings by place, and whose a body is by them."""

from __future__ import annotations

import numpy as np
import pytest

from groupcoach.track.evidence import Weights
from groupcoach.track.floor import Floor
from groupcoach.track.stature import Heights, same_body, stature_of, whose

PX = 200.0


class Sloped(Floor):
    """Bodies grow by a tenth for every 100 px nearer; two places are as far apart as in the picture."""

    def body_at(self, x: float, y: float) -> float:
        return PX * (1 + y / 1000)

    def apart_m(self, a: tuple[float, float], b: tuple[float, float], least: float = 0.5) -> float:
        return float(np.hypot(a[0] - b[0], a[1] - b[1])) / PX * 1.7


def floor() -> Floor:
    out = Sloped()
    out.good = True
    return out


def stature(heights: Heights, floor: Floor) -> float:
    seconds = [r.seconds for r in heights.readings]
    return float(np.average([stature_of(r, floor) for r in heights.readings], weights=seconds))


def seen(*places: tuple[float, float], seconds: float = 8.0, noise: float = 0.0) -> Heights:
    """Read at (x, stature there)."""
    out, rng = Heights(), np.random.default_rng(3)
    for x, stature in places:
        for _ in range(round(seconds * 10)):
            out.read((x, 500.0), float(1.5 * PX * np.exp(stature + noise * rng.normal())), 0.1)
    return out


def test_a_stature_is_that_of_the_upright_readings() -> None:
    rng, heights = np.random.default_rng(0), Heights()
    for k in range(300):  # every third reading is taken in a lean or at the beginning of a squat
        ratio = 0.05 + float(rng.normal(0, 0.01)) - (0.08 if k % 3 == 0 else 0.0)
        heights.read((100.0, 500.0), 1.5 * PX * float(np.exp(ratio)), 1 / 12)
    assert stature(heights, floor()) == pytest.approx(0.05, abs=0.015)


def test_a_stature_follows_the_floor_as_that_is_found_better() -> None:
    heights = seen((100.0, 0.1))
    before, after = floor(), floor()
    after.body_at = lambda x, y: 1.5 * PX * 1.05  # type: ignore[method-assign]
    assert stature(heights, before) - stature(heights, after) == pytest.approx(np.log(1.05))


def test_places_are_kept_apart_and_the_least_seen_is_forgotten() -> None:
    heights = seen(*((200.0 * k, 0.0) for k in range(4)))
    heights.take(seen((900.0, 0.0), seconds=1.0))
    heights.take(seen((1200.0, 0.0), (0.0, 0.1)))
    assert sorted(round(r.x) for r in heights.readings) == [0, 200, 400, 600, 1200]
    assert heights.readings[0].tall == pytest.approx(np.log(1.5 * PX) + 0.05)


@pytest.mark.parametrize(("new", "at", "same"), [
    (0.0, 100.0, True), (0.01, 100.0, True), (-0.02, 600.0, True), (0.1, 600.0, False), (0.09, 100.0, False),
])  # fmt: skip
def test_a_newcomer_is_compared_at_the_same_place_where_there_is_one(new: float, at: float, same: bool) -> None:
    odds = same_body(seen((at, new)), seen((100.0, 0.0), (300.0, 0.01)), floor(), Weights())
    assert (odds > 0) == same
    assert odds > np.log(Weights().wrong_body) - 1e-9


def test_what_is_not_known_says_nothing() -> None:
    assert same_body(Heights(), seen((0.0, 0.0)), floor(), Weights()) == 0.0
    assert same_body(seen((0.0, 0.1)), seen((0.0, 0.0)), Floor(), Weights()) == 0.0
    assert whose([Heights()], [Heights()], [[0], [1]], floor(), Weights()).tolist() == [0.0, 0.0]


def test_a_floor_that_is_wrong_in_one_place_exchanges_nobody() -> None:
    """Two changed places; whoever stands at the second reads 7 % taller."""
    known = [seen((100.0, 0.0)), seen((600.0, 0.07))]
    walked_on = whose(known, [seen((600.0, 0.07)), seen((100.0, 0.0))], [[0, 1], [1, 0]], floor(), Weights())
    assert walked_on[1] - walked_on[0] < 4
    taller = [seen((100.0, 0.0)), seen((600.0, 0.12))]
    exchanged = whose(taller, [seen((100.0, 0.12)), seen((600.0, 0.0))], [[0, 1], [1, 0]], floor(), Weights())
    assert exchanged[1] - exchanged[0] > 4


def test_one_wrong_height_does_not_give_two_people_away() -> None:
    """One squats for a while: 10 % short of what was read at the very place; the other is as before."""
    known = [seen((100.0, 0.0)), seen((400.0, -0.04), (250.0, -0.05))]
    fresh = [seen((100.0, -0.1)), seen((250.0, -0.03))]
    odds = whose(known, fresh, [[0, 1], [1, 0]], floor(), Weights())
    assert odds[1] - odds[0] < 4
