"""Reading a run folder back (FORMATS: RUN_DIR)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import RecordError
from groupcoach.store.poses import load_poses
from groupcoach.store.replay import replay

SCHEMA: Final = 1
SUMMARY: Final = "summary.json"
EVENTS: Final = "events.jsonl"
TRACKS: Final = "tracks.txt"
VIDEO: Final = "annotated.mp4"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run folder that was read back; the large files are read when asked for."""

    folder: Path
    summary: dict[str, Any]

    @property
    def people(self) -> list[dict[str, Any]]:
        """The people of the summary."""
        return list(self.summary["people"])

    def events(self) -> list[dict[str, Any]]:
        """Rows of ``events.jsonl``; an unfinished last line (the process was killed) is left out."""
        path = self.folder / EVENTS
        rows: list[dict[str, Any]] = []
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for number, line in enumerate(lines, 1):
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                if number < len(lines):
                    raise RecordError(f"{path}, line {number}, is not JSON: {line[:60]!r}. Was it edited?") from error
        return rows

    def tracks(self) -> NDArray[np.float64]:
        """Rows of ``tracks.txt``, (R, 7): frame from 1, person, x, y, w, h, score."""
        return load_mot(self.folder / TRACKS)

    def poses(self) -> dict[str, NDArray[Any]] | None:
        """Columns of ``poses.npz``; None when the run was made without ``--save-poses``."""
        return load_poses(self.folder)


def load_run(folder: Path) -> Run:
    """A run folder.

    Raises:
        RecordError: No such folder, not a run, or of a later version.
    """
    path = folder / SUMMARY
    if not folder.is_dir():
        raise RecordError(f"There is no run folder at {folder}. `groupcoach run SOURCE --out {folder}` makes one.")
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{folder} is not a run folder: it has no {SUMMARY}. Give the --out of a run.") from None
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} cannot be read ({error}). Run the class again.") from error
    if not isinstance(summary, dict) or not isinstance(summary.get("people"), list):
        raise RecordError(f"{path} is not the summary of a run: field 'people' is missing.")
    if summary.get("schema") != SCHEMA:
        raise RecordError(f"{path}: schema {summary.get('schema')!r} is not known here (this version reads {SCHEMA}).")
    run = Run(folder, summary)
    if summary.get("ended_early") and not summary["people"]:
        summary["people"] = _people_of(run)  # the process was killed: the events still tell
    return run


def _people_of(run: Run) -> list[dict[str, Any]]:
    """People as in a summary, from the events and the boxes alone."""
    people: dict[int, dict[str, Any]] = {}
    for past in replay(run.events()).people.values():
        one = people[past.number] = {
            "id": past.number, "name": past.name, "spot": past.spot, "track_ids": [], "first_s": past.first_s,
            "last_s": past.last_s, "seen_s": past.last_s - past.first_s, "median_box_xyxy": [0.0, 0.0, 0.0, 0.0],
            "exercises": [], "role": "instructor" if past.instructor else "participant",
        }  # fmt: skip
        for row in past.rows:
            if row["type"] == "rep_counted":
                _book(one["exercises"], row)
    tracks = run.tracks() if (run.folder / TRACKS).exists() else np.zeros((0, 7))
    for number, one in people.items():
        own = tracks[tracks[:, 1] == number, 2:6]
        if len(own):
            x, y, w, h = (float(v) for v in np.median(own, axis=0))
            one["median_box_xyxy"] = [x, y, x + w, y + h]
    return list(people.values())


def _book(exercises: list[dict[str, Any]], rep: Mapping[str, Any]) -> None:
    """Add a repetition to the last set, or begin a new one."""
    faults = [str(f["code"] if isinstance(f, dict) else f) for f in rep.get("faults") or []]
    if not exercises or exercises[-1]["exercise"] != rep["exercise"]:
        exercises.append({"exercise": rep["exercise"], "start_s": rep["start_s"], "end_s": rep["end_s"], "reps": 0,
                          "clean_reps": 0, "hold_s": 0.0, "rep_end_s": [], "faults": {}})  # fmt: skip
    done = exercises[-1]
    done["reps"] += 1
    done["clean_reps"] += not faults
    done["end_s"] = rep["end_s"]
    done["rep_end_s"].append(rep["end_s"])
    for code in faults:
        done["faults"][code] = done["faults"].get(code, 0) + 1


def load_mot(path: Path) -> NDArray[np.float64]:
    """Rows of a MOT-format file, (R, 7): frame from 1, id, x, y, w, h, score; R may be 0.

    Raises:
        RecordError: The file is missing or a line has not at least seven numbers.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} cannot be read ({error}). It should hold frame,id,x,y,w,h,score rows.") from error
    rows: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = [float(word) for word in line.split(",")[:7]]
        except ValueError:
            row = []
        if len(row) == 7:
            rows.append(row)
        elif number < len(lines):  # the last line may be cut off: the run was killed
            raise RecordError(f"{path}, line {number}: expected frame,id,x,y,w,h,score, got {line[:60]!r}.")
    return np.array(rows, dtype=np.float64).reshape(-1, 7)
