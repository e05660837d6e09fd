"""Counted exercises in which one leg steps out and carries: lunges forward, backward and to the side."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.reach import LUNGE_ARMS, lean_by, softmin, squat_arm
from groupcoach.simulate.rig import SIDES, SIGN, Pose, turn
from groupcoach.simulate.sets import Faults, Rng, draw_wrong, finish, ranges, usual_or
from groupcoach.simulate.stance import Part, Person
from groupcoach.simulate.tempo import draw_tempo, ease

Floats = NDArray[np.floating[Any]]

#: How far the rear foot stands on its ball at the bottom of a lunge, radians.
REAR_HEEL: Final = 1.08


def lunge(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Forward lunges, one lead leg or alternating; faults ``shallow``, ``trunk_lean`` and ``too_fast``."""
    return _lunge(person, rng, seconds, reps, faults, backward=False)


def reverse_lunge(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Lunges with a step back, one lead leg or alternating; faults as of ``lunge``."""
    return _lunge(person, rng, seconds, reps, faults, backward=True)


def _lunge(
    person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults, *, backward: bool
) -> Part:  # the same from standing, only the moving foot differs
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.9, 3.6), rest_s=(0.15, 0.6),
                       stall_at=(0.75, 0.92), quick=faults.get("too_fast", 0.0), quick_s=(0.88, 0.97))  # fmt: skip
    n = len(tempo)
    sk = person.skeleton
    first = int(rng.integers(2))
    lead = (np.arange(n) + first) % 2 if rng.random() < 0.6 else np.full(n, first)
    wrong = draw_wrong(rng, faults, n, ("shallow", "trunk_lean"), tempo.quick)
    usual = rng.uniform(78, 98) + rng.normal(0, 2.5, max(n, 1))
    front_knee = usual_or(rng, np.clip(174 - (174 - usual) * ranges(tempo, wrong), 74, 101), wrong["shallow"], 114, 124)
    shin = np.radians(rng.uniform(-4, 14))
    rear = np.radians(rng.uniform(6, 26)), rng.uniform(0.085, 0.12)
    stride = _stride(person, float(np.mean(usual)), shin, *rear)
    strides = np.array([_stride(person, k, shin, *rear) if k > 110 else stride for k in front_knee])
    lean = np.radians(usual_or(rng, rng.uniform(1, 9), wrong["trunk_lean"], 43, 50))
    width = person.hip_m * rng.uniform(0.95, 1.35)
    arms = str(rng.choice(LUNGE_ARMS))

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=width, toe_out=0.06, still=0.7)
        if not n:
            return pose
        i = tempo.number(t)
        d, u = tempo.depth(t), tempo.progress(t)
        # The hips sink while the foot is still on its way: the leg behind is only so long.
        there, begin = (0.8, 0.12) if backward else (0.68, 0.15)
        step = ease(u / there)
        lift = np.sin(np.pi * np.clip(u / there, 0, 1)) ** 2
        sink = ease((u - begin) / (1 - begin))
        left = lead[i] == 0
        lean_by(pose, lean[i] * d, 0.4, head=0.7)
        for side, front in (("left", left), ("right", ~left)):
            _lunge_foot(person, pose, side, front != backward, front, step, lift, sink, strides[i], backward, width)
        # The bottom: hips over the front shin's line, so that the front knee has its angle and the shin its lean.
        reach = sk.reach_at(front_knee[i])
        behind = _behind(person, front_knee[i], shin)
        front_z = 0.0 if backward else strides[i]
        low_z, low_y = front_z - reach * np.sin(behind), sk.ankle_m + reach * np.cos(behind)
        up = pose["pelvis"].copy()
        shift = np.clip(0.25 * step + 0.75 * sink, 0, 1)
        hips = turn(pose["tilt"]) @ (0.5 * (sk.at("left_hip") + sk.at("right_hip")) - sk.at("pelvis"))
        z = up[:, 2] + (low_z - hips[:, 2] - up[:, 2]) * (0.6 * step + 0.4 * shift)
        y = up[:, 1] + (low_y - hips[:, 1] - up[:, 1]) * sink - 0.02 * step * (1 - sink)
        x = up[:, 0] + 0.02 * np.where(left, 1, -1) * d
        pose["pelvis"] = np.stack([x, y, z], -1)
        for side in SIDES:
            _no_longer(person, pose, side)
        for side in SIDES:
            squat_arm(pose, side, arms, d)
        return pose

    return finish("reverse_lunge" if backward else "lunge", tempo, rows, wrong)


def _behind(person: Person, front_knee: Any, shin: float) -> Floats:
    """How far the line from the front ankle to the hip leans back, radians, when the shin leans forward by ``shin``."""
    sk = person.skeleton
    reach = sk.reach_at(front_knee)
    cos = (sk.shin_m**2 + reach**2 - sk.thigh_m**2) / (2 * sk.shin_m * reach)
    return np.asarray(np.arccos(np.clip(cos, -1, 1)) - shin)


def _stride(person: Person, front_knee: float, shin: float, rear_thigh: float, knee_m: float) -> float:
    """Step length with which the rear thigh leans back by ``rear_thigh`` and its knee stays ``knee_m`` off the floor.

    In a shallow lunge the rear knee would bend more than the front one: there it has 122 degrees.
    """
    sk = person.skeleton
    reach, behind = float(sk.reach_at(front_knee)), float(_behind(person, front_knee, shin))
    hip = sk.ankle_m + reach * np.cos(behind)
    ball = turn(np.array([[REAR_HEEL, 0.0, 0.0]]))[0] @ sk.ball_from_ankle("left")
    ankle = sk.ball_m - ball[1]
    if front_knee > 110:
        away = np.sqrt(float(sk.reach_at(122.0)) ** 2 - (hip - ankle) ** 2)
    else:
        knee = max(hip - sk.thigh_m * np.cos(rear_thigh), knee_m)
        away = np.sqrt(max(sk.thigh_m**2 - (hip - knee) ** 2, 0.0))
        away += np.sqrt(max(sk.shin_m**2 - (ankle - knee) ** 2, 0.01))
    return float(reach * np.sin(behind) + away - ball[2] + sk.ball_from_ankle("left")[2])


def _no_longer(person: Person, pose: Pose, side: str, knee_deg: float = 173.0, soft_m: float = 0.03) -> None:
    """No leg is longer than it is: the hips come down as the feet part."""
    sk = person.skeleton
    hip = turn(pose["tilt"]) @ (sk.at(f"{side}_hip") - sk.at("pelvis"))
    flat = (pose["pelvis"] + hip - pose[f"{side}_ankle"])[:, [0, 2]]
    rise = np.sqrt(np.maximum(float(sk.reach_at(knee_deg)) ** 2 - (flat**2).sum(-1), 0.01))
    top = pose[f"{side}_ankle"][:, 1] - hip[:, 1] + rise
    place = pose["pelvis"].copy()
    place[:, 1] = softmin(place[:, 1], top, soft_m)
    pose["pelvis"] = place


def _lunge_foot(person: Person, pose: Pose, side: str, moves: NDArray[np.bool_], front: NDArray[np.bool_], step: Floats,
                lift: Floats, sink: Floats, stride: Floats, backward: bool, width: float) -> None:  # fmt: skip
    """Place one foot: the moving one swings, the rear one rises on its ball as the knee goes down."""
    x = SIGN[side]
    z = np.where(moves, step * stride * (-1 if backward else 1), 0.0)
    up = np.where(moves, lift * 0.07, 0.0)
    heel = np.where(front, 0.0, REAR_HEEL * sink + np.where(moves, np.radians(18) * step * (1 - sink), 0.0))
    heel = np.where(front, 0.0, np.maximum(heel, np.radians(25) * step * np.where(moves, 0, 1)))
    yaw = 0.06 * x
    ball = person.ball_at(side, np.array([x * width, 0.0]), yaw) + np.stack([0 * z, z], -1)
    person.raise_heel(pose, side, heel, ball, yaw)
    pose[f"{side}_ankle"] = pose[f"{side}_ankle"] + np.stack([0 * z, up, 0 * z], -1)
    pose[f"{side}_toe"] = pose[f"{side}_toe"] * np.clip(1 - up / 0.07 * 0.5, 0, 1)
    pose[f"{side}_knee"] = (x * 0.06, 0, 1)


def side_lunge(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Lunges to one side and the other, stepping out or in a wide stance; faults ``shallow`` and ``trunk_lean``."""
    tempo = draw_tempo(
        rng, seconds, reps=reps, pace=person.pace, period_s=(1.8, 3.4), rest_s=(0.1, 0.5), stall_at=(0.75, 0.92)
    )
    n, sk = len(tempo), person.skeleton
    wrong = draw_wrong(rng, faults, n, ("shallow", "trunk_lean"))
    usual = rng.uniform(78, 97) + rng.normal(0, 2, max(n, 1))
    bent = usual_or(rng, np.clip(174 - (174 - usual) * ranges(tempo, wrong), 74, 100), wrong["shallow"], 116, 124)
    lean = np.radians(usual_or(rng, rng.uniform(10, 24), wrong["trunk_lean"], 51, 59))
    first = int(rng.integers(2))
    bent_side = np.where((np.arange(max(n, 1)) + first) % 2 == 0, 1.0, -1.0)
    steps = rng.random() < 0.5
    out = np.radians(rng.uniform(8, 22))
    back = rng.uniform(0.13, 0.19)
    # How far apart the feet are: such that at the usual depth the hips come over the bent leg's foot.
    tall = float(sk.reach_at(float(np.mean(usual)))) ** 2 - back**2 - 0.03**2
    apart = 0.03 + 2 * person.hip_m + float(np.sqrt(max(float(sk.reach_at(172)) ** 2 - tall - back**2, 0.01)))
    near = person.hip_m * rng.uniform(1.0, 1.4) if steps else apart / 2
    arms = str(rng.choice(["chest", "chest", "hips", "low", "forward"]))
    # Where the hips are at the bottom, from the straight leg's foot: the bent knee has its angle.
    r_bent, r_far = sk.reach_at(bent), float(sk.reach_at(172.5))
    a, b = person.hip_m - apart, -person.hip_m
    from_far = (r_bent**2 - r_far**2 - a * a + b * b) / (2 * (a - b))

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=near, toe_out=float(out), still=0.5)
        i, s = tempo.number(t), bent_side[tempo.number(t)]
        d, u = tempo.depth(t), tempo.progress(t)
        go = ease(u / 0.6) if steps else 1.0 + 0 * u
        sink = ease((u - 0.2) / 0.8) if steps else d
        lift = 0.06 * np.sin(np.pi * np.clip(u / 0.6, 0, 1)) ** 2 if steps else 0 * u
        lean_by(pose, lean[i] * sink, 0.3)
        for side in SIDES:
            x = SIGN[side]
            moves = s == x
            reach_x = near + np.where(moves, (apart - 2 * near) * go, 0.0) if steps else near + 0 * u
            pose[f"{side}_ankle"] = np.stack([x * reach_x, sk.ankle_m + np.where(moves, lift, 0.0), 0 * t], -1)
            pose[f"{side}_knee"] = (x * np.sin(out), 0, np.cos(out))
        hips = turn(pose["tilt"]) @ (0.5 * (sk.at("left_hip") + sk.at("right_hip")) - sk.at("pelvis"))
        place = pose["pelvis"].copy()
        low_x = s * (from_far[i] - near)
        place[:, 0] += (low_x - place[:, 0]) * np.clip(0.35 * go * steps + (1 - 0.35 * steps) * sink, 0, 1)
        place[:, 2] += (-back - hips[:, 2] - place[:, 2]) * sink
        pose["pelvis"] = place
        # The straight leg says how low the hips come.
        for side in SIDES:
            _no_longer(person, pose, side, 172.5, 0.008)
        for side in SIDES:
            squat_arm(pose, side, arms, d)
        return pose

    return finish("side_lunge", tempo, rows, wrong)
