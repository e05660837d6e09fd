from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from groupcoach.angles import measure, measure_joints
from groupcoach.errors import ConfigError
from groupcoach.mesh.analytic import AnalyticLifter
from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.regressor import PersonInput, build_regressor
from groupcoach.records import BodyPose, Floats, Landmarks
from groupcoach.skeleton import ANGLE_INDEX, BLAZEPOSE, BLAZEPOSE_INDEX, COCO, INDEX, JOINTS, N_SMPL, mirrored

BODY = BodyModel()
CAMERA = Camera.guess(1280, 720)
AHEAD = np.array([0.0, 0.0, 4.0])
POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "stand": {},
    "squat": {
        "left_hip": (-90, 0, 5), "right_hip": (-95, 0, -5), "left_knee": (100, 0, 0), "right_knee": (105, 0, 0),
        "left_ankle": (-20, 0, 0), "right_ankle": (-20, 0, 0), "left_shoulder": (0, -80, -5),
        "right_shoulder": (0, 70, -10),
    },
    "lunge": {"left_hip": (-80, 10, 0), "left_knee": (85, 0, 0), "right_hip": (10, 0, 0), "right_knee": (80, 0, 0)},
    "curl": {
        "left_shoulder": (0, 0, -75), "right_shoulder": (0, 0, 75), "left_elbow": (0, -110, 0),
        "right_elbow": (0, 60, 0),
    },
    "arms up": {"left_shoulder": (0, 0, 80), "right_shoulder": (0, 0, -60), "left_hip": (0, 0, 20)},
}  # fmt: skip
IN_BOTH = [n for n in BLAZEPOSE if n in INDEX]


def posed(
    turns: Mapping[str, tuple[float, float, float]], yaw: float = 0.0, lying: float = 0.0, hips: Floats = AHEAD
) -> Floats:
    """(31, 3) joints in camera axes, with the middle of the hips at ``hips``."""
    rel = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
    turn = Rotation.from_euler("yx", [yaw, lying], degrees=True).as_matrix()
    rel[0, 0] = np.diag([1.0, -1.0, -1.0]) @ turn
    for name, euler in turns.items():
        rel[0, INDEX[name]] = Rotation.from_euler("xyz", euler, degrees=True).as_matrix()
    joints = BODY.joints(rel, np.zeros((1, 10)), np.zeros((1, 3)))[0]
    return joints + hips - middle(joints)


def middle(joints: Floats) -> Floats:
    result: Floats = (joints[INDEX["left_hip"]] + joints[INDEX["right_hip"]]) / 2
    return result


def seen(joints: Floats, track: int = 1, hide: tuple[str, ...] = ()) -> PersonInput:
    world, px, visible = np.full((33, 3), np.nan), np.full((33, 2), np.nan), np.zeros(33)
    hips = middle(joints)
    # the network answers in the axes of its crop: as if the camera looked straight at the hips
    slant = Rotation.from_euler("yx", [np.arctan2(hips[0], hips[2]), -np.arctan2(hips[1], np.hypot(hips[0], hips[2]))])
    for name in IN_BOTH:
        if name not in hide:
            row = BLAZEPOSE_INDEX[name]
            world[row], px[row] = slant.inv().apply(joints[INDEX[name]] - hips), CAMERA.project(joints[INDEX[name]])
            visible[row] = 1.0
    return PersonInput(track, np.zeros(4), np.full((17, 2), np.nan), np.zeros(17), Landmarks(world, px, visible, 1.0))


def flat(joints: Floats) -> PersonInput:
    points = np.stack([CAMERA.project(joints[INDEX[n]]) if n in INDEX else np.full(2, np.nan) for n in COCO])
    return PersonInput(1, np.zeros(4), points, np.where(np.isfinite(points).all(1), 0.9, 0.0), None)


def fit(*people: PersonInput) -> list[BodyPose]:
    return AnalyticLifter(BODY).fit(people, CAMERA, 0.0)


def truth(joints: Floats) -> Floats:
    return measure_joints(joints[None], np.zeros((1, len(JOINTS))))[0][0]


