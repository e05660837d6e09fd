"""Where one person stands, came from and went: feet on the floor over time. Pure, and plain floats: it is cheap."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, nan
from typing import Final

from groupcoach.track.floor import Floor
from groupcoach.track.stature import Heights

Px = tuple[float, float]

STAY_S: Final = 3.0
"""Whoever keeps to one place for so long has a spot there."""
REACH_M: Final = 0.75
_ASTRAY_S: Final = 0.7
_MEMORY_S: Final = 10.0
_SMOOTH_S: Final = 0.4
_PACE_S: Final = 0.2
"""A pace is smoothed over so long."""
_STILL_M_S: Final = 0.5
_AT_EDGE: Final = 0.35
"""Of a body's height: so near the side of the picture somebody comes in or goes out."""
_GAP_S: Final = 1.0
_UPRIGHT_S: Final = 0.3
"""Who has not walked for so long stands."""


@dataclass(slots=True)
class Whereabouts:
    """All places are feet in the picture, px: the floor is fitted better and better, so metres are made when asked."""

    foot_px: Px = (nan, nan)
    """Now, smoothed over ``_SMOOTH_S``."""
    seen_px: Px = (nan, nan)
    """Now, as seen in this frame."""
    first_px: Px = (nan, nan)
    t_s: float = -1e9
    first_s: float = -1e9
    entered: str = ""
    """``left`` or ``right`` side of the picture; empty: within it."""
    leaving: str = ""
    """The side that the person is near now."""
    still_s: float = 0.0
    """Has not walked for so long."""
    pace: float = 0.0
    """To the right, body heights a second, smoothed."""
    home_px: Px | None = None
    """The last spot, and how long it was kept."""
    home_s: float = 0.0
    longest_s: float = 0.0
    """Longest stay at one place."""
    heights: Heights = field(default_factory=Heights)
    height_px: float = nan
    """Of this frame; NaN where the body does not stand upright."""
    doubted: bool = False
    """Perhaps another's body: how tall it is is not learned."""
    unclear: bool = False
    """Passed somebody before their statures were known: for a while nothing but clothes could tell an exchange."""
    anchor_px: Px = (nan, nan)
    since_s: float = 0.0
    """Keeps to ``anchor_px`` since then."""
    astray_s: float | None = None

    def see(self, foot_px: Px, height_px: float, width: int, floor: Floor, t_s: float) -> None:
        """One frame: feet, standing height (NaN: does not stand upright), of a picture ``width`` px wide."""
        x, y = foot_px
        body = floor.body_at(x, y)
        side = "left" if x < _AT_EDGE * body else "right" if x > width - _AT_EDGE * body else ""
        dt = t_s - self.t_s
        self.leaving, self.seen_px, self.height_px = side, foot_px, nan
        if dt > _GAP_S:
            if self.first_s < -1e8:
                self.first_px, self.first_s, self.entered = foot_px, t_s, side
            self.foot_px, self.t_s, self.still_s, self.pace = foot_px, t_s, 0.0, 0.0
            self._stay(t_s)
            return
        keep = exp(-dt / _SMOOTH_S)
        was, now = self.foot_px, (x + (self.foot_px[0] - x) * keep, y + (self.foot_px[1] - y) * keep)
        self.foot_px, self.t_s = now, t_s
        self.pace += ((now[0] - was[0]) / body / max(dt, 1e-6) - self.pace) * (1 - exp(-dt / _PACE_S))
        speed = floor.apart_m(was, now, least=0.0) / max(dt, 1e-6)
        self.still_s = self.still_s + dt if speed < _STILL_M_S else 0.0
        if floor.apart_m(now, self.anchor_px) > REACH_M:
            self.astray_s = t_s if self.astray_s is None else self.astray_s
            if t_s - self.astray_s > _ASTRAY_S:
                self._stay(t_s)
        else:
            self.astray_s = None
            stayed = t_s - self.since_s
            share = dt / (min(stayed, _MEMORY_S) + dt)
            ax, ay = self.anchor_px
            self.anchor_px = (ax + (x - ax) * share, ay + (y - ay) * share)
            self.longest_s = max(self.longest_s, stayed)
            if stayed >= STAY_S:
                self.home_px, self.home_s = self.anchor_px, stayed
        if height_px > 0 and self.still_s > _UPRIGHT_S:
            self.height_px = height_px
            if not self.doubted:
                self.heights.read(foot_px, height_px, dt)

    def _stay(self, t_s: float) -> None:
        self.anchor_px, self.since_s, self.astray_s = self.foot_px, t_s, None

    def go_on_as(self, later: Whereabouts) -> None:
        """``later`` was this person too: where it is now counts, and its own spot where it has one."""
        self.foot_px, self.seen_px, self.t_s = later.foot_px, later.seen_px, later.t_s
        self.leaving, self.still_s = later.leaving, later.still_s
        self.anchor_px, self.since_s, self.astray_s = later.anchor_px, later.since_s, later.astray_s
        if later.home_px is not None:
            self.home_px, self.home_s = later.home_px, later.home_s
        self.longest_s = max(self.longest_s, later.longest_s)
        self.heights.take(later.heights)

    def keep_habits(self, other: Whereabouts) -> None:
        """Take the spot, the stature and the arrival of ``other``: they are the person's, not the place's."""
        self.first_px, self.first_s, self.entered = other.first_px, other.first_s, other.entered
        self.home_px, self.home_s = other.home_px, other.home_s
        self.heights, self.longest_s = other.heights, other.longest_s
