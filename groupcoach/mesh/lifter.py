"""Keypoints -> SMPL pose for everybody in the frame: a small network of our own, one batch for all.

The network (``lift_network.py``, trained by ``training/lifter.py`` on simulated classes seen through the real detector
and the real landmark network) gets keypoints, landmarks where there are any, where in the picture, and how the
person looked up to 0.4 s before. It answers with the rotation of every part, the shape, and how sure it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera, place
from groupcoach.mesh.features import Look, assemble, look
from groupcoach.mesh.history import History
from groupcoach.mesh.lift_network import LiftNetwork
from groupcoach.mesh.regressor import PersonInput
from groupcoach.records import BodyPose, Floats
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO, INDEX, INNER_ANGLES, JOINTS, N_SMPL, SMPL_PARENTS

_SEEN = tuple(name for name in BLAZEPOSE_INDEX if name in INDEX)
_SEEN_ROWS = [BLAZEPOSE_INDEX[n] for n in _SEEN]
_SEEN_JOINTS = [INDEX[n] for n in _SEEN]
_COCO_ROWS = [i for i, n in enumerate(COCO) if n in INDEX]
_COCO_JOINTS = [INDEX[n] for n in COCO if n in INDEX]
_PARENTS: Final = np.array((0, *SMPL_PARENTS[1:]))
_FEWEST_KEYPOINTS: Final = 5
"""Without landmarks a body needs so many keypoints; from fewer nothing is made up."""
_LEAST_SCORE: Final = 0.3
_APART, _FAR_APART = 0.1, 0.2
"""Of the box's diagonal. On 16,860 joints of simulated people (three classes, 10 to 12 in the picture) the networks
differed by 0.1 to 0.2 on 768, by more on 272. Where the detector was the surer one, it was 0.10 and 0.16 off and the
landmark network 0.11 and 0.24; where it was not, 0.10 and 0.13 against 0.08 and 0.21."""
_SURE, _UNSURE, _NEAR, _AWAY = 0.95, 0.80, 0.02, 0.07
"""The detector's score of a joint from which it is sure and below which it is not; parts of the box's diagonal up to
which two networks agree on a joint and from which they do not."""
_DOUBT_M, _DOUBT_DEG = 0.09, 17.0
"""What a doubtful joint adds to the deviation of its place, and of an angle that it is part of. In the same classes the
network's own deviations are right for joints without doubt (knee: 9.3 degrees, stated 8.0), but it does not know that
it looks at a neighbour's leg (20.0, stated 9.4; ankle 0.12 m, stated 0.08)."""
_CHAINS: Final = np.array([[INDEX[n] for n in ends] for ends in INNER_ANGLES.values()])


class Lifter:
    """SMPL rotations, shape and place from keypoints; remembers half a second of each track."""

    name = "lifter"

    def __init__(self, body: BodyModel | None = None, weights: Path | None = None) -> None:
        """Load the network.

        Args:
            body: the body model; the project's own by default. The network's shapes are of that one: another body is
                posed with its mean shape.
            weights: ``models/lifter.safetensors`` by default.

        Raises:
            AssetError: weights missing or of another layout.
        """
        self.body = body or BodyModel()
        self._network = LiftNetwork(weights)
        self._history = History()

    def forget(self, track_id: int) -> None:
        """Drop what is remembered of a track that ended."""
        self._history.forget(track_id)

    def fit(
        self, people: Sequence[PersonInput], camera: Camera, t_s: float, image: NDArray[np.uint8] | None = None
    ) -> list[BodyPose]:
        """One pose per person, in order; all NaN for whom too little is seen.

        Args:
            people: this frame's keypoints and landmarks, one entry a track.
            camera: of the frame.
            t_s: time of the frame.
            image: not looked at.
        """
        if not people:
            return []
        given = _Given(people)
        seen, age, enough = given.look(camera)
        history, rows = self._history, self._history.rows([p.track_id for p in people])
        x = assemble(seen, age, history.limbs(rows, seen, t_s), history.back(rows, t_s))
        found = self._network.lift(x, seen.has_landmarks)
        history.push(rows, seen, age <= 0, t_s)
        betas = history.shape(rows, found.betas if self.body.ours else np.zeros_like(found.betas), t_s)
        turns = history.smooth(rows, seen.to_camera[:, None] @ found.turns, t_s)
        rel = np.swapaxes(turns[:, _PARENTS], -1, -2) @ turns
        rel[:, 0] = turns[:, 0]
        joints = self.body.joints(rel, betas, np.zeros((len(people), 3)))
        measured, weight, doubt = given.picture_points()
        transl = place(joints, measured, weight, camera)
        joints = joints + transl[:, None]
        px = camera.project(joints)
        px = np.where(np.isnan(measured), px, measured)
        sigma = np.hypot(found.sigma_m, _DOUBT_M * doubt)
        sigma_deg = np.hypot(found.sigma_deg, _DOUBT_DEG * doubt[:, _CHAINS].max(-1))
        joints[~enough], px[~enough], sigma[~enough] = np.nan, np.nan, np.nan
        return [BodyPose(joints[i], px[i], rel[i], betas[i], transl[i], sigma[i], None, sigma_deg[i])
                for i in range(len(people))]  # fmt: skip


