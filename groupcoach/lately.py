"""What was seen of somebody in the last seconds, as a few kilobytes of text for the resume point. Pure.

Half precision: 0.1 degrees of an angle, which is far less than any machine or rule looks at. Times stay exact.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

import numpy as np

from groupcoach.machines import Row
from groupcoach.measures import MEASURE_INDEX
from groupcoach.records import Floats
from groupcoach.skeleton import ANGLE_INDEX

_PARTS: Final = ("deg", "sigma_deg", "values", "sigma", "votes")


def packed(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Rows as JSON has it; None of none."""
    if not rows:
        return None
    parts = [np.stack([getattr(row, name) for row in rows]) for name in _PARTS]
    place = np.array([row.place or (np.nan, np.nan) for row in rows])
    with np.errstate(over="ignore"):  # beyond 65504 is infinite: nothing was known there
        table = np.concatenate([place, *parts], axis=1).astype("<f2")
    return {
        "t_s": [row.t_s for row in rows], "view": [row.view for row in rows],
        "widths": [part.shape[1] for part in parts], "table": b64encode(table.tobytes()).decode("ascii"),
    }  # fmt: skip


def unpacked(kept: Mapping[str, Any] | None, classes: int) -> list[Row]:
    """Rows again; none where nothing was kept, or by a version that measured other things.

    Args:
        kept: of ``packed``.
        classes: of the classifier now.
    """
    widths = [len(ANGLE_INDEX)] * 2 + [len(MEASURE_INDEX)] * 2 + [classes]
    if not kept or list(kept["widths"]) != widths:
        return []
    table = np.frombuffer(b64decode(kept["table"]), "<f2").reshape(len(kept["t_s"]), -1).astype(float)
    parts: list[Floats] = np.split(table, np.cumsum([2, *widths])[:-1], axis=1)
    out = []
    for i, (t_s, view) in enumerate(zip(kept["t_s"], kept["view"], strict=True)):
        (x, size), *rest = (part[i] for part in parts)
        place = (float(x), float(size)) if isfinite(x) and isfinite(size) else None
        deg, sigma_deg, values, sigma, votes = rest
        out.append(Row(float(t_s), deg, sigma_deg, values, sigma, str(view), votes, place))
    return out
