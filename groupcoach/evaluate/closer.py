"""A closer look at one person, for the reference: both networks on several turned, scaled and mirrored crops each.

The product looks once at each picture as it is. A reference may take its time: in a picture whose camera is tilted the
detector loses limbs that it finds once the body stands upright and fills the crop, and the median of
several crops scatters less than one. How far the crops disagree says how sure a point is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from groupcoach.detect.landmarks import SIDE, BlazePoseLandmarks, Crop, crop_from_axis
from groupcoach.records import Floats, Frame, Landmarks
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO_INDEX, mirrored

#: Joints that both networks know.
JOINTS: Final = tuple(f"{side}_{name}" for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
                      for side in ("left", "right"))  # fmt: skip
COCO_ROWS: Final = [COCO_INDEX[j] for j in JOINTS]
BLAZEPOSE_ROWS: Final = [BLAZEPOSE_INDEX[j] for j in JOINTS]
_MIRROR: Final = [JOINTS.index(mirrored(j)) for j in JOINTS]
_SHOULDERS: Final = [JOINTS.index("left_shoulder"), JOINTS.index("right_shoulder")]
_HIPS: Final = [JOINTS.index("left_hip"), JOINTS.index("right_hip")]
#: (size, turn in radians, mirrored) of the crops.
LANDMARK_CROPS: Final = ((1.0, 0.0, False), (1.12, 0.2, False), (1.12, -0.2, False), (1.06, 0.0, True))
DETECTOR_CROPS: Final = ((1.15, 0.0, False), (1.25, 0.15, True))
DETECTOR_SIDE: Final = 640
SETS: Final = 2
"""Sets of points a closer look gives: the detector's and the landmark network's."""


class CloserLook:
    """The two networks of the reference."""

    def __init__(self, detector: Any, network: BlazePoseLandmarks) -> None:
        """Args: detector: a ``Detector`` of its own (its input size differs); network: the landmark network."""
        self.detector, self.network = detector, network

    def look(self, image: NDArray[np.uint8], marks: Landmarks, upright: float) -> tuple[Floats, Floats]:
        """Points (2, 12, 2) px of the image, ``JOINTS``, and weights (2, 12): the detector's, the landmarks'.

        Args:
            image: (H, W, 3)
            marks: what the landmark network saw of the person before.
            upright: radians by which a standing body is turned in this camera's picture.
        """
        flipped = np.ascontiguousarray(image[:, ::-1])
        base = crop_around(marks)
        return tuple(np.stack(x) for x in zip(*(  # type: ignore[return-value]
            _together(*many) for many in (self._detector(image, flipped, base, upright, marks),
                                          self._landmarks(image, flipped, base))), strict=False))  # fmt: skip

    def _landmarks(self, image: NDArray[np.uint8], flipped: NDArray[np.uint8], base: Crop) -> tuple[Floats, Floats]:
        px, sure = [], []
        for mirror in (False, True):
            crops = [_variant(base, size, turn, image.shape[1] if mirror else None)
                     for size, turn, side in LANDMARK_CROPS if side == mirror]  # fmt: skip
            for found in self.network.locate(flipped if mirror else image, crops):
                if found is not None:
                    at, seen = found.px[BLAZEPOSE_ROWS], found.visibility[BLAZEPOSE_ROWS] * found.score
                    px.append(_unmirrored(at, image.shape[1]) if mirror else at)
                    sure.append(seen[_MIRROR] if mirror else seen)
        return np.array(px).reshape(-1, len(JOINTS), 2), np.array(sure).reshape(-1, len(JOINTS))

    def _detector(
        self, image: NDArray[np.uint8], flipped: NDArray[np.uint8], base: Crop, upright: float, marks: Landmarks
    ) -> tuple[Floats, Floats]:
        px, sure = [], []
        for size, turn, mirror in DETECTOR_CROPS:
            crop = _variant(Crop(base.cx, base.cy, base.side, upright), size, turn, image.shape[1] if mirror else None)
            to_frame = crop.to_frame() @ np.diag([SIDE / DETECTOR_SIDE, SIDE / DETECTOR_SIDE, 1.0])
            patch = cv2.warpAffine(
                flipped if mirror else image, to_frame, (DETECTOR_SIDE, DETECTOR_SIDE),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=(114, 114, 114),
            )  # fmt: skip
            people = self.detector.detect(Frame(0, 0.0, np.asarray(patch, np.uint8)))
            if not len(people):
                continue
            at = people.keypoints_px[:, COCO_ROWS] @ to_frame[:, :2].T + to_frame[:, 2]
            seen = people.keypoint_scores[:, COCO_ROWS]
            if mirror:
                at, seen = _unmirrored(at, image.shape[1]), seen[:, _MIRROR]
            # whoever stands beside is in the crop too
            apart = np.median(np.linalg.norm(at - marks.px[BLAZEPOSE_ROWS], axis=-1), axis=1)
            if apart.min() < 0.15 * base.side:
                px.append(at[apart.argmin()])
                sure.append(seen[apart.argmin()])
        return np.array(px).reshape(-1, len(JOINTS), 2), np.array(sure).reshape(-1, len(JOINTS))


def crop_around(marks: Landmarks) -> Crop:
    """The crop around all landmarks, the body's axis upright."""
    points = marks.px[BLAZEPOSE_ROWS]
    hips, top = points[_HIPS].mean(0), points[_SHOULDERS].mean(0)
    return crop_from_axis(hips, top, 1.2 * float(np.linalg.norm(marks.px - hips, axis=1).max()))


def tilt(marks: Sequence[Landmarks]) -> float:
    """Radians, clockwise, that a standing body is turned in the picture: the middle of the trunk's over time."""
    if not marks:
        return 0.0
    axis = np.stack([m.px[BLAZEPOSE_ROWS][_SHOULDERS].mean(0) - m.px[BLAZEPOSE_ROWS][_HIPS].mean(0) for m in marks])
    return float(np.median(np.arctan2(axis[:, 0], -axis[:, 1])))


def _variant(base: Crop, size: float, turn: float, width: int | None) -> Crop:
    """``base`` scaled and turned; for a mirrored picture of ``width`` where not None."""
    if width is None:
        return Crop(base.cx, base.cy, base.side * size, base.turn + turn)
    return Crop(width - 1 - base.cx, base.cy, base.side * size, turn - base.turn)


def _unmirrored(points: Floats, width: int) -> Floats:
    """(..., 12, 2) px of a mirrored picture -> of the picture, left and right exchanged."""
    back = np.array(points[..., _MIRROR, :])
    back[..., 0] = width - 1 - back[..., 0]
    return back


def _together(px: Floats, sure: Floats) -> tuple[Floats, Floats]:
    """Median (12, 2) of several looks (V, 12, 2), and its weight: scores squared, less where the looks disagree."""
    if len(px) < 2:
        return np.full((len(JOINTS), 2), np.nan), np.zeros(len(JOINTS))
    middle = np.median(px, axis=0)
    apart = np.median(np.linalg.norm(px - middle, axis=-1), axis=0)
    return middle, np.median(sure, axis=0) ** 2 / (1 + (apart / 8.0) ** 2)
