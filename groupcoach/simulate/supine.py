"""Counted exercises on the back: sit-up, crunch and glute bridge."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.lying import floor_pose, foot_z, lay_arms
from groupcoach.simulate.rig import SIDES, SIGN, Pose, joints_of, rot, solve
from groupcoach.simulate.sets import Faults, Rng, draw_wrong, finish, ranges, usual_or
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.tempo import draw_tempo, ease
from groupcoach.skeleton import INDEX

Floats = NDArray[np.floating[Any]]

#: Where the hands are in a sit-up or a crunch: at the ears, folded on the chest, or reaching for the knees.
CURL_ARMS: Final = ("ears", "chest", "reach")


def _curl_arms(pose: Pose, habit: str, up: Floats) -> None:
    """Arms of a sit-up; ``up`` (T,) is 0 lying and 1 sitting."""
    for side in SIDES:
        x = SIGN[side]
        if habit == "ears":
            pose[f"{side}_upper"] = arm(-74, 108, side)
            pose[f"{side}_pole"] = (0.7 * x, -0.9, 0.2)
            pose[f"{side}_flex"] = np.radians(148)
            pose[f"{side}_collar"] = 0.22
        elif habit == "chest":
            pose[f"{side}_upper"] = arm(48, 16, side)
            pose[f"{side}_pole"] = (x * 1.0, -0.6, -0.1)
            pose[f"{side}_flex"] = np.radians(122)
        else:
            pose[f"{side}_upper"] = arm(38 + 45 * up, 14 + 6 * up, side)
            pose[f"{side}_pole"] = (x * 0.3, -1.0, -0.4)
            pose[f"{side}_flex"] = np.radians(22)


def sit_up(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """From lying to sitting and back; faults ``half_range`` and ``too_fast``."""
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.6, 3.4), rest_s=(0.1, 0.5),
                       quick=faults.get("too_fast", 0.0))  # fmt: skip
    wrong = draw_wrong(rng, faults, len(tempo), ("half_range",), tempo.quick)
    # Degrees the pelvis leans back when sitting, and degrees the spine is bent then.
    usual = 90 - (rng.uniform(64, 74) + rng.normal(0, 1.5, max(len(tempo), 1))) * ranges(tempo, wrong)
    back = usual_or(rng, usual, wrong["half_range"], 60, 66)
    bent = rng.uniform(28, 40)
    feet_z, feet_x = foot_z(person, rng.uniform(75, 100)), person.hip_m * rng.uniform(0.9, 1.4)
    habit = str(rng.choice(CURL_ARMS))

    def rows(t: Floats) -> Pose:
        d, i = tempo.depth(t), tempo.number(t)
        # The back rolls off the floor first, then the hips fold.
        pitch = np.radians(-90 + (90 - back[i]) * ease((d - 0.12) / 0.88))
        pose = floor_pose(person, t, pitch=pitch, curl=np.radians(bent) * ease(d / 0.6), feet_z=feet_z, feet_x=feet_x)
        _curl_arms(pose, habit, d)
        return pose

    return finish("sit_up", tempo, rows, wrong, entry="floor")


def crunch(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Only head and shoulders leave the floor; fault ``too_fast``."""
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.1, 2.4), rest_s=(0.05, 0.35),
                       quick=faults.get("too_fast", 0.0))  # fmt: skip
    wrong = draw_wrong(rng, faults, len(tempo), (), tempo.quick)
    bent = (rng.uniform(36, 48) + rng.normal(0, 1.5, max(len(tempo), 1))) * ranges(tempo, wrong)
    feet_z, feet_x = foot_z(person, rng.uniform(70, 95)), person.hip_m * rng.uniform(0.9, 1.4)
    habit = str(rng.choice(CURL_ARMS))

    def rows(t: Floats) -> Pose:
        d, i = tempo.depth(t), tempo.number(t)
        pitch = np.radians(-90 + 3 * d)
        pose = floor_pose(person, t, pitch=pitch, curl=np.radians(bent[i]) * d, feet_z=feet_z, feet_x=feet_x)
        _curl_arms(pose, habit, d)
        return pose

    return finish("crunch", tempo, rows, wrong, entry="floor")