@pytest.mark.parametrize("yaw", [0, 45, 90, 180, 250])
@pytest.mark.parametrize("name", POSES)
def test_angles_come_back_from_any_side(name: str, yaw: float) -> None:
    joints = posed(POSES[name], yaw)
    (pose,) = fit(seen(joints))
    off = measure([pose])[0].deg - truth(joints)
    assert np.abs(off).max() < 0.5  # on its own body the fit is exact
    assert pose.joints_m == pytest.approx(joints, abs=0.005)
    at_rest = BODY.rest_joints(np.zeros((1, 10)))[0, 0]
    assert pose.transl_m == pytest.approx(joints[0] - at_rest, abs=0.005)
    found = np.isfinite(seen(joints).landmarks.px[:, 0])  # type: ignore[union-attr]
    rows = [INDEX[n] for n in IN_BOTH if found[BLAZEPOSE_INDEX[n]]]
    assert pose.joints_px[rows] == pytest.approx(CAMERA.project(joints[rows]))


@pytest.mark.parametrize("x", [-1.8, 1.0, 2.1])
def test_a_body_at_the_edge_of_the_picture_is_not_taken_for_a_turned_one(x: float) -> None:
    joints = posed(POSES["squat"], 20, hips=np.array([x, 0.3, 4.0]))
    (pose,) = fit(seen(joints))
    assert pose.joints_m == pytest.approx(joints, abs=0.05)
    assert np.abs(measure([pose])[0].deg - truth(joints)).max() < 2


def test_a_body_lying_on_the_floor() -> None:
    for lying in (90, -90):
        joints = posed(POSES["squat"], 70, lying)
        off = measure(fit(seen(joints)))[0].deg - truth(joints)
        assert np.abs(off).max() < 2


@pytest.mark.parametrize("name", POSES)
def test_the_mirror_image_has_mirrored_angles(name: str) -> None:
    joints = posed(POSES[name], 30)
    other = joints[[INDEX[mirrored(n)] for n in JOINTS]] * [-1, 1, 1]
    a, b = (measure(fit(seen(j)))[0].deg for j in (joints, other))
    swapped = b[[ANGLE_INDEX[mirrored(n)] for n in ANGLE_INDEX]]
    assert swapped == pytest.approx(a, abs=1.0)


def test_rotations_are_rotations_and_make_the_joints() -> None:
    (pose,) = fit(seen(posed(POSES["squat"], 50)))
    turns = pose.rel_rotmats
    assert np.swapaxes(turns, -1, -2) @ turns == pytest.approx(np.tile(np.eye(3), (N_SMPL, 1, 1)), abs=1e-6)
    assert np.linalg.det(turns) == pytest.approx(1.0)
    again = BODY.joints(turns[None], pose.betas[None], pose.transl_m[None])[0]
    assert again == pytest.approx(pose.joints_m, abs=1e-6)


def test_nothing_seen_is_nan_and_never_a_number() -> None:
    nothing = seen(posed({}), hide=tuple(IN_BOTH))
    for person in (nothing, PersonInput(1, np.zeros(4), np.full((17, 2), np.nan), np.zeros(17), None)):
        (pose,) = fit(person)
        for value in (pose.joints_m, pose.joints_px, pose.sigma_m):
            assert np.isnan(value).all()
        assert np.isnan(measure([pose])[0].deg).all()


@pytest.mark.parametrize(
    ("hidden", "unknown"),
    [(("left_wrist",), {"left_wrist", "left_hand"}),
     (("right_knee",), {"right_knee", "right_ankle", "right_foot", "right_heel", "right_toe"}),
     (("left_hip",), set(JOINTS))],
)  # fmt: skip
def test_what_hangs_on_an_unseen_joint_is_unknown_and_nothing_else(hidden: tuple[str, ...], unknown: set[str]) -> None:
    (pose,) = fit(seen(posed(POSES["squat"], 30), hide=hidden))
    assert {n for n in JOINTS if np.isnan(pose.joints_m[INDEX[n]]).any()} == unknown
    assert {n for n in JOINTS if np.isnan(pose.sigma_m[INDEX[n]])} == unknown
    assert np.isfinite(pose.rel_rotmats).all()


