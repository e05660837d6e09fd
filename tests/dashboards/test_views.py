"""Snapshots and summaries become views and HTML, with 0 to 30 people and with names from hell."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from fake_class import person, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards import markup
from dashboards.over import Table
from dashboards.views import answer_text, live_view
from dashboards.words import TABLE, Words
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
    assert card(muted=True).tags == ("cues off",)


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


def test_states_and_places_in_words():
    assert card(exercise="stand", present=True).note == "resting"
    assert card(not_judged=("chest up", "knees out")).note == "not judged from here: chest up, knees out"
    assert card(not_judged=("chest up",), worst_text="knees out").state == "fault"
    assert (card(target=12).target, card(target=None, target_s=40.0).target, card(target=None).target) == (
        "/ 12", "/ 40 s", "")  # fmt: skip
    teacher = card(instructor=True, muted=True, guest=False, exercise="unknown", reps=0)
    assert (teacher.tags, teacher.exercise, teacher.count, teacher.note) == (("instructor",), "", "–", "")
    assert card(guest=True, provisional=True, muted=True).tags == ("guest", "who?", "cues off")
    gone = card(present=False)
    assert gone.figure is None  # what is not seen is not drawn
    assert "/ 12" in markup.card_html(card(target=12))


def test_who_teaches_comes_last_and_spots_come_first():
    people = [person(0, instructor=True), person(1), person(2, spot="A2"), person(3, spot="A1")]
    assert [c.person_id for c in live(people).cards] == [4, 3, 2, 1]


def test_more_clean_than_counted_is_never_shown():
    shown = card(reps=3, clean_reps=7)  # the instructor took some off
    assert (shown.clean, shown.clean_share) == ("3 of 3 clean", 1.0)


def test_korean():
    words = Words("ko")
    one = person(0, present=False, last_seen_s=48.0)
    view = live_view(snapshot_json((snapshot([one, person(1)]), 0.1)), 0.0, words)
    assert (view.cards[0].note, view.cards[1].joint) == ("12초째 안 보임", "왼쪽 무릎")
    assert view.line.startswith("1명 참여, 1명 안 보임")
    assert "아직 화면에" in markup.cards_html((), words=words)
    assert live_view(None, 3.0, words).stale == "엔진이 3초째 응답하지 않습니다."


def test_every_text_is_there_twice_with_the_same_values():
    for key, (en, ko) in TABLE.items():
        assert set(re.findall(r"{(\w+)}", en)) == set(re.findall(r"{(\w+)}", ko)), key
        assert en, key
        assert ko, key


@pytest.mark.parametrize(
    ("event", "want"),
    [
        ({"type": "renamed", "person": 1, "name": "Minah", "before": "Mina", "after": "Minah"},
         (True, "Renamed: Mina → Minah")),
        ({"type": "count_corrected", "person": 1, "before": 4, "after": 6}, (True, "Count corrected: 4 → 6")),
        ({"type": "instructor_marked", "person": 1, "before": False, "after": True}, (True, "Instructor: yes")),
        ({"type": "identity_swapped", "person": 1, "before": ["A", "B"], "after": ["B", "A"]}, (True, "Swapped: A, B")),
        ({"type": "muted", "person": None}, (True, "Cues off: everybody")),
        ({"type": "unmuted", "person": 2}, (True, "Cues on: Jun")),
        ({"type": "correction_refused", "person": 9, "why": "no such person"}, (False, "Not done: no such person")),
        ({"type": "correction_refused", "why": "name: too long"}, (False, "Not done: name: too long")),
        ({"type": "later_than_this_page", "person": 1}, (True, "later than this page")),
    ],
)  # fmt: skip
def test_what_became_of_a_command(event, want):
    assert answer_text(event, {1: "Mina", 2: "Jun"}) == want


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


@settings(deadline=None)  # the machine may be busy: what is shown is tested, not how fast
@given(anything, anything, anything)
def test_no_text_from_outside_becomes_markup(name, todo, exercise):
    plain = live([person(0, name="n", worst_text="t", worst_joint="j", exercise_name="e", fault_since_s=1.0)])
    hostile = live([person(0, name=name or "n", worst_text=todo or "t", worst_joint=name or "j",
                           exercise_name=exercise or "e", fault_since_s=1.0)])  # fmt: skip

    def page(view, said):
        return (markup.cards_html(view.cards) + markup.needs_you_html(view.needs_you) + markup.stale_html(said)
                + markup.line_html(said, [said]) + markup.faults_html([(said, 1)]) + markup.answer_html(False, said)
                + markup.heading_html(said, said) + markup.person_html(said)
                + markup.table_html(Table((said,), ((said,),)), said))  # fmt: skip

    assert tags(page(hostile, name or "x")) == tags(page(plain, "x"))


def test_cards_need_no_streamlit():
    import subprocess
    import sys

    check = "import sys, dashboards.markup, dashboards.launch, dashboards.feed, dashboards.personal; assert not " \
            "{'streamlit', 'torch', 'cv2', 'numpy'} & set(sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
    assert dataclasses.is_dataclass(card())
