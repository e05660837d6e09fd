"""Places on the built body that SMPL's layout has no name for: nose, ears, heels, toes, and what is clothed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import INDEX, JOINTS, N_SMPL

Floats = NDArray[np.floating[Any]]

#: ``region`` of the file is an index into this.
REGIONS = ("skin", "hair", "shirt", "trousers", "shoes")


def extra_points(template: Floats, part: NDArray[np.int64]) -> Floats:
    """(7, V) rows that average a few vertices at each of ``JOINTS[24:]`` on the T-posed template (V, 3)."""
    out = np.zeros((len(JOINTS) - N_SMPL, len(template)))
    head = np.flatnonzero(part == INDEX["head"])
    # The ear is the widest place of the head behind its middle; the neck's flare below the jaw is left out.
    skull = head[template[head, 1] > np.percentile(template[head, 1], 25)]
    for row, name in enumerate(JOINTS[N_SMPL:]):
        side = {"left": 1.0, "right": -1.0}.get(name.partition("_")[0], 0.0)
        foot = np.isin(part, [INDEX[f"{name.partition('_')[0]}_{j}"] for j in ("ankle", "foot")]) if side else None
        if name == "nose":
            rows, along, span = skull, template[skull, 2], 0.006
        elif name.endswith("ear"):
            rows, along, span = skull, side * template[skull, 0], 0.015
        else:
            assert foot is not None
            rows = np.flatnonzero(foot)
            # Only the lower half of the foot: the calf end of the ankle's skin can reach further back than the heel.
            rows = rows[template[rows, 1] < template[rows, 1].min() + 0.05]
            along, span = (1 if name.endswith("toe") else -1) * template[rows, 2], 0.015
        chosen = rows[along > along.max() - span]
        out[row, chosen] = 1 / len(chosen)
    return out


def regions(template: Floats, part: NDArray[np.int64], joints: Floats) -> NDArray[np.int64]:
    """(V,) index into :data:`REGIONS`: short sleeves, long trousers, shoes, and short hair."""
    out = np.zeros(len(template), dtype=np.int64)

    def of(*names: str) -> NDArray[np.bool_]:
        return np.isin(part, [INDEX[n] for n in names])

    sides = ("left", "right")
    waist = joints[INDEX["pelvis"], 1] + 0.25 * (joints[INDEX["spine_low"], 1] - joints[INDEX["pelvis"], 1])
    trunk = of("pelvis", "spine_low", "spine_mid", "spine_high", *(f"{s}_collar" for s in sides))
    legs = of(*(f"{s}_{j}" for s in sides for j in ("hip", "knee")))
    sleeve = 0.35 * joints[INDEX["left_shoulder"], 0] + 0.65 * joints[INDEX["left_elbow"], 0]
    sleeves = of("left_shoulder", "right_shoulder") & (np.abs(template[:, 0]) < sleeve)
    out[trunk | sleeves] = REGIONS.index("shirt")
    out[(trunk & (template[:, 1] < waist)) | legs] = REGIONS.index("trousers")
    out[of(*(f"{s}_{j}" for s in sides for j in ("ankle", "foot")))] = REGIONS.index("shoes")
    head = of("head")
    top, chin = template[head, 1].max(), template[head, 1].min()
    front, back = template[head, 2].max(), template[head, 2].min()
    high = (template[:, 1] - chin) / (top - chin)
    forward = (template[:, 2] - back) / (front - back)
    out[head & ((high > 0.86) | ((high > 0.35) & (forward < 0.42)) | ((high > 0.72) & (forward < 0.62)))] = (
        REGIONS.index("hair")
    )
    return out
