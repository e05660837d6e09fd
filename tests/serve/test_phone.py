"""A participant's page, asked by its owner, by a neighbour and by a guesser."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from groupcoach.cues.phones import WRONG_PER_MINUTE, PhoneDesk
from groupcoach.cues.policy import ClassCue
from groupcoach.cues.sentences import Part
from groupcoach.records import Priority
from groupcoach.serve.api import create_app
from groupcoach.serve.board import Floor, LiveBoard
from groupcoach.serve.phone import COOKIE, network_address, qr_svg

HERE = "http://127.0.0.1:8765"


def cue(number=12, person=1):
    return ClassCue(person, "chest up", "en", Priority.FORM, "trunk_lean", 5.0, 7.0, number, (person,),
                    (Part("chest up", "en"),), "phone")  # fmt: skip


@pytest.fixture
def board():
    made = LiveBoard()
    made.phones = PhoneDesk()
    made.phones.meet([(1, "Mina"), (2, "Jun")])
    made.phones.address = f"{HERE}/me"
    made.render = lambda parts: b"RIFF" + parts[0].text.encode()
    return made


class Phone:
    """One browser: keeps its cookie."""

    def __init__(self, app):
        self.app, self.cookies = app, {}

    def ask(self, method, path, **more):
        async def asked():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=HERE, cookies=self.cookies) as client:
                answer = await client.request(method, path, **more)
                self.cookies = dict(client.cookies)
                return answer

        return asyncio.run(asked())

    def enter(self, code):
        return self.ask("POST", "/me/enter", json={"code": code})


@pytest.fixture
def phone(board):
    return Phone(create_app(board))


def code(board, person):
    return board.phones.codes()[person][1]


def test_the_page_and_its_files_come_without_a_code_and_load_nothing_from_elsewhere(phone):
    for path, kind in (("/me", "text/html"), ("/me/phone.js", "text/javascript"), ("/me/phone.css", "text/css")):
        answer = phone.ask("GET", path)
        assert answer.headers["content-type"].startswith(kind)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "Mina" not in answer.text


def test_a_code_gives_a_cookie_that_scripts_cannot_read(phone, board):
    answer = phone.enter(code(board, 1))
    assert answer.status_code == 200
    assert all(word in answer.headers["set-cookie"] for word in ("HttpOnly", "SameSite=strict", "Path=/me"))
    assert code(board, 1) not in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/me/events", None),
        ("GET", "/me/sound/12", None),
        ("POST", "/me/here", {}),
        ("POST", "/me/answer", {"cue": 12, "spoken": True}),
    ],
)
def test_without_the_code_nothing_is_given(phone, board, method, path, body):
    board.phones.say(cue())
    for cookies in ({}, {COOKIE: "made-up"}):
        phone.cookies = cookies
        assert phone.ask(method, path, json=body).status_code == 403


def test_another_code_is_403_and_guessing_429(phone, board):
    for _ in range(WRONG_PER_MINUTE):
        assert phone.enter("2222222").status_code == 403
    answer = phone.enter(code(board, 1))
    assert answer.status_code == 429
    assert phone.cookies == {}


def test_a_cue_is_its_owners_only(phone, board):
    board.phones.say(cue())
    neighbour = Phone(phone.app)
    phone.enter(code(board, 1))
    neighbour.enter(code(board, 2))
    assert phone.ask("GET", "/me/sound/12").content == b"RIFFchest up"
    assert neighbour.ask("GET", "/me/sound/12").status_code == 403
    answer = {"cue": 12, "spoken": True, "took_s": 0.0}
    assert neighbour.ask("POST", "/me/answer", json=answer).status_code == 403
    assert phone.ask("POST", "/me/answer", json=answer).status_code == 200
    assert [r.outcome for r in board.phones.results()] == ["spoken"]


def test_an_engine_without_a_voice_says_so(phone, board):
    board.render = None
    board.phones.say(cue())
    phone.enter(code(board, 1))
    assert phone.ask("GET", "/me/sound/12").status_code == 503


def test_leaving_ends_the_session(phone, board):
    phone.enter(code(board, 1))
    cookies = phone.cookies
    assert phone.ask("POST", "/me/leave").status_code == 200
    phone.cookies = cookies
    assert phone.ask("POST", "/me/here").status_code == 403


def test_the_instructor_sees_codes_and_qr(phone, board):
    found = phone.ask("GET", "/phones").json()
    assert found["address"] == f"{HERE}/me"
    assert found["phones"][0] == {"person": 1, "name": "Mina", "code": code(board, 1), "connected": False}
    answer = phone.ask("GET", "/phones/1.svg")
    assert (answer.headers["content-type"], b"<svg" in answer.content) == ("image/svg+xml", True)
    assert phone.ask("GET", "/phones/9.svg").status_code == 404
    assert qr_svg("a") != qr_svg("b")


def test_behind_the_networks_door_only_the_participants_pages_open(board):
    phone = Phone(create_app(board, token="secret", bound="0.0.0.0"))
    for path in ("/phones", "/phones/1.svg", "/snapshot", "/events", "/preview.jpg", "/mexico"):
        assert phone.ask("GET", path).status_code == 401
    assert phone.ask("GET", "/me").status_code == 200
    assert phone.enter(code(board, 1)).status_code == 200
    away = phone.ask("POST", "/me/here", headers={"Origin": "https://example.com"})
    assert away.status_code == 403


def test_before_a_class_the_page_opens_and_no_code_is_right():
    phone = Phone(create_app(LiveBoard()))
    assert phone.ask("GET", "/me").status_code == 200
    assert phone.enter("2222222").status_code == 403
    assert phone.ask("GET", "/phones").json() == {"address": "", "phones": []}


def test_the_stream_carries_cues_and_the_newest_state_and_ends_with_the_class(board):
    async def story():
        from groupcoach.serve.phone import _stream

        desk, bell = board.phones, asyncio.Event()
        line = desk.open(1, bell.set)
        desk.say(cue())
        desk.show(1, {"reps": 3})
        stream = _stream(desk, 1, line, bell, lambda: True)
        got = [await anext(stream) for _ in range(3)]
        board.close()
        got += [part async for part in stream]
        return got

    hello, said, state, *rest = asyncio.run(story())
    assert hello.startswith("retry:")
    assert said.startswith("event: cue\n")
    assert json.loads(said.split("data: ")[1])["text"] == "chest up"
    assert json.loads(state.split("data: ")[1]) == {"reps": 3}
    assert rest == []
    assert board.phones.watched() == set()


def test_the_instructor_takes_the_floor(phone, board):
    assert phone.ask("POST", "/commands", json={"kind": "floor", "seconds": 2}).status_code == 202
    assert board.take_commands() == [Floor(2.0)]
    assert phone.ask("POST", "/commands", json={"kind": "floor", "seconds": 9999}).status_code == 422


def test_the_address_for_phones():
    assert network_address("192.168.1.4") == "192.168.1.4"
    assert network_address("::1") == "[::1]"
    assert network_address("0.0.0.0")
