"""A class that is over becomes cards and tables."""

from __future__ import annotations

from dashboards import markup
from dashboards.over import run_view
from dashboards.words import Words

SQUAT = {"exercise": "squat", "start_s": 1.0, "end_s": 15.2, "reps": 8, "clean_reps": 6, "hold_s": 0.0,
         "rep_end_s": [], "faults": {"knees_in": 2, "depth": 1}}  # fmt: skip
PUSH_UP = {**SQUAT, "exercise": "push_up", "reps": 4, "clean_reps": 4, "faults": {}}
PLANK = {**SQUAT, "exercise": "plank", "reps": 0, "clean_reps": 0, "hold_s": 21.4, "faults": {}}
SUMMARY = {"source": "C:\\clips\\class.mp4", "duration_s": 80.0, "people": [
    {"id": 1, "name": "Mina", "exercises": [SQUAT, PUSH_UP]}, {"id": 2, "name": "Jun", "exercises": [PLANK]},
    {"id": 3, "name": "Ana", "exercises": []}]}  # fmt: skip
EVENTS = [{"type": "fault_found", "person": 1, "code": "knees_in",
           "text": {"en": "push your knees out", "ko": "무릎을 바깥으로"}}]  # fmt: skip


def test_a_finished_class():
    view = run_view(SUMMARY, EVENTS)
    assert (view.title, view.line) == ("class.mp4", "3 people · 12 repetitions · 1:20")
    mina, jun, ana = view.cards
    assert (mina.exercise, mina.count, mina.clean) == ("Squat, Push up", "12", "10 of 12 clean")
    assert (mina.todo, mina.joint) == ("push your knees out", "2 times")
    assert (jun.count, jun.state, ana.count, ana.exercise) == ("21 s", "ok", "0", "no exercise")
    assert view.faults == (("push your knees out", 2), ("depth", 1))
    assert view.per_person.rows == (
        ("Mina", "Squat", "8", "6 (75 %)", "", "0:01", "0:15", "push your knees out (2), depth (1)"),
        ("", "Push up", "4", "4 (100 %)", "", "0:01", "0:15", ""),
        ("Jun", "Plank", "0", "", "21 s", "0:01", "0:15", ""),
        ("Ana", "no exercise", "", "", "", "", "", ""),
    )
    assert run_view({"people": []}, []).cards == ()
    assert "Nothing found" in markup.faults_html(())


def test_per_exercise_adds_people_and_sets_up():
    jun = {"id": 2, "name": "Jun", "exercises": [{**SQUAT, "reps": 3, "clean_reps": 3, "faults": {"depth": 1}}, SQUAT]}
    view = run_view({**SUMMARY, "people": [SUMMARY["people"][0], jun]}, EVENTS)
    assert view.per_exercise.rows[0] == (
        "Squat", "2", "19", "8–11", "15 (79 %)", "", "push your knees out (4), depth (3)")  # fmt: skip
    assert len(view.per_exercise.head) == len(view.per_exercise.rows[0])


def test_who_teaches_counts_for_nobody():
    teacher = {"id": 9, "name": "Coach", "exercises": [], "role": "instructor"}
    view = run_view({**SUMMARY, "people": [*SUMMARY["people"], teacher]}, EVENTS)
    assert view.line.startswith("3 people")
    assert (view.cards[3].tags, view.cards[3].count, view.cards[3].exercise) == (("instructor",), "–", "")
    assert "Coach" not in {row[0] for row in view.per_person.rows}


def test_in_korean_with_the_catalogues_names():
    view = run_view(SUMMARY, EVENTS, Words("ko"), {"squat": "스쿼트"})
    assert view.cards[0].exercise == "스쿼트, Push up"
    assert (view.line, view.faults[0][0]) == ("3명 · 12회 반복 · 1:20", "무릎을 바깥으로")
    assert view.per_exercise.head[0] == "운동"


def test_a_corrected_count_is_never_cleaner_than_itself():
    few = {"id": 1, "name": "Mina", "exercises": [{**SQUAT, "reps": 2}]}
    view = run_view({**SUMMARY, "people": [few]}, EVENTS)
    assert (view.cards[0].clean, view.per_person.rows[0][3]) == ("2 of 2 clean", "2 (100 %)")
