"""The truth beside a rendered video: ``truth.json`` (who did what), ``truth.npz`` (joints, boxes, what is visible)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from groupcoach.simulate.motion import Segment
from groupcoach.simulate.scene import Scene
from groupcoach.simulate.timetable import PARTICIPANT, Event, Performer
from groupcoach.skeleton import JOINTS

if TYPE_CHECKING:
    from groupcoach.simulate.render import Rendered


def truth_json(
    scene: Scene, performers: Sequence[Performer], events: Sequence[Event],
    present: Sequence[Sequence[tuple[int, int]]], frames: int, fps: float, **extra: Any,
) -> dict[str, Any]:  # fmt: skip
    """The content of ``truth.json``: seconds from the first frame, people numbered from 1 in the order of the cast.

    Args:
        scene: Camera and spots.
        performers: The cast.
        events: Who walked when.
        present: Per person the (first, last) frames of each stretch in which something of the body is in the picture.
        frames: Length of the video.
        fps: Frames a second.
        extra: Further fields.
    """
    camera = scene.camera
    seconds = frames / fps
    people = []
    for k, (one, there) in enumerate(zip(performers, present, strict=True)):
        spots = [[round(t, 4), name] for t, name in one.spots if t < seconds]
        people.append({
            "id": k + 1,
            "name": f"Person {k + 1}" if one.role == PARTICIPANT else "Instructor",
            "role": one.role,
            "spot": spots[0][1] if spots else None,
            "spots": spots,
            "present": [[round(a / fps, 4), round((b + 1) / fps, 4)] for a, b in there],
            "segments": [_segment(s, seconds) for s in one.motion.segments if s.start_s < seconds],
        })  # fmt: skip
    return {
        "schema": 1,
        "width": camera.width,
        "height": camera.height,
        "fps": fps,
        "frames": frames,
        **extra,
        "camera": {
            "focal_px": round(camera.focal_px, 4),
            "cx": camera.centre_px[0],
            "cy": camera.centre_px[1],
            "k1": round(camera.k1, 6),
            "position_m": [round(float(v), 5) for v in camera.position_m],
            "pitch_deg": round(float(np.degrees(camera.pitch)), 4),
        },
        "mirror_px": None if scene.mirror_px is None else np.round(scene.mirror_px, 2).tolist(),
        "spots": [
            {"name": s.name, "x_m": round(s.x_m, 4), "z_m": round(s.z_m, 4), "yaw_deg": round(math.degrees(s.yaw), 2)}
            for s in scene.spots
        ],
        "events": [
            {"type": e.kind, "people": [k + 1 for k in e.people], "start_s": round(e.start_s, 4),
             "end_s": round(min(e.end_s, seconds), 4)} for e in events if e.start_s < seconds
        ],
        "people": people,
    }  # fmt: skip


def _segment(segment: Segment, seconds: float) -> dict[str, Any]:
    ends = [round(e, 4) for e in segment.rep_end_s if e <= seconds]
    return {
        "exercise": segment.exercise,
        "start_s": round(segment.start_s, 4),
        "end_s": round(min(segment.end_s, seconds), 4),
        "reps": len(ends),
        "rep_end_s": ends,
        "faults": [
            {"code": f.code, "side": f.side, "start_s": round(f.start_s, 4), "end_s": round(f.end_s, 4)}
            for f in segment.faults
            if f.end_s <= seconds
        ],
    }


class TruthRows:
    """Collects ``truth.npz``: a row for each person in each frame in which something of the body is in the picture."""

    def __init__(self, betas: Sequence[Any], fps: float) -> None:
        """Args: betas: (10,) per person; fps: frames a second."""
        self.betas = np.stack(betas)
        self.fps = fps
        self._parts: dict[str, list[Any]] = {}
        self._there: list[list[tuple[int, int]]] = [[] for _ in betas]

    def add(self, frame: Rendered) -> None:
        """Take in one frame."""
        there = np.flatnonzero(np.isfinite(frame.boxes_xyxy).all(1))
        for k in there:
            spans = self._there[k]
            if spans and spans[-1][1] == frame.index - 1:
                spans[-1] = (spans[-1][0], frame.index)
            else:
                spans.append((frame.index, frame.index))
        n = len(there)
        columns = {
            "frame": np.full(n, frame.index, np.int32),
            "t_s": np.full(n, frame.index / self.fps),
            "person": (there + 1).astype(np.int32),
            "box_xyxy": frame.boxes_xyxy[there].round(2).astype(np.float32),
            "visible": frame.visible[there].round(4).astype(np.float32),
            "joints_m": frame.joints_m[there].round(5).astype(np.float32),
            "joints_px": frame.joints_px[there].round(2).astype(np.float32),
            "rotmats": frame.rotmats[there].astype(np.float32),
            "betas": self.betas[there].astype(np.float32),
            "reflection_frame": np.full(len(frame.reflections_xyxy), frame.index, np.int32),
            "reflection_xyxy": frame.reflections_xyxy.round(2).astype(np.float32).reshape(-1, 4),
        }
        for name, rows in columns.items():
            self._parts.setdefault(name, []).append(rows)

    @property
    def present(self) -> list[list[tuple[int, int]]]:
        """Per person the (first, last) frames of each stretch in the picture."""
        return self._there

    def save(self, path: Path) -> None:
        """Write the file (compressed, no pickles); the rows are gone then."""
        # Column by column, so that a long class is not held twice.
        arrays = {name: np.concatenate(self._parts.pop(name)) for name in list(self._parts)}
        np.savez_compressed(path, allow_pickle=False, joint_names=np.array(JOINTS), **arrays)


def write_json(path: Path, truth: dict[str, Any]) -> None:
    """Write ``truth.json``, readable by a person."""
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
