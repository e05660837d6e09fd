"""A class of moving bodies that needs no video and no pulled model: scripted detections and landmarks per frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from groupcoach.classify.network import Classifier
from groupcoach.detect.scripted import ScriptedDetector
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.lifter import Lifter
from groupcoach.mesh.regressor import PersonInput
from groupcoach.pipeline import Pipeline
from groupcoach.records import Event, Frame, Landmarks, Observations
from groupcoach.simulate.motion import Segment, Skeleton, make_motion
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO, INDEX, mirrored
from groupcoach.track.identity import Identity
from groupcoach.track.tracker import Tracker

WIDTH, HEIGHT = 960, 540
FPS = 15.0
_LOOK = np.diag([1.0, -1.0, -1.0])
_CAMERA = Camera.guess(WIDTH, HEIGHT)


@lru_cache(maxsize=1)
def the_body() -> BodyModel:
    return BodyModel()


@dataclass(frozen=True)
class Shape:
    """One body in one frame."""

    box: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray
    landmarks: Landmarks


@dataclass(frozen=True)
class Actor:
    """Somebody who moves: one shape a frame, and what was really done."""

    shapes: list[Shape]
    segments: tuple[Segment, ...]

    def reps(self, exercise: str) -> int:
        return sum(len(s.rep_end_s) for s in self.segments if s.exercise == exercise)


def actor(
    plan: Any, x_m: float = 0.0, seed: int = 3, yaw: float = 0.6, seconds: float | None = None, **more: Any
) -> Actor:  # fmt: skip
    """A body that does ``plan``, standing ``x_m`` to the right in the picture, 5 m away."""
    body = the_body()
    zero = np.zeros((1, 10))
    skeleton = Skeleton(joints_m=body.rest_joints(zero)[0], floor_m=float(body.rest_extra(zero)[0][:, 1].min()))
    motion = make_motion(skeleton, plan, seed=seed, yaw=yaw, **({"seconds": seconds} if seconds else {}), **more)
    t = np.arange(0, motion.duration_s, 1 / FPS)
    rotations, transl = motion.both(t)
    joints = body.joints(rotations, np.repeat(zero, len(t), axis=0), transl) @ _LOOK.T
    joints = joints + np.array([x_m, 1.0, 5.0])
    return Actor([shape(j) for j in joints], motion.segments)


def shape(joints_m: np.ndarray) -> Shape:
    """What a detector and the landmark network would say of joints (J, 3) in camera axes."""
    px = _CAMERA.project(joints_m)
    middle = (joints_m[INDEX["left_hip"]] + joints_m[INDEX["right_hip"]]) / 2
    rows = [INDEX[_near(name)] for name in BLAZEPOSE_INDEX]
    world, at = joints_m[rows] - middle, px[rows]
    keypoints = np.stack([px[INDEX[n if n in INDEX else "nose"]] for n in COCO])
    box = np.concatenate([px.min(0) - 8, px.max(0) + 8])
    return Shape(box, keypoints, np.full(17, 0.9), Landmarks(world, at, np.ones(33), 0.99))


def _near(name: str) -> str:
    """The joint that a landmark lies on or next to."""
    if name in INDEX:
        return name
    side, _, part = name.partition("_")
    return f"{side}_hand" if part in ("pinky", "index", "thumb") else "nose"


def mirror(s: Shape) -> Shape:
    """The same body in a picture turned left for right."""
    swap = [COCO.index(mirrored(n)) for n in COCO]
    rows = list(range(33))
    for name, row in BLAZEPOSE_INDEX.items():
        rows[row] = row if name.startswith("mouth") else BLAZEPOSE_INDEX[mirrored(name)]
    px = np.array([-1.0, 1.0])
    offset = np.array([WIDTH, 0.0])
    found = replace(s.landmarks, world_m=(s.landmarks.world_m * np.array([-1.0, 1.0, 1.0]))[rows],
                    px=(s.landmarks.px * px + offset)[rows])  # fmt: skip
    x1, y1, x2, y2 = s.box
    return Shape(np.array([WIDTH - x2, y1, WIDTH - x1, y2]), (s.keypoints * px + offset)[swap], s.scores, found)


class ScriptedLandmarks:
    """In place of ``LandmarkBudget``: the landmarks of the body whose box is at hand."""

    def __init__(self, script: dict[int, list[Shape]]) -> None:
        self._script = script

    def network_ms(self) -> float:
        """No network."""
        return 0.0

    def look(self, frame: Frame, people: list[PersonInput]) -> list[PersonInput]:
        out = []
        for person in people:
            fits = [s for s in self._script[frame.index] if np.array_equal(s.box, person.box_xyxy)]
            out.append(replace(person, landmarks=fits[0].landmarks))
        return out

    def second_opinion(self, frame: Frame, people: list[PersonInput]) -> list[int]:
        return [p.track_id for p in people]

    def seek(self, frame: Frame, lost: Mapping[int, Any]) -> dict[int, Any]:
        """Who is not to be seen in a frame is not there."""
        return {}


def observed(shapes: Sequence[Shape]) -> Observations:
    if not shapes:
        return Observations.empty()
    return Observations(np.stack([s.box for s in shapes]), np.full(len(shapes), 0.9),
                        np.stack([s.keypoints for s in shapes]), np.stack([s.scores for s in shapes]))  # fmt: skip


def script_of(actors: Sequence[Actor]) -> dict[int, list[Shape]]:
    """Who is to be seen in each frame; who has finished stands still."""
    frames = max(len(a.shapes) for a in actors)
    return {k: [a.shapes[min(k, len(a.shapes) - 1)] for a in actors] for k in range(frames)}


def line(script: dict[int, list[Shape]], names: Sequence[tuple[str, str | None]] = ()) -> Pipeline:
    """The real line, but for its eyes."""
    scripted: Any = ScriptedLandmarks(script)
    detector = ScriptedDetector({k: observed(shapes) for k, shapes in script.items()})
    return Pipeline(detector, Tracker(), Identity(names), scripted, Lifter(the_body()), Classifier(),
                    load_catalogue())  # fmt: skip


def frames_of(script: dict[int, list[Shape]]) -> list[Frame]:
    room = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    return [Frame(k, k / FPS, room) for k in sorted(script)]


def watch(script: dict[int, list[Shape]]) -> tuple[Pipeline, list[Event]]:
    """The class from its first frame to its last."""
    pipeline, events = line(script), []
    for frame in frames_of(script):
        events += pipeline.step(frame)[0]
    return pipeline, events + pipeline.finish((len(script) - 1) / FPS)


def counts(pipeline: Pipeline) -> list[dict[str, int]]:
    """Repetitions by exercise of everybody, from left to right in the picture."""
    people = sorted(pipeline.identity.people.values(), key=lambda p: float(p.box_xyxy[0]))
    return [{k: n for k, n in pipeline.people[p.person_id].totals.items() if n} for p in people]
