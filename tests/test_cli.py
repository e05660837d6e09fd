"""The command line without cameras or networks: what is asked of the engine, what is printed, which way it exits."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from groupcoach.cli import app
from groupcoach.errors import AssetError, GroupCoachError, SourceError
from groupcoach.store.run_dir import RunWriter

SUMMARY: dict[str, Any] = {
    "frames": 300, "duration_s": 10.0, "wall_s": 5.0, "fps": 60.0, "detector": "yolo", "regressor": "lifter",
    "device": "cpu", "dropped_frames": 0,
    "people": [{"id": 1, "name": "Mina", "spot": None, "track_ids": [1], "first_s": 0.0, "last_s": 10.0, "seen_s": 10.0,
                "median_box_xyxy": [0, 0, 10, 10],
                "exercises": [{"exercise": "squat", "start_s": 1.0, "end_s": 9.0, "reps": 4, "clean_reps": 3,
                               "hold_s": 0.0, "rep_end_s": [2.0, 4.0, 6.0, 8.0], "faults": {"knees_in": 1}}]}],
}  # fmt: skip
COMMANDS = ["run", "class", "keep", "fleet", "simulate", "evaluate", "track", "bench", "learn", "models", "report",
            "people", "doctor", "demo", "dashboard", "exercises", "voices"]  # fmt: skip
GROUPS = {"evaluate": ["clips", "run", "multiview"], "models": ["pull", "list", "verify", "path"],
          "people": ["export", "erase", "motion"], "exercises": ["list", "show", "check"]}  # fmt: skip


def one_squatting(reps: int) -> dict[str, Any]:
    """A person of a composed truth."""
    region = [0, 0, 9, 9]
    return {"id": 1, "name": "A", "region_xyxy": region, "exercise": "squat", "reps": reps, "start_s": 0, "end_s": 9}


@dataclass
class Result:
    summary: dict[str, Any]
    notices: list[str] = field(default_factory=list)
    error: GroupCoachError | None = None


@pytest.fixture
def cli() -> Callable[..., Any]:
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An engine that writes down what it was asked and answers ``result`` (raises it when it is an exception)."""
    asked = SimpleNamespace(options=[], result=Result(SUMMARY))

    def run_class(options: Any) -> Result:
        asked.options.append(options)
        if isinstance(asked.result, BaseException):
            raise asked.result
        if options.out is not None:
            writer = RunWriter(options.out, options.source, 640, 360, 30.0, save_poses=False, save_video=False)
            writer.finish(asked.result.summary)
        return asked.result

    fake: Any = ModuleType("groupcoach.engine")
    fake.RunOptions, fake.run_class = SimpleNamespace, run_class
    monkeypatch.setitem(sys.modules, "groupcoach.engine", fake)
    return asked


@pytest.mark.parametrize("words", [[], *([c] for c in COMMANDS), *([g, c] for g, cs in GROUPS.items() for c in cs)])
def test_every_command_has_help(cli: Callable[..., Any], words: list[str]) -> None:
    result = cli(*words, "--help")
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output


def test_the_list_of_commands_is_the_documented_one(cli: Callable[..., Any]) -> None:
    text = cli("--help").output
    assert all(command in text for command in COMMANDS)


def test_help_from_the_shell_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['groupcoach', '--help']\n"
        "from groupcoach.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'cv2', 'streamlit', 'pyttsx3', 'openvino', 'scipy', 'sqlalchemy', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "One camera" in done.stdout
    assert time.perf_counter() - start < 2.0  # 0.3 s alone; the rest is for a busy machine


