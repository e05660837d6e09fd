"""The run folder: what one class leaves on disk (FORMATS: RUN_DIR).

``RunWriter`` is written to while the class runs; ``load_run`` (``reading.py``) reads a folder back. A run that ended
early (the disk filled up, the camera went, the process was killed) stays readable: ``summary.json`` exists from the
first second and says so in ``ended_early``, lines already written are flushed once a second.
"""

from __future__ import annotations

import errno
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import disk_usage, rmtree
from typing import Any, Final, TextIO

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import RecordError
from groupcoach.records import Event
from groupcoach.store.poses import ARCHIVE, PARTS, FramePerson, PoseColumns
from groupcoach.store.reading import EVENTS, SCHEMA, SUMMARY, TRACKS, VIDEO, Run, load_mot, load_run

__all__ = ["VIDEO", "FramePerson", "Run", "RunWriter", "load_mot", "load_run", "to_json"]

#: Given back to the disk before the last summary is written, so that a full disk still gets one.
RESERVE: Final = ".reserve"
_RESERVE_BYTES: Final = 256 << 10
_FLUSH_S: Final = 1.0
#: With less room left the run ends, so that what is open can still be ended well (a video without its index is lost).
LEAST_FREE_BYTES: Final = 4 << 20
_NOT_ENDED: Final = "the run did not come to its end"


