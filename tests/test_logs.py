"""A log that nobody asked for is silent; one that is asked for has one object a line."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupcoach import logs
from groupcoach.errors import ConfigError


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "")
    monkeypatch.setenv(logs.FILE_VARIABLE, "")
    yield
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "")
    monkeypatch.setenv(logs.FILE_VARIABLE, "")
    logs.set_up()


def test_nothing_is_written_until_somebody_asks(capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    logs.log("error", "engine_crashed", status=-9)
    assert capfd.readouterr() == ("", "")


def test_a_line_is_one_object_with_its_fields(capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up("warning")
    logs.log("info", "class_begins", source="a.mp4")
    logs.log("warning", "camera_stopped", camera="camera 0", path=Path("x"), text="웃\n")
    out, err = capfd.readouterr()
    assert out == ""
    (line,) = err.splitlines()  # the level below is left out; a line break inside stays inside
    said = json.loads(line)
    assert (said["event"], said["level"], said["path"]) == ("camera_stopped", "warning", "x")
    assert said["camera"] == "camera 0"
    assert said["text"] == "웃\n"
    assert said["time"].endswith("+00:00")


def test_the_file_is_added_to_and_asking_twice_writes_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("{}\n")
    logs.set_up("debug", str(path))
    logs.set_up("debug", str(path))
    logs.log("debug", "one")
    logs.set_up("info", str(path))
    logs.log("debug", "two")
    assert [json.loads(line).get("event") for line in path.read_text().splitlines()] == [None, "one"]
    assert capfd.readouterr().err == ""


def test_the_environment_asks_and_processes_started_later_log_the_same_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "INFO")
    monkeypatch.setenv(logs.FILE_VARIABLE, str(path))
    logs.set_up()
    logs.log("info", "class_ends")
    assert json.loads(path.read_text())["event"] == "class_ends"
    logs.set_up("error", str(path))
    assert logs.os.environ[logs.LEVEL_VARIABLE] == "error"


def test_wrong_levels_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"choose debug, info, warning, error\. Did you mean 'warning'"):
        logs.set_up("warnin")
    with pytest.raises(ConfigError, match=r"cannot be written \(Is a directory\): change GROUPCOACH_LOG_FILE"):
        logs.set_up("info", str(tmp_path))
    assert all(isinstance(h, logging.NullHandler) for h in logging.getLogger("groupcoach").handlers)


def test_a_bug_is_logged_with_its_traceback(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    logs.set_up("error", str(path))
    try:
        raise ZeroDivisionError("x")
    except ZeroDivisionError:
        logging.getLogger("groupcoach").exception("bug")
    assert "ZeroDivisionError: x" in json.loads(path.read_text())["traceback"]
