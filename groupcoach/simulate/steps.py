"""Walking along a path: where and when each foot is put down, and the body carried over the feet.

The plan is a list of *stations*, one for each foot that is put down, the feet taking turns. A station is a place on the
path (metres along it) and a heading; the foot stands beside it. Turning on the spot is stations at one place with
growing heading, a step to the side is stations whose heading is not the path's. Everything else follows from them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.rig import CHANNELS, SIDES, SIGN, Pose, turn
from groupcoach.simulate.route import HZ, Route, flat, smooth, wrap
from groupcoach.simulate.stance import Part, Person, arm
from groupcoach.simulate.tempo import ease

Floats = NDArray[np.floating[Any]]

#: Standing before the first foot lifts and after the last one is down: the weight needs that time.
_LEAD_S: Final = 0.34
#: How far the hips' height is evened out, before and after.
_LEVEL_S: Final = 0.11
#: Shorter ways are gone without turning to them, by small steps to the side or back.
SHUFFLE_M: Final = 0.7
#: How far a foot may turn past the other one: the inner foot of a turn opens the hip, the outer one closes it.
_OPEN, _CLOSE = np.radians(68), np.radians(22)
#: What is left of a turn may be taken up by the next step of a walk.
_FREE: Final = np.radians(25)


@dataclass(eq=False)
class _Stations:
    """Feet in the order they are put down; the first two stand there from the start."""

    first: int
    """Which foot steps first (row of ``SIDES``)."""
    rows: list[list[float]] = field(default_factory=list)
    """Metres along the path, heading, half the feet's distance, toes out, seconds of the step."""

    def add(self, q: float, yaw: float, half: float, toe: float, seconds: float) -> None:
        self.rows.append([q, yaw, half, toe, seconds])

    @property
    def next(self) -> int:
        """Which foot steps next."""
        return (self.first + len(self.rows)) % 2

    @property
    def yaw(self) -> float:
        return self.rows[-1][1]


