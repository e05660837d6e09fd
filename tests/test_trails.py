"""Figures and traces of the cards."""

from __future__ import annotations

import numpy as np
import pytest

from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.records import BodyPose, JointAngles
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, INDEX, JOINTS
from groupcoach.trails import TRACE_S, TRACE_STEP_S, Trails, figure_of

J = len(JOINTS)


def pose(px: np.ndarray | None = None) -> BodyPose:
    if px is None:
        px = np.column_stack([np.linspace(300, 400, J), np.linspace(100, 300, J)])
    return BodyPose(np.zeros((J, 3)), px, np.tile(np.eye(3), (24, 1, 1)), np.zeros(10), np.zeros(3), np.zeros(J))


def angles(knee: float) -> JointAngles:
    deg = np.full(len(ANGLES), np.nan)
    deg[[ANGLE_INDEX["left_knee"], ANGLE_INDEX["right_knee"]]] = knee - 5, knee + 5
    return JointAngles(deg, np.full(len(ANGLES), np.nan))


def test_a_figure_is_the_body_in_a_small_box() -> None:
    figure = figure_of(pose())
    assert all(isinstance(v, int) for place in figure.values() for v in place)
    places = np.array(list(figure.values()))
    assert places.min() == 0
    assert places.max() == 100
    assert figure["head"][1] < figure["right_toe"][1]
    assert "left_hand" not in figure  # nothing is drawn to it
    px = pose().joints_px.copy()
    px[INDEX["left_knee"]] = np.nan
    assert set(figure) - set(figure_of(pose(px))) == {"left_knee"}
    assert figure_of(pose(np.full((J, 2), np.nan))) == {}
    assert figure_of(pose(np.ones((J, 2)))) == {}


def test_a_trace_is_the_drive_a_few_times_a_second() -> None:
    trails = Trails(load_catalogue())
    for k in range(600):  # 20 s at 30 a second
        trails.add(1, "squat", pose(), angles(90.0 + k / 10), k / 30)
    t = 599 / 30
    trace = trails.trace(1, t)
    assert len(trace) == pytest.approx(TRACE_S / TRACE_STEP_S, abs=9)
    assert trace[0][0] == pytest.approx(TRACE_S, abs=0.3)
    assert trace[-1][1] == pytest.approx(90 + 59.9, abs=1.5)  # mean of both knees
    assert [ago for ago, _ in trace] == sorted((ago for ago, _ in trace), reverse=True)


def test_standing_between_repetitions_keeps_the_trace_and_another_exercise_does_not() -> None:
    trails = Trails(load_catalogue())
    for k in range(10):
        trails.add(1, "squat" if k < 5 else "stand", pose(), angles(100.0), k * 0.5)
    assert len(trails.trace(1, 4.5)) == 10
    trails.add(1, "biceps_curl", pose(), angles(100.0), 5.0)
    assert trails.trace(1, 5.0) == ()  # no elbow was seen


def test_who_is_not_seen_is_not_drawn() -> None:
    trails = Trails(load_catalogue())
    trails.add(1, "unknown", pose(), angles(np.nan), 3.0)
    assert trails.figure(1, 3.5)
    assert trails.figure(1, 4.5) is None
    assert (trails.figure(2, 3.0), trails.trace(2, 3.0), trails.trace(1, 3.0)) == (None, (), ())
