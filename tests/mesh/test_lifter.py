"""The lifter with its shipped weights: right on clean bodies, the same whoever else is there, sound on bad input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from groupcoach.angles import measure, measure_joints
from groupcoach.errors import AssetError
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.lift_network import SHIPPED, LiftNetwork
from groupcoach.mesh.lifter import Lifter
from groupcoach.mesh.regressor import PersonInput
from groupcoach.records import BodyPose, Floats, Landmarks
from groupcoach.skeleton import ANGLE_INDEX, BLAZEPOSE, COCO, INDEX, INNER_ANGLES, JOINTS, N_SMPL

BODY = BodyModel()
CAMERA = Camera.guess(1280, 720)
DOWN = {"left_shoulder": (0, 0, -75), "right_shoulder": (0, 0, 75)}
POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "stand": DOWN,
    "squat": {
        "left_hip": (-80, 0, 5), "right_hip": (-80, 0, -5), "left_knee": (90, 0, 0), "right_knee": (90, 0, 0),
        "left_ankle": (-20, 0, 0), "right_ankle": (-20, 0, 0), "left_shoulder": (0, -80, -5),
        "right_shoulder": (0, 80, 5),
    },
    "arms up": {"left_shoulder": (0, 0, 70), "right_shoulder": (0, 0, -70)},
}  # fmt: skip
STAND_IN = {"index": "hand", "pinky": "hand", "thumb": "hand"}


def posed(name: str, yaw: float = 0.0, at: tuple[float, float, float] = (0.0, 0.0, 4.5)) -> Floats:
    """(31, 3) joints in camera axes."""
    rel = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
    rel[0, 0] = np.diag([1.0, -1.0, -1.0]) @ Rotation.from_euler("y", yaw, degrees=True).as_matrix()
    for joint, euler in POSES[name].items():
        rel[0, INDEX[joint]] = Rotation.from_euler("xyz", euler, degrees=True).as_matrix()
    return BODY.joints(rel, np.zeros((1, 10)), np.array([at]))[0]


def row(name: str) -> int:
    if name in INDEX:
        return INDEX[name]
    side, _, part = name.partition("_")
    return INDEX[f"{side}_{STAND_IN[part]}"] if part in STAND_IN else INDEX["nose"]


def seen(joints: Floats, track: int = 1, landmarks: bool = True) -> PersonInput:
    """As two perfect networks would see the body."""
    px = CAMERA.project(joints)
    keypoints = px[[row(n) for n in COCO]]
    box = np.concatenate([px.min(0) - 10, px.max(0) + 10])
    found = None
    if landmarks:
        hips = joints[[INDEX["left_hip"], INDEX["right_hip"]]].mean(0)
        world = joints[[row(n) for n in BLAZEPOSE]] - hips
        found = Landmarks(world, px[[row(n) for n in BLAZEPOSE]], np.full(33, 0.95), 1.0)
    return PersonInput(track, box, keypoints, np.full(17, 0.9), found)


def settle(person: PersonInput, lifter: Lifter | None = None, seconds: float = 1.0) -> BodyPose:
    """The answer after a second of standing like this."""
    lifter = lifter or Lifter(BODY)
    poses = [lifter.fit([person], CAMERA, k / 25) for k in range(round(seconds * 25))]
    return poses[-1][0]


@pytest.mark.parametrize("name", POSES)
@pytest.mark.parametrize("yaw", [0.0, 50.0, -90.0, 180.0])
def test_a_clean_body_is_found_again(name: str, yaw: float) -> None:
    joints, lifter = posed(name, yaw), Lifter(BODY)
    for k in range(50):  # everybody stands for a while before anything else
        lifter.fit([seen(posed("stand", yaw))], CAMERA, k / 25 - 2)
    pose = settle(seen(joints), lifter)
    off = np.linalg.norm((pose.joints_m - pose.joints_m[0]) - (joints - joints[0]), axis=1)
    assert off.mean() < 0.09, "root-aligned, metres"
    want = measure_joints(joints[None], np.zeros((1, len(JOINTS))))[0][0]
    got = measure([pose])[0].deg
    for angle in ("left_knee", "right_knee", "left_hip", "right_hip"):
        assert abs(got[ANGLE_INDEX[angle]] - want[ANGLE_INDEX[angle]]) < 12, angle


@pytest.mark.parametrize("yaw", [0.0, 180.0])
def test_a_squat_towards_the_camera_is_known_by_the_length_of_the_thighs(yaw: float) -> None:
    """Thighs that point at the camera look short; who was never seen standing may as well have short thighs."""
    squat, lifter = seen(posed("squat", yaw)), Lifter(BODY)
    for k in range(50):
        lifter.fit([seen(posed("stand", yaw))], CAMERA, k / 25 - 2)
    knee = ANGLE_INDEX["left_knee"]
    off, off_unknown = (abs(measure([pose])[0].deg[knee] - 90) for pose in (settle(squat, lifter), settle(squat)))
    assert off < 10
    assert off < off_unknown


def test_keypoints_alone_serve_and_are_less_sure() -> None:
    joints = posed("squat", 40.0)
    both, alone = settle(seen(joints)), settle(seen(joints, landmarks=False))
    assert np.isfinite(alone.joints_m).all()
    assert np.linalg.norm((alone.joints_m - alone.joints_m[0]) - (joints - joints[0]), axis=1).mean() < 0.13
    assert alone.angle_sigma_deg is not None
    assert both.angle_sigma_deg is not None
    assert alone.angle_sigma_deg.mean() > both.angle_sigma_deg.mean()


def test_the_mesh_stands_where_the_body_is_seen() -> None:
    joints = posed("stand", 20.0, at=(1.0, 0.1, 5.0))
    pose = settle(seen(joints))
    assert abs(pose.joints_m[0, 2] - 5.0) < 0.8
    assert np.abs(CAMERA.project(pose.joints_m) - CAMERA.project(joints)).mean() < 12


@pytest.mark.parametrize(
    ("share", "visibility", "detectors"),
    [(0.15, 0.4, True), (0.15, 0.99, False), (0.05, 0.4, False), (0.3, 0.99, True)],
    ids=["far and unsure", "far but sure", "near", "nowhere near"],
)  # fmt: skip
def test_landmarks_on_a_neighbours_foot_give_way_to_the_detector(
    share: float, visibility: float, detectors: bool
) -> None:
    person = seen(posed("stand"))
    assert person.landmarks is not None
    box, marks = person.box_xyxy, BLAZEPOSE.index("left_ankle")
    px, visible = person.landmarks.px.copy(), person.landmarks.visibility.copy()
    px[marks, 0] += share * float(np.hypot(*(box[2:] - box[:2])))
    visible[marks] = visibility
    pose = settle(replace(person, landmarks=replace(person.landmarks, px=px, visibility=visible)), seconds=0.1)
    right = person.keypoints_px[COCO.index("left_ankle")] if detectors else px[marks]
    assert pose.joints_px[row("left_ankle")] == pytest.approx(right)
    assert pose.joints_px[row("right_ankle")] == pytest.approx(person.landmarks.px[BLAZEPOSE.index("right_ankle")])


@pytest.mark.parametrize(
    ("share", "score", "doubtful"),
    [(0.15, 0.6, True), (0.15, 0.99, False), (0.0, 0.6, False)],
    ids=["unsure and elsewhere", "sure", "unsure, but both say so"],
)  # fmt: skip
def test_a_joint_that_neither_network_is_sure_of_is_stated_less_sure(
    share: float, score: float, doubtful: bool
) -> None:
    person = seen(posed("stand"))
    assert person.landmarks is not None
    box, px, scores = person.box_xyxy, person.landmarks.px.copy(), person.keypoint_scores.copy()
    px[BLAZEPOSE.index("left_ankle"), 0] += share * float(np.hypot(*(box[2:] - box[:2])))
    scores[COCO.index("left_ankle")] = score
    landmarks = replace(person.landmarks, px=px)
    sure, pose = (settle(replace(person, landmarks=landmarks, keypoint_scores=s), seconds=0.1)
                  for s in (person.keypoint_scores, scores))  # fmt: skip
    assert sure.angle_sigma_deg is not None
    assert pose.angle_sigma_deg is not None
    angles = list(INNER_ANGLES)
    for name, of in (("left_knee", doubtful), ("right_knee", False), ("left_elbow", False)):
        assert bool(pose.angle_sigma_deg[angles.index(name)] > 15) is of
    assert bool(pose.sigma_m[row("left_ankle")] > sure.sigma_m[row("left_ankle")] + 0.02) is doubtful
    assert pose.sigma_m[row("right_ankle")] < 0.09


def test_who_else_is_there_does_not_matter() -> None:
    people = [seen(posed("squat", 20.0 * k, at=(k - 2.0, 0.0, 6.0)), track=k) for k in range(5)]
    together, alone, backwards = Lifter(BODY), [Lifter(BODY) for _ in people], Lifter(BODY)
    for k in range(12):
        t = k / 12
        a = together.fit(people, CAMERA, t)
        b = [one.fit([p], CAMERA, t)[0] for one, p in zip(alone, people, strict=True)]
        c = backwards.fit(people[::-1], CAMERA, t)[::-1]
    for x, y, z in zip(a, b, c, strict=True):
        assert np.allclose(x.joints_m, y.joints_m, atol=1e-4)
        assert np.allclose(x.joints_m, z.joints_m, atol=1e-4)


def test_shape_is_steady() -> None:
    lifter, rng, person = Lifter(BODY), np.random.default_rng(0), seen(posed("stand"))
    betas = []
    for k in range(100):
        shaken = replace(person, keypoints_px=person.keypoints_px + rng.normal(0, 2, (17, 2)))
        betas.append(lifter.fit([shaken], CAMERA, k / 25)[0].betas)
    assert np.abs(np.diff(np.stack(betas[50:]), axis=0)).max() < 0.05


def test_nobody_and_too_little() -> None:
    lifter = Lifter(BODY)
    assert lifter.fit([], CAMERA, 0.0) == []
    person = seen(posed("stand"), landmarks=False)
    unseen = replace(person, keypoint_scores=np.zeros(17))
    nan = replace(person, keypoints_px=np.full((17, 2), np.nan))
    nowhere = replace(person, box_xyxy=np.full(4, np.nan))
    for k, (bad, ok) in enumerate(((unseen, person), (nan, person), (nowhere, person))):
        none, some = lifter.fit([replace(bad, track_id=2), replace(ok, track_id=3)], CAMERA, 0.1 * k)
        assert np.isnan(none.joints_m).all()
        assert np.isnan(none.sigma_m).all()
        assert np.isfinite(some.joints_m).all(), "one person's bad data is nobody else's"
        assert np.isnan(measure([none])[0].deg).all()


def test_nan_keypoints_never_come_out_as_numbers_of_their_own() -> None:
    person = seen(posed("stand"), landmarks=False)
    legs = [i for i, n in enumerate(COCO) if n.split("_")[-1] in ("knee", "ankle")]
    keypoints, scores = person.keypoints_px.copy(), person.keypoint_scores.copy()
    keypoints[legs], scores[legs] = np.nan, 0.0
    whole, half = settle(person), settle(replace(person, keypoints_px=keypoints, keypoint_scores=scores))
    assert np.isfinite(half.joints_m).all()
    knee = INDEX["left_knee"]
    assert half.sigma_m[knee] > 1.3 * whole.sigma_m[knee], "what is not seen is said to be unsure"
    assert np.abs(half.joints_m - half.joints_m[0]).max() < 1.4, "and the body is a body"


def test_a_track_that_is_forgotten_starts_afresh() -> None:
    lifter = Lifter(BODY)
    first = lifter.fit([seen(posed("squat"))], CAMERA, 0.0)[0]
    lifter.fit([seen(posed("arms up"))], CAMERA, 0.04)
    lifter.forget(1)
    lifter.forget(1)
    again = lifter.fit([seen(posed("squat"))], CAMERA, 0.08)[0]
    assert np.allclose(first.joints_m, again.joints_m, atol=1e-5)


def test_weights_of_another_kind_are_named_and_refused(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="Lifter weights not found"):
        LiftNetwork(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not weights")
    with pytest.raises(AssetError, match="not the weights of this lifter"):
        LiftNetwork(tmp_path / "bad.safetensors")
    with pytest.raises(AssetError, match="another kind"):
        LiftNetwork(SHIPPED.with_name("classifier.safetensors"))
    assert SHIPPED.stat().st_size < 20e6
