"""What people do between sets: talk to a neighbour, look on, pick something up from the floor or put it down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.rig import CHANNELS, SIDES, SIGN, Pose, joints_of, mix, moved, rot, solve, unit
from groupcoach.simulate.route import wrap
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.steps import Walk
from groupcoach.simulate.tempo import Sway, ease
from groupcoach.skeleton import INDEX

Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator

#: The upper body turns this far; the feet step round for more.
UPPER: Final = np.radians(50)
#: How a turn of the upper body is shared between pelvis, spine and head.
_SHARES: Final = {"tilt": 0.16, "spine": 0.36, "head": 0.48}
PICK_UP_S: Final = 2.2
#: Height of the hands over the floor when they take or leave something.
GRIP_M: Final = 0.12


def _bursts(rng: Rng, start: float, stop: float, busy_s: tuple[float, float], quiet_s: tuple[float, float],
            *, first: bool) -> Callable[[Floats], Floats]:  # fmt: skip
    """Smooth 0 and 1 in turn between two instants."""
    at, spans, busy = start, [], first
    while at < stop:
        length = float(rng.uniform(*(busy_s if busy else quiet_s)))
        if busy:
            spans.append((at, min(at + length, stop)))
        at, busy = at + length, not busy

    def level(t: Floats) -> Floats:
        out = np.zeros(len(t))
        for a, b in spans:
            out = np.maximum(out, ease((t - a) / 0.5) * ease((b - t) / 0.5))
        return out

    return level


def _facing(person: Person, rng: Rng, seconds: float, toward_yaw: float, name: str,
            change: Callable[[Pose, Floats, Floats], None], quick_s: float) -> Part:  # fmt: skip
    """Turn to somebody, be ``change``d there, turn back.

    ``change`` gets the pose, the seconds and the weight (T,) of the turn, 0 at both ends.
    """
    if seconds < 2.0:
        raise ValueError(f"{seconds} s is too short to turn to somebody and back: 2 at least.")
    toward = wrap(toward_yaw)
    feet, there, back = 0.0, None, None
    if abs(toward) > UPPER:
        # Who steps round at all leaves little to the neck.
        feet = float(np.sign(toward)) * (abs(toward) - float(rng.uniform(0.25, 0.5)))
        there = Walk(person, [(0.0, 0.0)], feet, rng=rng)
        back = Walk(person, [(0.0, 0.0)], -feet, rng=rng)
        if there.duration_s + back.duration_s + 1.0 > seconds:  # no time to step round
            feet, there, back, toward = 0.0, None, None, float(np.clip(toward, -UPPER, UPPER))
    upper = toward - feet

    def rows(t: Floats) -> Pose:
        t = np.clip(np.asarray(t, dtype=float), 0.0, seconds)
        pose = person.stand(t)
        if there is not None and back is not None:
            gone, home = t < there.duration_s, t > seconds - back.duration_s
            pose = moved(pose, feet, (0.0, 0.0))
            pose.rows[gone] = there.rows(t[gone]).rows
            leave = seconds - back.duration_s
            pose.rows[home] = moved(back.rows(t[home] - leave, clock_s=leave), feet, (0.0, 0.0)).rows
        w = ease(t / quick_s) * ease((seconds - t) / quick_s)
        for channel, share in _SHARES.items():
            pose[channel][:, 2] += share * upper * w
        change(pose, t, w)
        return pose

    return Part(name, seconds, rows)


def talk_to(person: Person, rng: Rng, seconds: float, toward_yaw: float) -> Part:
    """Turn to a neighbour, talk with the hands and listen, nod, and turn back.

    Args:
        person: Who talks.
        rng: Source of chance.
        seconds: How long, turning included; 2 at least.
        toward_yaw: Where the neighbour is, radians about the vertical from where the person faces (positive: left).
            Beyond ``UPPER`` the feet step round; with too little time for that only the upper body turns.

    Returns:
        A part that begins and ends standing, facing as before.

    Raises:
        ValueError: too short.
    """
    quick = float(rng.uniform(0.7, 1.0))
    talks = _bursts(rng, 0.6, seconds - 0.4, (1.6, 4.5), (1.2, 3.5), first=bool(rng.random() < 0.7))
    nods = _bursts(rng, 0.8, seconds - 0.6, (0.9, 1.6), (1.0, 3.5), first=False)
    sway, nod_hz = Sway(rng, 14, (0.35, 1.5)), rng.uniform(1.4, 2.1)
    both, which = rng.random() < 0.6, int(rng.integers(2))
    raised, bent, out = rng.uniform(14, 32), rng.uniform(70, 95), rng.uniform(4, 14)

    def change(pose: Pose, t: Floats, w: Floats) -> None:
        s, u = np.tanh(0.6 * sway(t)), talks(t)
        for k, side in enumerate(SIDES):
            v = u * (1.0 if both or k == which else 0.15)
            i = 5 * k
            free = np.asarray(pose[f"{side}_upper"])
            up = arm(raised + 14 * s[:, i], out + person.hang_deg * 0.5 + 8 * s[:, i + 1], side)
            pose[f"{side}_upper"] = free * (1 - v[:, None]) + up * v[:, None]
            pole = np.stack([SIGN[side] * (0.45 + 0.25 * s[:, i + 2]), 0 * t - 0.35, 0 * t - 0.8], -1)
            pose[f"{side}_pole"] = pose[f"{side}_pole"] * (1 - v[:, None]) + pole * v[:, None]
            pose[f"{side}_flex"] = pose[f"{side}_flex"] * (1 - v) + np.radians(bent + 22 * s[:, i + 3]) * v
            pose[f"{side}_roll"] = pose[f"{side}_roll"] + (0.5 + 0.5 * s[:, i + 4]) * v
        nod = 0.09 * nods(t) * np.sin(2 * np.pi * nod_hz * t)
        pose["head"] = pose["head"] + w[:, None] * np.stack([nod + 0.05 * s[:, 10] * u, 0.06 * s[:, 11] * u,
                                                             0.08 * s[:, 12] * u], -1)  # fmt: skip
        pose["spine"][:, 2] += 0.06 * s[:, 13] * w

    return _facing(person, rng, seconds, toward_yaw, "talk", change, quick)


def watch(person: Person, rng: Rng, seconds: float, toward_yaw: float) -> Part:
    """Look on with the hands on the hips or the arms folded; arguments and errors as ``talk_to``."""
    folded, over = bool(rng.random() < 0.5), int(rng.integers(2))
    glances, sway = _bursts(rng, 1.0, seconds - 0.8, (0.8, 2.0), (2.0, 6.0), first=False), Sway(rng, 1, (0.1, 0.4))

    def change(pose: Pose, t: Floats, w: Floats) -> None:
        u = ease((t - 0.3) / 1.0) * ease((seconds - 0.2 - t) / 1.0)
        for k, side in enumerate(SIDES):
            if not folded:
                pose[f"{side}_hip"] = u
                continue
            fold(pose, side, u, outer=k == over)
        look = glances(t) * np.tanh(sway(t)[:, 0])
        pose["head"] = pose["head"] + np.outer(look * w, [0.05, 0.0, 0.35])

    return _facing(person, rng, seconds, toward_yaw, "stand", change, 0.8)


def fold(pose: Pose, side: str, u: Floats, *, outer: bool) -> None:
    """Fold one arm over the chest by the weight ``u`` (T,); the ``outer`` forearm lies over the other one."""
    x, w = SIGN[side], u[:, None]
    pose[f"{side}_upper"] = unit(pose[f"{side}_upper"] * (1 - w) + arm(30 if outer else 22, 6, side) * w)
    pose[f"{side}_pole"] = pose[f"{side}_pole"] * (1 - w) + np.array([x, -0.25 if outer else -0.4, -0.15]) * w
    pose[f"{side}_flex"] = pose[f"{side}_flex"] * (1 - u) + np.radians(104 if outer else 112) * u
    pose[f"{side}_collar"] = pose[f"{side}_collar"] + 0.06 * u


def pick_up(person: Person, rng: Rng, *, side_x: float = 0.0) -> Part:
    """Bend down, both hands beside the shins ``GRIP_M`` over the floor, and straighten up; putting down is the same.

    Args:
        person: Who bends.
        rng: Source of chance.
        side_x: Where the hands reach to, metres to the left of the feet's middle, -0.3 to 0.3.

    Returns:
        A part of about ``PICK_UP_S``, standing at both ends; ``pick_up_moment_s`` says when the hands are down.

    Raises:
        ValueError: too far aside.
    """
    if not abs(side_x) <= 0.3:
        raise ValueError(f"The hands cannot reach {side_x} m aside: -0.3 to 0.3.")
    seconds = PICK_UP_S * float(rng.uniform(0.93, 1.1))
    moment = seconds * float(rng.uniform(0.47, 0.52))
    hold = 0.08
    sk = person.skeleton
    apart = max(person.stance_m + 0.14, 0.24)
    target = {side: np.array([SIGN[side] * apart + side_x, GRIP_M, 0.04]) for side in SIDES}
    for side in SIDES:  # a hand that comes to the feet stays before the toes
        target[side][2] += 0.26 * float(ease(np.array((apart - SIGN[side] * target[side][0]) / 0.12)))
    round_share = float(rng.uniform(0.2, 0.35))
    hand_m = sk.arm_m + 0.5 * (sk.bone("left_wrist", "left_hand") + sk.bone("right_wrist", "right_hand"))

    def bent(t: Floats, pitch: Floats, knee: Floats, u: Floats) -> Pose:
        """Standing, the trunk forward by ``pitch``, the knees bent to ``knee`` degrees; ``u`` is how far down."""
        pose = person.stand(t)
        stood = np.array(pose["pelvis"])
        person.seat(pose, person.knee_deg, np.array([0.0, 0.03]))
        sway = stood - pose["pelvis"]
        pose["tilt"] = pose["tilt"] + np.stack([(1 - round_share) * pitch, 0 * u, 0 * u], -1)
        pose["spine"] = pose["spine"] + np.stack([round_share * pitch, -0.7 * side_x * u, 0.5 * side_x * u], -1)
        pose["head"] = pose["head"] - np.outer(0.35 * pitch, [1, 0, 0])
        for name in (f"{side}_{n}" for side in SIDES for n in ("upper", "pole")):  # the arms hang
            pose[name] = np.einsum("tij,tj->ti", rot("x", -0.85 * pitch), pose[name])
        person.seat(pose, person.knee_deg + (knee - person.knee_deg) * u,
                    np.stack([0.25 * side_x * u, 0.03 - 0.23 * u], -1))  # fmt: skip
        pose["pelvis"] += sway * (1 - u)[:, None]
        return pose

    # The bend whose shoulders come near enough to the floor for arms that are nearly straight.
    knee0 = float(rng.uniform(88, 112))
    knee, pitch = (v.ravel() for v in np.meshgrid(knee0 - np.arange(0, 56, 4), np.radians(np.arange(44, 78, 2.0)),
                                                  indexing="ij"))  # fmt: skip
    tried = joints_of(sk, *solve(sk, bent(np.full(len(knee), moment), pitch, knee, np.ones(len(knee)))))
    far = np.max([np.linalg.norm(tried[:, INDEX[f"{s}_shoulder"]] - target[s], axis=-1) for s in SIDES], axis=0)
    best = int(np.argmax(far < 0.96 * hand_m)) if (far < 0.96 * hand_m).any() else int(far.argmin())
    low_knee, low_pitch = float(knee[best]), float(pitch[best])

    def rows(t: Floats) -> Pose:
        t = np.clip(np.asarray(t, dtype=float), 0.0, seconds)
        down, up = t / (moment - hold), (seconds - t) / (seconds - moment - hold)
        u = ease(down) * ease(up)
        # The hips go first on the way down and come last.
        pose = bent(t, low_pitch * u, np.full(len(t), low_knee), u)
        w = ease((down - 0.35) / 0.65) * ease((up - 0.35) / 0.65)
        hands_near(person, pose, target, w)
        return pose

    return Part("pick_up", seconds, rows, first_s=moment)


def pick_up_moment_s(part: Part) -> float:
    """When the hands of a ``pick_up`` are down, seconds from the part's start."""
    return part.first_s


