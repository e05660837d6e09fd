"""Cues as wave files, for phones without a voice: one speech process of its own, started when the first is wanted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from groupcoach.cues import voice
from groupcoach.cues.sentences import Part
from groupcoach.cues.voices import VoiceSetup
from groupcoach.cues.worker import VoiceProcess, Worker

KEPT: Final = 64
LIMIT_S: Final = 3.0
START_LIMIT_S: Final = 8.0


class Renderer:
    """Text to sound; blocks its caller (a thread of the HTTP service), never the engine's loop."""

    def __init__(self, setup: VoiceSetup, worker: Worker = voice.run) -> None:
        self._setup = replace(setup, aloud=False)
        self._worker = worker
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Part, ...], bytes] = OrderedDict()
        self._process: VoiceProcess | None = None
        self._silent = False

    def render(self, parts: tuple[Part, ...]) -> bytes | None:
        """A wave file that says ``parts``; None when there is no engine, or it did not answer in time."""
        with self._lock:
            if parts in self._kept:
                self._kept.move_to_end(parts)
                return self._kept[parts]
            process = None if self._silent else self._process or self._start()
            if process is None:
                return None
            process.send("render", parts)
            answer = process.receive(LIMIT_S)
            if answer is None or answer[0] != "sound":
                self._end()  # hung or dead: the next one starts it again
                return None
            sound = bytes(answer[1])
            self._kept[parts] = sound
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return sound

    def close(self) -> None:
        """End the process. Safe to call twice."""
        with self._lock:
            self._silent = True
            self._end()

    def _start(self) -> VoiceProcess | None:
        try:
            self._process = VoiceProcess(self._worker, self._setup, "groupcoach-render")
        except OSError:
            return None
        hello = self._process.receive(START_LIMIT_S)
        if hello is not None and hello[0] == "ready":
            return self._process
        self._silent = hello is not None
        self._end()
        return None

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
