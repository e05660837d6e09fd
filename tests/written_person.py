"""One person whose angles and votes are written down, for tests of what is booked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.measures import MEASURE_INDEX, MEASURES
from groupcoach.person import PersonState
from groupcoach.records import Event, Floats
from groupcoach.skeleton import ANGLE_INDEX, ANGLES

CLASSES = ("stand", "squat", "lunge", "push_up", "jumping_jack", "biceps_curl", "lateral_raise", "unknown")
FPS = 15.0
Votes = dict[str, float] | None
At = Callable[[float], Any]


def person() -> PersonState:
    return PersonState(1, load_catalogue(), CLASSES)


def votes_of(shares: Votes) -> Floats | None:
    if shares is None:
        return None
    out = np.full(len(CLASSES), (1 - sum(shares.values())) / len(CLASSES))
    for name, share in shares.items():
        out[CLASSES.index(name)] += share
    return out


def live(
    state: PersonState,
    seconds: float,
    pose: At,
    votes: At,
    *,
    from_s: float = 0.0,
    fps: float = FPS,
    view: str = "side",
) -> list[Event]:
    """Feed a stretch of time: ``pose`` and ``votes`` tell, for a time, angles by name and shares by class."""
    events = []
    for t in np.arange(from_s, from_s + seconds, 1 / fps):
        deg, values = np.full(len(ANGLES), 172.0), np.full(len(MEASURES), np.nan)
        deg[[ANGLE_INDEX[n] for n in ("left_shoulder", "right_shoulder", "trunk_lean")]] = 8.0
        named = pose(float(t))
        for name, value in named.items():
            for side in ("left_", "right_", ""):
                if side + name in ANGLE_INDEX:
                    deg[ANGLE_INDEX[side + name]] = value
        for name in ("knee", "hip", "elbow", "shoulder"):
            values[MEASURE_INDEX[name]] = (deg[ANGLE_INDEX[f"left_{name}"]] + deg[ANGLE_INDEX[f"right_{name}"]]) / 2
        for name in ("knee", "elbow"):
            values[MEASURE_INDEX[f"{name}_low"]] = min(
                deg[ANGLE_INDEX[f"left_{name}"]], deg[ANGLE_INDEX[f"right_{name}"]]
            )
        values[MEASURE_INDEX["trunk_lean"]] = deg[ANGLE_INDEX["trunk_lean"]]
        for name in named.keys() & MEASURE_INDEX.keys():
            values[MEASURE_INDEX[name]] = named[name]
        sigma = np.where(np.isnan(values), np.nan, 0.03)
        sigma_deg = np.where(np.isnan(deg), np.nan, 5.0)
        events += state.step(float(t), deg, sigma_deg, values, sigma, view, votes_of(votes(float(t))))
    return events


def wave(t: float, start: float, n: int, period: float, rest: float, turn: float) -> float:
    k = (t - start) / period
    return rest + (turn - rest) * (1 - np.cos(2 * np.pi * k)) / 2 if 0 <= k < n else rest


def squatting(start: float = 1.0, n: int = 5, period: float = 2.0, low: float = 85.0) -> At:
    return lambda t: {"knee": wave(t, start, n, period, 172, low)}


def always(**shares: float) -> At:
    return lambda t: shares


def upright(t: float) -> dict[str, float]:
    return {}


def reps(events: list[Event]) -> list[tuple[str, int]]:
    return [(e.data["exercise"], e.data["number"]) for e in events if e.type == "rep_counted"]
