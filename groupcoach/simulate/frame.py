"""The standing body that clothes and hair are cut for: its joints, limbs and the lines through their middles.

Everything is in the T-pose of the mean shape (y up, x to the left, z to the front), from which a cut is the same for
every shape: cutting and pushing are affine mixes of vertices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.cutter import affine_weights, spread
from groupcoach.simulate.rig import SIDES
from groupcoach.skeleton import INDEX, JOINTS, N_SMPL

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

_ARM: Final = ("shoulder", "elbow", "wrist", "hand")
_LEG: Final = ("hip", "knee", "ankle", "foot")
#: Distance between the slices whose middles make a limb's line.
_STEP_M: Final = 0.05


@dataclass(frozen=True, eq=False)
class Frame:
    """A body's T-pose, read once."""

    rest: Floats
    """(V, 3)"""
    faces: Ints
    """(F, 3)"""
    part: Ints
    """(V,) SMPL joint that moves the vertex most."""
    at: dict[str, Floats]
    """Joint name -> (3,)."""
    limbs: tuple[_Limb, ...]

    def owned(self, *names: str) -> NDArray[np.bool_]:
        """(V,) vertices that move with one of the joints."""
        return np.isin(self.part, [INDEX[n] for n in names])

    def out(self, matrix: Any, points: Floats, depth: Floats) -> Any:
        """Vertices moved away from the middle line of their limb, the posed body carrying them along.

        Args:
            matrix: sparse (P, V), their mixes of body vertices.
            points: (P, 3) where that is in the T-pose.
            depth: (P,) metres.

        Returns:
            Sparse (P, V).
        """
        from scipy import sparse

        share = np.stack([np.asarray(matrix @ limb.share) for limb in self.limbs], 1)
        share[share < 0.1 * share.max(1, keepdims=True)] = 0
        share /= share.sum(1, keepdims=True)
        centre = sum(sparse.diags(share[:, k]) @ limb.line(points) for k, limb in enumerate(self.limbs))
        away = np.linalg.norm(points - centre @ self.rest, axis=1)
        return (matrix + sparse.diags(depth / np.maximum(away, 0.02)) @ (matrix - centre)).tocsr()


@dataclass(frozen=True, eq=False)
class _Limb:
    """A part with a line through its middle."""

    share: Floats
    """(V,) 0 to 1, blended towards the neighbouring parts."""
    axis: int
    levels: Floats
    """(S,) increasing coordinates along the axis, of the slices."""
    middles: Any
    """Sparse (S, V)."""

    def line(self, points: Floats) -> Any:
        """Sparse (P, V): the middle of the limb at the height of each point."""
        from scipy import sparse

        place = np.clip(np.interp(points[:, self.axis], self.levels, np.arange(len(self.levels))), 0, None)
        low = np.minimum(place.astype(int), len(self.levels) - 2)
        w = place - low
        rows = np.arange(len(points))
        between = sparse.csr_matrix(
            (np.concatenate([1 - w, w]), (np.concatenate([rows, rows]), np.concatenate([low, low + 1]))),
            shape=(len(points), len(self.levels)),
        )
        return between @ self.middles


@lru_cache(maxsize=4)
def frame_of(body: BodyModel) -> Frame:
    """The frame of a body model; kept, because every person needs it."""
    eye = np.eye(3)[None, None].repeat(N_SMPL, 1)
    zero = np.zeros((1, 10)), np.zeros((1, 3))
    rest = body.vertices(eye, *zero)[0].astype(float)
    joints = body.joints(eye, *zero)[0]
    part, faces = np.asarray(body.vertex_part).astype(int), np.asarray(body.faces).astype(np.int64)
    at = {name: joints[INDEX[name]] for name in JOINTS}
    groups: dict[str, set[int]] = {}
    for side in SIDES:
        groups[f"{side}_arm"] = {INDEX[f"{side}_{j}"] for j in _ARM}
        groups[f"{side}_leg"] = {INDEX[f"{side}_{j}"] for j in _LEG}
    groups["trunk"] = set(range(N_SMPL)) - {row for rows in groups.values() for row in rows}
    limbs = []
    for name, rows in groups.items():
        mine = np.isin(part, list(rows))
        limbs.append(_slices(rest, mine, _blend(mine, faces), axis=0 if name.endswith("arm") else 1))
    return Frame(rest, faces, part, at, tuple(limbs))


def _blend(mine: NDArray[np.bool_], faces: Ints) -> Floats:
    """(V,) 1 inside, falling to 0 over a few vertices."""
    share = mine.astype(float)
    corner = faces.ravel()
    count = np.bincount(corner, minlength=len(mine)) * 3
    for _ in range(3):
        total = np.bincount(corner, np.repeat(share[faces].sum(1), 3), minlength=len(mine))
        share = total / np.maximum(count, 1)
    return np.asarray(share + 1e-6)


def _slices(rest: Floats, mine: NDArray[np.bool_], share: Floats, axis: int) -> _Limb:
    from scipy import sparse

    own = rest[mine, axis]
    levels = np.arange(own.min() + 0.5 * _STEP_M, own.max(), _STEP_M)
    rows, cols, values = [], [], []
    for k, level in enumerate(levels):
        off = np.where(mine, np.abs(rest[:, axis] - level), np.inf)
        near = np.flatnonzero(off <= max(0.04, float(np.sort(off)[11])))
        middle = 0.5 * (rest[near].min(0) + rest[near].max(0))
        middle[axis] = level
        near = near[spread(rest[near], 6)]
        rows += [k] * len(near)
        cols += near.tolist()
        values += affine_weights(middle[None], rest[near])[0].tolist()
    middles = sparse.csr_matrix((values, (rows, cols)), (len(levels), len(rest)))
    return _Limb(share, axis, levels, middles)
