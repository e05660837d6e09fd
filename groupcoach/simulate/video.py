"""A rendered class becomes a file, with a bar that shows how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from groupcoach.errors import RecordError

T = TypeVar("T")


class Video:
    """An MP4 being written, with whichever codec this OpenCV can write."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        """Args: path: of the file; size: width and height; fps: frames a second."""
        import cv2

        self._writer: Any = None
        for code in ("mp4v", "avc1"):
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), fps, size)
            if writer.isOpened():
                self._writer = writer
                return
        raise RecordError(f"simulate: this OpenCV cannot write {path}: neither mp4v nor avc1 is available. Install "
                          "opencv-python from the package registry.")  # fmt: skip

    def write(self, image: Any) -> None:
        """Append one RGB frame."""
        self._writer.write(image[:, :, ::-1])

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.release()


def watched(frames: Iterable[T], total: int, progress: bool) -> Iterator[T]:
    """The frames, with a bar on standard error."""
    if not progress:
        yield from frames
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Rendering", total=total)
        for frame in frames:
            yield frame
            bar.advance(task)
