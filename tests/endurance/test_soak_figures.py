"""The soak's arithmetic: a leak is seen, a busy start is not one."""

import pytest
from endurance_scripts import load

soak = load("soak")
pace = load("pace")


def test_growth_counts_from_when_the_class_has_settled() -> None:
    steady = [(5.0 * k, 400.0 + min(300.0, 10.0 * k), 20.0) for k in range(200)]
    found = soak.figures(steady, settle_s=300.0)
    assert found["memory_growth"] == pytest.approx(0.0)
    assert found["fps_held"] == pytest.approx(1.0)
    leaking = [(t, mb + t / 10, 20.0 - t / 100) for t, mb, _ in steady]
    found = soak.figures(leaking, settle_s=300.0)
    assert found["memory_growth"] > 0.05
    assert found["fps_held"] < 0.6
    assert found["memory_mb_most"] == pytest.approx(700 + 99.5)


def test_the_drawing_stays_in_its_frame() -> None:
    svg = soak.drawing([(0.0, 400.0, 20.0), (60.0, 500.0, 19.0), (120.0, 450.0, 0.0)], "20 people")
    points = [tuple(map(float, p.split(","))) for p in svg.split('points="')[1].split('"')[0].split()]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert all(60 <= x <= 890 and 40 <= y <= 260 for x, y in points)
    assert "2.0 min" in svg


def test_counts_at_two_paces_differ_by_a_share_of_all_repetitions() -> None:
    from collections import Counter

    every = Counter(squat=60, lunge=40)
    assert pace.difference(Counter(squat=60, lunge=40), every) == 0.0
    assert pace.difference(Counter(squat=59, lunge=41), every) == pytest.approx(0.02)  # one lost, one too many
    assert pace.difference(Counter(), every) == 1.0
    assert pace.difference(Counter(squat=1), Counter()) == 1.0
