"""A class on a floor, seen by a pinhole camera: paths in metres -> boxes and keypoints. No picture, no network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from groupcoach.records import Event, Observations
from groupcoach.skeleton import COCO, COCO_INDEX, mirrored
from groupcoach.track.identity import Identity
from groupcoach.track.tracker import Tracker

WIDTH, HEIGHT = 1280, 720
FOCAL, CAMERA_M, FAR_M = 1150.0, 1.9, 8.0
HORIZON = 250.0
IMAGE = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
_BODY = {  # shares of the stature: across, up
    "nose": (0.0, 0.93), "eye": (0.02, 0.95), "ear": (0.04, 0.94), "shoulder": (0.11, 0.82), "elbow": (0.14, 0.63),
    "wrist": (0.15, 0.47), "hip": (0.06, 0.53), "knee": (0.06, 0.285), "ankle": (0.06, 0.045),
}  # fmt: skip

Path = Callable[[float], tuple[float, float] | None]
"""Time -> metres to the right of the camera's axis and away from the front row; None: out of the room."""


@dataclass(frozen=True)
class Body:
    """Somebody and where they go."""

    path: Path
    stature_m: float = 1.7


def stay(x: float, z: float) -> Path:
    return lambda t: (x, z)


def way(*points: tuple[float, float, float]) -> Path:
    """(t_s, x, z) in order: there at that time, straight in between."""
    t, x, z = (np.array(column) for column in zip(*points, strict=True))
    return lambda now: (float(np.interp(now, t, x)), float(np.interp(now, t, z)))


def see(bodies: Sequence[Body], t_s: float, rng: np.random.Generator | None = None) -> tuple[Observations, list[int]]:
    """What a detector says of the room, and whose body each row is; who is out of the picture is not in it."""
    boxes, points, whose = [], [], []
    for k, body in enumerate(bodies):
        at = body.path(t_s)
        if at is None:
            continue
        scale = FOCAL / (FAR_M + at[1])
        foot = np.array([WIDTH / 2 + at[0] * scale, HORIZON + CAMERA_M * scale])
        p = np.zeros((17, 2))
        for name, row in COCO_INDEX.items():
            side = 1 if name.startswith("left") else -1 if name.startswith("right") else 0
            dx, up = _BODY[name.removeprefix("left_").removeprefix("right_")]
            p[row] = foot + np.array([side * dx, -up]) * body.stature_m * scale
        if rng is not None:
            p += rng.normal(0, 0.006 * body.stature_m * scale, p.shape)
        box = np.concatenate([p.min(0) - 0.05 * scale, p.max(0) + 0.08 * scale])
        box[[0, 2]] = box[[0, 2]].clip(0, WIDTH)
        if box[2] - box[0] < 0.12 * body.stature_m * scale:
            continue
        boxes.append(box)
        points.append(p)
        whose.append(k)
    n = len(boxes)
    px = np.array(points).reshape(n, 17, 2)
    sure = np.where((px[..., 0] > 0) & (px[..., 0] < WIDTH), 0.9, 0.0)
    return Observations(np.array(boxes).reshape(n, 4), np.full(n, 0.85), px, sure), whose


def turned(obs: Observations) -> Observations:
    """The picture mirrored left to right."""
    swap = [COCO.index(mirrored(n)) for n in COCO]
    boxes = obs.boxes_xyxy.copy()
    boxes[:, [0, 2]] = WIDTH - boxes[:, [2, 0]]
    px = obs.keypoints_px * np.array([-1.0, 1.0]) + np.array([WIDTH, 0.0])
    return Observations(boxes, obs.scores, px[:, swap], obs.keypoint_scores[:, swap])


@dataclass
class Seen:
    """What came out: who was called what when."""

    identity: Identity
    events: list[Event]
    names: list[tuple[float, int, int]]
    """(t_s, body, person)"""
    merged: dict[int, int]

    def final(self, person: int) -> int:
        while person in self.merged:
            person = self.merged[person]
        return person

    def people_of(self, body: int, from_s: float = 0.0, to_s: float = 1e9, *, final: bool = True) -> list[int]:
        """Persons that a body was, the most frequent first; ``final`` = as the record stands at the end."""
        found = [self.final(p) if final else p for t, b, p in self.names if b == body and from_s <= t <= to_s]
        return sorted(set(found), key=lambda p: -found.count(p))

    def recognised_s(self, body: int, from_s: float) -> float:
        """When the body had, for good, the number that it had first."""
        first = self.people_of(body, final=False)[0]
        wrong = [t for t, b, p in self.names if b == body and t >= from_s and p != first]
        return max(wrong, default=from_s)


def play(
    bodies: Sequence[Body], seconds: float, fps: float = 12.0, *, seed: int = 0, lost: float = 0.0,
    shuffle: bool = False, mirror: bool = False, identity: Identity | None = None,
) -> Seen:  # fmt: skip
    """Tracker and identity over the whole class."""
    rng = np.random.default_rng(seed)
    tracker, identity = Tracker(), identity or Identity()
    events: list[Event] = []
    names = []
    for k in range(round(seconds * fps)):
        t_s = k / fps
        obs, whose = see(bodies, t_s, rng)
        if rng.random() < lost:
            continue
        if shuffle:
            order = rng.permutation(len(obs))
            obs, whose = obs.take(order), [whose[i] for i in order]
        if mirror:
            obs = turned(obs)
        tracks = tracker.step(obs, t_s)
        events += identity.step(tracks, obs, IMAGE, t_s)
        for track in tracks:
            person = identity.person_of(track.track_id)
            if track.observation is not None and person is not None:
                names.append((t_s, whose[track.observation], person))
    merged = {e.data["merged"]: e.person for e in events if e.type == "identity_merged" and "merged" in e.data}
    return Seen(identity, events, names, {a: b for a, b in merged.items() if b is not None})
