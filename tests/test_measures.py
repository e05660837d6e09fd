from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from groupcoach.angles import measure_joints
from groupcoach.measures import MEASURE_INDEX, MEASURES, TWO_SIDED, facing, measure_all, weighted_mean
from groupcoach.mesh.body_model import BodyModel
from groupcoach.records import Floats
from groupcoach.skeleton import ANGLE_INDEX, ANGLES, INDEX, JOINTS, N_SMPL, mirrored

BODY = BodyModel()
SIGMA = np.full((1, len(JOINTS)), 0.025)


def body(yaw: float = 0.0, lying: float = 0.0, **turns: tuple[float, float, float]) -> Floats:
    """(1, 31, 3) camera axes; ``lying`` 90 lays it on its front."""
    rel = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
    rel[0, 0] = np.diag([1.0, -1.0, -1.0]) @ Rotation.from_euler("yx", [yaw, lying], degrees=True).as_matrix()
    for name, euler in turns.items():
        rel[0, INDEX[name]] = Rotation.from_euler("xyz", euler, degrees=True).as_matrix()
    return BODY.joints(rel, np.zeros((1, 10)), np.array([[0.0, 0, 3]]))


def measured(joints: Floats, sigma: Floats = SIGMA) -> tuple[dict[str, float], dict[str, float]]:
    deg, deg_sigma = measure_joints(joints, sigma)
    value, value_sigma = measure_all(joints, sigma, deg, deg_sigma)
    return dict(zip(MEASURES, value[0].tolist(), strict=True)), dict(
        zip(MEASURES, value_sigma[0].tolist(), strict=True)
    )


def test_a_mean_counts_the_better_seen_side_more() -> None:
    deg, sigma = np.full((3, len(ANGLES)), np.nan), np.full((3, len(ANGLES)), np.nan)
    sides = ["left_knee", "right_knee"]
    columns = [ANGLE_INDEX[n] for n in sides]
    deg[0, columns], sigma[0, columns] = (100, 130), (5, 10)
    deg[1, columns], sigma[1, columns] = (100, np.nan), (5, np.nan)
    mean, spread = weighted_mean(deg, sigma, sides)
    assert mean[0] == pytest.approx(106)
    assert spread[0] == pytest.approx(1 / np.sqrt(1 / 25 + 1 / 100))
    assert (mean[1], spread[1]) == (100, 5)
    assert np.isnan([mean[2], spread[2]]).all()


def test_a_squat_by_numbers() -> None:
    value, sigma = measured(body(left_hip=(-90, 0, 0), right_hip=(-90, 0, 0), left_knee=(100, 0, 0),
                                 right_knee=(80, 0, 0)))  # fmt: skip
    assert value["knee"] == pytest.approx(90, abs=3)
    assert value["knee_low"] == pytest.approx(80, abs=3)
    assert value["trunk_lean"] == pytest.approx(abs(value["trunk_swing"]))
    assert value["trunk_lean"] < 5
    assert value["trunk_back"] == value["trunk_swing"]
    assert value["trunk_minus_shin"] == pytest.approx(value["trunk_lean"] - value["shin_lean"])
    assert all(sigma[n] > 0 for n in MEASURES)


def plank(sag_m: float) -> Floats:
    """On the front, seen from the side; the hips ``sag_m`` below the line from shoulders to ankles."""
    joints = body(yaw=90, lying=90)
    shoulders = joints[0, [INDEX["left_shoulder"], INDEX["right_shoulder"]], 1].mean()
    for name, y in (("hip", shoulders + sag_m), ("ankle", shoulders)):
        for side in ("left", "right"):
            joints[0, INDEX[f"{side}_{name}"], 1] = y
    return joints


@pytest.mark.parametrize("sag_m", [-0.2, -0.05, 0.05, 0.2])
def test_hips_that_hang_are_sag_and_hips_that_stand_are_pike(sag_m: float) -> None:
    value, _ = measured(plank(sag_m))
    assert np.sign(value["hip_sag"]) == np.sign(sag_m)
    assert value["hip_pike"] == -value["hip_sag"]
    assert abs(value["hip_sag"]) == pytest.approx(abs(measured(plank(-sag_m))[0]["hip_sag"]), abs=0.5)


