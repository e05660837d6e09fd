"""Shake and lag of motions with a known answer."""

import numpy as np
import pytest

from groupcoach.evaluate.steadiness import score_steadiness
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, JOINTS

J, A = len(JOINTS), len(ANGLES)


def scene(late_s: float = 0.0, noise: float = 0.0, fps: float = 25.0, bias: float = 0.0):  # type: ignore[no-untyped-def]
    """Four seconds still, then knees that bend and stretch."""
    rng = np.random.default_rng(0)
    t = np.arange(round(12 * fps)) / fps
    rest = rng.normal(0, 0.4, (J, 3))

    def knee(at: np.ndarray) -> np.ndarray:
        return 175 - np.where(at < 4, 0.0, 40 * (1 - np.cos(2 * np.pi * (at - 4) / 2)))

    want_deg, got_deg = np.full((len(t), A), 180.0), np.full((len(t), A), 180.0)
    want_deg[:, ANGLE_INDEX["left_knee"]] = knee(t)
    got_deg[:, ANGLE_INDEX["left_knee"]] = knee(t - late_s) + bias + rng.normal(0, 1, len(t))
    want = np.tile(rest, (len(t), 1, 1))
    want[t >= 4] += np.sin(t[t >= 4] * 5)[:, None, None]
    got = want + rng.normal(0, 1, want.shape) * noise
    got[:, 0] = want[:, 0]
    return t, np.ones(len(t), int), got, want, got_deg, want_deg


@pytest.mark.parametrize("late", [0.0, 0.06, 0.15])
def test_lag_is_found(late: float) -> None:
    assert score_steadiness(*scene(late, bias=12.0))["lag_s"] == pytest.approx(late, abs=0.021)


def test_shake_is_that_of_the_still_part_and_grows_with_the_noise() -> None:
    a, b = (score_steadiness(*scene(noise=n))["still_acceleration_m_s2"] for n in (0.002, 0.004))
    assert b == pytest.approx(2 * a, rel=0.02)
    # white noise of s on each axis: second difference sqrt(6) s / dt^2 an axis, 1.6 times that over three axes
    assert a == pytest.approx(np.sqrt(6) * 0.002 * 625 * 1.6, rel=0.1)
    assert score_steadiness(*scene())["still_s"] == pytest.approx(3.6, abs=0.4)


def test_nothing_to_measure() -> None:
    t, who, got, want, got_deg, want_deg = scene()
    few = slice(0, 3)
    found = score_steadiness(t[few], who[few], got[few], want[few], got_deg[few], want_deg[few])
    assert found == {"still_acceleration_m_s2": None, "still_s": 0.0, "lag_s": None}
