"""Which cameras there are, and how one is opened: by index or address, with limits on how long it may take."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final, Protocol

from groupcoach.source.opencv import cv2

OPEN_TIMEOUT_MS: Final = 8000
READ_TIMEOUT_MS: Final = 3000


class Capture(Protocol):
    """What is used of ``cv2.VideoCapture``; tests give their own."""

    def isOpened(self) -> bool:  # noqa: D102
        ...

    def read(self) -> tuple[bool, Any]:  # noqa: D102
        ...

    def get(self, prop: int) -> float:  # noqa: D102
        ...

    def release(self) -> None:  # noqa: D102
        ...


def without_password(address: str) -> str:
    """The address as it may be shown and recorded: no user, no password, no query."""
    return re.sub(r"^(\w+://)[^/]*@", r"\1", address).split("?", 1)[0]


def cameras_seen() -> list[int] | None:
    """Indices of the video devices that the system lists; None where it does not tell (macOS, Windows)."""
    if not sys.platform.startswith("linux"):
        return None
    found = (re.fullmatch(r"video(\d+)", path.name) for path in Path("/dev").glob("video*"))
    return sorted(int(match.group(1)) for match in found if match)


def open_camera(where: int | str) -> Capture:
    """Opened, or not: ``isOpened`` tells."""
    if isinstance(where, int):
        capture: Capture = cv2.VideoCapture(where)
        return capture
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    stream: Capture = cv2.VideoCapture(where, cv2.CAP_FFMPEG, limits)
    return stream


def not_there(where: int | str, name: str) -> str:
    """What to say of a camera that did not open."""
    if isinstance(where, str):
        return (
            f"Nothing could be read from {name} within {OPEN_TIMEOUT_MS // 1000} s. Check the address, user and "
            "password, and that this machine reaches the camera (the address should play in a media player)."
        )
    seen = cameras_seen()
    if seen is None:
        there = "Check that one is plugged in and that this program may use it (privacy settings)."
    elif not seen:
        there = "The system lists no camera at all: plug one in, or name a video file."
    else:
        there = f"The system lists {', '.join(map(str, seen))}: try one of these."
    return f"There is no {name} here. {there}"
