"""Counted exercises of the arms, standing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.reach import add
from groupcoach.simulate.rig import SIDES, SIGN, Pose
from groupcoach.simulate.sets import Faults, Rng, draw_wrong, finish, ranges, usual_or
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.tempo import Tempo, draw_tempo

Floats = NDArray[np.floating[Any]]


def _rock(person: Person, pose: Pose, swing: Floats) -> None:
    """Throw the trunk back by ``swing`` (T,) radians; hips come forward under it."""
    add(pose, "tilt", -0.55 * swing, 0)
    add(pose, "spine", -0.45 * swing, 0)
    add(pose, "head", 0.5 * swing, 0)
    person.seat(pose, person.knee_deg - 6 * np.abs(swing) / 0.3, np.stack([0 * swing, 0.03 + 0.12 * swing], -1))


def _swing_of(d: Floats) -> Floats:
    """(T,) back as the weight goes up, a little forward before."""
    return d - 1.6 * d * (1 - d)


def _weaker(person: Person, rng: Rng, n: int, habit: int) -> Floats:
    """(max(N, 1),) +1 where the left side falls behind, -1 where the right does: mostly the same one."""
    return np.where(rng.random(max(n, 1)) < (0.85 if person.uneven[habit] > 0 else 0.15), 1.0, -1.0)


def _named(weak: Floats) -> dict[str, list[str]]:
    return {"uneven": ["left" if x > 0 else "right" for x in weak]}


def biceps_curl(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Curls with both arms or alternating (each curl is one); faults ``swing``, ``half_range`` and ``elbow_drift``.

    Somebody who trains alone may keep to one arm.
    """
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.3, 3.2), rest_s=(0.05, 0.4))
    n = len(tempo)
    wrong = draw_wrong(rng, faults, n, ("swing", "half_range", "elbow_drift"))
    many = max(n, 1)
    rock = usual_or(rng, rng.uniform(0, 1.5, many), wrong["swing"], 29, 34)
    usual = (rng.uniform(124, 142) + rng.normal(0, 2.5, many)) * ranges(tempo, wrong)
    top = usual_or(rng, usual, wrong["half_range"], 68, 78)
    top = np.where(np.resize(wrong["elbow_drift"], many), np.minimum(top, 112), top) if n else top
    low, rolled = rng.uniform(8, 22), rng.uniform(1.1, 1.5) * (rng.random() < 0.75)
    drift, out = usual_or(rng, rng.uniform(0, 10), wrong["elbow_drift"], 50, 62), rng.uniform(5, 12)
    alternate = rng.random() < 0.3
    turn_of = (np.arange(many) + int(rng.integers(2))) % 2
    if person.one_armed:
        alternate, turn_of = True, np.full(many, turn_of[0])

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, still=0.8)
        d, i = tempo.depth(t), tempo.number(t)
        swing = np.radians(rock[i]) * _swing_of(d)
        _rock(person, pose, swing)
        for k, side in enumerate(SIDES):
            x = SIGN[side]
            mine = np.where(turn_of[i] == k, d, 0.0) if alternate else tempo.depth(t, 0.02 * person.uneven[0] * x)
            forward = 6 + drift[i] * mine + 0.6 * np.degrees(np.abs(swing)) * mine
            pose[f"{side}_upper"] = arm(forward, out, side)
            pose[f"{side}_pole"] = (x * 0.08, 0, -1)
            bent = low + (top[i] - low) * mine * (1 + 0.015 * np.clip(person.uneven[1], -2, 2) * x)
            pose[f"{side}_flex"] = np.radians(bent)
            pose[f"{side}_roll"] = rolled
        return pose

    return finish("biceps_curl", tempo, rows, wrong)


