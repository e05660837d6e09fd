"""Skin on moving bones in plain numpy: what ``BodyModel.vertices`` gives, for many frames of one person at once.

The renderer's workers need neither torch nor ``smplx``, whose import takes longer than many a video.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import N_SMPL, SMPL_PARENTS

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]


class Skin:
    """The part of a body model that all shapes share."""

    def __init__(self, body: BodyModel) -> None:
        data = body._data
        self.body_rest = body.rest_joints
        self.template = data["v_template"].astype(np.float64)
        self.shapes = data["shapedirs"].astype(np.float64)
        posedirs = data["posedirs"]
        self.bends: NDArray[np.float32] = np.ascontiguousarray(
            posedirs.reshape(-1, posedirs.shape[-1]).T.astype(np.float32)
        )
        """(207, V * 3): how vertices give way as joints bend."""
        self.weights: NDArray[np.float32] = np.ascontiguousarray(data["weights"].astype(np.float32))
        """(V, 24)"""

    def of(self, betas: Floats) -> tuple[NDArray[np.float32], Floats]:
        """Vertices (V, 3) and joints (24, 3) at rest for a shape (10,)."""
        rest = self.template + self.shapes[:, :, : len(betas)] @ betas
        return rest.astype(np.float32), self.body_rest(betas[None])[0]


def pose(
    rest: NDArray[np.float32],
    joints: Floats,
    bends: NDArray[np.float32],
    weights: NDArray[np.float32],
    rel: Floats,
    transl: Floats,
) -> NDArray[np.float32]:
    """Posed vertices (T, V, 3) of one person.

    Args:
        rest: (V, 3) vertices and
        joints: (24, 3) joints of the shape at rest.
        bends: (207, V * 3) and
        weights: (V, 24) of the body.
        rel: (T, 24, 3, 3) rotations relative to the parent, row 0 the body.
        transl: (T, 3) added to every point.
    """
    n = len(rel)
    if n == 0:
        return np.zeros((0, len(rest), 3), np.float32)
    turn = np.empty((n, N_SMPL, 3, 3))
    place = np.empty((n, N_SMPL, 3))
    turn[:, 0], place[:, 0] = rel[:, 0], joints[0]
    for j in range(1, N_SMPL):
        p = SMPL_PARENTS[j]
        turn[:, j] = turn[:, p] @ rel[:, j]
        place[:, j] = place[:, p] + turn[:, p] @ (joints[j] - joints[p])
    shift = place - (turn @ joints[..., None])[..., 0] + transl[:, None]
    bones = np.concatenate([turn, shift[..., None]], -1).reshape(n, N_SMPL, 12).astype(np.float32)
    feature = (rel[:, 1:] - np.eye(3)).reshape(n, -1).astype(np.float32)
    bent = rest + (feature @ bends).reshape(n, -1, 3)
    # Coordinates first: products of long rows are many times faster than of triples.
    each = np.matmul(weights, bones).transpose(0, 2, 1).reshape(n, 3, 4, -1)
    x, y, z = (np.ascontiguousarray(bent[:, :, i])[:, None] for i in range(3))
    return np.ascontiguousarray((each[:, :, 0] * x + each[:, :, 1] * y + each[:, :, 2] * z + each[:, :, 3])
                                .transpose(0, 2, 1))  # fmt: skip
