"""Form rules on written measures: what they say, and above all when they keep silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from written_span import TURN_S, span

from groupcoach.exercises.catalogue import Definition, load_catalogue
from groupcoach.form import Span, passes_gate, side_of
from groupcoach.form import judge as judged
from groupcoach.records import Fault
from groupcoach.reps import Excursion
from groupcoach.skeleton import ANGLE_INDEX, INDEX

SQUAT, PUSH_UP, CURL, LUNGE, JACK = (
    load_catalogue().get(n) for n in ("squat", "push_up", "biceps_curl", "lunge", "jumping_jack")
)
REP = Excursion(0.0, TURN_S, 3.0, 80.0, 90.0, moving_s=3.0)


def judge(definition: Definition, s: Span, turn_s: float = TURN_S) -> tuple[Fault, ...]:
    return judged(definition, s, replace(REP, turn_s=turn_s)).faults


def down_to(low: float) -> object:
    return lambda t: 170 - (170 - low) * (1 - np.cos(2 * np.pi * t / 3)) / 2


def faults(definition: Definition, s: Span) -> list[str]:
    return [f.code for f in judge(definition, s)]


def only(found: tuple[Fault, ...]) -> Fault:
    assert len(found) == 1
    return found[0]


# -- what is said -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["front", "back", "side", "oblique"])
@pytest.mark.parametrize("fps", [8, 15, 30])
def test_a_shallow_squat_is_told_from_a_deep_one(view: str, fps: float) -> None:
    assert faults(SQUAT, span(view, fps=fps, knee=down_to(122))) == ["shallow"]
    assert faults(SQUAT, span(view, fps=fps, knee=down_to(85))) == []
    found = only(judge(SQUAT, span(view, fps=fps, knee=down_to(122))))
    assert found.measured == pytest.approx(122, abs=3)
    rule = SQUAT.rule("shallow")
    assert (found.limit, found.unit, found.t_s, found.side) == (rule.above, "deg", TURN_S, "both")
    assert found.direction == rule.text.en


def test_the_margin_is_respected() -> None:
    for code in ("shallow", "trunk_lean"):
        rule = SQUAT.rule(code)
        assert rule.above is not None
        just = rule.above + rule.margin  # beyond the limit, within the measurement's error
        assert faults(SQUAT, span(sigma=4.0, **{rule.measure: just - 0.5})) == []
        assert faults(SQUAT, span(sigma=4.0, **{rule.measure: just + 0.5})) == [code]
        # and that of the view, where it is wider
        assert faults(SQUAT, span(sigma=1.9 * rule.margin, **{rule.measure: just + 0.5})) == []


def test_a_rule_with_a_lower_limit() -> None:
    rule = JACK.rule("arms_low")
    assert rule.below is not None
    assert faults(JACK, span(shoulder=rule.below - rule.margin - 1)) == ["arms_low"]
    assert faults(JACK, span(shoulder=rule.below - rule.margin + 1)) == []


def test_knees_in_is_judged_from_the_front_only() -> None:
    assert faults(SQUAT, span("front", knees_inside_feet=0.05)) == []
    inward = {"knees_inside_feet": 0.25}
    for view in ("side", "oblique", "back"):
        assert faults(SQUAT, span(view, **inward)) == []
    found = only(judge(SQUAT, span("front", **inward)))
    assert (found.code, found.measured) == ("knees_in", pytest.approx(0.25))
    assert SQUAT.rule(found.code).dangerous
    assert found.clear
    assert not only(judge(SQUAT, span("front", knees_inside_feet=0.17))).clear


def test_a_fault_of_the_whole_repetition_is_found_wherever_it_happens() -> None:
    sagging = span("side", hip_sag=lambda t: np.where(t < 2.0, 2.0, 40.0), trunk_lean=80.0)
    assert faults(PUSH_UP, sagging) == ["hips_sag"]
    briefly = span("side", hip_sag=lambda t: np.where(np.abs(t - 1) < 0.1, 40.0, 2.0), trunk_lean=80.0)
    assert faults(PUSH_UP, briefly) == []  # one wild moment is no fault


def test_a_swing_is_a_change_not_a_lean() -> None:
    assert faults(CURL, span("side", trunk_swing=lambda t: 5 + 35 * np.abs(np.sin(2 * t)))) == ["swing"]
    assert faults(CURL, span("side", trunk_swing=35.0)) == []


def test_the_worst_comes_first() -> None:
    s = span("side", knee=130.0, trunk_minus_shin=60.0)
    assert faults(SQUAT, s) == ["trunk_lean", "shallow"]  # higher priority


# -- left and right -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_side_that_is_clearly_worse_is_named(side: str) -> None:
    other = {"left": "right", "right": "left"}[side]
    s = span(knee=115.0, **{f"{side}_knee": 135.0, f"{other}_knee": 95.0})
    found = only(judge(SQUAT, s))
    assert (found.side, found.joint) == (side, f"{side}_knee")
    assert found.joint in INDEX
    even = only(judge(SQUAT, span(knee=115.0, left_knee=118.0, right_knee=112.0)))
    assert (even.side, even.joint) == ("both", "knee")


def test_a_side_that_is_not_seen_is_not_named() -> None:
    assert only(judge(SQUAT, span(knee=120.0, left_knee=120.0))).side == "both"


def test_mirroring_the_body_mirrors_the_fault() -> None:
    found = only(judge(SQUAT, span(knee=115.0, left_knee=135.0, right_knee=95.0)))
    mirrored = only(judge(SQUAT, span(knee=115.0, left_knee=95.0, right_knee=135.0)))
    assert (found.side, mirrored.side) == ("left", "right")
    assert found.measured == mirrored.measured


def test_uneven_arms_name_the_one_behind_unless_one_arm_works_alone() -> None:
    press = load_catalogue().get("shoulder_press")
    even = span("front", elbow=150.0, elbow_gap=3.0, left_elbow=150.0, right_elbow=147.0)
    late = span("front", elbow=150.0, elbow_gap=-50.0, left_elbow=120.0, right_elbow=170.0)
    assert faults(press, even) == []
    assert [(f.code, f.side, f.joint, f.measured) for f in judge(press, late)] == [
        ("uneven", "left", "left_elbow", 50.0)
    ]
    alone = judged(press, late, replace(REP, turn_s=TURN_S), "right")
    assert [f.code for f in alone.faults] == []
    assert "uneven" in alone.not_judged


@pytest.mark.parametrize(("left", "right", "want"), [(70.0, 70.0, "both"), (70.0, 4.0, "left"), (5.0, 80.0, "right")])
def test_which_arm_it_was(left: float, right: float, want: str) -> None:
    raise_ = load_catalogue().get("front_raise")
    up = lambda size: lambda t: 15 + size * np.sin(np.pi * t / 3) ** 2  # noqa: E731
    s = span("front", left_shoulder=up(left), right_shoulder=up(right))
    assert side_of(raise_, s, REP) == want


def test_a_step_up_is_no_lunge() -> None:
    assert passes_gate(LUNGE, span(sigma=0.1, trunk_lean=10.0, front_up=-0.3), REP.turn_s)
    assert not passes_gate(LUNGE, span(sigma=0.1, trunk_lean=10.0, front_up=0.7), REP.turn_s)


@pytest.mark.parametrize(("ahead", "want"), [(1.8, "left"), (-1.6, "right"), (float("nan"), "both")])
def test_the_leg_in_front_leads_the_lunge(ahead: float, want: str) -> None:
    assert side_of(LUNGE, span(left_ahead=lambda t: ahead * np.sin(np.pi * t / 3)), REP) == want


def test_a_repetition_that_is_too_fast() -> None:
    quick = judged(SQUAT, span(knee=85.0), replace(REP, moving_s=0.9))
    assert [(f.code, f.unit) for f in quick.faults] == [("too_fast", "s")]
    assert judged(SQUAT, span(knee=85.0), replace(REP, moving_s=1.6)).faults == ()
    assert "too_fast" in judged(SQUAT, span(knee=85.0), replace(REP, moving_s=float("nan"))).not_judged


def test_legs_that_are_not_seen_have_no_tempo() -> None:
    s = span(knee=85.0)
    s.deg[:, [ANGLE_INDEX["left_knee"], ANGLE_INDEX["right_knee"]]] = 85.0
    for sigma, want in ((8.0, ["too_fast"]), (24.0, [])):
        wide = np.full_like(s.deg, sigma)
        verdict = judged(SQUAT, replace(s, sigma_deg=wide), replace(REP, moving_s=0.9))
        assert [f.code for f in verdict.faults] == want
        assert ("too_fast" in verdict.not_judged) is (not want)


def test_the_depth_of_a_squat_is_not_judged_by_thighs_that_fall_in() -> None:
    verdict = judged(SQUAT, span("front", knee=120.0, knees_inside_feet=0.3), REP)
    assert [f.code for f in verdict.faults] == ["knees_in"]
    assert "shallow" in verdict.not_judged
    assert faults(SQUAT, span("front", knee=120.0, knees_inside_feet=-0.1)) == ["shallow"]


def test_the_depth_of_a_hasty_repetition_is_not_judged_where_the_tempo_is() -> None:
    """Its turn is smoothed away; of a jumping jack, which is quick by nature, the best of the turn counts."""
    hasty = Excursion(0.0, 0.4, 0.9, 60.0, 120.0, moving_s=0.8)
    verdict = judged(SQUAT, span(knee=120.0), hasty)
    assert [f.code for f in verdict.faults] == ["too_fast"]
    assert "shallow" in verdict.not_judged
    calm = judged(SQUAT, span(knee=120.0), replace(hasty, end_s=1.4, moving_s=1.4))
    assert [f.code for f in calm.faults] == ["shallow"]
    jack = load_catalogue().get("jumping_jack")
    assert "arms_low" not in judged(jack, span("front", shoulder=100.0), hasty).not_judged


def test_back_at_rest_is_looked_at_too_and_a_line_only_in_the_plank() -> None:
    burpee = load_catalogue().get("burpee")
    end = Excursion(0.0, 1.5, 2.5, 60.0, 65.0)
    bent = span("side", hip=lambda t: np.where(t > 2.2, 120.0, 165.0))
    assert [f.code for f in judged(burpee, bent, end).faults] == ["no_full_stand"]
    # hips that hang count only where legs and trunk are as in a plank
    crouch = {"hip_sag": 40.0, "leg_lean": 30.0, "trunk_lean": 60.0}
    plank = {"hip_sag": 40.0, "leg_lean": 75.0, "trunk_lean": 70.0}
    assert [f.code for f in judged(burpee, span("side", hip=165.0, **crouch), end).faults] == []
    assert [f.code for f in judged(burpee, span("side", hip=165.0, **plank), end).faults] == ["hips_sag"]


def test_what_could_not_be_judged_is_said() -> None:
    side = judged(SQUAT, span("side", knee=85.0), REP)
    assert "knees_in" in side.not_judged  # seen from the front only
    assert "shallow" not in side.not_judged
    unsure = judged(SQUAT, span("side", knee=85.0, sigma=40.0), REP)
    assert {"shallow", "trunk_lean"} <= set(unsure.not_judged)


# -- silence ------------------------------------------------------------------------------------------------------


def test_not_seen_says_nothing() -> None:
    assert faults(SQUAT, span()) == []
    hidden_at_the_turn = span(knee=lambda t: np.where(np.abs(t - TURN_S) < 0.3, np.nan, 130.0))
    assert faults(SQUAT, hidden_at_the_turn) == []
    mostly_hidden = span("side", hip_sag=lambda t: np.where(t < 2, np.nan, 40.0), trunk_lean=80.0)
    assert faults(PUSH_UP, mostly_hidden) == []


def test_a_reading_that_is_not_sure_says_nothing() -> None:
    widest = 2 * SQUAT.rule("shallow").margin
    assert faults(SQUAT, span(knee=150.0, sigma=widest - 1)) == ["shallow"]
    assert faults(SQUAT, span(knee=150.0, sigma=widest + 1)) == []
    assert faults(SQUAT, span(knee=150.0, sigma=float("nan"))) == []


def test_a_single_wild_frame_at_the_turn_says_nothing() -> None:
    assert faults(SQUAT, span(fps=30, knee=lambda t: np.where(np.abs(t - TURN_S) < 0.01, 175.0, 85.0))) == []


def test_an_exercise_without_rules_has_no_faults() -> None:
    assert faults(load_catalogue().get("stand"), span(knee=150.0)) == []


# -- view and gate ------------------------------------------------------------------------------------------------


def test_the_view_is_that_of_most_frames_and_the_same_every_time() -> None:
    s = span()
    views = ["front"] * 10 + ["side"] * 12 + ["oblique"] * 5
    assert Span(s.t_s, s.values, s.sigma, s.deg, views).view() == "side"
    assert Span(s.t_s, s.values, s.sigma, s.deg, ["front", "side", "side", "front"]).view() == "front"
    assert Span(s.t_s, s.values, s.sigma, s.deg, []).view() == "oblique"


def test_the_gate() -> None:
    for hip, is_one in ((70.0, True), (30.0, False)):  # taking a weight up is a crouch, not a deadlift
        assert passes_gate(load_catalogue().get("deadlift"), span(hip=hip, trunk_lean=50.0), REP.turn_s) is is_one
    assert passes_gate(PUSH_UP, span(trunk_lean=80.0))
    assert not passes_gate(PUSH_UP, span(trunk_lean=10.0))  # curls his arms upright
    assert passes_gate(PUSH_UP, span())  # what is not seen does not speak against
    assert passes_gate(PUSH_UP, span(trunk_lean=lambda t: np.where(t < 0.8, 10.0, 80.0)))  # the median decides


def test_the_span_is_not_written_into() -> None:
    s = span("front", knee=down_to(120), knees_inside_feet=0.4)
    before = [s.values.copy(), s.sigma.copy(), s.deg.copy(), s.t_s.copy()]
    judge(SQUAT, s)
    for a, b in zip(before, (s.values, s.sigma, s.deg, s.t_s), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("knee_low", "want"), [(85.0, []), (125.0, ["shallow"])])
def test_a_lunge_is_judged_by_its_lower_knee(knee_low: float, want: list[str]) -> None:
    assert faults(LUNGE, span("front", knee_low=knee_low, knee=140.0)) == want


@pytest.mark.parametrize(("definition", "least_deg"), [(SQUAT, 45.0), (LUNGE, 48.0), (PUSH_UP, 37.5)])
def test_half_a_repetition_has_no_tempo(definition: Definition, least_deg: float) -> None:
    for range_deg, asked in ((least_deg - 1, False), (least_deg + 1, True)):
        quick = Excursion(0.0, 0.3, 0.8, range_deg, 80.0, moving_s=0.6)
        verdict = judged(definition, span(), quick)
        assert ("too_fast" in [f.code for f in verdict.faults]) is asked
        assert ("too_fast" in verdict.not_judged) is not asked


def test_a_turn_between_a_few_readings_is_not_judged() -> None:
    """Steps on the spot, half a second each: at 12 frames a second their height is smoothed away."""
    knees = load_catalogue().get("high_knees")
    step = Excursion(1.25, TURN_S, 1.75, 40.0, 50.0, side="left")
    for fps, want in ((12.0, []), (30.0, ["knees_low"])):
        s = span("front", fps=fps, thigh_lean=40.0, left_thigh_lean=40.0)
        verdict = judged(knees, replace(s, sigma_deg=np.full_like(s.deg, 5.0)), step, "left")
        assert [f.code for f in verdict.faults] == want
