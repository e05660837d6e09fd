"""Motions of the upper body and on the spot that must count nothing: each is a change of the standing posture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.laces import tie_shoe
from groupcoach.simulate.reach import add, hand_to
from groupcoach.simulate.rig import SIDES, SIGN, Pose, joints_of, solve, unit
from groupcoach.simulate.sets import Maker
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.tempo import Sway, draw_tempo, ease
from groupcoach.skeleton import INDEX

Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator


def _cycles(rng: Rng, seconds: float, period_s: tuple[float, float]) -> Callable[[Floats], Floats]:
    """Smooth 0-1-0 again and again, filling the time."""
    return draw_tempo(rng, seconds, period_s=period_s).depth


def _upright(name: str, move: Callable[[Person, Rng, float], Callable[[Pose, Floats], None]]) -> Maker:
    """A motion that only changes the standing pose."""

    def make(person: Person, rng: Rng, seconds: float, reps: int | None = None, faults: Any = None) -> Part:
        change = move(person, rng, seconds)

        def rows(t: Floats) -> Pose:
            pose = person.stand(t)
            change(pose, t)
            return pose

        return Part(name, seconds, rows)

    return make


def _step_up(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
    wave, high, first = _cycles(rng, seconds, (1.8, 3.2)), rng.uniform(0.15, 0.3), int(rng.integers(2))

    def change(pose: Pose, t: Floats) -> None:
        u = wave(t)
        for k, side in enumerate(SIDES):
            v = ease(u / 0.6) if k == first else ease((u - 0.4) / 0.6)
            add(pose, f"{side}_ankle", high * ease(v * 1.6) + 0.05 * np.sin(np.pi * v), 1)
            add(pose, f"{side}_ankle", 0.3 * v, 2)
        rise = ease((u - 0.25) / 0.75)
        add(pose, "pelvis", high * rise - 0.03 * np.sin(np.pi * u), 1)
        add(pose, "pelvis", 0.3 * ease(u), 2)

    return change


def _dance(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
    sway = Sway(rng, 24, (0.3, 1.6))
    size = rng.uniform(0.5, 1.3)

    def change(pose: Pose, t: Floats) -> None:
        s = sway(t) * size
        pose["tilt"] = pose["tilt"] + s[:, 0:3] * [0.1, 0.06, 0.3]
        pose["spine"] = pose["spine"] + s[:, 3:6] * [0.12, 0.15, 0.25]
        pose["head"] = pose["head"] + s[:, 6:9] * [0.1, 0.1, 0.25]
        person.seat(pose, 158 + 10 * np.tanh(s[:, 9]), 0.06 * s[:, 10:12])
        for k, side in enumerate(SIDES):
            i = 12 + 6 * k
            tap = np.clip(s[:, 22 + k], 0, 1.5)
            add(pose, f"{side}_ankle", 0.1 * tap, 1)
            add(pose, f"{side}_ankle", 0.08 * tap, 2)
            pose[f"{side}_upper"] = arm(40 + 40 * s[:, i], 30 + 20 * np.tanh(s[:, i + 1]), side)
            pose[f"{side}_pole"] = np.stack(
                [SIGN[side] + 0 * t, -0.6 + 0.3 * s[:, i + 3], -0.7 + 0.2 * s[:, i + 4]], -1
            )
            pose[f"{side}_flex"] = np.radians(np.clip(65 + 35 * s[:, i + 2], 5, 140))

    return change


def _drink(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
    """A bottle at the mouth for a while, the head back; between two sips it hangs or is held before the body."""
    sips = draw_tempo(rng, seconds, period_s=(1.8, 3.0), pause_s=(0.8, 3.5), rest_s=(0.8, 4.0))
    side, sway = SIDES[int(rng.integers(2))], Sway(rng, 3, (0.4, 1.8))
    carried = rng.uniform(10, 25) if rng.random() < 0.6 else rng.uniform(40, 85)
    wrist = np.array([SIGN[side] * rng.uniform(0.02, 0.07), rng.uniform(-0.12, -0.04), rng.uniform(0.14, 0.19)])
    elbow = np.array([SIGN[side] * rng.uniform(0.3, 1.0), -1.0, 0.1])

    def change(pose: Pose, t: Floats) -> None:
        u, s = sips.depth(t), sway(t)
        begun = ease(t / 1.0) * ease((seconds - t) / 1.0)
        add(pose, "head", -0.3 * u, 0)
        # most of the way the forearm swings up; the hand finds the mouth at its end
        pose[f"{side}_upper"] = unit(pose[f"{side}_upper"] + u[:, None] * np.array([0.0, 0.35, 0.9]))
        pose[f"{side}_pole"] = pose[f"{side}_pole"] * (1 - u[:, None]) + elbow * u[:, None]
        low = pose[f"{side}_flex"] + np.radians(carried - person.elbow_deg) * begun
        pose[f"{side}_flex"] = low + (np.radians(128) - low) * u
        joints = joints_of(person.skeleton, *solve(person.skeleton, pose))
        hand_to(pose, side, joints[:, INDEX["head"]] + wrist + 0.005 * s, elbow, ease(2.5 * u - 1.5))

    return change


def _one_arm(flex: float, out: float, bent: float, spread: float) -> Callable[..., Any]:
    """One or both hands up for a while: waving, talking with the hands."""

    def move(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
        wave, sway = _cycles(rng, seconds, (1.6, 3.0)), Sway(rng, 8, (0.4, 1.8))
        both, which = rng.random() < 0.5, int(rng.integers(2))

        def change(pose: Pose, t: Floats) -> None:
            u = wave(t)
            s = sway(t) * spread
            for k, side in enumerate(SIDES):
                if not both and k != which:
                    continue
                pose[f"{side}_upper"] = arm(flex * u + 18 * s[:, 0], out * u + 8 + 10 * s[:, 1], side)
                pole = np.stack([SIGN[side] * (0.3 + 0.7 * u), -0.6 * u, -1 + 0.6 * u], -1)
                pose[f"{side}_pole"] = pole
                pose[f"{side}_flex"] = np.radians(np.clip(15 + (bent - 15) * u + 25 * s[:, 2], 5, 145))
            add(pose, "head", 0.1 * s[:, 3], 0)
            add(pose, "spine", 0.2 * s[:, 4], 2)

        return change

    return move


def _sit(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
    knee, lean = rng.uniform(85, 105), rng.uniform(-0.1, 0.35)

    def change(pose: Pose, t: Floats) -> None:
        u = ease(t / 1.5) * ease((seconds - t) / 1.5)
        add(pose, "tilt", 1.6 * u * (1 - u) + 0.5 * lean * u, 0)
        add(pose, "spine", 0.5 * lean * u, 0)
        for side in SIDES:
            pose[f"{side}_upper"] = arm(35 * u, 8, side)
            pose[f"{side}_flex"] = 0.3 + 0.7 * u
        person.seat(pose, person.knee_deg + (knee - person.knee_deg) * u, np.stack([0 * u, 0.03 - 0.4 * u], -1))

    return change


def _arm_circles(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
    period, small = rng.uniform(0.8, 2.2), rng.uniform(12, 60)

    def change(pose: Pose, t: Floats) -> None:
        a = 2 * np.pi * t / period
        u = ease(t / 0.8) * ease((seconds - t) / 0.8)
        for side in SIDES:
            pose[f"{side}_upper"] = arm(small * np.sin(a) * u, person.hang_deg + (80 + small * np.cos(a)) * u, side)
            pose[f"{side}_pole"] = (SIGN[side] * 0.3, 0, -1)
            pose[f"{side}_flex"] = 0.15

    return change


def _twist(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
    period, far, up = rng.uniform(1.2, 3.0), rng.uniform(0.4, 0.9), rng.uniform(20, 80)

    def change(pose: Pose, t: Floats) -> None:
        a = np.sin(2 * np.pi * t / period) * ease(t / 0.8)
        add(pose, "spine", far * a, 2)
        add(pose, "tilt", 0.3 * far * a, 2)
        for side in SIDES:
            pose[f"{side}_upper"] = arm(up, 20, side)
            pose[f"{side}_pole"] = (SIGN[side], -0.5, -0.4)
            pose[f"{side}_flex"] = 1.9

    return change


def _stretch(person: Person, rng: Rng, seconds: float) -> Callable[[Pose, Floats], None]:
    kind, way = rng.choice(["side", "up", "across"]), float(rng.choice([-1, 1]))
    hold = draw_tempo(rng, seconds, period_s=(1.6, 2.6), pause_s=(1.0, 3.0))

    def change(pose: Pose, t: Floats) -> None:
        u = hold.depth(t)
        for side in SIDES:
            x = SIGN[side]
            if kind == "across":
                pose[f"{side}_upper"] = arm(85 * u, -35 * u * (x == way) + 10, side)
                pose[f"{side}_flex"] = np.radians(10 + 90 * u * (x != way))
                pose[f"{side}_pole"] = (x * 0.9, -0.6, -0.5)
            elif kind == "up" or x == way:
                pose[f"{side}_upper"] = arm(15 * np.sin(np.pi * u), person.hang_deg + 158 * u, side)
                pose[f"{side}_pole"] = np.stack([x * (0.3 + u), 0 * t, -1 + u], -1)
                pose[f"{side}_collar"] = 0.35 * u
        if kind == "side":
            add(pose, "spine", way * 0.5 * u, 1)
            add(pose, "tilt", way * 0.08 * u, 1)
        elif kind == "up":
            add(pose, "spine", -0.12 * u, 0)

    return change


GESTURES: Final[dict[str, Maker]] = {
    "step_up": _upright("step_up", _step_up),
    "dance": _upright("dance", _dance),
    "drink": _upright("drink", _drink),
    "wave": _upright("wave", _one_arm(40, 80, 95, spread=0.8)),
    "talk": _upright("talk", _one_arm(35, 15, 85, spread=0.7)),
    "tie_shoe": _upright("tie_shoe", tie_shoe),
    "sit": _upright("sit", _sit),
    "arm_circles": _upright("arm_circles", _arm_circles),
    "torso_twist": _upright("torso_twist", _twist),
    "stretch": _upright("stretch", _stretch),
}
