"""Meshes with the room's light on them, and how much of one lies in the picture."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.raster import Rasterizer
from groupcoach.simulate.scene import Scene

Floats = NDArray[np.floating[Any]]
Box = tuple[int, int, int, int]


class Mesh(NamedTuple):
    """Something to draw, in camera axes, with its light on it."""

    vertices: Floats
    faces: NDArray[np.integer[Any]]
    colours: Floats
    owner: int
    segments: NDArray[np.integer[Any]] | None
    """Added to ``owner``, by face; None for what never moves."""


class Lamp:
    """The light of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.towards = scene.camera.axes @ scene.light
        self.across = scene.camera.axes[:, 0]
        self.at = float(scene.camera.position_m[0])
        self.glow, self.slope = scene.glow, scene.slope
        self._around: dict[int, tuple[Any, Any]] = {}

    def lit(self, vertices: Floats, faces: Any, colours: Any, owner: int, segments: Any) -> Mesh:
        """A mesh (V, 3) in camera axes with colours (V, 3) of 0 to 1 as they look in this light."""
        facing = self.normals(vertices, faces) @ self.towards
        # Sky light from above, bounce from the floor, and the lamp; the shadow side keeps its roundness.
        level = 0.26 + 0.84 * np.maximum(0.5 + 0.5 * facing, 0) ** 1.6  # rounding takes it just below nothing
        gain = self.glow * (1 + self.slope * (float(self.across @ vertices.mean(0)) + self.at))
        return Mesh(vertices, faces, np.clip(colours * (gain * level)[:, None], 0, 1), owner, segments)

    def normals(self, vertices: Floats, faces: Any) -> Floats:
        """(V, 3) unit normals, as ``raster.vertex_normals``; which faces meet at a vertex is looked up once."""
        from scipy import sparse

        # Kept with the faces: an id is only theirs while they live.
        kept = self._around.get(id(faces))
        if kept is None:
            n = len(faces)
            ones = np.ones(3 * n, np.float32)
            around = sparse.csr_matrix((ones, (faces.reshape(-1), np.repeat(np.arange(n), 3))), (len(vertices), n))
            kept = self._around[id(faces)] = (faces, around)
        corners = vertices.astype(np.float32)[faces.T]
        (ax, ay, az), (bx, by, bz) = ((corners[k] - corners[0]).T for k in (1, 2))
        normal = kept[1] @ np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], 1)
        x, y, z = normal.T
        return np.asarray(normal / np.maximum(np.sqrt(x * x + y * y + z * z), 1e-12)[:, None])


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes (first and last column and row: left, top, right, bottom) share a pixel."""
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def inside(px: Floats, mesh: Mesh, width: int, height: int) -> float:
    """Share of a body's outline that lies in the picture, from a drawing of all of it 160 px high or wide."""
    low, high = np.nanmin(px, 0), np.nanmax(px, 0)
    scale = 160 / float((high - low).max())
    small = Rasterizer(164, 164)
    small.draw((px - low) * scale + 1, mesh.vertices[:, 2], mesh.faces, np.zeros((len(px), 3), np.uint8), 0)
    rows, columns = np.nonzero(small.owner == 0)
    x, y = (columns - 1) / scale + low[0], (rows - 1) / scale + low[1]
    if not len(x):  # so near that all of it is a thousand times larger than the picture
        return 0.0
    return float(((x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)).mean())
