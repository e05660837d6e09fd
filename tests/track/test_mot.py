from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from groupcoach.errors import ConfigError
from groupcoach.track.mot import follow, frames_of, load_sequences, score_all


def walkers(frames: int, step: float = 4.0) -> np.ndarray:
    """Two people in MOT rows, one standing, one walking away."""
    return np.array([
        [k, person, 100 + 400 * person + step * person * k, 100, 50, 150, 0.9]
        for k in range(1, frames + 1) for person in (0, 1)
    ])  # fmt: skip


def write(folder: Path, name: str, rows: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text("\n".join(",".join(f"{v:g}" for v in row) for row in rows))


def test_frames_without_boxes_are_there_too() -> None:
    rows = np.array([[4.0, -1, 10, 20, 30, 40, 0.5], [2, -1, 1, 2, 3, 4, 0.25]])
    frames = frames_of(rows, last=5)
    assert [len(f) for f in frames] == [0, 1, 0, 1, 0]
    np.testing.assert_array_equal(frames[1], [[1, 2, 4, 6, 0.25]])
    assert frames_of(rows[:0]) == []


def test_a_detector_without_scores_is_trusted() -> None:
    assert frames_of(np.array([[1.0, -1, 0, 0, 9, 9, -1]]))[0][0, 4] == 1.0


def test_people_are_followed_by_the_boxes_as_they_were_detected() -> None:
    truth = walkers(60)
    rows, ms = follow(frames_of(truth), 20.0)
    assert 0 < ms < 20
    assert set(rows[:, 1]) == {1, 2}
    true = {tuple(row) for row in truth[:, [0, 2, 3, 4, 5, 6]].tolist()}
    assert {tuple(row) for row in rows[:, [0, 2, 3, 4, 5, 6]].tolist()} <= true
    score = score_all([truth], [rows])
    assert score is not None
    assert score.switches == 0
    assert score.idf1 > 0.9


def test_recordings_are_scored_together_and_nobody_is_in_two_of_them() -> None:
    truth = walkers(40)
    score = score_all([truth, truth], [truth, truth[:, [0, 1, 2, 3, 4, 5]]])
    assert score is not None
    assert (score.hota, score.idf1, score.switches) == (pytest.approx(1.0), 1.0, 0)
    swapped = truth.copy()
    swapped[swapped[:, 0] > 20, 1] = 1 - swapped[swapped[:, 0] > 20, 1]
    worse = score_all([truth, truth], [truth, swapped])
    assert worse is not None
    assert (worse.switches, worse.idf1) == (2, pytest.approx(0.75))
    assert score_all([], []) is None


def test_a_folder_of_recordings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are no detections"):
        load_sequences(tmp_path)
    write(tmp_path / "det", "b", walkers(10))
    write(tmp_path / "det", "a", walkers(5))
    write(tmp_path / "gt", "b", walkers(12))
    with pytest.raises(ConfigError, match=r"a.txt has no true boxes"):
        load_sequences(tmp_path)
    write(tmp_path / "gt", "a", walkers(5))
    assert [(r.name, len(r.frames), len(r.truth)) for r in load_sequences(tmp_path)] == [("a", 5, 10), ("b", 12, 24)]
