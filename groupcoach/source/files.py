"""Video files, through OpenCV's FFmpeg."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import SourceError, near_miss
from groupcoach.records import Frame
from groupcoach.source import Closing
from groupcoach.source.coded_size import SizeWatch
from groupcoach.source.container import cut_short, presented_s
from groupcoach.source.opencv import cv2

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".ts", ".mts", ".mpg", ".mpeg", ".mjpg"})
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".heic"})
_DEFAULT_FPS = 30.0
_SANE_FPS = (1.0, 480.0)
_SANE_GAP_S = 10.0
"""A longer jump between two frames is a fault of the container's clock, not a pause."""
_SANE_COUNT = 100_000_000
_TEXT_PROBE = 4096
_BAD_IN_A_ROW = 32
"""Undecodable frames after which the rest of the file is given up."""


class FileSource(Closing):
    """A video file from its first frame to its last.

    The first frame is decoded on opening: its size is the source's size, and a file without one is refused here.
    """

    live = False

    def __init__(self, path: str | Path) -> None:
        """Raises SourceError when the path is not a video with at least one frame."""
        self.path = Path(path).expanduser()
        _refuse_non_files(self.path)
        self.name = self.path.name
        self.unreadable = 0
        self.notices: list[str] = []
        # an absolute path: "concat:..." or "http:..." is then the name of a file, never an address
        self._capture = cv2.VideoCapture(str(self.path.absolute()), cv2.CAP_FFMPEG)
        self._buffer: NDArray[np.uint8] | None = None
        self._read_yet = False
        if not self._capture.isOpened():
            raise SourceError(
                f"{self.path} is not a video that can be read: it is damaged, not finished, or of another kind. "
                "Open it in a player to see; if it plays there, convert it to MP4 (H.264) and try again."
            )
        self._sizes = SizeWatch(self.path)
        self._first = self._decode()
        if self._first is None:
            self.close()
            raise SourceError(f"{self.path} is a video without a single readable frame. Record or export it again.")
        self.height, self.width = self._first.shape[:2]
        self.fps = self._nominal_fps()
        self._presented_s = presented_s(self.path)
        self.frame_count: int | None = self._promised_frames()

    def frames(self) -> Iterator[Frame]:
        """Every readable frame in order; times are the container's as long as they make sense.

        Raises:
            SourceError: where the picture changes size or the file breaks off.
        """
        if self._read_yet:
            raise SourceError(f"{self.path} is being read already: open it again to read it twice.")
        self._read_yet = True
        clock = _Clock(self.fps)
        image, self._first = self._first, None
        index = read = 0
        while image is not None:
            other = self._sizes.changed()  # OpenCV hides it: it scales every picture to the size of the first
            if other is not None:
                raise SourceError(
                    f"{self.path} changes its picture size from {self.width}x{self.height} to {other[0]}x{other[1]} at "
                    f"frame {index} ({clock.t_s:.1f} s). What came before is kept; convert the video to one size and "
                    "run it again."
                )
            t_s = clock.tick(index, self._position_s())
            if clock.broke_at == index:
                self.notices.append(
                    f"From {t_s:.1f} s on the times in {self.name} make no sense; frames are counted at "
                    f"{self.fps:g} a second instead."
                )
            yield Frame(index, t_s, image)
            read += 1
            before = self.unreadable
            image = self._decode()
            index += 1 + (self.unreadable - before if image is not None else 0)
        self._check_end(index, read, clock.t_s)

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()
        self._sizes.close()

    def _decode(self) -> NDArray[np.uint8] | None:
        """The next picture as RGB (H, W, 3); None at the end. What cannot be decoded in between is counted."""
        bad = 0
        while bad < _BAD_IN_A_ROW:
            if self._capture.grab():
                ok, self._buffer = self._capture.retrieve(self._buffer)
                if ok:
                    self.unreadable += bad
                    # the only allocation of a frame: the BGR buffer is used again, the RGB picture is given away
                    rgb: NDArray[np.uint8] = cv2.cvtColor(self._buffer, cv2.COLOR_BGR2RGB)
                    return rgb
            bad += 1
        return None

    def _position_s(self) -> float:
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0

    def _nominal_fps(self) -> float:
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        if _SANE_FPS[0] <= fps <= _SANE_FPS[1]:
            return fps
        self.notices.append(f"{self.name} does not say its frame rate; {_DEFAULT_FPS:g} frames a second are assumed.")
        return _DEFAULT_FPS

    def _promised_frames(self) -> int | None:
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        if not 1 <= count < _SANE_COUNT:
            return None
        # OpenCV counts the frames in the file; those that an edit list hides will not come
        shown = math.ceil(self._presented_s * self.fps) if self._presented_s else count
        return int(min(count, shown))

    def _check_end(self, reached: int, read: int, last_s: float) -> None:
        """Tell a file that ends from one that breaks off.

        Args:
            reached: index after the last frame, those that could not be decoded included.
            read: frames handed out.
            last_s: time of the last one.
        """
        if self.frame_count is None:
            if cut_short(self.path):
                raise self._broken_off(f"after {read} frames", last_s)
            return
        slack = max(2.0, 0.02 * self.frame_count)
        missing = self.frame_count - reached
        # formats that only know their duration promise duration x rate: a variable rate then gives fewer frames
        # on the way to the same last moment
        seconds_missing = self.frame_count / self.fps - (last_s + 1.0 / self.fps)
        if missing <= slack or seconds_missing <= slack / self.fps:
            return
        if self._presented_s is None and cut_short(self.path) is False:
            self.notices.append(f"{self.name} lists {self.frame_count} frames; {read} of them could be read.")
            return
        raise self._broken_off(f"{read} of {self.frame_count} frames", last_s)

    def _broken_off(self, how_far: str, last_s: float) -> SourceError:
        return SourceError(
            f"{self.path} ends in the middle: {how_far} could be read, the last at {last_s:.1f} s. What came before is "
            "kept; copy or record the file again for the rest."
        )


