"""A frame -> everybody's box and keypoints. The same ``Observations`` from every detector."""

from __future__ import annotations

from typing import Protocol

from groupcoach.detect.network import NetworkClock
from groupcoach.errors import ConfigError
from groupcoach.records import Frame, Observations


class Detector(Protocol):
    """Finds everybody in one frame.

    One that can work beside us also has ``begin(frame)``: it starts on a frame that is likely asked for next, and
    returns at once. What ``detect`` finds is the same with it and without.
    """

    name: str
    clock: NetworkClock
    """What its network took, apart from what comes before and after."""

    def detect(self, frame: Frame) -> Observations:
        """Best score first; an empty room is ``Observations.empty()``."""
        ...


def build_detector(name: str) -> Detector:
    """The detector called ``name``: ``yolo`` or ``blazepose``.

    Raises:
        AssetError: its model files have not been pulled.
    """
    from groupcoach import runtime

    if name == "yolo":
        from groupcoach.detect.yolo import YoloPose

        return YoloPose(runtime.device(), threads=runtime.threads())
    if name == "blazepose":
        from groupcoach.detect.blazepose import BlazePoseDetector

        return BlazePoseDetector(threads=runtime.threads())
    raise ConfigError(f"--detector {name}: unknown; choose yolo or blazepose.")
