import errno
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from groupcoach.errors import RecordError
from groupcoach.records import BodyPose, Event, JointAngles
from groupcoach.skeleton import ANGLES, JOINTS, N_SMPL
from groupcoach.store import poses as poses_module
from groupcoach.store.poses import FramePerson, PoseColumns
from groupcoach.store.run_dir import RunWriter, load_mot, load_run, to_json

SUMMARY = {"frames": 3, "duration_s": 0.1, "fps": 20.0, "people": [{"id": 1, "name": "Mina", "exercises": []}]}


def body(value: float) -> BodyPose:
    j = len(JOINTS)
    return BodyPose(np.full((j, 3), value), np.full((j, 2), value), np.tile(np.eye(3), (N_SMPL, 1, 1)),
                    np.zeros(10), np.zeros(3), np.full(j, 0.02))  # fmt: skip


def person(number: int, value: float = 1.0, pose: bool = True) -> FramePerson:
    angles = JointAngles(np.full(len(ANGLES), value), np.ones(len(ANGLES)))
    return FramePerson(number, (10.0, 20.0, 30.0, 60.0), 0.9, body(value) if pose else None,
                       angles if pose else None, "squat", "unknown")  # fmt: skip


def writer(out: Path, poses: bool = False, video: bool = False) -> RunWriter:
    return RunWriter(out, "class.mp4", 64, 48, 30.0, save_poses=poses, save_video=video)


