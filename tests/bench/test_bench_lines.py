"""Whole lines in turns: their processes are small scripts here, the real ones need minutes."""

import json
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from groupcoach import engine
from groupcoach.bench import lines, run
from groupcoach.bench.lines import Line, Missing, Running, command_of, in_turns, lines_table
from groupcoach.bench.mediapipe_line import cut
from groupcoach.bench.run import Timed, whole_line
from groupcoach.errors import GroupCoachError

SCRIPT = """
import json, sys
name, log, frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
if name == "without":
    print("without is left out: it needs a package.", file=sys.stderr); sys.exit(3)
if name == "broken":
    print("ValueError: bad weights", file=sys.stderr); sys.exit(1)
print(json.dumps({"weights": "the same"}), flush=True)
for k, line in enumerate(sys.stdin):
    open(log, "a").write(name + " " + " ".join(sys.argv[6:]) + "\\n")
    if name == "dies" and k == 1:
        sys.exit("out of memory")
    frames_now = frames * 10 if k == 2 else frames   # one round in which the machine was free
    print(json.dumps({"frames": frames_now, "wall_s": 1.0, "followed": 2, "boxes": [[0, 0, 10, 20], [5, 5, 9, 9]]}),
          flush=True)
"""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    script, log = tmp_path / "line.py", tmp_path / "log.txt"
    script.write_text(SCRIPT)
    frames = {"groupcoach": 20, "aigym": 10}

    def command(line: Line) -> list[str]:
        return [sys.executable, str(script), line.name.split(",")[0], str(log), str(frames.get(line.name, 5))]

    monkeypatch.setattr(lines, "command_of", command)
    return log


def test_lines_run_round_by_round_and_their_medians_are_compared(log: Path) -> None:
    rows = in_turns(log.with_name("class.mp4"), 2, ["aigym", "mediapipe"], print, rounds=3)
    ours, *theirs = rows
    assert (ours["name"], ours["fps"], ours["ratio"]) == ("groupcoach", 20.0, 1.0)
    assert [(r["name"], r["runtime"], r["fps"], r["ratio"]) for r in theirs] == [
        ("aigym", "torch", 10.0, 2.0), ("aigym", "openvino", 10.0, 2.0),
        ("mediapipe, one person", "tflite", 5.0, 4.0), ("mediapipe, everybody", "tflite", 5.0, 4.0),
    ]  # fmt: skip
    assert (ours["fps_lowest"], ours["fps_highest"]) == (20.0, 200.0)  # the one fast round is said and does not count
    assert theirs[0]["weights"] == "the same"
    order = [line.split()[0] for line in log.read_text().splitlines()]
    counted = order[5:]  # after a warm-up each
    assert counted == ["groupcoach", "aigym", "aigym", "mediapipe", "mediapipe"] * 3
    assert lines_table(rows).row_count == 5
    json.dumps(rows, allow_nan=False)


def test_mediapipe_is_told_where_everybody_stands(log: Path) -> None:
    in_turns(log.with_name("class.mp4"), 2, ["mediapipe"], print, rounds=1)
    told = {line.partition(" ")[2] for line in log.read_text().splitlines() if line.startswith("mediapipe")}
    assert told == {"[null]", "[[0, 0, 10, 20], [5, 5, 9, 9]]"}


def test_a_peer_without_its_packages_is_left_out_with_one_sentence(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        lines, "LINES", {"without": (Line("without", "-", ""),) * 2, "aigym": (Line("aigym", "-", ""),)}
    )
    said: list[str] = []
    rows = in_turns(log.with_name("class.mp4"), 2, ["without", "aigym"], said.append, rounds=1)
    assert said == ["without is left out: it needs a package."]
    assert [row["name"] for row in rows] == ["groupcoach", "aigym"]


@pytest.mark.parametrize(("name", "why"), [("broken", "bad weights"), ("dies", "out of memory")])
def test_a_line_that_fails_says_why(log: Path, monkeypatch: pytest.MonkeyPatch, name: str, why: str) -> None:
    monkeypatch.setattr(lines, "LINES", {name: (Line(name, "-", ""),)})
    with pytest.raises(GroupCoachError, match=rf"The line {name} \(-\) did not run: .*{why}"):
        in_turns(log.with_name("class.mp4"), 2, [name], print, rounds=2)


def test_mediapipe_has_an_interpreter_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(lines.MEDIAPIPE_PYTHON, str(tmp_path / "nowhere"))
    line = lines.LINES["mediapipe"][0]
    assert command_of(line)[0] == str(tmp_path / "nowhere")
    assert Path(command_of(line)[1]).is_file()
    with pytest.raises(GroupCoachError, match=r"nowhere does not start .* check GROUPCOACH_MEDIAPIPE_PYTHON"):
        Running(line, tmp_path / "class.mp4")


