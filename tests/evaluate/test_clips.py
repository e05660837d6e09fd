import json
import sys
from pathlib import Path

import fake_engine
import pytest
from fake_engine import Actor, RunOptions, RunResult, play

from groupcoach.errors import ConfigError, SourceError
from groupcoach.evaluate.clips import clips_line, clips_table, evaluate_clips

BOX = (100.0, 50.0, 200.0, 350.0)
INDEX = """file\tpeople\texercise\treps\ttolerance
squats.mp4\t1\tsquat\t4\t0
push.mp4\t1\tpush-up (slow)\t3\t0
dance.mp4\t2\tdance\t0\t0
uncounted.mp4\t8\tgroup fitness\t\t0
"""


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "index.tsv").write_text(INDEX)
    plays = {
        "squats.mp4": [Actor(1, BOX, "squat", (2, 4, 6, 8))],
        "push.mp4": [Actor(1, BOX, "push_up", (2, 4)), Actor(2, BOX, "squat", (5,))],
        "dance.mp4": [Actor(1, BOX, "jumping_jack", (3,)), Actor(2, BOX)],
        "uncounted.mp4": [],
    }

    def run_class(options: RunOptions) -> RunResult:
        name = Path(options.source).name
        if name == "broken.mp4":
            return RunResult({"people": []}, error=SourceError("broken.mp4 ends in the middle."))
        assert options.save_poses
        assert not options.voice
        return RunResult(play(plays[name], options.out, poses=True))

    monkeypatch.setitem(sys.modules, "groupcoach.engine", fake_engine.module(run_class))
    return tmp_path


def test_each_clip_is_run_and_compared_under_its_catalogue_name(clips: Path) -> None:
    result = evaluate_clips(clips)
    squats, push, dance, uncounted = result["rows"]
    keys = ("exercise", "want", "got", "wrong", "people")
    assert [squats[key] for key in keys] == ["squat", 4, 4, 0, 1]
    assert [push[key] for key in keys] == ["push_up", 3, 2, 1, 2]
    assert (dance["exercise"], dance["got"], dance["wrong"], dance["scored"]) == (None, 0, 1, False)
    assert (uncounted["want"], uncounted["people"], uncounted["scored"]) == (None, 0, False)
    assert result["obo"] == 1.0
    assert result["mae"] == pytest.approx((0 + 1 / 3) / 2)
    assert result["named"] == pytest.approx(6 / 7)
    assert result["wrong"] == 2
    assert result["frame_accuracy"] == 1.0
    assert squats["fps"] == 50.0
    json.dumps(result, allow_nan=False)


def test_labels_are_judged_between_the_first_repetition_and_the_last(clips: Path) -> None:
    row = evaluate_clips(clips, ["push.mp4"])["rows"][0]
    assert row["frame_accuracy"] == 1.0  # the second person's squats are not the clip's exercise


def test_an_exercise_that_was_never_recognised_counts_as_wrong_labels_not_as_no_labels(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(options: RunOptions) -> RunResult:
        return RunResult(play([Actor(1, BOX, "stand")], options.out, poses=True))

    monkeypatch.setitem(sys.modules, "groupcoach.engine", fake_engine.module(blind))
    result = evaluate_clips(clips, ["squats.mp4"])
    assert result["frame_accuracy"] == 0.0
    assert result["obo"] == 0.0


def test_the_table_can_be_shown(clips: Path) -> None:
    result = evaluate_clips(clips)
    assert clips_table(result).row_count == 4
    assert clips_line(result).startswith("within 1: 100 %, relative error 0.17, right name 86 %")


def test_a_clip_that_is_not_in_the_index_gets_the_near_miss(clips: Path) -> None:
    with pytest.raises(ConfigError, match=r"Did you mean 'squats.mp4'"):
        evaluate_clips(clips, ["squat.mp4"])


def test_no_index_and_an_index_without_a_column_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"index\.tsv cannot be read"):
        evaluate_clips(tmp_path)
    (tmp_path / "index.tsv").write_text("file\treps\na.mp4\t3\n")
    with pytest.raises(ConfigError, match="'exercise' is missing"):
        evaluate_clips(tmp_path)


def test_a_count_that_is_no_number_is_named(clips: Path) -> None:
    (clips / "index.tsv").write_text("file\texercise\treps\nsquats.mp4\tsquat\tmany\n")
    with pytest.raises(ConfigError, match="got 'many'"):
        evaluate_clips(clips)


def test_a_clip_that_cannot_be_read_stops_with_its_own_words(clips: Path) -> None:
    (clips / "index.tsv").write_text("file\texercise\treps\nbroken.mp4\tsquat\t3\n")
    with pytest.raises(SourceError, match="ends in the middle"):
        evaluate_clips(clips)
