"""The HTTP interface, asked by friends and by others."""

from __future__ import annotations

import asyncio
import dataclasses
import http.client
import json
import socket
import threading

import httpx
import numpy as np
import pytest

from groupcoach.cards import PersonCard, Snapshot
from groupcoach.errors import GroupCoachError
from groupcoach.records import Event
from groupcoach.serve.api import create_app
from groupcoach.serve.board import (
    CorrectCount,
    LiveBoard,
    MarkInstructor,
    Merge,
    Mute,
    Rename,
    Split,
    Swap,
    Undo,
    Unmute,
)
from groupcoach.serve.guard import BODY_LIMIT, host_check, host_of
from groupcoach.serve.server import EngineServer

HERE = "http://127.0.0.1:8765"


class Client:
    """Asks an app without a socket."""

    def __init__(self, app):
        self.app = app

    def ask(self, method, path, **more):
        async def asked():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=HERE) as client:
                return await client.request(method, path, **more)

        return asyncio.run(asked())

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, **more):
        return self.ask("POST", path, **more)


def card(person_id=1, **more):
    box = (0.0, 0.0, np.float32(5), float("nan"))
    made = PersonCard(
        person_id, "Mina", None, True, "squat", "Squat", 3, 2, float("nan"), "left_knee", "push your knees out",
        float("inf"), {"squat": np.int64(3)}, False, 1.0, box)  # fmt: skip
    return dataclasses.replace(made, **more)


def snapshot(*people):
    return Snapshot(1.0, 30, float("nan"), 0, {"detect": 9.1}, people)


@pytest.fixture
def board():
    return LiveBoard()


@pytest.fixture
def client(board):
    return Client(create_app(board))


def test_health_and_nothing_more_than_needed(client):
    assert client.get("/health").json() == {"ok": True}
    assert [client.get(p).status_code for p in ("/docs", "/redoc", "/openapi.json", "/")] == [404] * 4


def test_snapshot_before_the_first_frame_and_after(client, board):
    assert client.get("/snapshot").json()["people"] == []
    board.publish(snapshot(card()), [])
    body = client.get("/snapshot").text
    assert "NaN" not in body
    assert "Infinity" not in body
    found = json.loads(body)
    assert found["fps"] is None
    assert found["age_s"] < 5
    (person,) = found["people"]
    assert (person["name"], person["totals"], person["hold_s"]) == ("Mina", {"squat": 3}, None)
    assert person["box_xyxy"] == [0.0, 0.0, 5.0, None]


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ({"kind": "rename", "person_id": 1, "name": " Mina <b> "}, Rename(1, "Mina <b>")),
        ({"kind": "merge", "person_id": 7, "into": 1}, Merge(7, 1)),
        ({"kind": "mute", "person_id": None}, Mute(None)),
        ({"kind": "unmute", "person_id": 3}, Unmute(3)),
        ({"kind": "split", "person_id": 3}, Split(3)),
        ({"kind": "swap", "person_id": 3, "other": 4, "by": "Jo"}, Swap(3, 4, by="Jo")),
        ({"kind": "mark_instructor", "person_id": 3}, MarkInstructor(3)),
        ({"kind": "mark_instructor", "person_id": 3, "instructor": False}, MarkInstructor(3, False)),
        ({"kind": "undo", "by": "Jo"}, Undo(by="Jo")),
        ({"kind": "correct_count", "person_id": 3, "exercise": "squat", "reps": 12}, CorrectCount(3, "squat", 12)),
    ],
)
def test_commands_reach_the_engine(client, board, body, command):
    assert client.post("/commands", json=body).status_code == 202
    assert board.take_commands() == [command]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "shutdown"},
        {"kind": "rename", "person_id": 1},
        {"kind": "rename", "person_id": 1, "name": "   "},
        {"kind": "rename", "person_id": 1, "name": "a\nb"},
        {"kind": "rename", "person_id": 1, "name": "x" * 61},
        {"kind": "rename", "person_id": "1", "name": "Mina"},
        {"kind": "rename", "person_id": 1, "name": "Mina", "admin": True},
        {"kind": "mute"},
        {"kind": "correct_count", "person_id": 1, "exercise": "../x", "reps": 1},
        {"kind": "correct_count", "person_id": 1, "exercise": "squat", "reps": -1},
        [], "rename", None, 7,
    ],
)  # fmt: skip
def test_a_command_that_makes_no_sense_is_refused(client, board, body):
    assert client.post("/commands", json=body).status_code == 422
    assert board.take_commands() == []


