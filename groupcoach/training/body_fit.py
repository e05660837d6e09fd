"""Joints as means of vertices: how SMPL's layout says where the bones of a shape are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def fit_regressor(vertices: Floats, joints: Floats, near: int = 400, every: int = 1) -> Floats:
    """(J, V) sparse, non-negative, rows sum to 1: joints (S, J, 3) as means of vertices (S, V, 3).

    Each takes from its ``near`` nearest vertices, of those every ``every``-th.
    """
    from scipy.optimize import nnls

    out = np.zeros((joints.shape[1], vertices.shape[1]))
    for j in range(joints.shape[1]):
        away = np.linalg.norm(vertices[0] - joints[0, j], axis=-1)
        rows = np.argsort(away)[:near:every]
        a = vertices[:, rows].transpose(0, 2, 1).reshape(-1, len(rows))
        heavy = 30.0 * len(vertices)
        solution, _ = nnls(np.vstack([a, np.full((1, len(rows)), heavy)]), np.append(joints[:, j].ravel(), heavy))
        solution[solution < 1e-4] = 0
        out[j, rows] = solution / solution.sum()
    return out
