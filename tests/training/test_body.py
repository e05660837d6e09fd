from __future__ import annotations

import numpy as np
import pytest

from groupcoach.skeleton import INDEX, JOINTS, N_SMPL
from groupcoach.training.body import N_BETAS, shape_space
from groupcoach.training.body_anny import joint_of
from groupcoach.training.body_fit import fit_regressor
from groupcoach.training.body_full import bodies, directions, shapes_of, stepped


def test_the_regressor_finds_joints_that_are_means_of_vertices() -> None:
    rng = np.random.default_rng(0)
    vertices = rng.normal(size=(1, 60, 3)) + 0.1 * rng.normal(size=(40, 60, 3))
    truth = np.zeros((2, 60))
    truth[0, [3, 8]] = 0.5
    truth[1, [10, 20, 30]] = 0.2, 0.3, 0.5
    joints = np.einsum("jv,svi->sji", truth, vertices)
    found = fit_regressor(vertices, joints, near=60)
    assert np.allclose(found, truth, atol=1e-3)
    assert np.allclose(found.sum(axis=1), 1)
    assert found.min() >= 0


def test_the_shape_space_has_unit_betas_in_order_and_more_means_more_body() -> None:
    rng = np.random.default_rng(1)
    corners = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6],
                      [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])  # fmt: skip
    size = rng.normal(1, 0.2, 500)
    cubes = corners * size[:, None, None] + rng.normal(0, 0.01, (500, 8, 3))
    mean, dirs, share = shape_space(cubes, faces)
    assert dirs.shape == (8, 3, N_BETAS)
    assert share[0] > 0.95
    assert (np.diff(share) <= 0).all()
    assert np.allclose(mean + dirs[:, :, 0], 1.2 * corners, atol=0.05)


@pytest.mark.parametrize(
    ("bone", "joint"),
    [("root", "pelvis"), ("upperleg02.L", "left_hip"), ("toe3-2.R", "right_foot"), ("finger1-3.L", "left_wrist"),
     ("finger4-1.R", "right_hand"), ("eye.L", "head"), ("shoulder01.R", "right_collar"), ("pelvis.L", "pelvis")],
)  # fmt: skip
def test_every_bone_goes_to_its_joint(bone: str, joint: str) -> None:
    assert joint_of(bone) == INDEX[joint]
    assert JOINTS.index(joint) < N_SMPL


def test_an_unknown_bone_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"tail01"):
        joint_of("tail01")


def test_the_full_mesh_follows_the_betas_that_the_light_one_shows() -> None:
    rng = np.random.default_rng(2)
    betas = rng.normal(size=(40, 3))
    template, dirs = rng.normal(size=(9, 3)), rng.normal(size=(9, 3, 3))
    assert np.allclose(shapes_of(bodies(template, dirs, betas), template, dirs), betas)
    found, found_dirs = directions(bodies(template, dirs, betas), betas)
    assert np.allclose(found, template)
    assert np.allclose(found_dirs, dirs)


def test_rounded_weights_still_sum_to_one() -> None:
    weights = np.random.default_rng(3).dirichlet(np.full(24, 0.05), 500)
    rounded = stepped(weights)
    assert (rounded.astype(np.float16).astype(np.float64).sum(axis=1) == 1).all()
    assert rounded.min() >= 0
    assert np.abs(rounded - weights).max() <= 1 / 2048


def test_a_regressor_may_take_every_second_vertex() -> None:
    vertices = np.random.default_rng(4).normal(size=(30, 40, 3))
    found = fit_regressor(vertices, vertices[:, :10].mean(axis=1)[:, None], near=40, every=2)
    assert (found > 0).sum() <= 20
