"""A source that plays what it is told: for tests, and for pictures that are made rather than filmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from groupcoach.errors import SourceError
from groupcoach.records import Frame
from groupcoach.source import Closing


class ScriptedSource(Closing):
    """Given frames, then perhaps a given error. Keeps the same contract as the real sources."""

    live = False

    def __init__(
        self,
        frames: Iterable[Frame],
        *,
        fps: float = 20.0,
        error: BaseException | None = None,
        name: str = "scripted",
        unreadable: int = 0,
        notices: Iterable[str] = (),
    ) -> None:
        """Take the frames; at least one, since they tell the size.

        Args:
            frames: in order of index and time.
            fps: nominal frames a second.
            error: raised after the last frame.
            name: of the source.
            unreadable: what the counter says.
            notices: what the source says about itself.
        """
        self._frames = list(frames)
        if not self._frames:
            raise SourceError(f"{name} has no frame.")
        self.name = name
        self.fps = fps
        self.height, self.width = self._frames[0].image.shape[:2]
        self.frame_count: int | None = len(self._frames)
        self.unreadable = unreadable
        self.notices = list(notices)
        self.closed = False
        self._error = error

    def frames(self) -> Iterator[Frame]:
        """The script, frame by frame; stops when closed."""
        last_s = float("-inf")
        for frame in self._frames:
            if self.closed:
                return
            if frame.image.shape[:2] != (self.height, self.width):
                raise SourceError(
                    f"{self.name} changes its picture size from {self.width}x{self.height} to "
                    f"{frame.image.shape[1]}x{frame.image.shape[0]} at frame {frame.index} ({frame.t_s:.1f} s)."
                )
            if frame.t_s <= last_s:
                raise SourceError(f"{self.name}: the time of frame {frame.index} does not rise.")
            last_s = frame.t_s
            yield frame
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
