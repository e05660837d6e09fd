from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groupcoach.errors import AssetError, DataError
from groupcoach.mesh.body_model import REGIONS, BodyModel, default_path
from groupcoach.skeleton import INDEX, JOINTS, N_SMPL, mirrored

FACING = np.diag([1.0, -1.0, -1.0])


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel()


def about(axis: int, deg: float) -> np.ndarray:
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    turn = np.eye(3)
    a, b = [(1, 2), (2, 0), (0, 1)][axis]
    turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
    return turn


def pose(**turns: np.ndarray) -> np.ndarray:
    """(1, 24, 3, 3): the T-pose with some joints turned."""
    out = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
    for name, turn in turns.items():
        out[0, INDEX[name]] = turn
    return out


def joints(body: BodyModel, **turns: np.ndarray) -> dict[str, np.ndarray]:
    points = body.joints(pose(**turns), np.zeros((1, 10)), np.zeros((1, 3)))[0]
    return dict(zip(JOINTS, points, strict=True))


def litres(skin: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (skin[faces[:, k]] for k in range(3))
    return float(1000 * np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def random_bodies(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    turns, _ = np.linalg.qr(rng.normal(size=(n, N_SMPL, 3, 3)))
    turns *= np.sign(np.linalg.det(turns))[..., None, None]
    return turns, rng.normal(size=(n, 10)), rng.normal(size=(n, 3))


def test_numpy_joints_are_those_of_smplx(body: BodyModel) -> None:
    turns, betas, transl = random_bodies(6)
    ours, theirs = body.joints(turns, betas, transl)[:, :N_SMPL], body.smplx_joints(turns, betas, transl)
    assert np.abs(ours - theirs).max() < 0.001


def test_face_and_feet_stay_on_the_skin(body: BodyModel) -> None:
    turns, betas, transl = random_bodies(4)
    skin = body.vertices(turns, betas, transl)
    points = body.joints(turns, betas, transl)[:, N_SMPL:]
    away = np.linalg.norm(skin[:, None] - points[:, :, None], axis=-1).min(axis=2)
    assert away.max() < 0.03


def test_the_quick_skin_is_the_one_of_smplx(body: BodyModel) -> None:
    turns, betas, transl = random_bodies(20)
    ours, theirs = body.vertices(turns, betas, transl), body.smplx_vertices(turns, betas, transl)
    assert ours.dtype == theirs.dtype == np.float32
    assert ours.flags.c_contiguous
    assert np.abs(ours - theirs).max() < 1e-4


def test_live_skins_cost_little_and_need_no_torch() -> None:
    code = (
        "import sys, time, numpy as np; from groupcoach.mesh.body_model import BodyModel\n"
        "body, eye = BodyModel(), np.tile(np.eye(3), (20, 24, 1, 1))\n"
        "def once():\n"
        "    start = time.process_time(); body.vertices(eye, np.ones((20, 10)), np.ones((20, 3)))\n"
        "    return time.process_time() - start\n"
        "print(1000 * min(once() for _ in range(20)), 'torch' in sys.modules)"
    )
    one_core = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=one_core)
    ms, torch = done.stdout.split()
    assert torch == "False"
    assert float(ms) < 10  # 1 ms measured: time of the processor, so that a busy machine does not count


def test_a_body_with_pose_correctives_goes_through_smplx(tmp_path: Path, body: BodyModel) -> None:
    rng = np.random.default_rng(5)
    path = _without(tmp_path / "corrected.npz", posedirs=lambda a: rng.normal(0, 0.01, a.shape).astype(np.float32))
    corrected = BodyModel(path)
    assert corrected.correctives
    assert not body.correctives
    bent = pose(left_elbow=about(1, -90)), np.zeros((1, 10)), np.zeros((1, 3))
    skin = corrected.vertices(*bent)
    assert np.array_equal(skin, corrected.smplx_vertices(*bent))
    assert np.abs(skin - body.vertices(*bent)).max() > 0.005


def test_of_three_hundred_shapes_the_first_ten_are_used(tmp_path: Path, body: BodyModel) -> None:
    path = _without(tmp_path / "many.npz", shapedirs=lambda a: np.concatenate([a, np.ones((*a.shape[:2], 290))], 2))
    args = pose(), np.ones((1, 10)), np.zeros((1, 3))
    assert np.abs(BodyModel(path).vertices(*args) - body.vertices(*args)).max() < 1e-6


def test_a_body_of_other_shapes_is_known_from_ours(tmp_path: Path, body: BodyModel) -> None:
    assert body.ours
    assert not BodyModel(_without(tmp_path / "other.npz")).ours


def test_nobody_is_an_ordinary_number_of_people(body: BodyModel) -> None:
    nobody = np.zeros((0, N_SMPL, 3, 3)), np.zeros((0, 10)), np.zeros((0, 3))
    assert body.joints(*nobody).shape == (0, len(JOINTS), 3)
    assert body.vertices(*nobody).shape == (0, len(body.vertex_part), 3)
    assert body.rest_joints(nobody[1]).shape == (0, 24, 3)
    assert body.rest_extra(nobody[1]).shape == (0, 7, 3)


def test_the_rest_pose_is_a_t_with_the_left_at_plus_x(body: BodyModel) -> None:
    p = joints(body)
    for side, s in (("left", 1), ("right", -1)):
        arm = p[f"{side}_wrist"] - p[f"{side}_shoulder"]
        assert arm[0] * s > 0.4
        assert np.abs(arm[1:]).max() < 0.01
        shin = p[f"{side}_ankle"] - p[f"{side}_hip"]
        assert shin[1] < -0.7
        assert np.abs(shin[[0, 2]]).max() < 0.01
        assert p[f"{side}_toe"][2] > p[f"{side}_ankle"][2] > p[f"{side}_heel"][2]
    assert p["nose"][2] > p["left_ear"][2]
    assert p["head"][1] > p["neck"][1] > p["spine_high"][1] > p["spine_mid"][1] > p["spine_low"][1] > p["pelvis"][1]
    assert np.abs(p["pelvis"]).max() < 0.005


def test_left_and_right_are_mirror_images(body: BodyModel) -> None:
    p = joints(body)
    for name, point in p.items():
        assert np.abs(point * [-1, 1, 1] - p[mirrored(name)]).max() < 0.005, name


def test_the_skin_is_as_tall_as_a_person_and_closed_over_the_bones(body: BodyModel) -> None:
    skin = body.vertices(pose(), np.zeros((1, 10)), np.zeros((1, 3)))[0]
    assert 1.5 < np.ptp(skin[:, 1]) < 1.9
    assert np.ptp(skin[:, 0]) == pytest.approx(np.ptp(skin[:, 1]), rel=0.08)  # arm span is about the height
    assert 45 < litres(skin, body.faces) < 90  # positive: faces look outwards
    low, high = skin.min(axis=0), skin.max(axis=0)
    assert all((low < p).all() and (p < high).all() for p in body.rest_joints(np.zeros((1, 10)))[0])


def test_shape_changes_height_and_girth_and_leaves_the_root(body: BodyModel) -> None:
    betas = np.zeros((4, 10))
    betas[[0, 1], 0] = -2, 2
    betas[[2, 3], 5] = -2, 2
    root = body.rest_joints(betas)[:, 0]
    assert np.abs(root).max() < 0.02
    skin = body.vertices(np.repeat(pose(), 4, axis=0), betas, np.zeros((4, 3)))
    heights = np.ptp(skin[:, :, 1], axis=1)
    assert 0.2 < heights[1] - heights[0] < 0.6
    assert heights[3] == pytest.approx(heights[2], abs=0.03)
    assert litres(skin[3], body.faces) > litres(skin[2], body.faces) + 5


@pytest.mark.parametrize(("side", "s"), [("left", 1), ("right", -1)])
def test_joints_bend_the_way_people_do(body: BodyModel, side: str, s: int) -> None:
    curl = joints(body, **{f"{side}_elbow": about(1, -s * 90)})
    assert curl[f"{side}_wrist"][2] - curl[f"{side}_elbow"][2] > 0.2  # the hand comes to the front
    squat = joints(body, **{f"{side}_hip": about(0, -90), f"{side}_knee": about(0, 90)})
    assert squat[f"{side}_knee"][2] - squat[f"{side}_hip"][2] > 0.3
    assert squat[f"{side}_knee"][1] - squat[f"{side}_ankle"][1] > 0.3
    press = joints(body, **{f"{side}_shoulder": about(2, s * 90)})
    assert press[f"{side}_wrist"][1] - press[f"{side}_shoulder"][1] > 0.4
    palm = joints(body)
    assert abs(palm[f"{side}_hand"][1] - palm[f"{side}_wrist"][1]) < 0.02


def test_a_body_that_faces_the_camera_has_its_left_at_the_right_of_the_picture(body: BodyModel) -> None:
    p = joints(body, pelvis=FACING)
    assert p["left_shoulder"][0] > 0 > p["right_shoulder"][0]
    assert p["head"][1] < p["left_ankle"][1]  # y points down
    assert p["nose"][2] < p["left_ear"][2]  # towards the camera


def test_translation_moves_everything_alike(body: BodyModel) -> None:
    turns, betas, transl = random_bodies(3)
    moved = body.joints(turns, betas, transl + np.array([1.0, -2.0, 3.0])) - body.joints(turns, betas, transl)
    assert np.allclose(moved, [1.0, -2.0, 3.0])


def test_every_vertex_has_a_part_and_something_to_wear(body: BodyModel) -> None:
    assert set(range(N_SMPL)) - set(body.vertex_part.tolist()) <= {INDEX["spine_mid"]}
    assert set(body.regions.tolist()) == set(range(len(REGIONS)))
    on = {region: set(body.vertex_part[body.regions == i].tolist()) for i, region in enumerate(REGIONS)}
    assert on["hair"] == {INDEX["head"]}
    assert on["shoes"] == {INDEX[f"{s}_{j}"] for s in ("left", "right") for j in ("ankle", "foot")}
    assert INDEX["left_wrist"] in on["skin"]


def test_wrong_shapes_are_named(body: BodyModel) -> None:
    with pytest.raises(DataError, match=r"betas: expected \(2, 10\), got \(2, 9\)"):
        body.joints(np.zeros((2, 24, 3, 3)), np.zeros((2, 9)), np.zeros((2, 3)))
    with pytest.raises(DataError, match="rel_rotmats"):
        body.vertices(np.zeros((2, 24, 3)), np.zeros((2, 10)), np.zeros((2, 3)))
    with pytest.raises(DataError, match="betas"):
        body.rest_joints(np.zeros(10))


def _without(path: Path, **changes: Any) -> Path:
    with np.load(default_path()) as file:
        data = {k: file[k] for k in file if k not in ("posedirs",)}
    data["posedirs"] = np.zeros((len(data["v_template"]), 3, 207), np.float16)
    for name, value in changes.items():
        if value is None:
            del data[name]
        else:
            data[name] = value(data[name])
    np.savez(path, **data)
    return path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": None}, "no weights"),
        ({"J_regressor": lambda a: a[:23]}, r"J_regressor should have the shape \(24, 1229\), it has \(23, 1229\)"),
        ({"shapedirs": lambda a: a[:, :, :4]}, "shapedirs has 4 components"),
        ({"f": lambda a: a + 10_000}, "field f names vertices that do not exist"),
        ({"kintree_table": lambda a: np.zeros_like(a)}, "kintree_table"),
        ({"v_template": lambda a: a * np.nan}, "v_template holds values that are not finite"),
        ({"extra_regressor": None}, "extra_regressor"),
        ({"vertex_part": lambda a: a.astype(str)}, "vertex_part holds"),
    ],
)
def test_a_file_in_another_layout_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(AssetError, match=said):
        BodyModel(_without(tmp_path / "odd.npz", **changes))


def test_a_plain_smpl_file_does_without_our_own_labels(tmp_path: Path) -> None:
    def as_smpl(table: np.ndarray) -> np.ndarray:
        out = table.astype(np.uint32)
        out[0, 0] = 2**32 - 1
        return out

    path = _without(tmp_path / "smpl.npz", vertex_part=None, region=None, kintree_table=as_smpl)
    body = BodyModel(path)
    assert set(body.regions.tolist()) == {0}
    assert body.vertices(pose(), np.zeros((1, 10)), np.zeros((1, 3))).shape == (1, 1229, 3)


def test_missing_and_damaged_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"does not exist.*SMPL_NEUTRAL\.pkl"):
        BodyModel(tmp_path / "none.npz")
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(default_path().read_bytes()[:5000])
    with pytest.raises(AssetError, match="of plain arrays"):
        BodyModel(damaged)
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, v_template=np.array([{"a": 1}], dtype=object))
    with pytest.raises(AssetError, match="of plain arrays"):
        BodyModel(pickled)