def test_mediapipe_that_is_not_there_says_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "mediapipe"
    package.mkdir()
    (package / "__init__.py").write_text("")  # a newer one, without the Pose solution
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv(lines.MEDIAPIPE_PYTHON, raising=False)
    with pytest.raises(Missing, match=r"^mediapipe is left out: .*GROUPCOACH_MEDIAPIPE_PYTHON\.$"):
        Running(lines.LINES["mediapipe"][0], tmp_path / "class.mp4", "[null]")


def test_what_aigym_lacks_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "lap" else object())
    with pytest.raises(Missing, match=r"aigym is left out: it needs lap \(pip install 'groupcoach\[peers\]'\)"):
        lines.aigym(tmp_path / "class.mp4", "torch", 1.0, tmp_path)


def test_a_part_of_the_picture_has_a_margin_and_ends_at_the_edge() -> None:
    assert cut(None, 640, 480) == (0, 0, 640, 480)
    assert cut([100, 100, 140, 180], 640, 480) == (90, 80, 150, 200)
    assert cut([0, 300, 200, 480], 640, 480) == (0, 255, 250, 480)


def test_loading_is_in_no_figure_but_its_own() -> None:
    timed = Timed(began_s=100.0, shown_s=[103.0, 103.5, 105.0], cpu_s=[5.0, 5.8, 8.0])
    assert timed.figures() == {"frames": 2, "wall_s": 2.0, "fps": 1.0, "start_s": 3.0, "cpu_cores": 1.5}
    assert Timed(shown_s=[1.0], cpu_s=[1.0]).figures()["fps"] == 0.0
    with pytest.raises(GroupCoachError, match="No frame"):
        Timed().figures()


def test_the_whole_line_has_record_and_snapshot_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []

    def run_class(options: Any) -> Any:
        asked.append(options)
        for _ in range(3):
            options.on_frame()
            time.sleep(0.001)
        return SimpleNamespace(error=None, summary={"frames": 3})

    monkeypatch.setattr(engine, "run_class", run_class)
    found = whole_line(tmp_path / "class.mp4", "live")
    assert (found["frames"], found["summary"]) == (2, {"frames": 3})
    (options,) = asked
    assert (options.pace, options.serve, options.voice) == ("live", True, False)
    assert options.out is not None
    assert run.peak_mb() > 10


def test_an_error_of_the_class_is_an_error_of_the_bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = SimpleNamespace(error=GroupCoachError("The file ends."), summary={})
    monkeypatch.setattr(engine, "run_class", lambda options: broken)
    with pytest.raises(GroupCoachError, match=r"The file ends\."):
        whole_line(tmp_path / "class.mp4")


def test_aigym_gets_the_exported_network_under_the_name_it_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import cv2
    import numpy as np

    from groupcoach.detect import yolo

    film = tmp_path / "class.mp4"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 48))
    for _ in range(4):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    exported = tmp_path / "openvino"
    exported.mkdir()
    (exported / "metadata.yaml").write_text("task: pose")
    made: list[dict[str, Any]] = []

    class AIGym:
        def __init__(self, **words: Any) -> None:
            made.append(words)

        def process(self, picture: Any) -> Any:
            assert picture.shape == (48, 64, 3)
            return SimpleNamespace(total_tracks=3)

    solutions = ModuleType("ultralytics.solutions")
    solutions.__dict__["AIGym"] = AIGym
    monkeypatch.setitem(sys.modules, "ultralytics.solutions", solutions)
    monkeypatch.setattr(lines.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(set_num_threads=lambda n: None))
    monkeypatch.setattr(yolo, "quiet_ultralytics", lambda: None)
    monkeypatch.setattr(yolo, "export_openvino", lambda weights: exported / "yolo11n-pose.xml")
    monkeypatch.setattr("groupcoach.assets.locate", lambda name: tmp_path / "yolo11n-pose.pt")
    place = tmp_path / "place"
    place.mkdir()
    found = lines.aigym(film, "openvino", 5.0, place)()
    assert (found["frames"], found["followed"]) == (4, 3)
    assert made[0]["model"].endswith("yolo11n-pose_openvino_model")
    assert (place / "yolo11n-pose_openvino_model" / "metadata.yaml").is_file()
    assert made[0]["show"] is False
    lines.aigym(film, "torch", 5.0, place)
    assert made[1]["model"].endswith("yolo11n-pose.pt")
