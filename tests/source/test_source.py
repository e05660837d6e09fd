"""The contract that every file-like source keeps, and reading ahead."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from groupcoach.errors import SourceError
from groupcoach.records import Frame
from groupcoach.source import ReadAhead, Source, prefetch
from groupcoach.source.files import FileSource
from groupcoach.source.opencv import cv2
from groupcoach.source.scripted import ScriptedSource

N = 12


def frames(count: int = N, *, width: int = 32) -> list[Frame]:
    return [Frame(i, i / 20, np.full((24, width, 3), i, dtype=np.uint8)) for i in range(count)]


def a_file(folder: Path) -> Source:
    path = folder / "class.avi"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"MJPG"), 20.0, (32, 24))
    for frame in frames():
        writer.write(frame.image)
    writer.release()
    return FileSource(path)


MAKERS: dict[str, Callable[[Path], Source]] = {
    "file": a_file,
    "scripted": lambda folder: ScriptedSource(frames()),
    "file read ahead": lambda folder: prefetch(a_file(folder)),
    "scripted read ahead": lambda folder: prefetch(ScriptedSource(frames()), depth=1),
}


@pytest.fixture(params=MAKERS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    with MAKERS[request.param](tmp_path) as made:
        yield made


def test_source_keeps_the_contract(source: Source) -> None:
    assert isinstance(source, Source)
    assert (source.width, source.height, source.fps, source.live) == (32, 24, 20.0, False)
    assert source.frame_count == N
    got = list(source.frames())
    assert [frame.index for frame in got] == list(range(N))
    assert all(a.t_s < b.t_s for a, b in itertools.pairwise(got))
    assert all(frame.image.shape == (24, 32, 3) for frame in got)
    assert source.unreadable == 0
    assert source.notices == []
    assert source.name


def test_closing_twice_and_early_does_no_harm(source: Source) -> None:
    supply = source.frames()
    assert next(supply).index == 0
    source.close()
    source.close()


def read_ahead_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "groupcoach-read-ahead"]


def test_error_comes_in_its_place_and_once() -> None:
    ahead = ReadAhead(ScriptedSource(frames(5), error=SourceError("ends in the middle")), depth=2)
    supply = ahead.frames()
    assert [next(supply).index for _ in range(5)] == list(range(5))
    with pytest.raises(SourceError, match="ends in the middle"):
        next(supply)
    ahead.close()
    assert read_ahead_threads() == []


def test_closing_stops_a_thread_that_waits_for_room() -> None:
    script = ScriptedSource(frames(100))
    ahead = ReadAhead(script, depth=2)
    assert next(ahead.frames()).index == 0
    ahead.close()
    assert read_ahead_threads() == []
    assert script.closed
    assert list(ahead.frames()) == []


class Counted(ScriptedSource):
    """Says how many frames were taken from it."""

    def __init__(self) -> None:
        super().__init__(frames())
        self.taken = 0
        self.third = threading.Event()

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            self.taken += 1
            if self.taken == 4:
                self.third.set()
            yield frame


def test_reads_ahead_by_the_depth_and_no_further() -> None:
    script = Counted()
    with ReadAhead(script, depth=2) as ahead:
        supply = ahead.frames()
        next(supply)
        # one handed out, two in the queue, one in the thread's hand
        assert script.third.wait(timeout=5)
        assert script.taken == 4
        assert len(list(supply)) == N - 1


def test_scripted_source_refuses_what_no_source_gives() -> None:
    with pytest.raises(SourceError, match="no frame"):
        ScriptedSource([])
    with pytest.raises(SourceError, match="changes its picture size"):
        list(ScriptedSource([*frames(2), Frame(2, 1.0, np.zeros((24, 64, 3), np.uint8))]).frames())
    with pytest.raises(SourceError, match="does not rise"):
        list(ScriptedSource([*frames(2), frames(1)[0]]).frames())


def test_depth_must_be_a_number_of_frames() -> None:
    with pytest.raises(ValueError, match="depth"):
        ReadAhead(ScriptedSource(frames()), depth=0)
