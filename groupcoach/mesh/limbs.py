"""How long each limb looks in the picture, now and at its longest: a limb that points at the camera looks short.

From one picture nobody can tell a short thigh from one that points at the camera. Somebody who was seen standing has
shown how long it is, so a squat seen from the front can be measured. Pure numpy.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import COCO_INDEX

#: Ends of each limb, left and right next to each other, and which length it shares with its twin.
LIMBS: Final = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"), ("shoulder", "hip"))
    for side in ("left", "right")
) + tuple((f"left_{a}", f"right_{a}") for a in ("shoulder", "hip"))
KINDS: Final = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6])
N_KINDS: Final = 7
_FROM: Final = np.array([COCO_INDEX[a] for a, _ in LIMBS])
_TO: Final = np.array([COCO_INDEX[b] for _, b in LIMBS])
_SURE: Final = 0.3
_RISE_S: Final = 0.3
"""A length seen for so long is believed: a keypoint that jumps for a frame is not."""
_FADE_S: Final = 40.0
"""People come nearer and go away: what was seen long ago counts less."""
_FIRST: Final = 0.9
"""One look alone is believed so far: a keypoint may lie beside the joint."""


def lengths(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., limbs) in the unit of the keypoints (..., 17, 3: x, y, score); 0 where an end is not seen."""
    away = keypoints[..., _FROM, :2] - keypoints[..., _TO, :2]
    sure = np.minimum(keypoints[..., _FROM, 2], keypoints[..., _TO, 2]) > _SURE
    result: NDArray[np.float32] = np.where(sure, np.sqrt((away**2).sum(-1)), 0).astype(np.float32)
    return result


def longest(known: NDArray[np.float32], now: NDArray[np.float32], dt_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, N_KINDS) the longest that limbs (N, limbs) were seen, after another ``dt_s`` (N,) seconds.

    Args:
        known: (N, N_KINDS) so far, 0 = never seen; in a unit that stays, such as px.
        now: (N, limbs) in the same unit, 0 = not seen.
        dt_s: since ``known``.
    """
    pairs = np.stack([now[:, :10:2], now[:, 1:10:2]], axis=-1).max(-1)
    new = np.concatenate([pairs, now[:, 10:]], axis=1)
    step = np.clip(np.asarray(dt_s), 0.0, 1.0)[:, None]
    faded = known * np.exp(-step / _FADE_S)
    risen = faded + (1 - np.exp(-step / _RISE_S)) * (new - faded)
    result: NDArray[np.float32] = np.where(
        new <= 0, known, np.where(known <= 0, _FIRST * new, np.where(new > faded, risen, faded))
    ).astype(np.float32)
    return result


def shares(now: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, limbs): length now (N, limbs) over the longest (N, N_KINDS), 0 to 1.5; 0 where one is not known."""
    most = known[:, KINDS]
    result: NDArray[np.float32] = np.where(most > 0, np.clip(now / np.maximum(most, 1e-6), 0, 1.5), 0).astype(
        np.float32
    )
    return result
