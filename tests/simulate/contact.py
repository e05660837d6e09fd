"""Does a forearm or a hand pass through the body? Capsules about the bones, measured on ``default_skeleton()``."""

import numpy as np

from groupcoach.simulate.rig import SIDES
from groupcoach.skeleton import INDEX

FOREARM_M = 0.035
RADIUS_M = {"left_thigh": 0.075, "right_thigh": 0.075, "trunk": 0.11, "head": 0.09}
BONES = {"left_thigh": ("left_hip", "left_knee"), "right_thigh": ("right_hip", "right_knee"),
         "trunk": ("pelvis", "neck"), "head": ("neck", "head")}  # fmt: skip


def _nearest(a, b, c, d):
    """(T,) smallest distance between the segments ab and cd, each end (T, 3)."""
    s = np.linspace(0, 1, 9)[:, None, None]
    p = a + (b - a) * s  # points along the first, exact on the second
    v = d - c
    u = np.clip(((p - c) * v).sum(-1) / np.maximum((v * v).sum(-1), 1e-12), 0, 1)
    return np.linalg.norm(p - (c + u[..., None] * v), axis=-1).min(0)


def depths(joints):
    """How deep (m, > 0 is inside) each forearm and hand is at worst: {(side, part of the body): (metres, frame)}."""
    p = {name: joints[:, INDEX[name]] for name in INDEX if INDEX[name] < joints.shape[1]}
    out = {}
    for side in SIDES:
        for part, (c, d) in BONES.items():
            # The head is a ball about its joint and a little above it.
            lower = p["head"] if part == "head" else p[c]
            upper = p["head"] + 0.3 * (p["head"] - p["neck"]) if part == "head" else p[d]
            ends = (("elbow", "wrist"), ("wrist", "hand"))
            near = np.minimum(*(_nearest(p[f"{side}_{a}"], p[f"{side}_{b}"], lower, upper) for a, b in ends))
            inside = FOREARM_M + RADIUS_M[part] - near
            out[side, part] = (float(inside.max()), int(inside.argmax()))
    return out
