"""Counted exercises of the legs, standing: both feet stay where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.reach import (
    SQUAT_ARMS,
    add,
    hand_to,
    hands_on_hips,
    lean_by,
    shoulder_at,
    squat_arm,
    trunk_lean,
)
from groupcoach.simulate.rig import SIDES, SIGN, Pose, joints_of, solve
from groupcoach.simulate.sets import Faults, Rng, draw_wrong, finish, ranges, usual_or
from groupcoach.simulate.stance import Part, Person
from groupcoach.simulate.tempo import draw_tempo, ease
from groupcoach.skeleton import INDEX

Floats = NDArray[np.floating[Any]]


def stand(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Waiting between exercises: hands hanging, on the hips, folded, or fidgeting."""
    habit = rng.choice(["hang", "hang", "hips", "front", "look"])
    low = rng.uniform(-0.08, 0.12)

    def rows(t: Floats) -> Pose:
        pose = person.stand(t)
        for side in SIDES:  # arms that hang close by swing clear of the thighs
            add(pose, f"{side}_upper", SIGN[side] * np.sin(np.radians(max(0.0, 10 - person.hang_deg))), 0)
        grow = ease(t / 0.8) * ease((seconds - t) / 0.8)
        if habit == "hips":
            for side in SIDES:
                hands_on_hips(pose, side, grow)
        elif habit == "front":
            for side in SIDES:
                near = SIGN[side] * (0.24 - 0.17 * ease(1.6 * grow - 0.6))
                pose[f"{side}_hip_hand"] = np.stack([near, low + 0 * t, 0.2 + 0 * t], -1)
                pose[f"{side}_hip_pole"] = (SIGN[side], 0.1, -0.6)
                pose[f"{side}_hip"] = ease(1.5 * grow)
        elif habit == "look":
            pose["head"] = pose["head"] + np.outer(grow * np.sin(0.9 * t), [0.1, 0.0, 0.5])
        return pose

    return Part("stand", seconds, rows)


