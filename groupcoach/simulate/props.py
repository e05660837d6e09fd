"""Dumbbells: held in the hands, or lying on the floor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate import colours
from groupcoach.simulate.cutter import held_by, tube
from groupcoach.simulate.frame import frame_of
from groupcoach.simulate.people import Look
from groupcoach.simulate.rig import SIDES

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

#: A dumbbell along z: half its length, half the free bar, half width of the six-sided heads, half width of the bar.
_HALF_M, _FREE_M, _HEAD_M, _BAR_M = 0.10, 0.052, 0.040, 0.015
#: The bar below the hand joint and further out, in the T-pose with palms down; metres.
_BAR_AT: Final = (-0.002, -0.050, 0.012)
#: Where the two lie on the floor, metres to either side: beside the shoes, where hands come down (``rests.pick_up``).
_APART_M: Final = 0.27
_BAR_COLOUR: Final = (0.62, 0.63, 0.65)


@dataclass(frozen=True, eq=False)
class Prop:
    """Something that moves with a body, drawn as a :class:`~groupcoach.simulate.people.Look` is."""

    matrix: Any
    """Sparse (P, V): drawn vertices = matrix @ body vertices."""
    faces: Ints
    """(F, 3) of drawn vertices."""
    colours: Floats
    """(P, 3) of 0 to 1."""


def dumbbells(body: BodyModel, *, seed: int = 0) -> Prop:
    """A pair held in the hands, the bar across the palms; use with :func:`closed`. ``seed`` decides the colour."""
    from scipy import sparse

    frame = frame_of(body)
    points, faces, paint = _dumbbell(_colour(seed))
    blocks = []
    for side in SIDES:
        hand = frame.at[f"{side}_hand"]
        rows = np.flatnonzero(frame.owned(f"{side}_hand", f"{side}_wrist"))
        blocks.append(held_by(points + _bar(hand), frame.rest, rows))
    return Prop(
        sparse.vstack(blocks, format="csr"), np.concatenate([faces, faces + len(points)]), np.tile(paint, (2, 1))
    )


def lying(*, seed: int = 0) -> tuple[Floats, Ints, Floats]:
    """The same pair on the floor at the origin: bars along z, one on either side of the feet.

    Returns:
        Vertices (P, 3) metres (floor y = 0), faces (F, 3) and colours (P, 3) of 0 to 1.
    """
    points, faces, paint = _dumbbell(_colour(seed))
    pair = [points + np.array([x, _HEAD_M, 0.0]) for x in (_APART_M, -_APART_M)]
    return np.concatenate(pair), np.concatenate([faces, faces + len(points)]), np.tile(paint, (2, 1))


def closed(look: Look, body: BodyModel) -> Look:
    """The same person with the fingers of both hands closed around the bar that :func:`dumbbells` puts there."""
    from scipy import sparse

    frame = frame_of(body)
    move = sparse.identity(len(frame.rest), format="lil")
    for side in SIDES:
        hand = frame.at[f"{side}_hand"]
        sign = np.sign(hand[0])
        bar = _bar(hand)
        fingers = np.flatnonzero(frame.owned(f"{side}_hand") & (sign * (frame.rest[:, 0] - bar[0]) > 0))
        p = frame.rest[fingers]
        # Along the finger becomes around the bar; the finger's own thickness stays, its own bend is taken out.
        along = sign * (p[:, 0] - bar[0])
        near = (np.abs(p[:, None, 2] - p[None, :, 2]) < 0.012) & (np.abs(along[:, None] - along[None]) < 0.015)
        low, high = (f(np.where(near, p[None, :, 1], bad), 1) for f, bad in ((np.min, np.inf), (np.max, -np.inf)))
        share = (p[:, 1] - low) / np.maximum(high - low, 0.006)
        radius = _BAR_M + 0.002 + 0.019 * np.clip(share, 0, 1)
        start = np.clip(along / 0.02, 0, 1)  # the knuckles stay where they are
        angle = along / 0.030
        x, y = bar[0] + sign * radius * np.sin(angle), bar[1] + radius * np.cos(angle)
        bent = np.stack([p[:, 0] * (1 - start) + x * start, p[:, 1] * (1 - start) + y * start, p[:, 2]], 1)
        rows = np.flatnonzero(frame.owned(f"{side}_hand", f"{side}_wrist"))
        move[fingers] = held_by(bent, frame.rest, rows)
    return replace(look, matrix=(look.matrix @ move.tocsr()).tocsr())


def _colour(seed: int) -> Floats:
    return colours.pick(np.random.default_rng([seed, 14]), colours.DUMBBELLS)


def _bar(hand: Floats) -> Floats:
    out, down, front = _BAR_AT
    return np.asarray(hand + np.array([np.sign(hand[0]) * out, down, front]))


def _dumbbell(colour: Floats) -> tuple[Floats, Ints, Floats]:
    """Vertices (P, 3) about the origin, bar along z, flat sides below and above; faces (F, 3); colours (P, 3)."""
    six, four = np.arange(6) * np.pi / 3, np.arange(4) * np.pi / 2 + np.pi / 4

    def ring(turn: Floats, radius: float, z: float) -> Floats:
        return np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(len(turn), z)], 1)

    corner = _HEAD_M / np.cos(np.pi / 6)
    points, faces, paint, total = [], [], [], 0
    for low, high, turn, radius, tone in (
        (_FREE_M, _HALF_M, six, corner, colour),
        (-_HALF_M, -_FREE_M, six, corner, colour),
        (-_FREE_M, _FREE_M, four, _BAR_M, np.array(_BAR_COLOUR)),
    ):
        rings = np.array([ring(turn, radius, low), ring(turn, radius, high)])
        n = len(turn)
        points.append(rings.reshape(-1, 3))
        faces.append(tube(rings, total))
        if n == 6:  # the bar's ends are inside the heads
            k = np.arange(1, n - 1)
            faces += [np.stack([0 * k, k + 1, k], 1) + total, np.stack([0 * k, k, k + 1], 1) + total + n]
        paint.append(np.tile(tone, (2 * n, 1)))
        total += 2 * n
    return np.concatenate(points), np.concatenate(faces), np.concatenate(paint)
