"""The engine beyond this machine: the password, who has signed in, and everybody else."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from typer.testing import CliRunner

from groupcoach.cli import app as cli
from groupcoach.errors import ConfigError, GroupCoachError
from groupcoach.serve import access
from groupcoach.serve.access import COOKIE, IDLE_S, LIVES_S, Sessions, kept_hash, remove_password, set_password
from groupcoach.serve.api import create_app
from groupcoach.serve.board import LiveBoard
from groupcoach.serve.server import EngineServer

SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def hashed(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("config") / "deep" / "instructor.password"
    set_password(SECRET, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text()
    return kept_hash(path)


class Now:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


class Visitor:
    """A browser on another machine."""

    def __init__(self, sessions: Sessions, address: str = "192.168.1.7") -> None:
        sessions.page_port = 8501
        self.app, self.address = create_app(LiveBoard(), bound="0.0.0.0", sessions=sessions), address
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.address, 5000))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://192.168.1.2:8765", cookies=self.cookies
            ) as client:  # fmt: skip
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def sign_in(self, password: str = SECRET) -> httpx.Response:
        return self.ask("POST", "/login", data={"password": password})


def test_nothing_is_open_but_the_page_to_sign_in(hashed: str) -> None:
    visitor = Visitor(Sessions(hashed))
    for path in ("/snapshot", "/events", "/preview.jpg", "/preview.mjpg", "/phones", "/session", "/docs", "/nothing",
                 "/login/", "/metrics", "//snapshot", "/me/../snapshot"):  # fmt: skip
        assert visitor.ask("GET", path).status_code == 401, path
    assert visitor.ask("POST", "/commands", json={"kind": "undo"}).status_code == 401
    page = visitor.ask("GET", "/login")
    assert page.status_code == 200
    assert "no-store" in page.headers["cache-control"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_who_has_signed_in_may_ask_until_they_leave(hashed: str) -> None:
    visitor = Visitor(Sessions(hashed))
    answer = visitor.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "http://192.168.1.2:8501/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    token = visitor.cookies[COOKIE]
    assert token not in str(answer.url)
    assert token not in answer.headers["location"]
    assert visitor.ask("GET", "/snapshot").status_code == 200
    assert visitor.ask("POST", "/commands", json={"kind": "undo"}).status_code == 202
    other = Visitor(Sessions(hashed))  # another engine does not know the token
    assert other.ask("GET", "/snapshot", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    visitor.ask("POST", "/logout")
    assert visitor.ask("GET", "/snapshot", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_password_is_not_taken_from_the_address(hashed: str) -> None:
    visitor = Visitor(Sessions(hashed))
    assert visitor.ask("GET", "/login", params={"password": SECRET}).status_code == 200
    assert visitor.ask("POST", "/login", params={"password": SECRET}).status_code == 401
    assert visitor.ask("GET", "/snapshot", params={COOKIE: "x", "token": SECRET}).status_code == 401


def test_pages_of_others_cannot_sign_in_or_order(hashed: str) -> None:
    visitor = Visitor(Sessions(hashed))
    visitor.sign_in()
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        assert visitor.ask("POST", "/commands", json={"kind": "undo"}, headers=headers).status_code == 403
        assert visitor.ask("POST", "/login", data={"password": SECRET}, headers=headers).status_code == 403
    big = visitor.ask("POST", "/login", content=b"password=" + b"x" * 20_000)
    assert big.status_code == 413


def test_passwords_cannot_be_tried_one_after_the_other(hashed: str) -> None:
    sessions = Sessions(hashed)
    visitor, other = Visitor(sessions), Visitor(sessions, "192.168.1.8")
    assert [visitor.sign_in(f"wrong number {n}").status_code for n in range(6)] == [401] * 5 + [429]
    assert visitor.sign_in().status_code == 429  # not the right one either
    assert other.sign_in().status_code == 303


def test_sessions_end(hashed: str) -> None:
    now = Now()
    sessions = Sessions(hashed, now)
    idle, busy = (sessions.sign_in(SECRET) for _ in range(2))
    while now.s < LIVES_S - 1:
        assert sessions.valid(busy)
        now.s += IDLE_S / 2
    assert not sessions.valid(idle)
    now.s = LIVES_S
    assert not sessions.valid(busy)


def test_there_is_an_end_to_the_number_of_sessions(hashed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "MOST_SESSIONS", 2)
    now = Now()
    sessions = Sessions(hashed, now)
    tokens = []
    for _ in range(3):
        now.s += 1
        tokens.append(sessions.sign_in(SECRET))
    assert [sessions.valid(t) for t in tokens] == [False, True, True]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.text(max_size=80))
def test_no_token_opens_by_chance(hashed: str, token: str) -> None:
    sessions = Sessions(hashed)
    sessions._ends[access._digest("the only one")] = (LIVES_S * 1e6, 1e12)
    assert not sessions.valid(token)
    assert not sessions.valid(None)


@settings(max_examples=25, deadline=None)
@given(some.binary(max_size=300), some.sampled_from(["application/x-www-form-urlencoded", "application/json", ""]))
def test_whatever_is_sent_nobody_gets_in(body: bytes, kind: str) -> None:
    visitor = Visitor(Sessions("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA"))
    answer = visitor.ask("POST", "/login", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (401, 413)
    assert COOKIE not in visitor.cookies


def test_without_a_password_the_engine_stays_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="groupcoach password"):
        kept_hash()
    (tmp_path / "none").write_text("hunter2")
    with pytest.raises(ConfigError, match="no password of groupcoach"):
        kept_hash()
    with pytest.raises(GroupCoachError, match="without a password"):
        EngineServer(LiveBoard(), "0.0.0.0")
    result = CliRunner().invoke(cli, ["class", "loop:nothing.mp4", "--listen", "0.0.0.0"])
    assert result.exit_code == 1


def test_the_command_sets_and_forgets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.VARIABLE, str(tmp_path / "kept"))
    short = CliRunner().invoke(cli, ["password"], input="short\nshort\n")
    assert short.exit_code == 1
    done = CliRunner().invoke(cli, ["password"], input=f"{SECRET}\n{SECRET}\n")
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output
    assert Sessions(kept_hash()).sign_in(SECRET)
    assert CliRunner().invoke(cli, ["password", "--remove"]).exit_code == 0
    assert not remove_password()
