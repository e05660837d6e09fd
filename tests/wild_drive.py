"""An angle that jumps about, with gaps: whatever comes, a counting machine makes no illegal move."""

from __future__ import annotations

import numpy as np

from groupcoach.records import Floats


def wild_drive(seed: int) -> tuple[Floats, Floats]:
    """Times (600,), s, and an angle (600,), degrees, a tenth of it NaN."""
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.choice([0.03, 0.1, 0.5, 2.5], 600, p=[0.5, 0.4, 0.08, 0.02]))
    drive = np.clip(130 + np.cumsum(rng.normal(0, 12, 600)) % 80 + rng.normal(0, 15, 600), 0, 180)
    drive[rng.random(600) < 0.1] = np.nan
    return t, drive
