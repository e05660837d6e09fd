"""What is true of a class: ``truth.json`` of the simulator or of ``compose_class.py``, and ``truth.npz`` beside it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import ConfigError
from groupcoach.evaluate.counting import catalogue_id
from groupcoach.evaluate.identity import HIT, Rows, overlap_xywh

#: A body less visible than this need not be found, and finding it is no mistake.
LEAST_VISIBLE: Final = 0.25


@dataclass(frozen=True, slots=True)
class TrueFault:
    """One spell of one fault."""

    code: str
    side: str | None
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class TrueSegment:
    """One exercise done by one person."""

    listed: str
    """As the truth calls it."""
    exercise: str | None
    """Catalogue id; None when it is not in the catalogue."""
    start_s: float
    end_s: float
    reps: int | None
    """None: the count was not taken."""
    rep_end_s: tuple[float, ...] | None
    """None: not known."""
    faults: tuple[TrueFault, ...] | None
    """None: not known."""


@dataclass(frozen=True, slots=True)
class TruePerson:
    """One person of the class."""

    id: int
    name: str
    spot: Any
    region_xyxy: tuple[float, float, float, float] | None
    """Where in the picture the person is all the time (composed classes); None elsewhere."""
    segments: tuple[TrueSegment, ...]
    role: str = "participant"
    """``instructor``: is seen and keeps an identity, but has nobody's count."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The truth of one class."""

    path: Path
    fps: float
    people: tuple[TruePerson, ...]
    columns: Mapping[str, NDArray[Any]] | None
    """Columns of ``truth.npz``; None without the file."""
    size: tuple[int, int] | None = None
    """Width and height of the picture, px; None where the truth does not say."""

    @property
    def participants(self) -> Truth:
        """The same truth with those only whose repetitions count."""
        return replace(self, people=tuple(p for p in self.people if p.role != "instructor"))

    @property
    def boxes(self) -> Rows | None:
        """(R, 6) frame from 1, person, x, y, w, h; None without ``truth.npz``."""
        if self.columns is None:
            return None
        xyxy = np.asarray(self.columns["box_xyxy"], dtype=np.float64).reshape(-1, 4)
        frame = np.asarray(self.columns["frame"], dtype=np.float64) + 1  # poses and truth count from 0, MOT from 1
        rows = np.column_stack([frame, self.columns["person"], xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]])
        return np.asarray(rows[np.isfinite(rows).all(1)])

    @property
    def visible(self) -> NDArray[np.bool_] | None:
        """(R,) rows of ``boxes`` that ought to be found."""
        if self.columns is None:
            return None
        finite = np.asarray(np.isfinite(np.asarray(self.columns["box_xyxy"], dtype=np.float64)).all(1))
        share = self.columns.get("visible", np.ones(len(finite)))
        return np.asarray(np.asarray(share)[finite] >= LEAST_VISIBLE)

    def on_kept_frames(self, tracks: Rows) -> Rows:
        """Rows of ``tracks`` (frame from 1) in frames that ``truth.npz`` has rows of: it may keep every n-th only."""
        if self.columns is None or not len(self.columns["frame"]):
            return tracks
        step = int(np.gcd.reduce(np.asarray(self.columns["frame"], dtype=np.int64)))
        return tracks[(tracks[:, 0] - 1) % step == 0] if step > 1 else tracks


def read_truth(path: Path, by_alias: Callable[[str], Any]) -> Truth:
    """The truth of a class; ``truth.npz`` (same name, other ending) is read when it is there.

    Args:
        path: ``truth.json``, or the folder it lies in.
        by_alias: ``Catalogue.by_alias``.

    Raises:
        ConfigError: The file cannot be read, or a field is missing or wrong.
    """
    if path.is_dir():
        path = path / "truth.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The truth {path} cannot be read ({error}). `groupcoach simulate` writes one.") from error
    try:
        people = tuple(_person(item, by_alias) for item in data["people"])
        fps = float(data["fps"])
    except (KeyError, TypeError, ValueError) as error:
        what = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        raise ConfigError(f"The truth {path} is not as expected: {what}. It needs fps and people.") from error
    sides = (data.get("width"), data.get("height"))
    size = (sides[0], sides[1]) if isinstance(sides[0], int) and isinstance(sides[1], int) else None
    return Truth(path, fps, people, _columns(path.with_suffix(".npz")), size)


def _person(item: Mapping[str, Any], by_alias: Callable[[str], Any]) -> TruePerson:
    region = item.get("region_xyxy")
    segments = item.get("segments", [item])  # a composed person does one thing
    return TruePerson(
        int(item["id"]),
        str(item.get("name") or f"Person {item['id']}"),
        item.get("spot"),
        None if region is None else (float(region[0]), float(region[1]), float(region[2]), float(region[3])),
        tuple(_segment(segment, by_alias) for segment in segments),
        str(item.get("role") or "participant"),
    )


def _segment(item: Mapping[str, Any], by_alias: Callable[[str], Any]) -> TrueSegment:
    listed = str(item["exercise"] or "")
    reps, ends, faults = item.get("reps"), item.get("rep_end_s"), item.get("faults")
    return TrueSegment(
        listed,
        catalogue_id(listed, by_alias),
        float(item["start_s"]),
        float(item["end_s"]),
        None if reps is None or int(reps) < 0 else int(reps),  # compose_class.py writes -1 for "not taken"
        None if ends is None else tuple(sorted(float(t) for t in ends)),
        None if faults is None else tuple(
            TrueFault(str(f["code"]), f.get("side"), float(f["start_s"]), float(f["end_s"])) for f in faults
        ),
    )  # fmt: skip


def _columns(path: Path) -> dict[str, NDArray[Any]] | None:
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as data:
            columns = {name: data[name] for name in data.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(f"The truth {path} cannot be read ({error}). Make it again or move it away.") from error
    for name in ("frame", "person", "box_xyxy"):
        if name not in columns:
            raise ConfigError(f"The truth {path} has no column {name!r}. Make it again or move it away.")
    return columns


def without_hidden(truth: Rows, visible: NDArray[np.bool_], tracks: Rows) -> tuple[Rows, Rows]:
    """The boxes to be scored: hidden bodies are left out, and so are the tracks that lie on one and on nobody else."""
    hidden, seen = truth[~visible], truth[visible]
    if not len(hidden) or not len(tracks):
        return seen, tracks
    keep = np.ones(len(tracks), bool)
    for frame in np.unique(hidden[:, 0]):
        rows = np.flatnonzero(tracks[:, 0] == frame)
        if len(rows):
            on_hidden = overlap_xywh(tracks[rows, 2:6], hidden[hidden[:, 0] == frame, 2:6]).max(1)
            others = overlap_xywh(tracks[rows, 2:6], seen[seen[:, 0] == frame, 2:6])
            on_seen = others.max(1) if others.shape[1] else np.zeros(len(rows))
            keep[rows[(on_hidden >= HIT) & (on_seen < HIT)]] = False
    return seen, tracks[keep]
