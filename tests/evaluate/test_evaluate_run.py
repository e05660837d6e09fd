import json
from pathlib import Path

import numpy as np
import pytest
from fake_engine import Actor, play
from written_truth import LEFT, MIDDLE, RIGHT, composed, segment, simulated

from groupcoach.errors import ConfigError, RecordError
from groupcoach.evaluate.run import equals_truth, evaluate_run, run_lines, run_table


def test_a_run_that_equals_its_truth(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2, 4, 6])]), (2, RIGHT, [segment("push_up", [3, 5])])])
    # the run has its own ids, and saw the people in another order
    actors = [Actor(8, RIGHT, "push_up", (3.1, 5.2)), Actor(5, LEFT, "squat", (2.1, 4.1, 6.1))]
    play(actors, tmp_path / "run", poses=True)
    result = evaluate_run(tmp_path / "run", truth)
    counting = result["counting"]
    rows = [(r["file"], r["exercise"], r["want"], r["got"], r["run_person"]) for r in counting["rows"]]
    assert rows == [("True 1", "squat", 3, 3, 5), ("True 2", "push_up", 2, 2, 8)]
    assert (counting["obo"], counting["mae"], counting["named"]) == (1.0, 0.0, 1.0)
    assert (counting["rep_precision"], counting["rep_recall"]) == (1.0, 1.0)
    assert counting["missed"] == {"counted": 5}
    assert counting["rep_delay_s"] == pytest.approx(0.1)
    assert counting["voted_accuracy"] == 1.0
    assert result["identity"] == {
        "hota": pytest.approx(1.0), "idf1": 1.0, "switches": 0, "count_continuity": 1.0,
        "deta": pytest.approx(1.0), "assa": pytest.approx(1.0),
    }  # fmt: skip
    assert result["cues"] is None
    assert equals_truth(result)
    assert run_table(result).row_count == 2
    assert any("HOTA" in line for line in run_lines(result))
    json.dumps(result, allow_nan=False)


def test_why_repetitions_are_missing(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [
        (1, LEFT, [segment("squat", [2, 4, 6, 8])]), (2, RIGHT, [segment("lunge", [3, 5])]),
        (3, MIDDLE, [segment("push_up", [7])]),
    ])  # fmt: skip
    # the first one counted too late and nothing at the end, the second called by another name, the third not followed
    play([Actor(5, LEFT, "squat", (2.1, 4.7)), Actor(6, RIGHT, "squat", (3.1,))], tmp_path / "run")
    with (tmp_path / "run" / "events.jsonl").open("a") as events:
        for t_s, person, name in ((1.0, 5, "squat"), (1.0, 6, "squat"), (7.0, 5, "unknown")):
            told = {"t_s": t_s, "type": "exercise_changed", "person": person, "exercise": name}
            events.write(json.dumps(told) + "\n")
    result = evaluate_run(tmp_path / "run", truth)
    assert result["counting"]["missed"] == {
        "counted": 1, "out_of_time": 1, "shown_right": 1, "shown_as_other": 2, "other_exercise": 1, "not_followed": 1,
    }  # fmt: skip
    assert any(
        "of 7 true repetitions 6 are missing: 2 while the card said something else" in x for x in run_lines(result)
    )


def test_a_repetition_of_a_body_that_is_behind_another_is_hidden(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2])])])
    path = truth.with_suffix(".npz")
    with np.load(path) as data:
        columns = {**data, "visible": np.full(100, 0.4)}
    np.savez(path, **columns)
    play([Actor(5, RIGHT, "squat", ())], tmp_path / "run")
    assert evaluate_run(tmp_path / "run", truth)["counting"]["missed"] == {"hidden": 1}


