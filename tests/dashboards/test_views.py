"""Snapshots and summaries become views and HTML, with 0 to 30 people and with names from hell."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

import pytest
from fake_class import person, snapshot
from hypothesis import given
from hypothesis import strategies as st

from dashboards import markup
from dashboards.views import live_view, run_view
from groupcoach.serve.api import snapshot_json


def live(people, age_s=0.1, silent_s=0.0, **more):
    return live_view(snapshot_json((snapshot(people, **more), age_s)), silent_s)


def card(**more):
    return live([person(0, **more)]).cards[0]


@pytest.mark.parametrize("n", [0, 1, 4, 12, 30, 200])
def test_a_card_per_person_in_an_order_that_stays(n):
    view = live(n)
    assert [c.person_id for c in view.cards] == list(range(1, n + 1))
    assert markup.cards_html(view.cards).count('class="gc-card gc-') == n
    assert len(view.needs_you) <= 3
    assert view.stale == ""


def test_who_needs_you_longest_first():
    people = [
        person(0, worst_text="chest up", worst_joint="trunk_lean", fault_since_s=58.0),
        person(1, worst_text="knees out", worst_joint="left_knee", fault_since_s=50.0),
        person(2, worst_text="arms up", worst_joint="left_elbow", fault_since_s=40.0, present=False),
    ]
    assert [(c.todo, c.since_s) for c in live(people).needs_you] == [("knees out", 10.0), ("chest up", 2.0)]


def test_what_a_card_says():
    shown = card(reps=12, clean_reps=9, worst_joint="left_knee", worst_text="push your knees out", fault_since_s=55.0)
    assert (shown.state, shown.count, shown.clean, shown.clean_share) == ("fault", "12", "9 of 12 clean", 0.75)
    assert (shown.joint, shown.todo, shown.since_s) == ("left knee", "push your knees out", 5.0)
    gone = card(present=False, last_seen_s=48.0, worst_text="chest up")
    assert (gone.state, gone.note, gone.todo) == ("lost", "not seen for 12 s", "")
    assert card(exercise="stand", exercise_name="Standing", reps=0, clean_reps=0).count == "–"
    hold = card(exercise="plank", reps=0, clean_reps=0, hold_s=34.4)
    assert (hold.count, hold.clean, hold.clean_share) == ("34 s", "", None)
    assert card(muted=True).muted


def test_the_class_line():
    people = [person(i, exercise="squat", exercise_name="Squat", reps=r, present=True, worst_text=w)
              for i, (r, w) in enumerate([(4, "chest up"), (9, "chest up"), (7, None)])]  # fmt: skip
    line = live([*people, person(3, present=False)], t_s=125.0).line
    assert line == "3 people here, 1 not seen · 3 on Squat (4 to 9) · 2 × chest up · 2:05 · 25 fps"
    assert live(0).line.startswith("0 people")
    assert live(1, running=False).line.endswith("class ended")


def test_what_is_old_is_called_old():
    assert "camera for 3 s" in live(1, age_s=3.0).stale
    assert "engine for 5 s" in live(1, silent_s=5.0).stale
    assert "engine for 2 s" in live_view(None, 2.0).stale
    assert live(1, age_s=99.0, silent_s=99.0, running=False).stale == ""
    assert live_view(snapshot_json(None)).stale == ""
    assert markup.stale_html("") == ""
    assert markup.dead_man_html(1) != markup.dead_man_html(2)


def test_a_finished_class():
    squat = {"exercise": "squat", "start_s": 1.0, "end_s": 15.2, "reps": 8, "clean_reps": 6, "hold_s": 0.0,
             "rep_end_s": [], "faults": {"knees_in": 2, "depth": 1}}  # fmt: skip
    push_up = {**squat, "exercise": "push_up", "reps": 4, "clean_reps": 4, "faults": {}}
    plank = {**squat, "exercise": "plank", "reps": 0, "clean_reps": 0, "hold_s": 21.4, "faults": {}}
    summary = {"source": "C:\\clips\\class.mp4", "duration_s": 80.0, "people": [
        {"id": 1, "name": "Mina", "exercises": [squat, push_up]}, {"id": 2, "name": "Jun", "exercises": [plank]},
        {"id": 3, "name": "Ana", "exercises": []}]}  # fmt: skip
    events = [{"type": "fault_found", "person": 1, "code": "knees_in", "text": {"en": "push your knees out"}}]
    view = run_view(summary, events)
    assert (view.title, view.line) == ("class.mp4", "3 people · 12 repetitions · 1:20")
    mina, jun, ana = view.cards
    assert (mina.exercise, mina.count, mina.clean) == ("Squat, Push up", "12", "10 of 12 clean")
    assert (mina.todo, mina.joint) == ("push your knees out", "2 times")
    assert (jun.count, jun.state, ana.count, ana.exercise) == ("21 s", "ok", "0", "no exercise")
    assert view.faults == (("push your knees out", 2), ("depth", 1))
    assert [(r["Exercise"], r["Count"], r["To correct"]) for r in view.rows] == [
        ("Squat", 8, "push your knees out (2), depth (1)"), ("Push up", 4, ""), ("Plank", 0, "")]  # fmt: skip
    assert run_view({"people": []}, []).cards == ()
    assert "Nothing found" in markup.faults_html(())


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))


def tags(text):
    parser = Tags()
    parser.feed(text)
    return parser.found


anything = st.text(max_size=40) | st.sampled_from(
    ['"><script>alert(1)</script>', "<img src=x onerror=alert(1)>", "&lt;b&gt;"]
)


@given(anything, anything, anything)
def test_no_text_from_outside_becomes_markup(name, todo, exercise):
    plain = live([person(0, name="n", worst_text="t", worst_joint="j", exercise_name="e", fault_since_s=1.0)])
    hostile = live([person(0, name=name or "n", worst_text=todo or "t", worst_joint=name or "j",
                           exercise_name=exercise or "e", fault_since_s=1.0)])  # fmt: skip

    def page(view, said):
        return (markup.cards_html(view.cards) + markup.needs_you_html(view.needs_you) + markup.stale_html(said)
                + markup.line_html(said, [said]) + markup.faults_html([(said, 1)]))  # fmt: skip

    assert tags(page(hostile, name or "x")) == tags(page(plain, "x"))
    assert tags(markup.picture_html(f"http://127.0.0.1/{name}", 0)) == tags(markup.picture_html("http://h", 0))


def test_cards_need_no_streamlit():
    import subprocess
    import sys

    check = "import sys, dashboards.views, dashboards.markup, dashboards.launch, dashboards.feed; assert not " \
            "{'streamlit', 'torch', 'cv2', 'numpy'} & set(sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
    assert dataclasses.is_dataclass(card())