class _Given:
    """What both networks said of everybody, side by side."""

    def __init__(self, people: Sequence[PersonInput]) -> None:
        n = len(people)
        self._boxes = np.stack([p.box_xyxy for p in people]).astype(np.float64)
        self._keypoints = np.empty((n, len(COCO), 3))
        self._px, self._world = np.full((n, 33, 3), np.nan), np.full((n, 33, 3), np.nan)
        self._age = np.zeros(n)
        for i, person in enumerate(people):
            self._keypoints[i, :, :2], self._keypoints[i, :, 2] = person.keypoints_px, person.keypoint_scores
            if person.landmarks is not None:
                self._px[i, :, :2], self._px[i, :, 2] = person.landmarks.px, person.landmarks.visibility
                self._world[i], self._age[i] = person.landmarks.world_m, person.landmarks_age_s

    def look(self, camera: Camera) -> tuple[Look, Floats, NDArray[np.bool_]]:
        """The network's view of everybody, the age of the landmarks (N,), and of whom enough (N,) is seen."""
        picture = np.array([2 * camera.cx, 2 * camera.cy])
        seen = look(self._boxes, self._keypoints, self._px, self._world, picture, camera.focal_px)
        sure = ((self._keypoints[..., 2] > _LEAST_SCORE) & np.isfinite(self._keypoints).all(-1)).sum(1)
        enough = (seen.has_landmarks | (sure >= _FEWEST_KEYPOINTS)) & np.isfinite(self._boxes).all(1)
        return seen, self._age, enough

    def picture_points(self) -> tuple[Floats, Floats, Floats]:
        """Measured points (N, J, 2) px of the joints, NaN = none, weights (N, J), and doubts (N, J, 0 to 1).

        The landmark network's, which are nearer to the truth. Where the detector puts a joint far from there, one of
        them looks at a neighbour's leg: then the surer one counts, and of two that are further apart yet the detector,
        which sees the whole room. Where it is not sure and they do not agree, neither has to be right.
        """
        n = len(self._boxes)
        px, weight = np.full((n, len(JOINTS), 2), np.nan), np.zeros((n, len(JOINTS)))
        doubt = np.zeros((n, len(JOINTS)))
        px[:, _SEEN_JOINTS] = self._px[:, _SEEN_ROWS, :2]
        weight[:, _SEEN_JOINTS] = np.nan_to_num(np.maximum(self._px[:, _SEEN_ROWS, 2], 0.05))
        theirs, score = self._keypoints[:, _COCO_ROWS, :2], self._keypoints[:, _COCO_ROWS, 2]
        size = np.maximum(np.hypot(*(self._boxes[:, 2:] - self._boxes[:, :2]).T), 1.0)[:, None]
        marks, trust = px[:, _COCO_JOINTS], weight[:, _COCO_JOINTS]
        with np.errstate(invalid="ignore"):
            far = np.linalg.norm(theirs - marks, axis=-1) / size
            # without landmarks the detector's joint is all there is
            take = (score > _LEAST_SCORE) & (np.isnan(far) | (far > np.where(score > trust, _APART, _FAR_APART)))
            apart = np.clip((far - _NEAR) / (_AWAY - _NEAR), 0.0, 1.0)
            unsure = np.clip((_SURE - score) / (_SURE - _UNSURE), 0.0, 1.0)
        doubt[:, _COCO_JOINTS] = np.where(np.isnan(apart), 1.0, apart) * np.where(np.isnan(unsure), 1.0, unsure)
        px[:, _COCO_JOINTS] = np.where(take[..., None], theirs, marks)
        weight[:, _COCO_JOINTS] = np.where(take, score, trust)
        return px, weight, doubt


assert len(_PARENTS) == N_SMPL
