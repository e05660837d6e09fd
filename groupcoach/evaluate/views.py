"""What the product's networks see of one person in several calibrated cameras at once.

The slow part of ``evaluate multiview``: made once, kept as a file if asked (``--keep``), and all else is computed from
it in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_keypoints
from groupcoach.detect.suppress import iou_matrix
from groupcoach.errors import ConfigError
from groupcoach.evaluate.cameras import Camera, read_cameras, same_bodies
from groupcoach.evaluate.closer import JOINTS, SETS, CloserLook, tilt
from groupcoach.evaluate.keypoints import CONFIDENCE, SEEN
from groupcoach.mesh.regressor import PersonInput
from groupcoach.records import Floats, Landmarks, Observations
from groupcoach.source import open_source

Say = Callable[[str], None]
VIDEOS: Final = ("*.mp4", "*.avi", "*.mov", "*.mkv")
#: A box that overlaps the last one of the same person by this much continues it where the cameras did not agree.
FOLLOWED: Final = 0.3
#: A closer look costs ten times a plain one, and no limb turns round in a twentieth of a second.
CLOSER_HZ: Final = 20.0


@dataclass(frozen=True, eq=False)
class View:
    """One camera's frames, each with what the networks saw of the one person. NaN = not seen in that frame."""

    camera: Camera
    size: tuple[int, int]
    """Width and height of the video."""
    t_s: Floats
    """(T,)"""
    box_xyxy: Floats
    """(T, 4) px of the video, as all below"""
    keypoints_px: Floats
    """(T, 17, 2)"""
    keypoint_scores: Floats
    """(T, 17)"""
    world_m: Floats
    """(T, 33, 3) raw landmarks, camera axes"""
    landmarks_px: Floats
    """(T, 33, 2)"""
    visibility: Floats
    """(T, 33)"""
    landmark_score: Floats
    """(T,)"""
    closer_px: Floats
    """(T, 2, 12, 2) the reference's own points (``closer.py``)"""
    closer_weight: Floats
    """(T, 2, 12)"""

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together."""
        for name, shape in _SHAPES.items():
            got = np.shape(getattr(self, name))
            if got != (len(self.t_s), *shape):
                raise ConfigError(f"The observations of {self.camera.name} are damaged: {name} has the shape {got}.")

    def person(self, frame: int, landmarks: bool = True) -> PersonInput | None:
        """What the regressor gets in this frame; None where the person was not found."""
        if not np.isfinite(self.box_xyxy[frame]).all():
            return None
        marks = None
        if landmarks and np.isfinite(self.landmark_score[frame]):
            marks = Landmarks(self.world_m[frame], self.landmarks_px[frame], self.visibility[frame],
                              float(self.landmark_score[frame]))  # fmt: skip
        return PersonInput(1, self.box_xyxy[frame], self.keypoints_px[frame], self.keypoint_scores[frame], marks)

    def straight(self, px: Floats) -> Floats:
        """Px of the video -> undistorted px of the calibration (..., 2).

        A video that is not as large as the calibrated picture was fitted into its size with its shape kept, the
        rest filled with bars (two of the four cameras of pose2sim's trial: 1088 x 1920 in 1080 x 1920).
        """
        if self.camera.size is not None and self.camera.size != self.size:
            video, whole = np.array(self.size, float), np.array(self.camera.size, float)
            scale = float((video / whole).min())
            px = (px + 0.5 - (video - whole * scale) / 2) / scale - 0.5
        return self.camera.undistorted(px)


_SHAPES: Final[dict[str, tuple[int, ...]]] = {
    "t_s": (), "box_xyxy": (4,), "keypoints_px": (17, 2), "keypoint_scores": (17,), "world_m": (33, 3),
    "landmarks_px": (33, 2), "visibility": (33,), "landmark_score": (),
    "closer_px": (SETS, len(JOINTS), 2), "closer_weight": (SETS, len(JOINTS)),
}  # fmt: skip
_CAMERA: Final = ("matrix", "distortions", "rotation", "translation")


def look(folder: Path, say: Say = lambda text: None) -> list[View]:
    """Run detector and landmark network over the video of each camera and follow the one person all of them see.

    Args:
        folder: calibration and videos, one per camera, named like the cameras or in their order.
        say: told what is going on.

    Raises:
        ConfigError: what is missing there.
    """
    from groupcoach import runtime
    from groupcoach.detect import build_detector

    cameras = read_cameras(folder)
    paths = videos_of(folder, cameras)
    network = BlazePoseLandmarks(runtime.threads())
    found: list[list[_Seen]] = []
    times, sizes = [], []
    for path in paths:
        say(f"{path} ...")
        detector, rows, t_s, size = build_detector("yolo"), [], [], (0, 0)
        with open_source(str(path)) as source:
            for frame in source.frames():
                people = detector.detect(frame)
                crops = [crop_from_keypoints(people.keypoints_px[i], people.keypoint_scores[i], people.boxes_xyxy[i])
                         for i in range(len(people))]  # fmt: skip
                rows.append(_Seen(people, network.locate(frame.image, crops)))
                t_s.append(frame.t_s)
                size = (frame.image.shape[1], frame.image.shape[0])
        found.append(rows)
        times.append(np.array(t_s))
        sizes.append(size)
    views = [_view(c, s, t, r, []) for c, s, t, r in zip(cameras, sizes, times, found, strict=True)]
    chosen = _follow(views, found)
    if min(sum(row is not None for row in rows) for rows in chosen) < 10:
        raise ConfigError(
            f"{folder}: hardly a frame in which all {len(cameras)} cameras see the same person. Do the calibration and "
            "the videos belong together, and were the cameras started together (to about a fifth of a second)?"
        )
    say("a closer look for the reference ...")
    closer = CloserLook(build_detector("yolo"), network)
    return [_closer(_view(v.camera, v.size, v.t_s, r, c), path, closer)
            for v, r, c, path in zip(views, found, chosen, paths, strict=True)]  # fmt: skip


def _closer(view: View, path: Path, closer: CloserLook) -> View:
    """The view with the points of the closer look, ``CLOSER_HZ`` times a second and straight lines in between."""
    people = [view.person(t) for t in range(len(view.t_s))]
    marks = [None if p is None else p.landmarks for p in people]
    upright = tilt([m for m in marks if m is not None])
    px, weight = view.closer_px.copy(), np.zeros_like(view.closer_weight)
    step = max(1, round(1 / CLOSER_HZ / float(np.median(np.diff(view.t_s)))))
    with open_source(str(path)) as source:
        for t, frame in zip(range(len(marks)), source.frames(), strict=False):
            now = marks[t]
            if now is not None and t % step == 0:
                px[t], weight[t] = closer.look(frame.image, now, upright)
    px, weight = between(px, weight, step)
    return replace(view, closer_px=px, closer_weight=weight)


def between(px: Floats, weight: Floats, step: int) -> tuple[Floats, Floats]:
    """Points (T, 2, 12, 2) and weights of every ``step``-th frame, on straight lines between two that are known."""
    px, weight = px.copy(), weight.copy()
    for a in range(0, len(px) - step, step):
        for k in range(1, step):
            share = k / step
            px[a + k] = (1 - share) * px[a] + share * px[a + step]
            weight[a + k] = np.minimum(weight[a], weight[a + step])
    return px, weight


def videos_of(folder: Path, cameras: Sequence[Camera]) -> list[Path]:
    """The video of each camera: by its name, else in the order of the names.

    Raises:
        ConfigError: there are not as many as cameras.
    """
    videos = sorted(v for kind in VIDEOS for v in (*folder.glob(f"videos/{kind}"), *folder.glob(kind)))
    named = [next((v for v in videos if v.stem == c.name), None) for c in cameras]
    paths = [v for v in named if v is not None] if all(named) else videos
    if len(paths) != len(cameras):
        raise ConfigError(
            f"{folder}: the calibration has {len(cameras)} cameras ({', '.join(c.name for c in cameras)}), and there "
            f"are {len(paths)} videos. Put one video per camera into {folder / 'videos'}, named like the camera."
        )
    return paths


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    people: Observations
    landmarks: list[Landmarks | None]


def _view(
    camera: Camera, size: tuple[int, int], t_s: Floats, rows: Sequence[_Seen], chosen: Sequence[int | None]
) -> View:
    data = {name: np.full((len(t_s), *shape), np.nan) for name, shape in _SHAPES.items()}
    data["t_s"] = np.asarray(t_s, float)
    for t, i in enumerate(chosen):
        if i is None:
            continue
        people, marks = rows[t].people, rows[t].landmarks[i]
        data["box_xyxy"][t], data["keypoints_px"][t] = people.boxes_xyxy[i], people.keypoints_px[i]
        data["keypoint_scores"][t] = people.keypoint_scores[i]
        if marks is not None:
            data["world_m"][t], data["landmarks_px"][t] = marks.world_m, marks.px
            data["visibility"][t], data["landmark_score"][t] = marks.visibility, marks.score
    return View(camera, size, **data)


def _follow(views: Sequence[View], found: Sequence[Sequence[_Seen]]) -> list[list[int | None]]:
    """Per camera and frame the row of the one person: agreed on by all cameras, in between the box that goes on."""
    cameras = [v.camera for v in views]
    total = min(len(rows) for rows in found)
    chosen: list[list[int | None]] = [[None] * len(rows) for rows in found]
    last: Floats | None = None
    for t in range(total):
        strong = [np.flatnonzero(rows[t].people.scores >= CONFIDENCE) for rows in found]
        seen = [(v.straight(rows[t].people.keypoints_px[k]), rows[t].people.keypoint_scores[k])
                for v, rows, k in zip(views, found, strong, strict=True)]  # fmt: skip
        groups = same_bodies(cameras, seen)
        if not groups:
            continue
        bodies = [np.stack([np.where(seen[c][1][r][:, None] > SEEN, seen[c][0][r], np.nan)
                            for c, r in enumerate(g)]) for g in groups]  # fmt: skip
        best = 0 if last is None else int(np.argmin([_apart(b, last) for b in bodies]))
        last = bodies[best]
        for c, r in enumerate(groups[best]):
            chosen[c][t] = int(strong[c][r])
    for rows, mine in zip(found, chosen, strict=True):
        _bridge(rows, mine)
    return chosen


def _apart(a: Floats, b: Floats) -> float:
    off = np.abs(a - b)
    return float(off[np.isfinite(off)].mean()) if np.isfinite(off).any() else np.inf


def _bridge(rows: Sequence[_Seen], chosen: list[int | None]) -> None:
    """Frames without agreement get the box that overlaps most with the one before, else with the one after."""
    for order in (range(1, len(rows)), range(len(rows) - 2, -1, -1)):
        step = 1 if order.step > 0 else -1
        for t in order:
            before = chosen[t - step]
            if chosen[t] is not None or before is None or not len(rows[t].people):
                continue
            over = iou_matrix(rows[t - step].people.boxes_xyxy[before : before + 1], rows[t].people.boxes_xyxy)[0]
            if over.max() >= FOLLOWED:
                chosen[t] = int(over.argmax())


def save_views(path: Path, views: Sequence[View]) -> None:
    """Keep the observations as an .npz of plain arrays (no pictures in it, no pickle)."""
    data: dict[str, NDArray[Any]] = {"names": np.array([v.camera.name for v in views])}
    for k, view in enumerate(views):
        data |= {f"{k}.{name}": np.asarray(getattr(view, name)) for name in _SHAPES}
        data |= {f"{k}.camera.{name}": np.asarray(getattr(view.camera, name)) for name in _CAMERA}
        data[f"{k}.size"] = np.array([view.size, view.camera.size or view.size])
    try:
        with path.open("wb") as out:
            np.savez_compressed(out, **data)  # type: ignore[arg-type]  # numpy's stub takes ** for allow_pickle
    except OSError as error:
        raise ConfigError(f"The observations cannot be written to {path} ({error.strerror}).") from error


def load_views(path: Path) -> list[View]:
    """What ``save_views`` wrote.

    Raises:
        ConfigError: not such a file.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            views = []
            for k, name in enumerate(data["names"]):
                size, whole = (tuple(int(x) for x in row) for row in data[f"{k}.size"])
                known = {part: data[f"{k}.camera.{part}"] for part in _CAMERA}
                camera = Camera(str(name), **known, size=(whole[0], whole[1]))
                views.append(View(camera, (size[0], size[1]), **{part: data[f"{k}.{part}"] for part in _SHAPES}))
            return views
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, BadZipFile) as error:
        raise ConfigError(f"{path} does not hold the observations of several cameras ({error}).") from error
