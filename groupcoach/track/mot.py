"""Detections and true boxes in MOT format: read, followed, scored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from groupcoach.errors import ConfigError
from groupcoach.evaluate.identity import IdentityScore, score_identity
from groupcoach.records import Floats, Observations, TrackState
from groupcoach.store.run_dir import load_mot
from groupcoach.track.settings import BOXES_ONLY, TrackerSettings
from groupcoach.track.tracker import Tracker

DANCE_FPS = 20.0
"""Frames a second of DanceTrack."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One recording."""

    name: str
    frames: list[Floats]
    """For each frame from 1 on (N, 5): x1, y1, x2, y2, score."""
    truth: Floats
    """(R, >=6): frame, id, x, y, w, h."""


def frames_of(rows: Floats, last: int = 0) -> list[Floats]:
    """MOT rows (R, 7) as one (N, 5) array of corners and score for each frame from 1 to the last one."""
    last = max(last, int(rows[:, 0].max())) if len(rows) else last
    scores = np.ones(len(rows)) if len(rows) and (rows[:, 6] < 0).all() else rows[:, 6]  # -1: there are no scores
    table = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6], scores])
    order = np.argsort(rows[:, 0], kind="stable")
    starts = np.searchsorted(rows[order, 0], np.arange(1, last + 2))
    return [table[order[a:b]] for a, b in pairwise(starts.tolist())]


def as_observations(frame: Floats) -> Observations:
    """Boxes (N, 5) without keypoints."""
    n = len(frame)
    return Observations(frame[:, :4], frame[:, 4], np.full((n, 17, 2), np.nan), np.zeros((n, 17)))


def follow(frames: Sequence[Floats], fps: float, settings: TrackerSettings = BOXES_ONLY) -> tuple[Floats, float]:
    """Track boxes only.

    Args:
        frames: (N, 5) for each frame.
        fps: Frames a second.
        settings: Of the tracker.

    Returns:
        (R, 7): frame, id, x, y, w, h, score of the boxes that are followed, as they were detected; and milliseconds of
        the processor for a frame: work beside it on the machine does not count.
    """
    tracker, rows = Tracker(settings), []
    seen = [as_observations(frame) for frame in frames]
    start = time.thread_time()
    for number, (obs, frame) in enumerate(zip(seen, frames, strict=True)):
        for one in tracker.step(obs, number / fps):
            if one.state is TrackState.CONFIRMED and one.observation is not None:
                x1, y1, x2, y2, score = frame[one.observation].tolist()
                rows.append((number + 1, one.track_id, x1, y1, x2 - x1, y2 - y1, score))
    took = 1000 * (time.thread_time() - start) / max(len(frames), 1)
    return np.array(rows, dtype=np.float64).reshape(-1, 7), took


def load_sequences(folder: Path) -> list[Recording]:
    """All recordings of a folder with ``det/NAME.txt`` and ``gt/NAME.txt``, by name.

    Raises:
        ConfigError: The folder holds none, or one has no true boxes.
        RecordError: A file that is no MOT file.
    """
    files = sorted((folder / "det").glob("*.txt"))
    if not files:
        raise ConfigError(f"--mot {folder}: there are no detections. It should hold det/NAME.txt and gt/NAME.txt.")
    out = []
    for file in files:
        true = folder / "gt" / file.name
        if not true.exists():
            raise ConfigError(f"--mot {folder}: {file.name} has no true boxes; gt/{file.name} is missing.")
        truth = load_mot(true)
        out.append(Recording(file.stem, frames_of(load_mot(file), int(truth[:, 0].max(initial=0))), truth))
    return out


def score_all(truths: Sequence[Floats], tracks: Sequence[Floats]) -> IdentityScore | None:
    """One score for several recordings, each box counting the same: nobody is in two of them.

    Args:
        truths: (R, >=6) for each recording.
        tracks: The same.
    """
    if not truths:
        return None
    span = 1 + max(float(rows[:, :2].max(initial=0)) for rows in (*truths, *tracks))
    together = []
    for many in (truths, tracks):
        apart = [rows[:, :6].copy() for rows in many]
        for k, rows in enumerate(apart):
            rows[:, :2] += k * span
        together.append(np.concatenate(apart))
    return score_identity(*together)
