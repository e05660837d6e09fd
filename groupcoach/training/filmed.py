"""Simulated classes looked at by the real detector and the real landmark network: what the lifter learns from.

    python -m groupcoach.training.filmed --classes 60 --jobs 2 --out FOLDER

Every class is drawn from its own seed: people, clothes, exercises, faults, room, lens, height, and which way each
person faces (all round, not only as ``--view`` has it). A row is one person whom the detector found in one frame, with
what both networks said of it and what is true. A class that is in the folder already is not made again.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.detect import Detector
from groupcoach.detect.landmarks import BlazePoseLandmarks, crop_from_keypoints
from groupcoach.detect.yolo import YoloPose
from groupcoach.errors import GroupCoachError
from groupcoach.evaluate.detector import match
from groupcoach.mesh.body_model import BodyModel
from groupcoach.records import Frame
from groupcoach.simulate.choreography import choreograph
from groupcoach.simulate.command import draw_plans
from groupcoach.simulate.diary import FLOOR
from groupcoach.simulate.motion import EXERCISES, FAULTS, UNKNOWN
from groupcoach.simulate.people import Look, draw_look
from groupcoach.simulate.render import Cast, Rendered, render
from groupcoach.simulate.scene import VIEWS, Scene, build_scene
from groupcoach.simulate.timetable import Performer, Plan

#: Classes of training begin here, those of validation there; measured classes (``simulate --seed``) lie far below.
TRAINING, VALIDATION = 500_000, 900_000
#: From here on in either range everybody keeps an own tempo and stance (``Plan.free``).
FREE: Final = 50_000
#: Of those for validation.
FREE_CHECK: Final = 4
FLOOR_CHECK: Final = 2
#: From here on in either range people are on the floor, longer: half a minute hardly sees them down and up again.
FLOOR_ONLY: Final = 100_000
FPS: Final = 10.0
SECONDS: Final = 26.0
FLOOR_SECONDS: Final = 40.0
_SIZES: Final = ((1280, 720), (1280, 720), (1280, 720), (960, 540), (1920, 1080))
#: Least overlap of a detection with the whole body.
_SAME: Final = 0.4

Arrays = dict[str, NDArray[Any]]


def film_class(seed: int, body: BodyModel, detector: Detector, network: BlazePoseLandmarks) -> Arrays:
    """One class. R rows, by frame.

    Returns:
        ``frame`` (R,), ``t_s`` (R,), ``person`` (R,); ``box`` (R, 4), ``keypoints`` (R, 17, 3) px and score, ``px``
        (R, 33, 3) px and visibility, ``world`` (R, 33, 3) and ``score`` (R,) of the landmark network (NaN and 0 where
        it sees no body); true ``joints_m`` (R, 31, 3) in camera axes, ``rotmats`` (R, 24, 3, 3), ``betas`` (R, 10),
        ``visible`` (R,); ``size`` (2,) and ``focal_px`` of the picture.
    """
    plan = _plan(seed, body)
    scene, looks = plan.scene, plan.looks
    cast = [Cast(look, one.motion) for look, one in zip(looks, plan.performers, strict=True)]
    rows: list[dict[str, Any]] = []
    for one in render(body, scene, cast, round(plan.seconds * FPS), FPS, seed=seed, jobs=1):
        rows += _look(one, detector, network)
    out: Arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    out["betas"] = np.stack([look.betas for look in looks])[out["person"]].astype(np.float32)
    return out | {"size": np.array(plan.size), "focal_px": np.array(scene.camera.focal_px)}


def is_free(seed: int) -> bool:
    """Whether people of that class keep their own tempo and stance."""
    return seed % (2 * FREE) >= FREE


def is_floor(seed: int) -> bool:
    """Whether the people of that class are on the floor."""
    return (seed - TRAINING) % (VALIDATION - TRAINING) >= FLOOR_ONLY


def seeds_of(first: int, classes: int, free: int, floor: int = 0) -> list[int]:
    """Seeds of ``classes`` led classes, of ``free`` ones in which everybody keeps an own tempo, of ``floor`` ones."""
    half = (floor + 1) // 2
    return [
        *range(first, first + classes), *range(first + FREE, first + FREE + free),
        *range(first + FLOOR_ONLY, first + FLOOR_ONLY + half),
        *range(first + FLOOR_ONLY + FREE, first + FLOOR_ONLY + FREE + floor - half),
    ]  # fmt: skip


def labels_of(seed: int, body: BodyModel) -> list[NDArray[np.str_]]:
    """For each person of that class what it does in each frame, (T,)."""
    plan = _plan(seed, body)
    times = np.arange(round(plan.seconds * FPS)) / FPS
    return [one.motion.labels(times) for one in plan.performers]


@dataclass(frozen=True, slots=True)
class _Class:
    """A class that can be rendered."""

    size: tuple[int, int]
    scene: Scene
    looks: list[Look]
    performers: list[Performer]
    seconds: float


def _plan(seed: int, body: BodyModel) -> _Class:
    rng = np.random.default_rng([seed, 71])
    size = _SIZES[int(rng.integers(len(_SIZES)))]
    people = int(rng.integers(3, 13))
    upright = [e for e in EXERCISES if e not in FLOOR] + list(UNKNOWN)
    pool = upright if rng.random() < 0.6 else [*EXERCISES, *sorted(FLOOR), *sorted(FLOOR)]
    pool = sorted(FLOOR) if is_floor(seed) else pool
    names = list(dict.fromkeys(str(e) for e in rng.permutation(pool)))[: int(rng.integers(3, 7))]
    codes = sorted({code for name in names for code in FAULTS.get(name, ())})
    faults = [code for code in codes if rng.random() < 0.3]
    plans = [replace(plan, free=is_free(seed)) for plan in draw_plans(people, names, faults, seed)]
    view = str(rng.choice(VIEWS))
    scene = build_scene(np.random.default_rng([seed, 3]), people, size, view, lying=bool(set(names) & FLOOR))
    if rng.random() < 0.6:
        spots = tuple(replace(s, yaw=float(rng.uniform(-math.pi, math.pi))) for s in scene.spots)
        scene = replace(scene, spots=spots)
    seconds = FLOOR_SECONDS if is_floor(seed) else SECONDS
    teacher = Plan((names[0],), {}, seed * 1000 + 999) if people > 3 and rng.random() < 0.3 else None
    looks = [draw_look(body, p.seed) for p in (*plans, *([teacher] if teacher else []))]
    skeletons = [look.skeleton for look in looks]
    performers, _ = choreograph(
        scene, skeletons[:people], plans, seconds, seed=seed, crossings=int(people > 2 and rng.random() < 0.4),
        instructor=(skeletons[-1], teacher) if teacher else None,
    )  # fmt: skip
    return _Class(size, scene, looks, performers, seconds)


def _look(one: Rendered, detector: Detector, network: BlazePoseLandmarks) -> list[dict[str, Any]]:
    """The rows of one frame."""
    found = detector.detect(Frame(one.index, one.index / FPS, one.image))
    there = np.flatnonzero(np.isfinite(one.boxes_xyxy).all(1))
    pairs = [(int(there[a]), b) for a, b in match(one.boxes_xyxy[there], found.boxes_xyxy, _SAME)]
    crops = [crop_from_keypoints(found.keypoints_px[b], found.keypoint_scores[b], found.boxes_xyxy[b])
             for _, b in pairs]  # fmt: skip
    rows = []
    for (k, b), marks in zip(pairs, network.locate(one.image, crops), strict=True):
        px, world, score = np.full((33, 3), np.nan), np.full((33, 3), np.nan), 0.0
        if marks is not None:
            px, world, score = np.column_stack([marks.px, marks.visibility]), marks.world_m, marks.score
        keypoints = np.column_stack([found.keypoints_px[b], found.keypoint_scores[b]])
        rows.append({
            "frame": np.int32(one.index), "t_s": np.float32(one.index / FPS), "person": np.int32(k),
            "box": found.boxes_xyxy[b].astype(np.float32), "keypoints": keypoints.astype(np.float32),
            "px": px.astype(np.float32), "world": world.astype(np.float32), "score": np.float32(score),
            "joints_m": one.joints_m[k].astype(np.float32), "rotmats": one.rotmats[k].astype(np.float32),
            "visible": np.float32(one.visible[k]),
        })  # fmt: skip
    return rows


def _work(job: tuple[int, str]) -> str:
    """One class into one file; a class that cannot be planned (no time, no room) is left out."""
    seed, folder = job
    path = Path(folder) / f"{seed}.npz"
    if path.exists():
        return f"{seed} is there"
    if not _TOOLS:  # one core each: there are as many workers as cores
        _TOOLS.extend([BodyModel(), YoloPose("cpu", threads=1), BlazePoseLandmarks(1)])
    try:
        rows = film_class(seed, *_TOOLS)
    except GroupCoachError as error:
        return f"{seed}: {error}"
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **rows)  # type: ignore[arg-type]
    part.rename(path)
    return f"{seed}: {len(rows['frame'])} rows"


_TOOLS: list[Any] = []


def film(folder: Path, seeds: Sequence[int], jobs: int) -> list[Path]:
    """Make the classes of ``seeds`` that are not in ``folder`` yet; the files of those that could be made."""
    folder.mkdir(parents=True, exist_ok=True)
    todo = [(seed, str(folder)) for seed in seeds]
    with get_context("spawn").Pool(max(1, jobs)) as pool:
        for done, line in enumerate(pool.imap(_work, todo), 1):
            print(f"{done}/{len(todo)} classes: {line}", file=sys.stderr, flush=True)
    return [path for seed in seeds if (path := folder / f"{seed}.npz").exists()]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--classes", type=int, default=60)
    parser.add_argument("--free", type=int, default=0, help="more classes in which everybody keeps an own tempo")
    parser.add_argument("--floor", type=int, default=0, help="more classes on the floor")
    parser.add_argument("--first", type=int, default=TRAINING, help=f"seed ({VALIDATION} on: validation)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    film(args.out, seeds_of(args.first, args.classes, args.free, args.floor), args.jobs)


if __name__ == "__main__":
    main()
