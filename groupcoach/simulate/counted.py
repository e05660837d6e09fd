"""The exercises that count: each function makes one ``Part`` whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.floor import plank_pose, shoulder_top
from groupcoach.simulate.rig import SIDES, SIGN, Pose, turn
from groupcoach.simulate.stance import FaultSpan, Part, Person, arm
from groupcoach.simulate.tempo import Tempo, draw_tempo, ease

Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator
#: Fault code -> share of the repetitions that show it.
Faults = Mapping[str, float]
Maker = Callable[[Person, Rng, float, "int | None", Faults], Part]


def _finish(name: str, tempo: Tempo, rows: Any, wrong: Mapping[str, NDArray[np.bool_]], *, side: str = "both",
            entry: str = "step") -> Part:  # fmt: skip
    spans = tuple(
        FaultSpan(code, side, float(tempo.start_s[i]), float(tempo.end_s[i]))
        for code, hit in wrong.items()
        for i in np.flatnonzero(hit)
    )
    first = float(tempo.start_s[0]) if len(tempo) else 0.0
    return Part(name, tempo.duration_s, rows, tuple(float(e) for e in tempo.end_s), spans, first, entry=entry)


def _wrong(rng: Rng, faults: Faults, n: int, codes: tuple[str, ...]) -> dict[str, NDArray[np.bool_]]:
    """Which repetitions show which fault: the asked share (at least one), spread by chance, one fault in each."""
    out = {}
    order = rng.permutation(n)
    for code in codes:
        hit = np.zeros(n, dtype=bool)
        share = faults.get(code, 0.0)
        many = min(len(order), max(1, round(share * n))) if share > 0 else 0
        hit[order[:many]] = True
        order = order[many:]
        out[code] = hit
    return out


def stand(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Waiting between exercises: hands hanging, on the hips, folded, or fidgeting."""
    habit = rng.choice(["hang", "hang", "hips", "front", "look"])

    def rows(t: Floats) -> Pose:
        pose = person.stand(t)
        grow = ease(t / 0.8) * ease((seconds - t) / 0.8)
        if habit == "hips":
            for side in SIDES:
                pose[f"{side}_hip"] = grow
        elif habit == "front":
            for side in SIDES:
                pose[f"{side}_upper"] = arm(10 * grow - 2, person.hang_deg - 4 * grow, side)
                pose[f"{side}_pole"] = pose[f"{side}_pole"] + grow[:, None] * np.array([SIGN[side] * 1.5, 0, 0.4])
                pose[f"{side}_flex"] = pose[f"{side}_flex"] + np.radians(55) * grow
        elif habit == "look":
            pose["head"] = pose["head"] + np.outer(grow * np.sin(0.9 * t), [0.1, 0.0, 0.5])
        return pose

    return Part("stand", seconds, rows)


SQUAT_ARMS: Final = ("forward", "swing", "hips", "chest", "hang", "behind_head", "goblet", "forward")


