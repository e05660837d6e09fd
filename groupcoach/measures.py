"""Measures that gates and form rules speak of, for everybody at once. Pure numpy.

A measure is one number of one body in one frame: a joint angle as the mean of both sides (the better seen side
counts more), a difference, a distance in torso lengths. Each has a standard deviation; NaN = not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from groupcoach.records import Floats
from groupcoach.skeleton import ANGLE_INDEX, INDEX

_MEANS: Final = ("knee", "hip", "elbow", "shoulder", "ankle", "shin_lean", "thigh_lean")
_GAPS: Final = ("knee", "elbow", "shoulder")
MEASURES: Final[tuple[str, ...]] = (
    *_MEANS, "knee_low", "elbow_low", "waist", "trunk_lean", "trunk_minus_shin", "knees_inside_feet", "hip_sag",
    "hip_pike", "trunk_swing", "trunk_back", "leg_lean", "head_lean", "heel_lift", "hips_tilt", "left_ahead",
    "off_stand", "side_step", "left_bends", "feet_apart", "front_up",
    *(f"{name}_gap" for name in _GAPS), "shoulder_doubt", "knees_differ",
)  # fmt: skip
#: Left less right: a rule looks at the size, the sign says which side is behind.
TWO_SIDED: Final = frozenset({"hips_tilt", *(f"{name}_gap" for name in _GAPS)})
MEASURE_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(MEASURES)}
_SQUARE: Final = 0.6
"""Share of the body's width that the camera sees, for the picture to say how far the feet are apart."""
_PICTURE_DEG: Final = 3.0
_FACING: Final = 0.88
"""The same for a body that is seen from the front or from behind: within 28 degrees."""
_PICTURE_TORSO: Final = 0.075
"""Deviation of the distance between two pairs of joints in the picture, torso lengths."""
_BELIEVED_TORSO: Final = 0.25
_STRANGE_DEG: Final = 12.0
"""Flying arms deceive the body's feet by 8."""
_UNSEEN_M: Final = 0.09
"""Ankles less sure than this are behind somebody."""
_SHARED: Final = {"shoulder": 0.35, "knee": 0.5, "elbow": 1.0}
"""Deviation of the difference between two sides, in that of two angles that are off by themselves: what the networks
get wrong of shoulders they get wrong on both sides (580 raises and jumping jacks: 4.4 to 4.9 degrees, stated 15), of
knees half of it (344 squats: 7, stated 14); an elbow that is half hidden is off by itself."""
_TRUNK_AND_SHIN: Final = 0.45
"""The same of trunk and shin (231 squats: 7.8 where 16 were stated)."""
_LEAN: Final = 0.65
"""Deviation of the trunk's lean in the one that is stated (139 lunges: 6.2, and less than truth where it is much)."""
_STRIDE: Final = 0.3
"""Torso lengths from foot to foot, from which one of them is in front."""
VIEWS: Final = ("front", "back", "side", "oblique")


def weighted_mean(deg: Floats, sigma: Floats, names: Sequence[str]) -> tuple[Floats, Floats]:
    """(N,) mean of named angles and its standard deviation; a side that is seen better counts more."""
    columns = [ANGLE_INDEX[n] for n in names]
    value, weight = deg[:, columns], 1.0 / np.maximum(sigma[:, columns], 1.0) ** 2
    weight = np.where(np.isfinite(value) & np.isfinite(weight), weight, 0.0)
    total = weight.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0, (np.where(weight > 0, value, 0.0) * weight).sum(1) / total, np.nan)
        return mean, np.where(total > 0, 1 / np.sqrt(total), np.nan)


