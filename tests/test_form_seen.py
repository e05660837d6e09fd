"""Form rules and what the camera sees of them: from which side, with which arm hidden, at which moment."""

from __future__ import annotations

import numpy as np
from written_span import TURN_S, span

from groupcoach.exercises.catalogue import Definition, load_catalogue
from groupcoach.form import Span, judge
from groupcoach.reps import Excursion

SQUAT, JACK, BURPEE, BRIDGE = (load_catalogue().get(n) for n in ("squat", "jumping_jack", "burpee", "glute_bridge"))
REP = Excursion(0.0, TURN_S, 3.0, 80.0, 90.0, moving_s=3.0)


def faults(definition: Definition, s: Span) -> list[str]:
    return [f.code for f in judge(definition, s, REP).faults]


def test_a_trunk_that_leans_is_seen_from_every_side() -> None:
    for view in ("side", "oblique", "front", "back"):
        assert faults(SQUAT, span(view, trunk_minus_shin=40.0)) == ["trunk_lean"]


def test_arms_are_compared_where_both_are_seen_and_from_where_they_can_be() -> None:
    uneven = {"shoulder_gap": -40.0, "shoulder": 150.0}
    assert faults(JACK, span("front", **uneven, shoulder_doubt=9.0)) == ["uneven"]
    assert faults(JACK, span("front", **uneven, shoulder_doubt=20.0)) == []  # one of them is half hidden
    assert faults(JACK, span("oblique", **uneven, shoulder_doubt=9.0)) == []


def test_who_is_still_coming_up_has_not_failed_to_stand() -> None:
    def coming(after_s: float) -> object:
        return lambda t: np.clip(90 + 240 * (t - 3.0 + after_s), 90, 170)

    def short(t: np.ndarray) -> np.ndarray:
        return 125 - 30 * np.abs(t - 3.0)

    assert faults(BURPEE, span("side", hip=coming(0.15), trunk_lean=20.0)) == []
    assert faults(BURPEE, span("side", hip=short, trunk_lean=20.0)) == ["no_full_stand"]


def test_what_is_read_too_low_is_put_right_before_it_is_judged() -> None:
    rule = BRIDGE.rule("hips_low")
    assert rule.bias < 0
    limit = rule.below + rule.bias  # as it is read
    for read, found in ((limit - rule.margin - 1, ["hips_low"]), (limit - rule.margin + 1, [])):
        assert faults(BRIDGE, span("side", hip=read, trunk_lean=110.0)) == found
    (fault,) = judge(BRIDGE, span("side", hip=limit - 20, trunk_lean=110.0), REP).faults
    assert abs(fault.measured - (rule.below - 20)) < 0.1
