"""The clock of a set: exact ends, one dip a repetition, hesitation, tiredness, repetitions that are too fast."""

import numpy as np
import pytest

from groupcoach.simulate.sets import draw_wrong
from groupcoach.simulate.tempo import Tempo, draw_tempo


def drawn(seed, seconds=30.0, **kw):
    return draw_tempo(np.random.default_rng([seed, 5]), seconds, **kw)


def fine(tempo, k, n=801):
    return np.linspace(tempo.start_s[k], tempo.end_s[k], n)


@pytest.mark.parametrize("late", [0.0, 0.05, -0.05])
def test_depth_is_exact_at_the_ends_and_falls_only_once(late):
    for seed in range(12):
        tempo = drawn(seed, stall=0.3)
        assert tempo.depth(tempo.start_s, late) == pytest.approx(0, abs=1e-9)
        assert tempo.depth(tempo.end_s - 1e-9, late) == pytest.approx(0, abs=1e-6)
        assert tempo.depth(tempo.low_s) == pytest.approx(1)
        between = (tempo.end_s[:-1] + tempo.start_s[1:]) / 2
        assert tempo.depth(between, late) == pytest.approx(0, abs=1e-9)
        for k in range(len(tempo)):
            d = tempo.depth(fine(tempo, k), late)
            top = d.argmax()
            assert d.max() > 0.999
            assert (np.diff(d[: top + 1]) > -1e-9).all()
            assert (np.diff(d[top:]) < 1e-9).all()  # a stall stands still, it never turns back


def test_depth_has_no_jerk():
    """Speed changes little from one millisecond to the next, at the stalls too."""
    for seed in range(8):
        tempo = drawn(seed, stall=0.4, period_s=(1.6, 3.0))
        d = tempo.depth(np.arange(0, 30, 0.001))
        assert np.abs(np.diff(d, 2)).max() / 0.001**2 < 60  # per second squared


def test_progress_goes_with_depth():
    tempo = drawn(3, stall=0.5)
    t = np.arange(0, 30, 0.01)
    d, u = tempo.depth(t), tempo.progress(t)
    assert np.abs(u * u * u * (10 - 15 * u + 6 * u * u) - d).max() < 1e-3
    assert (u[d == 0] == 0).all()


def test_a_hesitation_is_a_stall_on_the_way_back():
    stalled = 0
    for seed in range(10):
        tempo = drawn(seed, stall=0.5)
        for k in np.flatnonzero(tempo.stall_s > 0):
            stalled += 1
            assert 0.2 <= tempo.stall_s[k] <= 0.5
            t = np.arange(tempo.rise_s[k], tempo.end_s[k], 0.005)
            d = tempo.depth(t)
            still = (np.abs(np.gradient(d, t)) < 0.02) & (d > 0.05) & (d < 0.95)
            assert still.sum() * 0.005 >= 0.2
            assert np.abs(d[still] - tempo.stall_at[k]).max() < 0.02
    assert stalled > 5
    assert all((drawn(seed, stall=0.0).stall_s == 0).all() for seed in range(5))


def test_tired_people_are_slower_weaker_and_stall_more():
    slower, reach, early, late = [], [], 0, 0
    for seed in range(120):
        tempo = drawn(seed, 60.0)
        moving = tempo.moving_s
        slower.append(moving[-4:].mean() / moving[:4].mean())
        reach.append(tempo.reach[-1])
        early += (tempo.stall_s[tempo.start_s < 15] > 0).sum()
        late += (tempo.stall_s[tempo.start_s > 45] > 0).sum()
    assert 1.03 < np.mean(slower) < 1.2
    assert 0.92 <= min(reach) < 0.97 < max(reach) <= 1
    assert late > 1.5 * early > 0


def test_a_repetition_too_fast_takes_half_the_time():
    for seed in range(30):
        tempo = drawn(seed, 25.0, quick=0.3)
        assert tempo.quick.any()
        usual = np.median(tempo.moving_s[~tempo.quick])
        assert (tempo.moving_s[tempo.quick] < 1.0).all()
        assert (tempo.moving_s[tempo.quick] < 0.66 * usual).all()
        assert (tempo.moving_s[~tempo.quick] > 1.3).all()
    assert not drawn(1).quick.any()


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_as_many_are_too_fast_as_ordered(share):
    hits = np.concatenate([drawn(seed, 25.0, quick=share).quick for seed in range(60)])
    assert hits.mean() == pytest.approx(share, abs=0.07)


def test_the_time_is_filled_and_never_passed():
    for seed in range(20):
        tempo = drawn(seed, 20.0, period_s=(1.5, 2.5))
        assert tempo.end_s[-1] < 20
        assert tempo.end_s[-1] > 14
        assert (tempo.start_s[1:] >= tempo.end_s[:-1]).all()
        assert (tempo.rise_s < tempo.end_s).all()
    assert len(drawn(1, 20.0, reps=3)) == 3
    assert len(drawn(1, 0.5)) == 0
    assert isinstance(drawn(1, 0.5, quick=0.5), Tempo)
    assert (drawn(1, 0.5).depth(np.linspace(0, 0.5, 5)) == 0).all()


def test_each_repetition_has_one_fault_at_most():
    for seed in range(10):
        tempo = drawn(seed, 30.0, quick=0.3)
        wrong = draw_wrong(np.random.default_rng(seed), {"a": 0.4, "b": 0.5}, len(tempo), ("a", "b"), tempo.quick)
        assert set(wrong) == {"a", "b", "too_fast"}
        assert np.sum(list(wrong.values()), axis=0).max() == 1
        assert wrong["a"].any()
