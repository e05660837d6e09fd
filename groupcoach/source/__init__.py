"""Where pictures come from: a file, a camera, a stream, or a script for tests. All give ``Frame``s with a time.

``open_source`` picks the right one; ``prefetch`` lets the next pictures be decoded while the current one is worked on.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar, runtime_checkable

from groupcoach.records import Frame

READ_AHEAD = 3
"""Frames decoded in advance: enough to even out slow ones, 8 MB at 720p."""


@runtime_checkable
class Source(Protocol):
    """An ordered supply of frames, read once."""

    @property
    def name(self) -> str:
        """For people and records: file name, ``camera 0``, address without its password."""

    @property
    def width(self) -> int:
        """Pixels; every frame has it."""

    @property
    def height(self) -> int:
        """Pixels; every frame has it."""

    @property
    def fps(self) -> float:
        """Nominal frames a second; the truth is in each frame's ``t_s``."""

    @property
    def frame_count(self) -> int | None:
        """As the container promises it; None when unknown or without end."""

    @property
    def live(self) -> bool:
        """Time passes whether or not anybody reads."""

    @property
    def unreadable(self) -> int:
        """Frames that could not be decoded and were skipped."""

    @property
    def notices(self) -> list[str]:
        """What a person should know about this source, one sentence each."""

    def frames(self) -> Iterator[Frame]:
        """Frames with strictly increasing index and time. Raises SourceError where the source breaks."""

    def close(self) -> None:
        """Let go of file, camera and threads. May be called twice."""

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


Self = TypeVar("Self", bound="Closing")  # typing.Self needs Python 3.11


class Closing:
    """The ``with`` statement for sources."""

    def close(self) -> None:
        """To be overridden."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_source(spec: str | int) -> Source:
    """Open what ``spec`` names.

    Args:
        spec: a camera index (``0``, ``"0"``), an ``rtsp://`` or ``http://`` address, the path of a video file, or
            ``loop:`` and such a path: the file over and over, as if it were a camera.

    Raises:
        SourceError: in one paragraph, when there is nothing to read there.
    """
    text = str(spec).strip()
    if text.isascii() and text.isdigit():
        from groupcoach.source.camera import CameraSource

        return CameraSource(int(text))
    if text.lower().startswith(("rtsp://", "rtsps://", "http://", "https://")):
        from groupcoach.source.camera import CameraSource

        return CameraSource(text)
    if text.startswith("loop:"):
        from groupcoach.source.camera import CameraSource
        from groupcoach.source.loop import LoopCapture

        path = Path(text.removeprefix("loop:"))
        return CameraSource(text, capture=LoopCapture(path), reopen=lambda: LoopCapture(path))
    from groupcoach.source.files import FileSource

    return FileSource(text)


def prefetch(source: Source, depth: int = READ_AHEAD) -> Source:
    """The same source, decoded up to ``depth`` frames ahead in a thread. A live one is returned as it is.

    A live source has its own thread, and old frames are worth nothing there.
    """
    return source if source.live else ReadAhead(source, depth)


class ReadAhead(Closing):
    """A thread that reads a source into a short queue; errors come out in their place among the frames."""

    def __init__(self, source: Source, depth: int = READ_AHEAD) -> None:
        if depth < 1:
            raise ValueError("depth must be at least 1")
        self._source = source
        self._depth = depth
        self._ready: deque[Frame] = deque()
        self._error: BaseException | None = None
        self._ended = False
        self._stopped = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def frames(self) -> Iterator[Frame]:
        """Start the thread and hand out frames in order."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="groupcoach-read-ahead", daemon=True)
            self._thread.start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._ended or self._stopped)
                if self._stopped:
                    return
                if self._ready:
                    frame = self._ready.popleft()
                    self._changed.notify_all()
                else:
                    error, self._error = self._error, None
                    if error is not None:
                        raise error
                    return
            yield frame

    def ready(self) -> bool:
        """Whether the next frame is there: taking it would not wait."""
        with self._changed:
            return bool(self._ready)

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for frame in self._source.frames():
                with self._changed:
                    self._changed.wait_for(lambda: len(self._ready) < self._depth or self._stopped)
                    if self._stopped:
                        return
                    self._ready.append(frame)
                    self._changed.notify_all()
        except BaseException as caught:  # whatever it is, it belongs to the reader of the frames
            error = caught
        finally:
            with self._changed:
                self._error = error
                self._ended = True
                self._changed.notify_all()

    def close(self) -> None:
        """Stop the thread, then close the source under it."""
        with self._changed:
            self._stopped = True
            self._ready.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._source.close()

    @property
    def name(self) -> str:
        """Of the source."""
        return self._source.name

    @property
    def width(self) -> int:
        """Of the source."""
        return self._source.width

    @property
    def height(self) -> int:
        """Of the source."""
        return self._source.height

    @property
    def fps(self) -> float:
        """Of the source."""
        return self._source.fps

    @property
    def frame_count(self) -> int | None:
        """Of the source."""
        return self._source.frame_count

    @property
    def live(self) -> bool:
        """Of the source."""
        return self._source.live

    @property
    def unreadable(self) -> int:
        """Of the source; may run ahead by the depth."""
        return self._source.unreadable

    @property
    def notices(self) -> list[str]:
        """Of the source; may run ahead by the depth."""
        return self._source.notices
