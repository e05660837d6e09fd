"""``groupcoach track``: the tracker alone, on detections from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groupcoach.commands.console import say


def track(
    detections: Annotated[Path, typer.Option("--detections", help="MOT rows: frame,id,x,y,w,h,score (id not read).")],
    out: Annotated[Path, typer.Option("--out", help="Where the tracks go, as MOT rows.")],
    fps: Annotated[float, typer.Option("--fps", min=0.1, help="Frames a second of the source.")] = 30.0,
) -> None:
    """The tracker alone on MOT-format detections."""
    import numpy as np

    from groupcoach.errors import RecordError
    from groupcoach.records import Observations, TrackState
    from groupcoach.store.run_dir import load_mot
    from groupcoach.track.tracker import Tracker

    rows = load_mot(detections)
    if len(rows) and (rows[:, 6] < 0).all():
        rows[:, 6] = 1.0  # -1: this detector gives no score
    tracker, lines = Tracker(), []
    by_frame = {int(frame): rows[rows[:, 0] == frame] for frame in np.unique(rows[:, 0])}
    for frame in range(1, max(by_frame, default=0) + 1):
        here = by_frame.get(frame, rows[:0])
        n = len(here)
        boxes = np.concatenate([here[:, 2:4], here[:, 2:4] + here[:, 4:6]], axis=1)
        seen = Observations(boxes, here[:, 6], np.full((n, 17, 2), np.nan), np.zeros((n, 17)))
        for one in tracker.step(seen, (frame - 1) / fps):
            if one.state is TrackState.CONFIRMED and one.observation is not None:
                x1, y1, x2, y2 = (float(v) for v in one.box_xyxy)
                box = f"{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f}"
                lines.append(f"{frame},{one.track_id},{box},{here[one.observation, 6]:.4f},-1,-1,-1")
    try:
        out.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"{out} cannot be written ({error.strerror}). Choose another --out.") from error
    say(f"{len({line.split(',')[1] for line in lines})} tracks in {len(by_frame)} frames written to {out}")
