"""The nouns that travel between stages (the flow is in ``pipeline.py``).

Arrays are checked at the door (``__post_init__``): the message says which field, what was expected, what came.
No stage writes into an array it was given. *Not seen* is NaN: never zero, never the last value.
Spaces: ``_px`` pixels of the source frame, ``_m`` metres in camera axes (x right, y down, z away), ``_deg`` degrees,
``_s`` seconds since the start of the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from groupcoach.errors import DataError
from groupcoach.skeleton import ANGLES, INNER_ANGLES, JOINTS, N_SMPL

Floats = NDArray[np.floating[Any]]


def _check(owner: object, name: str, value: Any, shape: tuple[int | None, ...]) -> None:
    got = getattr(value, "shape", None)
    if got == shape:  # nearly always, and a class makes thousands of them a second
        return
    if got is None or len(got) != len(shape) or any(w is not None and w != g for w, g in zip(shape, got, strict=True)):
        want = "(" + ", ".join("any" if w is None else str(w) for w in shape) + ")"
        raise DataError(f"{type(owner).__name__}.{name}: expected an array of shape {want}, got {got}.")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of the source."""

    index: int
    """Number in the source, from 0; gaps mean dropped frames."""
    t_s: float
    """Strictly increasing."""
    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""

    def __post_init__(self) -> None:
        _check(self, "image", self.image, (None, None, 3))
        if self.image.dtype != np.uint8:
            raise DataError(f"Frame.image: expected uint8, got {self.image.dtype}.")


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Everybody a detector found in one frame. N may be 0."""

    boxes_xyxy: Floats
    """(N, 4) px."""
    scores: Floats
    """(N,) 0 to 1."""
    keypoints_px: Floats
    """(N, 17, 2) in ``skeleton.COCO`` order, NaN = not seen."""
    keypoint_scores: Floats
    """(N, 17) 0 to 1."""

    def __post_init__(self) -> None:
        n = len(self.boxes_xyxy)
        _check(self, "boxes_xyxy", self.boxes_xyxy, (None, 4))
        _check(self, "scores", self.scores, (n,))
        _check(self, "keypoints_px", self.keypoints_px, (n, 17, 2))
        _check(self, "keypoint_scores", self.keypoint_scores, (n, 17))

    def __len__(self) -> int:
        return len(self.boxes_xyxy)

    @staticmethod
    def empty() -> Observations:
        """A frame with nobody in it."""
        return Observations(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 17, 2)), np.zeros((0, 17)))

    def take(self, rows: Any) -> Observations:
        """The chosen rows (an index array or a mask)."""
        return Observations(self.boxes_xyxy[rows], self.scores[rows], self.keypoints_px[rows],
                            self.keypoint_scores[rows])  # fmt: skip


class TrackState(Enum):
    """How sure the tracker is of a track."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One body followed through the picture; ``track_id`` is never reused in a session."""

    track_id: int
    box_xyxy: Floats
    """(4,) px, filtered."""
    velocity_px_s: Floats
    """(2,) of the box centre."""
    state: TrackState
    born_s: float
    seen_s: float
    observation: int | None
    """Row of this frame's ``Observations`` matched to the track; None when not seen now."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The 3D landmark network's answer for one body crop (``skeleton.BLAZEPOSE`` order)."""

    world_m: Floats
    """(33, 3) metres, camera axes, origin between the hips."""
    px: Floats
    """(33, 2) in the frame."""
    visibility: Floats
    """(33,) 0 to 1."""
    score: float
    """That a body is in the crop, 0 to 1."""

    def __post_init__(self) -> None:
        _check(self, "world_m", self.world_m, (33, 3))
        _check(self, "px", self.px, (33, 2))
        _check(self, "visibility", self.visibility, (33,))


