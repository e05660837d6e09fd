from __future__ import annotations

import numpy as np
import pytest

from groupcoach.mesh.camera import Camera, place

RNG = np.random.default_rng(2)
BODY = RNG.uniform([-0.4, -0.9, -0.3], [0.4, 0.9, 0.3], (6, 20, 3))
WHERE = np.array([[0.0, 0, 3], [1.5, 0.2, 4], [-2, -0.3, 6], [0.1, 0, 1.5], [3, 1, 9], [-0.5, 0, 12]])
CAMERA = Camera.guess(1280, 720)


def test_the_guess_sees_sixty_degrees_across_the_longer_side() -> None:
    assert (CAMERA.cx, CAMERA.cy) == (640, 360)
    edge = CAMERA.project(np.array([np.tan(np.radians(30)), 0.0, 1.0]))
    assert edge == pytest.approx([1280, 360])
    assert Camera.guess(720, 1280).focal_px == CAMERA.focal_px


def test_points_behind_the_camera_have_no_place_in_the_picture() -> None:
    px = CAMERA.project(np.array([[0.1, 0.1, 2.0], [0.1, 0.1, -2.0], [0, 0, 0.0], [np.nan, 0, 1]]))
    assert np.isfinite(px[0]).all()
    assert np.isnan(px[1:3]).all()
    assert np.isnan(px[3, 0])


def test_a_known_translation_is_found_again() -> None:
    px = CAMERA.project(BODY + WHERE[:, None])
    assert place(BODY, px, np.ones((6, 20)), CAMERA) == pytest.approx(WHERE, abs=1e-5)


def test_unseen_points_do_not_count_and_the_order_of_joints_does_not_matter() -> None:
    px, weight = CAMERA.project(BODY + WHERE[:, None]), np.ones((6, 20))
    px[:, 3:9] = np.nan
    body = BODY.copy()
    body[:, 9] = np.nan
    px[:, 10], weight[:, 10] = 5000, 0.0  # wrong, and known to be
    assert place(body, px, weight, CAMERA) == pytest.approx(WHERE, abs=1e-5)
    order = RNG.permutation(20)
    assert place(body[:, order], px[:, order], weight[:, order], CAMERA) == pytest.approx(WHERE, abs=1e-5)


def test_one_body_does_not_touch_another() -> None:
    px = CAMERA.project(BODY + WHERE[:, None])
    px[2] = np.nan
    got = place(BODY, px, np.ones((6, 20)), CAMERA)
    rest = [0, 1, 3, 4, 5]
    assert got[rest] == pytest.approx(WHERE[rest], abs=1e-5)
    assert np.isfinite(got[2]).all()


def test_noise_of_two_pixels_costs_centimetres() -> None:
    px = CAMERA.project(BODY + WHERE[:, None])
    got = place(BODY, px + 2 * RNG.standard_normal(px.shape), np.ones((6, 20)), CAMERA)
    assert (np.linalg.norm(got - WHERE, axis=1) < 0.03 * WHERE[:, 2]).all()


def test_nobody_stands_in_the_lens() -> None:
    huge = np.array([CAMERA.cx, CAMERA.cy]) + 50_000 * BODY[:1, :, :2]
    assert place(BODY[:1], huge, np.ones((1, 20)), CAMERA)[0, 2] >= 0.5


def test_no_people() -> None:
    assert place(np.zeros((0, 20, 3)), np.zeros((0, 20, 2)), np.zeros((0, 20)), CAMERA).shape == (0, 3)


def test_a_body_unlike_its_points_stands_as_far_away_as_its_size_says() -> None:
    """Somebody on the floor whose pose was taken for another one: no giant before the lens."""
    lying = RNG.uniform([-0.9, -0.15, -0.3], [0.9, 0.15, 0.3], (1, 20, 3))
    taken_for = lying * [-1, -1, 1]  # head and feet exchanged
    for where in np.array([[0.0, 0.4, 4], [-1.5, 0.6, 7]]):
        px = CAMERA.project(lying + where)
        got = place(taken_for, px, np.ones((1, 20)), CAMERA)[0]
        assert got[2] == pytest.approx(where[2], rel=0.25)
        middle = CAMERA.project(taken_for + got).mean((0, 1))
        assert middle == pytest.approx(px.mean((0, 1)), abs=25)
