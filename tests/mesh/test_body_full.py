"""The full mesh is the light one's twin: the same betas, turns and places give the same person."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from groupcoach.mesh.body_model import BodyModel, full_path
from groupcoach.skeleton import N_SMPL


@pytest.fixture(scope="module")
def light() -> BodyModel:
    return BodyModel()


@pytest.fixture(scope="module")
def full() -> BodyModel:
    return BodyModel(full_path())


def people(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    axis, angle = rng.normal(size=(n, N_SMPL, 3)), rng.normal(0, 0.4, (n, N_SMPL, 1, 1))
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    cross = np.cross(np.eye(3), axis[:, :, None])
    turns = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turns, rng.normal(size=(n, 10)), rng.normal(size=(n, 3))


def standing(betas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.tile(np.eye(3), (len(betas), N_SMPL, 1, 1)), betas, np.zeros((len(betas), 3))


def outline(body: BodyModel, skin: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    """A picture of the body's shadow, 2 mm a pixel."""
    picture = np.zeros((1100, 1100), np.uint8)
    for corner in (skin[:, axes] * 500 + 550).round().astype(np.int32)[body.faces]:
        cv2.fillConvexPoly(picture, corner, 1)
    return picture.astype(bool)


def test_the_file_is_small_and_ours(full: BodyModel) -> None:
    assert full_path().stat().st_size < 3_000_000
    assert full.ours
    assert len(full.vertex_part) == 13718
    assert set(full.regions.tolist()) == set(range(5))


def test_joints_face_and_feet_are_within_three_millimetres(light: BodyModel, full: BodyModel) -> None:
    everybody = people(300)
    away = np.linalg.norm(full.joints(*everybody) - light.joints(*everybody), axis=-1)
    assert away[:, :N_SMPL].max() < 0.003
    assert away[:, N_SMPL:].max() < 0.003


def test_both_skins_cast_the_same_shadow(light: BodyModel, full: BodyModel) -> None:
    args = standing(np.concatenate([np.zeros((1, 10)), 2 * np.eye(10)[[0, 1, 4]]]))
    for few, many in zip(light.vertices(*args), full.vertices(*args), strict=True):
        assert np.abs(np.ptp(few, axis=0) - np.ptp(many, axis=0)).max() < 0.01
        for axes in ((0, 1), (2, 1)):
            one, two = outline(light, few, axes), outline(full, many, axes)
            assert (one & two).sum() / (one | two).sum() > 0.95


def test_weights_sum_to_exactly_one_in_half_precision(full: BodyModel) -> None:
    with np.load(full_path()) as file:
        assert file["weights"].dtype == np.float16
        assert (file["weights"].astype(np.float64).sum(axis=1) == 1).all()
        assert not file["posedirs"].any()


def test_posed_skins_stay_together(light: BodyModel, full: BodyModel) -> None:
    args = people(3)
    few, many = light.vertices(*args), full.vertices(*args)
    assert np.abs(few.mean(axis=1) - many.mean(axis=1)).max() < 0.2  # vertices crowd in face and hands
    assert np.abs(few.max(axis=1) - many.max(axis=1)).max() < 0.04
    assert np.abs(few.min(axis=1) - many.min(axis=1)).max() < 0.04


def test_many_bodies_are_posed_in_parts(full: BodyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    args = people(5)
    whole = full.vertices(*args)
    monkeypatch.setattr("groupcoach.mesh.body_model._AT_ONCE", 30_000)
    assert np.abs(full.vertices(*args) - whole).max() < 1e-6
