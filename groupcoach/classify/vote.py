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
    majority: float = 0.5
    hold_s: float = 0.7
    """A new label must keep the majority for so long."""
    first_s: float = 0.2
    """The same for the first label of a person, when there is nothing to be steady about."""
    hold_mid_rep_s: float = 1.5
    """The same while a repetition is under way: a set is not cut by a stumble."""


class Vote:
    """One person's buffer of votes. Each frame votes with its probabilities, weighted by the time it stands for."""

    def __init__(self, classes: tuple[str, ...], settings: VoteSettings | None = None) -> None:
        """Start undecided (``unknown``)."""
        self.classes = classes
        self.settings = settings or VoteSettings()
        self._votes: deque[tuple[float, Floats]] = deque()
        self._sum = np.zeros(len(classes))
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
            step = 0.05
        weighted = probabilities * step
        self._votes.append((t_s, weighted))
        self._sum += weighted
        while self._votes and self._votes[0][0] < t_s - self.settings.buffer_s:
            self._sum -= self._votes.popleft()[1]
        shares = self._sum.clip(0) / max(float(self._sum.sum()), 1e-9)
        best = int(shares.argmax())
        name, share = self.classes[best], float(shares[best])
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