def hands_near(person: Person, pose: Pose, target: dict[str, Floats], w: Floats,
               elbow: tuple[float, float, float] = (0.6, 0.0, -1.0)) -> None:  # fmt: skip
    """Bring the hands to places in the room, or as near as they come.

    Args:
        person: whose.
        pose: is changed.
        target: (3,) or (T, 3) by side.
        w: (T,) weight.
        elbow: where the left one points, in axes of the chest.
    """
    sk = person.skeleton
    rel, pelvis = solve(sk, pose)
    joints = joints_of(sk, rel, pelvis)
    chest = rel[:, 0]
    for name in ("spine_low", "spine_mid", "spine_high"):
        chest = chest @ rel[:, INDEX[name]]
    goal = Pose(pose.rows.copy())
    for side in SIDES:
        a = sk.bone(f"{side}_shoulder", f"{side}_elbow")
        b = sk.bone(f"{side}_elbow", f"{side}_wrist") + sk.bone(f"{side}_wrist", f"{side}_hand")
        way = np.einsum("tji,tj->ti", chest, target[side] - joints[:, INDEX[f"{side}_shoulder"]])
        far = np.clip(np.linalg.norm(way, axis=-1), 0.3 * (a + b), 0.978 * (a + b))
        flex = np.pi - np.arccos(np.clip((a * a + b * b - far * far) / (2 * a * b), -1, 1))
        back = np.arccos(np.clip((a * a + far * far - b * b) / (2 * a * far), -1, 1))[:, None]
        d = unit(way)
        pole = np.array(elbow) * [SIGN[side], 1.0, 1.0]
        bend = unit(pole - (d @ pole)[:, None] * d)
        goal[f"{side}_upper"] = np.cos(back) * d + np.sin(back) * bend
        goal[f"{side}_pole"] = bend
        goal[f"{side}_flex"] = flex
    mixed = mix(pose, goal, w)
    for side in SIDES:
        for name in ("upper", "pole", "flex"):
            columns = CHANNELS[f"{side}_{name}"]
            pose.rows[:, columns] = mixed.rows[:, columns]
