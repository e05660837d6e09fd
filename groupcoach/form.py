"""Which joint was wrong in a repetition, and what to do about it. Pure.

Absolute criteria of the definition, each with the margin of its measurement and of the view. A rule that meets NaN, a
view it may not speak in, or a reading less sure than twice its margin stays silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from groupcoach.exercises.catalogue import Definition, FaultRule
from groupcoach.measures import MEASURE_INDEX
from groupcoach.records import Fault, Floats
from groupcoach.skeleton import ANGLE_INDEX

_TURN_S = 0.12
_LEAST_SHARE = 0.6
_VIEW = 1.3
"""Standard deviations that a limit must be passed by."""
#: Measures compared with the person's own standing value.
RELATIVE_TO_STANDING = ("knees_inside_feet",)


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """What was measured of one person over a stretch of time."""

    t_s: Floats
    """(T,)"""
    values: Floats
    """(T, M) measures"""
    sigma: Floats
    """(T, M)"""
    deg: Floats
    """(T, A) angles"""
    views: Sequence[str]

    def view(self) -> str:
        """The view that most frames had; of two the one that came first."""
        return max(dict.fromkeys(self.views), key=self.views.count) if self.views else "oblique"


def passes_gate(definition: Definition, span: Span) -> bool:
    """Whether the median of every gated measure lies in its range; a measure never seen does not speak against."""
    for name, (low, high) in definition.gate.items():
        column = span.values[:, MEASURE_INDEX[name]]
        seen = column[np.isfinite(column)]
        if len(seen) and not low <= float(np.median(seen)) <= high:
            return False
    return True


def judge(definition: Definition, span: Span, turn_s: float, standing: Mapping[str, float]) -> tuple[Fault, ...]:
    """Faults of one repetition, the worst first.

    Args:
        definition: of the exercise.
        span: the repetition.
        turn_s: time of its turn.
        standing: the person's own values of some measures while standing; a rule that needs one stays silent without.
    """
    found: list[tuple[int, float, Fault]] = []
    for rule in definition.fault:
        if span.view() not in rule.views:
            continue
        reading = _reading(rule, span, turn_s)
        if reading is None:
            continue
        value, sigma = reading
        if rule.measure in RELATIVE_TO_STANDING:
            if rule.measure not in standing:
                continue
            value -= standing[rule.measure]
        if not np.isfinite(sigma) or sigma > 2 * rule.margin:
            continue
        limit = rule.above if rule.above is not None else rule.below
        assert limit is not None  # the catalogue demands one of the two
        beyond = value - limit if rule.above is not None else limit - value
        # the margin of the rule, or of this very view where that is wider
        if beyond > max(rule.margin, _VIEW * sigma):
            side = _side(rule, span, turn_s)
            fault = Fault(rule.code, _joint(rule, side), side, value, limit, rule.unit, turn_s, rule.text.en)
            found.append((rule.priority, beyond / rule.margin, fault))
    found.sort(key=lambda f: (-f[0], -f[1]))
    return tuple(f for _, _, f in found)


def _reading(rule: FaultRule, span: Span, turn_s: float) -> tuple[float, float] | None:
    column, sigma = span.values[:, MEASURE_INDEX[rule.measure]], span.sigma[:, MEASURE_INDEX[rule.measure]]
    rows = np.abs(span.t_s - turn_s) <= _TURN_S if rule.at == "turn" else np.ones(len(span.t_s), dtype=bool)
    seen = rows & np.isfinite(column)
    if seen.sum() < max(1, _LEAST_SHARE * rows.sum()):
        return None
    values = column[seen]
    if rule.at == "turn":
        value = float(np.median(values))
    elif rule.at == "worst":
        value = float(np.percentile(values, 85 if rule.above is not None else 15))
    else:
        value = float(np.percentile(values, 95) - np.percentile(values, 5))
    return value, float(np.median(sigma[seen]))


def _side(rule: FaultRule, span: Span, turn_s: float) -> Literal["left", "right", "both"]:
    """The side that is clearly worse, by the angle of that name."""
    left, right = f"left_{rule.measure}", f"right_{rule.measure}"
    if left not in ANGLE_INDEX:
        return "both"
    rows = np.abs(span.t_s - turn_s) <= _TURN_S
    a, b = span.deg[rows, ANGLE_INDEX[left]], span.deg[rows, ANGLE_INDEX[right]]
    if not (np.isfinite(a).any() and np.isfinite(b).any()):
        return "both"
    gap = float(np.nanmedian(a) - np.nanmedian(b))
    if abs(gap) < 2 * rule.margin:
        return "both"
    return "left" if (gap > 0) == (rule.above is not None) else "right"


def _joint(rule: FaultRule, side: str) -> str:
    """Name of the joint in the skeleton; a paired joint with no worse side is shown on the left and the right."""
    if f"left_{rule.joint}" not in ANGLE_INDEX and rule.joint not in ("knee", "elbow", "shoulder", "hip", "ankle"):
        return rule.joint
    return rule.joint if side == "both" else f"{side}_{rule.joint}"
