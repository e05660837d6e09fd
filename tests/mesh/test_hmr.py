import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from groupcoach.classify.network import Classifier
from groupcoach.detect.budget import LandmarkBudget
from groupcoach.detect.scripted import ScriptedDetector
from groupcoach.errors import AssetError, ConfigError, DataError
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.mesh import hmr
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.hmr import SIGMA_M, SIGMA_OUTSIDE_M, HmrRegressor, crops, locate, rotations, square
from groupcoach.mesh.hmr_network import HmrNetwork, load_network
from groupcoach.mesh.regressor import PersonInput, build_regressor
from groupcoach.pipeline import Pipeline
from groupcoach.records import Frame, Observations
from groupcoach.skeleton import ANGLE_INDEX, INDEX, N_SMPL
from groupcoach.track.identity import Identity
from groupcoach.track.tracker import Tracker

Weights = dict[str, torch.Tensor]
CAMERA = Camera.guess(640, 480)
FLIP = np.diag([1.0, -1.0, -1.0])


@pytest.fixture(scope="module")
def weights() -> Weights:
    """The tensors of a checkpoint-shaped file: a regression that changes nothing, and a mean pose of its own.

    The zeros are one number spread over the shape, so that a file takes kilobytes instead of a hundred megabytes.
    """
    with torch.device("meta"):
        layout = HmrNetwork().state_dict()
    made = {k: torch.zeros(1, dtype=v.dtype)[0].expand(v.shape) for k, v in layout.items()}
    pose = torch.eye(3)[:, :2].repeat(N_SMPL, 1, 1)
    pose[0] = torch.tensor(FLIP[:, :2])  # upright and facing the camera
    made["init_pose"] = pose.reshape(1, -1)
    made["init_shape"] = torch.arange(10.0)[None] / 10
    made["init_cam"] = torch.tensor([[0.9, 0.0, 0.3]])
    return made


@pytest.fixture
def keep(weights: Weights, tmp_path: Path) -> Callable[..., Path]:
    """Write a checkpoint of those tensors with some changed."""

    def write(**changed: Any) -> Path:
        path = tmp_path / "hmr.pt"
        torch.save({"model": {**weights, **{k.replace("__", "."): v for k, v in changed.items()}}, "epoch": 3}, path)
        return path

    return write


@pytest.fixture(scope="module")
def regressor(weights: Weights, tmp_path_factory: pytest.TempPathFactory) -> HmrRegressor:
    path = tmp_path_factory.mktemp("hmr") / "hmr.pt"
    torch.save({"model": weights}, path)
    built = build_regressor("hmr", checkpoint=path)
    assert isinstance(built, HmrRegressor)
    return built


def person(*box: float, track: int = 1) -> PersonInput:
    return PersonInput(track, np.array(box, float), np.full((17, 2), np.nan), np.zeros(17), None)


def picture() -> Any:
    return np.random.default_rng(3).integers(0, 255, (480, 640, 3), dtype=np.uint8)


# -- the layout ---------------------------------------------------------------------------------------------------


def test_names_and_shapes_are_those_of_the_module(weights: Weights) -> None:
    head = {k: tuple(v.shape) for k, v in weights.items() if not k.startswith(("layer", "conv", "bn"))}
    assert head == {
        "fc1.weight": (1024, 2048 + 144 + 13), "fc1.bias": (1024,), "fc2.weight": (1024, 1024), "fc2.bias": (1024,),
        "decpose.weight": (144, 1024), "decpose.bias": (144,), "decshape.weight": (10, 1024), "decshape.bias": (10,),
        "deccam.weight": (3, 1024), "deccam.bias": (3,), "init_pose": (1, 144), "init_shape": (1, 10),
        "init_cam": (1, 3),
    }  # fmt: skip
    convolutions = [k for k, v in weights.items() if v.ndim == 4]
    assert len(convolutions) == 53
    assert weights["layer4.2.conv3.weight"].shape == (2048, 512, 1, 1)
    assert "layer1.0.downsample.0.weight" in weights


