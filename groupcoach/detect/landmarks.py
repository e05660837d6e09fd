"""BlazePose full: 33 landmarks of one body, in the picture and in metres, from a crop that stands the body upright.

The network (Bazarevsky et al. 2020, Apache-2.0 weights carried by the mediapipe wheel) runs through OpenVINO. The crop
is found from the detector's keypoints, or from the last answer for the same body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from groupcoach import assets
from groupcoach.detect.network import NetworkClock, PictureRequests, compile_pictures, read_network
from groupcoach.records import Floats, Landmarks
from groupcoach.skeleton import COCO_INDEX

MODEL = "pose_landmark_full.tflite"
SIDE = 256
MIN_KEYPOINT = 0.3
_SCREEN, _FLAG, _WORLD = (1, 195), (1, 1), (1, 117)
"""Shapes of the outputs: 39 points in the crop, that there is a body, 39 points in metres."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of the frame, turned so that the body inside stands upright."""

    cx: float
    cy: float
    side: float
    """px"""
    turn: float
    """radians, clockwise on the screen, that the crop is turned against the frame"""

    def to_frame(self) -> NDArray[np.float64]:
        """(2, 3) affine map from crop pixels (0..256) to the frame."""
        s, c, k = math.sin(self.turn), math.cos(self.turn), self.side / SIDE
        return np.array([
            [k * c, -k * s, self.cx - k * SIDE / 2 * (c - s)],
            [k * s, k * c, self.cy - k * SIDE / 2 * (s + c)],
        ])  # fmt: skip


def crop_from_axis(hips: Floats, top: Floats, radius: float) -> Crop:
    """Square of half-side ``radius`` around ``hips``, turned so that the line from hips to ``top`` points up."""
    dx, dy = float(top[0] - hips[0]), float(top[1] - hips[1])
    return Crop(float(hips[0]), float(hips[1]), 2 * radius, math.atan2(dx, -dy))


def crop_from_keypoints(points: Floats, scores: Floats, box: Floats) -> Crop:
    """The crop for a body as the detector sees it.

    Args:
        points: (17, 2) px, COCO order.
        scores: (17,)
        box: (4,) xyxy; stands in where hips or shoulders are not seen.
    """

    def mean(a: str, b: str) -> Floats | None:
        rows = [COCO_INDEX[a], COCO_INDEX[b]]
        seen = [points[r] for r in rows if scores[r] > MIN_KEYPOINT]
        return np.mean(seen, axis=0) if seen else None

    hips, chest = mean("left_hip", "right_hip"), mean("left_shoulder", "right_shoulder")
    if hips is None or chest is None or np.hypot(*(chest - hips)) < 1.0:
        w, h = box[2] - box[0], box[3] - box[1]
        centre = np.array([box[0] + w / 2, box[1] + h / 2])
        return Crop(float(centre[0]), float(centre[1]), 1.25 * float(max(w, h)), 0.0)
    seen = scores > MIN_KEYPOINT
    reach = np.linalg.norm(points[seen] - hips, axis=1)
    # keypoints end at the ankle and the eyes; the foot and the crown are about a sixth further out
    radius = max(1.18 * float(reach.max()), 1.6 * float(np.hypot(*(chest - hips))))
    return crop_from_axis(hips, chest, 1.1 * radius)


class BlazePoseLandmarks:
    """The 3D landmark source. Not thread-safe: one per engine.

    One crop runs on all threads; several run side by side, each on one, which is a third faster.
    """

    name = "blazepose_full"

    def __init__(self, threads: int = 2) -> None:
        """Load the network; ``threads`` of the CPU runtime."""
        self.clock = NetworkClock()
        path = assets.locate(MODEL)

        def requests(streams: int) -> PictureRequests:
            model = read_network(path, (_SCREEN, _FLAG, _WORLD))
            return PictureRequests(
                compile_pictures(model, threads=threads, streams=streams, exact=True), streams, SIDE, self.clock
            )

        self._wide = requests(1)
        self._narrow = requests(threads) if threads > 1 else self._wide

    def locate(self, image: NDArray[np.uint8], crops: Sequence[Crop]) -> list[Landmarks | None]:
        """Landmarks per crop, in order; None where the network sees no body (score below 0.3)."""
        found: list[Landmarks | None] = [None] * len(crops)
        maps = [crop.to_frame() for crop in crops]

        def fill(i: int, out: NDArray[np.uint8]) -> None:
            cv2.warpAffine(
                image, maps[i], (SIDE, SIDE), dst=out, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip

        def take(i: int, answer: dict[Any, Any]) -> None:
            found[i] = _landmarks(answer, crops[i], maps[i])

        (self._narrow if len(crops) > 1 else self._wide).run(len(crops), fill, take)
        return found


def _landmarks(answer: dict[Any, Any], crop: Crop, to_frame: NDArray[np.float64]) -> Landmarks | None:
    """The network's answer for one crop, in the frame and in camera axes."""
    score = float(answer[_FLAG][0, 0])
    if not score > 0.3:
        return None
    screen = answer[_SCREEN].reshape(39, 5)[:33].astype(np.float64)
    world = answer[_WORLD].reshape(39, 3)[:33].astype(np.float64)
    s, c = math.sin(crop.turn), math.cos(crop.turn)
    turned = world.copy()
    turned[:, 0] = c * world[:, 0] - s * world[:, 1]
    turned[:, 1] = s * world[:, 0] + c * world[:, 1]
    px = screen[:, :2] @ to_frame[:, :2].T + to_frame[:, 2]
    visibility = 1 / (1 + np.exp(-np.clip(screen[:, 3], -30, 30)))
    return Landmarks(turned, px, visibility, min(1.0, score))
