"""Postures with the hands on the floor, and the way from standing to the floor and up again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.lying import HIP_Z, floor_pose
from groupcoach.simulate.rig import SIDES, SIGN, Pose, joints_of, mix, solve
from groupcoach.simulate.stance import Person, arm
from groupcoach.simulate.tempo import ease
from groupcoach.skeleton import INDEX

Floats = NDArray[np.floating[Any]]
#: Where hands go on the floor, ahead of the feet of the standing person, and how high a wrist is over a flat hand.
HANDS_Z: Final = 0.42
HAND_Y: Final = 0.06
#: Each stretch of a way begins this share of its length before the one before it has ended: nobody stops in between.
_OVERLAP: Final = 0.3
#: Where hands rest when one sits on the floor.
_SIT_HAND: Final = (0.30, 0.06, HIP_Z - 0.14)


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
    # The spine takes most of the bend, the pelvis what is left to bring the shoulders to their height.
    spine = -0.65 * (trunk_rise - leg_rise)
    up = _shoulders_from_hips(person, spine)
    trunk_rise = np.arcsin(np.clip((shoulder_y - hip[:, 0]) / np.linalg.norm(up, axis=-1), -0.5, 0.9))
    pose["tilt"] = np.stack([np.arctan2(up[:, 1], up[:, 2]) - trunk_rise, 0 * t, 0 * t], -1)
    pose["spine"] = np.stack([spine, 0 * t, 0 * t], -1)
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


def _shoulders_from_hips(person: Person, spine: Floats) -> Floats:
    """(T, 3) from the hips' middle to the shoulders' in pelvis axes, the spine bent forward by ``spine`` (T,)."""
    sk = person.skeleton
    hips, shoulders = (0.5 * (sk.at(f"left_{name}") + sk.at(f"right_{name}")) for name in ("hip", "shoulder"))
    chain = [hips, sk.at("spine_low"), sk.at("spine_mid"), sk.at("spine_high"), shoulders]
    return np.asarray(np.sum([turn_x(k / 3 * spine, b - a) for k, (a, b) in enumerate(pairwise(chain))], axis=0))


def shoulder_top(person: Person, hand_x: float) -> float:
    """Height of the shoulders over hands on the floor, arms nearly straight."""
    sk = person.skeleton
    across = hand_x - float(sk.at("left_shoulder")[0])
    return HAND_Y + float(np.sqrt((0.985 * sk.arm_m) ** 2 - across**2 - 0.02**2))


def hands_on_floor(pose: Pose, hand_x: float) -> None:
    """Both hands flat on the floor, fingers ahead."""
    for side in SIDES:
        x = SIGN[side]
        pose[f"{side}_floor"] = 1.0
        pose[f"{side}_floor_hand"] = (x * hand_x, HAND_Y, HANDS_Z)
        pose[f"{side}_floor_pole"] = (x * 0.75, 0.25, -1.0)
        pose[f"{side}_floor_yaw"] = 0.1
        pose[f"{side}_collar"] = 0.0
        # What is left of the arm while it comes down: ahead of the chest, or it would swing back through the knees.
        pose[f"{side}_upper"] = arm(84, 6, side)
        pose[f"{side}_pole"] = (x * 0.75, -0.4, -0.6)
        pose[f"{side}_flex"] = 0.3


def way_poses(person: Person, t: Floats, entry: str, after: Pose) -> list[Pose]:
    """What a body passes between standing and an exercise on the floor.

    Args:
        person: Whose body.
        t: (T,) seconds; the postures sway with them.
        entry: ``Part.entry``: ``crouch`` (hands to the floor), ``floor`` (down on the back); anything else has no way.
        after: (T) The posture the exercise starts from, feet and hands where it has them.

    Returns:
        The postures in order, standing and ``after`` not among them; to be reversed on the way up.
    """
    if entry == "crouch":
        return [bow_pose(person, t), crouch_pose(person, t, hand_x=float(after["left_floor_hand"][0, 0]))]
    if entry == "floor":
        near = HIP_Z + 0.30
        return [squat_pose(person, t, near), sit_pose(person, t, after, near), lean_pose(person, t, after)]
    return []


def through(keys: Sequence[Pose], u: Floats) -> Pose:
    """From the first posture to the last without a stop; feet that have to move are lifted, one after the other.

    Args:
        keys: Two or more postures of T rows.
        u: (T,) share of the way, 0 to 1.

    Returns:
        T rows.
    """
    keys = _with_hands(keys)
    steps = len(keys) - 1
    length = 1 / (steps - _OVERLAP * (steps - 1))
    out = keys[0]
    for k in range(steps):
        # A stretch starts from where the one before it has come, so that nothing jumps where the two overlap.
        out = _step(keys[k], out, keys[k + 1], np.clip((u - k * (1 - _OVERLAP) * length) / length, 0, 1))
    return out


def _with_hands(keys: Sequence[Pose]) -> list[Pose]:
    """Copies in which a hand that is not on the floor is put down where it is going to be, or has been."""
    out = [Pose(key.rows.copy()) for key in keys]
    for side in SIDES:
        down = [k for k, key in enumerate(out) if (key[f"{side}_floor"] > 0).any()]
        for k, key in enumerate(out):
            if down and k not in down:
                there = out[min((d for d in down if d > k), default=down[-1])]
                for name in ("floor_hand", "floor_pole", "floor_yaw"):
                    key[f"{side}_{name}"] = there[f"{side}_{name}"]
    return out


def _step(key: Pose, now: Pose, goal: Pose, u: Floats) -> Pose:
    """Blend ``now``, which has been on its way to ``key``, into ``goal``."""
    falls = (key["pelvis"][:, 1] > goal["pelvis"][:, 1])[:, None]
    out = Pose(np.where(falls, stoop(now, goal, ease(u)).rows, stoop(goal, now, ease(1 - u)).rows))
    farthest = np.zeros(len(u))
    for k, side in enumerate(SIDES):
        name = f"{side}_ankle"
        far = np.linalg.norm((goal[name] - key[name])[:, [0, 2]], axis=-1)
        farthest = np.maximum(far, farthest)
        walk = np.clip((u - (0.08 + 0.4 * k)) / 0.44, 0, 1)
        swung = np.where(far > 0.02, ease(walk), ease(u))[:, None]
        for channel in (name, f"{side}_foot", f"{side}_toe"):
            x, y = now[channel].reshape(len(u), -1), goal[channel].reshape(len(u), -1)
            out[channel] = x * (1 - swung) + y * swung
        lift = np.minimum(0.07, 0.4 * far) * np.sin(np.pi * walk) ** 2
        out[name] = out[name] + np.stack([0 * lift, lift, 0 * lift], -1)
        # Hands come to the floor early and push off late: on the way they would drag through it.
        w = np.where(goal[f"{side}_floor"] < key[f"{side}_floor"], ease((u - 0.3) / 0.7), ease(u / 0.7))
        out[f"{side}_floor"] = now[f"{side}_floor"] * (1 - w) + goal[f"{side}_floor"] * w
    hips_up(out, 0.1 * np.clip((farthest - 0.5) / 0.3, 0, 1) * np.sin(np.pi * u) ** 2)
    return out


def hips_up(pose: Pose, up_m: Floats) -> None:
    """Raise the hips by ``up_m`` (T,) about the shoulders of somebody on hands and feet, so that knees pass below."""
    pose["pelvis"] = pose["pelvis"] + np.outer(up_m, [0, 1, 0])
    pose["tilt"] = pose["tilt"] + np.outer(up_m / 0.47, [1, 0, 0])


def bow_pose(person: Person, t: Floats) -> Pose:
    """Half down, arms ahead of the knees: on the way to a crouch."""
    pose = person.stand(t, still=0.3)
    pose["tilt"] = pose["tilt"] + (0.75, 0, 0)
    pose["spine"] = pose["spine"] + (0.35, 0, 0)
    pose["head"] = pose["head"] - (0.45, 0, 0)
    for side in SIDES:
        x = SIGN[side]
        pose[f"{side}_upper"] = arm(82, 8, side)
        pose[f"{side}_pole"] = (x * 0.75, -0.4, -0.6)
        pose[f"{side}_flex"] = np.radians(25)
        pose[f"{side}_knee"] = (x * 0.3, 0, 1)
    person.seat(pose, 105, np.broadcast_to([0.0, -0.16], (len(t), 2)))
    return pose


def crouch_pose(person: Person, t: Floats, *, hand_x: float) -> Pose:
    """Deep squat with both hands on the floor: between standing and the plank."""
    pose = person.stand(t, still=0.3)
    pose["tilt"] = np.stack([np.full(len(t), np.radians(58)), 0 * t, 0 * t], -1)
    pose["spine"] = np.stack([np.full(len(t), np.radians(32)), 0 * t, 0 * t], -1)
    pose["head"] = np.stack([np.full(len(t), -0.5), 0 * t, 0 * t], -1)
    for side in SIDES:
        x = SIGN[side]
        ball = person.ball_at(side, np.array([x * person.stance_m, 0.0]), x * person.toe_out)
        person.raise_heel(pose, side, np.full(len(t), 0.35), ball, x * person.toe_out)
        pose[f"{side}_knee"] = (x * 0.55, 0, 1)
    person.seat(pose, 58, np.broadcast_to([0.0, -0.2], (len(t), 2)))
    # As low as the arms need it, whatever the body.
    joints = joints_of(person.skeleton, *solve(person.skeleton, pose))
    high = 0.5 * (joints[:, INDEX["left_shoulder"], 1] + joints[:, INDEX["right_shoulder"], 1])
    pose["pelvis"] = pose["pelvis"] + np.outer(HAND_Y + 0.95 * person.skeleton.arm_m - high, [0, 1, 0])
    hands_on_floor(pose, hand_x)
    return pose


def stoop(high: Pose, low: Pose, w: Floats) -> Pose:
    """From ``high`` to ``low`` by ``w`` (T,), the arms early: hands pass the thighs before these come up."""
    out, early = mix(high, low, w), mix(high, low, ease(1.9 * w))
    for side in SIDES:
        for name in ("upper", "pole", "flex", "roll", "collar"):
            out[f"{side}_{name}"] = early[f"{side}_{name}"]
    return out


def squat_pose(person: Person, t: Floats, feet_z: float) -> Pose:
    """Low squat with the arms reaching back: about to sit down on the floor."""
    pose = person.stand(t, still=0.3)
    pose["tilt"] = np.stack([np.full(len(t), 0.55), 0 * t, 0 * t], -1)
    pose["spine"] = np.stack([np.full(len(t), 0.45), 0 * t, 0 * t], -1)
    for side in SIDES:
        x = SIGN[side]
        pose[f"{side}_ankle"] = pose[f"{side}_ankle"] + (0, 0, feet_z)
        pose[f"{side}_knee"] = (x * 0.3, 0, 1)
        pose[f"{side}_upper"] = arm(-15, 30, side)
        pose[f"{side}_flex"] = np.radians(20)
    person.seat(pose, 72, np.broadcast_to([0.0, -0.24], (len(t), 2)))
    return pose


def sit_pose(person: Person, t: Floats, after: Pose, feet_z: float) -> Pose:
    """Just sat down, knees high, hands on the floor beside the hips."""
    pose = floor_pose(person, t, pitch=np.full(len(t), -0.35), curl=np.full(len(t), 0.5), feet_z=feet_z,
                      feet_x=person.stance_m)  # fmt: skip
    for side in SIDES:
        pose[f"{side}_foot"] = (0, 0, SIGN[side] * person.toe_out)
        pose[f"{side}_knee"] = (SIGN[side] * 0.3, 1, 0.5)
    _hands_beside(pose)
    return pose


def lean_pose(person: Person, t: Floats, after: Pose) -> Pose:
    """Feet where the exercise has them, half way down on the back."""
    pose = floor_pose(person, t, pitch=np.full(len(t), -0.95), curl=np.full(len(t), 0.55), feet_z=0.0, feet_x=0.0)
    for side in SIDES:
        for name in ("ankle", "foot", "knee"):
            pose[f"{side}_{name}"] = after[f"{side}_{name}"]
    _hands_beside(pose)
    return pose


def _hands_beside(pose: Pose) -> None:
    for side in SIDES:
        x, y, z = _SIT_HAND
        pose[f"{side}_floor"] = 1.0
        pose[f"{side}_floor_hand"] = (SIGN[side] * x, y, z)
        pose[f"{side}_floor_pole"] = (SIGN[side] * 0.9, 0.3, -0.8)
        pose[f"{side}_floor_yaw"] = 0.7
