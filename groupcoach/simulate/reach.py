"""Where arms go while the legs work: on the hips, before the chest, along the thighs; and how far a trunk leans."""

from __future__ import annotations

import itertools
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.rig import SIGN, Pose, Skeleton, joints_of, rot, solve, turn
from groupcoach.simulate.stance import arm
from groupcoach.simulate.tempo import ease
from groupcoach.skeleton import INDEX

Floats = NDArray[np.floating[Any]]

#: What a person's arms do in squats and lunges.
SQUAT_ARMS: Final = ("forward", "swing", "hips", "chest", "low", "behind_head", "goblet", "forward")
LUNGE_ARMS: Final = ("hips", "hips", "hang", "chest")


def add(pose: Pose, name: str, amount: Any, axis: int) -> None:
    """Add to one column of a channel."""
    rows = pose[name].copy()
    rows[:, axis] += amount
    pose[name] = rows


def lean_by(pose: Pose, pitch: Floats, round_share: float, head: float = 0.55) -> None:
    """Lean the trunk forward by ``pitch`` (T,) radians, a share of it in the back; the head looks up again."""
    add(pose, "tilt", pitch * (1 - round_share), 0)
    add(pose, "spine", pitch * round_share, 0)
    add(pose, "head", -head * pitch, 0)


def trunk_lean(skeleton: Skeleton, pose: Pose) -> Floats:
    """(T,) degrees that the line from pelvis to neck leans forward."""
    joints = joints_of(skeleton, *solve(skeleton, pose))
    line = joints[:, INDEX["neck"]] - joints[:, INDEX["pelvis"]]
    return np.degrees(np.arctan2(line[:, 2], line[:, 1]))


def chest_pitch(pose: Pose) -> Floats:
    """(T,) degrees that the chest leans forward."""
    return np.degrees(pose["tilt"][:, 0] + pose["spine"][:, 0])


def shoulder_at(skeleton: Skeleton, pose: Pose, side: str) -> Floats:
    """(T, 3) where a shoulder joint is."""
    axes, third, place = turn(pose["tilt"]), turn(pose["spine"] / 3), pose["pelvis"]
    chain = ("pelvis", "spine_low", "spine_mid", "spine_high")
    for a, b in itertools.pairwise(chain):
        place = place + axes @ (skeleton.at(b) - skeleton.at(a))
        axes = axes @ third
    place = place + axes @ (skeleton.at(f"{side}_collar") - skeleton.at("spine_high"))
    axes = axes @ rot("z", SIGN[side] * pose[f"{side}_collar"])
    return np.asarray(place + axes @ (skeleton.at(f"{side}_shoulder") - skeleton.at(f"{side}_collar")))


def hand_to(pose: Pose, side: str, place_m: Floats, pole: Floats, weight: Floats | float = 1.0) -> None:
    """Bring a wrist to ``place_m`` (T, 3) in the room, the elbow toward ``pole`` (T, 3) or (3,)."""
    back = np.swapaxes(turn(pose["tilt"]), -1, -2)
    pole = np.broadcast_to(pole, place_m.shape)
    pose[f"{side}_hip_hand"] = np.einsum("tij,tj->ti", back, place_m - pose["pelvis"])
    pose[f"{side}_hip_pole"] = np.einsum("tij,tj->ti", back, pole)
    pose[f"{side}_hip"] = weight


def hands_on_hips(pose: Pose, side: str, weight: Floats | float = 1.0) -> None:
    """The heel of the hand on the hip bone, fingers forward."""
    x = SIGN[side]
    pose[f"{side}_hip_hand"] = (x * 0.2, 0.135, 0.01)
    pose[f"{side}_hip_pole"] = (x, 0.1, -0.55)
    pose[f"{side}_hip"] = weight
    pose[f"{side}_bend"] = -1.0 * np.broadcast_to(weight, (len(pose),))


def squat_arm(pose: Pose, side: str, habit: str, d: Floats) -> None:
    """An arm's place in a squat or lunge of the depth ``d`` (T,); call when the trunk has its lean."""
    x, lean = SIGN[side], chest_pitch(pose)
    if habit in ("forward", "swing", "low"):
        top = 45.0 if habit == "low" else 90.0
        raised = 0.85 + 0.15 * d if habit == "forward" else d
        # Level in the room, however far the chest leans.
        pose[f"{side}_upper"] = arm(top * raised + lean * ease(1.6 * raised), 8 + 5 * (1 - raised), side)
        pose[f"{side}_pole"] = np.stack([x * (0.45 + 0.6 * raised), -raised, -1 + raised], -1)
        pose[f"{side}_flex"] = np.radians(14)
        pose[f"{side}_collar"] = -0.1 + 0.08 * raised
    elif habit == "hang":  # straight down in the room, beside the leg
        pose[f"{side}_upper"] = arm(lean - 2, 13 + 5 * d, side)
    elif habit == "hips":
        hands_on_hips(pose, side)
    elif habit in ("chest", "goblet"):
        # A chest that leans far would push the elbows into the thighs: they go forward.
        up = 0.55 * (lean - 22 + np.sqrt((lean - 22) ** 2 + 60)) * d
        pose[f"{side}_upper"] = arm((40 if habit == "goblet" else 46) + up, 14, side)
        pose[f"{side}_pole"] = (x * 0.62, -0.8, -0.25)
        pose[f"{side}_flex"] = np.radians((128 if habit == "goblet" else 118) - up)
    elif habit == "behind_head":
        pose[f"{side}_upper"] = arm(-30, 112, side)
        pose[f"{side}_pole"] = (0.5 * x, -0.9, 0.7)
        pose[f"{side}_flex"] = np.radians(140)
        pose[f"{side}_collar"] = 0.2


def softmin(a: Floats, b: Floats, width: float = 0.03) -> Floats:
    """The smaller of two, without a corner where they cross; never more than either."""
    d = np.maximum(width - np.abs(a - b), 0.0)
    return np.minimum(a, b) - d * d / (4 * width)
