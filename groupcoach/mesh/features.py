"""What the lifter's network is shown of a person: keypoints, landmarks and where in the picture, in numbers near one.

Everything is seen from a camera turned straight at the middle of the person's box, so that the same body gives the same
numbers anywhere in the picture, and lengths are in half diagonals of that box. Pure numpy; a batch is a row each.
Training (``training/lifter.py``) and the running program build their numbers here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.limbs import LIMBS, N_KINDS, lengths, shares
from groupcoach.mesh.rotation import shortest_turn, unit
from groupcoach.records import Floats
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO, COCO_INDEX, INNER_ANGLES

#: The landmarks that say something of the pose (of the face nose and ears, of the hands the index).
TAKEN: Final = tuple(
    BLAZEPOSE_INDEX[name]
    for name in (
        "nose", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
        "right_wrist", "left_index", "right_index", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
        "right_ankle", "left_heel", "right_heel", "left_toe", "right_toe",
    )
)  # fmt: skip
K, L = 17, len(TAKEN)
#: How long ago the glances back are, seconds.
LAGS_S: Final = (0.1, 0.2, 0.4)
#: Widths of the blocks: keypoints now, landmarks (two in the picture, how well seen, three in space), place, longest
#: limbs; one glance back (keypoints, landmarks in space, whether there are any).
KEYPOINTS, LANDMARKS, PLACE, LONGEST = 3 * K, 6 * L, 9, N_KINDS + 1
MARKS, GLANCE = LANDMARKS + 2, 3 * K + 3 * L + 2
#: What is put together, and with what follows from it (:func:`with_angles`).
BASE: Final = KEYPOINTS + MARKS + PLACE + LONGEST + GLANCE * len(LAGS_S)
_FLAT = np.array([[COCO_INDEX[n] for n in names] for names in INNER_ANGLES.values() if set(names) <= set(COCO)])
_DEEP = np.array([[TAKEN.index(BLAZEPOSE_INDEX[n]) for n in names] for names in INNER_ANGLES.values()])
_ENDS = np.array([[TAKEN.index(BLAZEPOSE_INDEX[n]) for n in names] for names in LIMBS])
_TORSO: Final = 4
WIDTH: Final = BASE + len(LIMBS) + N_KINDS + len(_FLAT) + len(_DEEP) + 3 * len(_ENDS)
_LEAST_SCORE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Rows of one glance at N people."""

    keypoints: NDArray[np.float32]
    """(N, KEYPOINTS): x, y, score of each; zeros where the detector does not see it."""
    landmarks: NDArray[np.float32]
    """(N, LANDMARKS); zeros without landmarks."""
    has_landmarks: NDArray[np.bool_]
    """(N,)"""
    place: NDArray[np.float32]
    """(N, PLACE)"""
    to_camera: Floats
    """(N, 3, 3) from the axes of the turned camera to those of the camera."""


def look(boxes: Floats, keypoints: Floats, px: Floats, world: Floats, size: Floats, focal_px: float) -> Look:
    """The blocks of one glance.

    Args:
        boxes: (N, 4) px.
        keypoints: (N, 17, 3) px and score; NaN = not seen.
        px: (N, 33, 3) px and visibility; NaN = no landmarks.
        world: (N, 33, 3) metres; NaN = no landmarks.
        size: (2,) width and height of the picture.
        focal_px: of the camera as it is guessed.
    """
    n = len(boxes)
    centre = size / 2
    nowhere = np.concatenate([centre - 1, centre + 1])
    boxes = np.where(np.isfinite(boxes).all(1, keepdims=True), boxes, nowhere)
    low, high = (boxes[:, :2] - centre) / focal_px, (boxes[:, 2:] - centre) / focal_px
    middle, span = (low + high) / 2, np.maximum(high - low, 1e-4)
    ray = unit(np.concatenate([middle, np.ones((n, 1))], axis=1))
    to_camera = shortest_turn(np.broadcast_to([0.0, 0.0, 1.0], (n, 3)), ray)
    half = np.linalg.norm(span, axis=1) / 2 / np.linalg.norm(np.concatenate([middle, np.ones((n, 1))], 1), axis=1)

    def seen_from_there(points: Floats) -> Floats:
        rays = np.concatenate([(points - centre) / focal_px, np.ones((*points.shape[:-1], 1))], axis=-1) @ to_camera
        flat = rays[..., :2] / np.maximum(rays[..., 2:], 0.1)
        result: Floats = np.clip(flat / half[:, None, None], -4, 4)
        return result

    sure = np.nan_to_num(keypoints[..., 2])
    there = (sure > _LEAST_SCORE) & np.isfinite(keypoints[..., :2]).all(-1)
    kp = np.zeros((n, K, 3), np.float32)
    kp[..., :2] = np.where(there[..., None], seen_from_there(np.where(there[..., None], keypoints[..., :2], 0)), 0)
    kp[..., 2] = np.where(there, sure, 0)
    has = np.asarray(np.isfinite(world).all((1, 2)) & np.isfinite(px).all((1, 2)))
    lm = np.zeros((n, L, 6), np.float32)
    if has.any():
        rows = np.array(TAKEN)
        filled = np.where(has[:, None, None], px[:, rows], 0)
        lm[..., :2], lm[..., 2] = seen_from_there(filled[..., :2]), filled[..., 2]
        lm[..., 3:] = np.clip(world[:, rows], -2, 2)
        lm[~has] = 0
    edge = np.minimum(boxes / np.tile(size, 2), 1.0)  # how near the picture's edges: what is beyond is cut off
    near = np.stack([edge[:, 0], edge[:, 1], 1 - edge[:, 2], 1 - edge[:, 3]], axis=1) < 0.01
    place = np.concatenate([
        np.log(half)[:, None] + 2.0, middle, (np.log(span[:, :1] / span[:, 1:])), near, np.ones((n, 1)),
    ], axis=1)  # fmt: skip
    return Look(kp.reshape(n, KEYPOINTS), lm.reshape(n, LANDMARKS), has, place.astype(np.float32), to_camera)


