"""Which joint was wrong in a repetition, and what to do about it. Pure.

Absolute criteria of the definition, each with the margin of its measurement and of the view. A rule that meets NaN, a
view it may not speak in, or a reading less sure than twice its margin stays silent, and says that it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from groupcoach.exercises.catalogue import Definition, FaultRule
from groupcoach.measures import MEASURE_INDEX, TWO_SIDED
from groupcoach.records import Fault, Floats
from groupcoach.reps import Excursion
from groupcoach.skeleton import ANGLE_INDEX

_TURN_S, _END_S = 0.12, 0.15
_LEAST_SHARE = 0.6
_VIEW = 1.3
"""Standard deviations that a limit must be passed by."""
_CLEAR = 1.5
"""Margins that it must be passed by to be believed at once: 1.3 deviations twice in a row are as unlikely."""
_OF_A_CHANGE = 0.7
"""Deviation of a difference within one repetition, in those of the values."""
_ALONE = 0.4
"""A side that moves less than this share of the other one is not in the repetition."""
_QUICK_S = 1.0
_LEAST_READINGS = 10
"""Of a whole repetition: between fewer the turn is smoothed away (by 35 degrees, of steps at 12 frames a second)."""
_TEMPO_RANGE = 1.5
"""Times the smallest repetition: a smaller one is a slip, or half of one that was seen badly, and has no tempo."""
_PACE_SIGMA_S = 0.015
_TEMPO_DEG = 19.0
"""Deviation of the angle that is counted, beyond which its path is no movement: legs behind somebody."""


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
    sigma_deg: Floats | None = None
    """(T, A)"""

    def view(self) -> str:
        """The view that most frames had; of two the one that came first."""
        return max(dict.fromkeys(self.views), key=self.views.count) if self.views else "oblique"

    def gap(self, left: str, right: str, t_s: float) -> float:
        """Degrees that one angle is larger than another around an instant; NaN where either is not seen."""
        rows = np.abs(self.t_s - t_s) <= _TURN_S
        there = []
        for name in (left, right):
            seen = self.deg[rows, ANGLE_INDEX[name]]
            seen = np.sort(seen[np.isfinite(seen)])
            there.append(float(seen[len(seen) // 2]) if len(seen) else float("nan"))
        return there[0] - there[1]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one repetition."""

    faults: tuple[Fault, ...]
    """The worst first."""
    not_judged: tuple[str, ...]
    """Codes of the rules that had to stay silent."""


def passes_gate(definition: Definition, span: Span, turn_s: float | None = None) -> bool:
    """Whether every gated measure lies in its range, at the turn too, and those that have to move do.

    What is asked of the turn and of movements is given a deviation of doubt. A measure never seen does not speak
    against.
    """

    def middle(name: str, rows: NDArray[np.bool_]) -> tuple[float, float]:
        column, sigma = (a[rows, MEASURE_INDEX[name]] for a in (span.values, span.sigma))
        seen = np.isfinite(column)
        if not seen.any():
            return float("nan"), 0.0
        return float(np.median(column[seen])), float(np.nan_to_num(np.median(sigma[seen])))

    whole = np.ones(len(span.t_s), dtype=bool)
    if any(not low <= value <= high for name, (low, high) in definition.gate.items()
           if np.isfinite(value := middle(name, whole)[0])):  # fmt: skip
        return False
    if turn_s is None or not len(span.t_s):
        return True
    there = np.abs(span.t_s - turn_s) <= _TURN_S
    for name, (low, high) in definition.turn.items():
        value, sigma = middle(name, there)
        if np.isfinite(value) and not low - sigma <= value <= high + sigma:
            return False
    begin, end = span.t_s <= span.t_s[0] + _TURN_S, span.t_s >= span.t_s[-1] - _TURN_S
    for name, least in definition.moves.items():
        out, sigma = middle(name, there)
        # of two ends the lower one: in a quick set, and where frames are lost, the other may not be seen
        home = min(middle(name, begin)[0], middle(name, end)[0])
        # what is off all the time does not show in a difference
        if out - home < least - _OF_A_CHANGE * sigma:
            return False
    return True


