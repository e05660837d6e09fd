from __future__ import annotations

import numpy as np
import pytest

from groupcoach.errors import DataError
from groupcoach.mesh.raster import Rasterizer, project, shade, vertex_normals

SQUARE = np.array([[10.0, 10.0], [30.0, 10.0], [30.0, 20.0], [10.0, 20.0]])
# Two triangles, counter-clockwise to the eye (y points down).
FACES = np.array([[0, 3, 2], [0, 2, 1]])
RED, GREEN = np.tile([255, 0, 0], (4, 1)).astype(np.uint8), np.tile([0, 255, 0], (4, 1)).astype(np.uint8)


def test_a_square_covers_its_own_pixels_and_no_other() -> None:
    r = Rasterizer(64, 48)
    r.draw(SQUARE, np.full(4, 2.0), FACES, RED, 5)
    assert (r.owner[10:20, 10:30] == 5).all()
    assert (r.owner == 5).sum() == 20 * 10
    assert (r.image[15, 15] == [255, 0, 0]).all()
    assert r.depth[15, 15] == pytest.approx(2.0)
    assert np.isinf(r.depth[0, 0])


def test_triangles_that_share_edges_leave_no_gap_and_overlap_nowhere() -> None:
    rng = np.random.default_rng(3)
    n = 14
    x, y = np.meshgrid(np.linspace(-5, 105, n), np.linspace(-5, 85, n))
    grid = np.stack([x, y], axis=-1)
    grid[1:-1, 1:-1] += rng.uniform(-2.5, 2.5, (n - 2, n - 2, 2))
    spots = grid.reshape(-1, 2)
    i = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    faces = np.concatenate([np.stack([i, i + n, i + n + 1], 1), np.stack([i, i + n + 1, i + 1], 1)])
    hits = np.zeros((80, 100), int)
    for face in faces:
        r = Rasterizer(100, 80)
        r.draw(spots, np.ones(len(spots)), face[None], np.ones((1, 3)), 0)
        hits += r.owner == 0
    assert (hits == 1).all()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_nearer_wins_in_any_order(order: tuple[int, int]) -> None:
    r = Rasterizer(64, 48)
    for k in order:
        r.draw(SQUARE + 4 * k, np.full(4, 3.0 - k), FACES, (RED, GREEN)[k], k)
    assert r.owner[12, 12] == 0
    assert r.owner[17, 20] == 1
    assert (r.image[17, 20] == [0, 255, 0]).all()


def test_planes_that_cut_through_each_other_meet_in_the_middle() -> None:
    r = Rasterizer(64, 48)
    r.draw(SQUARE, 1 / np.array([1.0, 0.5, 0.5, 1.0]), FACES, RED, 0)
    r.draw(SQUARE, 1 / np.array([0.5, 1.0, 1.0, 0.5]), FACES, GREEN, 1)
    assert (r.owner[10:20, 10:20] == 0).all()
    assert (r.owner[10:20, 21:30] == 1).all()


def test_faces_seen_from_behind_are_left_out_unless_asked_for() -> None:
    r = Rasterizer(64, 48)
    r.draw(SQUARE, np.ones(4), FACES[:, ::-1], RED, 0)
    assert (r.owner == -1).all()
    r.draw(SQUARE, np.ones(4), FACES[:, ::-1], RED, 0, cull=False)
    assert (r.owner == 0).sum() == 200


def test_colours_blend_over_a_face_and_in_true_perspective() -> None:
    r = Rasterizer(101, 11)
    strip = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 10.0], [0.0, 10.0]])
    grey = np.array([0.0, 1.0, 1.0, 0.0])[:, None] * np.ones(3)
    r.draw(strip, np.ones(4), FACES, grey, 0)
    assert r.image[5, 50, 0] == pytest.approx(127.5, abs=1)
    r.clear()
    # Three times as far at the right end: the middle of the picture is a quarter along the strip.
    r.draw(strip, np.array([1.0, 3.0, 3.0, 1.0]), FACES, grey, 0)
    assert r.image[5, 50, 0] == pytest.approx(255 / 4, abs=1)


def test_flat_colours_and_bytes() -> None:
    r = Rasterizer(64, 48)
    r.draw(SQUARE, np.ones(4), FACES, np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), 0)
    assert (r.image[18, 12] == [255, 0, 0]).all()
    assert (r.image[11, 27] == [0, 0, 255]).all()
    with pytest.raises(DataError, match="colours"):
        r.draw(SQUARE, np.ones(4), FACES, np.ones((3, 3)), 0)


def test_a_floor_beyond_every_border_fills_the_picture() -> None:
    floor = np.array([[-500.0, 1.5, 0.2], [500.0, 1.5, 0.2], [500.0, 1.5, 400.0], [-500.0, 1.5, 400.0]])
    px, depth = project(floor, 300.0, (160.0, 90.0))
    r = Rasterizer(320, 180)
    r.draw(px, depth, np.array([[0, 1, 2], [0, 2, 3]]), np.ones((4, 3)), 2)
    assert (r.owner[92:] == 2).all()
    assert (r.owner[:91] == -1).all()
    assert r.depth[179, 7] == pytest.approx(300 * 1.5 / 89, rel=1e-3)


def test_what_is_behind_the_camera_or_unknown_is_not_drawn() -> None:
    r = Rasterizer(64, 48)
    for bad in (-1.0, 0.0, np.nan, np.inf):
        r.draw(SQUARE, np.array([bad, 1, 1, 1]), FACES, RED, 0)
    hole = SQUARE.copy()
    hole[0] = np.nan
    r.draw(hole, np.ones(4), FACES, RED, 0)
    r.draw(SQUARE, np.ones(4), np.zeros((0, 3), int), RED, 0)
    r.draw(SQUARE + 1000, np.ones(4), FACES, RED, 0)
    r.draw(SQUARE[[0, 0, 0, 0]], np.ones(4), FACES, RED, 0)
    assert (r.owner == -1).all()


def test_clearing_keeps_nothing_and_takes_a_background() -> None:
    r = Rasterizer(64, 48)
    r.draw(SQUARE, np.ones(4), FACES, RED, 0)
    picture = np.full((48, 64, 3), 9, np.uint8)
    r.clear(picture)
    assert (r.owner == -1).all()
    assert (r.image == 9).all()
    r.draw(SQUARE, np.full(4, 100.0), FACES, GREEN, 1)
    assert (r.owner == 1).sum() == 200
    assert (picture == 9).all()
    with pytest.raises(DataError, match="at least 1"):
        Rasterizer(0, 10)


def test_projection_and_light() -> None:
    px, z = project(np.array([[0.5, -0.25, 2.0], [0.0, 0.0, -1.0]]), 100.0, (50.0, 40.0))
    assert px[0].tolist() == [75.0, 27.5]
    assert z[0] == 2.0
    assert np.isnan(px[1]).all()
    assert np.isnan(z[1])
    cube = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6],
                      [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])  # fmt: skip
    normals = vertex_normals(cube, faces)
    assert (np.einsum("vi,vi->v", normals, cube) > 1.2).all()
    lit = shade(cube, faces, np.ones(3))
    assert lit[0].mean() > lit[7].mean() + 0.2  # left, upper, near corner against its opposite
    assert lit.min() > 0.2
