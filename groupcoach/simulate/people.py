"""What a person looks like: shape, skin, hair and clothes, drawn from a seed.

Clothes are cut into the body's mesh (a sleeve ends where a plane crosses the arm), so edges are sharp however coarse
the mesh is, and stand off it; eyes, brows and mouth are laid on the face, hair on the head. All of it is one sparse
matrix: body vertices to drawn ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate import colours
from groupcoach.simulate.clothes import CLASSES, Outfit, draw_outfit, dress, stand_off
from groupcoach.simulate.cutter import Cutter, outline
from groupcoach.simulate.face import face
from groupcoach.simulate.frame import Frame, frame_of
from groupcoach.simulate.hair import Hair, beard_line, draw_hair, hairline, hanging, pushed, thickness
from groupcoach.simulate.rig import Skeleton
from groupcoach.skeleton import N_SMPL

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

#: Which layer a class lies in: 0 the skin, 1 hair, 2 beard, 3 the top, 4 the bottom.
_LAYER: Final = np.array([{"hair": 1, "beard": 2, "shirt": 3, "shirt2": 3, "trousers": 4, "trousers2": 4}.get(c, 0)
                          for c in CLASSES])  # fmt: skip
_N_LAYERS: Final = 5
#: Adults' heights, metres: mean and spread of women and men, and the limits of both.
_HEIGHTS_M: Final = {True: (1.64, 0.065), False: (1.77, 0.07)}
_SHORTEST_M, _TALLEST_M = 1.50, 1.95


@dataclass(frozen=True, eq=False)
class Look:
    """One person's body and paint."""

    betas: Floats
    """(10,)"""
    skeleton: Skeleton
    matrix: Any
    """Sparse (P, V): drawn vertices = matrix @ body vertices."""
    faces: Ints
    """(F, 3) of drawn vertices."""
    colours: Floats
    """(P, 3) of 0 to 1."""


def skeleton_of(body: BodyModel, betas: Floats) -> Skeleton:
    """The rest pose of a shape (10,); the floor is under its lowest vertex."""
    rest = body.vertices(np.eye(3)[None, None].repeat(N_SMPL, 1), betas[None], np.zeros((1, 3)))[0]
    joints = body.rest_joints(betas[None])[0]
    shown = body.joints(np.eye(3)[None, None].repeat(N_SMPL, 1), betas[None], np.zeros((1, 3)))[0, :N_SMPL]
    return Skeleton(joints, float(rest[:, 1].min() + (joints - shown)[0, 1]))


def draw_look(body: BodyModel, seed: int, *, uniform: int | None = None) -> Look:
    """A person from a seed.

    Args:
        body: the body model.
        seed: decides everything.
        uniform: clothes come from this seed instead, the same for everybody who gets it.
    """
    rng = np.random.default_rng([seed, 11])
    female = bool(rng.random() < 0.5)
    betas = draw_betas(body, rng, female)
    tone, skin = colours.skin(rng)
    hair_colour, hair = colours.hair(rng, tone), draw_hair(rng, female)
    if uniform is None:
        outfit = draw_outfit(np.random.default_rng([seed, 12]), female)
    else:
        outfit = draw_outfit(np.random.default_rng([uniform, 13]), None)
    matrix, faces, paint = _build(frame_of(body), hair, outfit, skin, hair_colour)
    return Look(betas, skeleton_of(body, betas), matrix, faces, paint)


@lru_cache(maxsize=4)
def _shape_axes(body: BodyModel) -> tuple[float, Floats, Floats]:
    """Height of the mean body, its change with each beta (10,), and the betas (10,) that add weight but no height."""
    shapes = np.concatenate([np.zeros((1, 10)), np.eye(10), -np.eye(10)])
    eye = np.eye(3)[None, None].repeat(N_SMPL, 1).repeat(len(shapes), 0)
    v = body.vertices(eye, shapes, np.zeros((len(shapes), 3))).astype(float)
    tall = np.ptp(v[:, :, 1], axis=1)
    a, b, c = (v[:, np.asarray(body.faces)[:, k]] for k in range(3))
    build = np.einsum("sfi,sfi->s", a, np.cross(b, c)) / tall**2
    taller, heavier = (0.5 * (x[1:11] - x[11:]) for x in (tall, build))
    heavier = heavier - taller * (heavier @ taller) / (taller @ taller)
    return float(tall[0]), taller, heavier / np.linalg.norm(heavier)


