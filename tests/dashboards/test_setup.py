"""The set-up page: what it writes, what it starts, and how that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dashboards import studio as module
from dashboards.studio import Choice, Studio, command_of, toml_of
from groupcoach.config import Roster, load_plan, load_roster, tomllib
from groupcoach.doors import announce, running
from groupcoach.errors import ConfigError
from groupcoach.exercises.catalogue import load_catalogue

PAGE = Path(module.__file__).with_name("app_pages") / "setup.py"


def test_the_tables_become_the_files_of_the_command_line(tmp_path: Path) -> None:
    nan = float("nan")
    choice = Choice(
        "rtsp://studio/1", "ko", voice=False,
        roster=[{"name": ' Mi"na ', "spot": "1", "language": "ko", "say": "", "notes": None, "instructor": False},
                {"name": "", "spot": None, "instructor": False},
                {"name": "Jo", "spot": "", "instructor": True}],
        plan=[{"exercise": "squat", "reps": 10.0, "seconds": nan, "rest_s": 30.0},
              {"exercise": "plank", "reps": nan, "seconds": 40.5, "rest_s": nan}],
    )  # fmt: skip
    words = command_of(choice, tmp_path)
    assert words[1:4] == ["-m", "groupcoach", "run"]
    assert words[-2:] == ["--", "rtsp://studio/1"]
    assert "--no-voice" in words
    mina, jo = load_roster(words[words.index("--roster") + 1]).people
    assert (mina.name, mina.spot, mina.language, jo.instructor) == ('Mi"na', "1", "ko", True)
    first, second = load_plan(words[words.index("--plan") + 1], load_catalogue().ids).steps
    assert (first.reps, first.rest_s, second.seconds) == (10, 30, 40.5)


def test_nothing_typed_is_no_file(tmp_path: Path) -> None:
    words = command_of(Choice("0", roster=[{"name": "", "instructor": False}], plan=[{"exercise": None}]), tmp_path)
    assert "--roster" not in words
    assert "--plan" not in words


def test_a_source_is_never_an_option(tmp_path: Path) -> None:
    assert command_of(Choice("--db=postgresql://x"), tmp_path)[-2:] == ["--", "--db=postgresql://x"]


@settings(deadline=None, max_examples=150)
@given(some.text(min_size=1, max_size=60))
def test_whatever_is_typed_as_a_name_comes_back_or_is_refused(name: str) -> None:
    text = toml_of("person", [{"name": name}])
    parsed = tomllib.loads(text) if text else {}
    assert parsed.get("person", [{"name": ""}]) == [{"name": name.strip()}]
    if text:
        try:
            Roster.model_validate(parsed)
        except ValueError:
            return


#: In place of the engine: says in its run folder where it answers, and goes on until it is interrupted.
ENGINE = """
import contextlib, signal, sys, time
from pathlib import Path
from groupcoach.doors import announce
out = Path(sys.argv[1])
out.mkdir(parents=True)
def over(*_):
    gone()
    (out / "summary.json").write_text("{}")
    sys.exit(0)
signal.signal(signal.SIGINT, over)
gone = announce(out, "http://127.0.0.1:9")
print("models are there", flush=True)
while True:
    time.sleep(0.05)
    print("still here", flush=True)
"""
#: A dashboard that starts a class and is killed.
DASHBOARD = """
import os, signal, sys, time
from pathlib import Path
from dashboards import studio
studio.command_of = lambda choice, out: [sys.executable, "-c", sys.argv[2], str(out / "record")]
one = studio.Studio(Path(sys.argv[1]))
one.start(studio.Choice("0"))
while one.state != "running":
    time.sleep(0.05)
