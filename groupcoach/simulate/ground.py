"""Counted exercises and the hold with the hands on the floor."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.floor import HAND_Y, bow_pose, crouch_pose, hips_up, plank_pose, shoulder_top, stoop
from groupcoach.simulate.rig import SIDES, SIGN, Pose, mix
from groupcoach.simulate.sets import Faults, Rng, draw_wrong, finish, ranges, usual_or
from groupcoach.simulate.stance import FaultSpan, Part, Person, arm
from groupcoach.simulate.tempo import Tempo, draw_tempo, ease

Floats = NDArray[np.floating[Any]]
#: How far the hips hang below the straight line, or stand above it, when that is ordered (metres).
SAG_M: Final = (0.17, 0.22)
PIKE_M: Final = (0.2, 0.26)
#: The fields of a ``Tempo`` that have an entry per repetition.
_EACH: Final = tuple(f.name for f in fields(Tempo) if f.name not in ("skew", "duration_s"))


def _hips(rng: Rng, wrong: dict[str, NDArray[np.bool_]], n: int) -> Floats:
    """(max(n, 1),) how far the hips hang in each repetition; negative is up."""
    if not n:
        return np.zeros(1)
    none = np.zeros(n, dtype=bool)
    out = np.where(wrong.get("hips_sag", none), rng.uniform(*SAG_M, n), 0.0)
    return np.where(wrong.get("hips_pike", none), -rng.uniform(*PIKE_M, n), out)


def _held(t: Floats, tempo: Tempo, amount: Floats) -> Floats:
    """(T,) each repetition's ``amount``, grown and taken back within its own time, so that clean ones stay clean.

    Between neighbours of the same kind it stays: nobody straightens up for the instant between two repetitions.
    """
    if not len(tempo) or not amount.any():
        return np.zeros(len(t))
    end = np.minimum(tempo.end_s, np.append(tempo.start_s[1:], np.inf))
    margin = np.where(amount == 0, 0.0, np.minimum(0.3, 0.22 * (end - tempo.start_s)))
    knots = np.stack([tempo.start_s + margin, end - margin], -1).ravel()
    knots = np.concatenate([tempo.start_s[:1] - 0.1, knots, end[-1:] + 0.1])
    values = np.concatenate([[0.0], np.repeat(amount, 2), [0.0]])
    k = np.clip(np.searchsorted(knots, t, side="right") - 1, 0, len(knots) - 2)
    u = ease((t - knots[k]) / np.maximum(knots[k + 1] - knots[k], 1e-9))
    return np.asarray(values[k] + (values[k + 1] - values[k]) * u)


def _above_floor(sag: Floats, shoulder_y: Floats) -> Floats:
    """No hips through the floor: low down there is less room to sag."""
    return np.asarray(np.minimum(sag, np.maximum(0.62 * shoulder_y - 0.08, 0)))


def _shoulder_at(person: Person, hand_x: float, elbow_deg: Floats) -> Floats:
    """(N,) height of the shoulders of a straight body whose elbows are at ``elbow_deg`` (N,)."""
    sk, top = person.skeleton, shoulder_top(person, hand_x)
    y = np.linspace(HAND_Y + 0.05, top, 100)
    length = sk.leg_m + float(sk.at("left_shoulder")[1] - sk.at("left_hip")[1])
    ahead = length * np.cos(np.arcsin(np.clip((y - 0.13) / length, -1, 1)))  # the body turns about its toes
    across = hand_x - float(sk.at("left_shoulder")[0])
    reach = np.sqrt((y - HAND_Y) ** 2 + across**2 + (ahead - ahead[-1]) ** 2)
    a, b = sk.bone("left_shoulder", "left_elbow"), sk.bone("left_elbow", "left_wrist")
    deg = np.degrees(np.arccos(np.clip((a * a + b * b - reach**2) / (2 * a * b), -1, 1)))
    return np.asarray(np.interp(elbow_deg, deg, y))


def push_up(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Push-ups on hands and toes; faults ``hips_sag``, ``hips_pike``, ``shallow`` and ``too_fast``."""
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(1.2, 3.2), pause_s=(0, 0.25),
                       quick=faults.get("too_fast", 0.0))  # fmt: skip
    n = len(tempo)
    wrong = draw_wrong(rng, faults, n, ("hips_sag", "hips_pike", "shallow"), tempo.quick)
    sk = person.skeleton
    hand_x = float(sk.at("left_shoulder")[0]) * rng.uniform(1.15, 1.75)
    top = shoulder_top(person, hand_x)
    bottom = sk.arm_m * rng.uniform(0.48, 0.66) + rng.normal(0, 0.012, max(n, 1))
    bottom = top + (bottom - top) * ranges(tempo, wrong)
    # Shallow: the elbows stay open.
    open_elbows = _shoulder_at(person, hand_x, rng.uniform(117, 128, max(n, 1)))
    bottom = np.where(wrong["shallow"], open_elbows, bottom) if n else bottom
    droop = _hips(rng, wrong, n)
    normal = rng.uniform(-0.015, 0.02)
    feet_x = person.hip_m * rng.uniform(0.6, 1.5)

    def rows(t: Floats) -> Pose:
        d, i, wave = tempo.depth(t), tempo.number(t), person.sway(t)
        y = top + (bottom[i] - top) * d + 0.003 * wave[:, 0]
        sag = normal + _above_floor(_held(t, tempo, droop), y) + 0.004 * wave[:, 1]
        return plank_pose(person, t, hand_x=hand_x, shoulder_y=y, sag=sag, feet_x=feet_x)

    return finish("push_up", tempo, rows, wrong, entry="crouch")


