"""The public package ``trackers`` on the same detections, in turns with ours (``groupcoach bench --vs trackers``).

Its trackers that need boxes only, each at the settings that its authors publish as tuned for DanceTrack, or at its
defaults where tuning did not help them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from groupcoach.errors import ConfigError
from groupcoach.evaluate.text import figure
from groupcoach.records import Floats
from groupcoach.track.mot import DANCE_FPS, follow, load_sequences, score_all

if TYPE_CHECKING:
    from rich.table import Table

Follow = Callable[[Sequence[Floats]], tuple[Floats, float]]
"""(N, 5) boxes and scores for each frame -> (R, >=6) MOT rows, and milliseconds of the processor for a frame."""

OURS: Final = "groupcoach"
#: Class of the package, and its settings: "Tracker comparison" of the package's own pages, DanceTrack, tuned.
#: The frame rate stays at the package's default: the buffers were tuned as numbers of frames under it.
TUNED: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "C-BIoU": ("CBIoUTracker", {
        "lost_track_buffer": 37, "track_activation_threshold": 0.71, "minimum_consecutive_frames": 3,
        "minimum_iou_threshold_first_assoc": 0.22, "minimum_iou_threshold_second_assoc": 0.70,
        "minimum_iou_threshold_unconfirmed_assoc": 0.26, "high_conf_det_threshold": 0.34,
        "buffer_ratio_first": 0.12, "buffer_ratio_second": 0.10,
    }),
    "BoT-SORT, no pictures": ("BoTSORTTracker", {"enable_cmc": False}),
    "SORT": ("SORTTracker", {
        "lost_track_buffer": 91, "track_activation_threshold": 0.89, "minimum_consecutive_frames": 3,
        "minimum_iou_threshold": 0.21,
    }),
    "ByteTrack": ("ByteTrackTracker", {
        "lost_track_buffer": 76, "track_activation_threshold": 0.9, "minimum_consecutive_frames": 4,
        "minimum_iou_threshold": 0.33, "high_conf_det_threshold": 0.52,
    }),
    "OC-SORT": ("OCSORTTracker", {}),
}  # fmt: skip


def check_package() -> None:
    """Refuse before anything is measured.

    Raises:
        ConfigError: The package is not installed.
    """
    try:
        import_module("trackers")
    except ImportError as error:
        raise ConfigError(
            f"--vs trackers: the public package `trackers` cannot be imported ({error}). It is only needed for this "
            "comparison; install it with `pip install 'groupcoach[peers]'`, or leave --vs trackers out."
        ) from error


def public_trackers() -> dict[str, Follow]:
    """Every tracker of :data:`TUNED` by its name.

    Raises:
        ConfigError: The package is not installed.
    """
    check_package()
    trackers = import_module("trackers")
    return {
        name: _runner(getattr(trackers, kind), settings)
        for name, (kind, settings) in TUNED.items() if hasattr(trackers, kind)
    }  # fmt: skip


def _runner(kind: Callable[..., Any], settings: Mapping[str, Any]) -> Follow:
    def run(frames: Sequence[Floats]) -> tuple[Floats, float]:
        supervision = import_module("supervision")
        tracker = kind(**settings)
        rows: list[tuple[float, ...]] = []
        seen = [
            supervision.Detections(
                xyxy=frame[:, :4].copy(), confidence=frame[:, 4].copy(), class_id=np.zeros(len(frame), dtype=int)
            )
            for frame in frames
        ]
        start = time.thread_time()
        found = [tracker.update(one) for one in seen]
        took = 1000 * (time.thread_time() - start) / max(len(frames), 1)
        for number, tracked in enumerate(found, 1):
            if tracked.tracker_id is None:
                continue
            for (x1, y1, x2, y2), track_id in zip(tracked.xyxy.tolist(), tracked.tracker_id.tolist(), strict=True):
                if track_id >= 0:  # -1: not sure yet
                    rows.append((number, track_id, x1, y1, x2 - x1, y2 - y1))
        return np.array(rows, dtype=np.float64).reshape(-1, 6), took

    return run


def beside_public(folder: Path, say: Callable[[str], None] = lambda text: None) -> list[dict[str, Any]]:
    """Ours and every public tracker on each recording of a folder, recording by recording.

    Args:
        folder: ``det/NAME.txt`` and ``gt/NAME.txt``, 20 frames a second (DanceTrack).
        say: Told what is running.

    Returns:
        One entry a tracker in FORMATS' words (``name``, ``people`` = boxes a frame, ``fps``), with ``hota``, ``idf1``
        (in 0 to 1, over all boxes), ``switches`` and ``ms_per_frame``; the best IDF1 first.

    Raises:
        ConfigError: The folder holds no recordings, or the package is not installed.
    """
    theirs = public_trackers()
    return compare(folder, {OURS: lambda frames: follow(frames, DANCE_FPS), **theirs}, say)


def compare(
    folder: Path, ways: Mapping[str, Follow], say: Callable[[str], None] = lambda text: None
) -> list[dict[str, Any]]:
    """:func:`beside_public` for any ``ways`` to follow boxes."""
    recordings = load_sequences(folder)
    tracks: dict[str, list[Floats]] = {name: [] for name in ways}
    spent = dict.fromkeys(ways, 0.0)
    for recording in recordings:
        say(f"{recording.name}: {', '.join(ways)} ...")
        for name, way in ways.items():
            rows, ms = way(recording.frames)
            tracks[name].append(rows)
            spent[name] += ms * len(recording.frames)
    frames = sum(len(r.frames) for r in recordings)
    people = sum(len(f) for r in recordings for f in r.frames) / frames
    out = []
    for name in ways:
        score = score_all([r.truth for r in recordings], tracks[name])
        if score is None:
            raise ConfigError(f"--mot {folder}: the true boxes are empty.")
        ms = spent[name] / frames
        out.append({
            "name": name, "people": round(people, 1), "fps": 1000 / ms, "ms_per_frame": ms, "hota": score.hota,
            "deta": score.deta, "assa": score.assa, "idf1": score.idf1, "switches": score.switches,
            "recordings": len(recordings), "frames": frames,
        })  # fmt: skip
    return sorted(out, key=lambda row: -row["idf1"])


def public_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The trackers for a person to read."""
    from rich.table import Table

    first = rows[0]
    table = Table(
        title="Trackers on the same boxes, in turns",
        caption=f"{first['recordings']} recordings, {first['frames']} frames, {first['people']} boxes a frame",
    )
    for name in ("Tracker", "HOTA", "IDF1", "DetA", "AssA", "Switches", "ms a frame"):
        table.add_column(name, justify="left" if name == "Tracker" else "right")
    for row in rows:
        shares = [figure(100 * row[key], 1) for key in ("hota", "idf1", "deta", "assa")]
        table.add_row(row["name"], *shares, str(row["switches"]), figure(row["ms_per_frame"], 2))
    return table
