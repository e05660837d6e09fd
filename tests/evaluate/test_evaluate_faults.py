"""Faults that were found against faults that were done."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_engine import Actor, play
from written_truth import LEFT, RIGHT, segment, simulated

from groupcoach.evaluate.run import evaluate_run, run_lines
from groupcoach.skeleton import INDEX, JOINTS


def test_faults_are_matched_by_code_side_and_time(tmp_path: Path) -> None:
    spell = {"code": "knees_in", "side": "left", "start_s": 3.0, "end_s": 4.0}
    other = {"code": "shallow", "side": None, "start_s": 6.0, "end_s": 7.0}
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2, 4, 6], [spell, other])])])
    found = [("knees_in", "left", 3.5), ("knees_in", "right", 3.5), ("knees_in", "left", 8.0), ("hip_sag", "both", 3.0)]
    play([Actor(1, LEFT, "squat", (2, 4, 6), found)], tmp_path / "run")
    faults = evaluate_run(tmp_path / "run", truth)["faults"]
    assert faults["precision"] == 0.25
    assert faults["recall"] == 0.5
    assert faults["in_view"] is None
    assert faults["false_per_person_hour"] == pytest.approx(3 * 3600 / 10)
    assert faults["by_code"]["knees_in"] == {"precision": pytest.approx(1 / 3), "recall": 1.0, "done": 1, "found": 3}
    assert faults["by_code"]["shallow"] == {"precision": None, "recall": 0.0, "done": 1, "found": 0}


def _turned(deg: float) -> Any:
    """(J, 3) of a body that has shoulders and hips only, turned away from the camera."""
    joints = np.full((len(JOINTS), 3), np.nan)
    for name, x, y in (("shoulder", 0.2, -0.5), ("hip", 0.1, 0.0)):
        for side, sign in (("left", 1), ("right", -1)):
            turn = np.radians(deg)
            joints[INDEX[f"{side}_{name}"]] = sign * x * np.cos(turn), y, 4 + sign * x * np.sin(turn)
    return joints


def test_faults_are_also_scored_where_their_rules_may_speak(tmp_path: Path) -> None:
    def spell(code: str, start_s: float) -> dict[str, Any]:
        return {"code": code, "side": None, "start_s": start_s, "end_s": start_s + 1}

    spells = [spell("knees_in", 1.0), spell("trunk_lean", 3.0), spell("shallow", 5.0)]
    truth = simulated(tmp_path, [(i, box, [segment("squat", [2, 4, 6], spells)]) for i, box in ((1, LEFT), (2, RIGHT))])
    path = truth.with_suffix(".npz")
    with np.load(path) as data:
        columns = dict(data)
    bodies = np.stack([_turned(0.0 if person == 1 else 90.0) for person in columns["person"]])
    np.savez(path, **columns, joints_m=bodies, joint_names=np.array(JOINTS))
    # from the front of knees and trunk; from the side, against its views, of knees, and of what was not done
    front = [("knees_in", "both", 1.5), ("trunk_lean", "both", 3.5)]
    side = [("knees_in", "both", 1.5), ("hips_tilt", "both", 5.5)]
    play([Actor(1, LEFT, "squat", (2, 4, 6), front), Actor(2, RIGHT, "squat", (2, 4, 6), side)], tmp_path / "run")
    result = evaluate_run(tmp_path / "run", truth)
    every, told = result["faults"], result["faults"]["in_view"]
    assert (every["precision"], every["recall"]) == (0.75, 0.5)
    done = {code: score["done"] for code, score in told["by_code"].items()}
    assert done == {"knees_in": 1, "trunk_lean": 2, "shallow": 2, "hips_tilt": 0}
    assert (told["precision"], told["recall"]) == (pytest.approx(2 / 3), 0.4)
    assert any("rule may speak in: precision 67 %" in line for line in run_lines(result))


def test_a_fault_belongs_to_the_time_of_its_repetition_not_to_when_it_was_told(tmp_path: Path) -> None:
    spell = {"code": "shallow", "side": "both", "start_s": 3.2, "end_s": 4.0}
    truth = simulated(tmp_path, [(1, LEFT, [segment("squat", [2, 4, 6], [spell])])])
    play([Actor(1, LEFT, "squat", (2, 4, 6))], tmp_path / "run")
    late = {
        "t_s": 9.0,
        "type": "fault_found",
        "person": 1,
        "exercise": "squat",
        "rep": 2,
        "code": "shallow",
        "side": "both",
    }
    with (tmp_path / "run" / "events.jsonl").open("a") as events:
        events.write(json.dumps(late) + "\n")
    faults = evaluate_run(tmp_path / "run", truth)["faults"]
    assert (faults["precision"], faults["recall"]) == (1.0, 1.0)
