"""Counted exercises on the spot in which the feet leave the floor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.reach import add, hands_on_hips
from groupcoach.simulate.rig import SIDES, SIGN, Pose, turn
from groupcoach.simulate.sets import Faults, Rng, draw_wrong, finish, ranges, usual_or
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.tempo import draw_tempo, ease

Floats = NDArray[np.floating[Any]]


def jumping_jack(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Jumping jacks: out and in again is one; faults ``arms_low`` and ``uneven`` (one arm stays low)."""
    tempo = draw_tempo(
        rng, seconds, reps=reps, pace=person.pace, period_s=(0.8, 1.4), pause_s=(0, 0.08), rest_s=(0, 0.1), stall=0.0
    )
    n = len(tempo)
    wrong = draw_wrong(rng, faults, n, ("arms_low", "uneven"))
    usual = rng.uniform(158, 172) + rng.normal(0, 3, max(n, 1))
    top = usual_or(rng, usual * ranges(tempo, wrong), wrong["arms_low"], 99, 104)
    slack = usual_or(rng, 0.0, wrong["uneven"], 55, 72)
    low_side = np.where(rng.random(max(n, 1)) < (0.85 if person.uneven[3] > 0 else 0.15), 1, -1)
    near, far = person.hip_m * rng.uniform(0.7, 1.15), person.hip_m * rng.uniform(2.6, 3.9)
    hop, elbow, front = rng.uniform(0.03, 0.09), rng.uniform(8, 35), rng.uniform(0, 14)

    def rows(t: Floats) -> Pose:
        i, u = tempo.number(t), tempo.progress(t)
        pose = person.stand(t, width_m=near, toe_out=0.1, still=0.7)
        # In the air while the feet move; the knees give on landing.
        feet = ease((u - 0.12) / 0.68)
        air = np.sin(np.pi * np.clip((u - 0.1) / 0.74, 0, 1)) ** 2
        bent = np.sin(2 * np.pi * u) ** 2 * (1 - air) + 0.4 * ease((u - 0.9) / 0.1)
        for side in SIDES:
            x = SIGN[side]
            place = np.stack([x * (near + (far - near) * feet), person.skeleton.ankle_m + hop * air, 0 * t], -1)
            pose[f"{side}_ankle"] = place
            pose[f"{side}_foot"] = np.stack([min(0.35, 4.5 * hop) * air, 0 * t, 0 * t + x * 0.12], -1)
            pose[f"{side}_knee"] = (x * 0.2, 0, 1)
            lag = tempo.depth(t, 0.012 * float(person.uneven[3]) * x)
            high = top[i] - np.where(low_side[i] == x, slack[i], 0.0)
            out = person.hang_deg + (high - person.hang_deg) * lag
            pose[f"{side}_upper"] = arm(front * np.sin(np.pi * lag), out, side)
            pose[f"{side}_pole"] = np.stack([x * (0.3 + 0.6 * lag**2), -0.5 * lag * (1 - lag), -1 + 0.4 * lag], -1)
            pose[f"{side}_flex"] = np.radians(elbow) * (0.6 + 0.4 * np.sin(np.pi * lag))
            pose[f"{side}_collar"] = -0.12 + 0.5 * np.clip((out - 70) / 100, 0, 1)
        person.seat(pose, person.knee_deg - 10 * bent - 4, pose["left_ankle"][:, [0, 2]] * 0 + (0, 0.03))
        return pose

    sides = {"uneven": ["left" if x > 0 else "right" for x in low_side]}
    return finish("jumping_jack", tempo, rows, wrong, sides=sides)


