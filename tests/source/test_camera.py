"""A camera that is told when to deliver, fail, hang and come back."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groupcoach.errors import SourceError
from groupcoach.source import open_source, prefetch
from groupcoach.source.camera import CameraSource, Patience
from groupcoach.source.devices import cameras_seen, without_password
from groupcoach.source.opencv import cv2
from groupcoach.source.picture_check import PictureCheck


def picture(level: int, width: int = 32) -> np.ndarray:
    """Red as given, with a pattern in green that keeps it from being one colour."""
    image = np.zeros((24, width, 3), np.uint8)
    image[..., 2] = level
    image[::2, ::2, 1] = 90
    return image


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not true():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.002)


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
        self.pictures.put(picture(level, width))

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


QUICK = Patience(quiet_s=0.3, first_picture_s=0.3, first_pause_s=0.01, longest_pause_s=0.05, steady_s=5.0, leave_s=0.02)


def camera(capture: FakeCapture, *more: FakeCapture) -> CameraSource:
    """A camera on ``capture``; ``more`` are what is there when it is opened again, one after another."""
    waiting = iter(more)

    def reopen() -> FakeCapture:
        return next(waiting, None) or FakeCapture(opened=False, first=False)

    return CameraSource(0, capture=capture, reopen=reopen, patience=QUICK)


def test_pictures_come_with_rising_times_and_colours_in_order() -> None:
    capture = FakeCapture()
    with camera(capture) as source:
        assert (source.name, source.width, source.height, source.fps) == ("camera 0", 32, 24, 25.0)
        assert source.live
        assert source.frame_count is None
        frames = source.frames()
        first = next(frames)
        capture.put(200)
        second = next(frames)
        assert (first.index, second.index) == (0, 1)
        assert first.t_s == 0.0 < second.t_s
        assert second.image[0, 0, 0] == 200
        assert second.image[0, 0, 2] < 40, "red and blue are where they belong"
        capture.fail(10)  # so that the thread ends
    until(lambda: capture.released)


def test_only_the_newest_picture_is_handed_out_and_the_gap_shows() -> None:
    capture = FakeCapture()
    with camera(capture) as source:
        frames = source.frames()
        next(frames)  # starts the threads, which now wait for the camera
        for level in (10, 20, 30):
            capture.put(level)
        until(lambda: source._newest is not None and source._newest.index == 3)
        newest = next(frames)
        assert newest.index == 3
        assert newest.image[0, 0, 0] == 30


def test_failed_reads_are_counted_and_forgiven() -> None:
    capture = FakeCapture()
    with camera(capture) as source:
        frames = source.frames()
        next(frames)
        capture.fail(3)
        capture.put(50)
        assert next(frames).image[0, 0, 0] == 50
        assert source.unreadable == 3
        assert not source.notices


def test_a_camera_that_stops_is_opened_again_and_the_class_goes_on() -> None:
    first, second, third = FakeCapture(), FakeCapture(first=False), FakeCapture(first=False)
    second.empty_is_failure = third.empty_is_failure = False
    with camera(first, FakeCapture(opened=False, first=False), second, third) as source:
        frames = source.frames()
        before = next(frames)
        first.fail(10)  # gone; the first try to open it again finds nothing
        second.put(60)
        again = next(frames)
        assert again.image[0, 0, 0] == 60
        assert again.index > before.index
        assert again.t_s > before.t_s
        # now it hangs in the driver instead of failing: nothing comes for longer than it may be quiet
        third.put(90)
        assert next(frames).image[0, 0, 0] == 90
        assert len(source.notices) == 1, "said once"
        assert "stopped giving pictures" in source.notices[0]
        second.put(61)  # the one left behind comes back to life: nobody wants its picture
        until(lambda: second.released)
        assert source._newest is None


def test_pauses_grow_while_the_camera_stays_away() -> None:
    opened: list[float] = []

    def reopen() -> FakeCapture:
        opened.append(time.monotonic())
        return FakeCapture(opened=False, first=False)

    patience = Patience(0.05, first_picture_s=0.05, first_pause_s=0.02, longest_pause_s=0.2, leave_s=0.02)
    capture = FakeCapture()
    with CameraSource(0, capture=capture, reopen=reopen, patience=patience) as source:
        next(source.frames())
        capture.fail(10)
        until(lambda: len(opened) >= 6)
    gaps = np.diff(opened)
    assert gaps[-1] > 0.15 > gaps[0]


def test_a_camera_that_takes_long_to_start_is_not_given_up_too_soon() -> None:
    first, second = FakeCapture(), FakeCapture()
    second.pictures.get()  # nothing there yet
    opened: list[FakeCapture] = []

    def reopen() -> FakeCapture:
        opened.append(second)
        return second

    patience = Patience(quiet_s=0.1, first_picture_s=5.0, first_pause_s=0.01, steady_s=5.0, leave_s=0.02)
    with CameraSource(0, capture=first, reopen=reopen, patience=patience) as source:
        frames = source.frames()
        next(frames)
        first.fail(10)
        until(lambda: bool(opened))
        time.sleep(0.4)  # four times as long as a running camera may be silent
        second.put(99)
        assert next(frames).image[1, 1, 0] == 99
        assert len(opened) == 1
        assert source.reopened == 1


def test_another_size_is_scaled_and_said() -> None:
    capture = FakeCapture()
    with camera(capture) as source:
        frames = source.frames()
        next(frames)
        capture.put(200, width=64)
        scaled = next(frames).image
        assert scaled.shape == (24, 32, 3)
        assert scaled[12, 16, 0] == 200, "in the middle"
        assert not scaled[0].any(), "bars above: its proportions are kept"
        assert "from 32x24 to 64x24" in source.notices[0]


@pytest.mark.parametrize("wrong", ["one colour", "half a picture"])
def test_pictures_that_are_no_use_are_left_out(wrong: str) -> None:
    capture = FakeCapture()
    with camera(capture) as source:
        frames = source.frames()
        next(frames)
        bad = picture(90)
        bad[0 if wrong == "one colour" else 16 :] = (0, 128, 0)
        capture.pictures.put(bad)
        capture.put(70)
        assert next(frames).image[0, 0, 0] == 70
        assert source.unreadable == 1
        assert wrong in source.notices[0]


def test_a_frozen_picture_is_not_the_present_and_a_black_bar_is_no_fault() -> None:
    check = PictureCheck()
    still = picture(80)
    assert [check.fault(still, t) for t in (0.0, 1.0, 2.9)] == ["", "", ""]
    assert check.fault(still, 3.1) == "frozen"
    assert check.fault(picture(81), 3.2) == ""
    barred = PictureCheck()
    for k in range(120):  # this camera always has a bar below
        image = picture(k)
        image[16:] = 0
        found = barred.fault(image, k / 10)
    assert found == ""


def test_a_file_plays_over_and_over_as_a_camera(tmp_path: Path) -> None:
    path = tmp_path / "short.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50.0, (32, 24))
    for k in range(5):
        writer.write(picture(40 * k))
    writer.release()
    with open_source(f"loop:{path}") as source:
        assert source.live
        found = [frame.index for frame, _ in zip(source.frames(), range(9), strict=False)]
        assert found[-1] >= 8
    with pytest.raises(SourceError, match="no video file"):
        open_source(f"loop:{tmp_path / 'none.mp4'}")


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
