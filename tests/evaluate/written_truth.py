"""Truth of classes that are written, not watched: of people who stay in their boxes for ten seconds."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from fake_engine import FPS

LEFT, MIDDLE, RIGHT = (50.0, 50.0, 150.0, 350.0), (250.0, 50.0, 350.0, 350.0), (450.0, 50.0, 550.0, 350.0)


def segment(exercise: str, rep_end_s: list[float], faults: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"exercise": exercise, "start_s": 0.0, "end_s": 10.0, "reps": len(rep_end_s), "rep_end_s": rep_end_s,
            "faults": faults or []}  # fmt: skip


def simulated(folder: Path, people: list[tuple[int, Any, list[dict[str, Any]]]], npz: bool = True) -> Path:
    """truth.json and truth.npz of people who stay in their boxes for 10 s."""
    path = folder / "truth.json"
    path.write_text(json.dumps({"schema": 1, "width": 640, "height": 360, "fps": FPS, "frames": 100, "camera": {},
                                "people": [{"id": i, "name": f"True {i}", "spot": None, "present": [[0, 10]],
                                            "segments": segments} for i, _, segments in people]}))  # fmt: skip
    if npz:
        frames = np.repeat(np.arange(100), len(people))
        boxes = np.tile(np.array([box for _, box, _ in people]), (100, 1))
        ids = np.tile([i for i, _, _ in people], 100)
        np.savez(folder / "truth.npz", frame=frames, person=ids, box_xyxy=boxes, visible=np.ones(len(frames)))
    return path


def composed(folder: Path, people: list[tuple[str, int, list[float]]]) -> Path:
    """truth.json as compose_class.py writes it."""
    path = folder / "truth.json"
    path.write_text(json.dumps({"width": 640, "height": 360, "fps": FPS, "frames": 100, "people": [
        {"id": i, "name": f"clip {i}", "region_xyxy": region, "exercise": exercise, "reps": reps, "start_s": 0.5,
         "end_s": 9.0} for i, (exercise, reps, region) in enumerate(people, 1)]}))  # fmt: skip
    return path