@dataclass(frozen=True, slots=True, eq=False)
class BodyPose:
    """One body in one frame. Rows of joints follow ``skeleton.JOINTS``."""

    joints_m: Floats
    """(J, 3) camera axes, NaN = not known."""
    joints_px: Floats
    """(J, 2) in the frame, NaN = not known."""
    rel_rotmats: Floats
    """(24, 3, 3) SMPL rotations relative to the parent; row 0 is the body in camera axes."""
    betas: Floats
    """(10,) SMPL shape."""
    transl_m: Floats
    """(3,) of the SMPL root in camera axes."""
    sigma_m: Floats
    """(J,) standard deviation of a joint's place."""
    vertices_m: Floats | None = None
    """(V, 3), made only for bodies that are drawn."""
    angle_sigma_deg: Floats | None = None
    """(inner angles,) standard deviation of each of ``skeleton.INNER_ANGLES``, where the regressor states one."""

    def __post_init__(self) -> None:
        _check(self, "joints_m", self.joints_m, (len(JOINTS), 3))
        _check(self, "joints_px", self.joints_px, (len(JOINTS), 2))
        _check(self, "rel_rotmats", self.rel_rotmats, (N_SMPL, 3, 3))
        _check(self, "betas", self.betas, (10,))
        _check(self, "transl_m", self.transl_m, (3,))
        _check(self, "sigma_m", self.sigma_m, (len(JOINTS),))
        if self.angle_sigma_deg is not None:
            _check(self, "angle_sigma_deg", self.angle_sigma_deg, (len(INNER_ANGLES),))


@dataclass(frozen=True, slots=True, eq=False)
class JointAngles:
    """Named angles of one body (``skeleton.ANGLES``), NaN = not seen."""

    deg: Floats
    """(A,)"""
    sigma_deg: Floats
    """(A,) standard deviation; NaN where the angle is."""

    def __post_init__(self) -> None:
        _check(self, "deg", self.deg, (len(ANGLES),))
        _check(self, "sigma_deg", self.sigma_deg, (len(ANGLES),))


@dataclass(frozen=True, slots=True)
class Label:
    """What a person is doing, after the vote."""

    exercise: str
    """Catalogue id, or ``"unknown"``."""
    share: float
    """Of the votes, 0 to 1."""
    since_s: float


@dataclass(frozen=True, slots=True)
class Fault:
    """One joint that was wrong, and what to do about it."""

    code: str
    joint: str
    side: Literal["left", "right", "both"]
    measured: float
    limit: float
    unit: str
    t_s: float
    direction: str
    """What to do, as a key of the definition's cue texts: the same word as ``code`` picks the sentence."""
    clear: bool = True
    """Far enough beyond the limit to be believed of one repetition alone."""


@dataclass(frozen=True, slots=True)
class Rep:
    """One repetition. ``number`` counts from 1 per person and exercise."""

    exercise: str
    number: int
    start_s: float
    turn_s: float
    end_s: float
    range_deg: float
    faults: tuple[Fault, ...] = ()
    side: Literal["left", "right", "both"] = "both"
    """Which side did it: lead leg, bent knee, moving arm, raised knee."""
    depth_deg: float = float("nan")
    """Drive at the turn."""
    out_s: float = float("nan")
    """Time from leaving rest to the turn ..."""
    back_s: float = float("nan")
    """... and from there back to rest."""
    left_right_deg: float = float("nan")
    """Left less right at the turn; NaN where one side works alone or is not seen."""
    worst_joint: str | None = None
    """Joint of the first fault."""
    not_judged: tuple[str, ...] = ()
    """Fault codes that could not be judged from this view or with this uncertainty."""


class Priority(Enum):
    """How urgent a cue is; DANGER may interrupt."""

    INFO = 0
    FORM = 1
    DANGER = 2


@dataclass(frozen=True, slots=True)
class Cue:
    """A sentence for one person."""

    person_id: int
    text: str
    language: str
    priority: Priority
    reason: str
    """The fault code or milestone behind it."""
    t_s: float
    expires_s: float


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as written to ``events.jsonl`` and the session record."""

    t_s: float
    type: str
    """person_entered, person_left, person_returned, identity_merged, exercise_changed, rep_counted, fault_found,
    cue_issued, cue_dropped, frames_dropped."""
    person: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    """JSON values: for rep_counted ``exercise, number, start_s, turn_s, end_s, range_deg, faults`` and what else
    ``Rep`` has."""