def high_knees(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Knees to the hips, one after the other, each step is one; fault ``knees_low``."""
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(0.38, 0.85), pause_s=(0, 0.03),
                       rest_s=(0.0, 0.06), stall=0.0)  # fmt: skip
    n, sk = len(tempo), person.skeleton
    wrong = draw_wrong(rng, faults, n, ("knees_low",))
    usual = rng.uniform(84, 104) + rng.normal(0, 2.5, max(n, 1))
    thigh = np.radians(usual_or(rng, usual * ranges(tempo, wrong), wrong["knees_low"], 40, 52))
    which = (np.arange(max(n, 1)) + int(rng.integers(2))) % 2
    fold, spring = rng.uniform(0.9, 1.15), np.radians(rng.uniform(0, 16))
    width, lean = person.hip_m * rng.uniform(0.85, 1.1), np.radians(rng.uniform(-2, 7))
    style, swing, bent = str(rng.choice(["run", "run", "hips", "low"])), rng.uniform(15, 38), rng.uniform(70, 95)

    def rows(t: Floats) -> Pose:
        d, i = tempo.depth(t), tempo.number(t)
        pose = person.stand(t, width_m=width, toe_out=0.06, still=0.6)
        add(pose, "tilt", np.full(len(t), 0.6 * lean), 0)
        add(pose, "spine", np.full(len(t), 0.4 * lean), 0)
        left = which[i] == 0
        for side, up in (("left", left), ("right", ~left)):
            x, high = SIGN[side], np.where(up, d, 0.0)
            # The standing leg rises on its ball; the lifted foot starts from and comes back to the floor.
            heel = np.where(up, 0.0, spring * d)
            person.raise_heel(pose, side, heel, person.ball_at(side, np.array([x * width, 0.0]), 0.06 * x), 0.06 * x)
            here = thigh[i] * high
            # First straight up, the heel behind; then the shin swings under the knee.
            shin = here * ((1 - fold) * d - (1 - d) * sk.thigh_m / sk.shin_m)
            lift = sk.thigh_m * (1 - np.cos(here)) + sk.shin_m * (1 - np.cos(shin))
            ahead = sk.thigh_m * np.sin(here) + sk.shin_m * np.sin(shin)
            add(pose, f"{side}_ankle", lift, 1)
            add(pose, f"{side}_ankle", ahead, 2)
            pose[f"{side}_foot"] = pose[f"{side}_foot"] + np.outer(0.35 * high * high, [1, 0, 0])
            pose[f"{side}_knee"] = (x * 0.08, 0.0, 1.0)
        # The hips are where the standing leg holds them.
        sway = 0.02 * np.where(left, -1, 1) * d
        hips = turn(pose["tilt"]) @ (0.5 * (sk.at("left_hip") + sk.at("right_hip")) - sk.at("pelvis"))
        place = np.stack([sway - hips[:, 0], 0 * t, 0.03 - hips[:, 2]], -1)
        rise = []
        for side in SIDES:
            ankle = np.where((left == (side == "left"))[:, None], [[SIGN[side] * width, sk.ankle_m, 0.0]],
                             pose[f"{side}_ankle"])  # fmt: skip
            hip = turn(pose["tilt"]) @ (sk.at(f"{side}_hip") - sk.at("pelvis"))
            flat = (place + hip - ankle)[:, [0, 2]]
            rise.append(ankle[:, 1] - hip[:, 1] + np.sqrt(sk.reach_at(person.knee_deg) ** 2 - (flat**2).sum(-1)))
        stands = np.where(left, rise[1], rise[0])
        both = np.minimum(rise[0], rise[1])
        place[:, 1] = both + (stands - both) * ease(d / 0.4)
        pose["pelvis"] = place
        for side, mine in (("left", left), ("right", ~left)):
            _running_arm(pose, side, style, np.where(mine, -d, d), swing, bent)
        return pose

    return finish("high_knees", tempo, rows, wrong)


def _running_arm(pose: Pose, side: str, style: str, forward: Floats, swing: float, bent: float) -> None:
    """One arm while the knees go up: ``forward`` (T,) from -1 (its own knee is up) to 1."""
    x = SIGN[side]
    if style == "run":
        pose[f"{side}_upper"] = arm(swing * forward - 8, 14, side)
        pose[f"{side}_pole"] = (x * 0.15, 0, -1)
        pose[f"{side}_flex"] = np.radians(bent + 12 * forward)
    elif style == "hips":
        hands_on_hips(pose, side)
    else:
        pose[f"{side}_upper"] = arm(10 * forward - 4, 16, side)
        pose[f"{side}_flex"] = np.radians(22)