def to_json(value: Any) -> Any:
    """``value`` in plain JSON types: arrays become lists, NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item) for item in value]
    if isinstance(value, np.generic):
        return to_json(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    return value


class RunWriter:
    """Writes one run folder.

    Args:
        out: The folder. Made when missing; a run of ours in it is replaced; a folder with anything else is refused.
        source_name: What was watched, for the summary.
        width: Of the pictures, px.
        height: Of the pictures, px.
        fps: Of the source; the frame rate of ``annotated.mp4``.
        save_poses: Keep ``poses.npz``.
        save_video: Keep ``annotated.mp4``.
        before: Rows of ``events.jsonl`` of a class that broke off and goes on in the same folder; None: a new one.
        last_frame: Of that class; what was written after it is dropped.

    Raises:
        RecordError: The folder cannot be made or written, or holds something that is not a run.
    """

    def __init__(self, out: Path, source_name: str, width: int, height: int, fps: float, save_poses: bool,
                 save_video: bool, before: Sequence[Mapping[str, Any]] | None = None,
                 last_frame: int = -1) -> None:  # fmt: skip
        self.out = out
        self._size = (width, height)
        self._fps = fps if math.isfinite(fps) and fps > 0 else 30.0
        self._save_video = save_video
        self._video: Any = None
        self._poses: PoseColumns | None = None
        self._ended = False
        self._last_flush = time.monotonic()
        self._frames = 0
        self._base: dict[str, Any] = {"schema": SCHEMA, "source": source_name, "width": width, "height": height,
                                      "people": []}  # fmt: skip
        try:
            tracks = _tracks_until(out, last_frame) if before is not None else ""
            _make_room(out, keep_poses=before is not None and save_poses)
            self._check_room()
            (out / RESERVE).write_bytes(b"\0" * _RESERVE_BYTES)
            self._write_summary({"ended_early": _NOT_ENDED})
            self._events: TextIO = (out / EVENTS).open("w", encoding="utf-8")
            self._tracks: TextIO = (out / TRACKS).open("w", encoding="utf-8")
            for row in before or ():
                self._events.write(_line(row))
            self._tracks.write(tracks)
            if save_poses:
                self._poses = PoseColumns(out)
        except OSError as error:
            raise _cannot_write(out, error) from error

    def events(self, events: Iterable[Event]) -> None:
        """Append to ``events.jsonl``.

        Raises:
            RecordError: The disk is full or the folder is gone.
        """
        try:
            for event in events:
                row = {"t_s": round(float(event.t_s), 4), "type": event.type, "person": event.person, **event.data}
                self._events.write(_line(row))
                if event.type == "exercise_changed" and self._poses is not None and event.person is not None:
                    self._poses.relabel(event.person, float(event.data["since_s"]), str(event.data["exercise"]))
            self._flush_now_and_then()
        except OSError as error:
            raise _cannot_write(self.out, error) from error

    def frame(self, frame_index: int, t_s: float, people: Sequence[FramePerson]) -> None:
        """Record who was where in one processed frame (``frame_index`` from 0; nobody is an ordinary frame).

        Raises:
            RecordError: The disk is full or the folder is gone.
        """
        self._frames += 1
        try:
            for person in people:
                x1, y1, x2, y2 = (float(v) for v in person.box_xyxy)
                if not all(map(math.isfinite, (x1, y1, x2, y2))):
                    continue
                self._tracks.write(
                    f"{frame_index + 1},{person.person_id},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},"
                    f"{person.score:.4f},-1,-1,-1\n"
                )
                if self._poses is not None:
                    self._poses.add(frame_index, t_s, person)
            self._flush_now_and_then()
        except OSError as error:
            raise _cannot_write(self.out, error) from error

    def picture(self, rgb: NDArray[np.uint8]) -> None:
        """Append one annotated picture, (H, W, 3) RGB, to ``annotated.mp4``; nothing without ``save_video``.

        Raises:
            RecordError: The video cannot be opened.
        """
        if not self._save_video:
            return
        import cv2

        if self._video is None:
            fourcc = cv2.VideoWriter.fourcc(*"mp4v")
            self._video = cv2.VideoWriter(str(self.out / VIDEO), fourcc, self._fps, self._size)
            if not self._video.isOpened():
                raise RecordError(f"{self.out / VIDEO}: OpenCV cannot write an mp4 here. Run without --save-video.")
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        if (bgr.shape[1], bgr.shape[0]) != self._size:
            bgr = cv2.resize(bgr, self._size)
        self._video.write(bgr)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """End the record: ``poses.npz``, the video's index, and ``summary.json`` last.

        Args:
            summary: Keys of FORMATS ``summary.json``; ``schema``, ``source`` and the picture size are added.

        Raises:
            RecordError: The disk is full; what was written until then stays readable.
        """
        self._end(dict(summary), strict=True)

    def close(self, reason: str | None = None, summary: Mapping[str, Any] | None = None) -> None:
        """End the record after an error; nothing after ``finish``. Never raises.

        Args:
            reason: Why, for ``ended_early``.
            summary: What is known of the class so far.
        """
        self._end({**(summary or {}), "ended_early": reason or _NOT_ENDED}, strict=False)

    def _end(self, summary: dict[str, Any], strict: bool) -> None:
        if self._ended:
            return
        self._ended = True
        failed: OSError | None = None
        for step in (self._events.close, self._tracks.close, self._end_video, self._end_poses):
            try:
                step()
            except OSError as error:
                failed = failed or error
        if failed is not None:
            summary.setdefault("ended_early", str(_cannot_write(self.out, failed)))
        try:
            (self.out / RESERVE).unlink(missing_ok=True)
            self._write_summary(summary)
        except OSError as error:
            failed = failed or error
        if failed is not None and strict:
            raise _cannot_write(self.out, failed) from failed

    def _end_video(self) -> None:
        if self._video is not None:
            self._video.release()

    def _end_poses(self) -> None:
        if self._poses is not None:
            self._poses.finish()

    def _flush_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self._last_flush >= _FLUSH_S:
            self._last_flush = now
            self._events.flush()
            self._tracks.flush()
            self._check_room()

    def _check_room(self) -> None:
        poses = 0 if self._poses is None else self._poses.bytes_to_finish
        if disk_usage(self.out).free < LEAST_FREE_BYTES + poses:
            raise OSError(errno.ENOSPC, "almost no space left")

    def _write_summary(self, summary: Mapping[str, Any]) -> None:
        content = to_json({**self._base, "frames": self._frames, **summary})
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
        partial = self.out / (SUMMARY + ".tmp")
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(self.out / SUMMARY)


def _line(row: Mapping[str, Any]) -> str:
    first = {name: row.get(name) for name in ("t_s", "type", "person")}
    return json.dumps(to_json(first | dict(row)), ensure_ascii=False, allow_nan=False) + "\n"


def _tracks_until(out: Path, last_frame: int) -> str:
    """The rows of ``tracks.txt`` up to a frame (from 0), without an unfinished last one."""
    path = out / TRACKS
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return "".join(line for line in lines if line.endswith("\n") and int(line.split(",", 1)[0]) <= last_frame + 1)


def _make_room(out: Path, keep_poses: bool = False) -> None:
    """An empty run folder at ``out``; only files of a former run are removed."""
    if out.exists() and not out.is_dir():
        raise RecordError(f"{out} is a file; a run is written into a folder. Choose another --out.")
    out.mkdir(parents=True, exist_ok=True)
    # the session record (session.db and its log files) may be open by now, and keeps former classes: it is left alone
    if all(path.name.startswith("session.db") for path in out.iterdir()):
        return
    if not _is_run(out):
        raise RecordError(
            f"{out} is not empty and is not the folder of an earlier run (no summary.json of ours in it), so nothing "
            "in it was touched. Choose a new folder with --out, or empty this one."
        )
    for name in (SUMMARY, SUMMARY + ".tmp", EVENTS, TRACKS, ARCHIVE, ARCHIVE + ".tmp", VIDEO, RESERVE):
        (out / name).unlink(missing_ok=True)
    if (out / PARTS).exists() and not keep_poses:
        rmtree(out / PARTS)


def _is_run(folder: Path) -> bool:
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and "schema" in summary and "people" in summary


def _cannot_write(out: Path, error: OSError) -> RecordError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why, cure = "the disk is full", "Free some space or choose another --out"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why, cure = "it may not be written to", "Choose another --out, or change the folder's permissions"
    else:
        why, cure = error.strerror or str(error), "Check the folder or choose another --out"
    return RecordError(f"The run cannot be recorded in {out}: {why}. {cure}. What was recorded until then is kept.")