def test_a_run_prints_who_did_what(cli: Callable[..., Any], engine: SimpleNamespace, tmp_path: Path) -> None:
    engine.result.notices.append("No voice here: sudo apt-get install espeak-ng")
    result = cli("run", "class.mp4", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    for words in ("Mina", "squat", "4", "3", "knees in 1x", "60.0 frames a second", "No voice here", "Recorded in"):
        assert words in result.output
    (options,) = engine.options
    assert (options.source, options.out, options.pace, options.voice, options.serve, options.dashboard) == (
        "class.mp4", tmp_path / "run", "max", False, False, False,
    )  # fmt: skip


def test_every_option_reaches_the_engine(cli: Callable[..., Any], engine: SimpleNamespace, tmp_path: Path) -> None:
    result = cli(
        "run", "0", "--out", tmp_path / "r", "--roster", "r.toml", "--plan", "p.toml", "--detector", "blazepose",
        "--regressor", "hmr", "--landmarks", "off", "--pace", "live", "--voice", "--language", "ko", "--save-video",
        "--save-poses", "--db", "sqlite:///x.db", "--serve", "--checkpoint", "hmr.pt", "--body-model", "SMPL.pkl",
        "--phones",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert vars(engine.options[0]) == {
        "source": "0", "out": tmp_path / "r", "roster": Path("r.toml"), "plan": Path("p.toml"), "detector": "blazepose",
        "regressor": "hmr", "landmarks": "off", "pace": "live", "voice": True, "language": "ko", "save_video": True,
        "save_poses": True, "db": "sqlite:///x.db", "serve": True, "dashboard": False, "progress": False,
        "checkpoint": Path("hmr.pt"), "body_model": Path("SMPL.pkl"), "resume": False, "listen": "127.0.0.1",
        "phones": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "mode"),
    [([], "auto"), (["--regressor", "hmr"], "off"), (["--regressor", "hmr", "--landmarks", "on"], "on"),
     (["--landmarks", "off"], "off")],
)  # fmt: skip
def test_the_landmark_network_is_off_with_hmr_unless_asked_for(
    cli: Callable[..., Any], engine: SimpleNamespace, words: list[str], mode: str
) -> None:
    assert cli("run", "class.mp4", *words).exit_code == 0
    assert engine.options[0].landmarks == mode


def test_a_live_class_speaks_serves_and_opens_the_dashboard(cli: Callable[..., Any], engine: SimpleNamespace) -> None:
    assert cli("class").exit_code == 0
    options = engine.options[0]
    assert (options.source, options.pace, options.voice, options.serve, options.dashboard) == (
        "0", "live", True, True, True,
    )  # fmt: skip
    assert options.out.parent == Path("runs")  # a live class leaves a record


def test_a_class_that_broke_off_is_found_by_itself(
    cli: Callable[..., Any], engine: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from groupcoach.store.session import SessionStore

    monkeypatch.chdir(tmp_path)
    result = cli("class", "--resume")
    assert result.exit_code == 1
    assert "has broken off" in result.stderr
    for name, ends in (("a", False), ("b", True)):
        store = SessionStore(f"sqlite:///{tmp_path}/runs/{name}/session.db")
        store.start("0", "2026-11-22T00:00:00+00:00")
        if ends:
            store.finish({"people": []})
        store.close()
    assert cli("class", "--resume").exit_code == 0
    assert (engine.options[0].out, engine.options[0].resume) == (Path("runs/a"), True)


def test_a_user_error_is_one_paragraph_and_exit_1(cli: Callable[..., Any], engine: SimpleNamespace) -> None:
    engine.result = SourceError("There is no video at nowhere.mp4. Check the path.")
    result = cli("run", "nowhere.mp4")
    assert result.exit_code == 1
    assert result.stderr.strip() == "There is no video at nowhere.mp4. Check the path."
    assert "Traceback" not in result.output


def test_a_source_that_ends_in_the_middle_still_has_its_table(cli: Callable[..., Any], engine: SimpleNamespace) -> None:
    engine.result.error = SourceError("class.mp4 breaks off at 10.0 s.")
    result = cli("run", "class.mp4")
    assert result.exit_code == 1
    assert "Mina" in result.stdout
    assert "breaks off" in result.stderr


def test_ctrl_c_exits_130_without_a_traceback(cli: Callable[..., Any], engine: SimpleNamespace) -> None:
    engine.result = KeyboardInterrupt()
    result = cli("run", "0")
    assert result.exit_code == 130
    assert "Stopped" in result.stderr
    assert "Traceback" not in result.output


def test_a_run_stopped_from_the_keyboard_has_its_table_and_a_live_class_ends_well(
    cli: Callable[..., Any], engine: SimpleNamespace
) -> None:
    engine.result = Result(SUMMARY | {"stopped": True})
    stopped = cli("run", "class.mp4")
    assert stopped.exit_code == 130
    assert "Mina" in stopped.stdout
    assert cli("class").exit_code == 0


def test_the_dashboard_is_opened_on_a_run_and_waited_for(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    page = SimpleNamespace(url="http://127.0.0.1:8501", wait=lambda: opened.append("waited"))
    fake: Any = ModuleType("dashboards.launch")
    fake.launch = lambda target, open_browser: opened.append((target, open_browser)) or page
    monkeypatch.setitem(sys.modules, "dashboards.launch", fake)
    result = cli("dashboard", tmp_path, "--no-browser")
    assert result.exit_code == 0
    assert "http://127.0.0.1:8501" in result.output
    assert opened == [(tmp_path, False), "waited"]


@pytest.mark.parametrize(
    "words",
    [["run"], ["run", "a.mp4", "--detector", "magic"], ["run", "a.mp4", "--save-poses"], ["run", "a.mp4", "--nonsense"],
     ["nonsense"], ["bench", "--people", "many"], ["simulate", "--out", "x", "--size", "big"], ["evaluate", "run"],
     ["track", "--out", "x"]],
)  # fmt: skip
def test_wrong_usage_exits_2(cli: Callable[..., Any], engine: SimpleNamespace, words: list[str]) -> None:
    result = cli(*words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluate", "multiview", "nowhere"], "no calibration"),
        (["learn", "squat", "a.jpg", "--out", "squat.json"], "is a .toml file"),
        (["bench", "--people", "1", "--vs", "nobody"], "--vs nobody"),
        (["bench", "--people", "0"], "1 to 60 people"),
        (["report", "nowhere"], "no run folder"),
        (["report", "17"], "--db"),
        (["evaluate", "clips", "nowhere"], "index.tsv"),
        (["evaluate", "run", "nowhere", "truth.json"], "no run folder"),
        (["track", "--detections", "nowhere.txt", "--out", "x"], "cannot be read"),
        (["exercises", "show", "lung"], "Did you mean 'lunge'"),
        (["models", "path", "yolo11n"], "Did you mean"),
        (["people", "export", "Mina", "--runs", "nowhere"], "Nothing is kept"),
        (["people", "erase", "Mina", "--runs", "nowhere", "--yes"], "Nothing is kept"),
    ],
)
def test_what_cannot_be_done_is_said_and_exits_1(cli: Callable[..., Any], words: list[str], message: str) -> None:
    result = cli(*words)
    assert result.exit_code == 1, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_report_in_three_shapes(cli: Callable[..., Any], engine: SimpleNamespace, tmp_path: Path) -> None:
    cli("run", "class.mp4", "--out", tmp_path / "run")
    assert "knees in 1x" in cli("report", tmp_path / "run").output
    result = cli("report", tmp_path / "run", "--html", tmp_path / "r.html", "--csv", tmp_path / "r.csv")
    assert result.exit_code == 0
    assert "Mina" in (tmp_path / "r.html").read_text()
    assert "Mina,,squat,4,3" in (tmp_path / "r.csv").read_text()
    unwritable = cli("report", tmp_path / "run", "--csv", tmp_path / "no" / "r.csv")
    assert unwritable.exit_code == 1
    assert "cannot be written" in unwritable.stderr


def test_evaluate_run_prints_one_object_last(cli: Callable[..., Any], engine: SimpleNamespace, tmp_path: Path) -> None:
    cli("run", "class.mp4", "--out", tmp_path / "run")
    (tmp_path / "truth.json").write_text(json.dumps({"fps": 30, "people": [one_squatting(4)]}))
    result = cli("evaluate", "run", tmp_path / "run", tmp_path / "truth.json", "--json")
    assert result.exit_code == 0, result.output
    last = json.loads(result.stdout.splitlines()[-1])
    assert set(last) == {"counting", "identity", "faults", "pose", "cues"}
    assert last["counting"]["rows"][0]["got"] == 4


def test_one_person_is_exported_and_erased(cli: Callable[..., Any], engine: SimpleNamespace, tmp_path: Path) -> None:
    from groupcoach.store.session import SessionStore

    cli("run", "class.mp4", "--out", tmp_path / "runs" / "a")
    store = SessionStore(f"sqlite:///{tmp_path / 'runs' / 'a' / 'session.db'}")
    store.start("class.mp4", "2026-01-01T00:00:00Z")
    store.finish(SUMMARY)
    store.close()
    result = cli("people", "erase", "Mina", "--runs", tmp_path / "runs", "--yes")
    assert result.exit_code == 0, result.output
    assert "1 run folders" in result.output
    assert "Mina" not in (tmp_path / "runs" / "a" / "summary.json").read_text()


def test_the_tracker_alone_follows_two_people_through_a_file(cli: Callable[..., Any], tmp_path: Path) -> None:
    rows = [f"{k},-1,{x + k},100,50,150,0.9,-1,-1,-1" for k in range(1, 41) for x in (0, 400) if k != 20]
    (tmp_path / "det.txt").write_text("\n".join(rows))
    result = cli("track", "--detections", tmp_path / "det.txt", "--out", tmp_path / "out.txt", "--fps", "20")
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "out.txt").read_text().splitlines()
    assert len({line.split(",")[1] for line in lines}) == 2
    assert all(len(line.split(",")) == 10 for line in lines)
    (tmp_path / "empty.txt").write_text("")
    assert cli("track", "--detections", tmp_path / "empty.txt", "--out", tmp_path / "o.txt").exit_code == 0


def test_the_catalogue_is_listed_shown_and_checked(cli: Callable[..., Any], tmp_path: Path) -> None:
    assert "push_up" in cli("exercises", "list").output
    assert "left_knee" in cli("exercises", "show", "air squat").output
    assert "sound" in cli("exercises", "check").output
    (tmp_path / "hop.toml").write_text("id = 3")
    assert cli("exercises", "check", tmp_path / "hop.toml").exit_code == 1


def test_models_that_are_damaged_are_named(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from groupcoach import assets

    asset = assets.load_manifest().assets[0]
    for state, code in (("ready", 0), ("missing", 0), ("damaged", 1)):
        found = [assets.AssetStatus(asset, Path("x"), state, "" if state == "ready" else "why")]  # type: ignore[arg-type]
        monkeypatch.setattr(assets, "verify", lambda found=found: found)
        monkeypatch.setattr(assets, "status", lambda found=found: found)
        assert cli("models", "list").exit_code == 0
        assert cli("models", "verify").exit_code == code


def test_a_pull_that_fails_is_a_paragraph(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from groupcoach import assets

    def offline(*_: Any, **__: Any) -> None:
        raise AssetError("yolo11n-pose.pt could not be had: no network.")

    monkeypatch.setattr(assets, "pull", offline)
    result = cli("models", "pull")
    assert result.exit_code == 1
    assert "no network" in result.stderr


@pytest.mark.parametrize(("counted", "code", "words"), [(4, 0, "yes"), (5, 1, "no")])
def test_the_demo_says_whether_the_table_equals_its_truth(
    cli: Callable[..., Any], engine: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: int,
    code: int, words: str,
) -> None:  # fmt: skip
    from groupcoach import assets
    from groupcoach.commands import demo

    (tmp_path / "truth.json").write_text(json.dumps({"fps": 30, "people": [one_squatting(counted)]}))
    (tmp_path / "class.mp4").write_bytes(b"")
    (tmp_path / "two.mp4").write_bytes(b"")
    monkeypatch.setattr(demo, "SAMPLE", tmp_path)
    monkeypatch.setattr(demo, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(assets, "locate", lambda name: tmp_path / "two.mp4")
    result = cli("demo")
    assert result.exit_code == code, result.output
    assert f"equals its truth: {words}" in result.output
    assert "make dashboard" in result.output
    assert [Path(o.source).name for o in engine.options] == ["class.mp4", "two.mp4"]
    assert (tmp_path / "runs" / "demo_class" / "summary.json").exists()