def test_a_form_of_another_page_cannot_command(client, board):
    form = client.post("/commands", content=b'{"kind":"mute","person_id":null}', headers={"content-type": "text/plain"})
    assert form.status_code == 422
    assert board.take_commands() == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8765"}, 200),
        ({"host": "[::1]:8765"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:8765"}, 403),
        ({"host": "evil@127.0.0.1"}, 403),
        ({"host": "127.0.0.1:port"}, 403),
        ({"host": ""}, 403),
        ({"origin": "http://127.0.0.1:8501"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "file://127.0.0.1"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "referer": "http://localhost:8501/"}, 200),
        ({"sec-fetch-site": "cross-site", "referer": "http://evil.example/?127.0.0.1"}, 403),
        ({"sec-fetch-site": "same-site"}, 200),
        ({"content-length": "-1"}, 413),
    ],
)
def test_only_this_machine_is_answered(client, headers, status):
    assert client.get("/snapshot", headers=headers).status_code == status


def test_a_body_that_is_too_large(client, board):
    big = json.dumps({"kind": "rename", "person_id": 1, "name": "x" * BODY_LIMIT}).encode()
    headers = {"content-type": "application/json"}
    assert client.post("/commands", content=big, headers=headers).status_code == 413

    async def pieces():
        for i in range(0, len(big), 1000):
            yield big[i : i + 1000]

    assert client.post("/commands", content=pieces(), headers=headers).status_code == 413
    assert board.take_commands() == []


def test_with_a_password(board):
    client = Client(create_app(board, token="pömelo"))
    assert client.get("/health").status_code == 200
    assert client.get("/snapshot").status_code == 401
    for wrong in ("Bearer wrong", "Basic pömelo", "pömelo", "Bearer"):
        assert client.get("/snapshot", headers={"authorization": wrong.encode("latin-1")}).status_code == 401
    client = Client(create_app(board, token="melon"))
    assert client.get("/snapshot", headers={"authorization": "Bearer melon"}).status_code == 200


def test_hosts():
    assert host_of("[::1]:80") == "::1"
    assert host_of("a b/c") is None
    assert host_check("0.0.0.0")("192.168.1.4")
    assert not host_check("0.0.0.0")("evil.example")
    assert not host_check("127.0.0.1")("192.168.1.4")


# -- a real server on a real socket ---------------------------------------------------------------------------------


@pytest.fixture
def server(board):
    made = EngineServer(board, port=0)
    made.start()
    yield made
    made.stop()


def ask(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", path)
    return connection, connection.getresponse()


def test_events_arrive_as_they_happen_and_stop_with_the_server(server, board):
    connection, answer = ask(server, "/events")
    assert answer.getheader("content-type").startswith("text/event-stream")
    assert answer.readline() == b"retry: 1000\n"
    answer.readline()
    assert board.watchers == 1
    board.publish(snapshot(card()), [Event(2.5, "rep_counted", 1, {"number": 4, "range_deg": float("nan")})])
    lines = [answer.readline() for _ in range(3)]
    assert lines[:2] == [b"id: 1\n", b"event: rep_counted\n"]
    told = json.loads(lines[2].removeprefix(b"data: "))
    assert told == {"t_s": 2.5, "type": "rep_counted", "person": 1, "number": 4, "range_deg": None}
    server.stop()
    assert answer.read() == b"\n"
    connection.close()
    assert [t.name for t in threading.enumerate() if t.name == "groupcoach-serve"] == []


def test_the_picture_and_the_stream_of_pictures(server, board):
    stop = threading.Event()

    def engine():
        while not stop.wait(0.01):
            if board.preview.wanted():
                board.preview.put(np.zeros((48, 64, 3), np.uint8))

    thread = threading.Thread(target=engine)
    thread.start()
    try:
        connection, answer = ask(server, "/preview.jpg")
        assert answer.status == 200
        assert answer.read(2) == b"\xff\xd8"
        connection.close()
        connection, answer = ask(server, "/preview.mjpg")
        for _ in range(3):
            assert answer.readline() == b"--groupcoachpicture\r\n"
            assert answer.readline() == b"Content-Type: image/jpeg\r\n"
            size = int(answer.readline().split()[1])
            answer.readline()
            assert answer.read(size + 2)[:2] == b"\xff\xd8"
        connection.close()
    finally:
        stop.set()
        thread.join()


def test_no_picture_is_said(server, board, monkeypatch):
    monkeypatch.setattr("groupcoach.serve.api.PICTURE_WAIT_S", 0.02)
    connection, answer = ask(server, "/preview.jpg")
    assert answer.status == 503
    connection.close()


def test_a_busy_port_is_followed_by_the_next(board):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        server = EngineServer(board, port=busy)
        try:
            assert server.start() == f"http://127.0.0.1:{server.port}"
            assert server.port > busy
        finally:
            server.stop()


def test_the_world_needs_a_password(board):
    for host in ("0.0.0.0", "192.168.1.4", "::", "studio.local"):
        with pytest.raises(GroupCoachError, match="without a password"):
            EngineServer(board, host=host)
    with pytest.raises(GroupCoachError, match="cannot listen"):
        EngineServer(board, host="203.0.113.1", token="melon").start()
