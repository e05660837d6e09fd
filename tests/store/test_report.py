import csv
import io
from pathlib import Path
from typing import Any

from rich.console import Console

from groupcoach.store.erase import erase_from_run
from groupcoach.store.poses import FramePerson
from groupcoach.store.report import headline, report_rows, terminal_table, to_csv, to_html
from groupcoach.store.run_dir import RunWriter, load_run


def did(exercise: str, reps: int, clean: int, **faults: int) -> dict[str, Any]:
    return {"exercise": exercise, "start_s": 1.0, "end_s": 9.0, "reps": reps, "clean_reps": clean, "hold_s": 0.0,
            "rep_end_s": [], "faults": faults}  # fmt: skip


SUMMARY: dict[str, Any] = {
    "source": "class.mp4", "frames": 900, "duration_s": 30.0, "fps": 41.9, "dropped_frames": 2, "detector": "yolo",
    "regressor": "lifter", "device": "cpu",
    "people": [
        {"id": 1, "name": "Mina", "spot": None,
         "exercises": [did("squat", 5, 4, knees_in=1), did("push_up", 3, 3),
                       did("squat", 4, 1, knees_in=1, shallow=3)]},
        {"id": 2, "name": "Person 2", "spot": None, "exercises": []},
    ],
}  # fmt: skip


def shown(summary: dict[str, Any]) -> str:
    console = Console(width=150, record=True, file=io.StringIO())
    console.print(terminal_table(summary))
    return console.export_text()


def test_two_sets_of_squats_are_one_row_and_faults_are_words() -> None:
    first, second, nobody = report_rows(SUMMARY)
    assert (first.person, first.exercise, first.reps, first.clean) == ("Mina", "squat", 9, 5)
    assert first.faults_words == "shallow 3x, knees in 2x"
    assert (second.exercise_words, second.reps) == ("push up", 3)
    assert (nobody.person, nobody.exercise) == ("Person 2", "")


def test_the_table_has_everybody_and_no_empty_columns() -> None:
    text = shown(SUMMARY)
    assert "Mina" in text
    assert "push up" in text
    assert "shallow 3x, knees in 2x" in text
    assert "Person 2" in text
    assert "Spot" not in text
    assert "Held" not in text
    held = {"people": [{"id": 1, "name": "A", "spot": "3", "exercises": [did("plank", 0, 0) | {"hold_s": 31.2}]}]}
    assert "31 s" in shown(held)
    assert "Spot" in shown(held)


def test_a_class_of_nobody_is_a_table_too() -> None:
    assert "Person" in shown({"people": []})


def test_the_headline_says_what_was_lost() -> None:
    line = headline(SUMMARY)
    assert line == (
        "class.mp4: 2 people, 30.0 s, 900 frames, 41.9 frames a second, 2 frames dropped, yolo + lifter on cpu"
    )
    assert headline({"people": [], "ended_early": "the disk is full"}).endswith("Ended early: the disk is full")


def test_names_are_shown_and_never_run() -> None:
    evil = {"people": [{"id": 1, "name": "<script>alert(1)</script>[red]&\x00", "exercises": []},
                       {"id": 2, "name": "=HYPERLINK(1)", "exercises": []}]}  # fmt: skip
    page = to_html(evil)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\x00" not in page
    assert "[red]" in shown(evil)
    assert "'=HYPERLINK(1)" in to_csv(evil)


def test_the_page_stands_alone() -> None:
    page = to_html(SUMMARY)
    assert page.startswith("<!doctype html>")
    for outside in ("http:", "https:", "src=", "<link"):
        assert outside not in page
    assert "shallow 3x, knees in 2x" in page


def test_the_csv_has_one_line_a_row() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(SUMMARY))))
    assert [(r["person"], r["exercise"], r["repetitions"]) for r in rows] == [
        ("Mina", "squat", "9"), ("Mina", "push_up", "3"), ("Person 2", "", "0"),
    ]  # fmt: skip
    assert rows[0]["faults"] == "knees_in 2; shallow 3"


def test_one_person_is_taken_out_of_a_run_and_the_others_stay(tmp_path: Path) -> None:
    from groupcoach.records import Event

    run = RunWriter(tmp_path / "run", "class.mp4", 64, 48, 30.0, save_poses=True, save_video=False)
    box = (0.0, 0.0, 10.0, 10.0)
    for k in range(3):
        run.frame(k, k / 30, [FramePerson(i, box, 0.9, None, None, "squat", "squat") for i in (1, 2)])
    run.events([Event(0.0, "person_entered", 1, {"name": "Mina"}), Event(0.1, "person_entered", 2)])
    run.finish(SUMMARY)
    assert erase_from_run(tmp_path / "run", "mina")
    back = load_run(tmp_path / "run")
    assert [p["name"] for p in back.people] == ["Person 2"]
    assert [e["person"] for e in back.events()] == [2]
    assert set(back.tracks()[:, 1]) == {2.0}
    poses = back.poses()
    assert poses is not None
    assert set(poses["person"].tolist()) == {2}
    assert all("Mina" not in p.read_text() for p in (tmp_path / "run").glob("*.json*"))
    assert not erase_from_run(tmp_path / "run", "Mina")
