"""Light that changes through a class: sun and clouds, slowly, and a camera whose exposure follows late. Pure numpy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

#: Darkest and brightest the picture gets, against full light.
RANGE: Final = (0.85, 1.08)
#: Seconds the exposure takes to follow, and the share of a change it makes good.
_LAG_S: Final = 1.3
_FOLLOWS: Final = 0.55
_PERIODS_S: Final = (7.0, 13.0, 29.0, 71.0)


class Daylight:
    """Gains of red, green and blue as a function of time, from a seed."""

    def __init__(self, seed: int, amplitude: float | None = None) -> None:
        """Draws the weather.

        Args:
            seed: The same seed, the same weather.
            amplitude: Of the change of brightness; drawn from 0 to 0.12 when left out. 0 is steady light.
        """
        rng = np.random.default_rng([seed, 22])
        drawn = float(rng.uniform(0.0, 0.12))
        self.amplitude = drawn if amplitude is None else amplitude
        self.speed = 2 * np.pi / (np.array(_PERIODS_S) * rng.uniform(0.8, 1.3, len(_PERIODS_S)))
        self.phase = rng.uniform(0, 2 * np.pi, len(_PERIODS_S))
        weight = np.array([0.3, 0.5, 0.9, 1.2]) * rng.uniform(0.5, 1.0, len(_PERIODS_S))
        self.weight = weight / weight.sum()
        self.warm_phase = float(rng.uniform(0, 2 * np.pi))

    def gains(self, t_s: float) -> Floats:
        """(3,) red, green, blue at an instant, within ``RANGE`` to a few hundredths of colour."""
        angle = self.speed * t_s + self.phase
        # What a camera with a slow exposure leaves of a sine is a smaller sine of another phase: no state is needed.
        lag = self.speed * _LAG_S
        left = np.sin(angle) - _FOLLOWS * np.sin(angle - np.arctan(lag)) / np.hypot(1, lag)
        level = 1 + self.amplitude * 2.2 * float(self.weight @ left) - 0.35 * self.amplitude
        warm = 0.25 * self.amplitude * np.sin(0.5 * self.speed[-1] * t_s + self.warm_phase)
        level = float(np.clip(level, *RANGE))
        return np.array([level * (1 + warm), level, level * (1 - warm)])