def draw_betas(body: BodyModel, rng: np.random.Generator, female: bool) -> Floats:
    """(10,) an adult of a drawn height and build: the first component is what brings the height about."""
    mean, taller, heavier = _shape_axes(body)
    betas = np.clip(rng.normal(0, 0.8, 10), -1.6, 1.6)
    # Most people are near the middle, some heavy, fewer very thin.
    betas += heavier * float(np.clip(rng.normal(0.3, 1.1) + rng.exponential(0.7), -1.8, 4.5))
    centre, spread = _HEIGHTS_M[female]
    height = float(np.clip(rng.normal(centre, spread), _SHORTEST_M, _TALLEST_M))
    betas[2] += -0.5 if female else 0.4
    betas[0] = 0.0
    betas[0] = np.clip((height - mean - taller @ betas) / taller[0], -2.4, 2.4)
    return betas


def _build(frame: Frame, hair: Hair, outfit: Outfit, skin: Floats, hair_colour: Floats) -> tuple[Any, Ints, Floats]:
    """Matrix (P, V), faces (F, 3) and colours (P, 3) of a dressed body."""
    from scipy import sparse

    cutter = Cutter(frame.faces, frame.rest)
    head = frame.owned("head", "neck").astype(float)
    grown = {}
    if hair.beard:
        grown["beard"] = cutter.line(beard_line(frame, cutter.points), cutter.share(head) > 0.6)
    if hair.style != "bald":
        grown["hair"] = cutter.line(hairline(frame, hair, cutter.points), cutter.share(head) > 0.6)
    classes_of = dress(cutter, frame, outfit)
    classes = classes_of()
    on_head = (cutter.share(head) > 0.6) & (classes == 0)
    for name, side in grown.items():
        classes[on_head & (side() > 0)] = CLASSES.index(name)

    points, n = cutter.points, len(cutter.points)
    top, bottom = stand_off(frame, outfit, points)
    thick = thickness(frame, hair, points)
    depth = np.stack([np.zeros(n), thick, np.full(n, 0.0025), top, bottom])
    # Corners (vertex, layer, class); between layers of different depth a hem closes the gap.
    layer = _LAYER[classes]
    corner = (cutter.faces * _N_LAYERS + layer[:, None]) * len(CLASSES) + classes[:, None]
    edges, mine, other = outline(layer, cutter.faces)
    gap = depth[layer[mine], edges[:, 0]] - depth[layer[other], edges[:, 0]]
    wide = gap > 5e-4
    edges, mine, other = edges[wide], mine[wide], other[wide]
    own, under = (
        (edges * _N_LAYERS + layer[f][:, None]) * len(CLASSES) + classes[mine][:, None] for f in (mine, other)
    )
    hems = [np.stack([own[:, 1], own[:, 0], under[:, 0]], 1), np.stack([own[:, 1], under[:, 0], under[:, 1]], 1)]
    unique, faces = np.unique(np.concatenate([corner, *hems]), return_inverse=True)
    faces = faces.reshape(-1, 3)
    vertex, at_layer, kind = (
        unique // len(CLASSES) // _N_LAYERS,
        unique // len(CLASSES) % _N_LAYERS,
        unique % len(CLASSES),
    )

    base, where, out = cutter.matrix[vertex], points[vertex], depth[at_layer, vertex]
    on_hair = (at_layer == 1) | (at_layer == 2)
    drawn = frame.out(base, where, np.where(on_hair, 0.0, out))
    hairy = np.flatnonzero(on_hair)
    if len(hairy):
        keep = sparse.diags((~on_hair).astype(float))
        put = sparse.csr_matrix(
            (np.ones(len(hairy)), (hairy, np.arange(len(hairy)))), (len(base.indptr) - 1, len(hairy))
        )
        drawn = keep @ drawn + put @ pushed(frame, base[hairy], where[hairy], out[hairy])
    paint = _paint(outfit, hair, skin, hair_colour)
    blocks, all_paint, total = [drawn], [paint[kind]], len(unique)
    all_faces: list[Ints] = [faces]
    for name, block, piece in [*face(cutter, frame), *hanging(frame, hair, cutter)]:
        blocks.append(block)
        all_faces.append(piece + total)
        all_paint.append(np.tile(paint[CLASSES.index(name)], (block.shape[0], 1)))
        total += block.shape[0]
    return sparse.vstack(blocks, format="csr"), np.concatenate(all_faces), np.concatenate(all_paint)


def _paint(outfit: Outfit, hair: Hair, skin: Floats, hair_colour: Floats) -> Floats:
    """(C, 3) the colour of each class."""
    stubble = 0.45 * skin + 0.55 * hair_colour
    paint = {
        "skin": skin, "hair": stubble if hair.style == "shaved" else hair_colour,
        "beard": 0.2 * skin + 0.8 * hair_colour,
        "white": np.full(3, 0.93), "dark": np.full(3, 0.1), "brow": 0.7 * np.minimum(hair_colour, 0.45),
        "mouth": skin * (0.78, 0.55, 0.55),
    } | outfit.colours  # fmt: skip
    return np.stack([paint[name] for name in CLASSES])