def glute_bridge(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Shoulders and feet on the floor, the hips go up; faults ``hips_low`` and ``uneven`` (one hip hangs)."""
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.4, 3.2), pause_s=(0.1, 0.8))
    n = len(tempo)
    wrong = draw_wrong(rng, faults, n, ("hips_low", "uneven"))
    feet_z, feet_x = foot_z(person, rng.uniform(68, 85)), person.hip_m * rng.uniform(0.9, 1.4)
    hand_x = person.hip_m + rng.uniform(0.2, 0.26)
    side = str(rng.choice(SIDES))
    # Tired hips come up less, but stay clear of the fault.
    usual = rng.uniform(171, 178) + rng.normal(0, 1, max(n, 1)) - 50 * (1 - ranges(tempo, wrong))
    open_deg = usual_or(rng, usual, wrong["hips_low"], 138, 148)
    slope = _slope_for(person, open_deg, feet_z, feet_x)
    hang = usual_or(rng, 0.0, wrong["uneven"], 0.42, 0.52)

    def rows(t: Floats) -> Pose:
        d, i = tempo.depth(t), tempo.number(t)
        pose = _bridge(person, t, slope[i] * d, SIGN[side] * hang[i] * d * d, feet_z, feet_x)
        lay_arms(person, pose, hand_x=hand_x)
        return pose

    return finish("glute_bridge", tempo, rows, wrong, sides={"uneven": [side] * n}, entry="floor")


def _bridge(person: Person, t: Floats, slope: Floats, hang: Floats, feet_z: float, feet_x: float) -> Pose:
    """Hips raised so that the trunk stands ``slope`` (T,) off the floor; ``hang`` (T,) turns it about its length."""
    sk = person.skeleton
    pose = floor_pose(person, t, pitch=np.full(len(t), -np.pi / 2), curl=0 * t, feet_z=feet_z, feet_x=feet_x)
    flat = -np.pi / 2
    level = pose["pelvis"].copy()
    # The upper back stays where it is: the body turns about a point between the shoulder blades.
    neck = 0.5 * (sk.at("left_shoulder") + sk.at("right_shoulder")) - sk.at("pelvis")
    chest = rot("x", flat - slope)
    pose["pelvis"] = level + np.einsum("tij,j->ti", rot("x", 0 * t + flat) - chest, neck)
    axes = chest @ rot("y", hang)
    pose["tilt"] = pitch_roll_yaw(axes)
    pose["spine"] = np.stack([0 * t, 0 * t, -hang], -1)
    pose["head"] = pose["head"] + np.stack([1.7 * slope, 0 * t, 0 * t], -1)
    return pose


def pitch_roll_yaw(axes: Floats) -> Floats:
    """(T, 3) what ``turn`` makes ``axes`` (T, 3, 3) of, for bodies pitched back by 90 to 180 degrees."""
    lean = np.hypot(axes[:, 1, 0], axes[:, 1, 1])
    pitch = np.arctan2(-axes[:, 1, 2], -lean)
    level = lean < 1e-6  # exactly on the back yaw and roll are the same turn
    yaw = np.where(level, 0.0, np.arctan2(-axes[:, 0, 2], -axes[:, 2, 2]))
    roll = np.where(level, np.arctan2(-axes[:, 0, 1], axes[:, 0, 0]), np.arctan2(-axes[:, 1, 0], -axes[:, 1, 1]))
    # arctan2 gives 90 to 180 where the body leans by -180 to -90.
    return np.stack([np.where(pitch > 0, pitch - 2 * np.pi, pitch), roll, yaw], -1)


def _slope_for(person: Person, open_deg: Floats, feet_z: float, feet_x: float) -> Floats:
    """(N,) slope of the trunk at which the angle shoulder-hip-knee is ``open_deg`` (N,)."""
    slope = np.linspace(0, np.radians(50), 60)
    joints = joints_of(
        person.skeleton, *solve(person.skeleton, _bridge(person, 0 * slope, slope, 0 * slope, feet_z, feet_x))
    )
    at = {k: joints[:, [INDEX[f"left_{k}"], INDEX[f"right_{k}"]]].mean(1) for k in ("shoulder", "hip", "knee")}
    trunk, thigh = at["shoulder"] - at["hip"], at["knee"] - at["hip"]
    # The side of the belly, so that it is above 180 where the hips are above the line.
    angle = 180 - np.degrees(np.arctan2(trunk[:, 1], -trunk[:, 2]) + np.arctan2(thigh[:, 1], thigh[:, 2]))
    return np.asarray(np.interp(open_deg, np.maximum.accumulate(angle), slope))