def test_one_person_does_not_touch_another() -> None:
    joints = posed(POSES["squat"], 30)
    alone = fit(seen(joints))[0]
    nobody = PersonInput(2, np.zeros(4), np.full((17, 2), np.nan), np.zeros(17), None)
    crowd = fit(nobody, seen(joints), seen(posed(POSES["curl"]), track=3))
    assert crowd[1].joints_m == pytest.approx(alone.joints_m)
    assert np.isnan(crowd[0].joints_m).all()
    assert fit() == []


def test_without_landmarks_it_is_a_flat_figure_that_says_how_unsure_it_is() -> None:
    joints = posed(POSES["arms up"])  # all of it in the picture plane
    (pose,) = fit(flat(joints))
    off = np.abs(measure([pose])[0].deg - truth(joints))
    for name in ("left_elbow", "right_elbow", "left_shoulder", "right_shoulder", "left_knee", "right_knee"):
        assert off[ANGLE_INDEX[name]] < 10, name
    sure = fit(seen(joints))[0]
    rows = [INDEX[n] for n in IN_BOTH if n in COCO]
    assert (pose.sigma_m[rows] > 2.5 * sure.sigma_m[rows]).all()


def test_hidden_joints_are_less_sure() -> None:
    person = seen(posed({}))
    assert person.landmarks is not None
    person.landmarks.visibility[BLAZEPOSE_INDEX["left_wrist"]] = 0.1
    (pose,) = fit(person)
    assert pose.sigma_m[INDEX["left_wrist"]] > 3 * pose.sigma_m[INDEX["right_wrist"]]


def test_smoothing_keeps_nobody_waiting_and_ends_with_the_track() -> None:
    down, up = seen(posed(POSES["squat"])), seen(posed({}))
    knee = ANGLE_INDEX["left_knee"]
    lifter = AnalyticLifter(BODY)

    def at(person: PersonInput, t_s: float) -> float:
        return float(measure(lifter.fit([person], CAMERA, t_s))[0].deg[knee])

    straight = truth(posed({}))[knee]
    assert at(down, 0.0) < 90
    at(up, 0.03)
    assert at(up, 0.1) == pytest.approx(straight, abs=3)
    at(down, 0.23)
    lifter.forget(1)
    assert at(up, 0.26) == pytest.approx(straight, abs=0.5)
    at(down, 0.3)
    assert at(up, 0.9) == pytest.approx(straight, abs=0.5)  # a gap forgets too


def test_smoothing_calms_a_still_body() -> None:
    rng, joints = np.random.default_rng(0), posed({}, 30)
    lifter, raw, calm = AnalyticLifter(BODY), [], []
    for k in range(60):
        noisy = seen(joints + 0.002 * rng.standard_normal(joints.shape))
        raw.append(fit(noisy)[0].joints_m)
        calm.append(lifter.fit([noisy], CAMERA, k / 30)[0].joints_m)
    rows = [INDEX[n] for n in ("left_elbow", "right_elbow", "left_knee", "right_knee")]
    assert np.std(calm, axis=0)[rows].mean() < 0.85 * np.std(raw, axis=0)[rows].mean()


def test_what_was_seen_before_is_not_carried_on() -> None:
    lifter = AnalyticLifter(BODY)
    lifter.fit([seen(posed({}))], CAMERA, 0.0)
    (pose,) = lifter.fit([seen(posed({}), hide=("left_wrist",))], CAMERA, 0.05)
    assert np.isnan(pose.joints_m[INDEX["left_wrist"]]).all()


def test_the_landmarks_handed_in_are_not_changed() -> None:
    lifter, person = AnalyticLifter(BODY), seen(posed(POSES["squat"]))
    assert person.landmarks is not None
    before = person.landmarks.world_m.copy()
    lifter.fit([person], CAMERA, 0.0)
    lifter.fit([seen(posed({}))], CAMERA, 0.05)
    assert (person.landmarks.world_m[np.isfinite(before)] == before[np.isfinite(before)]).all()


@pytest.mark.parametrize("name", ["hmr", "spin"])
def test_other_regressors_say_what_to_use(name: str) -> None:
    with pytest.raises(ConfigError, match="lifter"):
        build_regressor(name)
    assert build_regressor("lifter").name == "lifter"