def side_of(definition: Definition, span: Span, e: Excursion) -> Literal["left", "right", "both"]:
    """Which side did the repetition: the one with a machine of its own, the leading leg, or the one that moved."""
    count = definition.count
    if e.side != "both":
        return e.side
    if count.side_by is not None:
        rows = np.abs(span.t_s - e.turn_s) <= _TURN_S
        seen = span.values[rows, MEASURE_INDEX[count.side_by]]
        seen = seen[np.isfinite(seen)]
        return "both" if not len(seen) else "left" if float(np.median(seen)) > 0 else "right"
    left, right = _pair(definition)
    if count.sides != "each" or left not in ANGLE_INDEX:
        return "both"
    moved = []
    for name in (left, right):
        column = span.deg[span.t_s <= e.end_s, ANGLE_INDEX[name]]
        column = column[np.isfinite(column)]
        moved.append(float(np.percentile(column, 95) - np.percentile(column, 5)) if len(column) else np.nan)
    if not np.isfinite(moved).all():
        return "both"
    if min(moved) >= _ALONE * max(moved):
        return "both"
    return "left" if moved[0] > moved[1] else "right"


def left_less_right(definition: Definition, span: Span, turn_s: float) -> float:
    """Degrees by which the left side's drive differs from the right one's at the turn; NaN where it is no pair."""
    left, right = _pair(definition)
    if left not in ANGLE_INDEX:
        return float("nan")
    return span.gap(left, right, turn_s)


def _pair(definition: Definition) -> tuple[str, str]:
    names = definition.count.drive
    plain = next((n.removeprefix("left_") for n in names if n.startswith("left_")), names[0] if names else "")
    return f"left_{plain}", f"right_{plain}"


def judge(definition: Definition, span: Span, e: Excursion, side: str = "both") -> Verdict:
    """Faults of one repetition, and the rules that could not be judged.

    Args:
        definition: of the exercise.
        span: the repetition, and a moment after it.
        e: when it turned and ended, and how fast it was.
        side: which side did it.
    """
    found: list[tuple[int, float, Fault]] = []
    silent: list[str] = []
    # a quick turn seems less deep than it was: where the tempo is a fault, that is what is said
    hasty = e.end_s - e.start_s < _QUICK_S and any(rule.at == "whole" for rule in definition.fault)
    for rule in definition.fault:
        told = _has_tempo(definition, span, e) if rule.at == "whole" else not (hasty and rule.at == "turn")
        reading = _reading(rule, span, e, side) if told else None
        if reading is None:
            silent.append(rule.code)
            continue
        value, sigma = reading
        beyond = beyond_limit(rule, value, sigma)
        if beyond > 0:
            worse = _side(rule, span, e.turn_s, value, side)
            size = abs(value) if rule.measure in TWO_SIDED else value
            clear = beyond >= (_CLEAR - 1) * max(rule.margin, _VIEW * sigma)
            fault = Fault(rule.code, _joint(rule, worse), worse, size, _limit(rule), rule.unit, e.turn_s, rule.text.en,
                          clear)  # fmt: skip
            found.append((rule.priority, beyond / rule.margin, fault))
    found.sort(key=lambda f: (-f[0], -f[1]))
    return Verdict(tuple(f for _, _, f in found), tuple(silent))


def beyond_limit(rule: FaultRule, value: float, sigma: float) -> float:
    """How far a reading lies beyond limit and margin (the rule's own, or this view's where that is wider)."""
    size = abs(value) if rule.measure in TWO_SIDED else value
    past = size - _limit(rule) if rule.above is not None else _limit(rule) - size
    return past - max(rule.margin, _VIEW * sigma)


def _limit(rule: FaultRule) -> float:
    limit = rule.above if rule.above is not None else rule.below
    assert limit is not None  # the catalogue demands one of the two
    return limit


