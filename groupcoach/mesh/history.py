"""What the lifter remembers of each person: the last half second of glances, the shape so far, the smoothed pose.

Everybody's memory lies in shared arrays, so that looking back is one operation for the whole class. Pure numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.body_model import N_BETAS
from groupcoach.mesh.features import GLANCE, KEYPOINTS, LAGS_S, Look, glance, long_block, space_of
from groupcoach.mesh.limbs import N_KINDS, lengths, longest
from groupcoach.records import Floats
from groupcoach.skeleton import N_SMPL

_RING: Final = 28
_APART_S: Final = 0.018
"""Glances closer than this are not kept: the ring covers half a second at any frame rate."""
_BETWEEN_S: Final = 0.17
"""A glance between two kept ones that are no farther apart is made of both."""
_NEAR_S: Final = 0.06
_FORGET_S: Final = 0.5
"""Somebody not seen for so long starts afresh, but for the shape."""
_SHAPE_S: Final = 30.0
_STILL_HZ, _RISE, _SPEED_HZ = 1.3, 2.0, 2.0
"""The one-euro filter (Casiez et al. 2012) of the pose: cut-off at rest (Hz), its rise per rad/s, and of the speed."""


_NEVER: Final = ("t_s", "last_s", "pose_s", "limbs_s")


class History:
    """Rows of memory by track."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._row: dict[int, int] = {}
        self._free: list[int] = []
        self._arrays: dict[str, NDArray[Any]] = {}
        self._make(16)

    def _make(self, rows: int) -> None:
        """Room for ``rows`` people; what is remembered stays."""
        shapes: dict[str, tuple[tuple[int, ...], type]] = {
            "t_s": ((_RING,), np.float64), "keypoints": ((_RING, KEYPOINTS), np.float32),
            "space": ((_RING, (GLANCE - 2) - KEYPOINTS), np.float32), "fresh": ((_RING,), np.bool_),
            "next": ((), np.int64), "last_s": ((), np.float64), "betas": ((N_BETAS,), np.float64),
            "known_s": ((), np.float64), "pose_s": ((), np.float64), "turns": ((N_SMPL, 3, 2), np.float64),
            "speed": ((N_SMPL, 3, 2), np.float64), "longest": ((N_KINDS,), np.float32), "limbs_s": ((), np.float64),
            "shown_s": ((), np.float64),
        }  # fmt: skip
        for name, (shape, kind) in shapes.items():
            new: NDArray[Any] = np.zeros((rows, *shape), kind)
            if name in _NEVER:
                new.fill(-np.inf)
            old = self._arrays.get(name)
            if old is not None:
                new[: len(old)] = old
            self._arrays[name] = new

    def rows(self, track_ids: Sequence[int]) -> NDArray[np.intp]:
        """The rows of these tracks; new ones get one."""
        out = np.empty(len(track_ids), np.intp)
        for i, track_id in enumerate(track_ids):
            row = self._row.get(track_id)
            if row is None:
                row = self._free.pop() if self._free else len(self._row)
                if row >= len(self._arrays["t_s"]):
                    self._make(2 * row)
                self._row[track_id] = row
                self._clear(row)
            out[i] = row
        return out

    def forget(self, track_id: int) -> None:
        """A track ended."""
        row = self._row.pop(track_id, None)
        if row is not None:
            self._free.append(row)

    def _clear(self, row: int) -> None:
        for name, values in self._arrays.items():
            values[row] = -np.inf if name in _NEVER else 0

    def back(self, rows: NDArray[np.intp], t_s: float) -> NDArray[np.float32]:
        """(N, lags, GLANCE): how these people looked a little earlier; zeros where nobody knows."""
        a = self._arrays
        times, fresh = a["t_s"][rows], a["fresh"][rows]
        out = np.zeros((len(rows), len(LAGS_S), GLANCE), np.float32)
        for k, lag in enumerate(LAGS_S):
            points, has = _at(times, np.isfinite(times), a["keypoints"], rows, t_s - lag)
            space, has_space = _at(times, fresh, a["space"], rows, t_s - lag)
            out[:, k] = glance(points, space, has, has_space)
        return out

    def push(self, rows: NDArray[np.intp], seen: Look, fresh: NDArray[np.bool_], t_s: float) -> None:
        """Keep this glance; ``fresh`` (N,): its landmarks are of this very moment."""
        a = self._arrays
        due = t_s - a["last_s"][rows] >= _APART_S
        kept = rows[due]
        at = a["next"][kept] % _RING
        a["t_s"][kept, at] = t_s
        a["keypoints"][kept, at] = seen.keypoints[due]
        a["space"][kept, at] = space_of(seen.landmarks[due])
        a["fresh"][kept, at] = (fresh & seen.has_landmarks)[due]
        a["next"][kept] += 1
        a["last_s"][kept] = t_s

    def limbs(self, rows: NDArray[np.intp], seen: Look, t_s: float) -> NDArray[np.float32]:
        """(N, LONGEST): how long limbs have looked so far and in this glance, and how well that is known."""
        a = self._arrays
        half = np.exp(seen.place[:, :1] - 2.0)
        now = lengths(seen.keypoints.reshape(len(rows), -1, 3)) * half
        step = np.minimum(t_s - a["limbs_s"][rows], 1.0)
        a["longest"][rows] = longest(a["longest"][rows], now, step)
        a["shown_s"][rows] = np.minimum(a["shown_s"][rows] + np.minimum(step, 0.2), 60.0)
        a["limbs_s"][rows] = t_s
        return long_block(a["longest"][rows], a["shown_s"][rows], half)

    def shape(self, rows: NDArray[np.intp], betas: Floats, t_s: float) -> Floats:
        """(N, 10): the shape over the last half minute. A body does not change between two frames."""
        a = self._arrays
        step = np.clip(t_s - a["pose_s"][rows], 0.0, 0.5)
        step[~np.isfinite(step)] = 0.5
        a["known_s"][rows] = np.minimum(a["known_s"][rows] + step, _SHAPE_S)
        share = np.where(a["known_s"][rows] > 0, step / np.maximum(a["known_s"][rows], 1e-6), 1.0)[:, None]
        a["betas"][rows] += share * (betas - a["betas"][rows])
        result: Floats = a["betas"][rows].astype(np.float64)
        return result

    def smooth(self, rows: NDArray[np.intp], turns: Floats, t_s: float) -> Floats:
        """(N, 24, 3, 3) rotations in camera axes, calm where the body is calm and prompt where it moves."""
        a = self._arrays
        now = turns[..., :2]
        step = t_s - a["pose_s"][rows]
        new = ~((step > 0) & (step < _FORGET_S))
        dt = np.where(new, 1.0, step)[:, None, None, None]
        speed = np.where(new[:, None, None, None], 0.0, (now - a["turns"][rows]) / dt)
        speed = a["speed"][rows] + _share(_SPEED_HZ, dt) * (speed - a["speed"][rows])
        pace = np.sqrt((speed**2).sum((-1, -2), keepdims=True) / 2)
        keep = 1 - _share(_STILL_HZ + _RISE * pace, dt)
        keep[new] = 0.0
        mixed = now + keep * (a["turns"][rows] - now)
        a["turns"][rows], a["speed"][rows] = mixed, np.where(new[:, None, None, None], 0.0, speed)
        a["pose_s"][rows] = t_s
        x = mixed[..., 0] / np.maximum(np.linalg.norm(mixed[..., 0], axis=-1, keepdims=True), 1e-9)
        y = mixed[..., 1] - (x * mixed[..., 1]).sum(-1, keepdims=True) * x
        y = y / np.maximum(np.linalg.norm(y, axis=-1, keepdims=True), 1e-9)
        result: Floats = np.stack([x, y, np.cross(x, y)], axis=-1)
        return result


def _share(hertz: Floats | float, dt: Floats) -> Floats:
    """Share of the new value in a first-order low pass."""
    r = 2 * np.pi * hertz * dt
    result: Floats = r / (1 + r)
    return result


def _at(
    times: Floats, valid: NDArray[np.bool_], values: NDArray[Any], rows: NDArray[np.intp], t_s: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Values (N, D) at ``t_s`` between the kept ones next to it, and whether (N,) there are any near enough."""
    n = np.arange(len(rows))
    past = np.where(valid & (times <= t_s), times, -np.inf)
    later = np.where(valid & (times > t_s), times, np.inf)
    i, j = past.argmax(1), later.argmin(1)
    a, b = past[n, i], later[n, j]
    both = b - a <= _BETWEEN_S
    with np.errstate(invalid="ignore"):
        share = np.where(both, (t_s - a) / (b - a), np.where(t_s - a <= b - t_s, 0.0, 1.0))
    near = np.minimum(t_s - a, b - t_s) <= _NEAR_S
    first, second = values[rows, i], values[rows, j]
    mixed = first + share[:, None].astype(np.float32) * (second - first)
    return mixed.astype(np.float32), (both | near).astype(np.float32)
