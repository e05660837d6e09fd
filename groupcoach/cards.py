"""The class at one instant, as the pages show it: a card for everybody (``snapshot.py`` fills them in)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class PersonCard:
    """What a dashboard shows of one person."""

    person_id: int
    name: str
    spot: str | None
    present: bool
    """Seen now (or within the last second)."""
    exercise: str
    """Voted label: catalogue id, ``stand`` or ``unknown``."""
    exercise_name: str
    """In the class's language."""
    reps: int
    """Of the current (or last) exercise."""
    clean_reps: int
    hold_s: float
    worst_joint: str | None
    """Joint of the last fault still standing, e.g. ``left_knee``."""
    worst_text: str | None
    """What to do about it, in the class's language."""
    fault_since_s: float | None
    totals: Mapping[str, int]
    """Repetitions by exercise id."""
    muted: bool
    last_seen_s: float
    box_xyxy: tuple[float, float, float, float] | None
    target: int | None = None
    """Repetitions that the plan asks for in the exercise shown."""
    target_s: float | None = None
    """Seconds that it asks for."""
    instructor: bool = False
    guest: bool = False
    """Of no entry of the roster, where there is one."""
    provisional: bool = False
    """Perhaps somebody who is missing."""
    not_judged: tuple[str, ...] = ()
    """Rules of the exercise that could not be judged in the last repetition, in the class's language."""
    figure: Mapping[str, tuple[int, int]] | None = None
    """Joint -> place in the stick figure (``trails.figure_of``)."""
    trace: tuple[tuple[float, int], ...] = ()
    """(seconds ago, drive of the exercise in degrees), oldest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The class at one instant; what the engine serves."""

    t_s: float
    frame: int
    fps: float
    dropped: int
    stage_ms: Mapping[str, float]
    people: tuple[PersonCard, ...]
    notices: tuple[str, ...] = ()
    """Said once each: no voice here, camera lost, ..."""
    running: bool = True
    language: str = "en"
    """Of the class: names of exercises and what to do are in it."""
    paused: bool = False
    """The instructor paused the class."""
    spots: tuple[str, ...] = ()
    """That somebody can be put on."""
    plan: Mapping[str, Any] | None = None
    """Where most of the class is in the plan: ``at`` (from 1), ``of``, ``exercise_name``, ``left_s`` (of a step that is
    timed). None without a plan, or after its end."""
