"""One person's classes, from the record and from events."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupcoach.errors import RecordError
from groupcoach.records import Event
from groupcoach.store.history import classes_of, exercises_of, fault_texts_in, names_in
from groupcoach.store.session import SessionStore


def rep(n: int, *faults: str, exercise: str = "squat", person: int = 1, **more: object) -> Event:
    return Event(2.0 * n, "rep_counted", person, {
        "exercise": exercise, "number": n, "start_s": 2.0 * n - 1.5, "turn_s": 2.0 * n - 1, "end_s": 2.0 * n,
        "range_deg": 80.0 + n, "faults": list(faults), **more,
    })  # fmt: skip


def rows(*events: Event) -> list[dict[str, object]]:
    return [{**e.data, "t_s": e.t_s, "type": e.type, "person": e.person} for e in events]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Two classes: Mina is person 1 in the first, person 2 in the second, which is still running."""
    url = f"sqlite:///{tmp_path / 'session.db'}"
    for number, when, name in ((1, "2026-11-14T18:00:00+00:00", "Mina"), (2, "2026-11-21T18:00:00+00:00", "mina ")):
        store = SessionStore(url)
        store.start("class.mp4", when)
        fault = Event(4.0, "fault_found", number, {"exercise": "squat", "code": "shallow", "joint": "knee",
                                                   "text": {"en": "go lower", "ko": "조금 더"}})  # fmt: skip
        store.write([Event(0.0, "person_entered", number, {"name": name}), rep(1, person=number),
                     rep(2, "shallow", person=number), fault,
                     Event(0.0, "person_entered", 7, {"name": "Jun"}), rep(1, person=7)])  # fmt: skip
        if number == 1:
            store.finish({"people": [{"id": 1, "name": "Mina", "spot": None}]})
        store.close()
    return url


def test_the_classes_of_one_person_oldest_first(url: str) -> None:
    first, second = classes_of(url, " MINA")
    assert (first.session, first.person, first.finished) == (1, 1, True)
    assert (second.session, second.person, second.finished) == (2, 2, False)
    assert first.started_at_utc < second.started_at_utc
    (done,) = second.exercises
    assert (done.exercise, done.count, done.clean, done.clean_share) == ("squat", 2, 1, 0.5)
    assert done.faults == {"shallow": 1}
    assert [r.range_deg for r in done.reps] == [81.0, 82.0]
    assert done.reps[0].tempo_s == pytest.approx(1.5)
    assert classes_of(url, "Nobody") == []


def test_names_and_texts(url: str) -> None:
    assert names_in(url) == ["Jun", "Mina", "mina "]
    assert fault_texts_in(url) == {"shallow": "go lower"}
    assert fault_texts_in(url, "ko") == {"shallow": "조금 더"}


def test_a_corrected_count_counts_and_goes_on() -> None:
    corrected = Event(5.0, "count_corrected", 1, {"exercise": "squat", "reps": 5})
    (done,) = exercises_of(rows(rep(1), rep(2, "shallow"), corrected, rep(6)), 1)
    assert (done.count, len(done.reps), done.clean) == (6, 3, 2)
    (less,) = exercises_of(rows(rep(1), rep(2), Event(5.0, "count_corrected", 1, {"exercise": "squat", "reps": 1})), 1)
    assert (less.count, less.clean, less.clean_share) == (1, 1, 1.0)


def test_holds_sides_and_left_against_right() -> None:
    held = Event(30.0, "hold_ended", 1, {"exercise": "plank", "hold_s": 20.5})
    lunges = [rep(n, exercise="lunge", side=side) for n, side in enumerate(("left", "right", "left"), 1)]
    squats = [rep(1, left_right_deg=4.0), rep(2, left_right_deg=8.0), rep(3, left_right_deg=None)]
    plank, lunge, squat = exercises_of(rows(held, held, *lunges, *squats), 1)
    assert (plank.hold_s, plank.count, plank.clean_share) == (41.0, 0, None)
    assert lunge.sides == {"left": 2, "right": 1}
    assert (squat.left_right_deg, lunge.left_right_deg) == (6.0, None)


def test_only_of_one_person() -> None:
    events = rows(rep(1, person=1), rep(1, person=2), rep(2, person=2))
    assert [d.count for d in exercises_of(events, 2)] == [2]
    assert exercises_of(events, 3) == ()


def test_what_is_no_record_says_so(tmp_path: Path) -> None:
    bad = tmp_path / "session.db"
    bad.write_text("this is no database, it is a text of some length" * 40)
    for read in (lambda u: names_in(u), lambda u: classes_of(u, "Mina")):
        with pytest.raises(RecordError, match="Cannot read the session record"):
            read(f"sqlite:///{bad}")


def test_what_was_done_before_a_merge_and_an_undone_correction(url: str) -> None:
    merged = Event(9.0, "identity_merged", 1, {"merged": 2, "correction": 1, "before": [], "after": []})
    wrong = Event(9.5, "count_corrected", 1, {"exercise": "squat", "before": 3, "after": 30, "correction": 2})
    undone = Event(9.6, "correction_undone", 1, {"kind": "count_corrected", "exercise": "squat", "before": 30,
                                                 "after": 3, "correction": 2})  # fmt: skip
    (done,) = exercises_of(rows(rep(1), rep(1, person=2), rep(2, person=2), merged, wrong, undone), 1)
    assert (done.count, len(done.reps)) == (3, 3)