class FullDisk:
    """A file on a disk with no room left."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None: ...

    def close(self) -> None:
        self.file.close()


def test_a_class_is_written_and_read_back(tmp_path: Path) -> None:
    run = writer(tmp_path / "a" / "run", poses=True, video=True)
    for k in range(3):
        run.frame(k, k / 30, [person(1, float(k)), person(2, pose=False)] if k else [])
        run.events([Event(k / 30, "rep_counted", 1, {"exercise": "squat", "range_deg": np.float32(80)})])
        run.picture(np.full((48, 64, 3), 100, np.uint8))
    run.finish(SUMMARY)

    back = load_run(tmp_path / "a" / "run")
    assert back.summary["schema"] == 1
    assert back.summary["source"] == "class.mp4"
    assert back.people[0]["name"] == "Mina"
    assert "ended_early" not in back.summary
    assert [e["t_s"] for e in back.events()] == [0.0, 0.0333, 0.0667]
    assert back.events()[0] == {"t_s": 0.0, "type": "rep_counted", "person": 1, "exercise": "squat", "range_deg": 80.0}
    assert back.tracks().tolist()[0] == [2, 1, 10, 20, 20, 40, 0.9]  # frame 1 of the source is row 2 of MOT
    assert (back.folder / "tracks.txt").read_text().splitlines()[0] == "2,1,10.00,20.00,20.00,40.00,0.9000,-1,-1,-1"
    assert sorted(p.name for p in back.folder.iterdir()) == [
        "annotated.mp4", "events.jsonl", "poses.npz", "summary.json", "tracks.txt",
    ]  # fmt: skip


def test_poses_have_the_columns_of_the_format_and_nan_where_there_was_no_body(tmp_path: Path) -> None:
    run = writer(tmp_path / "run", poses=True)
    run.frame(4, 0.4, [person(1, 5.0), person(2, pose=False)])
    run.finish(SUMMARY)
    poses = load_run(tmp_path / "run").poses()
    assert poses is not None
    shapes = {name: column.shape for name, column in poses.items()}
    j, a = len(JOINTS), len(ANGLES)
    assert shapes == {
        "t_s": (2,), "frame": (2,), "person": (2,), "joints_m": (2, j, 3), "joints_px": (2, j, 2), "sigma_m": (2, j),
        "angles_deg": (2, a), "sigma_deg": (2, a), "rotmats": (2, 24, 3, 3), "betas": (2, 10), "exercise": (2,),
        "voted": (2,), "transl_m": (2, 3), "landmarks_m": (2, 33, 3), "voted_live": (2,), "joint_names": (j,),
        "angle_names": (a,),
    }  # fmt: skip
    assert poses["joints_m"].dtype == np.float32
    assert poses["frame"].tolist() == [4, 4]
    assert poses["exercise"].tolist() == ["squat", "squat"]
    assert np.all(poses["joints_m"][0] == 5.0)
    assert np.isnan(poses["joints_m"][1]).all()


def test_a_long_class_is_spilled_to_disk_and_comes_back_whole_and_in_order(tmp_path: Path) -> None:
    columns = PoseColumns(tmp_path, buffer_bytes=10_000)  # a handful of rows
    for k in range(50):
        columns.add(k, k / 30, person(1, float(k)))
    assert sum(len(v) for v in columns._buffer.values()) < 10 * len(columns._buffer)
    assert (tmp_path / "poses_parts" / "frame.bin").stat().st_size > 0
    columns.finish()
    poses = poses_module.load_poses(tmp_path)
    assert poses is not None
    assert poses["frame"].tolist() == list(range(50))
    assert poses["joints_m"][:, 0, 0].tolist() == list(range(50))
    assert not (tmp_path / "poses_parts").exists()


def test_a_label_decided_later_counts_from_when_its_majority_began(tmp_path: Path) -> None:
    run = writer(tmp_path / "run", poses=True)
    for k in range(10):
        run.frame(k, k / 10, [person(1), person(2)])
    run.events([Event(0.9, "exercise_changed", 1, {"exercise": "lunge", "since_s": 0.55, "share": 0.9})])
    run.finish(SUMMARY)
    poses = load_run(tmp_path / "run").poses()
    assert poses is not None
    first = poses["person"] == 1
    assert poses["voted"][first].tolist() == ["unknown"] * 6 + ["lunge"] * 4
    assert set(poses["voted"][~first]) == {"unknown"}
    assert set(poses["voted_live"]) == {"unknown"}, "what was shown at the time"


def test_an_array_changed_after_it_was_handed_over_does_not_change_the_record(tmp_path: Path) -> None:
    columns = PoseColumns(tmp_path)
    one = person(1, 1.0)
    columns.add(0, 0.0, one)
    assert one.pose is not None
    one.pose.joints_m[:] = 99
    columns.finish()
    poses = poses_module.load_poses(tmp_path)
    assert poses is not None
    assert np.all(poses["joints_m"] == 1.0)


def test_a_run_that_was_killed_is_readable_and_says_so(tmp_path: Path) -> None:
    run = writer(tmp_path / "run", poses=True)
    run.frame(0, 0.0, [person(1)])
    run.events([Event(0.0, "person_entered", 1)])
    run._events.flush(), run._tracks.flush(), run._poses.spill()  # type: ignore[union-attr]  # what a second does
    run._events.write('{"t_s": 0.5, "type": "rep_c')
    run._events.flush()
    back = load_run(tmp_path / "run")
    assert "end" in back.summary["ended_early"]
    assert [e["type"] for e in back.events()] == ["person_entered"]
    assert len(back.tracks()) == 1
    poses = back.poses()
    assert poses is not None
    assert poses["person"].tolist() == [1]
    run.close()


def test_who_did_what_in_a_killed_run_is_told_by_its_events(tmp_path: Path) -> None:
    run = writer(tmp_path / "run")
    run.frame(0, 0.0, [person(1), person(2)])
    run.events([Event(0.0, "person_entered", 1, {"name": "Mina", "spot": "A1"}), Event(0.5, "person_entered", 2)])
    for t, exercise, codes in ((2.0, "squat", []), (4.0, "squat", ["shallow"]), (6.0, "lunge", [])):
        data = {"exercise": exercise, "start_s": t - 1, "end_s": t, "faults": codes}
        run.events([Event(t, "rep_counted", 1, data)])
    run.events([Event(7.0, "frames_dropped", None, {"frames": 3})])
    run._events.flush(), run._tracks.flush()
    mina, other = load_run(tmp_path / "run").people
    assert (mina["name"], mina["spot"], mina["seen_s"]) == ("Mina", "A1", 6.0)
    assert [(e["exercise"], e["reps"], e["clean_reps"], e["faults"]) for e in mina["exercises"]] == [
        ("squat", 2, 1, {"shallow": 1}), ("lunge", 1, 1, {}),
    ]  # fmt: skip
    assert mina["exercises"][0]["rep_end_s"] == [2.0, 4.0]
    assert (other["name"], other["exercises"]) == ("Person 2", [])
    assert other["median_box_xyxy"] == [10.0, 20.0, 30.0, 60.0]
    run.close()


def test_events_reach_the_disk_within_a_second_of_wall_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("groupcoach.store.run_dir.time.monotonic", lambda: now[0])
    run = writer(tmp_path / "run")
    run.events([Event(0.0, "person_entered", 1)])
    assert load_run(tmp_path / "run").events() == []
    now[0] += 1.0
    run.frame(1, 0.1, [])
    assert len(load_run(tmp_path / "run").events()) == 1
    run.close()


def test_a_full_disk_is_one_paragraph_and_what_was_written_stays(tmp_path: Path) -> None:
    run = writer(tmp_path / "run")
    run.events([Event(0.0, "person_entered", 1)])
    run._events.flush()
    run._events = FullDisk(run._events)  # type: ignore[assignment]
    with pytest.raises(RecordError, match="disk is full"):
        run.events([Event(1.0, "person_left", 1)])
    run.close("the disk is full", SUMMARY)
    back = load_run(tmp_path / "run")
    assert back.summary["ended_early"] == "the disk is full"
    assert back.people[0]["name"] == "Mina"
    assert len(back.events()) == 1


def test_a_disk_that_is_nearly_full_ends_the_run_while_everything_can_still_be_closed_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, free = [100.0], [1 << 30]
    monkeypatch.setattr("groupcoach.store.run_dir.time.monotonic", lambda: now[0])
    monkeypatch.setattr("groupcoach.store.run_dir.disk_usage", lambda _: SimpleNamespace(free=free[0]))
    run = writer(tmp_path / "run", poses=True, video=True)
    run.frame(0, 0.0, [person(1)])
    run.picture(np.zeros((48, 64, 3), np.uint8))
    now[0], free[0] = 102.0, 3 << 20
    with pytest.raises(RecordError, match="disk is full"):
        run.frame(1, 0.1, [person(1)])
    run.close("the disk is full")
    back = load_run(tmp_path / "run")
    assert back.summary["ended_early"] == "the disk is full"
    assert (back.summary["frames"], back.people) == (2, [])
    assert len(back.tracks()) == 2
    poses = back.poses()
    assert poses is not None
    assert len(poses["frame"]) == 2
    assert cv2.VideoCapture(str(back.folder / "annotated.mp4")).read()[0]


def test_a_full_disk_is_said_before_the_class_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groupcoach.store.run_dir.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(RecordError, match=r"disk is full.*--out"):
        writer(tmp_path / "run")


def test_a_disk_that_fills_up_while_the_poses_are_put_together_keeps_their_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = writer(tmp_path / "run", poses=True)
    run.frame(0, 0.0, [person(1)])

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(poses_module.shutil, "copyfileobj", full)
    with pytest.raises(RecordError, match="disk is full"):
        run.finish(SUMMARY)
    back = load_run(tmp_path / "run")
    assert "disk is full" in back.summary["ended_early"]
    assert back.people[0]["name"] == "Mina"
    poses = back.poses()
    assert poses is not None
    assert len(poses["frame"]) == 1


def test_close_after_finish_changes_nothing(tmp_path: Path) -> None:
    run = writer(tmp_path / "run")
    run.finish(SUMMARY)
    run.close("an error")
    assert "ended_early" not in load_run(tmp_path / "run").summary


def test_an_old_run_is_replaced_with_only_its_own_files_removed(tmp_path: Path) -> None:
    first = writer(tmp_path / "run", poses=True)
    first.frame(0, 0.0, [person(1)])
    first.finish(SUMMARY)
    (tmp_path / "run" / "notes.txt").write_text("mine")
    writer(tmp_path / "run").finish({"people": []})
    names = sorted(p.name for p in (tmp_path / "run").iterdir())
    assert names == ["events.jsonl", "notes.txt", "summary.json", "tracks.txt"]


def test_a_folder_with_other_things_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    (tmp_path / "summary.json").write_text('{"mine": 1}')
    with pytest.raises(RecordError, match="not the folder of an earlier run"):
        writer(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["summary.json", "thesis.txt"]


def test_a_session_record_that_is_open_already_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "session.db").write_bytes(b"x")
    writer(tmp_path).finish({"people": []})
    assert (tmp_path / "session.db").read_bytes() == b"x"


def test_a_file_in_the_place_of_the_folder_and_a_read_only_place_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="is a file"):
        writer(tmp_path / "file")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # root may write anywhere, so a real read-only folder proves nothing
    with pytest.raises(RecordError, match=r"may not be written to.*--out"):
        writer(tmp_path / "new")


def test_a_picture_of_another_size_is_fitted_and_without_save_video_none_is_kept(tmp_path: Path) -> None:
    run = writer(tmp_path / "run", video=True)
    run.picture(np.zeros((100, 80, 3), np.uint8))
    run.finish(SUMMARY)
    assert (tmp_path / "run" / "annotated.mp4").stat().st_size > 0
    silent = writer(tmp_path / "other")
    silent.picture(np.zeros((48, 64, 3), np.uint8))
    silent.finish(SUMMARY)
    assert not (tmp_path / "other" / "annotated.mp4").exists()


def test_a_box_that_is_not_known_is_no_row(tmp_path: Path) -> None:
    run = writer(tmp_path / "run")
    run.frame(0, 0.0, [FramePerson(1, (math.nan,) * 4, 0.5, None, None, "unknown", "unknown")])
    run.finish(SUMMARY)
    assert len(load_run(tmp_path / "run").tracks()) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no summary.json"),
        ("{", "cannot be read"),
        ("[1]", "'people' is missing"),
        ('{"schema": 9, "people": []}', "schema 9"),
    ],
)
def test_what_is_not_a_run_is_told_in_one_paragraph(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "summary.json").write_text(text)
    with pytest.raises(RecordError, match=message):
        load_run(tmp_path)


def test_a_folder_that_is_not_there_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="groupcoach run SOURCE --out"):
        load_run(tmp_path / "nowhere")


def test_a_line_that_is_no_row_is_named_and_a_cut_off_last_line_is_not_minded(tmp_path: Path) -> None:
    path = tmp_path / "tracks.txt"
    path.write_text("1,1,0,0,10,10,1,-1,-1,-1\n1,2,0,0,1")
    assert load_mot(path).tolist() == [[1, 1, 0, 0, 10, 10, 1]]
    path.write_text("hello\n1,1,0,0,10,10,1,-1,-1,-1\n")
    with pytest.raises(RecordError, match="line 1"):
        load_mot(path)
    path.write_text("")
    assert load_mot(path).shape == (0, 7)


def test_json_never_has_nan() -> None:
    value = to_json({"a": math.nan, "b": [np.float32("inf"), np.int64(2)], "c": np.array([1.0, np.nan]), 3: (True,)})
    assert json.dumps(value, allow_nan=False) == '{"a": null, "b": [null, 2], "c": [1.0, null], "3": [true]}'
