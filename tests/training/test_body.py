from __future__ import annotations

import numpy as np
import pytest

from groupcoach.skeleton import INDEX, JOINTS, N_SMPL
from groupcoach.training.body import N_BETAS, fit_regressor, shape_space
from groupcoach.training.body_anny import joint_of


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