def squat(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Two-legged squats; faults ``shallow``, ``knees_in``, ``trunk_lean``, ``heels_up``, ``uneven``, ``too_fast``."""
    tempo = draw_tempo(
        rng, seconds, reps=reps, pace=person.pace, period_s=(1.3, 3.4), quick=faults.get("too_fast", 0.0)
    )
    n = len(tempo)
    codes = ("shallow", "knees_in", "trunk_lean", "heels_up", "uneven")
    wrong = draw_wrong(rng, faults, n, codes, tempo.quick)
    many = max(n, 1)
    bottom = usual_or(rng, rng.uniform(62, 95) + rng.normal(0, 2.5, many), wrong["shallow"], 108, 118)
    bottom = np.where(np.resize(wrong["uneven"], many), np.maximum(bottom, 84), bottom) if n else bottom
    # Tired legs go less deep, but never so much less that the squat is called shallow.
    bottom = np.where(bottom < 100, np.minimum(174 - (174 - bottom) * ranges(tempo, wrong), 100), bottom)
    width = person.hip_m * rng.uniform(1.75 if wrong["knees_in"].any() else 1.25, 2.3)
    # Wide feet point out; else knees over the toes would be knees inside the feet.
    out = np.radians(max(rng.uniform(5, 30), 11 * (width / person.hip_m - 1)))
    inward = rng.uniform(-0.14, 0.01, many)
    # Falling in: metres that the knees are nearer to each other than the ankles, by the length of the trunk.
    fall = rng.uniform(0.22, 0.32, many) * person.skeleton.bone("pelvis", "neck")
    back, round_share = rng.uniform(0.10, 0.17), rng.uniform(0.15, 0.35)
    past_shin = usual_or(rng, rng.uniform(-10, 4) + rng.normal(0, 1, many), wrong["trunk_lean"], 30, 38)
    heels = np.radians(usual_or(rng, 0.0, wrong["heels_up"], 29, 38))
    back_of = np.where(heels > 0, 0.04, np.where(past_shin > 20, back + 0.03, back))
    loaded = np.where(rng.random(many) < (0.85 if person.uneven[2] > 0 else 0.15), 1, -1)
    shift = usual_or(rng, 0.008 * person.uneven[2], wrong["uneven"], 0.085, 0.105)
    shift = np.where(shift > 0.05, shift * loaded, shift)
    roll = usual_or(rng, 0.0, wrong["uneven"], 0.26, 0.31) * -loaded
    arms = str(rng.choice(SQUAT_ARMS))

    def legs(t: Floats, d: Floats, i: NDArray[np.intp], pitch: Floats) -> Pose:
        pose = person.stand(t, width_m=width, toe_out=out, still=0.7)
        share = np.clip((174 - bottom[i]) / 90, 0, 1.1) * d
        add(pose, "tilt", roll[i] * d, 1)
        add(pose, "spine", -roll[i] * d, 1)
        lean_by(pose, pitch[i] * d, round_share)
        for side in SIDES:
            x = SIGN[side]
            way = out - inward[i] * d + 0.03 * person.uneven[1] * x
            pose[f"{side}_knee"] = np.stack([x * np.sin(way), 0 * d, np.cos(way)], -1)
            if heels.any():
                ball = person.ball_at(side, np.array([x * width, 0.0]), x * out)
                person.raise_heel(pose, side, heels[i] * d, ball, x * out)
        person.seat(pose, person.knee_deg + (bottom[i] - person.knee_deg) * d,
                    np.stack([shift[i] * d, 0.03 - (back_of[i] + 0.03) * share], -1))  # fmt: skip
        return pose

    # The trunk leans as much as the shins of this very body do at this depth, and a little more or less.
    each, falls_in = np.arange(many), np.resize(wrong["knees_in"], many) if n else np.zeros(1, bool)
    low = np.asarray(tempo.low_s) if n else np.zeros(1)
    pitch = np.full(many, np.radians(30.0))
    for _ in range(5):
        pose = legs(low, np.ones(many), each, pitch)
        joints = joints_of(person.skeleton, *solve(person.skeleton, pose))
        shins = []
        for side in SIDES:
            shin = joints[:, INDEX[f"{side}_knee"]] - joints[:, INDEX[f"{side}_ankle"]]
            shins.append(np.degrees(np.arctan2(np.linalg.norm(shin[:, [0, 2]], axis=-1), shin[:, 1])))
        # Knees are over the toes, not nearer to each other than the ankles; or as much nearer as was ordered, but
        # never through each other.
        gap = [joints[:, INDEX[f"left_{j}"], 0] - joints[:, INDEX[f"right_{j}"], 0] for j in ("ankle", "knee")]
        off = np.where(falls_in, gap[1] - np.maximum(gap[0] - fall, 0.14), np.minimum(gap[1] - gap[0] - 0.004, 0))
        inward = inward + off / (1.45 * person.skeleton.thigh_m)
        want = np.clip(np.mean(shins, axis=0) + past_shin, 12, 74)
        pitch = pitch + np.radians(want - trunk_lean(person.skeleton, pose))

    def rows(t: Floats) -> Pose:
        d = tempo.depth(t)
        pose = legs(t, d, tempo.number(t), pitch)
        for side in SIDES:
            squat_arm(pose, side, arms, d)
        return pose

    sides = {"uneven": ["left" if x > 0 else "right" for x in loaded]}
    return finish("squat", tempo, rows, wrong, sides=sides)


def deadlift(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Hip hinges with a weight that slides along the legs; faults ``half_range`` and ``too_fast``.

    Somebody who trains alone may pull it from the floor: the knees bend more, the trunk less, the weight rests below.
    """
    pull = person.pulls and not faults.get("half_range")
    tempo = draw_tempo(
        rng, seconds, reps=reps, pace=person.pace, period_s=(1.8, 3.6), quick=faults.get("too_fast", 0.0),
        pause_s=(0.1, 2.6) if pull else (0.0, 0.35), rest_s=(0.1, 2.0) if pull else (0.05, 0.5),
    )  # fmt: skip
    n, sk = len(tempo), person.skeleton
    wrong = draw_wrong(rng, faults, n, ("half_range",), tempo.quick)
    lean = usual_or(rng, rng.uniform(58, 80) + rng.normal(0, 2.5, max(n, 1)), wrong["half_range"], 26, 34)
    lean = np.radians(lean * ranges(tempo, wrong))
    knee, round_share = rng.uniform(135, 162) - person.sink_deg, rng.uniform(0.1, 0.25)
    width = person.hip_m * rng.uniform(0.95, 1.5)
    grip = rng.uniform(0.75, 1.15) * abs(float(sk.at("left_shoulder")[0]))
    back = rng.uniform(0.17, 0.23)
    knees = np.full(max(n, 1), knee)

    def bent(t: Floats, d: Floats, i: NDArray[np.intp], knees: Floats) -> Pose:
        pose = person.stand(t, width_m=width, toe_out=0.12, still=0.7)
        share = d if pull else lean[i] / np.radians(70) * d
        lean_by(pose, lean[i] * d, round_share, head=0.45)
        # Hips and knees finish together.
        person.seat(pose, person.knee_deg + (knees[i] - person.knee_deg) * np.clip(share, 0, 1.1),
                    np.stack([0.006 * person.uneven[2] * d, 0.03 - (back + 0.03) * share], -1))  # fmt: skip
        return pose

    if pull:
        back = rng.uniform(0.22, 0.32)
        lean = np.radians(rng.uniform(58, 84) + rng.normal(0, 1.5, max(n, 1)))
        # A bar with plates, or a kettlebell's handle: the knees bend until straight arms reach it.
        grip_m = rng.uniform(0.26, 0.38)
        low, high, each = np.full(max(n, 1), 70.0), np.full(max(n, 1), 150.0), np.arange(max(n, 1))
        for _ in range(8):
            knees = 0.5 * (low + high)
            pose = bent(0.0 * each, np.ones(max(n, 1)), each, knees)
            hand = np.mean([shoulder_at(sk, pose, side)[:, 1] for side in SIDES], 0) - 0.965 * sk.arm_m
            low, high = np.where(hand > grip_m, low, knees), np.where(hand > grip_m, knees, high)

    def rows(t: Floats) -> Pose:
        d, i = tempo.depth(t), tempo.number(t)
        pose = bent(t, d, i, knees)
        joints = joints_of(sk, *solve(sk, pose))
        for side in SIDES:
            x = SIGN[side]
            shoulder = shoulder_at(sk, pose, side)
            place = np.stack([0 * t + x * grip, shoulder[:, 1] - 0.965 * sk.arm_m, shoulder[:, 2]], -1)
            # Straight down from the shoulder, but never into the leg: the hand rides along its front.
            front = _front_of_leg(joints, side, place[:, 1] - 0.05) + 0.125
            place[:, 2] = np.maximum(front, shoulder[:, 2]) + 0.02 * np.exp(-np.abs(front - shoulder[:, 2]) / 0.04)
            flat = place - shoulder
            level = np.sqrt(np.maximum((0.972 * sk.arm_m) ** 2 - flat[:, 0] ** 2 - flat[:, 2] ** 2, 0.05))
            place[:, 1] = shoulder[:, 1] - level
            hand_to(pose, side, place, np.array([x * 0.8, 0.1, -0.8]))
            pose[f"{side}_roll"] = -1.2
        return pose

    return finish("deadlift", tempo, rows, wrong)


def _front_of_leg(joints: Floats, side: str, height: Floats) -> Floats:
    """(T,) z of the leg's middle line at a height (T,), between hip and ankle."""
    hip, knee, ankle = (joints[:, INDEX[f"{side}_{j}"]] for j in ("hip", "knee", "ankle"))
    out = np.empty(len(height))
    upper = height > knee[:, 1]
    for mine, a, b in ((upper, hip, knee), (~upper, knee, ankle)):
        u = np.clip((a[:, 1] - height) / np.maximum(a[:, 1] - b[:, 1], 1e-3), 0, 1)
        out[mine] = (a[:, 2] + (b[:, 2] - a[:, 2]) * u)[mine]
    return out
