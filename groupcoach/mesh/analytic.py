"""Keypoints -> SMPL pose for everybody in the frame, in one batch: an analytic fit to the 3D landmarks.

Every limb of the SMPL body is turned into the direction the landmark network saw; the twist of upper arms and
thighs comes from the plane in which elbow and knee bend. Where no landmarks are at hand, the detector's 17
keypoints are taken as a flat figure in the picture plane, with an uncertainty that says so. The learned lifter
(``lifter.py``) gives the poses; the classifier, which was trained on these bodies, still names from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera, place
from groupcoach.mesh.regressor import PersonInput
from groupcoach.mesh.rotation import frame_of, proper, share_of_turn, shortest_turn, turn_between, unit
from groupcoach.records import BodyPose, Floats
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO, INDEX, JOINTS, N_SMPL, SMPL_PARENTS

# SMPL stands with y up, cameras look with y down: the axes of the picture turned half round x.
_FLIP = np.diag([1.0, -1.0, -1.0])
_SMOOTH_S = 0.06
_SLOW_M_S = 0.25
"""A landmark of this speed is smoothed half as long as a still one."""
_TORSO_M = 0.5
"""Mid-hip to mid-shoulder of an adult, the scale of a flat figure without landmarks."""
_HIPS = [BLAZEPOSE_INDEX["left_hip"], BLAZEPOSE_INDEX["right_hip"]]
_SEEN = tuple(name for name in BLAZEPOSE_INDEX if name in INDEX)
_SEEN_ROWS = [BLAZEPOSE_INDEX[n] for n in _SEEN]
_SEEN_JOINTS = [INDEX[n] for n in _SEEN]
_TRUNK = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")


@dataclass(slots=True)
class _Memory:
    """What is remembered of one track."""

    world: Floats
    t_s: float
    betas: Floats = field(default_factory=lambda: np.zeros(10))


class AnalyticLifter:
    """SMPL rotations from landmarks. State per track: the last landmarks (smoothed over 60 ms, moving less)."""

    name = "lifter"

    def __init__(self, body: BodyModel | None = None) -> None:
        """Args: body: the body model; the project's own by default."""
        self.body = body or BodyModel()
        shape = np.zeros((1, 10))
        rest = np.concatenate([self.body.rest_joints(shape), self.body.rest_extra(shape)], axis=1)[0]
        self._bone = {
            name: unit(rest[INDEX[end]] - rest[INDEX[name]])
            for name, end in (
                ("left_hip", "left_knee"), ("right_hip", "right_knee"), ("left_knee", "left_ankle"),
                ("right_knee", "right_ankle"), ("left_ankle", "left_toe"), ("right_ankle", "right_toe"),
                ("left_shoulder", "left_elbow"), ("right_shoulder", "right_elbow"), ("left_elbow", "left_wrist"),
                ("right_elbow", "right_wrist"), ("neck", "head"),
            )
        }  # fmt: skip
        # the line from hips to shoulders leans a little in the body at rest too: that lean is not the person's
        at = {name: rest[INDEX[name]] for name in _TRUNK}
        up = (at["left_shoulder"] + at["right_shoulder"] - at["left_hip"] - at["right_hip"]) / 2
        self._pelvis0 = _to_axes(frame_of(up, at["left_hip"] - at["right_hip"])).T
        self._thorax0 = _to_axes(frame_of(up, at["left_shoulder"] - at["right_shoulder"])).T
        self._head0 = _head_axes({name: rest[INDEX[name]] for name in ("nose", "left_ear", "right_ear")}).T
        self._memory: dict[int, _Memory] = {}

    def forget(self, track_id: int) -> None:
        """Drop what is remembered of a track that ended."""
        self._memory.pop(track_id, None)

    def fit(
        self, people: Sequence[PersonInput], camera: Camera, t_s: float, image: NDArray[np.uint8] | None = None
    ) -> list[BodyPose]:
        """One pose per person, in order; joints that nothing is known of are NaN.

        Args:
            people: this frame's keypoints and landmarks, one entry a track.
            camera: of the frame.
            t_s: time of the frame.
            image: not looked at.
        """
        if not people:
            return []
        world = np.stack([self._smooth(p, camera, t_s) for p in people])
        visible = np.stack([_visibility(p) for p in people])
        rel, known = self.rotations(world)
        betas = np.stack([self._memory[p.track_id].betas for p in people])
        joints = self.body.joints(rel, betas, np.zeros((len(people), 3)))
        measured = np.full((len(people), len(JOINTS), 2), np.nan)
        weight = np.zeros((len(people), len(JOINTS)))
        for i, person in enumerate(people):
            measured[i], weight[i] = _picture_points(person)
        transl = place(joints, measured, weight, camera)
        joints = joints + transl[:, None]
        px = camera.project(joints)
        px = np.where(np.isnan(measured), px, measured)
        out = []
        for i, person in enumerate(people):
            sigma = _sigma(person, visible[i])
            lost = ~known[i]
            j, p = joints[i].copy(), px[i].copy()
            j[lost], p[lost], sigma[lost] = np.nan, np.nan, np.nan
            out.append(BodyPose(j, p, rel[i], betas[i], transl[i], sigma))
        return out

    def _smooth(self, person: PersonInput, camera: Camera, t_s: float) -> Floats:
        now = _in_camera_axes(_world(person), person, camera)
        old = self._memory.get(person.track_id)
        if old is None or not 0 < t_s - old.t_s < 0.5:
            self._memory[person.track_id] = _Memory(now, t_s, old.betas if old else np.zeros(10))
            return now
        dt = t_s - old.t_s
        # still landmarks are smoothed, moving ones are not kept waiting (the idea of the one-euro filter, Casiez 2012)
        speed = np.linalg.norm(now - old.world, axis=-1, keepdims=True) / dt
        keep = np.exp(-dt * (1 + np.nan_to_num(speed) / _SLOW_M_S) / _SMOOTH_S)
        mixed = np.where(np.isnan(old.world), now, np.where(np.isnan(now), now, keep * old.world + (1 - keep) * now))
        old.world, old.t_s = mixed, t_s
        return mixed

    def rotations(self, world: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """``world`` (N, 33, 3) camera axes -> relative rotations (N, 24, 3, 3) and known joints (N, J) bool."""
        p = {name: world[:, row] @ _FLIP for name, row in BLAZEPOSE_INDEX.items()}
        n = len(world)
        hips, chest = (p["left_hip"] + p["right_hip"]) / 2, (p["left_shoulder"] + p["right_shoulder"]) / 2
        up = chest - hips
        pelvis = _to_axes(frame_of(up, p["left_hip"] - p["right_hip"])) @ self._pelvis0
        thorax = _to_axes(frame_of(up, p["left_shoulder"] - p["right_shoulder"])) @ self._thorax0
        glob = np.tile(np.eye(3), (n, N_SMPL, 1, 1))
        glob[:, 0] = proper(pelvis)
        step = share_of_turn(proper(np.swapaxes(pelvis, -1, -2) @ thorax), 1 / 3)
        for parent, child in (("pelvis", "spine_low"), ("spine_low", "spine_mid"), ("spine_mid", "spine_high")):
            glob[:, INDEX[child]] = glob[:, INDEX[parent]] @ step
        top = glob[:, INDEX["spine_high"]]
        for name in ("neck", "left_collar", "right_collar"):
            glob[:, INDEX[name]] = top
        head = _head_axes(p) @ self._head0
        glob[:, INDEX["head"]] = np.where(np.isnan(head), top, head)
        for side, sign in (("left", 1.0), ("right", -1.0)):
            self._limb(glob, p, side, "hip", "knee", "ankle", np.array([1.0, 0, 0]), 0)
            self._limb(glob, p, side, "shoulder", "elbow", "wrist", np.array([0, -sign, 0]), INDEX["spine_high"])
            foot = unit(p[f"{side}_toe"] - p[f"{side}_ankle"])
            ankle = INDEX[f"{side}_ankle"]
            shin = glob[:, INDEX[f"{side}_knee"]]
            rest = np.broadcast_to(self._bone[f"{side}_ankle"], (n, 3))
            turned = (shin @ rest[..., None])[..., 0]
            glob[:, ankle] = np.where(_unseen(foot), shin, shortest_turn(turned, foot) @ shin)
            glob[:, INDEX[f"{side}_foot"]] = glob[:, ankle]
            glob[:, INDEX[f"{side}_wrist"]] = glob[:, INDEX[f"{side}_elbow"]]
            glob[:, INDEX[f"{side}_hand"]] = glob[:, INDEX[f"{side}_elbow"]]
        glob[:] = proper(glob)
        rel = glob.copy()
        for j, up_tree in enumerate(SMPL_PARENTS):
            if up_tree >= 0:
                rel[:, j] = np.swapaxes(glob[:, up_tree], -1, -2) @ glob[:, j]
        rel[:, 0] = _FLIP @ glob[:, 0]
        return rel, _known(world)

    def _limb(self, glob: Floats, p: dict[str, Floats], side: str, a: str, b: str, c: str, hinge0: Floats,
              base: int) -> None:  # fmt: skip
        """Turn upper and lower part of a limb; ``hinge0`` is its bending axis at rest, ``base`` what it hangs on."""
        upper, lower = unit(p[f"{side}_{b}"] - p[f"{side}_{a}"]), unit(p[f"{side}_{c}"] - p[f"{side}_{b}"])
        rest_u = np.broadcast_to(self._bone[f"{side}_{a}"], upper.shape)
        rest_l = np.broadcast_to(self._bone[f"{side}_{b}"], upper.shape)
        hinge0 = np.broadcast_to(hinge0, upper.shape)
        carried = (glob[:, base] @ rest_u[..., None])[..., 0]
        swing = shortest_turn(carried, upper) @ glob[:, base]
        # a nearly straight limb has no bending plane: go over to the plain swing below about 30 degrees
        bend = np.cross(upper, lower)
        sine = np.linalg.norm(bend, axis=-1, keepdims=True)
        trust = np.clip((sine - 0.15) / 0.35, 0.0, 1.0)
        hinge = trust * unit(bend) + (1 - trust) * (swing @ hinge0[..., None])[..., 0]
        hinge = np.where(np.isnan(hinge), (swing @ hinge0[..., None])[..., 0], hinge)
        glob[:, INDEX[f"{side}_{a}"]] = np.where(
            _unseen(upper), glob[:, base], proper(turn_between(rest_u, hinge0, upper, hinge))
        )  # fmt: skip
        whole = glob[:, INDEX[f"{side}_{a}"]]
        carried = (whole @ rest_l[..., None])[..., 0]
        turned = shortest_turn(carried, lower) @ whole
        glob[:, INDEX[f"{side}_{b}"]] = np.where(_unseen(lower), whole, turned)


def _unseen(direction: Floats) -> NDArray[np.bool_]:
    """(N, 1, 1) bool: the direction (N, 3) is not known."""
    result: NDArray[np.bool_] = np.any(np.isnan(direction), axis=-1)[:, None, None]
    return result


def _to_axes(up_left_back: Floats) -> Floats:
    """Columns up, left, back of a body part (..., 3, 3) -> its axes in SMPL's order: left, up, front."""
    return np.stack([up_left_back[..., 1], up_left_back[..., 0], -up_left_back[..., 2]], axis=-1)


def _head_axes(p: dict[str, Floats]) -> Floats:
    """(..., 3, 3) left, up, front of the head from nose and ears (..., 3); NaN where one is not seen."""
    across = p["left_ear"] - p["right_ear"]
    return _to_axes(frame_of(np.cross(p["nose"] - (p["left_ear"] + p["right_ear"]) / 2, across), across))


def _world(person: PersonInput) -> Floats:
    """(33, 3) metres: the landmarks, or the 17 keypoints as a flat figure; NaN = not seen."""
    if person.landmarks is not None:
        return person.landmarks.world_m
    flat = np.full((33, 3), np.nan)
    points = np.where((person.keypoint_scores > 0.3)[:, None], person.keypoints_px, np.nan)
    at = {name: points[i] for i, name in enumerate(COCO)}
    hips, chest = (at["left_hip"] + at["right_hip"]) / 2, (at["left_shoulder"] + at["right_shoulder"]) / 2
    length = float(np.hypot(*(chest - hips)))
    if np.isfinite(length) and length > 1.0:
        for name in COCO:
            flat[BLAZEPOSE_INDEX[name], :2] = (at[name] - hips) * (_TORSO_M / length)
            flat[BLAZEPOSE_INDEX[name], 2] = 0.0
        flat[np.isnan(flat).any(-1)] = np.nan
    return flat


def _in_camera_axes(world: Floats, person: PersonInput, camera: Camera) -> Floats:
    """Landmarks (33, 3) turned from the axes of the crop to those of the camera.

    The network sees every body as if the camera looked straight at it. Somebody at the edge of the picture is looked at
    along a slanted ray (23 degrees at the border of a webcam's picture), and so are the axes of the answer.
    """
    if person.landmarks is None:
        return world
    hips = person.landmarks.px[_HIPS].mean(0)
    ray = unit(np.array([(hips[0] - camera.cx) / camera.focal_px, (hips[1] - camera.cy) / camera.focal_px, 1.0]))
    if not np.isfinite(ray).all():
        return world
    result: Floats = world @ shortest_turn(np.array([0.0, 0.0, 1.0]), ray).T
    return result


def _visibility(person: PersonInput) -> Floats:
    """(33,) 0 to 1, how well each landmark was seen."""
    if person.landmarks is not None:
        return person.landmarks.visibility
    seen = np.zeros(33)
    for i, name in enumerate(COCO):
        seen[BLAZEPOSE_INDEX[name]] = person.keypoint_scores[i]
    return seen


def _picture_points(person: PersonInput) -> tuple[Floats, Floats]:
    """Measured points (J, 2) px of the joints, NaN = none, and their weights (J,)."""
    px, weight = np.full((len(JOINTS), 2), np.nan), np.zeros(len(JOINTS))
    if person.landmarks is not None:
        px[_SEEN_JOINTS] = person.landmarks.px[_SEEN_ROWS]
        weight[_SEEN_JOINTS] = np.maximum(person.landmarks.visibility[_SEEN_ROWS], 0.05)
    else:
        for i, name in enumerate(COCO):
            if name in INDEX and person.keypoint_scores[i] > 0.3:
                px[INDEX[name]], weight[INDEX[name]] = person.keypoints_px[i], person.keypoint_scores[i]
    return px, weight


def _sigma(person: PersonInput, visible: Floats) -> Floats:
    """(J,) metres: 2.5 cm where well seen, up to 12 cm where guessed; three times that without landmarks."""
    sigma = np.full(len(JOINTS), 0.04)
    sigma[_SEEN_JOINTS] = 0.025 + 0.095 * (1.0 - np.clip(visible[_SEEN_ROWS], 0, 1)) ** 2
    return sigma if person.landmarks is not None else 3.0 * sigma


def _known(world: Floats) -> NDArray[np.bool_]:
    """(N, J) bool: everything when the trunk is seen, less the limbs that are not; nothing without a trunk."""
    seen = np.all(np.isfinite(world), axis=-1)
    trunk = np.all(seen[:, [BLAZEPOSE_INDEX[n] for n in _TRUNK]], axis=-1)
    known = np.repeat(trunk[:, None], len(JOINTS), axis=1)
    for side in ("left", "right"):
        for name, below in (("elbow", ("elbow", "wrist", "hand")), ("wrist", ("wrist", "hand")),
                            ("knee", ("knee", "ankle", "foot", "heel", "toe")),
                            ("ankle", ("ankle", "foot", "heel", "toe")),
                            ("toe", ("foot", "heel", "toe")), ("ear", ("ear",))):  # fmt: skip
            for joint in below:
                known[:, INDEX[f"{side}_{joint}"]] &= seen[:, BLAZEPOSE_INDEX[f"{side}_{name}"]]
    return known