class _Clock:
    """Times of a file: the container's while they rise and stay near, from the first bad one on index / fps."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._zero_s = 0.0
        self._last_index = 0
        self.t_s = 0.0
        self.broke_at: int | None = None

    def tick(self, index: int, position_s: float) -> float:
        """Seconds since the first frame of the frame with that index."""
        if index == 0:
            self._zero_s = position_s if math.isfinite(position_s) else 0.0
            return 0.0
        if self.broke_at is None:
            t_s = position_s - self._zero_s
            if not self.t_s < t_s <= self.t_s + max(_SANE_GAP_S, 2 * (index - self._last_index) / self._fps):
                self.broke_at = index
        if self.broke_at is not None:
            t_s = self.t_s + (index - self._last_index) / self._fps
        self._last_index, self.t_s = index, t_s
        return t_s


def _is_text(head: bytes) -> bool:
    """No video has its first kilobytes free of zero bytes and in UTF-8."""
    if b"\0" in head:
        return False
    try:
        head[: max(1, len(head) - 3)].decode("utf-8")  # the last letter may be cut
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 6
    return True


def _refuse_non_files(path: Path) -> None:
    try:
        if path.is_dir():
            inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)
            hint = f" Videos in it: {', '.join(inside[:5])}." if inside else " There is no video in it."
            raise SourceError(f"{path} is a folder, not a video. Name one file.{hint}")
        if not path.exists():
            folder = path.parent
            there = folder.is_dir()
            names = [p.name for p in folder.iterdir()] if there else []
            where = f"in {folder.absolute()}" if there else f"because there is no folder {folder.absolute()}"
            raise SourceError(
                f"There is no file {path.name!r} {where}.{near_miss(path.name, names)} Give the path of a video, the "
                "number of a camera (0 is the first), or an rtsp:// address."
            )
        if not path.is_file():
            raise SourceError(f"{path} is neither a file nor a folder; a video file is needed.")
        if path.stat().st_size == 0:
            raise SourceError(f"{path} is empty (0 bytes), not a video. Copy or record it again.")
        if path.suffix.lower() in _PICTURES:
            raise SourceError(f"{path} is a single picture, not a video. A class needs moving pictures.")
        with path.open("rb") as file:
            head = file.read(_TEXT_PROBE)
        if _is_text(head):
            # FFmpeg would make a picture of the letters, or follow the addresses of a play list
            raise SourceError(f"{path} is a text file, not a video. Give the path of a video.")
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror or error}). Check its permissions.") from None
    except ValueError as error:  # a NUL in the name
        raise SourceError(f"{str(path)!r} cannot be the name of a file ({error}).") from None