class Walk:
    """A walk worked out: ``rows`` gives its poses at any instants.

    Args:
        person: Who walks.
        points_m: (x, z) metres in the person's own axes at the start.
        end_yaw: Where the person faces at the end, radians.
        rng: Source of chance.
        speed_mps: Speed on a long straight way; None: the person's own.
    """

    def __init__(self, person: Person, points_m: Sequence[tuple[float, float]], end_yaw: float, *,
                 rng: np.random.Generator, speed_mps: float | None = None) -> None:  # fmt: skip
        own = np.random.default_rng([person.seed, 3])
        natural = own.uniform(1.0, 1.4)
        self.person, self.end_yaw = person, end_yaw
        self.speed = natural if speed_mps is None else speed_mps
        sk = person.skeleton
        quick = float(np.clip((self.speed - 1.0) / 0.4, -0.5, 1.0))
        self.step_m = (sk.leg_m + sk.ankle_m) * (0.64 + 0.09 * quick + own.uniform(-0.02, 0.02))
        self.half_m = float(np.clip(person.hip_m * own.uniform(0.7, 0.85), 0.055, 0.075))
        self.toe = min(person.toe_out, 0.15)
        self.lift_m, self.arm_deg = own.uniform(0.05, 0.07), own.uniform(17, 27)
        self.slow_s = own.uniform(0.5, 0.6)
        self.route = Route(points_m)
        if self.route.length < SHUFFLE_M:
            self.route = Route(points_m[-1:])
        s = self._plan(rng)
        table = np.array(s.rows)
        table[2:, 4] *= rng.uniform(0.97, 1.03, len(table) - 2)
        self.q, self.yaw, self.half, self.toes = table[:, :4].T
        self.side = (s.first + np.arange(len(table))) % 2
        self.down_s = _LEAD_S + np.r_[0.0, np.cumsum(table[2:, 4])]
        """When the step of station k + 1 is done; the first entry is the start of the first step."""
        self.duration_s = float(self.down_s[-1] + _LEAD_S)
        self.grid = self._poses(np.arange(int(np.ceil(self.duration_s * HZ)) + 1) / HZ)

    def rows(self, t: Floats, clock_s: float = 0.0) -> Pose:
        """Poses at ``t`` (T,) seconds; the sway is that of a person who has stood for ``clock_s`` more."""
        t = np.clip(np.asarray(t, dtype=float), 0.0, self.duration_s)
        at = t * HZ
        i = np.clip(at.astype(int), 0, len(self.grid) - 2)
        w = (at - i)[:, None]
        pose = Pose(self.grid.rows[i] * (1 - w) + self.grid.rows[i + 1] * w)
        # Sway at both ends only: the walk has its own movement.
        stands = np.maximum(1 - ease(t / _LEAD_S), 1 - ease((self.duration_s - t) / _LEAD_S))
        sway = self.person.stand(t + clock_s).rows - self.person.stand(t + clock_s, still=0.0).rows
        here, end = sway[:, CHANNELS["pelvis"]], self.yaw[-1]
        turned = flat(np.where(t < 0.5 * self.duration_s, 0.0, end), here[:, 0], here[:, 2])
        sway[:, CHANNELS["pelvis"]] = np.stack([turned[:, 0], here[:, 1], turned[:, 1]], -1)
        pose.rows += sway * stands[:, None]
        # The way round may be another one than end_yaw says: later headings count so that the last one is end_yaw.
        whole = np.where(t < 0.5 * self.duration_s, 0.0, end - self.end_yaw)
        for name in ("tilt", "left_foot", "right_foot"):
            pose[name][:, 2] -= whole
        return pose

    # -- the plan ----------------------------------------------------------------------------------------------

    def _plan(self, rng: np.random.Generator) -> _Stations:
        person, route = self.person, self.route
        s = _Stations(int(rng.integers(2)))
        shuffles = 0.02 < route.length < SHUFFLE_M
        ahead = self.end_yaw if route.length < SHUFFLE_M else float(route.heading(0, route.cuts[1])[1][0])
        if abs(wrap(ahead)) > 0.2 and not shuffles:
            s.first = 0 if wrap(ahead) > 0 else 1
        for _ in range(2):
            s.add(0.0, 0.0, person.stance_m, person.toe_out, 0.0)
        if shuffles:
            self._shuffle(s)
        elif route.length > 0.02:
            for start, stop in itertools.pairwise(route.cuts):
                self._stride(s, start, stop)
        left = self._left(s, self.end_yaw)
        if abs(left) <= _FREE and len(s.rows) > 2:
            s.rows[-1][1] += left
        elif abs(left) > 1e-3:
            for yaw in self._turns(s, left):
                s.add(route.length, yaw, person.stance_m, self.toe, self.slow_s)
        if len(s.rows) > 2:
            s.add(route.length, s.yaw, 0.0, 0.0, self.slow_s)
            for row in s.rows[-2:]:
                row[2], row[3] = person.stance_m, person.toe_out
        return s

    def _left(self, s: _Stations, yaw: float) -> float:
        """How far to turn to face ``yaw``; about a half turn, the way the next foot opens to."""
        left = wrap(yaw - s.yaw)
        opens = 1.0 if s.next == 0 else -1.0
        return left + 2 * np.pi * opens if abs(left) > 0.95 * np.pi and left * opens < 0 else left

    def _turns(self, s: _Stations, left: float) -> list[float]:
        """Headings of the steps that turn by ``left``."""
        inner = s.next == (0 if left > 0 else 1)
        reach = np.cumsum([_OPEN if (k % 2 == 0) == inner else _CLOSE for k in range(12)])
        # A little further than usual rather than one more step.
        n = int(np.searchsorted(1.15 * reach, abs(left))) + 1
        return [s.yaw + left * float(r / reach[n - 1]) for r in reach[:n]]

    def _stride(self, s: _Stations, start: float, stop: float) -> None:
        """Turn to the path and walk it from ``start`` to ``stop``."""
        q, way = self.route.heading(start, stop)
        left = self._left(s, float(way[0]))
        way = way - way[0] + s.yaw + left
        if abs(left) > _FREE:
            for yaw in self._turns(s, left)[:-1]:
                s.add(start, yaw, max(self.half_m, 0.8 * self.person.stance_m), self.toe, self.slow_s)
        # Steps are shorter at both ends and in bends, where a step turns by 28 degrees at most.
        ends = np.minimum(ease((q - start) / 0.9 + 0.3), ease((stop - q) / 0.9 + 0.35))
        bend = np.abs(np.gradient(way, q))
        length = np.minimum(self.step_m * (0.62 + 0.38 * ends), 0.49 / np.maximum(bend, 1e-6))
        count = np.r_[0.0, np.cumsum(np.gradient(q) / length)]
        n = max(1, int(np.ceil(float(count[-1]) - 0.25)))
        edges = np.r_[start, 0.5 * (q[1:] + q[:-1]), stop]
        places = np.interp(np.arange(n + 1) / n * count[-1], count, edges)
        for a, b in itertools.pairwise(places):
            slower = 1 + 0.3 * (1 - min(1.0, (b - a) / self.step_m))
            s.add(float(b), float(np.interp(b, q, way)), self.half_m, self.toe, slower * self.step_m / self.speed)
        s.rows[-n][4] = max(s.rows[-n][4], self.slow_s)

    def _shuffle(self, s: _Stations) -> None:
        """A short way without turning to it: the foot on that side first, the other one beside it."""
        length = self.route.length
        x, z = self.route.points[-1]
        yaw = float(np.clip(wrap(self.end_yaw), -0.8, 0.8))
        pairs = abs(x) > 0.1
        if pairs:
            s.first = 0 if x > 0 else 1
        n = int(np.ceil(length / (0.3 if pairs or z < 0 else 0.4)))
        for k in range(1, n + 1):
            for _ in range(2 if pairs and k < n else 1):
                s.add(length * k / n, yaw * k / n, self.person.stance_m, self.toe, 0.95 * self.slow_s)

    # -- the body ----------------------------------------------------------------------------------------------

    def _poses(self, t: Floats) -> Pose:
        """The whole walk without sway, on the grid."""
        person, sk, n = self.person, self.person.skeleton, len(t)
        pose = person.stand(t, still=0.0)
        stood = pose.rows[0].copy()
        left, right = (self._foot(pose, t, side, row) for row, side in enumerate(SIDES))
        # Between two steps the body is halfway between the feet.
        middle = [0.5 * (v[1:] + v[:-1]) for v in (self.q, self.yaw)]
        q, yaw = (np.interp(t, self.down_s, m) for m in middle)
        around = smooth(np.column_stack([self.route.xz(q), yaw]), 0.28)
        at, yaw = around[:, :2], around[:, 2]
        # +1 while the left foot carries alone, -1 the right; how far the right foot is ahead, in steps.
        carries = np.r_[0.0, 1.0 - 2.0 * self.side[1:-1], 0.0]
        weight = smooth(carries[np.searchsorted(self.down_s, t)], 0.2)
        forward = smooth(((right - left) * flat(yaw, 0.0, 1.0)).sum(-1), 0.12) / self.step_m
        walks = smooth(np.linalg.norm(np.gradient(at, 1 / HZ, axis=0), axis=1), 0.3) / self.speed
        begun = ease(t / _LEAD_S) * ease((self.duration_s - t) / _LEAD_S)
        walks, ahead = walks * begun, (np.interp(t + 0.4, t, yaw) - yaw) * begun
        pose["tilt"] = pose["tilt"] + np.stack([0.02 * walks, 0.045 * weight, yaw + 0.10 * forward], -1)
        pose["spine"] = pose["spine"] + np.stack([0.03 * walks, -0.04 * weight, 0.25 * ahead - 0.2 * forward], -1)
        pose["head"] = pose["head"] + np.stack([-0.03 * walks, 0 * t, 0.08 * forward + 0.45 * ahead], -1)
        for side in SIDES:
            swing = SIGN[side] * forward
            pose[f"{side}_upper"] = arm(-2 + self.arm_deg * swing, person.hang_deg - 3 * walks, side)
            pose[f"{side}_flex"] = pose[f"{side}_flex"] + np.radians(9 * walks + 12 * swing)
            hand = np.asarray(pose[f"{side}_floor_hand"])
            moved = at + flat(yaw, hand[:, 0], hand[:, 2])
            pose[f"{side}_floor_hand"] = np.stack([moved[:, 0], hand[:, 1], moved[:, 1]], -1)

        still = stood[CHANNELS["pelvis"]]
        over = at + flat(yaw, still[0] + 0.45 * self.half_m * weight, np.full(n, still[2]))
        height: Floats = np.full(n, np.inf)
        reach = sk.reach_at(person.knee_deg + (174 - person.knee_deg) * np.clip(walks, 0, 1))
        for side in SIDES:
            hip = turn(pose["tilt"]) @ (sk.at(f"{side}_hip") - sk.at("pelvis"))
            ankle = pose[f"{side}_ankle"]
            apart = over + hip[:, [0, 2]] - ankle[:, [0, 2]]
            height = np.minimum(height, ankle[:, 1] - hip[:, 1]
                                + np.sqrt(np.maximum(reach**2 - (apart**2).sum(-1), 0.01)))  # fmt: skip
        # The lowest of the next and the last moments, then smoothed by no more than these: never above the limit.
        near = round(_LEVEL_S * HZ)
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(height, near, mode="edge"), 2 * near + 1)
        pose["pelvis"] = np.stack([over[:, 0], smooth(windows.min(-1), _LEVEL_S), over[:, 1]], -1)
        return pose

    def _foot(self, pose: Pose, t: Floats, side: str, row: int) -> Floats:
        """Write one foot's channels; returns where its flat foot would have the ankle (T, 2)."""
        sk, sign = self.person.skeleton, SIGN[side]
        mine = np.flatnonzero(self.side == row)
        q, half, yaw, toes = (np.full(len(t), v[mine[0]]) for v in (self.q, self.half, self.yaw, self.toes))
        pitch, lift, flat_toe = np.zeros(len(t)), np.zeros(len(t)), np.ones(len(t))
        for k0, k in itertools.pairwise(mine):
            start, end = self.down_s[k - 2], self.down_s[k - 1]
            length = end - start
            f = np.clip((t - start - 0.07 * length) / (0.86 * length), 0, 1)
            g = np.clip((f - 0.04) / 0.93, 0, 1)
            go = 0.5 * ease(g) + 0.5 * g * g * (3 - 2 * g)
            for v, plan in ((q, self.q), (half, self.half), (yaw, self.yaw), (toes, self.toes)):
                v += (plan[k] - plan[k0]) * go
            lift += self.lift_m * np.sin(np.pi * f**0.9) ** 2
            # The heel leaves first and lands first, the more the longer the step.
            way = self.route.xz(self.q[k]) - self.route.xz(self.q[k0])
            far = float(way @ flat(self.yaw[k], 0.0, 1.0)) / (2 * self.step_m)
            off, strike = np.radians(10 + 36 * np.clip(far, 0, 1)), np.radians(18 * np.clip(far, 0, 1))
            before = 0.42 * length
            up = ease((t - start + before) / (before + 0.13 * length))
            pitch += off * up * (1 - ease((f - 0.1) / 0.55))
            pitch -= strike * ease((f - 0.45) / 0.5) * (1 - ease((t - end + 0.07 * length) / 0.13))
            flat_toe -= ease(f / 0.3) * (1 - ease((f - 0.6) / 0.3))
        spot = self.route.xz(q) + flat(yaw, sign * half, 0.0 * half)
        yaw = yaw + sign * toes
        foot = np.stack([pitch, 0 * t, yaw], -1)
        level = np.stack([0 * t, 0 * t, yaw], -1)
        # Heel up: about the ball. Toes up: about the heel.
        heel = np.array([0.0, -sk.ankle_m, -0.05])
        pivot = np.where((pitch > 0)[:, None], sk.ball_from_ankle(side), heel)
        shift = np.einsum("tij,tj->ti", turn(level) - turn(foot), pivot)
        pose[f"{side}_ankle"] = np.stack([spot[:, 0], sk.ankle_m + lift, spot[:, 1]], -1) + shift
        pose[f"{side}_foot"] = foot
        pose[f"{side}_toe"] = -np.maximum(pitch, 0.0) * flat_toe
        pose[f"{side}_knee"] = np.stack([np.sin(yaw), 0 * t, np.cos(yaw)], -1)
        return spot


