"""The class as it is planned: who does which exercises, in which rounds, and who walks in which break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.diary import FLOOR
from groupcoach.simulate.motion import Motion, way_between
from groupcoach.simulate.scene import Scene, Spot

Floats = NDArray[np.floating[Any]]
Rng = np.random.Generator

#: Everybody stands this long at the start, and about this long at the end; less in a short video (a tenth of it).
STILL_S: Final = 2.0
#: A set lasts about this long.
SET_S: Final = 12.0
#: Breaks between sets: in a short video, and in one that has time.
SHORT_BREAK_S: Final = 2.0
BREAK_S: Final = 5.0
#: A video shorter than this, without anybody walking, has short breaks.
LONG_S: Final = 40.0
#: Out of the picture at least this long.
AWAY_S: Final = 3.0
#: Walking out, being away, coming back and standing still take about this long: whoever leaves stops early for it.
ABSENCE_S: Final = 22.0
#: From one thing to the next, standing.
WAY_S: Final = way_between("step", "step")
#: Hertz at which people are kept from walking through each other, and the distance of joints that is enough.
CHECK_HZ: Final = 5.0
ENOUGH_M: Final = 0.42
INSTRUCTOR: Final = "instructor"
PARTICIPANT: Final = "participant"


@dataclass(frozen=True)
class Plan:
    """What one person is to do: exercises in order, and which faults they show in which share of repetitions."""

    exercises: tuple[str, ...]
    faults: dict[str, float]
    seed: int
    """Of the look and of the motion."""
    dumbbells: bool = False
    """Has a pair of dumbbells for the exercises that use them."""
    free: bool = False
    """Tempo and stance are the person's own (``stance.Person``)."""


@dataclass(frozen=True)
class Event:
    """Somebody walked: ``swap`` (two change spots), ``pass`` (one walks round others), ``absence``."""

    kind: str
    people: tuple[int, ...]
    """Rows of the cast."""
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Performer:
    """One person's whole class."""

    motion: Motion
    role: str
    spots: tuple[tuple[float, str], ...]
    """(from when, name of the spot); empty for the instructor."""
    held: tuple[tuple[float, float], ...]
    """When the dumbbells are in the hands."""
    dumbbells_at: tuple[float, float, float] | None
    """(x, z, yaw) where they lie otherwise; None: has none."""


@dataclass(frozen=True)
class Errand:
    """What somebody does in a break instead of resting."""

    kind: str
    people: tuple[int, ...]
    goal: Spot | None = None


@dataclass(eq=False)
class Timetable:
    """The plan of a class, and where those already placed in it are."""

    scene: Scene
    plans: Sequence[Plan]
    seconds: float
    rounds: list[tuple[float, float]]
    rng: Rng
    errands: dict[tuple[int, int], Errand] = field(default_factory=dict)
    """(break, row of the cast) -> errand."""
    tracks: dict[int, Floats] = field(default_factory=dict)
    """Row of the cast -> (T, 24, 2), at ``CHECK_HZ``."""
    events: list[Event] = field(default_factory=list)

    @property
    def latest_s(self) -> float:
        """Everybody is back by then."""
        return self.seconds - still_of(self.seconds) - WAY_S

    @property
    def clock(self) -> Floats:
        """(T,) the instants of ``tracks``."""
        return np.arange(0.0, self.seconds, 1 / CHECK_HZ)


def low_rows(plans: Sequence[Plan], rounds: int, after: int = 0) -> tuple[int, ...]:
    """Rows of those who go to the floor in one of the rounds from ``after`` on."""
    return tuple(
        row for row, plan in enumerate(plans)
        if any(plan.exercises[k % len(plan.exercises)] in FLOOR for k in range(after, rounds))
    )  # fmt: skip


def still_of(seconds: float) -> float:
    """How long everybody stands at both ends of a video."""
    return min(STILL_S, 0.1 * seconds)


def rounds_of(seconds: float, *, walking: bool) -> list[tuple[float, float]]:
    """(start, end) of the rounds in which everybody exercises.

    Args:
        seconds: Length of the video.
        walking: Somebody walks in a break, so there has to be one, and a long one.
    """
    still = still_of(seconds)
    rest = BREAK_S if walking or seconds >= LONG_S else SHORT_BREAK_S
    time = seconds - 2 * still - WAY_S
    many = max(round((time + rest) / (SET_S + rest)), 2 if walking else 1)
    length = (time - (many - 1) * rest) / many
    return [(still + k * (length + rest), still + k * (length + rest) + length) for k in range(many)]
