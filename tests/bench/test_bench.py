import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from groupcoach.bench import sizes
from groupcoach.bench.classes import SIZE, cut_out, grid, person_places, write_class
from groupcoach.bench.peers import in_own_process
from groupcoach.bench.sizes import bench, machine
from groupcoach.bench.tables import bench_table, stages_table
from groupcoach.errors import AssetError, ConfigError, GroupCoachError

MESH: dict[str, Any] = {
    "row": {"lifter_people": 3.0, "lifter_ms_p50": 1.5, "lifter_ms_p95": 2.0, "vertices_ms_p50": 6.0,
            "vertices_ms_p95": 7.0, "vertices": 1229},
    "peers": [],
}  # fmt: skip


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Two 'people' (a red and a blue block that grow) in a small video, with truth boxes."""
    path = tmp_path / "class.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (320, 180))
    for k in range(10):
        picture = np.full((180, 320, 3), 200, np.uint8)
        picture[60 - k : 160, 40:80] = (0, 0, 255)
        picture[60 - k : 160, 240:280] = (255, 0, 0)
        writer.write(picture)
    writer.release()
    frame = np.repeat(np.arange(10), 2)
    boxes = np.array([[x, 60 - k, x + 40, 160] for k in range(10) for x in (40, 240)], float)
    np.savez(tmp_path / "truth.npz", frame=frame, person=np.tile([1, 2], 10), box_xyxy=boxes)
    return path


def test_each_person_is_cut_out_with_all_their_movement_and_a_margin(sample: Path) -> None:
    assert person_places(sample, 320, 180) == [(33, 44, 86, 166), (233, 44, 286, 166)]
    films, fps = cut_out(sample)
    assert fps == 10.0
    assert [len(film) for film in films] == [10, 10]
    assert films[0][0].shape == (122, 53, 3)


def test_who_is_not_alone_in_their_part_of_the_picture_is_left_out(sample: Path) -> None:
    truth = sample.with_name("truth.npz")
    with np.load(truth) as data:
        frame, person, boxes = data["frame"], data["person"], data["box_xyxy"]
    near = boxes[person == 1] + (30.0, 0.0, 30.0, 0.0)  # a third, half in front of the first
    np.savez(truth, frame=np.append(frame, np.arange(10)), person=np.append(person, np.full(10, 3)),
             box_xyxy=np.vstack([boxes, near]))  # fmt: skip
    assert person_places(sample, 320, 180) == [(233, 44, 286, 166)]
    np.savez(truth, frame=np.append(np.arange(10), np.arange(10)), person=np.repeat([1, 3], 10),
             box_xyxy=np.vstack([boxes[person == 1], near]))  # fmt: skip
    assert len(person_places(sample, 320, 180)) == 2  # nobody is alone: then all


def test_without_boxes_the_picture_is_cut_into_four(sample: Path) -> None:
    sample.with_name("truth.npz").unlink()
    assert len(person_places(sample, 320, 180)) == 4


@pytest.mark.parametrize(("people", "columns", "rows"), [(1, 1, 1), (4, 4, 1), (8, 8, 1), (20, 10, 2), (30, 10, 3)])
def test_figures_are_shown_as_large_as_they_fit(people: int, columns: int, rows: int) -> None:
    assert grid(people, 0.4) == (columns, rows)
    assert columns * rows >= people


def test_the_class_has_as_many_figures_as_asked_and_is_the_same_every_time(sample: Path, tmp_path: Path) -> None:
    films, fps = cut_out(sample)
    first, second = tmp_path / "a.mp4", tmp_path / "b.mp4"
    for out in (first, second):
        write_class(films, fps, 5, out, seconds=1.0)
    assert first.read_bytes() == second.read_bytes()
    video = cv2.VideoCapture(str(first))
    ok, picture = video.read()
    assert ok
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 10
    saturated = (np.ptp(picture.astype(int), axis=2) > 120).any(axis=0)  # columns of the picture with a figure
    assert np.count_nonzero(np.diff(saturated.astype(int)) == 1) == 5


SUMMARY: dict[str, Any] = {
    "frames": 101, "duration_s": 4.0, "wall_s": 5.0, "fps": 20.0, "dropped_frames": 7,
    "stage_ms": {"detect": {"p50": 20.0, "p95": 25.0}, "landmarks": {"p50": 10.0, "p95": 15.0},
                 "mesh": {"p50": 2.0, "p95": 3.0}, "networks": {"p50": 30.0, "p95": 35.0, "mean": 32.0},
                 "latency": {"p50": 35.0, "p95": 60.0}},
    "people": [{"id": 1, "seen_s": 3.9}, {"id": 2, "seen_s": 3.0}, {"id": 3, "seen_s": 0.2}],
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "summary": SUMMARY, "rss_mb": 900.0, "frames": 100, "wall_s": 4.0, "fps": 25.0, "start_s": 1.5, "cpu_cores": 1.8
}  # fmt: skip


def answers() -> Any:
    """In place of a class in its own process: at live pace its frames are shown 80 to 120 ms after their capture."""

    def answer(module: str, video: Path, pace: str) -> dict[str, Any]:
        assert module == "groupcoach.bench.run"
        stages = dict(SUMMARY["stage_ms"])
        if pace == "live":
            stages["end_to_end"] = {"p50": 80.0, "p95": 120.0}
        return ANSWER | {"summary": SUMMARY | {"stage_ms": stages}}

    return answer


def test_a_row_says_how_far_above_the_networks_the_line_is(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "in_own_process", answers())
    monkeypatch.setattr(sizes, "beside", lambda video, people, vs: MESH)
    result = bench([3], sample=sample, seconds=0.5)
    (row,) = result["rows"]
    assert row["tracked"] == 2
    assert row["fps"] == 25.0  # of the frames after the first, not of loading
    assert row["floor_ratio"] == pytest.approx(4.0 / 3.2)  # wall time by the networks' own, not by their stages
    assert (row["latency_ms_p50"], row["latency_ms_p95"]) == (35.0, 60.0)
    assert (row["rss_mb"], row["cpu_cores"], row["start_s"]) == (900.0, 1.8, 1.5)
    assert (row["lifter_ms_p50"], row["vertices_ms_p50"]) == (1.5, 6.0)
    assert row["live"] == {
        "fps": 25.0, "dropped": 7, "end_to_end_ms_p50": 80.0, "end_to_end_ms_p95": 120.0, "cpu_cores": 1.8
    }  # fmt: skip
    assert result["peers"] == []
    assert "Python" in result["machine"]
    assert bench_table(result).row_count == 1
    assert [column.header for column in stages_table(result).columns][1:4] == ["detect", "landmarks", "mesh"]
    json.dumps(result, allow_nan=False)


def test_a_class_that_does_not_run_says_why(sample: Path) -> None:
    sample.with_name("broken.mp4").write_bytes(b"")
    with pytest.raises(GroupCoachError, match=r"broken.mp4 did not run"):
        in_own_process("groupcoach.bench.run", sample.with_name("broken.mp4"), "max")


def test_every_size_is_measured_beside_every_peer(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def beside(video: Path, people: int, vs: Any) -> dict[str, Any]:
        assert video.exists()
        asked.append((people, tuple(vs)))
        return MESH | {"peers": [{"name": "hmr", "people": people}]}

    def in_turns(video: Path, people: int, names: Any, say: Any) -> list[dict[str, Any]]:
        film = cv2.VideoCapture(str(video))
        assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 40  # four seconds: a round of each
        asked.append((people, tuple(names)))
        return [{"name": "aigym", "people": people}]

    monkeypatch.setattr(sizes, "in_own_process", answers())
    monkeypatch.setattr(sizes, "beside", beside)
    monkeypatch.setattr(sizes, "in_turns", in_turns)
    result = bench([2, 3], vs=["hmr", "aigym"], sample=sample, seconds=0.2)
    assert asked == [(2, ("hmr",)), (2, ("aigym",)), (3, ("hmr",)), (3, ("aigym",))]
    assert [(p["name"], p["people"]) for p in result["peers"]] == [("hmr", 2), ("aigym", 2), ("hmr", 3), ("aigym", 3)]


def test_what_cannot_be_measured_is_refused(tmp_path: Path, sample: Path) -> None:
    with pytest.raises(ConfigError, match="--vs nobody"):
        bench([1], vs=["nobody"], sample=sample)
    with pytest.raises(ConfigError, match="1 to 60"):
        bench([0], sample=sample)
    with pytest.raises(AssetError, match="missing"):
        bench([1], sample=tmp_path / "nowhere.mp4")


def test_the_machine_has_a_name() -> None:
    assert "cores" in machine()
