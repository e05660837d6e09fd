"""What a card draws of a person: the body as seen in the picture, and the drive of its exercise over time. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from groupcoach.exercises.catalogue import Catalogue
from groupcoach.records import BodyPose, JointAngles
from groupcoach.skeleton import ANGLE_INDEX, BONES, INDEX, N_SMPL

TRACE_S: Final = 10.0
TRACE_STEP_S: Final = 0.2
"""A reading this often: a repetition of a second still has five."""
GRID: Final = 100
"""The longer side of a figure has so many steps."""
_DRAWN: Final = tuple(dict.fromkeys(name for bone in BONES for name in bone))
_ROWS: Final = np.array([INDEX[name] for name in _DRAWN])


@dataclass(slots=True)
class _Trail:
    exercise: str = ""
    readings: deque[tuple[float, float]] = field(default_factory=deque)
    """(time s, drive deg)"""
    figure: dict[str, tuple[int, int]] = field(default_factory=dict)
    figure_s: float = -1e9


class Trails:
    """The last seconds of everybody."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Args: catalogue: says which angles drive an exercise."""
        self._catalogue = catalogue
        self._of: dict[int, _Trail] = {}

    def add(self, person_id: int, exercise: str, pose: BodyPose, angles: JointAngles, t_s: float) -> None:
        """One person in one frame; ``exercise`` is the voted label. Standing between repetitions keeps the trace."""
        trail = self._of.setdefault(person_id, _Trail())
        trail.figure, trail.figure_s = figure_of(pose), t_s
        columns = self._drive(exercise)
        if columns and exercise != trail.exercise:
            trail.exercise = exercise
            trail.readings.clear()
        columns = columns or self._drive(trail.exercise)
        if not columns or (trail.readings and t_s - trail.readings[-1][0] < TRACE_STEP_S):
            return
        values = angles.deg[columns]
        known = values[np.isfinite(values)]
        if len(known):
            trail.readings.append((t_s, float(known.mean())))
        while trail.readings and trail.readings[0][0] < t_s - TRACE_S:
            trail.readings.popleft()

    def _drive(self, exercise: str) -> list[int]:
        """Columns of the angles that go out and back; of a drive that is not an angle there is no trace."""
        definition = self._catalogue.definitions.get(exercise)
        names = definition.count.drive if definition is not None else ()
        return [ANGLE_INDEX[s + n] for n in names for s in ("", "left_", "right_") if s + n in ANGLE_INDEX]

    def figure(self, person_id: int, t_s: float) -> dict[str, tuple[int, int]] | None:
        """Joint -> place in a box of ``GRID`` steps, x right, y down; None when not seen within the last second."""
        trail = self._of.get(person_id)
        return trail.figure or None if trail is not None and t_s - trail.figure_s <= 1.0 else None

    def trace(self, person_id: int, t_s: float) -> tuple[tuple[float, int], ...]:
        """(seconds ago, drive in degrees), oldest first."""
        trail = self._of.get(person_id)
        if trail is None:
            return ()
        return tuple((round(t_s - at, 1), round(deg)) for at, deg in trail.readings if t_s - at <= TRACE_S)


def figure_of(pose: BodyPose) -> dict[str, tuple[int, int]]:
    """The joints of the stick figure as seen, in a box of ``GRID`` steps on its longer side; unknown ones are left out.

    Where the lens cannot place a joint (NaN in ``joints_px``) it is missing; nobody known at all is an empty figure.
    """
    places = pose.joints_px[_ROWS]
    known = np.isfinite(places).all(-1)
    if known.sum() < N_SMPL // 4:
        return {}
    low = places[known].min(0)
    size = float(np.ptp(places[known], axis=0).max())
    if size <= 1.0:
        return {}
    grid = np.rint((places - low) / size * GRID)
    return {name: (int(x), int(y)) for name, (x, y), k in zip(_DRAWN, grid, known, strict=True) if k}
