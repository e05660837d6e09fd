"""The edges of the dashboard: the engine's address, its silence, and the process that shows it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import psutil
import pytest
from fake_class import snapshot

from dashboards import launch as launch_module
from dashboards.feed import Feed, browsers_play, fetch, for_the_browser
from groupcoach.errors import GroupCoachError
from groupcoach.serve.board import LiveBoard
from groupcoach.serve.server import EngineServer


def test_silence_is_measured_and_the_picture_reconnected():
    now, answers = [10.0], iter([{"people": []}, OSError(), OSError(), {"people": [1]}, {"people": [2]}])

    def ask(url):
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    feed = Feed("http://h", ask=ask, clock=lambda: now[0])
    told = []
    for _ in range(5):
        told.append((feed.refresh(), feed.attempt))
        now[0] += 0.5
    assert told == [(0.0, 0), (0.5, 0), (1.0, 0), (0.0, 1), (0.0, 1)]
    assert feed.snapshot == {"people": [2]}
    assert feed.beat == 5


def test_a_real_engine_is_read_and_its_end_is_noticed(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # the engine is never asked through a proxy
    board = LiveBoard()
    board.publish(snapshot(4), [])
    server = EngineServer(board, port=0)
    url = server.start()
    try:
        assert len(fetch(url)["people"]) == 4
        with pytest.raises(OSError, match="404"):
            fetch(f"{url}/nothing")
    finally:
        server.stop()
    with pytest.raises(OSError):  # noqa: PT011 (which one depends on the system)
        fetch(url)


def test_the_password_is_sent_from_the_environment(monkeypatch):
    server = EngineServer(LiveBoard(), port=0, token="melon")
    url = server.start()
    try:
        with pytest.raises(PermissionError, match="wants a password"):
            fetch(url)
        monkeypatch.setenv("GROUPCOACH_TOKEN", "melon")
        assert fetch(url)["people"] == []
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("engine", "page", "want"),
    [
        ("http://127.0.0.1:8765", "http://localhost:8501/", "http://localhost:8765"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8501", "http://127.0.0.1:8765"),
        ("http://127.0.0.1:8765", "http://[::1]:8501", "http://127.0.0.1:8765"),
        ("http://192.168.1.4:8765", "http://localhost:8501", "http://192.168.1.4:8765"),
        ("http://127.0.0.1:8765", None, "http://127.0.0.1:8765"),
    ],
)
def test_the_engine_under_the_browsers_name(engine, page, want):
    assert for_the_browser(engine, page) == want


def test_films_that_browsers_play(tmp_path):
    film = tmp_path / "annotated.mp4"
    for codec, played in ((b"vp09", True), (b"avc1", True), (b"mp4v", False)):
        film.write_bytes(b"ftypisom" + bytes(3_000_000) + b"stsd" + codec)
        assert browsers_play(film) is played


def test_the_dashboards_process_is_private_and_quiet(monkeypatch, tmp_path):
    started = {}

    class Process:
        pid = 2**22 + 1  # nobody's

        def __init__(self, command, **more):
            started.update(command=command, **more)

    monkeypatch.setattr(launch_module.subprocess, "Popen", Process)
    monkeypatch.setenv("GROUPCOACH_RUN", "/elsewhere")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        made = launch_module.launch("http://127.0.0.1:8765", port=busy, wait_ready=False)
    assert made.url != f"http://127.0.0.1:{busy}"
    options = set(started["command"])
    assert {"--server.address=127.0.0.1", "--server.headless=true", "--browser.gatherUsageStats=false",
            "--server.fileWatcherType=none", "--server.enableXsrfProtection=true"} <= options  # fmt: skip
    assert started["env"]["GROUPCOACH_ENGINE"] == "http://127.0.0.1:8765"
    assert "GROUPCOACH_RUN" not in started["env"]

    (tmp_path / "summary.json").write_text("{}")
    launch_module.launch(tmp_path, wait_ready=False)
    assert started["env"]["GROUPCOACH_RUN"] == str(tmp_path.resolve())
    assert os.environ["GROUPCOACH_RUN"] == "/elsewhere"


def test_the_class_goes_before_its_dashboard():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as dashboard:
        launch_module._behind_the_engine(dashboard.pid)
        engine = psutil.Process()
        assert psutil.Process(dashboard.pid).nice() > engine.nice() or engine.nice() == 19
        dashboard.communicate(b"\n")


def test_no_run_at_all(tmp_path):
    with pytest.raises(GroupCoachError, match="no finished run at"):
        launch_module.launch(tmp_path / "nothing")