def shoulder_press(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Both hands from the shoulders to overhead; faults ``half_press``, ``uneven`` and ``back_arch``."""
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.5, 3.4), rest_s=(0.05, 0.4))
    n = len(tempo)
    wrong = draw_wrong(rng, faults, n, ("half_press", "uneven", "back_arch"))
    usual = rng.uniform(6, 13)
    low, start = rng.uniform(38, 62), rng.uniform(122, 136)
    # What is left of the bend at the top; tired arms leave a little more, but straighten.
    left_bent = usual_or(rng, usual + 90 * (1 - ranges(tempo, wrong)), wrong["half_press"], 68, 78)
    short = usual_or(rng, 0.0, wrong["uneven"], 44, 58)
    arch = np.radians(usual_or(rng, rng.uniform(0, 3), wrong["back_arch"], 30, 36))
    weak = _weaker(person, rng, n, 2)
    forward = rng.uniform(12, 26)

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, still=0.8)
        d, i = tempo.depth(t), tempo.number(t)
        add(pose, "tilt", -0.15 * arch[i] * d, 0)
        add(pose, "spine", -0.95 * arch[i] * d, 0)
        add(pose, "head", 0.5 * arch[i] * d, 0)
        person.seat(pose, person.knee_deg, np.stack([0 * t, 0.03 + 0.12 * arch[i] * d], -1))
        for side in SIDES:
            x = SIGN[side]
            slow = weak[i] == x
            u = tempo.depth(t, 0.02 * person.uneven[0] * x)
            u = np.where(slow & (short[i] > 0), tempo.depth(t, 0.09), u)
            bent = left_bent[i] + np.where(slow, short[i], 0.0)
            # The forearm stays upright: what the elbow opens, the upper arm rises; overhead the weight stays over the
            # feet, however the back bends.
            flex = start + (bent - start) * u
            out = low + (174 - bent - low) * u
            pose[f"{side}_upper"] = arm(forward * (1 - u) - 0.8 * np.degrees(arch[i]) * d * u, out, side)
            pose[f"{side}_pole"] = np.stack([x * (0.4 + u), -1 + u, -0.2 + 0.2 * u], -1)
            pose[f"{side}_flex"] = np.radians(flex)
            pose[f"{side}_collar"] = 0.3 * np.clip((out - 80) / 80, 0, 1)
        return pose

    return finish("shoulder_press", tempo, rows, wrong, sides=_named(weak))


def lateral_raise(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Straight arms to the sides up to the shoulders; faults ``too_high``, ``swing`` and ``uneven``."""
    return _raise("lateral_raise", person, rng, seconds, reps, faults)


def front_raise(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Straight arms to the front, together or in turn (each is one); faults ``too_high``, ``swing``, ``uneven``."""
    return _raise("front_raise", person, rng, seconds, reps, faults)


def _raise(name: str, person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    tempo: Tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.4, 3.4), rest_s=(0.05, 0.4))
    n, front = len(tempo), name == "front_raise"
    wrong = draw_wrong(rng, faults, n, ("too_high", "swing", "uneven"))
    many = max(n, 1)
    usual = (rng.uniform(80, 97) + person.over_deg + rng.normal(0, 2, many)) * ranges(tempo, wrong)
    top = usual_or(rng, usual, wrong["too_high"], 119, 134)
    rock = usual_or(rng, rng.uniform(0, 1.5, many), wrong["swing"], 29, 34)
    short = usual_or(rng, 0.0, wrong["uneven"], 30, 42)
    weak = _weaker(person, rng, n, 3)
    bent, rolled = rng.uniform(5, 22), rng.uniform(-0.4, 0.3)
    plane = rng.uniform(2, 14)  # lateral raises go a little to the front, front raises a little out
    alternate = front and not faults.get("uneven") and rng.random() < 0.25
    turn_of = (np.arange(many) + int(rng.integers(2))) % 2

    def rows(t: Floats) -> Pose:
        pose = person.stand(t, still=0.8)
        d, i = tempo.depth(t), tempo.number(t)
        swing = np.radians(rock[i]) * _swing_of(d)
        _rock(person, pose, swing)
        for k, side in enumerate(SIDES):
            x = SIGN[side]
            u = tempo.depth(t, 0.02 * person.uneven[0] * x)
            u = np.where(weak[i] == x, np.where(short[i] > 0, tempo.depth(t, 0.07), u), u)
            if alternate:
                u = np.where(turn_of[i] == k, d, 0.0)
            high = top[i] - np.where(weak[i] == x, short[i], 0.0)
            lift = np.clip((high * u - 70) / 80, 0, 1)
            if front:
                pose[f"{side}_upper"] = arm(8 + (high - 8) * u - np.degrees(swing) * u, 8 + (plane - 8) * u, side)
                pose[f"{side}_pole"] = np.stack([x + 0 * t, -0.9 * u, -0.9 + 0.9 * u], -1)
            else:
                pose[f"{side}_upper"] = arm(plane + 0 * u, person.hang_deg + (high - person.hang_deg) * u, side)
                pose[f"{side}_pole"] = np.stack([x * 0.5 * (1 - u), -0.5 * u, -1 + 0.2 * u], -1)
            pose[f"{side}_flex"] = np.radians(bent)
            pose[f"{side}_roll"] = rolled
            pose[f"{side}_collar"] = -0.12 + 0.4 * lift
        return pose

    return finish(name, tempo, rows, wrong, sides=_named(weak))
