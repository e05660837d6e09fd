"""From a few easily blended channels (where the feet are, how far the elbow bends) to SMPL rotations.

A pose is a row of numbers (``Pose``), so two poses blend by plain interpolation. ``solve`` turns rows into rotations:
legs by two-bone inverse kinematics to the ankle targets, arms by angles or by inverse kinematics to a hand on the
floor or on the hips. Space: metres, y up, the person faces +z, its left is +x, the floor is y = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.skeleton import INDEX, N_SMPL, SMPL_PARENTS

Floats = NDArray[np.floating[Any]]
SIDES: Final = ("left", "right")
#: +1 on the person's left, -1 on the right: multiplies every x.
SIGN: Final = {"left": 1.0, "right": -1.0}

_BODY: Final = {"pelvis": 3, "tilt": 3, "spine": 3, "head": 3}
_SIDE: Final = {
    "ankle": 3, "foot": 3, "toe": 1, "knee": 3,
    "upper": 3, "flex": 1, "pole": 3, "roll": 1, "bend": 1, "collar": 1,
    "floor": 1, "floor_hand": 3, "floor_pole": 3, "floor_yaw": 1,
    "hip": 1, "hip_hand": 3, "hip_pole": 3,
}  # fmt: skip


def _layout() -> dict[str, slice]:
    out: dict[str, slice] = {}
    at = 0
    for name, size in [*_BODY.items(), *((f"{side}_{n}", s) for side in SIDES for n, s in _SIDE.items())]:
        out[name] = slice(at, at + size)
        at += size
    return out


#: Name of a channel -> its columns. Angles in radians. ``tilt`` is the pelvis: pitch (forward +), roll, yaw; ``spine``
#: and ``head`` the same relative to what carries them. ``ankle`` is where the ankle joint shall be, ``foot`` the foot's
#: pitch, roll, yaw in the room, ``toe`` bends the toes, ``knee`` the direction the knee points to. ``upper`` and
#: ``pole`` (where the elbow points) are in chest axes; ``floor`` is the weight of the hand being at ``floor_hand``
#: (room), ``hip`` that of being at ``hip_hand`` (pelvis axes).
CHANNELS: Final = _layout()
N_CHANNELS: Final = max(s.stop for s in CHANNELS.values())


class Pose:
    """Rows of channels over time; ``pose["left_ankle"]`` is a writable view (T, 3), one-wide channels are (T,)."""

    def __init__(self, rows: Floats) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Floats:
        columns = CHANNELS[name]
        return self.rows[:, columns.start] if columns.stop - columns.start == 1 else self.rows[:, columns]

    def __setitem__(self, name: str, value: Any) -> None:
        columns = CHANNELS[name]
        self.rows[:, columns] = np.reshape(value, (-1, 1)) if columns.stop - columns.start == 1 else value

    @classmethod
    def zeros(cls, n: int) -> Pose:
        """``n`` rows of nothing."""
        return cls(np.zeros((n, N_CHANNELS)))


def mix(a: Pose, b: Pose, w: Floats) -> Pose:
    """From ``a`` to ``b`` by the weight ``w`` (T,), every channel along a straight line.

    Elbows go by their hinge: blended as directions, a pole may pass along the upper arm, where the arm would flip.
    """
    w = w[:, None]
    out = Pose(a.rows * (1 - w) + b.rows * w)
    for side in SIDES:
        upper, pole = f"{side}_upper", f"{side}_pole"
        hinges = [unit(np.cross(unit(p[pole]), unit(p[upper]))) for p in (a, b)]
        out[pole] = np.cross(out[upper], hinges[0] * (1 - w) + hinges[1] * w)
    return out


def moved(pose: Pose, yaw: float, to_m: tuple[float, float]) -> Pose:
    """The same posture elsewhere: turned by ``yaw`` about the vertical at (0, 0), then moved by (x, z) ``to_m``."""
    out = Pose(pose.rows.copy())
    whole = rot("y", np.full(1, yaw))[0].T
    for name in ("pelvis", *(f"{side}_{n}" for side in SIDES for n in ("ankle", "floor_hand"))):
        out[name] = pose[name] @ whole + (to_m[0], 0.0, to_m[1])
    for name in (f"{side}_{n}" for side in SIDES for n in ("knee", "floor_pole")):
        out[name] = pose[name] @ whole
    for name in ("tilt", *(f"{side}_foot" for side in SIDES)):
        out[name] = pose[name] + (0.0, 0.0, yaw)
    for side in SIDES:
        out[f"{side}_floor_yaw"] = pose[f"{side}_floor_yaw"] + SIGN[side] * yaw
    return out


@dataclass(frozen=True, slots=False, eq=False)
class Skeleton:
    """The rest pose (T-pose) of one body."""

    joints_m: Floats
    """(24, 3) rest joints in SMPL axes."""
    floor_m: float
    """Height (y) of the lowest point of the rest body, shoes included."""

    def at(self, name: str) -> Floats:
        """(3,) rest place of a joint."""
        return np.asarray(self.joints_m[INDEX[name]])

    def bone(self, a: str, b: str) -> float:
        """Length from joint ``a`` to joint ``b``."""
        return float(np.linalg.norm(self.at(b) - self.at(a)))

    @cached_property
    def thigh_m(self) -> float:
        """Mean of both thighs."""
        return 0.5 * (self.bone("left_hip", "left_knee") + self.bone("right_hip", "right_knee"))

    @cached_property
    def shin_m(self) -> float:
        """Mean of both shins."""
        return 0.5 * (self.bone("left_knee", "left_ankle") + self.bone("right_knee", "right_ankle"))

    @cached_property
    def arm_m(self) -> float:
        """Shoulder to wrist, arm straight."""
        return self.bone("left_shoulder", "left_elbow") + self.bone("left_elbow", "left_wrist")

    @property
    def leg_m(self) -> float:
        """Hip to ankle, leg straight."""
        return self.thigh_m + self.shin_m

    @cached_property
    def ankle_m(self) -> float:
        """Height of the ankle joints over the sole."""
        return 0.5 * float(self.at("left_ankle")[1] + self.at("right_ankle")[1]) - self.floor_m

    @cached_property
    def ball_m(self) -> float:
        """Height of the ball of the foot (SMPL's foot joint) over the sole."""
        return 0.5 * float(self.at("left_foot")[1] + self.at("right_foot")[1]) - self.floor_m

    def ball_from_ankle(self, side: str) -> Floats:
        """(3,) rest offset of the ball of the foot from the ankle."""
        return self.at(f"{side}_foot") - self.at(f"{side}_ankle")

    def reach_at(self, knee_deg: Floats | float) -> Floats:
        """Hip-ankle distance when the knee's inner angle is ``knee_deg``."""
        a, b = self.thigh_m, self.shin_m
        return np.sqrt(a * a + b * b - 2 * a * b * np.cos(np.radians(knee_deg)))


def default_skeleton() -> Skeleton:
    """A plausible adult of 1.7 m, for tests and for work that needs no body."""
    half = {
        "hip": (0.09, 0.87, 0.0), "knee": (0.105, 0.49, 0.005), "ankle": (0.10, 0.08, -0.035),
        "foot": (0.12, 0.025, 0.09), "collar": (0.07, 1.36, 0.0), "shoulder": (0.17, 1.38, -0.01),
        "elbow": (0.44, 1.375, -0.03), "wrist": (0.69, 1.38, -0.03), "hand": (0.77, 1.375, -0.03),
    }  # fmt: skip
    middle = {
        "pelvis": (0.0, 0.95, 0.01), "spine_low": (0.0, 1.06, -0.01), "spine_mid": (0.0, 1.19, -0.01),
        "spine_high": (0.0, 1.25, 0.01), "neck": (0.0, 1.45, -0.02), "head": (0.0, 1.54, 0.02),
    }  # fmt: skip
    joints = np.zeros((N_SMPL, 3))
    for name, row in list(INDEX.items())[:N_SMPL]:
        side, _, rest = name.partition("_")
        joints[row] = np.array(half[rest]) * (SIGN[side], 1, 1) if side in SIGN else middle[name]
    return Skeleton(joints, 0.0)


# -- rotations -------------------------------------------------------------------------------------------------


def rot(axis: str, angle: Floats) -> Floats:
    """(T, 3, 3) turns by ``angle`` (T,) about the axis x, y or z."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out = np.zeros((*np.shape(angle), 3, 3))
    out[..., 0, 0] = out[..., 1, 1] = out[..., 2, 2] = 1.0
    out[..., i, i] = out[..., j, j] = c
    out[..., i, j], out[..., j, i] = -s, s
    return out


def turn(pitch_roll_yaw: Floats) -> Floats:
    """(T, 3) pitch, roll, yaw -> (T, 3, 3): yaw about y, then pitch about x, then roll about z."""
    p = pitch_roll_yaw
    return rot("y", p[..., 2]) @ rot("x", p[..., 0]) @ rot("z", p[..., 1])


def unit(v: Floats) -> Floats:
    """Vectors (..., 3) of length 1; a zero vector stays zero."""
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9))


def _frames(direction: Floats, hinge: Floats) -> Floats:
    """(..., 3, 3) axes whose first column is the bone, second the hinge made square to it."""
    h = unit(hinge - (hinge * direction).sum(-1, keepdims=True) * direction)
    return np.stack([direction, h, np.cross(direction, h)], axis=-1)


def _about(axis: Floats, angle: Floats) -> Floats:
    """(T, 3, 3) turns about unit vectors (T, 3) (Rodrigues)."""
    x, y, z = axis[:, 0], axis[:, 1], axis[:, 2]
    o = np.zeros_like(x)
    k = np.stack([np.stack([o, -z, y], -1), np.stack([z, o, -x], -1), np.stack([-y, x, o], -1)], -2)
    s, c = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.asarray(np.eye(3) + s * k + (1 - c) * (k @ k))


def _two_bones(root: Floats, target: Floats, a: float, b: float, pole: Floats) -> tuple[Floats, Floats, Floats]:
    """Directions of the upper and lower bone that reach ``target``, and the hinge axis; each (T, 3).

    A target out of reach is reached for, with the joint nearly straight. ``pole`` is where the joint between points.
    """
    way = target - root
    far = np.linalg.norm(way, axis=-1, keepdims=True)
    d = way / np.maximum(far, 1e-9)
    r = np.clip(far, abs(a - b) + 1e-4, (a + b) * 0.9999)
    cos = np.clip((a * a + r * r - b * b) / (2 * a * r), -1, 1)
    out = unit(pole - (pole * d).sum(-1, keepdims=True) * d)
    upper = cos * d + np.sqrt(1 - cos * cos) * out
    return upper, unit(r * d - a * upper), unit(np.cross(pole, d))


def _place(glob: Floats, place: Floats, skeleton: Skeleton, child: int) -> None:
    parent = SMPL_PARENTS[child]
    place[:, child] = place[:, parent] + glob[:, parent] @ (skeleton.joints_m[child] - skeleton.joints_m[parent])


def solve(skeleton: Skeleton, pose: Pose) -> tuple[Floats, Floats]:
    """Rotations of the poses.

    Returns:
        rel_rotmats (T, 24, 3, 3) relative to the parent in SMPL's order (row 0 in the room), and the pelvis (T, 3).
    """
    n = len(pose)
    glob = np.broadcast_to(np.eye(3), (n, N_SMPL, 3, 3)).copy()
    place = np.zeros((n, N_SMPL, 3))
    place[:, 0] = pose["pelvis"]
    glob[:, 0] = turn(pose["tilt"])
    third, half = turn(pose["spine"] / 3), turn(pose["head"] / 2)
    for name, step in (
        ("spine_low", third),
        ("spine_mid", third),
        ("spine_high", third),
        ("neck", half),
        ("head", half),
    ):
        row = INDEX[name]
        _place(glob, place, skeleton, row)
        glob[:, row] = glob[:, SMPL_PARENTS[row]] @ step
    for side in SIDES:
        _leg(skeleton, pose, side, glob, place)
        _arm(skeleton, pose, side, glob, place)
    rel = glob.copy()
    for row in range(1, N_SMPL):
        rel[:, row] = np.swapaxes(glob[:, SMPL_PARENTS[row]], -1, -2) @ glob[:, row]
    return rel, place[:, 0]


def _leg(skeleton: Skeleton, pose: Pose, side: str, glob: Floats, place: Floats) -> None:
    hip, knee, ankle, foot = (INDEX[f"{side}_{j}"] for j in ("hip", "knee", "ankle", "foot"))
    _place(glob, place, skeleton, hip)
    rest = skeleton.joints_m
    upper, lower, hinge = _two_bones(
        place[:, hip], pose[f"{side}_ankle"], skeleton.bone(f"{side}_hip", f"{side}_knee"),
        skeleton.bone(f"{side}_knee", f"{side}_ankle"), unit(pose[f"{side}_knee"]),
    )  # fmt: skip
    across = np.array([1.0, 0.0, 0.0])
    for row, direction, bone in ((hip, upper, rest[knee] - rest[hip]), (knee, lower, rest[ankle] - rest[knee])):
        glob[:, row] = _frames(direction, hinge) @ _frames(unit(bone), across).T
    glob[:, ankle] = turn(pose[f"{side}_foot"])
    glob[:, foot] = glob[:, ankle] @ rot("x", pose[f"{side}_toe"])


def _arm(skeleton: Skeleton, pose: Pose, side: str, glob: Floats, place: Floats) -> None:
    s = SIGN[side]
    collar, shoulder, elbow, wrist, hand = (
        INDEX[f"{side}_{j}"] for j in ("collar", "shoulder", "elbow", "wrist", "hand")
    )
    chest = glob[:, INDEX["spine_high"]]
    glob[:, collar] = chest @ rot("z", s * pose[f"{side}_collar"])
    _place(glob, place, skeleton, collar)
    _place(glob, place, skeleton, shoulder)
    a, b = skeleton.bone(f"{side}_shoulder", f"{side}_elbow"), skeleton.bone(f"{side}_elbow", f"{side}_wrist")

    def in_axes(axes: Floats, name: str) -> Floats:
        return np.asarray(np.einsum("tij,tj->ti", axes, pose[f"{side}_{name}"]))

    upper = unit(in_axes(chest, "upper"))
    hinge = unit(np.cross(unit(in_axes(chest, "pole")), upper))
    flex = pose[f"{side}_flex"][:, None]
    lower = upper * np.cos(flex) + np.cross(hinge, upper) * np.sin(flex)
    hips = _two_bones(place[:, shoulder], place[:, 0] + in_axes(glob[:, 0], "hip_hand"), a, b,
                      unit(in_axes(glob[:, 0], "hip_pole")))  # fmt: skip
    floor = _two_bones(place[:, shoulder], pose[f"{side}_floor_hand"], a, b, unit(pose[f"{side}_floor_pole"]))
    for weight, (u, low, h) in ((pose[f"{side}_hip"], hips), (pose[f"{side}_floor"], floor)):
        w = weight[:, None]
        upper, lower, hinge = (unit(x * (1 - w) + y * w) for x, y in ((upper, u), (lower, low), (hinge, h)))
    rest = skeleton.joints_m
    rest_hinge = np.array([0.0, -s, 0.0])
    for row, direction, bone in (
        (shoulder, upper, rest[elbow] - rest[shoulder]),
        (elbow, lower, rest[wrist] - rest[elbow]),
    ):
        glob[:, row] = _frames(direction, hinge) @ _frames(unit(bone), rest_hinge).T
    # Turning the palm is shared between forearm and hand, or the mesh wrings at the wrist.
    roll = -s * pose[f"{side}_roll"]
    flat = glob[:, elbow]
    glob[:, elbow] = _about(lower, 0.5 * roll) @ flat
    free = _about(hinge, pose[f"{side}_bend"]) @ _about(lower, roll) @ flat
    down = rot("y", -s * (np.pi / 2 - pose[f"{side}_floor_yaw"]))
    w3 = pose[f"{side}_floor"][:, None, None]
    mixed = free * (1 - w3) + down * w3
    glob[:, wrist] = _frames(unit(mixed[..., 0]), mixed[..., 1])
    glob[:, hand] = glob[:, wrist]


def joints_of(skeleton: Skeleton, rel_rotmats: Floats, pelvis_m: Floats) -> Floats:
    """(T, 24, 3) joints from rotations and the pelvis (forward kinematics)."""
    n = len(rel_rotmats)
    glob = np.empty((n, N_SMPL, 3, 3))
    place = np.empty((n, N_SMPL, 3))
    glob[:, 0], place[:, 0] = rel_rotmats[:, 0], pelvis_m
    for row in range(1, N_SMPL):
        glob[:, row] = glob[:, SMPL_PARENTS[row]] @ rel_rotmats[:, row]
        _place(glob, place, skeleton, row)
    return place
