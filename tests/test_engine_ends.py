"""A class that ends otherwise, or cannot begin: what was recorded can be read, what was there is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from engine_room import Room, run, the_room

from groupcoach.engine import RunOptions, run_class
from groupcoach.errors import ConfigError, GroupCoachError, RecordError, SourceError
from groupcoach.store.run_dir import load_run


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return the_room(monkeypatch)


def test_a_source_that_breaks_keeps_a_readable_record(room: Room, tmp_path: Path) -> None:
    room.until, room.error = 75, SourceError("class.mp4 breaks off after 75 frames. What came before is kept.")
    result = run(tmp_path / "run", save_poses=True)
    assert result.error is room.error
    recorded = load_run(tmp_path / "run")
    assert recorded.summary["ended_early"] == str(room.error)
    assert recorded.summary["frames"] == 75
    assert recorded.summary["people"][0]["exercises"][0]["reps"] >= 1
    assert len(recorded.tracks()) > 50
    assert any(e["type"] == "rep_counted" for e in recorded.events())
    poses = recorded.poses()
    assert poses is not None
    assert len(poses["t_s"]) == len(recorded.tracks())
    assert not (tmp_path / "run" / ".reserve").exists()


def test_ctrl_c_keeps_a_readable_record(room: Room, tmp_path: Path) -> None:
    room.until, room.error = 75, KeyboardInterrupt()
    result = run(tmp_path / "run")
    assert result.error is None
    assert result.summary["stopped"] is True
    assert any("Stopped from the keyboard" in n for n in result.notices)
    recorded = load_run(tmp_path / "run")
    assert recorded.summary["stopped"] is True
    assert recorded.summary["people"][0]["exercises"][0]["reps"] >= 1


def test_a_source_that_breaks_before_its_first_frame(room: Room, tmp_path: Path) -> None:
    room.at_frame = lambda k: (_ for _ in ()).throw(SourceError("gone at once"))
    result = run(tmp_path / "run")
    assert str(result.error) == "gone at once"
    assert (result.summary["frames"], result.summary["people"], result.summary["duration_s"]) == (0, [], 0.0)
    assert load_run(tmp_path / "run").summary["ended_early"] == "gone at once"


def test_a_bug_in_the_middle_still_leaves_a_readable_record(room: Room, tmp_path: Path) -> None:
    def fail(k: int) -> None:
        if k == 75:
            raise ZeroDivisionError("a bug")

    room.at_frame = fail
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "run")
    recorded = load_run(tmp_path / "run")
    assert recorded.summary["ended_early"]
    assert recorded.summary["people"][0]["exercises"][0]["exercise"] == "squat"


def test_a_disk_that_fills_up_ends_the_class_with_what_there_is(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from groupcoach.store.run_dir import RunWriter

    frame = RunWriter.frame

    def full(self: RunWriter, index: int, *more: Any) -> None:
        if index == 60:
            raise RecordError("The run cannot be recorded: the disk is full.")
        frame(self, index, *more)

    monkeypatch.setattr(RunWriter, "frame", full)
    result = run(tmp_path / "run")
    assert isinstance(result.error, RecordError)
    assert "disk is full" in load_run(tmp_path / "run").summary["ended_early"]


@pytest.mark.parametrize("option", ["roster", "plan"])
def test_a_wrong_roster_or_plan_stops_before_anything_is_opened(room: Room, tmp_path: Path, option: str) -> None:
    bad = tmp_path / f"{option}.toml"
    bad.write_text('nonsense = "yes"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"{option}\.toml"):
        run(tmp_path / "run", **{option: bad})
    assert not (tmp_path / "run").exists()
    assert room.pipelines == []


def test_a_folder_with_other_things_is_left_alone(room: Room, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RecordError, match="nothing in it was touched"):
        run(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_error_is_one_paragraph() -> None:
    with pytest.raises(GroupCoachError) as caught:
        run_class(RunOptions("no-such-film.mp4"))
    assert "no-such-film.mp4" in str(caught.value)
    assert "\n" not in str(caught.value)
