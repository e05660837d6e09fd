"""A licensed body in place of ours: other lengths, other shapes; directions and angles stay the person's."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from scripted_class import HEIGHT, WIDTH, shape

from groupcoach.errors import AssetError
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.mesh.body_model import BodyModel, default_path
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.lifter import Lifter
from groupcoach.mesh.regressor import PersonInput, build_regressor
from groupcoach.pipeline import build_pipeline
from groupcoach.skeleton import INDEX, N_SMPL

CAMERA = Camera.guess(WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> BodyModel:
    """Ten per cent larger, with longer legs, shoulders lower than ours, and the root elsewhere."""
    with np.load(default_path()) as file:
        data = {name: file[name] for name in file}
    skin = data["v_template"] * 1.1
    skin[:, 1] *= np.where(skin[:, 1] < 0, 1.08, 0.97)
    data["v_template"] = skin + np.array([0.0, -0.22, 0.03])
    data["shapedirs"] = data["shapedirs"][:, :, ::-1].copy()
    path = tmp_path_factory.mktemp("licensed") / "SMPL_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps(data, 2))
    return BodyModel(path)


def squatting() -> PersonInput:
    rel = np.tile(np.eye(3), (1, N_SMPL, 1, 1))
    rel[0, 0] = np.diag([1.0, -1.0, -1.0])
    for name, deg in (("left_hip", -80), ("right_hip", -80), ("left_knee", 90), ("right_knee", 90)):
        c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
        rel[0, INDEX[name]] = [[1, 0, 0], [0, c, -s], [0, s, c]]
    seen = shape(BodyModel().joints(rel, np.zeros((1, 10)), np.array([[0.0, 0, 4]]))[0])
    return PersonInput(1, seen.box, seen.keypoints, seen.scores, seen.landmarks)


def direction(joints: np.ndarray, start: str, end: str) -> np.ndarray:
    line = joints[INDEX[end]] - joints[INDEX[start]]
    return line / np.linalg.norm(line)


def test_limbs_point_where_the_person_s_do(other: BodyModel) -> None:
    ours, theirs = (Lifter(b).fit([squatting()], CAMERA, 0.0)[0] for b in (BodyModel(), other))
    assert not theirs.betas.any()
    for limb in (("left_hip", "left_knee"), ("right_knee", "right_ankle"), ("left_shoulder", "left_elbow"),
                 ("right_elbow", "right_wrist"), ("left_ankle", "left_toe")):  # fmt: skip
        cosine = direction(ours.joints_m, *limb) @ direction(theirs.joints_m, *limb)
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) < 3, limb
    assert 1.02 < theirs.transl_m[2] / ours.transl_m[2] < 1.25  # a larger body of the same height in the picture
    skin = other.vertices(theirs.rel_rotmats[None], theirs.betas[None], theirs.transl_m[None])[0]
    assert np.isfinite(skin).all()
    assert np.linalg.norm(skin.mean(axis=0) - theirs.joints_m[0]) < 0.4


def test_the_regressor_is_given_the_body(other: BodyModel) -> None:
    assert not other.ours
    assert getattr(build_regressor("lifter", other), "body", None) is other


def test_a_wrong_body_ends_the_start_before_any_network_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(b"cos\nsystem\n(S'echo'\ntR.")
    with pytest.raises(AssetError, match=r"SMPL_NEUTRAL\.pkl carries code \(os\.system\)"):
        build_pipeline(detector="none of these", regressor="lifter", landmarks="off", names=[],
                       catalogue=load_catalogue(), body_model=path)  # fmt: skip
