"""The clock of a hold: it begins and ends when it was so, or not so, for a while."""

from __future__ import annotations

import numpy as np
import pytest

from groupcoach.holds import HoldClock


def clock(seconds: float, fps: float = 30.0) -> np.ndarray:
    return np.arange(0, seconds, 1 / fps)


def test_a_hold_begins_and_ends_when_it_lasts() -> None:
    clock_, over = HoldClock(), []
    for t_s in clock(20, 15):
        held = None if 8.0 < t_s < 9.0 else (3.0 <= t_s < 15.0 and not 5.0 < t_s < 5.4)  # a stumble, a blind second
        done = clock_.step(float(t_s), held)
        if done:
            over.append(done)
    assert len(over) == 1
    assert over[0] == (pytest.approx(3.0, abs=0.1), pytest.approx(15.0, abs=0.1))
    assert clock_.finish() is None


def test_a_hold_under_way_ends_with_the_class_or_with_being_lost() -> None:
    one, other = HoldClock(), HoldClock()
    for t_s in clock(6, 15):
        one.step(float(t_s), True)
        other.step(float(t_s), True)
    assert one.finish() == (0.0, pytest.approx(5.93, abs=0.1))
    assert other.step(12.0, True) == (0.0, pytest.approx(5.93, abs=0.1))
