"""Motion blur: limbs that move while the shutter is open are smeared along their way, and nothing else is.

A body is cut into stiff segments, each with the way it goes in the picture during the exposure. Its own pixels are
averaged along that way and laid over the sharp picture by how much of the exposure they cover a pixel; so what stands
still behind a limb stays sharp up to it.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import INDEX, N_SMPL

Floats = NDArray[np.floating[Any]]

#: Shorter ways are left sharp, px.
SHORTEST_PX: Final = 1.5
#: Segments of a body, each with the two joints whose middle moves as it does.
SEGMENTS: Final = (
    ("trunk", "pelvis", "neck"), ("head", "head", "nose"),
    ("left_arm", "left_shoulder", "left_elbow"), ("right_arm", "right_shoulder", "right_elbow"),
    ("left_forearm", "left_elbow", "left_wrist"), ("right_forearm", "right_elbow", "right_wrist"),
    ("left_palm", "left_wrist", "left_hand"), ("right_palm", "right_wrist", "right_hand"),
    ("left_thigh", "left_hip", "left_knee"), ("right_thigh", "right_hip", "right_knee"),
    ("left_shin", "left_knee", "left_ankle"), ("right_shin", "right_knee", "right_ankle"),
    ("left_sole", "left_ankle", "left_toe"), ("right_sole", "right_ankle", "right_toe"),
)  # fmt: skip
#: Owner numbers a body takes: one for each segment.
PER_BODY: Final = 16
_FIRST: Final = np.array([INDEX[a] for _, a, _ in SEGMENTS])
_SECOND: Final = np.array([INDEX[b] for _, _, b in SEGMENTS])
_STARTS_AT: Final = {
    "neck": "head", "head": "head", "shoulder": "arm", "elbow": "forearm", "wrist": "palm", "hand": "palm",
    "hip": "thigh", "knee": "shin", "ankle": "sole", "foot": "sole",
}  # fmt: skip


def segment_of_parts() -> NDArray[np.intp]:
    """(24,) row in ``SEGMENTS`` of what each SMPL joint moves."""
    names = [name for name, _, _ in SEGMENTS]
    out = np.zeros(N_SMPL, np.intp)
    for joint, row in INDEX.items():
        if row < N_SMPL:
            side, _, part = joint.rpartition("_")
            name = _STARTS_AT.get(part)
            if name is not None:
                out[row] = names.index(f"{side}_{name}" if side else name)
    return out


def ways(moved_px: Floats) -> Floats:
    """(P, S, 2) px that segments go, from what joints (P, J, 2) do; 0 where unknown."""
    return np.nan_to_num(0.5 * (moved_px[:, _FIRST] + moved_px[:, _SECOND]))


def smear(image: NDArray[np.uint8], owner: NDArray[np.int16], nearness: Floats, first: int, way: Floats,
          box: tuple[int, int, int, int]) -> None:  # fmt: skip
    """Blurs the fast segments of one body in ``image`` (H, W, 3), in place.

    Args:
        image: The sharp picture.
        owner: (H, W) ``first`` + segment where the body is seen.
        nearness: (H, W) inverse depth: what is in front of a limb stays as it is.
        first: Owner number of the body's first segment.
        way: (S, 2) px each segment goes while the shutter is open.
        box: Of the body: first and last column and row, left, top, right, bottom.
    """
    long = np.hypot(way[:, 0], way[:, 1])
    left = [int(k) for k in np.argsort(-long) if long[k] >= SHORTEST_PX]
    while left:
        # Segments that go nearly the same way are one.
        k = left[0]
        group = [j for j in left if math.dist(way[j], way[k]) <= max(1.0, 0.2 * long[k])]
        left = [j for j in left if j not in group]
        mean = way[group].mean(0)
        _smear_group(image, owner, nearness, [first + j for j in group], mean, box)


def _smear_group(image: NDArray[np.uint8], owner: NDArray[np.int16], nearness: Floats, ids: list[int], way: Floats,
                 box: tuple[int, int, int, int]) -> None:  # fmt: skip
    import cv2

    height, width = owner.shape
    x0, y0, x1, y1 = box
    part = owner[y0 : y1 + 1, x0 : x1 + 1]
    mine = np.zeros(part.shape, np.uint8)
    for number in ids:
        mine |= part == number
    x, y, w, h = cv2.boundingRect(mine)
    if not w:
        return
    reach = int(np.ceil(np.abs(way).max() / 2)) + 1
    left, top = max(0, x0 + x - reach), max(0, y0 + y - reach)
    right, bottom = min(width, x0 + x + w + reach), min(height, y0 + y + h + reach)
    here = image[top:bottom, left:right]
    spot = owner[top:bottom, left:right]
    mask = np.zeros(spot.shape, np.float32)
    for number in ids:
        mask[spot == number] = 1
    sharp = here.astype(np.float32)
    whole = np.concatenate([sharp, sharp * mask[..., None], mask[..., None]], -1)
    padded = np.pad(whole, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    total = np.zeros_like(whole)
    taps = _taps(way)
    rows, columns = bottom - top, right - left
    for dx, dy, share in taps:
        total += share * padded[reach + dy : reach + dy + rows, reach + dx : reach + dx + columns]
    # Inside the limb all is averaged; outside, the limb is laid over what stands still.
    cover = total[..., 6:]
    out = np.where(mask[..., None] > 0, total[..., :3], total[..., 3:6] + (1 - cover) * sharp)
    near = nearness[top:bottom, left:right]
    front = near > near[mask > 0].max() * 1.02
    here[:] = np.where(front[..., None], here, np.clip(out + 0.5, 0, 255).astype(np.uint8))


def _taps(way: Floats) -> list[tuple[int, int, float]]:
    """Whole pixels along a way through 0 and the share of the exposure at each; the shares sum to 1."""
    long = float(np.abs(way).max())
    step = way / long
    half = long / 2
    count = int(np.ceil(half - 0.5))
    out = []
    for k in range(-count, count + 1):
        share = min(1.0, half - abs(k) + 0.5) / long if count else 1.0
        out.append((round(float(step[0] * k)), round(float(step[1] * k)), share))
    total = sum(share for *_, share in out)
    return [(dx, dy, share / total) for dx, dy, share in out]
