"""What became of a command: from the board over HTTP to the page's feed."""

from __future__ import annotations

import pytest
from fake_class import FakeEngine, snapshot

from dashboards.feed import ANSWER_SHOWN_S, Feed, send
from groupcoach.records import Event
from groupcoach.serve.board import ANSWERS, LiveBoard


def test_the_board_keeps_the_last_answers_only():
    board = LiveBoard()
    for k in range(ANSWERS + 3):
        board.publish(snapshot(1), [Event(k, "rep_counted", 1, {}), Event(k, "renamed", 1, {"who": "me", "after": k})])
    kept = board.answers()
    assert [e.data["after"] for _, e in kept] == list(range(3, ANSWERS + 3))
    assert [n for n, _ in kept] == sorted(n for n, _ in kept)


def test_an_answer_is_shown_for_some_seconds_and_old_ones_never():
    now, answers = [0.0], [{"number": 4, "type": "renamed"}]
    feed = Feed("http://h", ask=lambda url: {"people": [], "answers": list(answers)}, clock=lambda: now[0])
    feed.refresh()
    assert feed.answer is None  # it is from before the page was opened
    answers.append({"number": 9, "type": "correction_refused", "why": "no such person"})
    feed.refresh()
    assert feed.answer == answers[1]
    now[0] += ANSWER_SHOWN_S + 0.1
    feed.refresh()
    assert feed.answer is None
    answers[:] = []  # the engine was started again
    feed.refresh()
    answers[:] = [{"number": 1, "type": "renamed"}]
    feed.refresh()
    assert feed.answer == answers[0]


@pytest.fixture
def engine():
    made = FakeEngine()
    yield made
    made.close()


def test_a_command_is_done_or_refused_and_either_is_said(engine):
    feed = Feed(engine.url)
    feed.refresh()
    assert send(engine.url, {"kind": "rename", "person_id": 1, "name": "Min-seo"}) == ""
    assert "name" in send(engine.url, {"kind": "rename", "person_id": 1, "name": ""})
    assert "reps" in send(engine.url, {"kind": "correct_count", "person_id": 1, "exercise": "squat", "reps": -1})
    assert send(engine.url, {"kind": "explode"})
    feed.order({"kind": "mute", "person_id": -3})
    assert feed.answer is not None
    assert "person_id" in feed.answer["why"]


def test_an_engine_that_is_gone_says_nothing(engine):
    url = engine.url
    engine.server.stop()
    assert send(url, {"kind": "undo"}) == "no answer"
