"""What the network is shown: the same for the same body anywhere in the picture, numbers only, nothing where unseen."""

import numpy as np
import pytest

from groupcoach.mesh.camera import Camera
from groupcoach.mesh.features import (
    BASE,
    GLANCE,
    KEYPOINTS,
    LAGS_S,
    LANDMARKS,
    LONGEST,
    PLACE,
    WIDTH,
    assemble,
    long_block,
    look,
    with_angles,
)
from groupcoach.mesh.rotation import shortest_turn, unit

SIZE = np.array([1280.0, 720.0])
CAMERA = Camera.guess(1280, 720)
BODY = np.random.default_rng(3).uniform([-0.4, -0.9, -0.2], [0.4, 0.9, 0.2], (33, 3))


def seen_at(x: float, y: float, far: float) -> tuple[np.ndarray, ...]:
    """Box, keypoints and landmarks of the same cloud of points, turned with the line of sight."""
    ray = unit(np.array([x, y, 1.0]))
    points = BODY @ shortest_turn(np.array([0.0, 0, 1.0]), ray).T + far * ray
    px = CAMERA.project(points)
    box = np.concatenate([px.min(0), px.max(0)])
    keypoints = np.column_stack([px[:17], np.ones(17)])
    return box[None], keypoints[None], np.column_stack([px, np.ones(33)])[None], BODY[None]


def test_place_in_the_picture_does_not_matter() -> None:
    middle = look(*seen_at(0, 0, 5.0), SIZE, CAMERA.focal_px)
    edge = look(*seen_at(0.45, 0.1, 5.0), SIZE, CAMERA.focal_px)
    assert np.abs(middle.keypoints - edge.keypoints).max() < 0.08
    assert np.abs(middle.landmarks - edge.landmarks).max() < 0.08
    assert np.abs(middle.place - edge.place).max() > 0.3, "where it is must be told"
    # and the turn to the camera's axes is that of the line of sight
    assert np.allclose(edge.to_camera[0] @ [0, 0, 1], unit(np.array([0.45, 0.1, 1.0])), atol=0.03)


def test_twice_as_far_is_the_same_body_smaller() -> None:
    near, far = (look(*seen_at(0, 0, z), SIZE, CAMERA.focal_px) for z in (6.0, 12.0))
    assert np.abs(near.keypoints - far.keypoints).max() < 0.05
    assert near.place[0, 0] - far.place[0, 0] == pytest.approx(np.log(2), abs=0.05)


def test_what_is_not_seen_is_zero_and_never_nan() -> None:
    box, keypoints, px, world = seen_at(0, 0, 5.0)
    keypoints[0, 3:6] = np.nan
    keypoints[0, 7, 2] = 0.01
    found = look(box, keypoints, np.full_like(px, np.nan), np.full_like(world, np.nan), SIZE, CAMERA.focal_px)
    points = found.keypoints.reshape(17, 3)
    assert not points[[3, 4, 5, 7]].any()
    assert points[0].any()
    assert not found.has_landmarks[0]
    assert not found.landmarks.any()
    x = assemble(found, np.zeros(1), np.zeros((1, LONGEST), np.float32), np.zeros((1, len(LAGS_S), GLANCE), np.float32))
    assert x.shape == (1, WIDTH)
    assert x.dtype == np.float32
    assert np.isfinite(x).all()


def test_a_box_that_is_nowhere_gives_numbers() -> None:
    box, keypoints, px, world = seen_at(0, 0, 5.0)
    found = look(np.full_like(box, np.nan), keypoints, px, world, SIZE, CAMERA.focal_px)
    assert all(np.isfinite(v).all() for v in (found.keypoints, found.landmarks, found.place, found.to_camera))


def test_a_body_cut_off_by_the_edge_says_so() -> None:
    inside = look(*seen_at(0, 0, 5.0), SIZE, CAMERA.focal_px).place[0, 4:8]
    box, *rest = seen_at(0, 0, 5.0)
    box[0, 3] = 720.0
    below = look(box, *rest, SIZE, CAMERA.focal_px).place[0, 4:8]
    assert inside.tolist() == [0, 0, 0, 0]
    assert below.tolist() == [0, 0, 0, 1]


def test_nobody_and_widths() -> None:
    nobody = look(np.zeros((0, 4)), np.zeros((0, 17, 3)), np.zeros((0, 33, 3)), np.zeros((0, 33, 3)), SIZE, 1000.0)
    x = assemble(
        nobody, np.zeros(0), np.zeros((0, LONGEST), np.float32), np.zeros((0, len(LAGS_S), GLANCE), np.float32)
    )
    assert x.shape == (0, WIDTH)
    assert (
        nobody.keypoints.shape[1],
        nobody.landmarks.shape[1],
        nobody.place.shape[1],
    ) == (KEYPOINTS, LANDMARKS, PLACE)


def test_angles_in_the_picture_and_in_space_are_those_of_the_points() -> None:
    rng = np.random.default_rng(1)
    found = look(*seen_at(0, 0, 5.0), SIZE, CAMERA.focal_px)
    long = long_block(np.full((1, 7), 0.1, np.float32), np.array([60.0]), np.full((1, 1), 0.2, np.float32))
    assert long[0].tolist() == pytest.approx([0.5] * 7 + [1.0], abs=1e-3)
    past = rng.normal(size=(1, len(LAGS_S), GLANCE)).astype(np.float32)
    x = assemble(found, np.zeros(1), long, past)
    follows = x[0, BASE:]
    # hip, knee and ankle of the left leg, in the order of the inner angles; landmarks 23, 25, 27
    u, v = BODY[23] - BODY[25], BODY[27] - BODY[25]
    knee = np.arccos(u @ v / np.linalg.norm(u) / np.linalg.norm(v)) / np.pi
    assert follows[12 + 7 + 8] == pytest.approx(knee, abs=1e-4)
    limb = (BODY[13] - BODY[11]) / np.linalg.norm(BODY[13] - BODY[11])
    assert follows[12 + 7 + 8 + 10 : 12 + 7 + 8 + 13] == pytest.approx(limb, abs=1e-4)
    assert np.array_equal(with_angles(x[:, :BASE]), x)
