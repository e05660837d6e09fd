"""The supply of frames: nothing is lost or changed by looking ahead, late frames are left out, waiting never waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from groupcoach.records import Frame
from groupcoach.resume import ContinuedSource
from groupcoach.source import ReadAhead, Source
from groupcoach.source.scripted import ScriptedSource
from groupcoach.supply import Supply

FPS = 10.0


def frames(indices: Iterator[int] | range) -> list[Frame]:
    return [Frame(k, k / FPS, np.zeros((4, 4, 3), np.uint8)) for k in indices]


class Ready(ScriptedSource):
    """A source that always has its next frame at hand."""

    def ready(self) -> bool:
        return not self.closed


class Clock:
    now_s = 50.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds


def supply(source: Source, clock: Clock, paced: bool = False, goes_on: bool = False) -> Supply:
    return Supply(source, paced=paced, goes_on=goes_on, clock=clock, sleep=clock.sleep)


@pytest.mark.parametrize("look", [True, False])
def test_looking_ahead_changes_nothing(look: bool) -> None:
    kept = supply(Ready(frames(iter([0, 1, 4, 5, 9])), fps=FPS), Clock())
    told, given = [], []
    for frame in kept:
        given.append(frame.index)
        if look and (after := kept.waiting()) is not None:
            assert kept.waiting() is after  # asked twice, it is the same
            told.append(after.index)
    assert given == [0, 1, 4, 5, 9]
    assert told == (given[1:] if look else [])
    assert kept.dropped == 5
    assert kept.zero_s is None


def test_a_source_that_cannot_tell_is_never_asked_early() -> None:
    kept = supply(ScriptedSource(frames(range(3)), fps=FPS), Clock())
    assert [kept.waiting() for _ in kept] == [None, None, None]


def test_in_pace_a_frame_is_not_known_before_it_is_due() -> None:
    clock = Clock()
    kept = supply(Ready(frames(range(4)), fps=FPS), clock, paced=True)
    due = []
    for frame in kept:
        clock.now_s += 0.03  # work: the next one is due 0.07 s later
        assert kept.waiting() is None
        due.append((frame.index, round(clock.now_s - 50.03, 3)))
    assert due == [(0, 0.0), (1, 0.1), (2, 0.2), (3, 0.3)]
    assert kept.zero_s == 50.0


@pytest.mark.parametrize("look", [True, False])
def test_in_pace_late_frames_are_left_out(look: bool) -> None:
    clock = Clock()
    kept = supply(Ready(frames(range(40)), fps=FPS), clock, paced=True)
    given = []
    for frame in kept:
        given.append(frame.index)
        promised = kept.waiting() if look else None
        clock.now_s += 0.25
        assert promised is None or promised is kept.waiting()  # what was begun is not dropped
    assert kept.dropped + len(given) == 40
    assert len(given) == pytest.approx(40 / 2.5, abs=2)
    assert max(np.diff(given)) <= 4


def test_a_class_that_goes_on_is_in_time_with_its_first_frame() -> None:
    clock = Clock()
    kept = supply(Ready(frames(range(30, 33)), fps=FPS), clock, paced=True, goes_on=True)
    assert [f.index for f in kept] == [30, 31, 32]
    assert clock.now_s == pytest.approx(50.2)
    assert kept.dropped == 0


@pytest.mark.parametrize("live", [True, False])
def test_a_camera_whose_class_goes_on_tells_what_is_there(live: bool) -> None:
    class Camera(Ready):
        pass

    Camera.live = live
    before = SimpleNamespace(point={"frame": 7, "t_s": 0.2}, last_s=0.2)
    kept = supply(ContinuedSource(Camera(frames(range(6)), fps=FPS), before), Clock())  # type: ignore[arg-type]
    given = iter(kept)
    first = next(given)
    assert first.index == (8 if live else 3)
    after = kept.waiting()
    assert (after is not None) is live
    assert [f.index for f in given] == ([9, 10, 11, 12, 13] if live else [4, 5])


def test_read_ahead_knows_when_a_frame_is_there() -> None:
    gate = threading.Event()

    class Slow(ScriptedSource):
        def frames(self) -> Iterator[Frame]:
            for frame in super().frames():
                gate.wait(10)
                gate.clear()
                yield frame

    with ReadAhead(Slow(frames(range(2)), fps=FPS)) as source:
        given = source.frames()
        assert not source.ready()
        gate.set()
        assert next(given).index == 0
        assert not source.ready()
        gate.set()
        assert next(given).index == 1
        assert next(given, None) is None
        assert not source.ready()