def test_wrapped_bare_parallel_double_and_old_files_are_all_read(weights: Weights, tmp_path: Path) -> None:
    old = {k: v for k, v in weights.items() if "num_batches" not in k}
    old |= {"init_cam": old["init_cam"].double(), "smpl.betas": torch.zeros(1, 10)}
    torch.save({"model": {f"module.{k}": v for k, v in old.items()}, "optimizer": {"lr": 1e-4}}, tmp_path / "old.pt")
    save_file({k: v.to(torch.int8).contiguous() for k, v in weights.items()}, tmp_path / "bare.safetensors")
    for name in ("old.pt", "bare.safetensors"):
        network = load_network(tmp_path / name)
        assert not network.training
        assert {p.dtype for p in network.parameters()} == {torch.float32}
        assert torch.equal(network.init_pose, weights["init_pose"])
        assert network.init_cam.dtype == torch.float32


def test_another_layout_is_refused_entry_by_entry(keep: Callable[..., Path], weights: Weights, tmp_path: Path) -> None:
    path = keep(decpose__weight=torch.zeros(72, 1024), fc2__bias=[1.0, 2.0], init_cam=torch.tensor([[np.nan, 0, 0]]),
                layer1__3__conv1__weight=torch.zeros(64, 256, 1, 1))  # fmt: skip
    with pytest.raises(AssetError, match="is not in the layout of FrankMocap's body module") as refused:
        load_network(path)
    for words in (
        "decpose.weight should have the shape (144, 1024), it has (72, 1024)", "fc2.bias is no plain array",
        "not finite: init_cam", "unknown: layer1.3.conv1.weight", str(path),
    ):  # fmt: skip
        assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "missing" not in str(refused.value)
    torch.save({k: v for k, v in weights.items() if not k.startswith(("fc", "dec"))}, tmp_path / "resnet.pt")
    with pytest.raises(AssetError, match=r"missing: fc1.weight; .* and 6 more"):
        load_network(tmp_path / "resnet.pt")


class Code:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (str(self.path), "w")


def test_code_in_a_checkpoint_is_named_and_not_run(weights: Weights, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    torch.save({"model": weights["fc1.bias"], "x": Code(trace)}, tmp_path / "bad.pt")
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"model": Code(trace)}))
    torch.save({"model": weights["fc1.bias"], "x": Code(trace)}, tmp_path / "old.pt",
               _use_new_zipfile_serialization=False)  # fmt: skip
    for name in ("bad.pt", "old.pt"):
        with pytest.raises(AssetError, match=r"bad.pt|old.pt") as refused:
            load_network(tmp_path / name)
        assert "open" in str(refused.value)
        assert "Nothing of it was run" in str(refused.value)
    with pytest.raises(AssetError, match=r"plain.pkl"):
        load_network(tmp_path / "plain.pkl")
    assert not trace.exists()


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "text.safetensors").write_text("hello")
    for name in ("text.pt", "empty.pt", "text.safetensors", "nowhere.pt", "."):
        with pytest.raises(AssetError, match=r"FrankMocap"):
            load_network(tmp_path / name)
    torch.save(torch.zeros(3), tmp_path / "tensor.pt")
    with pytest.raises(AssetError, match="no weights with names"):
        load_network(tmp_path / "tensor.pt")


def test_without_a_checkpoint_it_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs --checkpoint FILE.*neither ships nor downloads.*licence"):
        build_regressor("hmr")
    with pytest.raises(ConfigError, match=r"--checkpoint .* is for --regressor hmr"):
        build_regressor("lifter", checkpoint=tmp_path / "x.pt")
    with pytest.raises(ConfigError, match="Did you mean 'hmr'"):
        build_regressor("hmrr")


# -- crops and cameras ------------------------------------------------------------------------------------------------


def test_the_six_numbers_are_two_columns_row_by_row() -> None:
    turn, _ = cv2.Rodrigues(np.array([0.3, -0.8, 0.5]))
    six = np.tile((turn[:, :2] * [2.0, 3.0]).reshape(-1), (1, N_SMPL))
    np.testing.assert_allclose(rotations(six)[0], np.tile(turn, (N_SMPL, 1, 1)), atol=1e-12)