def walk_path(person: Person, points_m: Sequence[tuple[float, float]], end_yaw: float, *, rng: np.random.Generator,
              speed_mps: float | None = None, name: str = "walk") -> Part:  # fmt: skip
    """Walk from standing at (0, 0), facing +z, along a path to its last point, and stand there.

    Args:
        person: Who walks.
        points_m: (x, z) metres in the person's own axes at the start; corners are rounded. A way shorter than
            ``SHUFFLE_M`` is gone by small steps without turning to it; none at all turns on the spot.
        end_yaw: Where the person faces at the end, radians about the vertical (positive: to the left).
        rng: Source of chance.
        speed_mps: Speed on a long straight way, 0.4 to 1.8; None: the person's own, 1.0 to 1.4.
        name: Of the part.

    Returns:
        A part that begins and ends in the person's standing posture; ``travel_m`` is the last point, ``turn`` is
        ``end_yaw``, ``duration_s`` follows from the way.

    Raises:
        ValueError: no point at all, or a speed out of range.
    """
    if not len(points_m):
        raise ValueError("A path needs a point to go to.")
    if speed_mps is not None and not 0.4 <= speed_mps <= 1.8:
        raise ValueError(f"Nobody walks at {speed_mps} m/s here: 0.4 to 1.8.")
    walk = Walk(person, points_m, end_yaw, rng=rng, speed_mps=speed_mps)
    end = (float(points_m[-1][0]), float(points_m[-1][1]))
    return Part(name, walk.duration_s, walk.rows, travel_m=end, turn=end_yaw)
