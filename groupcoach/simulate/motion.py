"""People in motion: a plan of exercises becomes joint rotations at any instant, with the truth of what was done.

    motion = make_motion(default_skeleton(), [("stand", 2), ("squat", 10), ("stand", 2)], seed=7)
    rel = motion.rotations(t)        # (T, 24, 3, 3), SMPL axes: y up, facing +z, left = +x
    place = motion.translation(t)    # (T, 3), as smplx's ``transl``
    motion.segments                  # exercise, start_s, end_s, rep_end_s, faults

Pure numpy and the same for the same seed. ``t`` may be any instants in any order (any frame rate, dropped frames).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import ConfigError, near_miss
from groupcoach.simulate.counted import COUNTED, FAULTS, Maker
from groupcoach.simulate.floor import crouch_pose
from groupcoach.simulate.others import UNCOUNTED
from groupcoach.simulate.rig import SIDES, Pose, Skeleton, default_skeleton, joints_of, mix, rot, solve
from groupcoach.simulate.stance import FaultSpan, Part, Person
from groupcoach.simulate.tempo import ease

__all__ = ["EXERCISES", "FAULTS", "TRANSITION", "UNKNOWN", "FaultSpan", "Motion", "Segment", "Skeleton",
           "default_skeleton", "make_motion"]  # fmt: skip

Floats = NDArray[np.floating[Any]]
#: Ids whose repetitions are counted (and ``stand``), and ids that count nothing.
EXERCISES: Final = tuple(COUNTED)
UNKNOWN: Final = tuple(UNCOUNTED)
#: ``Motion.labels`` between two parts of the plan.
TRANSITION: Final = "transition"


@dataclass(frozen=True, eq=False)
class Segment:
    """What one person did for a while; seconds from the start of the motion."""

    exercise: str
    start_s: float
    end_s: float
    rep_end_s: tuple[float, ...]
    faults: tuple[FaultSpan, ...]


@dataclass(frozen=True, eq=False)
class _Piece:
    """A part of the plan, or the way from one to the next, laid on the motion's clock."""

    start_s: float
    end_s: float
    part: Part | None
    """None for the way between two parts."""
    before: Part | None
    after: Part | None
    origin: tuple[float, float]
    """Where on the floor (x, z)."""


class Motion:
    """One person doing a plan. Made by ``make_motion``."""

    def __init__(self, person: Person, parts: Sequence[Part], *, yaw: float = 0.0,
                 spot_m: tuple[float, float] = (0.0, 0.0)) -> None:  # fmt: skip
        self.person = person
        self.skeleton = person.skeleton
        self.yaw = yaw
        self.spot_m = spot_m
        self._pieces: list[_Piece] = []
        at, here = 0.0, (0.0, 0.0)
        before: Part | None = None
        for part in parts:
            if before is not None:
                way = _way_seconds(before, part)
                self._pieces.append(_Piece(at, at + way, None, before, part, here))
                at += way
            self._pieces.append(_Piece(at, at + part.duration_s, part, None, None, here))
            at += part.duration_s
            here = (here[0] + part.travel_m[0], here[1] + part.travel_m[1])
            before = part
        self.duration_s = at
        self.segments = tuple(_segment(p) for p in self._pieces if p.part is not None)

    def pose(self, t: Floats) -> Pose:
        """Channels at the instants ``t`` (T,), before turning to ``yaw`` and moving to the spot."""
        t = np.clip(np.asarray(t, dtype=float), 0.0, self.duration_s)
        out = Pose.zeros(len(t))
        for piece in self._pieces:
            last = piece is self._pieces[-1]
            mine = (t >= piece.start_s) & ((t < piece.end_s) | last)
            if not mine.any():
                continue
            local = t[mine] - piece.start_s
            part = piece.part.rows(local) if piece.part is not None else self._way(piece, local)
            for name in ("pelvis", *(f"{s}_{n}" for s in SIDES for n in ("ankle", "floor_hand"))):
                part[name] = part[name] + (piece.origin[0], 0.0, piece.origin[1])
            out.rows[mine] = part.rows
        return out

    def _solved(self, t: Floats) -> tuple[Floats, Floats]:
        rel, pelvis = solve(self.skeleton, self.pose(t))
        whole = rot("y", np.full(1, self.yaw))[0]
        rel[:, 0] = whole @ rel[:, 0]
        return rel, pelvis @ whole.T + (self.spot_m[0], 0.0, self.spot_m[1])

    def rotations(self, t: Floats) -> Floats:
        """(T, 24, 3, 3) rotations relative to the parent, SMPL's order; row 0 is the body in the room."""
        return self._solved(t)[0]

    def translation(self, t: Floats) -> Floats:
        """(T, 3) what smplx calls ``transl``: the pelvis less its rest place."""
        return np.asarray(self._solved(t)[1] - self.skeleton.joints_m[0])

    def joints(self, t: Floats) -> Floats:
        """(T, 24, 3) joints in the room, metres, the floor at y = 0."""
        return joints_of(self.skeleton, *self._solved(t))

    def both(self, t: Floats) -> tuple[Floats, Floats]:
        """``rotations`` and ``translation`` in one go."""
        rel, pelvis = self._solved(t)
        return rel, pelvis - self.skeleton.joints_m[0]

    def labels(self, t: Floats) -> NDArray[np.str_]:
        """(T,) id of what is being done; ``TRANSITION`` on the way between two parts."""
        out = np.full(len(t), TRANSITION, dtype="U20")
        for piece in self._pieces:
            if piece.part is not None:
                out[(t >= piece.start_s) & (t <= piece.end_s)] = piece.part.name
        return out

    def _way(self, piece: _Piece, local: Floats) -> Pose:
        """From the end of one part to the start of the next, stepping where the feet have to move."""
        before, after = piece.before, piece.after
        assert before is not None
        assert after is not None
        n, length = len(local), piece.end_s - piece.start_s
        a = before.rows(np.full(n, before.duration_s))
        for name in ("pelvis", *(f"{s}_{k}" for s in SIDES for k in ("ankle", "floor_hand"))):
            a[name] = a[name] - (before.travel_m[0], 0.0, before.travel_m[1])
        b = after.rows(np.zeros(n))
        u = local / length
        if before.entry == after.entry or "crouch" not in (before.entry, after.entry):
            return _between(a, b, u)
        down = after.entry == "crouch"
        hand_x = float((b if down else a)["left_floor_hand"][0, 0])
        middle = crouch_pose(self.person, local, hand_x=hand_x)
        first, second = _between(a, middle, u / 0.5), _between(middle, b, (u - 0.5) / 0.5)
        return Pose(np.where((u < 0.5)[:, None], first.rows, second.rows))


