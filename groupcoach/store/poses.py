"""``poses.npz``: one row per person and frame, collected in bounded memory.

Rows are buffered and appended, column by column, to plain files in ``poses_parts/``; ``finish`` streams those into the
archive. So an hour of twenty people needs no more memory than a minute of one, and a run that was killed in the middle
still has its rows on disk (``load_poses`` reads the parts when there is no archive).
"""

from __future__ import annotations

import bisect
import math
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import RecordError
from groupcoach.records import BodyPose, JointAngles
from groupcoach.skeleton import ANGLES, JOINTS, N_SMPL

ARCHIVE: Final = "poses.npz"
PARTS: Final = "poses_parts"
#: Names of exercises are stored in this many characters; the catalogue's longest id has 16.
NAME_LENGTH: Final = 32

_J, _A = len(JOINTS), len(ANGLES)
#: Column -> (type, shape of one row).
COLUMNS: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "t_s": ("<f8", ()),
    "frame": ("<i4", ()),
    "person": ("<i4", ()),
    "joints_m": ("<f4", (_J, 3)),
    "joints_px": ("<f4", (_J, 2)),
    "sigma_m": ("<f4", (_J,)),
    "angles_deg": ("<f4", (_A,)),
    "sigma_deg": ("<f4", (_A,)),
    "rotmats": ("<f4", (N_SMPL, 3, 3)),
    "betas": ("<f4", (10,)),
    "exercise": (f"<U{NAME_LENGTH}", ()),
    "voted": (f"<U{NAME_LENGTH}", ()),
    "transl_m": ("<f4", (3,)),
    "landmarks_m": ("<f4", (33, 3)),
    "voted_live": (f"<U{NAME_LENGTH}", ()),
}
#: Columns that runs of earlier versions have not.
_LATER: Final = ("transl_m", "landmarks_m", "voted_live")
#: Rows stay in memory for so long: a change of label that is decided later still reaches them.
_OPEN_S: Final = 5.0
_ROW_BYTES: Final = sum(np.dtype(kind).itemsize * int(np.prod(shape)) for kind, shape in COLUMNS.values())


@dataclass(frozen=True, slots=True, eq=False)
class FramePerson:
    """One person in one processed frame, as the run folder records it."""

    person_id: int
    box_xyxy: Any
    """(4,) px: an array or a tuple."""
    score: float
    pose: BodyPose | None
    angles: JointAngles | None
    exercise: str
    """Label of this frame alone, before the vote."""
    voted: str
    """Label after the vote."""
    landmarks_m: Any = None
    """(33, 3) what the landmark network itself said, in the axes of its crop; None without."""


