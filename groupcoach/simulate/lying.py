"""Postures with the back or the seat on the floor, head toward -z, feet flat toward +z."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.rig import SIDES, SIGN, Pose
from groupcoach.simulate.stance import Person

Floats = NDArray[np.floating[Any]]
#: The hips lie here, so that head and feet are about equally far from the spot.
HIP_Z: Final = -0.05
#: Height of the pelvis over the seat by how far the trunk is from upright, as the body's mesh has it (degrees, metres).
_SEAT_DEG: Final = (-115.0, -90.0, -70.0, -50.0, -30.0, -10.0, 10.0)
_SEAT_M: Final = (0.085, 0.091, 0.114, 0.130, 0.138, 0.147, 0.145)
#: Height of a wrist whose hand lies flat beside the body.
LAID_Y: Final = 0.06


def seat_m(pitch: Floats) -> Floats:
    """(T,) height of the pelvis when the seat touches the floor; ``pitch`` (T,) radians, -pi/2 on the back."""
    return np.asarray(np.interp(np.degrees(pitch), _SEAT_DEG, _SEAT_M))


def foot_z(person: Person, knee_deg: float) -> float:
    """Where the ankles are (z) when one lies and the knees bend so far."""
    sk = person.skeleton
    high = 0.1 - sk.ankle_m
    reach = float(sk.reach_at(knee_deg))
    return HIP_Z + float(sk.at("pelvis")[1] - sk.at("left_hip")[1]) + float(np.sqrt(reach**2 - high**2))


def floor_pose(person: Person, t: Floats, *, pitch: Floats, curl: Floats, feet_z: float, feet_x: float) -> Pose:
    """Seat on the floor, feet flat, the trunk anywhere between lying and sitting.

    Args:
        person: Whose body.
        t: (T,) seconds.
        pitch: (T,) radians of the pelvis: -pi/2 lies on the back, 0 sits upright.
        curl: (T,) radians the spine bends forward over its length.
        feet_z: Where the ankles are.
        feet_x: Half the distance between the ankles.

    Returns:
        The pose; arms as ``Person.stand`` leaves them.
    """
    sk, n = person.skeleton, len(t)
    wave = person.sway(t)
    pose = person.stand(t, width_m=feet_x, still=0.2)
    zero = np.zeros(n)
    pose["tilt"] = np.stack([pitch, zero, zero], -1)
    pose["spine"] = np.stack([curl, zero, zero], -1)
    # The back of the head is flatter than the back: it has to go back to lie down.
    down = np.clip((np.radians(-60) - pitch - curl) / np.radians(30), 0, 1)
    pose["head"] = np.stack([-0.28 * down + 0.1 * (1 - down), zero, 0.06 * wave[:, 8]], -1)
    pose["pelvis"] = np.stack([zero, seat_m(pitch), zero + HIP_Z], -1)
    for side in SIDES:
        x = SIGN[side]
        pose[f"{side}_ankle"] = (x * feet_x, sk.ankle_m, feet_z)
        pose[f"{side}_foot"] = (0, 0, x * 0.12)
        pose[f"{side}_toe"] = 0.0
        pose[f"{side}_knee"] = (x * 0.12, 1, 0.3)
        pose[f"{side}_collar"] = 0.0
    return pose


def lay_arms(person: Person, pose: Pose, *, hand_x: float) -> None:
    """Both arms on the floor beside the lying body, palms down."""
    sk = person.skeleton
    for side in SIDES:
        x = SIGN[side]
        shoulder = sk.at(f"{side}_shoulder") - sk.at("pelvis")
        across = hand_x - abs(float(shoulder[0]))
        far = float(np.sqrt((0.975 * sk.arm_m) ** 2 - across**2 - 0.06**2))
        pose[f"{side}_floor"] = 1.0
        pose[f"{side}_floor_hand"] = (x * hand_x, LAID_Y, HIP_Z - float(shoulder[1]) + far)
        pose[f"{side}_floor_pole"] = (x * 1.0, 0.15, 0.0)
        pose[f"{side}_floor_yaw"] = 0.15
