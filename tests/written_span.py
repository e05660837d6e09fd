"""Three seconds of one person whose measures are written down, for tests of form rules."""

from __future__ import annotations

import numpy as np

from groupcoach.form import Span
from groupcoach.measures import MEASURE_INDEX, MEASURES
from groupcoach.skeleton import ANGLE_INDEX, ANGLES

TURN_S = 1.5


def span(view: str = "side", sigma: float = 6.0, fps: float = 15.0, **measures: object) -> Span:
    """Three seconds; a measure is a number, or a function of time."""
    t = np.arange(0, 3, 1 / fps)
    values = np.full((len(t), len(MEASURES)), np.nan)
    wide = np.full((len(t), len(MEASURES)), np.nan)
    deg = np.full((len(t), len(ANGLES)), np.nan)
    for name, value in measures.items():
        column = np.broadcast_to(value(t) if callable(value) else np.asarray(value, float), t.shape)
        if name in MEASURE_INDEX:
            values[:, MEASURE_INDEX[name]] = column
            wide[:, MEASURE_INDEX[name]] = 0.05 if name == "knees_inside_feet" else sigma
        if name in ANGLE_INDEX:
            deg[:, ANGLE_INDEX[name]] = column
    return Span(t, values, wide, deg, [view] * len(t))
