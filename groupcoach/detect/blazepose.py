"""The second detector: BlazePose on tiles. Apache-2.0 weights only; slower than YOLO and blind to small people.

The person detector sees 224 x 224 pixels and finds one or two bodies; square tiles over the picture give it a class.
Each find is refined by the landmark network, whose 33 points become the 17 of every ``Observations``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from groupcoach import assets
from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_axis
from groupcoach.detect.network import PictureRequests, compile_pictures, read_network
from groupcoach.detect.suppress import suppress_duplicates
from groupcoach.records import Floats, Frame, Observations
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO

MODEL = "pose_detection.tflite"
SIDE = 224
_BOXES, _SCORES = (1, 2254, 12), (1, 2254, 1)
_MIN_SCORE = 0.5
_STRIDES = ((8, 2), (16, 2), (32, 6))
"""Cell size and anchors a cell of the network's output (2254 anchors)."""
_ROWS = [BLAZEPOSE_INDEX[n] for n in COCO]


def anchors() -> Floats:
    """(2254, 2) centres of the network's anchors, in shares of its input."""
    out = []
    for stride, count in _STRIDES:
        n = SIDE // stride
        at = (np.arange(n) + 0.5) / n
        grid = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
        out.append(np.repeat(grid, count, axis=0))
    return np.concatenate(out)


def tiles(width: int, height: int) -> list[tuple[int, int, int]]:
    """(x, y, side) of the squares that are looked at: the whole picture's width in squares, then finer ones."""
    out: list[tuple[int, int, int]] = []
    for side in sorted({max(width, height), min(width, height), round(min(width, height) * 0.6)}, reverse=True):
        across = _places(width, side)
        down = _places(height, side)
        out.extend((x, y, side) for y in down for x in across)
    return out


def _places(length: int, side: int) -> list[int]:
    """Starts of tiles of ``side`` over ``length`` that overlap by at least a third."""
    if side >= length:
        return [(length - side) // 2]
    count = 1 + int(np.ceil((length - side) / (side * 0.6)))
    return [round(v) for v in np.linspace(0, length - side, count)]


class BlazePoseDetector:
    """Finds everybody with BlazePose alone. Not thread-safe: one per engine."""

    name = "blazepose"
    device = "cpu"

    def __init__(self, threads: int = 2) -> None:
        """Load both networks; ``threads`` of the CPU runtime."""
        self._landmarks = BlazePoseLandmarks(threads)
        self.clock = self._landmarks.clock
        model = read_network(assets.locate(MODEL), (_BOXES, _SCORES))
        compiled = compile_pictures(model, threads=threads, streams=threads, mean=127.5, scale=127.5, exact=True)
        self._net = PictureRequests(compiled, threads, SIDE, self.clock)
        self._anchors = anchors()

    def detect(self, frame: Frame) -> Observations:
        """Everybody found, best score first."""
        image = frame.image
        height, width = image.shape[:2]
        places = tiles(width, height)
        found: list[Floats] = [np.empty((0, 5))] * len(places)

        def fill(i: int, out: NDArray[np.uint8]) -> None:
            x, y, side = places[i]
            k = SIDE / side
            move = np.array([[k, 0, -x * k], [0, k, -y * k]])
            flags = cv2.INTER_AREA if k < 0.5 else cv2.INTER_LINEAR
            cv2.warpAffine(image, move, (SIDE, SIDE), dst=out, flags=flags)

        def take(i: int, answer: Mapping[Any, Any]) -> None:
            found[i] = self._tile(answer, *places[i])

        self._net.run(len(places), fill, take)
        axes = np.concatenate(found)
        axes = axes[np.argsort(-axes[:, 4], kind="stable")]
        axes = axes[_distinct(axes)]
        crops = [crop_from_axis(a[0:2], a[2:4], 1.25 * float(np.hypot(*(a[2:4] - a[0:2])))) for a in axes]
        boxes, scores, points, point_scores = [], [], [], []
        for landmarks in self._landmarks.locate(image, crops):
            if landmarks is None or landmarks.score < _MIN_SCORE:
                continue
            inside = landmarks.visibility > 0.3
            if inside.sum() < 8:
                continue
            low, high = landmarks.px[inside].min(0), landmarks.px[inside].max(0)
            pad = 0.06 * (high - low)
            boxes.append(np.concatenate([low - pad, high + pad]).clip(0, [width, height, width, height]))
            scores.append(landmarks.score)
            points.append(landmarks.px[_ROWS])
            point_scores.append(landmarks.visibility[_ROWS])
        if not boxes:
            return Observations.empty()
        order = np.argsort(-np.array(scores), kind="stable")
        obs = Observations(np.stack(boxes), np.array(scores), np.stack(points), np.stack(point_scores))
        return suppress_duplicates(obs.take(order))

    def _tile(self, answer: Mapping[Any, Any], x: int, y: int, side: int) -> Floats:
        """(N, 5) of a tile: hips x, y, top of the body circle x, y in the frame, and the score."""
        logits = answer[_SCORES][0, :, 0]
        rows = np.flatnonzero(logits > 0.0)  # probability one half
        raw = answer[_BOXES][0, rows].astype(np.float64)
        points = (raw[:, 4:8].reshape(-1, 2, 2) / SIDE + self._anchors[rows][:, None]) * side + np.array([x, y])
        score = 1 / (1 + np.exp(-np.clip(logits[rows], -30, 30)))
        return np.concatenate([points.reshape(-1, 4), score[:, None]], axis=1)


def _distinct(axes: Floats) -> list[int]:
    """Rows whose hips lie apart by a third of the body circle; the best score of a heap stays."""
    kept: list[int] = []
    for i, a in enumerate(axes):
        radius = float(np.hypot(*(a[2:4] - a[0:2])))
        if all(float(np.hypot(*(a[0:2] - axes[j, 0:2]))) > 0.33 * max(
            radius, float(np.hypot(*(axes[j, 2:4] - axes[j, 0:2])))) for j in kept):  # fmt: skip
            kept.append(i)
    return kept