def squat(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Two-legged squats; faults ``shallow`` and ``knees_in``."""
    tempo = draw_tempo(rng, seconds, reps=reps, period_s=(1.3, 3.4))
    n = len(tempo)
    wrong = _wrong(rng, faults, n, ("shallow", "knees_in"))
    bottom = rng.uniform(62, 95) + rng.normal(0, 2.5, n)
    bottom = np.where(wrong["shallow"], rng.uniform(108, 118, n), bottom)
    inward = np.where(wrong["knees_in"], rng.uniform(0.28, 0.42, n), rng.uniform(-0.12, 0.03, n))
    width = person.hip_m * rng.uniform(1.25, 2.3)
    out = np.radians(rng.uniform(5, 30))
    # Falling in is towards each other, however far the toes point out.
    inward = np.where(wrong["knees_in"], inward + out, inward)
    lean, back, round_share = rng.uniform(24, 44), rng.uniform(0.10, 0.17), rng.uniform(0.15, 0.35)
    arms = str(rng.choice(SQUAT_ARMS))

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=width, toe_out=out, still=0.7)
        d = tempo.depth(t)
        i = tempo.number(t)
        low = bottom[i] if n else np.full(len(t), 90.0)
        share = np.clip((174 - low) / 90, 0, 1.1) * d
        pitch = np.radians(lean) * share
        pose["tilt"] = pose["tilt"] + np.outer(pitch * (1 - round_share), [1, 0, 0])
        pose["spine"] = pose["spine"] + np.outer(pitch * round_share, [1, 0, 0])
        pose["head"] = pose["head"] - np.outer(0.55 * pitch, [1, 0, 0])
        for side in SIDES:
            x = SIGN[side]
            turn_in = (inward[i] if n else 0.0) * d
            way = out - turn_in + 0.03 * person.uneven[1] * x
            pose[f"{side}_knee"] = np.stack([x * np.sin(way), 0 * d, np.cos(way)], -1)
            _squat_arm(pose, side, arms, d)
        side_shift = 0.008 * person.uneven[2] * d
        person.seat(pose, person.knee_deg + (low - person.knee_deg) * d,
                    np.stack([side_shift, 0.03 - (back + 0.03) * share], -1))  # fmt: skip
        return pose

    return _finish("squat", tempo, rows, wrong)


def _squat_arm(pose: Pose, side: str, habit: str, d: Floats) -> None:
    x = SIGN[side]
    if habit in ("forward", "swing"):
        raised = d if habit == "swing" else np.maximum(d, 0.85)
        pose[f"{side}_upper"] = arm(92 * raised, 8 + 4 * (1 - raised), side)
        pose[f"{side}_pole"] = np.stack([x * (0.45 + 0.6 * raised), -raised, -1 + raised], -1)
        pose[f"{side}_flex"] = np.radians(14)
        pose[f"{side}_collar"] = -0.1 + 0.08 * raised
    elif habit == "hips":
        pose[f"{side}_hip"] = 1.0
    elif habit in ("chest", "goblet"):
        pose[f"{side}_upper"] = arm(28 if habit == "goblet" else 36, 14, side)
        pose[f"{side}_pole"] = (x * 1.0, -0.3, -0.25)
        pose[f"{side}_flex"] = np.radians(132 if habit == "goblet" else 124)
    elif habit == "behind_head":
        pose[f"{side}_upper"] = arm(-45, 118, side)
        pose[f"{side}_pole"] = (0.5 * x, -0.9, 0.7)
        pose[f"{side}_flex"] = np.radians(146)
        pose[f"{side}_collar"] = 0.2


def lunge(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Forward or backward lunges from standing, with one lead leg or alternating; fault ``shallow``."""
    tempo = draw_tempo(rng, seconds, reps=reps, period_s=(1.9, 3.6), rest_s=(0.15, 0.6))
    n = len(tempo)
    sk = person.skeleton
    backward = rng.random() < 0.4
    first = int(rng.integers(2))
    lead = (np.arange(n) + first) % 2 if rng.random() < 0.6 else np.full(n, first)
    front_knee = rng.uniform(78, 98) + rng.normal(0, 2.5, max(n, 1))
    stride = sk.leg_m * rng.uniform(1.0, 1.14)
    shin = np.radians(rng.uniform(-4, 14))
    lean = np.radians(rng.uniform(2, 12))
    width = person.hip_m * rng.uniform(0.95, 1.35)
    arms = str(rng.choice(["hips", "hips", "hang", "chest"]))
    wrong = _wrong(rng, faults, n, ("shallow",))
    if n:
        front_knee = np.where(wrong["shallow"], rng.uniform(114, 124, n), front_knee)

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, width_m=width, toe_out=0.06, still=0.7)
        if not n:
            return pose
        i = tempo.number(t)
        d = tempo.depth(t)
        span = np.where(t < tempo.rise_s[i], (t - tempo.start_s[i]) / (tempo.low_s[i] - tempo.start_s[i]),
                        (tempo.end_s[i] - t) / (tempo.end_s[i] - tempo.rise_s[i]))  # fmt: skip
        step = ease(np.clip(span, 0, 1) / 0.55)
        lift = np.sin(np.pi * np.clip(np.clip(span, 0, 1) / 0.55, 0, 1)) ** 2
        sink = ease((np.clip(span, 0, 1) - 0.3) / 0.7) * (d > 0)
        left = lead[i] == 0
        pose["tilt"] = pose["tilt"] + np.outer(0.5 * lean * d, [1, 0, 0])
        pose["spine"] = pose["spine"] + np.outer(0.5 * lean * d, [1, 0, 0])
        for side, front in (("left", left), ("right", ~left)):
            _lunge_foot(person, pose, side, front != backward, front, step, lift, sink, stride, backward, width)
            _squat_arm(pose, side, arms, d)
        # The bottom: hips over the front shin's line, so that the front knee has its angle and the shin its lean.
        reach = sk.reach_at(front_knee[i])
        cos_shin = (sk.shin_m**2 + reach**2 - sk.thigh_m**2) / (2 * sk.shin_m * reach)
        behind = np.arccos(np.clip(cos_shin, -1, 1)) - shin
        front_z = 0.0 if backward else stride
        low_z, low_y = front_z - reach * np.sin(behind), sk.ankle_m + reach * np.cos(behind)
        up = pose["pelvis"].copy()
        shift = np.clip(0.25 * step + 0.75 * sink, 0, 1)
        drop = sk.at("pelvis")[1] - 0.5 * (sk.at("left_hip")[1] + sk.at("right_hip")[1])
        z = up[:, 2] + (low_z - up[:, 2]) * (0.6 * step + 0.4 * shift if not backward else shift)
        y = up[:, 1] + (low_y + drop - up[:, 1]) * sink - 0.02 * step * (1 - sink)
        x = up[:, 0] + 0.02 * np.where(left, 1, -1) * d
        pose["pelvis"] = np.stack([x, y, z], -1)
        # No leg is longer than it is: the hips come down as the feet part.
        for side in SIDES:
            hip = turn(pose["tilt"]) @ (sk.at(f"{side}_hip") - sk.at("pelvis"))
            flat = (pose["pelvis"] + hip - pose[f"{side}_ankle"])[:, [0, 2]]
            top = pose[f"{side}_ankle"][:, 1] - hip[:, 1] + np.sqrt(np.maximum(
                float(sk.reach_at(173)) ** 2 - (flat**2).sum(-1), 0.01))  # fmt: skip
            pose["pelvis"][:, 1] = softmin(pose["pelvis"][:, 1], top)
        return pose

    return _finish("lunge", tempo, rows, wrong)


