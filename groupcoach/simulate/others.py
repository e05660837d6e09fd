"""Motions that must count nothing (for now): what else people do in a class.

The ids are those of the catalogue where an exercise will have one (``side_lunge``, ``sit_up``, ...), else a plain word
(``walk``, ``drink``). None has counted repetitions in its truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.counted import Maker
from groupcoach.simulate.floor import crouch_pose, plank_pose, shoulder_top
from groupcoach.simulate.gestures import GESTURES, add, cycles
from groupcoach.simulate.rig import SIDES, SIGN, Pose, mix
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.tempo import draw_tempo, ease

Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator
Rows = Callable[[Floats], Pose]


def walk(person: Person, rng: Rng, seconds: float) -> Part:
    """Walking: on the spot, or across the floor (``travel_m`` says how far)."""
    across = rng.random() < 0.5
    period = rng.uniform(0.95, 1.3)
    stride = (rng.uniform(0.7, 1.15) * person.skeleton.leg_m) * across
    lift, arms = rng.uniform(0.07, 0.16), rng.uniform(12, 30)

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=person.hip_m, toe_out=0.1)
        phase = t / period
        for side, off in (("left", 0.0), ("right", 0.5)):
            x = SIGN[side]
            frac, whole = np.modf(phase + off)
            go = np.clip((frac - 0.6) / 0.4, 0, 1)
            z = stride * (whole + ease(go) + 0.3 - off)
            y = person.skeleton.ankle_m + lift * np.sin(np.pi * go) ** 2
            pose[f"{side}_ankle"] = np.stack([0 * t + x * person.hip_m, y, z], -1)
            pose[f"{side}_foot"] = np.stack([0.5 * np.sin(np.pi * go) * (1 - go), 0 * t, 0 * t + 0.1 * x], -1)
            swing = np.sin(2 * np.pi * (phase + off))
            pose[f"{side}_upper"] = arm(arms * swing - 3, person.hang_deg, side)
            pose[f"{side}_flex"] = np.radians(18 + 10 * swing)
        add(pose, "pelvis", stride * phase, 2)
        add(pose, "pelvis", 0.015 * np.sin(4 * np.pi * phase) - 0.03 - 0.12 * (stride * 0.5) ** 2, 1)
        add(pose, "tilt", 0.08 * np.sin(2 * np.pi * phase), 2)
        return pose

    return Part("walk", seconds, rows, travel_m=(0.0, float(stride * seconds / period)))


def high_knees(person: Person, rng: Rng, seconds: float) -> Part:
    """Knees to the hips, one after the other."""
    period, height = rng.uniform(0.5, 1.1), rng.uniform(0.7, 1.05)

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=person.hip_m)
        for side, off in (("left", 0.0), ("right", 0.5)):
            u = np.clip(np.sin(2 * np.pi * (t / period + off)), 0, 1) ** 1.3 * height
            sk = person.skeleton
            place = np.stack([0 * t + SIGN[side] * person.hip_m, sk.ankle_m + sk.thigh_m * u,
                              0.9 * sk.thigh_m * np.sin(np.pi / 2 * u)], -1)  # fmt: skip
            pose[f"{side}_ankle"] = place
            pose[f"{side}_foot"] = np.stack([0.3 * u, 0 * t, 0 * t], -1)
            pose[f"{side}_upper"] = arm(-20 + 55 * (1 - u), 10, side)
            pose[f"{side}_flex"] = np.radians(85)
        add(pose, "pelvis", 0.02 * np.abs(np.sin(2 * np.pi * t / period)) - 0.02, 1)
        return pose

    return Part("high_knees", seconds, rows)


def side_lunge(person: Person, rng: Rng, seconds: float) -> Part:
    """Wide stance, sinking to one side and to the other."""
    tempo = draw_tempo(rng, seconds, period_s=(1.8, 3.4))
    width = person.skeleton.leg_m * rng.uniform(0.42, 0.55)

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=width, toe_out=0.15)
        d = tempo.depth(t)
        way = np.where(tempo.number(t) % 2 == 0, 1.0, -1.0) * d
        add(pose, "tilt", 0.5 * d, 0)
        for side in SIDES:
            _squat_like_arms(pose, side, d)
        # The straight far leg says how low the hips come.
        reach = person.skeleton.reach_at(172.0)
        y = np.sqrt(np.maximum(reach**2 - (width - person.hip_m + 0.24 * np.abs(way)) ** 2, 0.05))
        drop = person.skeleton.at("pelvis")[1] - person.skeleton.at("left_hip")[1]
        pose["pelvis"] = np.stack(
            [0.24 * way, person.skeleton.ankle_m + y + drop * np.cos(0.5 * d), 0.02 - 0.12 * d], -1
        )
        return pose

    return Part("side_lunge", seconds, rows)


def _squat_like_arms(pose: Pose, side: str, d: Floats) -> None:
    pose[f"{side}_upper"] = arm(55 * d, 10, side)
    pose[f"{side}_pole"] = (SIGN[side], -0.5, -0.3)
    pose[f"{side}_flex"] = np.radians(20 + 80 * d)


def _lying(person: Person, t: Floats, *, knees: float) -> Pose:
    """On the back, head toward -z, feet flat."""
    sk = person.skeleton
    pose = person.stand(t, still=0.3)
    hip_z = -float(sk.reach_at(knees) * 0.9)
    pose["tilt"] = np.stack([np.full(len(t), -np.pi / 2), 0 * t, 0 * t], -1)
    pose["spine"] = 0.0
    pose["pelvis"] = np.stack([0 * t, 0 * t + 0.11, 0 * t + hip_z], -1)
    for side in SIDES:
        x = SIGN[side]
        pose[f"{side}_ankle"] = (x * person.hip_m, sk.ankle_m, 0.0)
        pose[f"{side}_knee"] = (x * 0.1, 1, 0.3)
        pose[f"{side}_upper"] = arm(-8, 25, side)
        pose[f"{side}_flex"] = 0.2
    return pose


def sit_up(person: Person, rng: Rng, seconds: float) -> Part:
    """From lying to sitting and back, or only the shoulders off the floor."""
    wave = cycles(rng, seconds, (1.6, 3.2))
    high, knees = rng.uniform(0.4, 1.0), rng.uniform(75, 110)
    behind = rng.random() < 0.5

    def rows(t: Floats) -> Pose:
        pose, u = _lying(person, t, knees=knees), wave(t) * high
        add(pose, "tilt", 0.75 * u, 0)
        add(pose, "spine", 0.8 * np.sqrt(u), 0)
        for side in SIDES:
            pose[f"{side}_upper"] = arm(-45, 118, side) if behind else arm(45, 20, side)
            pose[f"{side}_pole"] = (0.5 * SIGN[side], -0.9, 0.7) if behind else (SIGN[side], -0.3, -0.25)
            pose[f"{side}_flex"] = 2.3
        return pose

    return Part("sit_up", seconds, rows, entry="floor")


def glute_bridge(person: Person, rng: Rng, seconds: float) -> Part:
    """Shoulders and feet on the floor, the hips go up."""
    wave = cycles(rng, seconds, (1.4, 3.2))
    knees, high = rng.uniform(65, 90), rng.uniform(0.16, 0.26)

    def rows(t: Floats) -> Pose:
        pose, u = _lying(person, t, knees=knees), wave(t)
        trunk = float(person.skeleton.at("neck")[1] - person.skeleton.at("pelvis")[1])
        slope = np.arcsin(np.clip(high * u / trunk, 0, 0.8))
        add(pose, "tilt", -slope, 0)
        add(pose, "pelvis", high * u, 1)
        add(pose, "pelvis", -trunk * (1 - np.cos(slope)), 2)
        add(pose, "head", slope, 0)
        return pose

    return Part("glute_bridge", seconds, rows, entry="floor")


def plank(person: Person, rng: Rng, seconds: float) -> Part:
    """Holding the upper position of a push-up."""
    hand_x = float(person.skeleton.at("left_shoulder")[0]) * rng.uniform(1.0, 1.3)
    sag = rng.uniform(-0.06, 0.05)

    def rows(t: Floats) -> Pose:
        wave = person.sway(t)
        y = shoulder_top(person, hand_x) - 0.01 + 0.004 * wave[:, 0]
        return plank_pose(person, t, hand_x=hand_x, shoulder_y=y, sag=sag + 0.005 * wave[:, 1], feet_x=person.hip_m)

    return Part("plank", seconds, rows, entry="crouch")


def mountain_climber(person: Person, rng: Rng, seconds: float) -> Part:
    """Plank with the knees driven to the chest in turn."""
    period, far = rng.uniform(0.6, 1.4), rng.uniform(0.3, 0.48)
    hand_x = float(person.skeleton.at("left_shoulder")[0]) * 1.15

    def rows(t: Floats) -> Pose:
        y = np.full(len(t), shoulder_top(person, hand_x) - 0.01)
        pose = plank_pose(person, t, hand_x=hand_x, shoulder_y=y, sag=-0.05 + 0 * t, feet_x=person.hip_m)
        for side, off in (("left", 0.0), ("right", 0.5)):
            u = ease(0.5 + 0.8 * np.sin(2 * np.pi * (t / period + off)))
            add(pose, f"{side}_ankle", far * u, 2)
            add(pose, f"{side}_ankle", 0.1 * np.sin(np.pi * u), 1)
            pose[f"{side}_knee"] = (0, -1, 0.4)
        return pose

    return Part("mountain_climber", seconds, rows, entry="crouch")


def burpee(person: Person, rng: Rng, seconds: float) -> Part:
    """Stand, crouch, plank, crouch, jump."""
    period, jump = rng.uniform(2.4, 4.0), rng.uniform(0.0, 0.2)
    hand_x = float(person.skeleton.at("left_shoulder")[0]) * 1.1

    def rows(t: Floats) -> Pose:
        p = (t / period) % 1
        stand = person.stand(t)
        crouch = crouch_pose(person, t, hand_x=hand_x)
        y = np.full(len(t), shoulder_top(person, hand_x) - 0.01)
        down = plank_pose(person, t, hand_x=hand_x, shoulder_y=y, sag=0.02 + 0 * t, feet_x=person.hip_m)
        low = mix(crouch, down, ease((p - 0.3) / 0.12) * ease((0.65 - p) / 0.12))
        pose = mix(stand, low, ease((p - 0.05) / 0.22) * ease((0.85 - p) / 0.2))
        air = np.sin(np.pi * np.clip((p - 0.87) / 0.1, 0, 1)) ** 2
        for name in ("pelvis", "left_ankle", "right_ankle"):
            add(pose, name, jump * air, 1)
        for side in SIDES:
            over = ease((p - 0.7) / 0.2) * ease((1 - p) / 0.1)
            pose[f"{side}_upper"] = arm(-2 * (1 - over), person.hang_deg + 150 * over, side)
            pose[f"{side}_pole"] = np.stack([SIGN[side] * (0.45 + over), 0 * t, -1 + over], -1)
        return pose

    return Part("burpee", seconds, rows)


def _plain(make: Callable[[Person, Rng, float], Part]) -> Maker:
    def maker(person: Person, rng: Rng, seconds: float, reps: int | None = None, faults: Any = None) -> Part:
        return make(person, rng, seconds)

    return maker


UNCOUNTED: Final[dict[str, Maker]] = {
    **{f.__name__: _plain(f) for f in (walk, high_knees, side_lunge, sit_up, glute_bridge, plank, mountain_climber,
                                       burpee)},
    **GESTURES,
}  # fmt: skip