def test_sag_of_a_known_triangle() -> None:
    joints = np.full((1, len(JOINTS), 3), np.nan)
    for side, z in (("left", 2.9), ("right", 3.1)):
        joints[0, INDEX[f"{side}_shoulder"]] = (-0.5, 0, z)
        joints[0, INDEX[f"{side}_hip"]] = (0, 0.5 * np.tan(np.radians(10)), z)
        joints[0, INDEX[f"{side}_ankle"]] = (0.5, 0, z)
    assert measured(joints)[0]["hip_sag"] == pytest.approx(20)


def test_knees_that_fall_in_are_measured_in_torso_lengths() -> None:
    joints = body()
    torso = np.linalg.norm(joints[0, INDEX["neck"]] - joints[0, INDEX["pelvis"]])
    for side, sign in (("left", 1), ("right", -1)):
        joints[0, INDEX[f"{side}_knee"], 0] = sign * 0.05
        joints[0, INDEX[f"{side}_ankle"], 0] = sign * 0.15
    value, _ = measured(joints)
    assert value["knees_inside_feet"] == pytest.approx(0.2 / torso)
    assert measured(2 * joints)[0]["knees_inside_feet"] == pytest.approx(value["knees_inside_feet"])


def test_the_mirror_image_measures_the_same() -> None:
    joints = body(20, left_hip=(-80, 10, 0), left_knee=(85, 0, 0), right_elbow=(0, 60, 0), spine_mid=(10, 5, 0))
    other = joints[:, [INDEX[mirrored(n)] for n in JOINTS]] * [-1, 1, 1]
    there, here = measured(other)[0], measured(joints)[0]
    turned = {n for n in MEASURES if n in TWO_SIDED or n.startswith("left_")}  # these say which side
    assert there == pytest.approx({n: -v if n in turned else v for n, v in here.items()}, abs=1e-6)
    assert abs(here["knee_gap"]) > 50


def test_what_is_not_seen_is_nan_and_so_is_its_spread() -> None:
    value, sigma = measured(np.full((1, len(JOINTS), 3), np.nan))
    assert np.isnan([*value.values(), *sigma.values()]).all()
    joints = body()
    joints[0, INDEX["left_ankle"]] = np.nan
    value, sigma = measured(joints)
    for name in ("hip_sag", "hip_pike", "knees_inside_feet", "knee_low"):
        assert np.isnan([value[name], sigma[name]]).all(), name
    assert np.isfinite([value["knee"], sigma["knee"]]).all()  # the other side is seen
    assert {n for n in MEASURES if np.isnan(value[n])} == {n for n in MEASURES if np.isnan(sigma[n])}


def test_the_picture_says_how_far_the_feet_are_apart_where_it_can() -> None:
    # a few degrees are the regressor's error; feet that are nowhere near are somebody else's
    for apart, yaw, lies, told in (
        (5.0, 0.0, True, True), (5.0, 40.0, True, True), (5.0, 90.0, True, False), (5.0, 0.0, False, False),
        (20.0, 0.0, True, False),
    ):  # fmt: skip
        joints = body(yaw, left_hip=(0.0, 0.0, apart), right_hip=(0.0, 0.0, -apart))
        believed = body(yaw)  # the regressor thinks the feet are together
        px = joints[..., :2] / joints[..., 2:] * 900 + 640
        deg, sigma_deg = measure_joints(believed, SIGMA)
        value, sigma = (a[0, MEASURE_INDEX["feet_apart"]]
                        for a in measure_all(believed, SIGMA, deg, sigma_deg, px if lies else None))  # fmt: skip
        truth, thought = measured(joints)[0]["feet_apart"], measured(believed)[0]["feet_apart"]
        assert value == pytest.approx(truth if told else thought, abs=3)
        assert truth > thought + 5
        assert sigma < 6 or not told


def test_feet_that_are_hidden_are_not_measured() -> None:
    joints, unsure = body(), SIGMA.copy()
    unsure[:, INDEX["left_ankle"]] = 0.12
    deg, sigma_deg = measure_joints(joints, unsure)
    for px in (None, joints[..., :2] / joints[..., 2:] * 900 + 640):
        value, sigma = measure_all(joints, unsure, deg, sigma_deg, px)
        assert np.isnan([value[0, MEASURE_INDEX["feet_apart"]], sigma[0, MEASURE_INDEX["feet_apart"]]]).all()
        assert np.isfinite(measure_all(joints, SIGMA, deg, sigma_deg, px)[0][0, MEASURE_INDEX["feet_apart"]])