def softmin(a: Floats, b: Floats, width: float = 0.03) -> Floats:
    """The smaller of two, without a corner where they cross; never more than either."""
    d = np.maximum(width - np.abs(a - b), 0.0)
    return np.minimum(a, b) - d * d / (4 * width)


def _lunge_foot(person: Person, pose: Pose, side: str, moves: NDArray[np.bool_], front: NDArray[np.bool_], step: Floats,
                lift: Floats, sink: Floats, stride: float, backward: bool, width: float) -> None:  # fmt: skip
    """Place one foot: the moving one swings, the rear one rises on its ball as the knee goes down."""
    x = SIGN[side]
    z = np.where(moves, step * stride * (-1 if backward else 1), 0.0)
    up = np.where(moves, lift * 0.07, 0.0)
    heel = np.where(front, 0.0, np.radians(62) * sink + np.where(moves, np.radians(18) * step * (1 - sink), 0.0))
    heel = np.where(front, 0.0, np.maximum(heel, np.radians(25) * step * np.where(moves, 0, 1)))
    yaw = 0.06 * x
    ball = person.ball_at(side, np.array([x * width, 0.0]), yaw) + np.stack([0 * z, z], -1)
    person.raise_heel(pose, side, heel, ball, yaw)
    pose[f"{side}_ankle"] = pose[f"{side}_ankle"] + np.stack([0 * z, up, 0 * z], -1)
    pose[f"{side}_toe"] = pose[f"{side}_toe"] * np.clip(1 - up / 0.07 * 0.5, 0, 1)
    pose[f"{side}_knee"] = (x * 0.06, 0, 1)