def measure_all(
    joints_m: Floats, sigma_m: Floats, deg: Floats, sigma_deg: Floats, joints_px: Floats | None = None
) -> tuple[Floats, Floats]:
    """(N, M) values and standard deviations in ``MEASURES`` order.

    Args:
        joints_m: (N, J, 3) camera axes.
        sigma_m: (N, J)
        deg: (N, A)
        sigma_deg: (N, A)
        joints_px: (N, J, 2) in the picture, where the feet are seen better than they are guessed in space.
    """
    n = len(joints_m)
    value, sigma = np.full((n, len(MEASURES)), np.nan), np.full((n, len(MEASURES)), np.nan)
    if n == 0:
        return value, sigma

    def put(name: str, v: Floats, s: Floats) -> None:
        value[:, MEASURE_INDEX[name]], sigma[:, MEASURE_INDEX[name]] = v, np.where(np.isnan(v), np.nan, s)

    for name in _MEANS:
        put(name, *weighted_mean(deg, sigma_deg, (f"left_{name}", f"right_{name}")))
    for name in ("knee", "elbow"):  # of the side that is bent more
        sides = [ANGLE_INDEX[f"left_{name}"], ANGLE_INDEX[f"right_{name}"]]
        low = np.argmin(deg[:, sides], axis=1)[:, None]
        put(f"{name}_low", deg[:, sides].min(1), np.take_along_axis(sigma_deg[:, sides], low, 1)[:, 0])
    lean, lean_s = deg[:, ANGLE_INDEX["trunk_lean"]], sigma_deg[:, ANGLE_INDEX["trunk_lean"]]
    put("trunk_lean", lean, _LEAN * lean_s)
    put("waist", deg[:, ANGLE_INDEX["waist"]], sigma_deg[:, ANGLE_INDEX["waist"]])
    shin, shin_s = value[:, MEASURE_INDEX["shin_lean"]], sigma[:, MEASURE_INDEX["shin_lean"]]
    put("trunk_minus_shin", lean - shin, _TRUNK_AND_SHIN * np.hypot(lean_s, shin_s))
    p = {name: joints_m[:, INDEX[name]] for name in INDEX}
    torso = np.linalg.norm(p["neck"] - p["pelvis"], axis=-1)
    back = _lean_back(p)
    put("trunk_back", back, lean_s)
    put("trunk_swing", back, lean_s)
    for name in _GAPS:
        left, right = ANGLE_INDEX[f"left_{name}"], ANGLE_INDEX[f"right_{name}"]
        put(
            f"{name}_gap",
            deg[:, left] - deg[:, right],
            _SHARED[name] * np.hypot(sigma_deg[:, left], sigma_deg[:, right]),
        )
    arms_s = sigma_deg[:, [ANGLE_INDEX["left_shoulder"], ANGLE_INDEX["right_shoulder"]]].max(1)
    put("shoulder_doubt", arms_s, np.ones(n))
    put("knees_differ", np.abs(value[:, MEASURE_INDEX["knee_gap"]]), sigma[:, MEASURE_INDEX["knee_gap"]])
    put("leg_lean", *_lean((p["left_ankle"] + p["right_ankle"]) / 2, p["pelvis"], lean_s))
    put("head_lean", *_lean(p["pelvis"], p["head"], lean_s))
    put("heel_lift", *_heels(p, sigma_m))
    put("left_bends", -value[:, MEASURE_INDEX["knee_gap"]], sigma[:, MEASURE_INDEX["knee_gap"]])
    bent = 180 - value[:, MEASURE_INDEX["knee_low"]]
    apart = _apart(p)
    seen, believed = (_feet_apart(p, sigma_m, apart, px) for px in (joints_px, None))
    hidden = sigma_m[:, [INDEX["left_ankle"], INDEX["right_ankle"]]].max(1) > _UNSEEN_M
    feet, feet_s = _of_these_feet(seen, believed)
    put("feet_apart", np.where(hidden, np.nan, feet), feet_s)
    put("side_step", bent + 0.4 * apart, sigma[:, MEASURE_INDEX["knee_low"]])
    leg = value[:, MEASURE_INDEX["leg_lean"]]
    put("off_stand", 0.5 * leg + 0.2 * lean + 0.15 * value[:, MEASURE_INDEX["shoulder"]], lean_s)
    hips = p["left_hip"] - p["right_hip"]
    wide = np.linalg.norm(hips, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        tilt = np.degrees(np.arcsin(np.clip(-hips[:, 1] / wide, -1, 1)))
        put("hips_tilt", tilt, 3.0 + np.degrees(0.3 * sigma_m[:, INDEX["left_hip"]] / wide))
        feet = ((p["left_ankle"] - p["right_ankle"]) * _forward(p)).sum(-1)
        put("left_ahead", feet / torso, 2 * sigma_m[:, INDEX["left_ankle"]] / torso)
        # how much higher the foot in front stands; with feet side by side there is none in front
        front = np.clip(feet / torso / _STRIDE, -1, 1)
        higher = (p["right_ankle"] - p["left_ankle"])[:, 1] / torso
        put("front_up", front * higher, 1.5 * sigma_m[:, INDEX["left_ankle"]] / torso)
    put("knees_inside_feet", *_knees_inside(p, sigma_m, joints_m, joints_px))
    sag, sag_s = _sag(p, sigma_m)
    put("hip_sag", sag, sag_s)
    put("hip_pike", -sag, sag_s)
    return value, sigma


def _forward(p: dict[str, Floats]) -> Floats:
    """(N, 3) level unit vector to where the body faces: square to the line of its shoulders and hips."""
    across = p["left_shoulder"] - p["right_shoulder"] + p["left_hip"] - p["right_hip"]
    with np.errstate(invalid="ignore", divide="ignore"):
        forward = np.stack([-across[:, 2], np.zeros(len(across)), across[:, 0]], -1)
        result: Floats = -forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    return result


def _lean_back(p: dict[str, Floats]) -> Floats:
    """(N,) degrees that the trunk leans back; forward is negative."""
    trunk = p["neck"] - p["pelvis"]
    result: Floats = -np.degrees(np.arctan2((trunk * _forward(p)).sum(-1), -trunk[:, 1]))
    return result


def _lean(low: Floats, high: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """(N,) degrees of a line against the vertical; as sure as the trunk's."""
    line = high - low
    with np.errstate(invalid="ignore", divide="ignore"):
        share = -line[:, 1] / np.linalg.norm(line, axis=-1)
        return np.degrees(np.arccos(np.clip(share, -1, 1))), sigma


def legs_apart(joints_m: Floats, joints_px: Floats | None) -> Floats:
    """(N,) degrees between the legs, as ``feet_apart`` has it.

    Args:
        joints_m: (N, J, 3) camera axes.
        joints_px: (N, J, 2) where the picture shows them.
    """
    p = {name: joints_m[:, row] for name, row in INDEX.items()}
    return _feet_apart(p, np.zeros(joints_m.shape[:2]), _apart(p), joints_px)[0]


def _apart(p: dict[str, Floats]) -> Floats:
    """(N,) degrees between the lines from the middle of the hips to the two ankles."""
    u, v = (p[f"{side}_ankle"] - p["pelvis"] for side in ("left", "right"))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (u * v).sum(-1) / np.linalg.norm(u, axis=-1) / np.linalg.norm(v, axis=-1)
        result: Floats = np.degrees(np.arccos(np.clip(share, -1, 1)))
    return result


def _feet_apart(p: dict[str, Floats], sigma_m: Floats, apart: Floats, px: Floats | None) -> tuple[Floats, Floats]:
    """(N,) degrees between the legs: as the picture has it from the front and the back, else as the body has it.

    Arms that fly up make a regressor believe in a jumping jack: it put 26 degrees between legs that the picture
    showed 18 apart. From the side the feet part along the line of sight, where neither sees much of it.
    """
    across = p["left_shoulder"] - p["right_shoulder"] + p["left_hip"] - p["right_hip"]
    legs = [np.linalg.norm(p[f"{side}_ankle"] - p["pelvis"], axis=-1) for side in ("left", "right")]
    with np.errstate(invalid="ignore", divide="ignore"):
        square, away = np.abs(across[:, ::2].T) / np.linalg.norm(across, axis=-1)
        ends = np.hypot(sigma_m[:, INDEX["left_ankle"]] / legs[0], sigma_m[:, INDEX["right_ankle"]] / legs[1])
        sigma = np.degrees(ends * (1 + 2 * away))
        if px is None:
            return apart, sigma
        hips = (px[:, INDEX["left_hip"]] + px[:, INDEX["right_hip"]]) / 2
        u, v = (px[:, INDEX[f"{side}_ankle"]] - hips for side in ("left", "right"))
        share = (u * v).sum(-1) / np.linalg.norm(u, axis=-1) / np.linalg.norm(v, axis=-1)
        half = np.tan(np.arccos(np.clip(share, -1, 1)) / 2) / square
        seen = np.isfinite(half) & (square > _SQUARE)
        return np.where(seen, np.degrees(2 * np.arctan(half)), apart), np.where(seen, _PICTURE_DEG / square, sigma)


def _of_these_feet(picture: tuple[Floats, Floats], body: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """``feet_apart`` of the picture, but of the body where the two are too far apart to be the same feet.

    Legs behind somebody in front: the picture's ankles are then anywhere, of a jumping jack 6 and 39 degrees apart
    within half a second.
    """
    with np.errstate(invalid="ignore"):
        strange = np.abs(picture[0] - body[0]) > _STRANGE_DEG
    return np.where(strange, body[0], picture[0]), np.where(strange, body[1], picture[1])


def _knees_inside(
    p: dict[str, Floats], sigma_m: Floats, joints_m: Floats, joints_px: Floats | None
) -> tuple[Floats, Floats]:  # fmt: skip
    """(N,) torso lengths that the knees are nearer to each other than the ankles: the picture's, from front and back.

    Of 119 frames of bent knees 0.24 inside the feet a regressor, which knows how people squat, made 0.09, the picture
    0.29; of 1,573 sound ones (0.16 outside) 95 % lay below 0.07 and 0.13.
    """
    torso = np.linalg.norm(p["neck"] - p["pelvis"], axis=-1)
    pairs = [INDEX[f"{side}_{name}"] for name in ("ankle", "knee") for side in ("left", "right")]
    across = p["left_shoulder"] - p["right_shoulder"] + p["left_hip"] - p["right_hip"]
    wide = np.abs(joints_m[:, pairs[::2], 0] - joints_m[:, pairs[1::2], 0])
    with np.errstate(invalid="ignore", divide="ignore"):
        # four places across the picture, a third of whose variance lies that way
        value, sigma = (wide[:, 0] - wide[:, 1]) / torso, 1.15 * sigma_m[:, pairs].max(1) / torso
        if joints_px is None:
            return value, sigma
        flat, px = joints_m[..., :2] - p["pelvis"][:, None, :2], joints_px - joints_px[:, [INDEX["pelvis"]]]
        known = np.isfinite(flat).all(-1, keepdims=True) & np.isfinite(px).all(-1, keepdims=True)
        flat, px = np.where(known, flat, 0.0), np.where(known, px, 0.0)
        per_m = (px * flat).sum((1, 2)) / (flat**2).sum((1, 2))
        far = joints_m[:, pairs, 2] / p["pelvis"][:, None, 2]  # what is nearer to the camera looks wider
        seen = np.abs(joints_px[:, pairs[::2], 0] - joints_px[:, pairs[1::2], 0]) * (far[:, ::2] + far[:, 1::2]) / 2
        there = np.abs(across[:, 0]) / np.linalg.norm(across, axis=-1) > _FACING
        there &= sigma_m[:, pairs].max(1) <= _UNSEEN_M
        picture = (seen[:, 0] - seen[:, 1]) / per_m / torso
        there &= np.isfinite(picture)
        # both networks may be wrong about one leg, but not so far from how people squat
        picture = np.minimum(picture, value + _BELIEVED_TORSO)
        return np.where(there, picture, value), np.where(there, _PICTURE_TORSO, sigma)


def _heels(p: dict[str, Floats], sigma_m: Floats) -> tuple[Floats, Floats]:
    """(N,) degrees that the heels stand higher than the toes, mean of both feet."""
    lifts = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for side in ("left", "right"):
            foot = p[f"{side}_toe"] - p[f"{side}_heel"]
            lifts.append(np.degrees(np.arcsin(np.clip(foot[:, 1] / np.linalg.norm(foot, axis=-1), -1, 1))))
    return (lifts[0] + lifts[1]) / 2, 4.0 + np.degrees(sigma_m[:, INDEX["left_heel"]])


def _sag(p: dict[str, Floats], sigma_m: Floats) -> tuple[Floats, Floats]:
    """(N,) degrees that the hips hang below the line from shoulders to ankles (negative: stand above it)."""
    top = (p["left_shoulder"] + p["right_shoulder"]) / 2
    feet = (p["left_ankle"] + p["right_ankle"]) / 2
    hips = (p["left_hip"] + p["right_hip"]) / 2
    u, v = top - hips, feet - hips
    with np.errstate(invalid="ignore", divide="ignore"):
        inner = np.degrees(np.arccos(np.clip((u * v).sum(-1) / np.linalg.norm(u, axis=-1)
                                             / np.linalg.norm(v, axis=-1), -1, 1)))  # fmt: skip
        line = feet - top
        share = ((hips - top) * line).sum(-1) / (line**2).sum(-1)
        below = hips[:, 1] - (top + share[:, None] * line)[:, 1]
        sigma = np.degrees(sigma_m[:, INDEX["pelvis"]] / np.linalg.norm(u, axis=-1)) + 4.0
    return np.where(below > 0, 180 - inner, inner - 180), sigma


def facing(joints_m: Floats) -> list[str]:
    """From where the camera sees each body (N): ``front``, ``back``, ``side`` or ``oblique``."""
    across = (
        joints_m[:, INDEX["left_shoulder"]] - joints_m[:, INDEX["right_shoulder"]]
        + joints_m[:, INDEX["left_hip"]] - joints_m[:, INDEX["right_hip"]]
    )  # fmt: skip
    flat = np.hypot(across[:, 0], across[:, 2])
    turn = np.abs(across[:, 0]) / np.maximum(flat, 1e-9)
    out = []
    for k in range(len(joints_m)):
        if not np.isfinite(turn[k]) or flat[k] < 0.1:
            out.append("oblique")
        elif turn[k] > _FACING:
            out.append("front" if across[k, 0] > 0 else "back")
        else:
            out.append("side" if turn[k] < 0.47 else "oblique")
    return out
