"""Filmed classes (``filmed.py``) as what the lifter's network is shown and what it should answer.

Twice: as they are, and mirrored and a little rolled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.camera import Camera
from groupcoach.mesh.features import LAGS_S, Look, look, space_of
from groupcoach.mesh.limbs import N_KINDS, lengths, longest
from groupcoach.skeleton import BLAZEPOSE, COCO, INDEX, JOINTS, N_SMPL, SMPL_PARENTS, mirrored
from groupcoach.training.filmed import FPS

Arrays = dict[str, NDArray[Any]]

#: Frames back of each glance at the rate the classes are filmed with.
STEPS: Final = tuple(round(lag * FPS) for lag in LAGS_S)
#: Half of the people are rolled a little, as by a camera held askew, half a lot: bodies lean and fall over in ways that
#: nobody filmed, and both networks turn what they look at upright. Standard deviations and the most, degrees.
_ROLLS: Final = (8.0, 32.0, 80.0)
_MIRROR = np.diag([-1.0, 1.0, 1.0])


def _swapped(names: Sequence[str]) -> list[int]:
    """For each name the row of the same one on the other side."""
    return [list(names).index(_other(name)) for name in names]


def _other(name: str) -> str:
    if name in ("mouth_left", "mouth_right"):
        return "mouth_right" if name == "mouth_left" else "mouth_left"
    return mirrored(name)


@dataclass(frozen=True, eq=False)
class Rows:
    """R rows: blocks of the network's input, where the earlier rows of the same person are, and the answers."""

    keypoints: NDArray[np.float32]
    """(R, KEYPOINTS), as ``mesh/features.py`` has it; the next four too."""
    landmarks: NDArray[np.float32]
    """(R, LANDMARKS)"""
    space: NDArray[np.float32]
    """(R, 3 L) metres: the part of the landmarks that is in space."""
    has: NDArray[np.bool_]
    """(R,) whether there are landmarks."""
    place: NDArray[np.float32]
    """(R, PLACE)"""
    longest: NDArray[np.float32]
    """(R, N_KINDS) how long each kind of limb looked until then, as tangents of the angle of view."""
    shown_s: NDArray[np.float32]
    """(R,) for how long the person was seen until then."""
    before: NDArray[np.int64]
    """(R, lags) row of the same person so many frames ago, -1 = none."""
    turns: NDArray[np.float32]
    """(R, 24, 3, 3) whole rotation of each part, in the axes of the camera turned at the person."""
    joints: NDArray[np.float32]
    """(R, 31, 3) metres, the same axes, from the root joint."""
    root: NDArray[np.float32]
    """(R, 3) where that is, the same axes."""
    to_camera: NDArray[np.float32]
    """(R, 3, 3) from those axes to the camera's."""
    betas: NDArray[np.float32]
    """(R, 10) true shape."""
    visible: NDArray[np.float32]
    """(R,) share of the body that is seen, 0 to 1."""


def read(paths: Iterable[Path], *, copies: int = 2, seed: int = 0) -> Rows:
    """The classes of ``paths``; ``copies`` 2 adds the mirrored ones."""
    parts: list[Rows] = []
    first = 0
    for number, path in enumerate(paths):
        with np.load(path, allow_pickle=False) as file:
            data = {name: file[name] for name in file.files}
        rng = np.random.default_rng([seed, number])
        for copy in range(copies):
            rows = _rows(_other_way_round(data, _rolls(rng, data["person"])) if copy else data, first)
            parts.append(rows)
            first += len(rows.keypoints)
    return Rows(*(np.concatenate([getattr(p, name) for p in parts]) for name in Rows.__dataclass_fields__))


def _rolls(rng: np.random.Generator, person: NDArray[Any]) -> NDArray[Any]:
    """(R,) radians, one for each person."""
    few, many, most = _ROLLS
    each = rng.normal(0, np.where(rng.random(int(person.max()) + 1) < 0.5, few, many))
    return np.asarray(np.radians(np.clip(each, -most, most))[person])


