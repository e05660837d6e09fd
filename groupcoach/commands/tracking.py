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
    from groupcoach.errors import RecordError
    from groupcoach.store.run_dir import load_mot
    from groupcoach.track.mot import follow, frames_of

    frames = frames_of(load_mot(detections))
    rows, _ = follow(frames, fps)
    lines = [
        f"{frame:.0f},{track_id:.0f},{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.4f},-1,-1,-1"
        for frame, track_id, x, y, w, h, score in rows.tolist()
    ]
    try:
        out.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"{out} cannot be written ({error.strerror}). Choose another --out.") from error
    say(f"{len(set(rows[:, 1].tolist()))} tracks in {len(frames)} frames written to {out}")