class PoseColumns:
    """Collects the rows of ``poses.npz`` in a run folder.

    Args:
        folder: The run folder; it exists.
        buffer_bytes: How much is held in memory before it goes to disk.
    """

    def __init__(self, folder: Path, buffer_bytes: int = 16 << 20) -> None:
        self._folder = folder
        self._parts = folder / PARTS
        self._limit = max(1, buffer_bytes // _ROW_BYTES)
        self._buffer: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self._parts.mkdir(exist_ok=True)
        self.rows = self._whole_rows()

    def _whole_rows(self) -> int:
        """Rows of a run that broke off and goes on; what is not whole in every column is cut off."""
        sizes = {self._parts / f"{name}.bin": np.dtype(kind).itemsize * int(np.prod(shape))
                 for name, (kind, shape) in COLUMNS.items()}  # fmt: skip
        whole = min(path.stat().st_size // size if path.exists() else 0 for path, size in sizes.items())
        for path, size in sizes.items():
            if path.exists():
                os.truncate(path, whole * size)
        return whole

    @property
    def bytes_to_finish(self) -> int:
        """Room that ``finish`` needs: the archive is a second copy of the parts, and the buffer is not on disk yet."""
        return (self.rows + len(self._buffer["frame"])) * _ROW_BYTES

    def add(self, frame_index: int, t_s: float, person: FramePerson) -> None:
        """Append one row; a person without a pose in this frame gets NaN there, and keeps its labels."""
        pose, angles = person.pose, person.angles
        values: dict[str, Any] = {
            "t_s": t_s,
            "frame": frame_index,
            "person": person.person_id,
            "joints_m": None if pose is None else pose.joints_m,
            "joints_px": None if pose is None else pose.joints_px,
            "sigma_m": None if pose is None else pose.sigma_m,
            "rotmats": None if pose is None else pose.rel_rotmats,
            "betas": None if pose is None else pose.betas,
            "angles_deg": None if angles is None else angles.deg,
            "sigma_deg": None if angles is None else angles.sigma_deg,
            "exercise": person.exercise,
            "voted": person.voted,
            "voted_live": person.voted,
            "transl_m": None if pose is None else pose.transl_m,
            "landmarks_m": person.landmarks_m,
        }
        for name, (kind, shape) in COLUMNS.items():
            value = values[name]
            # copied: the caller may go on with its array
            self._buffer[name].append(np.full(shape, np.nan, kind) if value is None else np.array(value, kind))
        self.rows += 1
        if len(self._buffer["frame"]) >= self._limit:
            self.spill(until_s=t_s - _OPEN_S)

    def relabel(self, person_id: int, since_s: float, exercise: str) -> None:
        """The vote found out that a person has been doing ``exercise`` since ``since_s``: column ``voted`` says so.

        ``voted_live`` keeps what was shown at the time. Rows that are on disk already stay as they are.
        """
        times, people, voted = (self._buffer[name] for name in ("t_s", "person", "voted"))
        for k in range(len(times) - 1, -1, -1):
            if times[k] < since_s:
                return
            if people[k] == person_id:
                voted[k] = np.array(exercise, COLUMNS["voted"][0])

    def spill(self, until_s: float = math.inf) -> None:
        """Append the buffered rows up to ``until_s`` to the parts on disk; all of them if they are many.

        Raises:
            OSError: The disk is full or the folder is gone.
        """
        times = self._buffer["t_s"]
        count = bisect.bisect_right(times, until_s)
        count = len(times) if len(times) > 2 * self._limit else count
        if not count:
            return
        for name, (kind, _) in COLUMNS.items():
            with (self._parts / f"{name}.bin").open("ab") as out:
                out.write(np.stack(self._buffer[name][:count]).astype(kind).tobytes())
            del self._buffer[name][:count]

    def finish(self) -> None:
        """Write ``poses.npz`` and drop the parts; when that fails the parts stay.

        Raises:
            OSError: The disk is full or the folder is gone.
        """
        self.spill()
        target = self._folder / (ARCHIVE + ".tmp")
        try:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
                for name, (kind, shape) in COLUMNS.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                        _write_header(out, kind, (self.rows, *shape))
                        part = self._parts / f"{name}.bin"
                        if part.exists():
                            with part.open("rb") as source:
                                shutil.copyfileobj(source, out, 1 << 20)
                for name, names in (("joint_names", JOINTS), ("angle_names", ANGLES)):
                    with archive.open(f"{name}.npy", "w") as out:
                        np.lib.format.write_array(out, np.array(names))
            target.replace(self._folder / ARCHIVE)
        except OSError:
            target.unlink(missing_ok=True)
            raise
        shutil.rmtree(self._parts, ignore_errors=True)


def _write_header(out: IO[bytes], kind: str, shape: tuple[int, ...]) -> None:
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(out, header)


def load_poses(folder: Path) -> dict[str, NDArray[Any]] | None:
    """Columns of ``poses.npz``, or of its parts when the run did not end; None when the run kept no poses.

    Raises:
        RecordError: The archive is there and cannot be read.
    """
    archive = folder / ARCHIVE
    if archive.exists():
        try:
            with np.load(archive, allow_pickle=False) as data:
                return {name: data[name] for name in data.files}
        except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
            raise RecordError(f"{archive} cannot be read ({error}). Run the class again with --save-poses.") from error
    parts = folder / PARTS
    if not parts.is_dir():
        return None
    columns: dict[str, NDArray[Any]] = {}
    for name, (kind, shape) in COLUMNS.items():
        part = parts / f"{name}.bin"
        if name in _LATER and not part.exists() and any(parts.iterdir()):
            continue
        raw = part.read_bytes() if part.exists() else b""
        row = np.dtype(kind).itemsize * int(np.prod(shape))
        columns[name] = np.frombuffer(raw[: len(raw) // row * row], kind).reshape(-1, *shape)
    # the disk may have filled up between two columns: keep the rows that are whole
    whole = min(len(column) for column in columns.values())
    columns = {name: column[:whole] for name, column in columns.items()}
    return columns | {"joint_names": np.array(JOINTS), "angle_names": np.array(ANGLES)}
