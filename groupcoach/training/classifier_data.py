"""Windows of signals for the classifier, each with what the body is doing: from filmed classes and from drawn bodies.

Everything goes through the running program's own lifter, angles, signals and window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach import angles
from groupcoach.classify.signals import signals
from groupcoach.classify.window import LONG_S, window_features
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.lifter import Lifter
from groupcoach.mesh.regressor import PersonInput
from groupcoach.records import Floats, Landmarks
from groupcoach.simulate.motion import EXERCISES, FAULTS, TRANSITION, UNKNOWN, Motion, Skeleton, make_motion
from groupcoach.training.drawn import Drawn, as_seen
from groupcoach.training.filmed import FPS, labels_of

KINDS: Final = (*EXERCISES, *UNKNOWN, TRANSITION)
"""What the network tells apart inside; everything that is no exercise of the catalogue adds up to ``unknown``."""
EXERCISE_OF: Final = {kind: found.id for kind in KINDS if (found := load_catalogue().by_alias(kind))}
CLASSES: Final = (*(e for e in EXERCISES if e in EXERCISE_OF.values()), "unknown")
CLASS_OF_KIND: Final = np.array([CLASSES.index(EXERCISE_OF.get(k, "unknown")) for k in KINDS])
_KIND: Final = {kind: k for k, kind in enumerate(KINDS)}
#: Windows of a body at most so often.
_EVERY_S: Final = 0.2
#: Frames whose landmarks are missing, or those of the frame before, as when people take turns.
_MISSING, _LATE = 0.04, 0.2
#: Windows with a shorter past than there would be.
_FRESH: Final = 0.25
_BATCH: Final = 24
#: Half of the drawn bodies take so many times as long as the simulator has them: people keep other tempos, too.
_TEMPO: Final = (0.35, 1.35)
_HURRY: Final = (1.3, 3.0)
_CAMERA: Final = Camera.guess(1280, 720)

Windows = tuple[NDArray[np.float32], NDArray[np.int64]]


def windows(
    t_s: Floats, values: Floats, kinds: Sequence[str], rng: np.random.Generator
) -> Iterator[tuple[Floats, int]]:
    """Features (F,) and kind of one body with signals (T, S) at times (T,)."""
    if rng.random() < 0.15:  # feet or hands outside the picture
        values = values.copy()
        values[:, rng.random(values.shape[1]) < 0.2] = np.nan
    due = t_s[0]
    for i in range(2, len(t_s)):
        if t_s[i] < due:
            continue
        due = t_s[i] + _EVERY_S
        # some have just come to light
        past_s = LONG_S * (rng.uniform(0.1, 1.0) if rng.random() < _FRESH else rng.uniform(0.8, 1.0))
        first = int(np.searchsorted(t_s, t_s[i] - past_s))
        features = window_features(t_s[first : i + 1], values[first : i + 1])
        if features is not None and np.isfinite(features).any():
            # what the diary does between exercises (picking weights up, for one) is on the way to something, too
            yield features, _KIND.get(str(kinds[i]), _KIND[TRANSITION])


def lifted(lifter: Lifter, people: Sequence[PersonInput], camera: Camera, t_s: float) -> Floats:
    """(N, S) signals of everybody in one frame."""
    poses = lifter.fit(people, camera, t_s)
    deg = np.stack([a.deg for a in angles.measure(poses)])
    return signals(np.stack([p.joints_m for p in poses]), deg, np.stack([p.joints_px for p in poses]))


def filmed_windows(path: Path, body: BodyModel, *, hurried: bool = False) -> Windows:
    """Windows of one filmed class: what the real networks saw of it.

    Args:
        path: of the film.
        body: the body model.
        hurried: as if everybody had been up to three times as fast: people of a led class take their time.
    """
    with np.load(path, allow_pickle=False) as file:
        data: dict[str, Any] = {name: file[name] for name in file.files}
    seed = int(path.stem)
    rng = np.random.default_rng([seed, 6 if hurried else 5])
    speed = float(rng.uniform(*_HURRY)) if hurried else 1.0
    doing = labels_of(seed, body)
    width, height = (int(v) for v in data["size"])
    camera, lifter = Camera.guess(width, height), Lifter(body)
    last: dict[int, Landmarks] = {}
    rows: dict[int, list[tuple[float, Floats, str]]] = {}
    for frame in np.unique(data["frame"]):
        at = np.flatnonzero(data["frame"] == frame)
        people = []
        for i in at:
            who, chance = int(data["person"][i]), rng.random()
            marks, age = None, 0.0
            if chance < _LATE and who in last:
                marks, age = last[who], 1 / FPS / speed
            elif chance < 1 - _MISSING and np.isfinite(data["world"][i]).all():
                px = data["px"][i].astype(float)
                marks = Landmarks(data["world"][i].astype(float), px[:, :2], px[:, 2], float(data["score"][i]))
                last[who] = marks
            points = data["keypoints"][i].astype(float)
            people.append(PersonInput(who, data["box"][i].astype(float), points[:, :2], points[:, 2], marks, age))
        t_s = float(data["t_s"][at[0]]) / speed
        for i, values in zip(at, lifted(lifter, people, camera, t_s), strict=True):
            who = int(data["person"][i])
            if data["visible"][i] > 0.3:
                rows.setdefault(who, []).append((t_s, values, str(doing[who][int(frame)])))
    found = [
        w
        for body_rows in rows.values()
        for run in _unbroken(body_rows)
        for w in windows(np.array([r[0] for r in run]), np.stack([r[1] for r in run]), [r[2] for r in run], rng)
    ]
    return _stacked(found)


def _unbroken(rows: list[tuple[float, Floats, str]]) -> Iterator[list[tuple[float, Floats, str]]]:
    """Parts in which the body is seen without a gap of a second; too short ones are left out."""
    first = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or rows[i][0] - rows[i - 1][0] > 1.0:
            if i - first > 4:
                yield rows[first:i]
            first = i


def drawn_windows(names: Sequence[str], seeds: Sequence[int], body: BodyModel) -> Windows:
    """Windows of bodies doing ``names``, one seed each, sometimes between moments of standing."""
    found: list[tuple[Floats, int]] = []
    for first in range(0, len(names), _BATCH):
        group = range(first, min(len(names), first + _BATCH))
        rng = np.random.default_rng([seeds[first], 77])
        fps = float(rng.choice([8, 10, 12, 15, 20, 25, 30]))
        step_s = (rng.uniform(*_TEMPO) if rng.random() < 0.5 else 1.0) / fps
        bodies = [_draw(names[k], seeds[k], body, fps) for k in group]
        lifter = Lifter(body)
        length = max(len(kinds) for _, kinds in bodies)
        values: list[list[Floats]] = [[] for _ in bodies]
        old = np.where(rng.random(len(bodies)) < 0.5, 0, rng.integers(0, 3, len(bodies)))
        for f in range(length):
            here = [k for k, (_, kinds) in enumerate(bodies) if f < len(kinds)]
            people = [
                _input(k, bodies[k][0], f, min(f, int(old[k]) if rng.random() < 0.7 else 0), step_s) for k in here
            ]
            for k, row in zip(here, lifted(lifter, people, _CAMERA, f * step_s), strict=True):
                values[k].append(row)
        for (_, kinds), rows in zip(bodies, values, strict=True):
            found += windows(np.arange(len(kinds)) * step_s, np.stack(rows), kinds, rng)
    return _stacked(found)


def _draw(name: str, seed: int, body: BodyModel, fps: float) -> tuple[Drawn, list[str]]:
    rng = np.random.default_rng([seed, 78])
    betas = rng.standard_normal(10).clip(-2, 2)
    skeleton = Skeleton(
        joints_m=body.rest_joints(betas[None])[0], floor_m=float(body.rest_extra(betas[None])[0][:, 1].min())
    )
    parts = [(name, float(rng.uniform(9, 14)))]
    if rng.random() < 0.5:
        parts = [("stand", float(rng.uniform(1.5, 3))), *parts, ("stand", float(rng.uniform(1.0, 3)))]
    # badly done is still that exercise
    faults = {code: float(rng.uniform(0.2, 0.8)) for code in FAULTS.get(name, ()) if rng.random() < 0.3}
    motion: Motion = make_motion(skeleton, parts, seed=seed, faults=faults, free=bool(rng.random() < 0.5))
    t = np.arange(0, motion.duration_s, 1 / fps)
    rotations, transl = motion.both(t)
    joints = body.joints(rotations, np.repeat(betas[None], len(t), axis=0), transl)
    return as_seen(joints, 1 / fps, rng, _CAMERA), [str(k) for k in motion.labels(t)]


def _input(k: int, drawn: Drawn, frame: int, late: int, step_s: float) -> PersonInput:
    at = frame - late
    marks = Landmarks(drawn.world_m[at], drawn.px[at], np.full(33, 0.9), 1.0)
    return PersonInput(k, drawn.boxes_xyxy[frame], drawn.keypoints_px[frame], np.full(17, 0.85), marks, late * step_s)


def _stacked(found: list[tuple[Floats, int]]) -> Windows:
    if not found:
        from groupcoach.classify.window import N_FEATURES

        return np.zeros((0, N_FEATURES), np.float32), np.zeros(0, np.int64)
    return np.stack([f for f, _ in found]).astype(np.float32), np.array([k for _, k in found])
