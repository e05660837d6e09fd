"""Exercise names frame by frame, before and after the vote, against what was done at that time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Done:
    """From one time to another somebody did one exercise."""

    person: int
    """Id in the run."""
    exercise: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class LabelShare:
    """How many frames were looked at, and how many had the right name."""

    frames: int = 0
    frame_right: int = 0
    voted_right: int = 0
    shown_right: int = 0
    """Of what the vote said at the time; it decides some moments later what holds since then."""

    def __add__(self, other: LabelShare) -> LabelShare:
        return LabelShare(self.frames + other.frames, self.frame_right + other.frame_right,
                          self.voted_right + other.voted_right, self.shown_right + other.shown_right)  # fmt: skip

    @property
    def frame_accuracy(self) -> float | None:
        """Before the vote, 0 to 1; None when no frame was looked at."""
        return self.frame_right / self.frames if self.frames else None

    @property
    def voted_accuracy(self) -> float | None:
        """After the vote, 0 to 1; None when no frame was looked at."""
        return self.voted_right / self.frames if self.frames else None

    @property
    def shown_accuracy(self) -> float | None:
        """After the vote, as far as it had decided by then, 0 to 1; None when no frame was looked at."""
        return self.shown_right / self.frames if self.frames else None

    def figures(self) -> dict[str, float | None]:
        """The three accuracies by the names that ``--json`` prints."""
        return {"frame_accuracy": self.frame_accuracy, "voted_accuracy": self.voted_accuracy,
                "shown_accuracy": self.shown_accuracy}  # fmt: skip


def label_share(poses: Mapping[str, NDArray[Any]] | None, done: Sequence[Done]) -> LabelShare:
    """Frames within ``done`` whose label is the exercise done.

    Args:
        poses: Columns of ``poses.npz`` (``t_s``, ``person``, ``exercise``, ``voted``, ``voted_live``; older runs lack
            the last, then ``voted`` is what was shown); None counts nothing.
        done: What was truly done; a frame outside of all of it is not looked at.
    """
    total = LabelShare()
    if poses is None:
        return total
    shown = poses.get("voted_live", poses["voted"])
    for one in done:
        rows = (poses["person"] == one.person) & (poses["t_s"] >= one.start_s) & (poses["t_s"] <= one.end_s)
        total += LabelShare(
            int(np.count_nonzero(rows)),
            int(np.count_nonzero(poses["exercise"][rows] == one.exercise)),
            int(np.count_nonzero(poses["voted"][rows] == one.exercise)),
            int(np.count_nonzero(shown[rows] == one.exercise)),
        )
    return total
