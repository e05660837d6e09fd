"""BlazePose full: 33 landmarks of one body, in the picture and in metres, from a crop that stands the body upright.

The network (Bazarevsky et al. 2020, Apache-2.0 weights carried by the mediapipe wheel) runs through LiteRT. The crop is
found from the detector's keypoints, or from the last answer for the same body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from groupcoach import assets
from groupcoach.records import Floats, Landmarks
from groupcoach.runtime import quiet
from groupcoach.skeleton import COCO_INDEX

MODEL = "pose_landmark_full.tflite"
SIDE = 256
MIN_KEYPOINT = 0.3


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

    One crop runs on all threads; several are shared out to one single-threaded network per thread, which is a fifth
    faster than one crop after the other on all of them.
    """

    name = "blazepose_full"

    def __init__(self, threads: int = 2) -> None:
        """Load the network; ``threads`` of the CPU runtime."""
        path = assets.locate(MODEL)
        self._wide = _Network(path, threads)
        self._narrow: list[_Network] = []
        self._pool: ThreadPoolExecutor | None = None
        if threads > 1:
            self._narrow = [_Network(path, 1) for _ in range(threads)]
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="groupcoach-landmarks")

    def locate(self, image: NDArray[np.uint8], crops: Sequence[Crop]) -> list[Landmarks | None]:
        """Landmarks per crop, in order; None where the network sees no body (score below 0.3)."""
        if self._pool is None or len(crops) < 2:
            return [self._wide.run(image, crop) for crop in crops]
        found: list[Landmarks | None] = [None] * len(crops)
        waiting = iter(range(len(crops)))

        def work(network: _Network) -> None:
            for i in waiting:  # each worker takes the next crop; next() of a range is atomic
                found[i] = network.run(image, crops[i])

        list(self._pool.map(work, self._narrow[: len(crops)]))
        return found


class _Network:
    """One interpreter with its buffers."""

    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with quiet():
            self._net: Any = Interpreter(model_path=str(path), num_threads=threads)
            self._net.allocate_tensors()
        self._in = self._net.get_input_details()[0]["index"]
        shapes = {tuple(d["shape"]): d["index"] for d in self._net.get_output_details()}
        self._screen, self._flag, self._world = shapes[(1, 195)], shapes[(1, 1)], shapes[(1, 117)]
        self._batch = np.empty((1, SIDE, SIDE, 3), np.float32)
        self._patch = np.empty((SIDE, SIDE, 3), np.uint8)

    def run(self, image: NDArray[np.uint8], crop: Crop) -> Landmarks | None:
        """Landmarks of one crop."""
        to_frame = crop.to_frame()
        cv2.warpAffine(
            image, to_frame, (SIDE, SIDE), dst=self._patch, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        np.multiply(self._patch, np.float32(1 / 255), out=self._batch[0])
        self._net.set_tensor(self._in, self._batch)
        self._net.invoke()
        score = float(self._net.get_tensor(self._flag)[0, 0])
        if not score > 0.3:
            return None
        screen = self._net.get_tensor(self._screen).reshape(39, 5)[:33].astype(np.float64)
        world = self._net.get_tensor(self._world).reshape(39, 3)[:33].astype(np.float64)
        s, c = math.sin(crop.turn), math.cos(crop.turn)
        turned = world.copy()
        turned[:, 0] = c * world[:, 0] - s * world[:, 1]
        turned[:, 1] = s * world[:, 0] + c * world[:, 1]
        px = screen[:, :2] @ to_frame[:, :2].T + to_frame[:, 2]
        visibility = 1 / (1 + np.exp(-np.clip(screen[:, 3], -30, 30)))
        return Landmarks(turned, px, visibility, min(1.0, score))
