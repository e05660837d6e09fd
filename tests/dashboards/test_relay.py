"""One look at the engine for all pages, and who gets what it says."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import aclosing

import pytest
from fake_class import FakeEngine, snapshot
from starlette.requests import Request

from dashboards import relay as module
from dashboards import session, stream
from dashboards.relay import AGAIN, KEPT_S, Relay, Relays, message, state_of
from dashboards.words import Words
from groupcoach.serve.api import snapshot_json


@pytest.fixture
def engine():
    made = FakeEngine()
    while made.board.latest() is None:
        time.sleep(0.01)
    yield made
    made.close()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setenv(module.REFRESH, "0.05")


async def take(relay, language, n):
    """The next ``n`` messages of a page."""
    found = []
    async with aclosing(relay.messages(language)) as texts:
        async for text in texts:
            found.append(json.loads(text))
            if len(found) == n:
                break
    return found


def counted(relay):
    """How often the engine is asked, and from which thread."""
    asked, ask = [], relay.feed.ask

    def told(url):
        asked.append(threading.get_ident())
        return ask(url)

    relay.feed.ask = told
    return asked


def test_many_pages_one_look(engine, quick):
    relay = Relay(engine.url, None)
    asked = counted(relay)

    async def class_of_six():
        return await asyncio.gather(*[take(relay, "ko" if i % 2 else "en", 4) for i in range(6)])

    pages = asyncio.run(class_of_six())
    assert len(asked) <= 6  # 24 messages
    assert threading.get_ident() not in asked  # the server goes on meanwhile
    assert all(len(page[-1]["cards"]) == 4 for page in pages)
    assert "Who needs you" in pages[0][0]["needs"]
    assert "도움이 필요한 사람" in pages[1][0]["needs"]
    assert not relay.watched


def test_a_page_that_asked_for_no_language_speaks_the_classes(engine, quick):
    engine.more = {"language": "ko"}
    relay = Relay(engine.url, None)

    async def until_korean():
        async with aclosing(relay.messages("")) as texts:
            async for text in texts:
                if json.loads(text)["language"] == "ko":
                    return json.loads(text)

    assert "도움이 필요한 사람" in asyncio.run(asyncio.wait_for(until_korean(), 10))["needs"]


def test_nobody_watches_nobody_asks(engine, quick):
    relay = Relay(engine.url, None)
    asked = counted(relay)

    async def one_page_and_then_none():
        await take(relay, "en", 1)
        await asyncio.sleep(0.2)
        before = len(asked)
        await asyncio.sleep(0.3)
        assert len(asked) == before
        return await take(relay, "en", 2)  # and it begins again

    assert len(asyncio.run(one_page_and_then_none())) == 2
    assert relay.fresh().snapshot["people"]


def test_a_silent_engine_is_said_and_one_that_comes_back_is_shown(engine, quick):
    relay = Relay(engine.url, None)
    ask = relay.feed.ask

    def silent(url):
        raise OSError

    async def silence():
        await take(relay, "en", 1)
        relay.feed.ask = silent
        (_, quiet) = await take(relay, "en", 2)
        relay.feed.ask = ask
        return quiet, (await take(relay, "en", 2))[1]

    quiet, back = asyncio.run(silence())
    assert "No answer from the engine" in quiet["over"]
    assert len(quiet["cards"]) == 4  # the last that was known
    assert "No answer" not in back["over"]
    assert back["attempt"] == 1  # the picture is asked for anew


@pytest.mark.parametrize("why", [PermissionError, OSError])
def test_who_may_not_look_or_has_no_class_any_more_asks_anew(quick, why):
    relay = Relay("http://127.0.0.1:9", "melon", gone=lambda: why is OSError)

    def no(url):
        raise why

    relay.feed.ask = no
    assert asyncio.run(take(relay, "en", 3)) == [{"again": True}]


def test_a_message_that_cannot_be_made_does_not_end_the_looks(engine, quick, monkeypatch, caplog):
    relay, bad = Relay(engine.url, None), [True, True]
    made = module.message

    def sometimes(*args):
        if bad:
            bad.pop()
            raise ValueError("what is this")
        return made(*args)

    monkeypatch.setattr(module, "message", sometimes)
    assert len(asyncio.run(take(relay, "en", 1))[0]["cards"]) == 4
    assert "what is this" in caplog.text


def test_what_nobody_watches_is_forgotten_in_time():
    now = [0.0]
    relays = Relays(lambda: now[0])
    first = relays.of("http://h", "a")
    assert relays.of("http://h", "a") is first
    assert relays.of("http://h", "b") is not first
    now[0] += KEPT_S + 1
    assert relays.of("http://h", "b") is not first
    assert list(relays._known) == [("http://h", "b")]
    relays.of("http://h", "a guess").feed.shut = True  # the engine does not know it
    relays.of("http://h", "b")
    assert list(relays._known) == [("http://h", "b")]


def test_an_empty_class_and_the_state_of_the_buttons(engine):
    relay = Relay(engine.url, None)
    relay.feed.snapshot = snapshot_json((snapshot(0), 0.0))
    told = message(relay.feed, 0.0, Words("en"))
    assert (len(told["cards"]), told["kind"]) == (1, "")
    assert "Nobody in the picture" in told["cards"][0]
    states = {state_of(s) for s in (None, {"paused": True}, {"plan": {"at": 1}}, {"paused": True, "plan": {"at": 1}})}
    assert len(states) == 4


@pytest.fixture
def ask(monkeypatch, engine):
    """Asks for the stream; its status and all that came."""
    monkeypatch.setenv("GROUPCOACH_ENGINE", engine.url)
    for name in ("GROUPCOACH_SIGN_IN", "GROUPCOACH_BOUND"):
        monkeypatch.delenv(name, raising=False)

    async def answer(query, headers):
        named = [(k.encode(), v.encode()) for k, v in ({"host": "127.0.0.1:8501"} | headers).items()]
        scope = {"type": "http", "method": "GET", "path": stream.EVENTS, "query_string": query, "headers": named}
        found = await stream.events(Request(scope))
        if not hasattr(found, "body_iterator"):
            return found.status_code, found.body.decode()
        return found.status_code, "".join([part async for part in found.body_iterator])

    return lambda query=b"", **headers: asyncio.run(answer(query, headers))


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}, {"host": "a@b:c"}]
)
def test_other_sites_get_nothing(ask, headers):
    status, text = ask(**headers)
    assert status == 403
    assert "cards" not in text


def test_without_a_session_nothing_is_shown(ask, monkeypatch):
    monkeypatch.setenv("GROUPCOACH_SIGN_IN", "1")
    monkeypatch.setenv("GROUPCOACH_TOKEN", "the dashboard's own")
    assert ask() == (200, f"data: {AGAIN}\n\n")


def test_without_a_class_the_page_asks_anew(ask, monkeypatch):
    monkeypatch.setattr(session, "engine", lambda: None)
    assert ask() == (200, f"data: {AGAIN}\n\n")


def test_streams_are_counted_and_end_with_the_server(ask, monkeypatch, quick):
    monkeypatch.setattr(stream._Open, "over", True)  # the server was told to end: one event, and that is all
    status, text = ask(b"language=%3Cb%3E")
    assert (status, text.count("data: "), "Who needs you" in text) == (200, 1, True)
    assert stream._Open.streams == 0
    monkeypatch.setattr(stream._Open, "streams", stream.MOST)
    assert ask()[0] == 503