def test_a_wrong_name_a_ghost_and_a_person_not_found_all_show(tmp_path: Path) -> None:
    truth = simulated(
        tmp_path,
        [(1, LEFT, [segment("squat", [2, 4, 6])]), (2, (300.0, 50.0, 380.0, 350.0), [segment("lunge", [3, 5])])],
    )
    play([Actor(1, LEFT, "lunge", (2, 4)), Actor(2, RIGHT, "squat", (7,))], tmp_path / "run")
    result = evaluate_run(tmp_path / "run", truth)
    rows = [(r["file"], r["exercise"], r["want"], r["got"], r["extra"]) for r in result["counting"]["rows"]]
    assert rows == [
        ("True 1", "squat", 3, 0, False),
        ("True 1", "lunge", 0, 2, True),
        ("True 2", "lunge", 2, 0, False),
        ("(nobody: Person 2)", "squat", 0, 1, True),
    ]
    assert result["counting"]["obo"] == 0.0
    assert result["counting"]["named"] == 0.0
    assert result["counting"]["wrong"] == 3
    assert result["counting"]["rep_recall"] == 0.0
    assert not equals_truth(result)


def test_somebody_too_many_who_does_nothing_is_a_difference_too(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2, 4])])])
    play([Actor(1, LEFT, "squat", (2, 4)), Actor(2, RIGHT)], tmp_path / "run")
    result = evaluate_run(tmp_path / "run", truth)
    assert result["counting"]["people"] == {"want": 1, "got": 2}
    assert result["counting"]["obo"] == 1.0
    assert not equals_truth(result)


def test_two_people_whose_boxes_swap_have_their_repetitions_booked_wrongly(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2, 8])]), (2, RIGHT, [segment("squat", [2, 8])])])
    play([Actor(1, LEFT, "squat", (2, 8)), Actor(2, RIGHT, "squat", (2, 8))], tmp_path / "run")
    tracks = tmp_path / "run" / "tracks.txt"
    lines = []
    for line in tracks.read_text().splitlines():
        frame, person, rest = line.split(",", 2)
        lines.append(f"{frame},{person if int(frame) <= 60 else 3 - int(person)},{rest}\n")
    tracks.write_text("".join(lines))
    identity = evaluate_run(tmp_path / "run", truth)["identity"]
    assert identity["switches"] == 2
    assert identity["count_continuity"] == 0.5
    assert identity["idf1"] == pytest.approx(0.6)


def test_a_composed_class_is_matched_by_region_and_its_plank_wants_nothing(tmp_path: Path) -> None:
    first, second, third = [0, 0, 213, 360], [213, 0, 426, 360], [426, 0, 640, 360]
    truth = composed(tmp_path, [("push-up", 2, first), ("plank hold", 0, second), ("squat", -1, third)])
    play([Actor(3, MIDDLE), Actor(1, LEFT, "push_up", (3, 5)), Actor(2, RIGHT, "squat", (3,))], tmp_path / "run")
    result = evaluate_run(tmp_path / "run", truth)
    push, plank, squat = result["counting"]["rows"]
    assert (push["exercise"], push["want"], push["got"], push["run_person"]) == ("push_up", 2, 2, 1)
    assert (plank["want"], plank["got"], plank["run_person"]) == (0, 0, 3)
    assert (squat["want"], squat["got"], squat["scored"]) == (None, 1, False)
    assert result["identity"]["hota"] is None
    assert result["identity"]["count_continuity"] == 1.0
    assert result["faults"] is None
    assert equals_truth(result)


def test_a_true_person_who_was_not_found_is_a_difference_even_when_a_ghost_makes_the_number_right(
    tmp_path: Path,
) -> None:
    truth = composed(tmp_path, [("squat", 2, [0, 0, 213, 360]), ("plank hold", 0, [213, 0, 426, 360])])
    play([Actor(1, LEFT, "squat", (3, 5)), Actor(2, RIGHT)], tmp_path / "run")
    result = evaluate_run(tmp_path / "run", truth)
    assert result["counting"]["people"] == {"want": 2, "got": 2}
    assert not equals_truth(result)
    assert run_table(result).columns[4]._cells == ["equal", "NOT FOUND"]


def test_a_plank_that_was_counted_as_push_ups_is_wrong(tmp_path: Path) -> None:
    truth = composed(tmp_path, [("plank hold", 0, [0, 0, 640, 360])])
    play([Actor(1, MIDDLE, "push_up", (3, 5))], tmp_path / "run")
    result = evaluate_run(tmp_path / "run", truth)
    (row,) = result["counting"]["rows"]
    assert (row["want"], row["got"]) == (0, 2)
    assert result["counting"]["obo"] == 0.0
    assert not equals_truth(result)