def _rows(data: Arrays, first: int) -> Rows:
    size = np.asarray(data["size"], float)
    focal = Camera.guess(int(size[0]), int(size[1])).focal_px
    seen = look(data["box"].astype(float), data["keypoints"].astype(float), data["px"].astype(float),
                data["world"].astype(float), size, focal)  # fmt: skip
    joints = data["joints_m"].astype(float)
    turns = np.array(data["rotmats"], float)
    for j in range(1, N_SMPL):
        turns[:, j] = turns[:, SMPL_PARENTS[j]] @ turns[:, j]
    back = np.swapaxes(seen.to_camera, -1, -2)
    where = {(int(f), int(p)): i for i, (f, p) in enumerate(zip(data["frame"], data["person"], strict=True))}
    before = np.array([
        [where.get((int(f) - s, int(p)), -1 - first) for s in STEPS]
        for f, p in zip(data["frame"], data["person"], strict=True)
    ]) + first  # fmt: skip
    long, shown = _longest(seen, data["person"], data["t_s"].astype(float))
    root = joints - joints[:, :1]
    f32 = np.float32
    return Rows(
        seen.keypoints, seen.landmarks, space_of(seen.landmarks), seen.has_landmarks, seen.place, long, shown,
        before,
        (back[:, None] @ turns).astype(f32), (root @ seen.to_camera).astype(f32),
        (joints[:, :1] @ seen.to_camera)[:, 0].astype(f32), seen.to_camera.astype(f32),
        data["betas"].astype(f32), data["visible"].astype(f32),
    )  # fmt: skip


def _longest(seen: Look, person: NDArray[Any], t_s: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Longest limbs (R, N_KINDS) and time in sight (R,) of each row, as the running program would know them."""
    now = lengths(seen.keypoints.reshape(len(person), -1, 3)) * np.exp(seen.place[:, :1] - 2.0)
    long, shown = np.zeros((len(person), N_KINDS), np.float32), np.zeros(len(person), np.float32)
    for who in np.unique(person):
        known, so_far, last = np.zeros((1, N_KINDS), np.float32), 0.0, -np.inf
        for i in np.flatnonzero(person == who):  # rows are in order of time
            step = min(float(t_s[i] - last), 1.0)
            known, so_far, last = longest(known, now[i : i + 1], np.array([step])), so_far + min(step, 0.2), t_s[i]
            long[i], shown[i] = known[0], so_far
    return long, shown


def _other_way_round(data: Arrays, roll: NDArray[Any]) -> Arrays:
    """The class as a mirror shows it, left and right exchanged, each row turned by ``roll`` (R,) radians."""
    out = dict(data)
    size = np.asarray(data["size"], float)
    c, s = np.cos(roll)[:, None], np.sin(roll)[:, None]
    turn = np.zeros((len(roll), 3, 3))
    turn[:, 0, :2], turn[:, 1, :2], turn[:, 2, 2] = np.hstack([c, -s]), np.hstack([s, c]), 1.0
    back = np.swapaxes(turn, -1, -2)
    bodies, coco, marks = _swapped(JOINTS), _swapped(COCO), _swapped(BLAZEPOSE)

    def flat(px: NDArray[Any]) -> NDArray[Any]:
        about = (px - size / 2) * [-1, 1]
        return np.asarray(about @ back[:, :2, :2] + size / 2)

    for name, order in (("keypoints", coco), ("px", marks)):
        points = data[name][:, order].astype(float)
        points[..., :2] = flat(points[..., :2])
        out[name] = points
    out["world"] = data["world"][:, marks].astype(float) @ _MIRROR @ back
    out["joints_m"] = data["joints_m"][:, bodies].astype(float) @ _MIRROR @ back
    rel = _MIRROR @ data["rotmats"][:, bodies[:N_SMPL]].astype(float) @ _MIRROR
    rel[:, 0] = turn @ rel[:, 0]
    out["rotmats"] = rel
    # the box of a rolled picture, as if the body filled the ellipse in the old one
    half = (data["box"][:, 2:] - data["box"][:, :2]).astype(float) / 2
    middle = flat((data["box"][:, None, 2:] + data["box"][:, None, :2]).astype(float) / 2)[:, 0]
    reach = np.stack([np.hypot(half[:, 0] * c[:, 0], half[:, 1] * s[:, 0]),
                      np.hypot(half[:, 0] * s[:, 0], half[:, 1] * c[:, 0])], axis=1)  # fmt: skip
    out["box"] = np.concatenate([middle - reach, middle + reach], axis=1)
    return out


assert INDEX["pelvis"] == 0
