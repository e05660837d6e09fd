"""The source method's counting machine: stand, posture, reached, stand. Pure; time is passed in.

An event that the table does not allow raises and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from groupcoach.exercises.catalogue import Template
from groupcoach.reps import LOST_S, IllegalMove
from groupcoach.skeleton import mirrored


class Stage(Enum):
    """States of the source method's machine."""

    STAND = "stand"
    POSTURE = "posture"
    REACHED = "reached"


class Reading(Enum):
    """What the errors against the template say."""

    NEAR = "every error below enter_deg for hold_s"
    HELD = "every error below count_deg for hold_s"
    AWAY = "an error beyond twice enter_deg"
    LOST = "not seen for a while"


TEMPLATE_TABLE: Final[dict[tuple[Stage, Reading], tuple[Stage, bool]]] = {
    # -> (next stage, counts)
    (Stage.STAND, Reading.NEAR): (Stage.POSTURE, False),
    (Stage.POSTURE, Reading.HELD): (Stage.REACHED, False),
    (Stage.POSTURE, Reading.AWAY): (Stage.STAND, False),
    (Stage.REACHED, Reading.AWAY): (Stage.STAND, True),
    (Stage.POSTURE, Reading.LOST): (Stage.STAND, False),
    (Stage.REACHED, Reading.LOST): (Stage.STAND, False),
}


# 0.53 s stands for five frames at the source's 9.5 a second, which are 0.526 s
_HOLD_GRACE_S = 0.005


@dataclass(frozen=True, slots=True)
class Correction:
    """The joint farthest from the template, and where it should go."""

    angle: str
    error_deg: float
    """measured - reference: positive = too straight, bend more."""


class TemplateCounter:
    """Stand -> posture -> reached -> stand; the return to stand counts.

    The template is for one lead leg; the mirror image is tried as well and the nearer of the two is kept while in the
    posture.
    """

    def __init__(self, template: Template) -> None:
        """Args: template: the definition's ``[template]`` table."""
        self.template = template
        self.stage = Stage.STAND
        self.correction: Correction | None = None
        self.count = 0
        self.near_s: float | None = None
        """When the posture of the current (or last) repetition was taken ..."""
        self.reached_s: float | None = None
        """... and when it was held long enough."""
        self._mirror = False
        self._t: float | None = None
        self._near_since: float | None = None
        self._held_since: float | None = None

    def _fire(self, reading: Reading) -> bool:
        if (self.stage, reading) not in TEMPLATE_TABLE:
            raise IllegalMove(f"The template machine in {self.stage.value!r} cannot take {reading.value!r}.")
        self.stage, counts = TEMPLATE_TABLE[self.stage, reading]
        return counts

    def _errors(self, deg: Mapping[str, float], mirror: bool) -> dict[str, float]:
        return {
            (mirrored(n) if mirror else n): deg[mirrored(n) if mirror else n] - reference
            for n, reference in self.template.angles.items()
        }

    def step(self, t_s: float, deg: Mapping[str, float]) -> bool:
        """Named angles of one frame; True when a repetition counts now. NaN anywhere: nothing happens."""
        both = {m: self._errors(deg, m) for m in (False, True)}
        worst = {m: max(map(abs, e.values())) for m, e in both.items()}
        if any(np.isnan(list(e.values())).any() for e in both.values()):
            return False
        if self._t is not None and t_s - self._t > LOST_S:
            self._restart()
        self._t = t_s
        if self.stage is Stage.STAND:
            self._mirror = worst[True] < worst[False]
        errors, largest = both[self._mirror], worst[self._mirror]
        tpl = self.template
        self._near_since = _since(self._near_since, t_s, largest < tpl.enter_deg)
        self._held_since = _since(self._held_since, t_s, largest < tpl.count_deg)
        counts, hold_s = False, tpl.hold_s - _HOLD_GRACE_S
        if self.stage is Stage.STAND and self._near_since is not None and t_s - self._near_since >= hold_s:
            self._fire(Reading.NEAR)
            self.near_s = self._near_since
            self._held_since = t_s if largest < tpl.count_deg else None
        elif self.stage is Stage.POSTURE and self._held_since is not None and t_s - self._held_since >= hold_s:
            self._fire(Reading.HELD)
            self.reached_s = t_s
        elif self.stage is not Stage.STAND and largest > 2 * tpl.enter_deg:
            counts = self._fire(Reading.AWAY)
            self.count += counts
        name = max(errors, key=lambda n: abs(errors[n]))
        coached = self.stage is Stage.POSTURE and abs(errors[name]) >= tpl.count_deg
        self.correction = Correction(name, errors[name]) if coached else None
        return counts

    def _restart(self) -> None:
        if self.stage is not Stage.STAND:
            self._fire(Reading.LOST)
        self._near_since = self._held_since = None


def _since(since: float | None, t_s: float, now: bool) -> float | None:
    """From when on something has been so without a break; None when it is not so now."""
    if not now:
        return None
    return t_s if since is None else since
