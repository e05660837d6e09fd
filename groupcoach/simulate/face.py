"""Eyes, brows and mouth, laid on the front of the head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.cutter import Cutter, held_by
from groupcoach.simulate.frame import Frame

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]


def face(cutter: Cutter, frame: Frame) -> list[tuple[str, Any, Ints]]:
    """Pieces on the face: the colour class, a sparse (P, V) map and faces (F, 3) of its own vertices."""
    from scipy import sparse

    ear, nose = frame.at["left_ear"], frame.at["nose"]
    wide, up = abs(float(ear[0])), float(ear[1])
    corners = cutter.points[cutter.faces]
    near = np.flatnonzero((np.abs(corners[:, :, 1] - up) < 0.15).any(1) & (corners[:, :, 2].mean(1) > ear[2]))
    ring = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    ovals: list[tuple[str, float, float, float, float, float]] = [("mouth", 0.0, nose[1] - 0.036, 0.022, 0.005, 0.005)]
    for x in (-0.42 * wide, 0.42 * wide):
        ovals += [("white", x, up + 0.008, 0.015, 0.008, 0.004), ("dark", x, up + 0.008, 0.0075, 0.0078, 0.006),
                  ("brow", x, up + 0.031, 0.018, 0.004, 0.006)]  # fmt: skip
    fan = np.array([(0, 1 + k, 1 + (k + 1) % len(ring)) for k in range(len(ring))])
    middle = head_middle(frame)
    total = cutter.matrix.shape[0]
    pieces = []
    for kind, x0, y0, rx, ry, out in ovals:
        spots = [(x0, y0), *((x0 + rx * np.cos(a), y0 + ry * np.sin(a)) for a in ring)]
        rim = [_on_surface(corners[near], x, y) for x, y in spots]
        if any(hit is None for hit in rim):
            continue  # another body's head: without this feature
        hits = [hit for hit in rim if hit is not None]
        weights = np.concatenate([w for _, w in hits])
        columns = cutter.faces[near[[f for f, _ in hits]]].ravel()
        mix = sparse.csr_matrix((weights, (np.repeat(np.arange(len(hits)), 3), columns)), (len(hits), total))
        block = mix @ cutter.matrix
        # A little off the surface, along the line from the head's middle (between the ears).
        lifted = block * (1 + out / 0.1) - sparse.csr_matrix(np.ones((len(hits), 1))) @ (middle * (out / 0.1))
        pieces.append((kind, lifted.tocsr(), fan))
    return pieces


def head_middle(frame: Frame) -> Any:
    """Sparse (1, V) weights whose mean lies in the head, for pushing things off it."""
    centre = 0.5 * (frame.at["left_ear"] + frame.at["right_ear"])
    close = np.flatnonzero(np.linalg.norm(frame.rest - centre, axis=1) < 0.12)
    return held_by(frame.rest[close].mean(0)[None], frame.rest, close)


def _on_surface(corners: Floats, x: float, y: float) -> tuple[int, Floats] | None:
    """The foremost face (F, 3, 3) in front of the point (x, y), with barycentric weights (3,)."""
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    d1, d2, p = b - a, c - a, np.array([x, y]) - a
    area = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        v = (p[:, 0] * d2[:, 1] - p[:, 1] * d2[:, 0]) / area
        w = (d1[:, 0] * p[:, 1] - d1[:, 1] * p[:, 0]) / area
    weights = np.stack([1 - v - w, v, w], 1)
    hit = np.flatnonzero((weights >= -1e-9).all(1))
    if not len(hit):
        return None
    z = (weights[hit] * corners[hit, :, 2]).sum(1)
    best = int(hit[z.argmax()])
    return best, weights[best]