def test_a_crop_is_the_square_around_the_box_and_black_outside() -> None:
    assert square(np.array([100.0, 50.0, 200.0, 350.0])).tolist() == [150.0, 200.0, 360.0]
    image = np.full((480, 640, 3), 255, np.uint8)
    image[200:, :, 1:] = 0  # below row 200 red
    (cut,) = crops(image, np.array([[0.0, 200.0, 448.0]]))
    back = cut.transpose(1, 2, 0) * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]
    np.testing.assert_allclose(back[50, 60], [0, 0, 0], atol=1e-5)  # left of the picture
    np.testing.assert_allclose(back[50, 160], [1, 1, 1], atol=1e-5)
    np.testing.assert_allclose(back[160, 160], [1, 0, 0], atol=1e-5)
    assert abs(int(np.argmin(back[20:, 160, 1] > 0.5)) + 20 - 112) <= 1


def test_the_body_lands_where_the_crop_shows_it() -> None:
    squares = np.array([[320.0, 240.0, 300.0], [560.0, 100.0, 200.0]])
    cam = np.array([[0.8, 0.1, -0.2], [1.1, 0.0, 0.0]])
    origin, turn = locate(cam, squares, CAMERA)
    # in the crop from -1 to 1 at t; the second crop is looked at along its own ray
    np.testing.assert_allclose(CAMERA.project(origin), [[335.0, 210.0], [560.0, 100.0]], atol=1e-6)
    np.testing.assert_allclose(turn[0], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(turn[1] @ [0, 0, 1], origin[1] / np.linalg.norm(origin[1]), atol=1e-12)
    # a short upright stick keeps its size: scale x length x half the crop
    for i in (0, 1):
        ends = CAMERA.project(origin[i] + np.array([[0, -0.01, 0], [0, 0.01, 0]]) @ turn[i].T)
        wanted = cam[i, 0] * 0.02 * squares[i, 2] / 2
        assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(wanted, rel=0.05)


# -- people -----------------------------------------------------------------------------------------------------------


def test_a_regression_that_changes_nothing_gives_the_mean_pose(regressor: HmrRegressor) -> None:
    assert regressor.name == "hmr"
    people = [person(220, 60, 420, 420, track=7), person(20, 100, 120, 400, track=9)]
    middle, left = regressor.fit(people, CAMERA, 0.0, picture())
    np.testing.assert_allclose(middle.rel_rotmats[0], FLIP, atol=1e-6)
    np.testing.assert_allclose(middle.rel_rotmats[1:], np.tile(np.eye(3), (23, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(left.rel_rotmats[1:], middle.rel_rotmats[1:], atol=1e-6)
    assert (middle.betas == 0).all()  # the shape numbers are SMPL's, not those of our body
    # pelvis of SMPL's body: 22 cm over the origin, which is at t = (0, 0.3) of the crop (half side 216 px)
    height = 240 + 216 * (0.3 - 0.9 * 0.2233)
    assert middle.joints_px[INDEX["pelvis"]] == pytest.approx([320, height], abs=3)
    assert middle.joints_m[INDEX["left_hip"], 0] > middle.joints_m[INDEX["right_hip"], 0]
    assert middle.joints_px[INDEX["head"], 1] < middle.joints_px[INDEX["pelvis"], 1] < middle.joints_px[
        INDEX["left_ankle"], 1]  # fmt: skip
    assert (middle.sigma_m == SIGMA_M).all()
    assert regressor.fit([], CAMERA, 0.0, picture()) == []
    regressor.forget(7)


def test_the_correction_is_added_three_times(keep: Callable[..., Path]) -> None:
    network = load_network(keep(deccam__bias=torch.tensor([0, 0.02, 0]), decpose__bias=torch.full((144,), 0.01)))
    with torch.inference_mode():
        pose, shape, out = network(torch.zeros(1, 3, 224, 224))
    assert out[0].tolist() == pytest.approx([0.9, 0.06, 0.3], abs=1e-6)
    assert shape[0, 9] == pytest.approx(0.9)
    np.testing.assert_allclose(pose - network.init_pose, 0.03, atol=1e-6)


def test_each_step_sees_the_picture_and_the_last_answer() -> None:
    torch.manual_seed(4)
    network = HmrNetwork().eval().requires_grad_(False)
    image = torch.from_numpy(crops(picture(), np.array([[320.0, 240.0, 300.0]])))
    with torch.inference_mode():
        features = network.features(image)[0]
        torch.testing.assert_close(network.backbone()(image)[0, :, 0, 0], features)
    strongest = int(features.argmax())
    for layer in (network.fc1, network.fc2, network.decpose, network.decshape, network.deccam):
        layer.weight.zero_()
        layer.bias.zero_()
    network.fc1.weight[0, strongest] = network.fc1.weight[0, 2048 + 144 + 10] = 1.0  # that feature + camera scale
    network.fc2.weight[0, 0], network.deccam.weight[0, 0] = 1.0, -0.5
    network.init_cam[0, 0] = s = 0.9
    for _ in range(3):
        s -= 0.5 * (float(features[strongest]) + s)
    with torch.inference_mode():
        assert float(network(image)[2][0, 0]) == pytest.approx(s, abs=1e-4)
    assert float(features[strongest]) > 0.01


def test_who_cannot_be_seen_is_nan_and_nobody_else_is(regressor: HmrRegressor) -> None:
    people = [
        person(np.nan, 0, 1, 1), person(220, 60, 420, 420), person(900, 60, 950, 420), person(10, 10, 12, 14),
        person(-120, 60, 60, 420),
    ]  # fmt: skip
    poses = regressor.fit(people, CAMERA, 0.0, picture())
    for i in (0, 2, 3):
        assert np.isnan(poses[i].joints_m).all()
        assert np.isnan(poses[i].joints_px).all()
        assert np.isnan(poses[i].sigma_m).all()
    for i in (1, 4):
        assert np.isfinite(poses[i].joints_m).all()
    cut = poses[4]  # half out of the picture: wide where nothing was seen
    assert set(cut.sigma_m[cut.joints_px[:, 0] < 0]) == {SIGMA_OUTSIDE_M}
    assert set(cut.sigma_m[cut.joints_px[:, 0] >= 0]) == {SIGMA_M}
    with pytest.raises(DataError, match="picture"):
        regressor.fit(people, CAMERA, 0.0)


def test_a_camera_that_makes_no_sense_gives_no_body(regressor: HmrRegressor, monkeypatch: pytest.MonkeyPatch) -> None:
    pose6, shape = torch.eye(3)[:, :2].repeat(2, N_SMPL, 1).reshape(2, -1), torch.zeros(2, 10)
    cam = torch.tensor([[-0.5, 0.0, 0.0], [0.9, torch.nan, 0.0]])
    monkeypatch.setattr(regressor, "network", lambda crops: (pose6, shape, cam))
    for pose in regressor.fit([person(220, 60, 420, 420), person(20, 60, 120, 420)], CAMERA, 0.0, picture()):
        assert np.isnan(pose.joints_m).all()
        assert np.isnan(pose.transl_m).all()
        assert np.isfinite(pose.rel_rotmats).all()


def test_the_shape_is_used_with_smpls_own_body(
    regressor: HmrRegressor, keep: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hmr, "_SMPL_VERTICES", len(regressor.body.vertex_part))
    licensed = HmrRegressor(keep(), body=regressor.body)
    (pose,) = licensed.fit([person(220, 60, 420, 420)], CAMERA, 0.0, picture())
    np.testing.assert_allclose(pose.betas, np.arange(10) / 10, atol=1e-6)


def test_the_line_hands_it_the_picture(regressor: HmrRegressor) -> None:
    box = np.array([[220.0, 60.0, 420.0, 420.0]])
    found = Observations(box, np.array([0.9]), np.full((1, 17, 2), 240.0), np.full((1, 17), 0.9))
    detector = ScriptedDetector(dict.fromkeys(range(6), found))
    pipeline = Pipeline(detector, Tracker(), Identity([]), LandmarkBudget("off"), regressor, Classifier(),
                        load_catalogue())  # fmt: skip
    seen = [pipeline.step(Frame(k, k / 10, picture()))[1] for k in range(6)]
    assert len(seen[-1]) == 1
    assert seen[-1][0].pose.joints_px[INDEX["pelvis"]] == pytest.approx([320, 261], abs=3)
    assert seen[-1][0].angles.deg[ANGLE_INDEX["left_knee"]] > 160
