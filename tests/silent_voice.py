"""A voice process on a machine without a speech engine (small: the process imports nothing else)."""

from typing import Any

WHY = "No speech engine on this machine: cues are shown, not spoken."


def no_engine(pipe: Any, language: str) -> None:
    pipe.send(("silent", WHY))
