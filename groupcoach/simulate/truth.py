"""The truth beside a rendered video: ``truth.json`` (who did what), ``truth.npz`` (joints, boxes, what is visible)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from groupcoach.simulate.motion import Motion, Segment
from groupcoach.simulate.render import Rendered
from groupcoach.simulate.scene import Scene
from groupcoach.skeleton import JOINTS


def truth_json(scene: Scene, motions: Sequence[Motion], frames: int, fps: float, **extra: Any) -> dict[str, Any]:
    """The content of ``truth.json``: seconds from the first frame, people numbered from 1 in the order of the cast."""
    camera = scene.camera
    seconds = frames / fps
    people = [
        {
            "id": k + 1,
            "name": f"Person {k + 1}",
            "spot": spot.name,
            "present": [[0.0, round(seconds, 4)]],
            "segments": [_segment(s, seconds) for s in motion.segments if s.start_s < seconds],
        }
        for k, (spot, motion) in enumerate(zip(scene.spots, motions, strict=True))
    ]
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
            "position_m": [round(float(v), 5) for v in camera.position_m],
            "pitch_deg": round(float(np.degrees(camera.pitch)), 4),
        },
        "spots": [
            {"name": s.name, "x_m": round(s.x_m, 4), "z_m": round(s.z_m, 4), "yaw_deg": round(math.degrees(s.yaw), 2)}
            for s in scene.spots
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
    """Collects ``truth.npz``: a row for each person in each frame."""

    def __init__(self, betas: Sequence[Any], fps: float) -> None:
        self.betas = np.stack(betas)
        self.fps = fps
        self._parts: dict[str, list[Any]] = {}

    def add(self, frame: Rendered) -> None:
        """Take in one frame."""
        n = len(self.betas)
        columns = {
            "frame": np.full(n, frame.index, np.int32),
            "t_s": np.full(n, frame.index / self.fps),
            "person": np.arange(1, n + 1, dtype=np.int32),
            "box_xyxy": frame.boxes_xyxy.round(2).astype(np.float32),
            "visible": frame.visible.round(4).astype(np.float32),
            "joints_m": frame.joints_m.round(5).astype(np.float32),
            "joints_px": frame.joints_px.round(2).astype(np.float32),
            "rotmats": frame.rotmats.astype(np.float32),
            "betas": self.betas.astype(np.float32),
        }
        for name, rows in columns.items():
            self._parts.setdefault(name, []).append(rows)

    def save(self, path: Path) -> None:
        """Write the file (compressed, no pickles)."""
        arrays = {name: np.concatenate(rows) for name, rows in self._parts.items()}
        np.savez_compressed(path, allow_pickle=False, joint_names=np.array(JOINTS), **arrays)


def write_json(path: Path, truth: dict[str, Any]) -> None:
    """Write ``truth.json``, readable by a person."""
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