def assemble(now: Look, age_s: Floats, long: NDArray[np.float32], past: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, WIDTH): the network's input.

    Args:
        now: the glance; its landmarks may be older.
        age_s: (N,) by how much the landmarks are older than the keypoints.
        long: (N, LONGEST): how long each kind of limb has been seen, in half diagonals of the box, and how well that
            is known; zeros where nobody knows.
        past: (N, lags, GLANCE) as :func:`glance` makes them; zeros where there was none.
    """
    n = len(now.keypoints)
    has = now.has_landmarks.astype(np.float32)
    marks = np.column_stack([now.landmarks, has, has * np.asarray(age_s, np.float32) * 10])
    return with_angles(np.concatenate(
        [now.keypoints, marks, now.place, long, past.reshape(n, GLANCE * len(LAGS_S))], axis=1, dtype=np.float32
    ))  # fmt: skip


def with_angles(base: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, BASE) -> (N, WIDTH): with what follows from the numbers, so that the network need not find out.

    How long each limb looks beside its longest, proportions, angles in the picture and in space, and which way each
    limb points in space.
    """
    n = len(base)
    keypoints = base[:, :KEYPOINTS].reshape(n, K, 3)
    space = base[:, KEYPOINTS : KEYPOINTS + LANDMARKS].reshape(n, L, 6)[..., 3:]
    first = KEYPOINTS + MARKS + PLACE
    long = base[:, first : first + N_KINDS]
    torso = np.maximum(long[:, _TORSO : _TORSO + 1], 0.05)
    along = space[:, _ENDS[:, 1]] - space[:, _ENDS[:, 0]]
    along = along / np.maximum(np.sqrt((along**2).sum(-1, keepdims=True)), 0.02)
    seen = keypoints[..., 2][:, _FLAT].min(-1) > 0
    return np.concatenate([
        base, shares(lengths(keypoints), long), np.clip(long / torso, 0, 3), _inner(keypoints[..., :2], _FLAT) * seen,
        _inner(space, _DEEP) * base[:, KEYPOINTS + LANDMARKS, None], along.reshape(n, 3 * len(_ENDS)),
    ], axis=1, dtype=np.float32)  # fmt: skip


def _inner(points: NDArray[np.float32], names: NDArray[np.intp]) -> NDArray[np.float32]:
    """(N, angles) inner angles of points (N, P, 2 or 3), as shares of straight."""
    u, v = points[:, names[:, 0]] - points[:, names[:, 1]], points[:, names[:, 2]] - points[:, names[:, 1]]
    size = np.sqrt((u**2).sum(-1) * (v**2).sum(-1))
    cosine = np.where(size > 1e-6, (u * v).sum(-1) / np.maximum(size, 1e-6), 1.0)
    result: NDArray[np.float32] = (np.arccos(np.clip(cosine, -1, 1)) / np.pi).astype(np.float32)
    return result


def long_block(
    longest: NDArray[np.float32], shown_s: NDArray[np.floating[Any]], half: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(N, LONGEST): what is known of the limbs.

    Args:
        longest: (N, N_KINDS) of each kind, as tangents of the angle of view.
        shown_s: (N,) for how long they were seen.
        half: (N, 1) half the diagonal of the box, as a tangent.
    """
    return np.column_stack([np.clip(longest / half, 0, 4), np.tanh(shown_s / 10.0)]).astype(np.float32)


def space_of(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 3 L): the part of a landmark block (N, LANDMARKS) that is in space."""
    n = len(landmarks)
    return np.ascontiguousarray(landmarks.reshape(n, L, 6)[..., 3:]).reshape(n, 3 * L)


def glance(keypoints: NDArray[np.float32], space: NDArray[np.float32], has: NDArray[np.float32],
           has_space: NDArray[np.float32]) -> NDArray[np.float32]:  # fmt: skip
    """(..., GLANCE): a glance back from its parts (..., KEYPOINTS), (..., 3 L) and two flags (...)."""
    return np.concatenate([keypoints * has[..., None], space * has_space[..., None], has[..., None],
                           has_space[..., None]], axis=-1)  # fmt: skip
