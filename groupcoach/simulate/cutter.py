"""A mesh that can be cut along lines, pushed outwards layer by layer and added to, always as one linear map.

Everything a simulated person wears is made with this: a drawn vertex is an affine mix of body vertices, so clothes,
hair and props follow any pose with one sparse product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
Mask = NDArray[np.bool_]

#: A vertex this near to a line is taken to lie on it: the cut goes through it and leaves no slivers.
_ON_M = 0.0025


class Cutter:
    """A mesh whose triangles can be cut where a field on its vertices crosses 0."""

    def __init__(self, faces: Ints, rest: Floats) -> None:
        """Args: faces: (F, 3); rest: (V, 3) metres, the body in its T-pose, y up."""
        from scipy import sparse

        self.faces = faces.astype(np.int64)
        self.matrix: Any = sparse.identity(len(rest), format="csr")
        """Sparse (P, V), rows sum to 1."""
        self.points = rest
        """(P, 3) where the vertices are in the T-pose."""
        self._kept: list[Floats] = []

    @property
    def middles(self) -> Floats:
        """(F, 3) middles of the faces in the T-pose."""
        return np.asarray(self.points[self.faces].mean(1))

    def share(self, of_vertices: Floats) -> Floats:
        """(F,) mean over each face's corners of values on the body's vertices (V,)."""
        return np.asarray((self.matrix @ of_vertices)[self.faces].mean(1))

    def line(self, field: Floats, among: Mask) -> Callable[[], Floats]:
        """Cut as :meth:`cut` does; returns what tells the side of each face (F,), also after more cuts.

        The field (above 0 or below) is carried along as it was interpolated for the cut, so that no face is on the
        wrong side of a bent line.
        """
        row = len(self._kept)
        self._kept.append(np.array(field, dtype=float))
        self.cut(field, among)
        return lambda: np.asarray(self._kept[row][self.faces].mean(1))

    def cut(self, field: Floats, among: Mask) -> None:
        """Split the faces of the mask ``among`` (F,) along field = 0 (the field (P,) is of the current vertices).

        Neighbours outside the mask are split at the shared edge too, so that no crack opens there.
        """
        from scipy import sparse

        n, f = len(field), self.faces
        sign = np.sign(np.where(np.abs(field) < _ON_M, 0, field))
        after = np.roll(f, -1, axis=1)
        key = np.minimum(f, after) * n + np.maximum(f, after)  # of the edges (F, 3), the k-th from corner k to the next
        edges = np.unique(key[among[:, None] & (sign[f] * sign[after] < 0)])
        if not len(edges):
            return
        i, j = edges // n, edges % n
        w = field[i] / (field[i] - field[j])
        k = np.arange(len(edges))
        mix = sparse.csr_matrix((np.r_[1 - w, w], (np.r_[k, k], np.r_[i, j])), (len(k), n))
        self.matrix = sparse.vstack([self.matrix, mix @ self.matrix], format="csr")
        self.points = np.concatenate([self.points, mix @ self.points])
        self._kept = [np.concatenate([kept, mix @ kept]) for kept in self._kept]
        new = n + np.minimum(np.searchsorted(edges, key), len(edges) - 1)
        hit = edges[new - n] == key
        count = hit.sum(1)

        def rolled(rows: Ints, first: Ints) -> tuple[Ints, ...]:
            """Corners a, b, c and the new vertices on the edges ab and ca, each face begun at the corner ``first``."""
            turn = (first[:, None] + np.arange(3)) % 3
            (a, b, c), (ab, _, ca) = np.take_along_axis(f[rows], turn, 1).T, np.take_along_axis(new[rows], turn, 1).T
            return a, b, c, ab, ca

        one, two = np.flatnonzero(count == 1), np.flatnonzero(count >= 2)
        a, b, c, ab, ca = rolled(two, ((~hit[two]).argmax(1) + 2) % 3)
        parts = [(a, ab, ca), (ab, b, c), (ab, c, ca)]
        a, b, c, ab, _ = rolled(one, hit[one].argmax(1))
        parts += [(a, ab, c), (ab, b, c)]
        self.faces = np.concatenate([f[count == 0], *(np.stack(p, 1) for p in parts)])


def affine_weights(points: Floats, anchors: Floats) -> Floats:
    """(P, A) weights, rows sum to 1, that put points (P, 3) into anchors (A, 3): the smallest that do it exactly.

    What is outside the anchors is reached by extrapolation, which is safe as long as they move (nearly) stiffly.
    """
    # Centred and in units of the anchors' spread, so that position and sum weigh alike.
    middle = anchors.mean(0)
    size = float(np.linalg.norm(anchors - middle, axis=1).mean())
    system = np.vstack([(anchors - middle).T / size, np.ones((1, len(anchors)))])
    wanted = np.vstack([(points - middle).T / size, np.ones((1, len(points)))])
    return np.asarray((np.linalg.pinv(system) @ wanted).T)


def spread(points: Floats, n: int) -> Ints:
    """Rows of ``n`` of the points (P, 3) that lie far from each other."""
    chosen = [int(np.linalg.norm(points - points.mean(0), axis=1).argmax())]
    away = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(n, len(points)):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def held_by(points: Floats, rest: Floats, rows: Ints) -> Any:
    """Sparse (P, V): points (P, 3) of the T-pose as affine mixes of the body's vertices ``rows``, e.g. of the head."""
    from scipy import sparse

    chosen = rows[spread(rest[rows], 16)]
    weights = affine_weights(points, rest[chosen])
    at = np.repeat(np.arange(len(points)), len(chosen))
    return sparse.csr_matrix((weights.ravel(), (at, np.tile(chosen, len(points)))), (len(points), len(rest)))


def tube(rings: Floats, first: int = 0, *, loop: bool = True) -> Ints:
    """Faces (F, 3) of rings (R, N, 3) joined one to the next, for vertices numbered from ``first`` row by row.

    Seen from outside, rings that run counter-clockwise when looked at against the way they are stacked face outwards.
    ``loop``: each ring is closed.
    """
    n_rings, n = rings.shape[:2]
    k = np.arange(n if loop else n - 1)
    out = []
    for r in range(n_rings - 1):
        a, b = first + r * n + k, first + r * n + (k + 1) % n
        out += [np.stack([a, b, b + n], 1), np.stack([a, b + n, a + n], 1)]
    return np.concatenate(out)


def outline(classes: Ints, faces: Ints) -> tuple[Ints, Ints, Ints]:
    """Edges where two kinds of face meet.

    Args:
        classes: (F,) the kind of each face.
        faces: (F, 3)

    Returns:
        Edges (E, 2) in the direction they have in the first face, and the rows (E,) of the first and second face. Each
        edge comes twice, once from either side.
    """
    u, v = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    owner = np.repeat(np.arange(len(faces)), 3)
    n = int(faces.max()) + 1
    key, back = u * n + v, v * n + u
    order = np.argsort(key)
    at = np.minimum(np.searchsorted(key[order], back), len(key) - 1)
    other = order[at]
    met = (key[other] == back) & (classes[owner] != classes[owner[other]])
    return np.stack([u, v], 1)[met], owner[met], owner[other][met]
