"""The vote over successive frames (Kang et al. 2021), over time instead of frame counts, with hysteresis. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from groupcoach.records import Floats, Label


@dataclass(frozen=True, slots=True)
class VoteSettings:
    """Times in seconds, shares 0 to 1."""

    buffer_s: float = 0.6
    majority: float = 0.7
    least_lead: float = 0.05
    """Mean lead of the frames' first choices below which they are no votes at all."""
    hold_s: float = 0.7
    """A new label must keep the majority for so long."""
    first_s: float = 0.2
    """The same for the first label of a person, when there is nothing to be steady about."""
    hold_mid_rep_s: float = 1.5
    """The same while a repetition is under way: a set is not cut by a stumble."""


class Vote:
    """One person's buffer of votes.

    Each frame votes for its most likely class, weighted by how far that leads and by the time the frame stands for.
    (Voting with all probabilities needs one above a half: an exercise with 0.45 in every frame never had the majority.)
    """

    def __init__(self, classes: tuple[str, ...], settings: VoteSettings | None = None) -> None:
        """Start undecided (``unknown``)."""
        self.classes = classes
        self.settings = settings or VoteSettings()
        self._votes: deque[tuple[float, float, int, float]] = deque()
        """Time, duration, class, lead times duration."""
        self._sum = np.zeros(len(classes))
        self._time_s = 0.0
        """That the votes stand for."""
        self.label = Label("unknown", 0.0, 0.0)
        self._rival: tuple[str, float] | None = None
        self._decided = False

    def cast(self, t_s: float, probabilities: Floats, *, mid_rep: bool = False) -> Label:
        """Add a frame's probabilities (C,) and return the label in force.

        Args:
            t_s: time of the frame.
            probabilities: (C,)
            mid_rep: the current exercise is in the middle of a repetition.
        """
        step = t_s - self._votes[-1][0] if self._votes else 0.05
        if step > self.settings.buffer_s:
            self._votes.clear()
            self._sum[:] = 0.0
            self._time_s = 0.0
            step = 0.05
        second, most = np.partition(probabilities, -2)[-2:].tolist()
        best, weight = int(probabilities.argmax()), (most - second) * step
        self._votes.append((t_s, step, best, weight))
        self._sum[best] += weight
        self._time_s += step
        while self._votes and self._votes[0][0] < t_s - self.settings.buffer_s:
            _, gone_s, k, weight = self._votes.popleft()
            self._sum[k] -= weight
            self._time_s -= gone_s
        total = float(self._sum.clip(0).sum())
        best = int(self._sum.argmax())
        name, share = self.classes[best], min(float(self._sum[best]) / max(total, 1e-9), 1.0)
        if total < self.settings.least_lead * self._time_s:
            share = 0.0
        if name == self.label.exercise:
            self._rival = None
            self._decided = self._decided or share > self.settings.majority
            self.label = Label(name, share, self.label.since_s)
        elif share > self.settings.majority:
            if self._rival is None or self._rival[0] != name:
                self._rival = (name, t_s)
            hold = self.settings.hold_mid_rep_s if mid_rep else self.settings.hold_s
            hold = hold if self._decided else self.settings.first_s
            if t_s - self._rival[1] >= hold:
                self.label = Label(name, share, self._rival[1])
                self._decided = True
                self._rival = None
        else:
            self._rival = None
        return self.label
