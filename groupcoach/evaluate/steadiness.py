"""How calm a pose is while the person stands still, and how late it is while they move. Pure numpy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import ANGLE_INDEX, INDEX, INNER_ANGLES

Floats = NDArray[np.floating[Any]]

#: A person whose every joint truly stays this near for so long stands still.
STILL_M, STILL_S = 0.02, 0.6
#: Frames farther apart are not neighbours.
_NEXT_S: Final = 0.11
#: Angles that move at least so fast are compared in time, over shifts up to this.
_MOVING_DEG_S, _LATEST_S, _SHIFT_S = 40.0, 0.3, 0.01
_JUDGED: Final = [ANGLE_INDEX[n] for n in INNER_ANGLES if n.split("_")[1] in ("knee", "hip", "elbow", "shoulder")]


def score_steadiness(
    t_s: Floats, person: NDArray[Any], got: Floats, want: Floats, got_deg: Floats, want_deg: Floats
) -> dict[str, Any]:
    """Shake and lag.

    Args:
        t_s: (R,) of each row.
        person: (R,)
        got: (R, J, 3) metres.
        want: (R, J, 3) true.
        got_deg: (R, A)
        want_deg: (R, A) true.

    Returns:
        ``still_acceleration_m_s2``: mean second difference of joints (from the root joint) of people who truly stand
        still; ``still_s``: how long that was; ``lag_s``: by how much later than the truth moving angles fit it best
        (knees, hips, elbows, shoulders). None where there was nothing to measure.
    """
    shake: list[Floats] = []
    cost = np.zeros(round(_LATEST_S / _SHIFT_S) + 1)
    seconds = 0.0
    moved = False
    for one in np.unique(person):
        rows = np.flatnonzero(person == one)
        rows = rows[np.argsort(t_s[rows], kind="stable")]
        t, dt = t_s[rows], np.diff(t_s[rows])
        if len(rows) < 5:
            continue
        mine, true = got[rows] - got[rows][:, [INDEX["pelvis"]]], want[rows]
        still = _still(t, true)
        steps = (dt[1:] < _NEXT_S) & (dt[:-1] < _NEXT_S) & still[1:-1] & still[2:] & still[:-2]
        if steps.any():
            second = 2 * ((mine[2:] - mine[1:-1]) / dt[1:, None, None] - (mine[1:-1] - mine[:-2]) / dt[:-1, None, None])
            second = np.linalg.norm(second / (dt[1:] + dt[:-1])[:, None, None], axis=-1)[steps]
            shake.append(second[np.isfinite(second)])
            seconds += float(dt[1:][steps].sum())
        for k in _JUDGED:
            found = _shifts(t, got_deg[rows, k], want_deg[rows, k], len(cost))
            if found is not None:
                cost, moved = cost + found, True
    values = np.concatenate(shake) if shake else np.zeros(0)
    return {
        "still_acceleration_m_s2": float(values.mean()) if values.size else None,
        "still_s": seconds,
        "lag_s": float(np.argmin(cost) * _SHIFT_S) if moved else None,
    }


def _still(t: Floats, joints: Floats) -> NDArray[np.bool_]:
    """(R,) whether every joint stays near where it is for half of ``STILL_S`` before and after."""
    out = np.zeros(len(t), bool)
    low, high = np.searchsorted(t, t - STILL_S / 2 - 1e-6), np.searchsorted(t, t + STILL_S / 2 + 1e-6)
    for i in range(len(t)):
        if t[high[i] - 1] - t[low[i]] > STILL_S - 2 * _NEXT_S:
            near = joints[low[i] : high[i]]
            out[i] = bool((np.linalg.norm(near - joints[i], axis=-1) < STILL_M).all())
    return out


def _shifts(t: Floats, got: Floats, want: Floats, count: int) -> Floats | None:
    """Summed |angle - true angle so much earlier| for each shift, where the true angle moves."""
    known = np.isfinite(got) & np.isfinite(want)
    if known.sum() < 10:
        return None
    t, got, want = t[known], got[known], want[known]
    use = (np.abs(np.gradient(want, t)) > _MOVING_DEG_S) & (t > t[0] + _LATEST_S)
    if not use.any():
        return None
    # a constant error says nothing of time
    off = got[use] - np.median(got[use] - want[use])
    return np.array([np.abs(off - np.interp(t[use] - k * _SHIFT_S, t, want)).sum() for k in range(count)])
