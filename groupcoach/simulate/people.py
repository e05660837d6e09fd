"""What a person looks like: shape, skin, hair and clothes, drawn from a seed.

Clothes are cut into the body's mesh (a sleeve ends where a plane crosses the arm), so edges are sharp however coarse
the mesh is; eyes, brows and mouth are laid on the face. All of it is one sparse matrix: body vertices to drawn ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.rig import SIDES, Skeleton
from groupcoach.skeleton import INDEX, JOINTS, N_SMPL

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

SKINS: Final = ((240, 205, 182), (229, 184, 152), (206, 158, 122), (176, 124, 88), (140, 94, 64), (104, 68, 48),
                (84, 56, 42))  # fmt: skip
HAIRS: Final = ((28, 24, 22), (58, 38, 26), (92, 62, 38), (150, 112, 66), (196, 160, 100), (120, 60, 36),
                (140, 138, 136))  # fmt: skip
SHIRTS: Final = ((196, 48, 48), (38, 92, 168), (48, 140, 92), (232, 190, 64), (232, 232, 228), (44, 46, 54),
                 (126, 72, 150), (228, 120, 52), (80, 170, 190), (214, 110, 150))  # fmt: skip
TROUSERS: Final = ((38, 44, 62), (30, 30, 34), (86, 90, 98), (60, 76, 116), (70, 62, 56), (110, 48, 66))
SHOES: Final = ((236, 236, 236), (40, 40, 44), (200, 60, 60), (70, 120, 190), (170, 200, 70))
#: Colour classes of the drawn faces.
CLASSES: Final = ("skin", "hair", "shirt", "shirt2", "trousers", "shoes", "white", "dark", "mouth")


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


class _Cutter:
    """A mesh whose triangles can be cut where a field on its vertices crosses 0."""

    def __init__(self, faces: Ints, n: int) -> None:
        from scipy import sparse

        self.faces = faces.astype(np.int64)
        self.matrix = sparse.identity(n, format="csr")

    def cut(self, field: Floats, among: NDArray[np.bool_]) -> None:
        """Split the faces of the mask ``among`` (F,) along field = 0 (the field is of the current vertices)."""
        from scipy import sparse

        field = np.where(np.abs(field) < 1e-7, 1e-7, field)
        above = field[self.faces] > 0
        n_above = above.sum(1)
        mixed = among & (n_above > 0) & (n_above < 3)
        if not mixed.any():
            return
        # Roll each face so that its lone corner comes first.
        lone = np.where(n_above == 1, above.argmax(1), (~above).argmax(1))
        f = self.faces[mixed]
        roll = (lone[mixed][:, None] + np.arange(3)) % 3
        a, b, c = np.take_along_axis(f, roll, 1).T
        pairs = np.stack([np.concatenate([a, a]), np.concatenate([b, c])], 1)
        edges, where = np.unique(np.sort(pairs, 1), axis=0, return_inverse=True)
        i, j = edges.T
        w = field[i] / (field[i] - field[j])
        rows = np.arange(len(edges))
        mix = sparse.csr_matrix(
            (np.concatenate([1 - w, w]), (np.concatenate([rows, rows]), np.concatenate([i, j]))),
            shape=(len(edges), len(field)),
        )
        new = where.reshape(2, -1) + len(field)
        ab, ac = new
        self.matrix = sparse.vstack([self.matrix, mix @ self.matrix], format="csr")
        split = [np.stack(s, 1) for s in ((a, ab, ac), (ab, b, c), (ab, c, ac))]
        self.faces = np.concatenate([self.faces[~mixed], *split])


def skeleton_of(body: BodyModel, betas: Floats) -> Skeleton:
    """The rest pose of a shape (10,); the floor is under its lowest vertex."""
    rest = body.vertices(np.eye(3)[None, None].repeat(N_SMPL, 1), betas[None], np.zeros((1, 3)))[0]
    joints = body.rest_joints(betas[None])[0]
    shown = body.joints(np.eye(3)[None, None].repeat(N_SMPL, 1), betas[None], np.zeros((1, 3)))[0, :N_SMPL]
    return Skeleton(joints, float(rest[:, 1].min() + (joints - shown)[0, 1]))


def draw_look(body: BodyModel, seed: int) -> Look:
    """A person from a seed."""
    rng = np.random.default_rng([seed, 11])
    betas = np.clip(rng.normal(0, 1, 10), -2, 2)
    betas[0] = np.clip(betas[0], -1.1, 1.1)  # size: 1.6 to 1.85 m
    cutter, classes = _dress(body, rng)
    paint = _paint(rng)
    # One vertex per class that meets there: shading stays smooth, colours do not mix.
    keys = cutter.faces * len(CLASSES) + classes[:, None]
    unique, faces = np.unique(keys, return_inverse=True)
    matrix = cutter.matrix[unique // len(CLASSES)]
    return Look(betas, skeleton_of(body, betas), matrix, faces.reshape(-1, 3), paint[unique % len(CLASSES)])


def _paint(rng: np.random.Generator) -> Floats:
    def pick(table: tuple[tuple[int, int, int], ...]) -> Floats:
        return np.asarray(table[int(rng.integers(len(table)))]) / 255

    skin, hair, shirt, trousers, shoes = (pick(t) for t in (SKINS, HAIRS, SHIRTS, TROUSERS, SHOES))
    second = pick(SHIRTS) if rng.random() < 0.5 else 0.55 * shirt + 0.45
    mouth = skin * (0.78, 0.55, 0.55)
    return np.stack([skin, hair, shirt, second, trousers, shoes, np.full(3, 0.93), np.full(3, 0.1), mouth])


def _dress(body: BodyModel, rng: np.random.Generator) -> tuple[_Cutter, Ints]:
    """Cut the clothes; returns the cut mesh and the colour class of each face."""
    from groupcoach.mesh.body_model import REGIONS

    zero = np.zeros((1, 10))
    eye = np.eye(3)[None, None].repeat(N_SMPL, 1)
    rest = body.vertices(eye, zero, np.zeros((1, 3)))[0].astype(float)
    joints = body.joints(eye, zero, np.zeros((1, 3)))[0]
    at = {name: joints[INDEX[name]] for name in JOINTS}
    part = np.asarray(body.vertex_part)
    cutter = _Cutter(np.asarray(body.faces), len(rest))

    def centre() -> Floats:
        return np.asarray((cutter.matrix @ rest)[cutter.faces].mean(1))

    owner = {name: np.isin(part, [INDEX[n] for n in names]) for name, names in {
        "arm": [f"{s}_{j}" for s in SIDES for j in ("collar", "shoulder", "elbow", "wrist", "hand")],
        "leg": [f"{s}_{j}" for s in SIDES for j in ("hip", "knee", "ankle", "foot")],
        "head": ["head", "neck"],
    }.items()}  # fmt: skip

    def faces_of(name: str) -> NDArray[np.bool_]:
        weight = cutter.matrix @ owner[name].astype(float)
        return np.asarray(weight[cutter.faces].mean(1) > 0.5)

    sleeve = float(rng.choice([0.25, 0.45, 0.6, 0.97, 0.97 + 0.85]))
    leg = float(rng.choice([0.75, 0.95, 1.3, 1.88, 1.88, 1.88]))
    elbow, wrist = abs(at["left_elbow"][0]), abs(at["left_wrist"][0])
    shoulder = abs(at["left_shoulder"][0])
    sleeve_x = shoulder + sleeve * (elbow - shoulder) if sleeve < 1 else elbow + (sleeve - 0.97) * (wrist - elbow)
    hip, knee, ankle = (at[f"left_{j}"][1] for j in ("hip", "knee", "ankle"))
    leg_y = hip + leg * (knee - hip) if leg < 1 else knee + (leg - 1) * (ankle - knee)
    hem_y = float(at["pelvis"][1] - rng.uniform(-0.02, 0.05))
    pattern = rng.choice(["plain", "plain", "stripes", "band", "yoke"])
    chest, low = at["left_shoulder"][1], hem_y
    marks = {"plain": [], "band": [0.45, 0.7], "yoke": [0.72],
             "stripes": list(np.arange(0.1, 1.0, 0.12))}[str(pattern)]  # fmt: skip
    mark_y = [low + (chest - low) * m for m in marks]

    def cut(axis: int, level: float, mask: NDArray[np.bool_], fold: bool = False) -> None:
        value = (cutter.matrix @ rest)[:, axis]
        cutter.cut((np.abs(value) if fold else value) - level, mask)

    # Along hairline, neckline and shoes cut midway between vertices, which reads as a smooth line.
    for name in ("hair", "shoes", "shirt"):
        inside = cutter.matrix @ (np.asarray(body.regions) == REGIONS.index(name)).astype(float)
        mask = np.ones(len(cutter.faces), dtype=bool) if name != "shirt" else centre()[:, 1] > at["left_collar"][1]
        cutter.cut(inside - 0.5, mask)
    cut(0, sleeve_x, faces_of("arm"), fold=True)
    cut(1, leg_y, faces_of("leg"))
    cut(1, hem_y, ~faces_of("arm"))
    for y in mark_y:
        cut(1, y, np.abs(centre()[:, 0]) < elbow)

    region = cutter.matrix @ np.eye(len(REGIONS))[np.asarray(body.regions)]
    face_region = np.asarray(region)[cutter.faces].sum(1).argmax(1)
    mid = centre()
    names = np.array([CLASSES.index(r) for r in REGIONS])
    classes = names[face_region]
    head, arm, legs = faces_of("head"), faces_of("arm"), faces_of("leg")
    shod = face_region == REGIONS.index("shoes")
    trunk = ~head & ~shod & ~arm & (face_region != REGIONS.index("hair"))
    # The neckline stays where the body's own shirt begins.
    bare_neck = (face_region == REGIONS.index("skin")) & (mid[:, 1] > at["left_collar"][1])
    bare_neck &= np.abs(mid[:, 0]) < shoulder
    classes[trunk & ~bare_neck] = CLASSES.index("shirt")
    classes[trunk & (mid[:, 1] < hem_y)] = CLASSES.index("trousers")
    sleeved = arm & (np.abs(mid[:, 0]) < sleeve_x)
    classes[sleeved & ~bare_neck] = CLASSES.index("shirt")
    classes[arm & ~sleeved] = CLASSES.index("skin")
    classes[legs & ~shod & (mid[:, 1] < leg_y)] = CLASSES.index("skin")
    if mark_y:
        band = np.searchsorted(np.array(mark_y), mid[:, 1]) % 2 == 1
        classes[(classes == CLASSES.index("shirt")) & band & (np.abs(mid[:, 0]) < elbow)] = CLASSES.index("shirt2")
    return _face(cutter, classes, rest, at)


def _face(cutter: _Cutter, classes: Ints, rest: Floats, at: dict[str, Floats]) -> tuple[_Cutter, Ints]:
    """Lay eyes, brows and mouth on the front of the head."""
    from scipy import sparse

    ear, nose = at["left_ear"], at["nose"]
    wide, up = abs(float(ear[0])), float(ear[1])
    corners = (cutter.matrix @ rest)[cutter.faces]
    near = np.flatnonzero((np.abs(corners[:, :, 1] - up) < 0.15).any(1) & (corners[:, :, 2].mean(1) > ear[2]))
    ring = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    ovals: list[tuple[str, float, float, float, float, float]] = [("mouth", 0.0, nose[1] - 0.036, 0.022, 0.005, 0.005)]
    for x in (-0.42 * wide, 0.42 * wide):
        ovals += [("white", x, up + 0.008, 0.015, 0.008, 0.004), ("dark", x, up + 0.008, 0.0075, 0.0078, 0.006),
                  ("dark", x, up + 0.031, 0.018, 0.004, 0.006)]  # fmt: skip
    blocks, faces, kinds = [cutter.matrix], [cutter.faces], [classes]
    total = cutter.matrix.shape[0]
    for kind, x0, y0, rx, ry, out in ovals:
        spots = [(x0, y0), *((x0 + rx * np.cos(a), y0 + ry * np.sin(a)) for a in ring)]
        rim = [_on_surface(corners[near], x, y) for x, y in spots]
        if any(hit is None for hit in rim):
            continue  # another body's head: without this feature
        rows = []
        for hit in rim:
            assert hit is not None
            face, weights = hit
            # A little off the surface, along the line from the head's middle (between the ears).
            rows.append(sparse.csr_matrix((weights, ([0] * 3, cutter.faces[near[face]])), (1, total)) @ cutter.matrix)
        block = sparse.vstack(rows, format="csr")
        middle = _middle(rest, at)
        lifted = block * (1 + out / 0.1) - sparse.csr_matrix(np.ones((len(rows), 1))) @ (middle * (out / 0.1))
        first = sum(b.shape[0] for b in blocks)
        blocks.append(lifted.tocsr())
        fan = np.array([(first, first + 1 + k, first + 1 + (k + 1) % len(ring)) for k in range(len(ring))])
        faces.append(fan)
        kinds.append(np.full(len(fan), CLASSES.index(kind)))
    cutter.matrix = sparse.vstack(blocks, format="csr")
    cutter.faces = np.concatenate(faces)
    return cutter, np.concatenate(kinds)


def _middle(rest: Floats, at: dict[str, Floats]) -> Any:
    """(1, V) weights whose mean lies in the head, for pushing things off the face."""
    from scipy import sparse

    centre = 0.5 * (at["left_ear"] + at["right_ear"])
    close = np.flatnonzero(np.linalg.norm(rest - centre, axis=1) < 0.12)
    return sparse.csr_matrix((np.full(len(close), 1 / len(close)), ([0] * len(close), close)), (1, len(rest)))


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
