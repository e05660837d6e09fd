"""Light that changes through a class."""

import numpy as np

from groupcoach.simulate.light import RANGE, Daylight


def test_light_changes_slowly_and_is_the_same_for_the_same_seed():
    for seed in range(5):
        sky = Daylight(seed, 0.12)
        gains = np.stack([sky.gains(t) for t in np.arange(0, 120, 0.2)])
        assert np.array_equal(gains, np.stack([Daylight(seed, 0.12).gains(t) for t in np.arange(0, 120, 0.2)]))
        level = gains[:, 1]
        assert (level >= RANGE[0]).all()
        assert (level <= RANGE[1]).all()
        assert np.ptp(level) > 0.03
        assert np.abs(np.diff(level)).max() < 0.03  # in a fifth of a second
        assert np.abs(gains[:, 0] / level - 1).max() < 0.04
    assert (Daylight(1, 0.0).gains(7.0) == 1).all()
