"""The board: the engine never waits, watchers lose rather than delay."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from groupcoach.cards import Snapshot
from groupcoach.records import Event
from groupcoach.serve import preview
from groupcoach.serve.board import COMMAND_QUEUE, LiveBoard, Mute, Rename
from groupcoach.serve.watcher import WATCHER_QUEUE


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def board(clock):
    return LiveBoard(clock=clock)


def snapshot(t_s=1.0):
    return Snapshot(t_s, 30, 25.0, 0, {}, ())


def events(n, start=0):
    return [Event(float(i), "rep_counted", 1, {"number": i}) for i in range(start, start + n)]


def test_the_latest_snapshot_and_its_age(board, clock):
    assert board.latest() is None
    board.publish(snapshot(1.0), [])
    board.publish(snapshot(2.0), [])
    clock.now += 3.0
    latest, age = board.latest()
    assert (latest.t_s, age) == (2.0, 3.0)


def test_every_watcher_gets_every_event_once(board):
    rung = []
    first, second = board.watch(lambda: rung.append(1)), board.watch(lambda: rung.append(2))
    board.publish(snapshot(), events(3))
    board.publish(snapshot(), [])
    assert [n for n, _ in first.take()[0]] == [n for n, _ in second.take()[0]] == [1, 2, 3]
    assert sorted(rung) == [1, 2]
    board.unwatch(first)
    board.publish(snapshot(), events(1))
    assert first.take() == ([], 0)
    assert [n for n, _ in second.take()[0]] == [4]
    assert board.watchers == 1


def test_a_slow_watcher_loses_the_oldest_and_is_told(board):
    slow = board.watch(lambda: None)
    for i in range(5):
        board.publish(snapshot(), events(100, 100 * i))
    found, lost = slow.take()
    assert (len(found), lost) == (WATCHER_QUEUE, 500 - WATCHER_QUEUE)
    assert found[-1][1].data["number"] == 499
    assert slow.take() == ([], 0)


def test_a_watcher_whose_loop_has_ended_harms_nobody(board):
    def ended():
        raise RuntimeError("Event loop is closed")

    board.watch(ended)
    board.publish(snapshot(), events(1))


def test_pictures_are_made_only_while_somebody_looks(board, clock, monkeypatch):
    encoded = []
    monkeypatch.setattr("groupcoach.serve.preview._encode", lambda rgb: encoded.append(1) or b"jpeg")
    picture = np.zeros((4, 4, 3), np.uint8)
    assert not board.preview.wanted()
    board.preview.put(picture)
    assert board.preview.jpeg() is None
    assert board.preview.ask() == 0
    assert board.preview.wanted()
    board.preview.put(picture)
    assert encoded == []
    assert [board.preview.jpeg(), board.preview.jpeg()] == [(1, b"jpeg")] * 2
    assert encoded == [1]
    assert not board.preview.wanted()  # one was drawn just now
    clock.now += 0.1
    assert board.preview.wanted()
    clock.now += 2.4
    assert not board.preview.watched()
    assert not board.preview.wanted()


def test_a_picture_is_red_where_it_was_red(board):
    import cv2

    board.preview.ask()
    board.preview.put(np.full((900, 1600, 3), (250, 0, 0), np.uint8))
    _, jpeg = board.preview.jpeg()
    back = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert back.shape == (720, 1280, 3)
    assert back[0, 0].tolist()[2] > 240 > 20 > back[0, 0].tolist()[0]


def test_an_engine_that_is_behind_draws_less():
    now = [100.0]
    board = LiveBoard(clock=lambda: now[0])

    def drawn(seconds, dropping):
        """Pictures in so many seconds of an engine that takes 20 ms for one and 60 ms for all else of a frame."""
        dropped, pictures = 0, 0
        until = now[0] + seconds
        while now[0] < until:
            dropped += dropping
            board.publish(replace(snapshot(), dropped=dropped), [])
            board.preview.ask()
            if board.preview.wanted():
                now[0] += 0.02
                board.preview.put(np.zeros((4, 4, 3), np.uint8))
                pictures += 1
            now[0] += 0.06
        return pictures

    assert drawn(10, dropping=0) > 60
    assert 8 < drawn(10, dropping=1) < 20
    drawn(preview.BEHIND_S, dropping=0)
    assert drawn(10, dropping=0) > 60  # it keeps up again


def test_commands_come_in_order_and_not_without_end(board):
    assert board.command(Rename(1, "Mina"))
    assert board.command(Mute(None))
    assert board.take_commands() == [Rename(1, "Mina"), Mute(None)]
    assert board.take_commands() == []
    assert [board.command(Mute(i)) for i in range(COMMAND_QUEUE + 1)].count(False) == 1


def test_many_threads(board):
    watchers = [board.watch(lambda: None) for _ in range(4)]
    threads = [threading.Thread(target=board.publish, args=(snapshot(), events(10))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(sorted(n for n, _ in w.take()[0]) == list(range(1, 201)) for w in watchers)
