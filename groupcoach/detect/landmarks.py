"""BlazePose full: 33 landmarks of one body, in the picture and in metres, from a crop that stands the body upright.

The network (Bazarevsky et al. 2020, Apache-2.0 weights carried by the mediapipe wheel) runs through OpenVINO. The crop
is found from the detector's keypoints, or from the last answer for the same body.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
        n = len(crops)
        screen, world, score = np.empty((n, *_SCREEN), np.float32), np.empty((n, *_WORLD), np.float32), np.empty(n)
        maps = [crop.to_frame() for crop in crops]

        def fill(i: int, out: NDArray[np.uint8]) -> None:
            cv2.warpAffine(
                image, maps[i], (SIDE, SIDE), dst=out, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip

        def take(i: int, answer: Mapping[Any, Any]) -> None:
            screen[i], world[i], score[i] = answer[_SCREEN], answer[_WORLD], answer[_FLAG][0, 0]

        (self._narrow if n > 1 else self._wide).run(n, fill, take)
        return _landmarks(screen.reshape(n, 39, 5), world.reshape(n, 39, 3), score, crops, maps)


def _landmarks(
    screen: NDArray[np.float32], world: NDArray[np.float32], score: Floats, crops: Sequence[Crop],
    to_frame: Sequence[NDArray[np.float64]],
) -> list[Landmarks | None]:  # fmt: skip
    """The network's answers (N, 39, 5), (N, 39, 3) and (N,) in the frame and in camera axes."""
    if not len(crops):
        return []
    maps = np.stack(to_frame)
    turn = np.array([crop.turn for crop in crops])[:, None]
    s, c = np.sin(turn), np.cos(turn)
    turned = world[:, :33].astype(np.float64)
    x, y = turned[..., 0].copy(), turned[..., 1].copy()
    turned[..., 0], turned[..., 1] = c * x - s * y, s * x + c * y
    px = screen[:, :33, :2].astype(np.float64) @ maps[:, :, :2].transpose(0, 2, 1) + maps[:, None, :, 2]
    visibility = 1 / (1 + np.exp(-np.clip(screen[:, :33, 3].astype(np.float64), -30, 30)))
    return [
        Landmarks(turned[i], px[i], visibility[i], min(1.0, float(p))) if p > 0.3 else None for i, p in enumerate(score)
    ]