def _knees_in(joints: np.ndarray, believed: np.ndarray, sigma: np.ndarray = SIGMA) -> tuple[float, float]:
    """``knees_inside_feet`` of a body in the picture that the regressor takes for another."""
    deg, sigma_deg = measure_joints(believed, sigma)
    px = joints[..., :2] / joints[..., 2:] * 900 + 640
    value, wide = measure_all(believed, sigma, deg, sigma_deg, px)
    return float(value[0, MEASURE_INDEX["knees_inside_feet"]]), float(wide[0, MEASURE_INDEX["knees_inside_feet"]])


def test_the_picture_says_how_far_the_knees_fall_in() -> None:
    squat = {f"{s}_{j}": (a, 0, 0) for s in ("left", "right") for j, a in (("hip", -80), ("knee", 85))}
    apart = body(0.0, **squat)
    inward = apart.copy()
    for side, sign in (("left", -1), ("right", 1)):
        inward[0, INDEX[f"{side}_knee"], 0] += sign * 0.06
    truth, thought = (measured(joints)[0]["knees_inside_feet"] for joints in (inward, apart))
    assert truth > thought + 0.2
    value, sigma = _knees_in(inward, apart)
    assert value == pytest.approx(truth, abs=0.04)
    assert sigma < 0.08
    # knees nearer to the camera look further apart than they are
    assert _knees_in(apart, apart)[0] == pytest.approx(thought, abs=0.03)
    # the body's own where the camera does not see it, and where the picture's is none that people make
    turned = body(60.0, **squat)
    assert _knees_in(body(60.0), turned)[0] == pytest.approx(measured(turned)[0]["knees_inside_feet"])
    unsure = SIGMA.copy()
    unsure[:, INDEX["left_knee"]] = 0.12
    assert _knees_in(inward, apart, unsure)[0] == pytest.approx(thought)
    crossed = apart.copy()
    for side in ("left", "right"):
        crossed[0, INDEX[f"{side}_ankle"], 0] *= 4
    assert _knees_in(crossed, apart)[0] == pytest.approx(thought + 0.25)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("yaw", [0.0, 130.0])
def test_the_foot_in_front_is_higher_on_a_step_and_lower_in_a_lunge(side: str, yaw: float) -> None:
    other = mirrored(side)
    step = measured(body(yaw, **{f"{side}_hip": (-80, 0, 0), f"{side}_knee": (70, 0, 0)}))[0]
    assert step["front_up"] > 0.4
    lunge = measured(body(yaw, **{f"{side}_hip": (-60, 0, 0), f"{side}_knee": (60, 0, 0),
                                  f"{other}_hip": (15, 0, 0), f"{other}_knee": (75, 0, 0)}))[0]  # fmt: skip
    assert lunge["front_up"] < -0.2
    assert abs(measured(body(yaw))[0]["front_up"]) < 0.05


def test_nobody() -> None:
    empty = np.zeros((0, len(JOINTS), 3))
    a = np.zeros((0, len(ANGLES)))
    assert measure_all(empty, SIGMA[:0], a, a)[0].shape == (0, len(MEASURES))
    assert facing(empty) == []


def test_every_measure_has_a_column() -> None:
    assert sorted(MEASURE_INDEX.values()) == list(range(len(MEASURES)))


@pytest.mark.parametrize(
    ("yaw", "view"),
    [(0, "front"), (20, "front"), (-20, "front"), (45, "oblique"), (90, "side"), (-90, "side"), (80, "side"),
     (135, "oblique"), (180, "back"), (160, "back")],
)  # fmt: skip
def test_from_where_a_body_is_seen(yaw: float, view: str) -> None:
    assert facing(body(yaw)) == [view]


def test_who_is_not_seen_faces_nowhere_in_particular() -> None:
    joints = np.concatenate([body(), np.full((1, len(JOINTS), 3), np.nan), body(90), np.zeros((1, len(JOINTS), 3))])
    assert facing(joints) == ["front", "oblique", "side", "oblique"]
