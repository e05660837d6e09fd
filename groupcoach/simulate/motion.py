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
from groupcoach.simulate.counted import COUNTED, FAULTS
from groupcoach.simulate.floor import through, way_poses
from groupcoach.simulate.others import UNCOUNTED
from groupcoach.simulate.rig import Pose, Skeleton, default_skeleton, joints_of, moved, rot, solve
from groupcoach.simulate.sets import Maker
from groupcoach.simulate.stance import FaultSpan, Part, Person

__all__ = ["EXERCISES", "FAULTS", "MAKERS", "TRANSITION", "UNKNOWN", "FaultSpan", "Motion", "Segment", "Skeleton",
           "default_skeleton", "make_motion"]  # fmt: skip

Floats = NDArray[np.floating[Any]]
#: Ids whose repetitions are counted (and ``stand``), and ids that count nothing.
EXERCISES: Final = tuple(COUNTED)
UNKNOWN: Final = tuple(UNCOUNTED)
#: Everything the simulator can do, by id.
MAKERS: Final[dict[str, Maker]] = {**COUNTED, **UNCOUNTED}
#: Those that are made of repetitions.
_REPS: Final = frozenset(EXERCISES) - {"stand", "plank"}
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
    """A part of the plan, or the way from one to the next, laid on the motion's clock and on the floor."""

    start_s: float
    end_s: float
    part: Part | None
    """None for the way between two parts."""
    before: Part | None
    after: Part | None
    place: tuple[float, float]
    """(x, z) of the part's own origin."""
    yaw: float
    """Turn of the part's own axes."""


class Motion:
    """One person doing a plan. Made by ``make_motion``, or from parts."""

    def __init__(self, person: Person, parts: Sequence[Part], *, yaw: float = 0.0,
                 spot_m: tuple[float, float] = (0.0, 0.0)) -> None:  # fmt: skip
        self.person = person
        self.skeleton = person.skeleton
        self.yaw = yaw
        self.spot_m = spot_m
        self._pieces: list[_Piece] = []
        at, here, facing = 0.0, (0.0, 0.0), 0.0
        before: Part | None = None
        for part in parts:
            if before is not None:
                way = way_between(before.entry, part.entry)
                self._pieces.append(_Piece(at, at + way, None, before, part, here, facing))
                at += way
            self._pieces.append(_Piece(at, at + part.duration_s, part, None, None, here, facing))
            at += part.duration_s
            c, s = np.cos(facing), np.sin(facing)
            x, z = part.travel_m
            here = (float(here[0] + c * x + s * z), float(here[1] - s * x + c * z))
            facing += part.turn
            before = part
        self.duration_s = at
        # A set too short for one repetition is waiting in its first posture: nothing was done.
        self.segments = tuple(
            _segment(p) for p in self._pieces if p.part is not None and (p.part.rep_end_s or p.part.name not in _REPS)
        )

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
            out.rows[mine] = moved(part, piece.yaw, piece.place).rows
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
        c, s = np.cos(before.turn), np.sin(before.turn)
        x, z = before.travel_m
        # In the axes of the part that follows.
        a = moved(before.rows(np.full(n, before.duration_s)), -before.turn, (-(c * x - s * z), -(s * x + c * z)))
        b = after.rows(np.zeros(n))
        u = local / length
        if before.entry == after.entry:
            return through([a, b], u)
        # Up to standing from the one, down from standing to the other.
        up = way_poses(self.person, local, before.entry, a)[::-1]
        down = way_poses(self.person, local, after.entry, b)
        middle = [self.person.stand(local)] if up and down else []
        return through([a, *up, *middle, *down, b], u)


#: How long it takes from standing to each entry, and back.
_DOWN_S: Final = {"step": 0.0, "crouch": 2.6, "floor": 3.2}


def way_between(before: str, after: str) -> float:
    """How long the way from a part of one ``entry`` to a part of another takes, seconds."""
    if before == after:
        return 0.8 if before == "step" else 1.2
    return _DOWN_S[before] + _DOWN_S[after]


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
    free: bool = False,
) -> Motion:
    """One person doing a plan.

    Args:
        skeleton: The body's rest joints.
        plan: (exercise, seconds) in order, or one exercise for ``seconds``. The way between two parts
            (``way_between``) comes on top.
        seed: Habits, tempo and noise. The same seed is the same person doing the same thing.
        seconds: With a plan of one exercise.
        faults: Fault code -> share of repetitions that show it, in every exercise that has the fault.
        yaw: Turn about the vertical, radians; 0 faces +z.
        spot_m: (x, z) where the person stands.
        free: tempo and stance are the person's own (``stance.Person``).

    Raises:
        ConfigError: an exercise or a fault that does not exist.
    """
    if isinstance(plan, str):
        plan = [(plan, seconds)]
    for name, _ in plan:
        if name not in MAKERS:
            raise ConfigError(f"Exercise {name!r} is not known to the simulator.{near_miss(name, MAKERS)} "
                              f"It can do: {', '.join(MAKERS)}.")  # fmt: skip
    known = {code for codes in FAULTS.values() for code in codes}
    for code in faults or {}:
        if code not in known:
            raise ConfigError(f"Fault {code!r} is not known to the simulator.{near_miss(code, known)} "
                              f"It can do: {', '.join(sorted(known))}.")  # fmt: skip
    person = Person(skeleton, seed, free)
    parts = [MAKERS[name](person, person.rng(k), length, None, faults or {}) for k, (name, length) in enumerate(plan)]
    return Motion(person, parts, yaw=yaw, spot_m=spot_m)