def push_up(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Push-ups on hands and toes; faults ``hips_sag`` and ``shallow``."""
    tempo = draw_tempo(rng, seconds, reps=reps, period_s=(1.2, 3.2), pause_s=(0, 0.25))
    n = len(tempo)
    wrong = _wrong(rng, faults, n, ("hips_sag", "shallow"))
    sk = person.skeleton
    hand_x = float(sk.at("left_shoulder")[0]) * rng.uniform(1.15, 1.75)
    top = shoulder_top(person, hand_x)
    bottom = sk.arm_m * rng.uniform(0.48, 0.66) + rng.normal(0, 0.012, max(n, 1))
    droop = np.where(wrong["hips_sag"], rng.uniform(0.17, 0.22, n), 0.0) if n else np.zeros(1)
    if n:
        # Shallow: the elbows stay open, a third of the way down only.
        bottom = np.where(wrong["shallow"], top + (bottom - top) * rng.uniform(0.26, 0.35, n), bottom)
    normal = rng.uniform(-0.015, 0.02)
    feet_x = person.hip_m * rng.uniform(0.6, 1.5)

    def rows(t: Floats) -> Pose:
        d = tempo.depth(t)
        i = tempo.number(t)
        wave = person.sway(t)
        y = top + (bottom[i] - top) * d + 0.003 * wave[:, 0]
        # A sagging set sags at the top too, and between neighbours of the same kind it stays there.
        ramp = ease((t - tempo.start_s[i]) / 0.35) * ease((tempo.end_s[i] - t) / 0.35) if n else 0 * t
        # Never through the floor: low down there is less room to sag.
        sag = normal + np.minimum(droop[i] * ramp, np.maximum(0.62 * y - 0.08, 0)) + 0.004 * wave[:, 1]
        return plank_pose(person, t, hand_x=hand_x, shoulder_y=y, sag=sag, feet_x=feet_x)

    return _finish("push_up", tempo, rows, wrong, entry="crouch")


def jumping_jack(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Jumping jacks: out and in again is one; fault ``arms_low``."""
    tempo = draw_tempo(rng, seconds, reps=reps, period_s=(0.8, 1.4), pause_s=(0, 0.08), rest_s=(0, 0.1))
    n = len(tempo)
    top = rng.uniform(158, 172) + rng.normal(0, 3, max(n, 1))
    near, far = person.hip_m * rng.uniform(0.7, 1.15), person.hip_m * rng.uniform(2.6, 3.9)
    hop, elbow, front = rng.uniform(0.03, 0.09), rng.uniform(8, 35), rng.uniform(0, 14)
    wrong = _wrong(rng, faults, n, ("arms_low",))
    if n:
        top = np.where(wrong["arms_low"], rng.uniform(99, 104, n), top)

    def rows(t: Floats) -> Pose:
        d, i = tempo.depth(t), tempo.number(t)
        pose = person.stand(t, width_m=near, toe_out=0.1, still=0.7)
        if n:
            # In the air while the feet move; the knees give on landing.
            u_down = (t - tempo.start_s[i]) / (tempo.low_s[i] - tempo.start_s[i])
            u_up = (tempo.end_s[i] - t) / (tempo.end_s[i] - tempo.rise_s[i])
            u = np.where(t < tempo.rise_s[i], np.clip(u_down, 0, 1), np.clip(u_up, 0, 1))
        else:
            u = 0 * t
        feet = ease((u - 0.12) / 0.68)
        air = np.sin(np.pi * np.clip((u - 0.1) / 0.74, 0, 1)) ** 2
        bent = np.sin(2 * np.pi * np.clip(u, 0, 1)) ** 2 * (1 - air) + 0.4 * (u > 0.99)
        for side in SIDES:
            x = SIGN[side]
            place = np.stack([x * (near + (far - near) * feet), person.skeleton.ankle_m + hop * air, 0 * t], -1)
            pose[f"{side}_ankle"] = place
            pose[f"{side}_foot"] = np.stack([0.35 * air, 0 * t, 0 * t + x * 0.12], -1)
            pose[f"{side}_knee"] = (x * 0.2, 0, 1)
            lag = np.clip(d + 0.03 * person.uneven[3] * x * d * (1 - d), 0, 1)
            out = person.hang_deg + (top[i] - person.hang_deg) * lag
            pose[f"{side}_upper"] = arm(front * np.sin(np.pi * lag), out, side)
            pose[f"{side}_pole"] = np.stack([x * (0.3 + 1.1 * lag), 0 * t, -1 + 0.9 * lag], -1)
            pose[f"{side}_flex"] = np.radians(elbow) * (0.6 + 0.4 * np.sin(np.pi * lag))
            pose[f"{side}_collar"] = -0.12 + 0.5 * np.clip((out - 70) / 100, 0, 1)
        person.seat(pose, person.knee_deg - 10 * bent - 4, pose["left_ankle"][:, [0, 2]] * 0 + (0, 0.03))
        pose["pelvis"][:, 1] += 0.2 * hop * air
        return pose

    return _finish("jumping_jack", tempo, rows, wrong)


def biceps_curl(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Curls with both arms or alternating (each curl is one); faults ``swing`` and ``half_range``."""
    tempo = draw_tempo(rng, seconds, reps=reps, period_s=(1.3, 3.2), rest_s=(0.05, 0.4))
    n = len(tempo)
    wrong = _wrong(rng, faults, n, ("swing", "half_range"))
    rock = np.where(wrong["swing"], rng.uniform(29, 34, n), rng.uniform(0, 1.5, n)) if n else np.zeros(1)
    top = (rng.uniform(120, 142) + rng.normal(0, 2.5, n)) if n else np.zeros(1)
    low, rolled = rng.uniform(8, 22), rng.uniform(1.1, 1.5) * (rng.random() < 0.75)
    drift, out = rng.uniform(0, 10), rng.uniform(5, 12)
    alternate = rng.random() < 0.3
    if n:
        top = np.where(wrong["half_range"], rng.uniform(68, 78, n), top)
    turn_of = (np.arange(max(n, 1)) + int(rng.integers(2))) % 2

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, still=0.8)
        d, i = tempo.depth(t), tempo.number(t)
        # The swing: back as the weight goes up, a little forward before.
        swing = np.radians(rock[i]) * (d - 1.6 * d * (1 - d))
        pose["tilt"] = pose["tilt"] - np.outer(0.55 * swing, [1, 0, 0])
        pose["spine"] = pose["spine"] - np.outer(0.45 * swing, [1, 0, 0])
        person.seat(pose, person.knee_deg - 6 * np.abs(swing) / 0.3, np.stack([0 * t, 0.03 + 0.12 * swing], -1))
        for k, side in enumerate(SIDES):
            mine = np.where(turn_of[i] == k, d, 0.0) if alternate else d
            x = SIGN[side]
            forward = drift * mine + 1.4 * np.degrees(np.abs(swing)) * mine
            pose[f"{side}_upper"] = arm(forward, out, side)
            pose[f"{side}_pole"] = (x * 0.08, 0, -1)
            bent = low + (top[i] - low) * mine * (1 + 0.02 * person.uneven[1] * x)
            pose[f"{side}_flex"] = np.radians(bent)
            pose[f"{side}_roll"] = rolled
        return pose

    return _finish("biceps_curl", tempo, rows, wrong)


COUNTED: Final[dict[str, Maker]] = {
    "stand": stand, "squat": squat, "lunge": lunge, "push_up": push_up, "jumping_jack": jumping_jack,
    "biceps_curl": biceps_curl,
}  # fmt: skip
#: The faults each exercise can show on order.
FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "squat": ("shallow", "knees_in"),
    "lunge": ("shallow",),
    "push_up": ("hips_sag", "shallow"),
    "jumping_jack": ("arms_low",),
    "biceps_curl": ("swing", "half_range"),
}
