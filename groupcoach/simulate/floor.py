"""Postures with the hands on the floor."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.rig import SIDES, SIGN, Pose
from groupcoach.simulate.stance import Person

Floats = NDArray[np.floating[Any]]
#: Where hands go on the floor, ahead of the feet of the standing person, and how high a wrist is over a flat hand.
HANDS_Z: Final = 0.42
HAND_Y: Final = 0.055


def plank_pose(person: Person, t: Floats, *, hand_x: float, shoulder_y: Floats, sag: Floats, feet_x: float) -> Pose:
    """Straight body on hands and toes, head toward +z; the hands stay at ``HANDS_Z``.

    Args:
        person: Whose body.
        t: (T,) seconds.
        hand_x: Half the distance between the hands.
        shoulder_y: (T,) height of the shoulders.
        sag: (T,) how far the hips hang below the straight line, metres.
        feet_x: Half the distance between the feet.
    """
    sk = person.skeleton
    pose = person.stand(t, width_m=feet_x, still=0.3)
    n = len(t)
    trunk = float(0.5 * (sk.at("left_shoulder") + sk.at("right_shoulder"))[1] - sk.at("left_hip")[1])
    leg = float(sk.reach_at(174.0))
    for side in SIDES:
        person.raise_heel(pose, side, np.full(n, np.radians(62)), np.array([SIGN[side] * feet_x, 0.0]))
        pose[f"{side}_knee"] = (0, -1, 0.2)
    ankle = pose["left_ankle"][:, 1:]
    rise = np.arcsin(np.clip((shoulder_y - ankle[:, 0]) / (leg + trunk), -0.2, 0.9))
    leg_rise = rise - np.arctan2(sag, leg)
    hip = ankle + leg * np.stack([np.sin(leg_rise), np.cos(leg_rise)], -1)
    trunk_rise = np.arcsin(np.clip((shoulder_y - hip[:, 0]) / trunk, -0.5, 0.9))
    # The pelvis follows the legs, the spine makes up the rest.
    bend = trunk_rise - leg_rise
    pose["tilt"] = np.stack([np.pi / 2 - leg_rise - 0.35 * bend, 0 * t, 0 * t], -1)
    pose["spine"] = np.stack([-0.65 * bend, 0 * t, 0 * t], -1)
    pose["head"] = np.stack([np.full(n, -0.35), 0 * t, 0.1 * pose["head"][:, 2]], -1)
    hips_from = turn_x(pose["tilt"][:, 0], 0.5 * (sk.at("left_hip") + sk.at("right_hip")) - sk.at("pelvis"))
    pose["pelvis"] = np.stack([0 * t, hip[:, 0] - hips_from[:, 1], hip[:, 1] - hips_from[:, 2]], -1)
    # The shoulders stand over the hands in the upper position: the whole body is moved there along the floor.
    steep = np.arcsin((shoulder_top(person, hand_x) - float(ankle[0, 0])) / (leg + trunk))
    back = float(np.cos(steep) * (leg + trunk) + ankle[0, 1]) - HANDS_Z
    for name in ("pelvis", "left_ankle", "right_ankle"):
        pose[name][:, 2] -= back
    hands_on_floor(pose, hand_x)
    return pose


def turn_x(pitch: Floats, v: Floats) -> Floats:
    """(T, 3) the vector ``v`` (3,) pitched forward by ``pitch`` (T,)."""
    c, s = np.cos(pitch), np.sin(pitch)
    return np.stack([np.full_like(c, v[0]), c * v[1] - s * v[2], s * v[1] + c * v[2]], -1)


def shoulder_top(person: Person, hand_x: float) -> float:
    """Height of the shoulders over hands on the floor, arms nearly straight."""
    sk = person.skeleton
    across = hand_x - float(sk.at("left_shoulder")[0])
    return HAND_Y + float(np.sqrt((0.97 * sk.arm_m) ** 2 - across**2 - 0.03**2))


def crouch_pose(person: Person, t: Floats, *, hand_x: float) -> Pose:
    """Deep squat with both hands on the floor: between standing and the plank."""
    pose = person.stand(t, still=0.3)
    pose["tilt"] = np.stack([np.full(len(t), np.radians(58)), 0 * t, 0 * t], -1)
    pose["spine"] = np.stack([np.full(len(t), np.radians(32)), 0 * t, 0 * t], -1)
    pose["head"] = np.stack([np.full(len(t), -0.5), 0 * t, 0 * t], -1)
    for side in SIDES:
        x = SIGN[side]
        ball = person.ball_at(side, np.array([x * person.stance_m, 0.0]), x * person.toe_out)
        person.raise_heel(pose, side, np.full(len(t), 0.45), ball, x * person.toe_out)
        pose[f"{side}_knee"] = (x * 0.45, 0, 1)
    person.seat(pose, 58, np.broadcast_to([0.0, -0.16], (len(t), 2)))
    hands_on_floor(pose, hand_x)
    return pose


def hands_on_floor(pose: Pose, hand_x: float) -> None:
    """Both hands flat on the floor, fingers ahead."""
    for side in SIDES:
        x = SIGN[side]
        pose[f"{side}_floor"] = 1.0
        pose[f"{side}_floor_hand"] = (x * hand_x, HAND_Y, HANDS_Z)
        pose[f"{side}_floor_pole"] = (x * 0.75, 0.25, -1.0)
        pose[f"{side}_floor_yaw"] = 0.1
        pose[f"{side}_collar"] = 0.0