os.kill(os.getpid(), signal.SIGKILL)
"""


def studio_of(program: str, runs: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    words = [sys.executable, "-c", program]
    monkeypatch.setattr(module, "command_of", lambda choice, out: [*words, str(out / "record")])
    return Studio(runs)


def wait_for(studio: Studio, state: str) -> None:
    for _ in range(400):
        if studio.state == state:
            return
        time.sleep(0.05)
    raise AssertionError((studio.state, studio.said))


def test_a_class_is_started_once_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of(ENGINE, tmp_path, monkeypatch)
    assert studio.state == "none"
    assert studio.url is None
    studio.start(Choice("0"))
    wait_for(studio, "running")
    assert studio.url == "http://127.0.0.1:9"
    assert "models are there" in studio.said
    out = studio.out
    studio.start(Choice("0"))  # somebody else's browser
    assert studio.out == out
    studio.end()  # nobody answers there: it is interrupted
    assert studio.state == "ended"
    assert studio.url is None
    studio.end()


def test_a_killed_dashboard_leaves_its_class_and_the_next_one_ends_it(tmp_path: Path) -> None:
    words = [sys.executable, "-c", DASHBOARD, str(tmp_path), ENGINE]
    assert subprocess.run(words, timeout=60, check=False).returncode == -signal.SIGKILL
    again = Studio(tmp_path)
    assert again.state == "running"
    assert again.url == "http://127.0.0.1:9"
    began = len(again.said)
    again.start(Choice("1"))  # not a second one
    assert len(list(tmp_path.iterdir())) == 1
    time.sleep(0.3)  # it still has somewhere to write: nothing has broken
    assert again.state == "running"
    assert len(again.said) > began or len(again.said) == 40
    again.end()
    assert again.state == "ended"
    assert again.out is not None
    assert (again.out / "summary.json").is_file()
    assert Studio(tmp_path).state == "none"


def test_ctrl_c_in_the_dashboards_terminal_does_not_reach_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = studio_of(ENGINE, tmp_path, monkeypatch)
    studio.start(Choice("0"))
    wait_for(studio, "running")
    engine = running(tmp_path)
    assert engine is not None
    try:
        assert os.getpgid(engine.pid) != os.getpgid(0)
    finally:
        studio.end()


def test_a_dead_engine_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    out = tmp_path / "class_1"
    out.mkdir()
    announce(out, "http://127.0.0.1:9", sign_in=True)
    assert running(tmp_path) is None  # its password is not ours
    gone = announce(out, "http://127.0.0.1:9")
    found = running(tmp_path)
    assert found is not None
    assert (found.out, found.pid) == (out, os.getpid())
    text = (out / "engine.json").read_text()
    for broken in (text.replace(f"{found.began}", "1.0"), text.replace(f"{found.pid}", "4194399"), "{", "[]", "{}"):
        (out / "engine.json").write_text(broken)
        assert running(tmp_path) is None
    gone()
    gone()
    assert not (out / "engine.json").exists()


def test_an_engine_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import sys; print('There is no camera 7.', file=sys.stderr); sys.exit(1)"
    studio = studio_of(program, tmp_path, monkeypatch)
    studio.start(Choice("7"))
    wait_for(studio, "failed")
    assert "There is no camera 7." in "".join(studio.said)


def test_the_page_starts_what_was_chosen_and_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    started: list[Choice] = []

    def start(self: Studio, choice: Choice) -> None:
        started.append(choice)
        raise ConfigError("roster.toml, [[person]] 1: <b>name</b> is empty.")

    monkeypatch.setattr(Studio, "start", start)
    monkeypatch.delenv("GROUPCOACH_ENGINE", raising=False)
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    page.radio(key="source").set_value("other").run()
    page.text_input[0].set_value("rtsp://studio/1").run()
    (button,) = [b for b in page.button if b.label == "Start the class"]
    button.click().run()
    assert not page.exception
    assert [(c.source, c.language, c.voice) for c in started] == [("rtsp://studio/1", "en", True)]
    shown = "".join(str(part.proto) for part in page.main if "html" in str(type(part.proto)).lower()) or str(page)
    assert "<b>name" not in shown
