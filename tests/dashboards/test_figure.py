"""The small drawings of a card."""

from __future__ import annotations

import pytest
from fake_class import SQUATTING, person, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.figure import HEIGHT, TRACE_HEIGHT, WIDTH, drawing, numbers, trace_points
from dashboards.markup import card_html
from dashboards.views import live_view
from groupcoach.serve.api import snapshot_json


def test_the_figure_stands_in_the_middle_on_the_floor():
    figure = drawing({"head": (0, 0), "neck": (0, 20), "spine_mid": (0, 50), "pelvis": (0, 100)})
    assert figure is not None
    assert figure.head == (WIDTH / 2, 0.0)
    assert (50.0, 100.0, 50.0, 50.0) in figure.lines
    assert len(figure.lines) == 3
    low = drawing({"head": (0, 0), "neck": (30, 5), "spine_mid": (60, 5), "pelvis": (100, 10)})
    assert low is not None
    assert low.lines[0][1] == HEIGHT  # a lying body lies at the lower edge


@pytest.mark.parametrize(
    ("flagged", "rings"),
    [("left_knee", 1), ("knee", 2), ("waist", 1), ("trunk_lean", 1), ("heel", 2), ("", 0), ("left_ear", 0)],
)
def test_a_flagged_joint_has_a_ring(flagged, rings):
    figure = drawing(SQUATTING, flagged)
    assert figure is not None
    assert len(figure.rings) == rings


def test_nobody_and_halves_of_bodies():
    assert drawing(None) is None
    assert drawing({}) is None
    assert drawing({"head": (1,), "neck": ("a", "b")}) is None
    only = drawing({"left_knee": (3, 4)}, "left_knee")
    assert only is not None
    assert (only.lines, only.head, only.rings) == ((), None, ((50.0, 100.0),))


def test_the_trace_runs_from_left_to_right_and_does_not_exaggerate():
    assert trace_points([(1.0, 90.0)]) == ()
    points = trace_points([(10.0, 170.0), (5.0, 80.0), (0.0, 170.0)])
    assert [x for x, _ in points] == [0.0, 50.0, 100.0]
    assert [y for _, y in points] == [0.0, TRACE_HEIGHT, 0.0]  # a smaller angle is lower
    still = [y for _, y in trace_points([(1.0, 170.0), (0.0, 172.0)])]
    assert abs(still[0] - still[1]) < 2


@settings(deadline=None)  # the machine may be busy: what is shown is tested, not how fast
@given(st.dictionaries(st.text(max_size=9), st.lists(st.floats(-1e6, 1e6) | st.text(max_size=9), max_size=3)))
def test_whatever_the_engine_says_becomes_numbers_only(joints):
    view = live_view(snapshot_json((snapshot([person(0, figure=None)]), 0.1)))
    import dataclasses

    html = card_html(dataclasses.replace(view.cards[0], figure=joints))
    assert html.count("<span") == html.count("</span>")
    for part in html.split('data-lines="')[1:]:
        assert set(part.split('"')[0]) <= set("0123456789.,;-e+")


def test_numbers_are_short():
    assert numbers([(1.0, 2.5), (3, 4)]) == "1,2.5;3,4"
    assert numbers([]) == ""
