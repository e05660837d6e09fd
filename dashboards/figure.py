"""The small drawings of a card as numbers: lines and rings of the stick figure, points of the trace (pure).

Streamlit's ``st.html`` lets no SVG through, so the numbers travel in ``data-`` attributes and the page's script
(``page.js``) draws them. A flagged joint is red and has a ring: the shape alone tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupcoach.skeleton import BONES

WIDTH, HEIGHT = 100, 100
TRACE_WIDTH, TRACE_HEIGHT = 100, 24
TRACE_S: Final = 10.0
_LEAST_SPREAD_DEG: Final = 40.0
"""The trace of somebody who hardly moves is flat, not stretched."""
#: Where a fault of something that is no drawn joint is marked.
_INSTEAD: Final = {
    "waist": ("pelvis",), "trunk_lean": ("spine_mid",), "spine_low": ("pelvis",), "spine_high": ("neck",),
    "nose": ("head",), "left_foot": ("left_ankle",), "right_foot": ("right_ankle",), "left_heel": ("left_ankle",),
    "right_heel": ("right_ankle",), "heel": ("left_ankle", "right_ankle"), "foot": ("left_ankle", "right_ankle"),
}  # fmt: skip
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Numbers of one stick figure in a box of ``WIDTH`` by ``HEIGHT``."""

    lines: tuple[tuple[float, float, float, float], ...]
    head: Point | None
    rings: tuple[Point, ...]


def drawing(joints: Mapping[str, Sequence[float]] | None, flagged: str = "") -> Drawing | None:
    """The figure as seen, centred; None where nobody is seen.

    Args:
        joints: joint -> (x, y), y down, in a box of 100 steps on its longer side.
        flagged: joint to mark, with or without its side; empty marks none.
    """
    places: dict[str, Point] = {}
    for name, place in (joints or {}).items():
        if len(place) == 2 and all(isinstance(v, (int, float)) for v in place):
            places[str(name)] = (float(place[0]), float(place[1]))
    if not places:
        return None
    dx = (WIDTH - max(x for x, _ in places.values()) - min(x for x, _ in places.values())) / 2
    dy = HEIGHT - max(y for _, y in places.values())
    placed = {name: (round(x + dx, 1), round(y + dy, 1)) for name, (x, y) in places.items()}
    lines = tuple((*placed[a], *placed[b]) for a, b in BONES if a in placed and b in placed)
    rings = tuple(placed[name] for name in _marked(flagged) if name in placed)
    return Drawing(lines, placed.get("head"), rings)


def _marked(joint: str) -> tuple[str, ...]:
    if not joint:
        return ()
    return _INSTEAD.get(joint) or (joint, f"left_{joint}", f"right_{joint}")


def trace_points(trace: Sequence[tuple[float, float]]) -> tuple[Point, ...]:
    """Points of the drive angle, newest at the right edge, in a box of ``TRACE_WIDTH`` by ``TRACE_HEIGHT``."""
    if len(trace) < 2:
        return ()
    low, high = min(deg for _, deg in trace), max(deg for _, deg in trace)
    room = max(_LEAST_SPREAD_DEG - (high - low), 0.0) / 2
    low, high = low - room, high + room
    return tuple(
        (round(TRACE_WIDTH * (1 - ago / TRACE_S), 1), round(TRACE_HEIGHT * (high - deg) / (high - low), 1))
        for ago, deg in trace if 0 <= ago <= TRACE_S
    )  # fmt: skip


def numbers(rows: Sequence[Sequence[float]]) -> str:
    """``"1,2;3,4"``, as the script reads it."""
    return ";".join(",".join(f"{v:g}" for v in row) for row in rows)
