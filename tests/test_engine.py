"""``run_class`` with a scripted class: the record is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_room import Room, counts, run, squatter, stander, the_room
from scripted_class import FPS

from groupcoach.clock import STAGES
from groupcoach.skeleton import ANGLES, JOINTS
from groupcoach.store.run_dir import load_run

FORMATS_SUMMARY = {"schema", "source", "frames", "dropped_frames", "duration_s", "wall_s", "fps", "detector",
                   "regressor", "device", "stage_ms", "people"}  # fmt: skip
FORMATS_PERSON = {"id", "name", "spot", "track_ids", "first_s", "last_s", "seen_s", "median_box_xyxy", "exercises"}
FORMATS_EXERCISE = {"exercise", "start_s", "end_s", "reps", "clean_reps", "hold_s", "rep_end_s", "faults"}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return the_room(monkeypatch)


def test_the_run_folder_is_whole(room: Room, tmp_path: Path) -> None:
    room.actors = [squatter(), stander()]
    out = tmp_path / "run"
    result = run(out, save_poses=True)
    assert result.error is None
    assert {p.name for p in out.iterdir()} == {"summary.json", "events.jsonl", "tracks.txt", "poses.npz", "session.db"}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary.keys() >= FORMATS_SUMMARY
    assert "ended_early" not in summary
    assert (summary["schema"], summary["source"], summary["detector"], summary["regressor"], summary["device"]) == (
        1, "class.mp4", "yolo", "lifter", "cpu",
    )  # fmt: skip
    frames = len(squatter().shapes)
    assert (summary["frames"], summary["dropped_frames"]) == (frames, 0)
    assert summary["duration_s"] == pytest.approx(frames / FPS, abs=0.01)
    assert set(STAGES) <= summary["stage_ms"].keys()
    assert all({"p50", "p95"} <= ms.keys() for ms in summary["stage_ms"].values())
    squatting, standing = sorted(summary["people"], key=lambda p: p["median_box_xyxy"][0])
    assert squatting.keys() >= FORMATS_PERSON
    (done,) = squatting["exercises"]
    assert done.keys() >= FORMATS_EXERCISE
    true = squatter().segments[1].rep_end_s
    assert (done["exercise"], done["reps"], len(done["rep_end_s"])) == ("squat", len(true), len(true))
    assert done["rep_end_s"] == pytest.approx(true, abs=0.6)
    assert standing["exercises"] == []
    assert squatting["seen_s"] == pytest.approx(frames / FPS, abs=0.2)

    recorded = load_run(out)
    events = recorded.events()
    assert all({"t_s", "type", "person"} <= e.keys() for e in events)
    assert [e["t_s"] for e in events] == sorted(e["t_s"] for e in events)
    assert sum(e["type"] == "rep_counted" for e in events) == len(true)
    tracks = recorded.tracks()
    assert set(tracks[:, 1]) == {1.0, 2.0}
    assert tracks[:, 0].max() == frames  # from 1
    poses = recorded.poses()
    assert poses is not None
    assert poses["joints_m"].shape == (len(tracks), len(JOINTS), 3)
    assert poses["angles_deg"].shape == (len(tracks), len(ANGLES))
    assert poses["rotmats"].shape == (len(tracks), 24, 3, 3)
    assert {"squat", "stand"} <= set(poses["voted"].tolist())


def test_the_session_record_tells_the_same(room: Room, tmp_path: Path) -> None:
    from groupcoach.store.session import SessionStore

    url = f"sqlite:///{tmp_path / 'classes.db'}"
    result = run(db=url)
    store = SessionStore(url)
    try:
        (session,) = store.sessions()
        assert session["source"] == "class.mp4"
        assert session["summary"]["people"][0]["exercises"][0]["reps"] == counts(result)["squat"]
    finally:
        store.close()
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".json"] == []


def test_without_out_and_db_nothing_is_written(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    opened: list[str] = []
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(home))
    builtin = open

    def noted(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
        if set(mode) & set("wax+"):
            opened.append(str(file))
        return builtin(file, mode, *more, **named)

    monkeypatch.setattr("builtins.open", noted)
    room.until = 60
    assert run().summary["frames"] == 60
    assert opened == []
    assert list(home.rglob("*")) == []


def test_the_roster_gives_names(room: Room, tmp_path: Path) -> None:
    roster = tmp_path / "roster.toml"
    roster.write_text('[[person]]\nname = "Mina"\nspot = "A1"\n', encoding="utf-8")
    room.until = 12
    (person,) = run(roster=roster).summary["people"]
    assert (person["name"], person["spot"]) == ("Mina", "A1")


def test_frames_the_source_left_out_are_counted_once(room: Room) -> None:
    room.gap, room.unreadable = range(20, 24), 4  # a file's unreadable frames are gaps in its index
    result = run()
    assert result.summary["dropped_frames"] == 4
    assert result.summary["frames"] == len(squatter().shapes) - 4
    assert counts(result) == {"squat": squatter().reps("squat")}


def test_what_the_source_says_about_itself_is_passed_on(room: Room) -> None:
    room.until, room.notices = 5, ("No frame rate in the file.",)
    assert run().notices == ["No frame rate in the file."]
