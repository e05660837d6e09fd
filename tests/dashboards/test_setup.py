"""The set-up page: what it writes, what it starts, and how that ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dashboards import studio as module
from dashboards.studio import Choice, Studio, command_of, toml_of
from groupcoach.config import Roster, load_plan, load_roster, tomllib
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


class Engine:
    """In place of the engine: a program that says where it answers, and goes on until it is interrupted."""

    said = ("import time, signal, sys\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(0))\n"
            "print('The engine answers on http://127.0.0.1:9', flush=True)\ntime.sleep(60)")  # fmt: skip


def studio_of(program: str, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setattr(module, "command_of", lambda choice, out: [sys.executable, "-c", program])
    return Studio()


def wait_for(studio: Studio, state: str) -> None:
    import time

    for _ in range(400):
        if studio.state == state:
            return
        time.sleep(0.05)
    raise AssertionError((studio.state, list(studio.said)))


def test_a_class_is_started_once_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of(Engine.said, monkeypatch)
    assert studio.state == "none"
    studio.start(Choice("0"), tmp_path)
    wait_for(studio, "running")
    assert studio.url == "http://127.0.0.1:9"
    out = studio.out
    studio.start(Choice("0"), tmp_path)  # somebody else's browser
    assert studio.out == out
    studio.end()  # nobody answers there: it is interrupted
    wait_for(studio, "ended")
    studio.end()


def test_an_engine_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of("import sys; print('There is no camera 7.', file=sys.stderr); sys.exit(1)", monkeypatch)
    studio.start(Choice("7"), tmp_path)
    wait_for(studio, "failed")
    assert "There is no camera 7." in "".join(studio.said)


def test_the_page_starts_what_was_chosen_and_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.testing.v1 import AppTest

    started: list[Choice] = []

    def start(self: Studio, choice: Choice, runs: Any = None) -> None:
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