def _reading(rule: FaultRule, span: Span, e: Excursion, side: str) -> tuple[float, float] | None:
    """Value and deviation; None where the rule has to stay silent."""
    if span.view() not in rule.views:
        return None
    if rule.at == "whole":
        return (e.moving_s, _PACE_SIGMA_S) if np.isfinite(e.moving_s) else None
    if rule.measure in TWO_SIDED and rule.measure.endswith("_gap") and side != "both":
        return None  # one side works alone
    column, sigma = _columns(rule, span, side)
    if column is None or sigma is None:
        return None
    if rule.at == "turn" and ((span.t_s >= e.start_s) & (span.t_s <= e.end_s)).sum() < _LEAST_READINGS:
        return None
    rows = _rows(rule, span, e)
    for name, (low, high) in rule.only.items():
        other = span.values[:, MEASURE_INDEX[name]]
        rows &= ~((other < low) | (other > high))  # what is not seen does not speak against
    seen = rows & np.isfinite(column)
    if seen.sum() < max(1, _LEAST_SHARE * rows.sum()):
        return None
    if rule.at == "end" and _still_better(rule, span.t_s[seen], column[seen]):
        return None
    values, wide = column[seen], float(np.median(sigma[seen]))
    if not np.isfinite(wide) or wide > 2 * rule.margin:
        return None
    if rule.at == "turn" and e.end_s - e.start_s < _QUICK_S:
        # the turn is over before it is measured: the best of what was seen there
        value = float(np.percentile(values, 15 if rule.above is not None else 85))
    elif rule.at in ("turn", "end"):
        value = float(np.median(values))
    elif rule.at == "worst":
        value = float(np.percentile(values, 80 if rule.above is not None else 20))
    else:
        value = float(np.percentile(values, 95) - np.percentile(values, 5))
    return value - rule.bias, wide


def _still_better(rule: FaultRule, t_s: Floats, values: Floats) -> bool:
    """Whether a reading at the end still moves to where it should be: the body comes home, and stands later."""
    middle = (t_s[0] + t_s[-1]) / 2
    late, early = values[t_s > middle], values[t_s < middle]
    if not len(late) or not len(early):
        return False
    gain = float(np.median(late) - np.median(early))
    return (gain if rule.below is not None else -gain) > rule.margin


def _has_tempo(definition: Definition, span: Span, e: Excursion) -> bool:
    """Whether it was a whole repetition, and what is counted seen well enough for its tempo to be the body's."""
    if e.range_deg < _TEMPO_RANGE * definition.count.min_range_deg:
        return False
    columns = [ANGLE_INDEX[name] for name in definition.count.drive if name in ANGLE_INDEX]
    if span.sigma_deg is None or not columns:
        return True
    wide = span.sigma_deg[span.t_s <= e.end_s][:, columns].min(1)
    wide = wide[np.isfinite(wide)]
    return bool(len(wide)) and float(np.percentile(wide, 75)) <= _TEMPO_DEG


def _rows(rule: FaultRule, span: Span, e: Excursion) -> NDArray[np.bool_]:
    if rule.at == "turn":
        return np.asarray(np.abs(span.t_s - e.turn_s) <= _TURN_S)
    if rule.at == "end":
        return np.asarray(np.abs(span.t_s - e.end_s) <= _END_S)
    return np.asarray(span.t_s <= e.end_s)


def _columns(rule: FaultRule, span: Span, side: str) -> tuple[Floats | None, Floats | None]:
    if rule.own_side and side != "both":
        column = ANGLE_INDEX[f"{side}_{rule.measure}"]
        wide = span.sigma_deg[:, column] if span.sigma_deg is not None else None
        return span.deg[:, column], wide
    column = MEASURE_INDEX[rule.measure]
    return span.values[:, column], span.sigma[:, column]


def _side(rule: FaultRule, span: Span, turn_s: float, value: float, side: str) -> Literal["left", "right", "both"]:
    """The side that is clearly worse: the one behind, the one that works, or by the angle of that name."""
    if rule.measure in TWO_SIDED:
        return "left" if value < 0 else "right"
    if rule.own_side and side in ("left", "right"):
        return "left" if side == "left" else "right"
    left, right = f"left_{rule.measure}", f"right_{rule.measure}"
    if left not in ANGLE_INDEX:
        return "both"
    gap = span.gap(left, right, turn_s)
    if not np.isfinite(gap) or abs(gap) < 2 * rule.margin:
        return "both"
    return "left" if (gap > 0) == (rule.above is not None) else "right"


def _joint(rule: FaultRule, side: str) -> str:
    """Name of the joint in the skeleton; a paired joint with no worse side is shown on the left and the right."""
    if f"left_{rule.joint}" not in ANGLE_INDEX and rule.joint not in ("knee", "elbow", "shoulder", "hip", "ankle"):
        return rule.joint
    return rule.joint if side == "both" else f"{side}_{rule.joint}"