def _way_seconds(before: Part, after: Part) -> float:
    floor = {before.entry, after.entry} - {"step"}
    if not floor:
        return 0.7
    return 1.2 if before.entry == after.entry else 2.2


def _between(a: Pose, b: Pose, u: Floats) -> Pose:
    """Blend ``a`` into ``b``; feet that have to move are lifted, one after the other."""
    u = np.clip(u, 0.0, 1.0)
    out = mix(a, b, ease(u))
    for k, side in enumerate(SIDES):
        name = f"{side}_ankle"
        far = np.linalg.norm((b[name] - a[name])[:, [0, 2]], axis=-1)
        step = np.clip((u - (0.08 + 0.4 * k)) / 0.44, 0, 1)
        moved = ease(step)[:, None]
        for channel in (name, f"{side}_foot", f"{side}_toe"):
            x, y = np.atleast_2d(a[channel].T).T, np.atleast_2d(b[channel].T).T
            out[channel] = x * (1 - moved) + y * moved
        lift = np.minimum(0.06, 0.4 * far) * np.sin(np.pi * step) ** 2
        out[name] = out[name] + np.stack([0 * lift, lift, 0 * lift], -1)
    return out


def _segment(piece: _Piece) -> Segment:
    part, at = piece.part, piece.start_s
    assert part is not None
    start, end = at, piece.end_s
    if part.rep_end_s:  # the exercise is its repetitions: waiting before the first and after the last is none
        start, end = at + part.first_s, at + part.rep_end_s[-1]
    return Segment(
        part.name, start, end, tuple(at + e for e in part.rep_end_s),
        tuple(FaultSpan(f.code, f.side, at + f.start_s, at + f.end_s) for f in part.faults),
    )  # fmt: skip


def make_motion(
    skeleton: Skeleton,
    plan: Sequence[tuple[str, float]] | str,
    *,
    seed: int,
    seconds: float = 12.0,
    faults: Mapping[str, float] | None = None,
    yaw: float = 0.0,
    spot_m: tuple[float, float] = (0.0, 0.0),
) -> Motion:
    """One person doing a plan.

    Args:
        skeleton: The body's rest joints.
        plan: (exercise, seconds) in order, or one exercise for ``seconds``. The way between two parts (0.7 s; 2.2 s to
            and from the floor) comes on top.
        seed: Habits, tempo and noise. The same seed is the same person doing the same thing.
        seconds: With a plan of one exercise.
        faults: Fault code -> share of repetitions that show it, in every exercise that has the fault.
        yaw: Turn about the vertical, radians; 0 faces +z.
        spot_m: (x, z) where the person stands.

    Raises:
        ConfigError: an exercise or a fault that does not exist.
    """
    if isinstance(plan, str):
        plan = [(plan, seconds)]
    makers: dict[str, Maker] = {**COUNTED, **UNCOUNTED}
    for name, _ in plan:
        if name not in makers:
            raise ConfigError(f"Exercise {name!r} is not known to the simulator.{near_miss(name, makers)} "
                              f"It can do: {', '.join(makers)}.")  # fmt: skip
    known = {code for codes in FAULTS.values() for code in codes}
    for code in faults or {}:
        if code not in known:
            raise ConfigError(f"Fault {code!r} is not known to the simulator.{near_miss(code, known)} "
                              f"It can do: {', '.join(sorted(known))}.")  # fmt: skip
    person = Person(skeleton, seed)
    parts = [makers[name](person, person.rng(k), length, None, faults or {}) for k, (name, length) in enumerate(plan)]
    return Motion(person, parts, yaw=yaw, spot_m=spot_m)