def test_without_boxes_people_are_taken_from_left_to_right(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [(1, None, [segment("squat", [2])]), (2, None, [segment("lunge", [3])])], npz=False)
    play([Actor(1, RIGHT, "lunge", (3,)), Actor(2, LEFT, "squat", (2,))], tmp_path / "run")
    result = evaluate_run(tmp_path / "run", truth)
    assert equals_truth(result)
    assert result["identity"] is None


def test_a_body_that_is_hidden_need_not_be_found_and_finding_it_is_no_mistake(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2])]), (2, RIGHT, [segment("lunge", [3])])])
    with np.load(tmp_path / "truth.npz") as data:
        columns = {name: data[name] for name in data.files}
    columns["visible"] = np.where((columns["person"] == 2) & (columns["frame"] > 50), 0.1, 1.0)
    np.savez(tmp_path / "truth.npz", **columns)
    play([Actor(1, LEFT, "squat", (2,)), Actor(2, RIGHT, "lunge", (3,))], tmp_path / "run")
    assert evaluate_run(tmp_path / "run", truth)["identity"]["idf1"] == 1.0


def test_a_truth_that_keeps_every_second_frame_judges_those(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2.1])])])
    with np.load(tmp_path / "truth.npz") as data:
        columns = {name: data[name][::2] for name in data.files}
    np.savez(tmp_path / "truth.npz", **columns)
    play([Actor(1, LEFT, "squat", (2.1,))], tmp_path / "run")
    identity = evaluate_run(tmp_path / "run", truth)["identity"]
    assert (identity["idf1"], identity["hota"], identity["count_continuity"]) == (1.0, pytest.approx(1.0), 1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "cannot be read"), ('{"fps": 30}', "'people' is missing"),
     ('{"fps": "x", "people": []}', "not as expected"),
     ('{"fps": 30, "people": [{"id": 1, "segments": [{"exercise": "squat"}]}]}', "'start_s' is missing")],
)  # fmt: skip
def test_a_truth_that_is_none_is_one_paragraph(tmp_path: Path, text: str, message: str) -> None:
    play([], tmp_path / "run", seconds=1)
    (tmp_path / "truth.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        evaluate_run(tmp_path / "run", tmp_path / "truth.json")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no run folder"):
        evaluate_run(tmp_path / "run", tmp_path / "truth.json")
    play([], tmp_path / "run", seconds=1)
    with pytest.raises(ConfigError, match="groupcoach simulate"):
        evaluate_run(tmp_path / "run", tmp_path / "truth.json")


def test_a_class_of_nobody_equals_its_truth(tmp_path: Path) -> None:
    truth = simulated(tmp_path, [], npz=False)
    play([], tmp_path / "run", seconds=1)
    assert equals_truth(evaluate_run(tmp_path / "run", truth))


def test_an_instructor_is_told_apart_and_has_nobodys_count(tmp_path: Path) -> None:
    """Repetitions of the one who shows are neither wanted nor wrong; booked to a participant they are wrong."""
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2, 4, 6])]), (2, RIGHT, [segment("squat", [3, 5])])])
    data = json.loads(truth.read_text())
    data["people"][1] |= {"role": "instructor", "name": "Instructor"}
    truth.write_text(json.dumps(data))
    actors = [Actor(1, LEFT, "squat", (2.1, 4.1, 6.1)), Actor(2, RIGHT, "squat", (3, 5), [("knees_in", "left", 3)])]
    play(actors, tmp_path / "run", poses=True)
    result = evaluate_run(tmp_path / "run", truth)
    assert [r["file"] for r in result["counting"]["rows"]] == ["True 1"]
    assert result["counting"]["people"] == {"want": 1, "got": 1}
    assert equals_truth(result)
    assert result["faults"]["by_code"] == {}
    assert result["identity"]["hota"] == pytest.approx(1.0)
    # the same repetitions under the participant's name
    play([Actor(1, LEFT, "squat", (2.1, 3, 4.1, 5, 6.1)), Actor(2, RIGHT)], tmp_path / "other")
    assert not equals_truth(evaluate_run(tmp_path / "other", truth))
