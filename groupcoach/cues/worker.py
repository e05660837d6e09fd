"""A speech process and the pipe to it, for whoever needs one: started, asked, ended whatever it does."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from groupcoach.cues.voices import VoiceSetup

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Worker: TypeAlias = "Callable[[Connection, VoiceSetup], None]"
Message: TypeAlias = tuple[Any, ...]
LOOK_S: Final = 0.1
"""So often a thread that waits for a message looks whether it is to wait on: each look takes time from the class."""


class VoiceProcess:
    """One life of the process that owns the speech engine."""

    def __init__(self, worker: Worker, setup: VoiceSetup, name: str) -> None:
        """Start it.

        Raises:
            OSError: the process cannot be made.
        """
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=worker, args=(theirs, setup), name=name, daemon=True)
        self._process.start()
        theirs.close()

    def send(self, *message: Any) -> bool:
        """False when it has died."""
        try:
            self._pipe.send(message)
        except OSError:
            return False
        return True

    def receive(self, limit_s: float, waiting: Callable[[], bool] = lambda: True) -> Message | None:
        """Its next message; None when it died, said nothing for ``limit_s``, or nobody is waiting any more."""
        deadline = time.monotonic() + limit_s
        while waiting() and time.monotonic() < deadline:
            try:
                if self._pipe.poll(LOOK_S):
                    message: Message = self._pipe.recv()
                    return message
            except (EOFError, OSError):
                return None
        return None

    def end(self) -> None:
        """It ends by itself when its pipe does; else it is killed."""
        self._pipe.close()
        self._process.join(timeout=0.2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(timeout=1.0)