def plank(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Holding the upper position of a push-up; fault ``hips_sag`` for about the asked share of the time."""
    hand_x = float(person.skeleton.at("left_shoulder")[0]) * rng.uniform(1.0, 1.3)
    normal, low = rng.uniform(-0.02, 0.02), rng.uniform(*SAG_M)
    ramp = 0.8
    share = faults.get("hips_sag", 0.0)
    # The fault lasts from half way down to half way up again.
    length = min(max(share * seconds, ramp), seconds - 2 * ramp) if share > 0 else 0.0
    # Hips sink with time: rather in the second half.
    start = ramp + (seconds - length - 2 * ramp) * rng.uniform(0.4, 1.0)
    spans = (FaultSpan("hips_sag", "both", start, start + length),) if length > 0 else ()

    def rows(t: Floats) -> Pose:
        wave = person.sway(t)
        y = shoulder_top(person, hand_x) - 0.01 + 0.004 * wave[:, 0]
        hang = ease((t - start + ramp / 2) / ramp) * ease((start + length + ramp / 2 - t) / ramp) * (length > 0)
        sag = normal + (low - normal) * hang + 0.005 * wave[:, 1]
        return plank_pose(person, t, hand_x=hand_x, shoulder_y=y, sag=sag, feet_x=person.hip_m)

    return Part("plank", seconds, rows, faults=spans, entry="crouch")


def mountain_climber(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Plank, the knees driven to the chest in turn (one drive is one); faults ``hips_pike`` and ``knees_low``.

    Some put the foot back before the other one starts; the others change feet in one hop.
    """
    tempo = draw_tempo(rng, seconds, reps=reps, pace=person.pace, period_s=(0.7, 1.5), pause_s=(0.0, 0.15),
                       rest_s=(0.0, 0.2), stall=0.0)  # fmt: skip
    if rng.random() < 0.5:
        tempo = _overlapped(tempo)
    n = len(tempo)
    wrong = draw_wrong(rng, faults, n, ("hips_pike", "knees_low"))
    leads = (np.arange(max(n, 1)) + int(rng.integers(2))) % 2
    usual = ranges(tempo, wrong) * rng.uniform(0.93, 1.0, max(n, 1))
    drive = usual_or(rng, usual, wrong["knees_low"], 0.28, 0.4)
    near, high = rng.uniform(-0.2, -0.1), rng.uniform(0.05, 0.09)
    hand_x = float(person.skeleton.at("left_shoulder")[0]) * rng.uniform(1.15, 1.4)
    normal, piked = rng.uniform(-0.06, -0.02), _hips(rng, wrong, n)
    legs = {side: _only(tempo, leads[:n] == k) for k, side in enumerate(SIDES)}
    ways = {side: drive[:n][leads[:n] == k] for k, side in enumerate(SIDES)}

    def rows(t: Floats) -> Pose:
        wave = person.sway(t)
        y = shoulder_top(person, hand_x) - 0.01 + 0.003 * wave[:, 0]
        sag = normal + _held(t, tempo, piked) + 0.005 * wave[:, 1]
        drives = {s: legs[s].depth(t) * ways[s][legs[s].number(t)] for s in SIDES if len(legs[s])}
        # The hips give way upward to the knee that passes below them.
        sag = sag - 0.03 * np.max(list(drives.values()), axis=0, initial=0.0)
        pose = plank_pose(person, t, hand_x=hand_x, shoulder_y=y, sag=sag, feet_x=person.hip_m)
        for side, u in drives.items():
            _drive(pose, side, u, near, high)
        return pose

    return finish("mountain_climber", tempo, rows, wrong, entry="crouch")


def _drive(pose: Pose, side: str, u: Floats, near: float, high: float) -> None:
    """Bring one foot from the plank (``u`` 0) to under the hip, ``near`` ahead of it and ``high`` off the floor (1)."""
    there, ankle = pose["pelvis"], pose[f"{side}_ankle"]
    swing = np.sin(np.pi * np.clip(u, 0, 1))
    far = (there[:, 2] + near - ankle[:, 2]) * u
    pose[f"{side}_ankle"] = ankle + np.stack([0 * u, high * u + 0.08 * swing, far], -1)
    # A thigh is longer than the hips are high: the knee passes a little outward.
    pose[f"{side}_knee"] = np.stack([SIGN[side] * (0.7 * swing - 0.05), -0.6 + 0 * u, 0.8 + 0 * u], -1)
    pose[f"{side}_toe"] = pose[f"{side}_toe"] * (1 - 0.8 * ease(u / 0.3))


def _only(tempo: Tempo, mine: NDArray[np.bool_]) -> Tempo:
    """The clock of some of the repetitions."""
    return replace(tempo, **{f: getattr(tempo, f)[mine] for f in _EACH})


def _overlapped(tempo: Tempo) -> Tempo:
    """One foot comes as the other one goes: a repetition's way back is the next one's way there."""
    if len(tempo) < 2:
        return tempo
    following = np.append(tempo.start_s[1:], tempo.end_s[-1])
    there = 0.8 * (following - tempo.start_s)
    end = following + np.append(there[1:], there[-1])
    out = replace(tempo, low_s=tempo.start_s + there, rise_s=following, end_s=end)
    return _only(out, end + 0.1 < tempo.duration_s)


def burpee(person: Person, rng: Rng, seconds: float, reps: int | None, faults: Faults) -> Part:
    """Stand, crouch, plank, crouch, stand (some jump, some add a push-up); faults ``hips_sag``, ``no_full_stand``."""
    tempo = draw_tempo(
        rng, seconds, reps=reps, pace=person.pace, period_s=(2.4, 4.4), pause_s=(0, 0), rest_s=(0.05, 0.5), stall=0.0
    )
    n = len(tempo)
    wrong = draw_wrong(rng, faults, n, ("hips_sag", "no_full_stand"))
    hand_x = float(person.skeleton.at("left_shoulder")[0]) * rng.uniform(1.0, 1.15)
    normal, droop = rng.uniform(-0.02, 0.02), _hips(rng, wrong, n)
    jump = rng.uniform(0.08, 0.2) * (rng.random() < 0.6)
    press = rng.uniform(0.4, 0.5) * person.skeleton.arm_m * (rng.random() < 0.3)
    wide = rng.uniform(0.0, 0.06) * bool(press)
    top = shoulder_top(person, hand_x) - 0.01
    # Who does not straighten up stays so until the next repetition goes down.
    bent = np.concatenate([[0.0], wrong["no_full_stand"].astype(float)])
    leap = jump * (1 - bent[1:]) if n else np.zeros(1)

    def rows(t: Floats) -> Pose:
        i = tempo.number(t)
        p = np.clip((t - tempo.start_s[i]) / (tempo.end_s[i] - tempo.start_s[i]), 0, 1) if n else 0 * t
        wave = person.sway(t)
        high = mix(person.stand(t), _half_up(person, t), np.where(p < 0.5, bent[i], bent[np.minimum(i + 1, n)]))
        crouch = crouch_pose(person, t, hand_x=hand_x)
        # Two hops: back into the plank and forward out of it.
        back, forth = (p - 0.22) / 0.13, (p - 0.56 - wide) / 0.13
        out = ease(back) * ease(1 - forth)
        dip = ease((p - 0.36) / 0.1) * ease((0.56 + wide - p) / 0.1)
        hang = ease((p - 0.3) / 0.1) * ease((0.62 + wide - p) / 0.1)
        y = top - press * dip
        low = plank_pose(person, t, hand_x=hand_x, shoulder_y=y, feet_x=person.hip_m,
                         sag=normal + _above_floor(droop[i] * hang, y) + 0.004 * wave[:, 1])  # fmt: skip
        up = 0.88 if jump else 0.98
        late = up - 0.69 - wide
        # The arms come ahead of the knees before they reach down.
        pose = stoop(high, bow_pose(person, t), ease(p / 0.15) * ease((up - p) / (0.75 * late)))
        pose = mix(pose, mix(crouch, low, out), ease((p - 0.05) / 0.16) * ease((up - 0.3 * late - p) / (0.7 * late)))
        hop = 0.07 * (np.sin(np.pi * np.clip([back, forth], 0, 1)) ** 2).sum(0)
        air = np.sin(np.pi * np.clip((p - 0.86) / 0.12, 0, 1)) ** 2 * leap[i]
        for side in SIDES:
            ankle = pose[f"{side}_ankle"]
            pose[f"{side}_ankle"] = ankle + np.stack([0 * t, hop + air, 0 * t], -1)
            point = 3.0 * air
            pose[f"{side}_foot"] = pose[f"{side}_foot"] + np.stack([point, 0 * t, 0 * t], -1)
            _reach_up(pose, side, p, person.hang_deg, leap[i] > 0)
        hips_up(pose, 1.7 * hop)
        pose["pelvis"] = pose["pelvis"] + np.outer(air, [0, 1, 0])
        return pose

    return finish("burpee", tempo, rows, wrong)


def _half_up(person: Person, t: Floats) -> Pose:
    """Standing with bent knees and hips: where one stops who does not straighten up."""
    pose = person.stand(t)
    pose["tilt"] = pose["tilt"] + (0.6, 0, 0)
    pose["spine"] = pose["spine"] + (0.25, 0, 0)
    pose["head"] = pose["head"] - (0.4, 0, 0)
    for side in SIDES:
        pose[f"{side}_upper"] = arm(62, 10, side)
        pose[f"{side}_flex"] = np.radians(25)
    person.seat(pose, 125, np.broadcast_to([0.0, -0.1], (len(t), 2)))
    return pose


def _reach_up(pose: Pose, side: str, p: Floats, hang_deg: float, on: NDArray[np.bool_]) -> None:
    """Arms swing through the front overhead for the jump and down again; ``p`` is the share of the repetition."""
    x, goal = SIGN[side], Pose(pose.rows.copy())
    up, down = ease((p - 0.74) / 0.14), ease((p - 0.89) / 0.11)
    forward = np.radians(82 + 83 * up - 167 * down)
    goal[f"{side}_upper"] = arm(np.degrees(forward), 6 + (hang_deg - 6) * down, side)
    goal[f"{side}_pole"] = np.stack([0 * p + 0.8 * x, -np.sin(forward), -np.cos(forward)], -1)
    goal[f"{side}_flex"] = 0.3
    goal[f"{side}_collar"] = 0.3 * up * (1 - down) - 0.12 * down
    pose.rows[:] = mix(pose, goal, ease((p - 0.72) / 0.08) * ease((1 - p) / 0.04) * on).rows
