"""The pipeline's stages for single pictures: who is in it, and at which angles (``learn.py``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from groupcoach import runtime
from groupcoach.angles import measure
from groupcoach.detect import Detector, build_detector
from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_keypoints
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.regressor import PersonInput, build_regressor
from groupcoach.records import Floats, Frame

_SURE: Final = 0.4


class Stages:
    """The pipeline's eyes without its memory: detector, landmarks, mesh, angles."""

    def __init__(self) -> None:
        """Load the networks."""
        self._detectors: dict[tuple[int, ...], Detector] = {}
        self._network = BlazePoseLandmarks(runtime.threads())
        self._regressor = build_regressor("lifter")
        self._track = 0
        self._last_s = 1e18

    def __call__(self, frame: Frame) -> list[tuple[Floats, Floats, Floats]]:
        """Everybody in a frame: angles, deviations, box."""
        shape = frame.image.shape[:2]
        if shape not in self._detectors:
            self._detectors[shape] = build_detector("yolo")
        found = self._detectors[shape].detect(frame)
        sure = found.take(found.scores >= _SURE)
        if frame.t_s <= self._last_s:  # another picture
            self._regressor.forget(self._track)
            self._track += 1
        self._last_s = frame.t_s
        people = [
            PersonInput(self._track if k == 0 else -k, sure.boxes_xyxy[k], sure.keypoints_px[k],
                        sure.keypoint_scores[k], None)
            for k in range(len(sure))
        ]  # fmt: skip
        crops = [crop_from_keypoints(p.keypoints_px, p.keypoint_scores, p.box_xyxy) for p in people]
        marks = self._network.locate(frame.image, crops)
        people = [replace(p, landmarks=m) for p, m in zip(people, marks, strict=True)]
        poses = self._regressor.fit(people, Camera.guess(shape[1], shape[0]), frame.t_s)
        return [(a.deg, a.sigma_deg, p.box_xyxy) for a, p in zip(measure(poses), people, strict=True)]
