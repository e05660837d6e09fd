"""A camera that is told when to deliver, so that nothing here waits for time."""

from __future__ import annotations

import itertools
import queue
from typing import Any

import numpy as np
import pytest

from groupcoach.errors import SourceError
from groupcoach.source import open_source, prefetch
from groupcoach.source.camera import CameraSource, cameras_seen, without_password
from groupcoach.source.opencv import cv2


class FakeCapture:
    """Delivers what the test puts in; blocks until then. The first picture is there from the start."""

    def __init__(self, *, opened: bool = True, first: bool = True, fps: float = 25.0) -> None:
        self.pictures: queue.Queue[Any] = queue.Queue()
        self.taken = 0
        self.opened, self.fps, self.released = opened, fps, False
        if first:
            self.put(0)
        self.empty_is_failure = not first

    def put(self, level: int, *, width: int = 32) -> None:
        self.pictures.put(np.full((24, width, 3), (0, 0, level), dtype=np.uint8))

    def fail(self, times: int) -> None:
        for _ in range(times):
            self.pictures.put(None)

    def isOpened(self) -> bool:
        return self.opened

    def read(self) -> tuple[bool, Any]:
        if self.empty_is_failure:
            return False, None
        image = self.pictures.get()
        self.taken += 1
        return image is not None, image

    def get(self, prop: int) -> float:
        return self.fps if prop == cv2.CAP_PROP_FPS else 0.0

    def release(self) -> None:
        self.released = True


def camera(capture: FakeCapture) -> CameraSource:
    ticks = itertools.count(100)
    return CameraSource(0, capture=capture, clock=lambda: float(next(ticks)))


def test_pictures_come_with_rising_times_and_colours_in_order() -> None:
    capture = FakeCapture()
    source = camera(capture)
    assert (source.name, source.width, source.height, source.fps) == ("camera 0", 32, 24, 25.0)
    assert source.live
    assert source.frame_count is None
    frames = source.frames()
    first = next(frames)
    capture.put(200)
    second = next(frames)
    assert (first.index, second.index) == (0, 1)
    assert first.t_s == 0.0 < second.t_s
    assert tuple(second.image[0, 0]) == (200, 0, 0)
    capture.fail(10)  # so that the thread ends
    with pytest.raises(SourceError, match="stopped giving pictures"):
        next(frames)
    source.close()
    assert capture.released


def test_only_the_newest_picture_is_handed_out_and_the_gap_shows() -> None:
    capture = FakeCapture()
    source = camera(capture)
    frames = source.frames()
    next(frames)  # starts the thread, which now waits for the camera
    for level in (10, 20, 30):
        capture.put(level)
    capture.fail(10)
    assert source._thread is not None
    source._thread.join()
    newest = next(frames)
    assert newest.index == 3
    assert newest.image[0, 0, 0] == 30
    source.close()


def test_failed_reads_are_counted_and_forgiven() -> None:
    capture = FakeCapture()
    with camera(capture) as source:
        frames = source.frames()
        next(frames)
        capture.fail(3)
        capture.put(50)
        assert next(frames).image[0, 0, 0] == 50
        assert source.unreadable == 3
        capture.fail(10)  # so that the thread ends


def test_size_that_changes_ends_the_class_with_words() -> None:
    capture = FakeCapture()
    source = camera(capture)
    frames = source.frames()
    next(frames)
    capture.put(10, width=64)
    with pytest.raises(SourceError, match="from 32x24 to 64x24"):
        next(frames)
    source.close()


def test_camera_without_picture_and_without_itself() -> None:
    capture = FakeCapture(first=False)
    with pytest.raises(SourceError, match="gives no picture"):
        camera(capture)
    assert capture.released
    with pytest.raises(SourceError, match="There is no camera 0"):
        camera(FakeCapture(opened=False))


def test_unknown_frame_rate_is_assumed() -> None:
    assert camera(FakeCapture(fps=0.0)).fps == 30.0


def test_real_camera_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    missing = max(cameras_seen() or [0]) + 90
    with pytest.raises(SourceError, match=f"no camera {missing}"):
        open_source(str(missing))
    assert capfd.readouterr().err == ""


def test_stream_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(SourceError, match=r"rtsp://127\.0\.0\.1:9/door") as caught:
        open_source("rtsp://teacher:secret@127.0.0.1:9/door?token=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://u:p@host/a", "rtsp://host/a"),
        ("rtsp://u:p@ss@host/a?key=1", "rtsp://host/a"),
        ("http://host:80/a", "http://host:80/a"),
    ],
)
def test_what_is_shown_of_an_address(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_live_source_is_not_read_ahead() -> None:
    source = camera(FakeCapture())
    assert prefetch(source) is source
    source.close()
