"""A detector that reads its answers from a list: for tests, and to run a class from a file of detections."""

from __future__ import annotations

from collections.abc import Mapping

from groupcoach.detect.network import NetworkClock
from groupcoach.records import Frame, Observations


class ScriptedDetector:
    """Answers by frame index; a frame without an entry is an empty room."""

    name = "scripted"
    device = "cpu"

    def __init__(self, script: Mapping[int, Observations]) -> None:
        """Args: script: observations by frame index."""
        self._script = dict(script)
        self.clock = NetworkClock()

    def detect(self, frame: Frame) -> Observations:
        """What the script says of this frame."""
        return self._script.get(frame.index, Observations.empty())
