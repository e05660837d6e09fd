"""The lens, the camera that sees everybody, the room and its mirror."""

import math

import numpy as np
import pytest

from groupcoach.simulate.lens import bend, unbend
from groupcoach.simulate.scene import REACH_UP_M, VIEWS, SceneCamera, build_scene, place_camera

SMALL = (320, 180)


def scene_of(seed, people=4, view="front", *, lying=False, mirror=False, size=SMALL):
    return build_scene(np.random.default_rng(seed), people, size, view, lying=lying, mirror=mirror)


def placed(seed, people=4, view="front", *, lying=False, low=(), size=SMALL):
    return place_camera(np.random.default_rng(seed), people, size, view, lying=lying, low=low)


@pytest.mark.parametrize("k1", [-0.06, -0.02, 0.0, 0.01])
def test_the_lens_and_its_inverse_undo_each_other(k1):
    grid = np.stack(np.meshgrid(np.linspace(-0.95, 0.95, 21), np.linspace(-0.6, 0.6, 21)), -1)
    assert np.abs(bend(unbend(grid, k1), k1) - grid).max() < 1e-6
    assert np.abs(unbend(bend(grid, k1), k1) - grid).max() < 1e-6


def test_the_lens_and_its_inverse_undo_each_other_in_an_upright_picture_too():
    """720 x 1280 px, 85 degrees wide: its corners are where the lens goes on straight."""
    grid = np.stack(np.meshgrid(np.linspace(-0.92, 0.92, 21), np.linspace(-1.63, 1.63, 21)), -1)
    assert np.abs(bend(unbend(grid, -0.06), -0.06) - grid).max() < 1e-4
    assert unbend(grid.astype(np.float32), -0.06).dtype == np.float32


def test_the_lens_is_browns_and_never_folds_back():
    p = np.array([0.6, -0.3])
    assert bend(p, -0.05) == pytest.approx(p * (1 - 0.05 * 0.45))
    r = bend(np.stack([np.linspace(0, 30, 4000), np.zeros(4000)], -1), -0.06)[:, 0]
    assert (np.diff(r) > 0).all()  # far outside stays outside


def test_a_ray_through_a_pixel_meets_what_is_seen_there():
    camera = SceneCamera(1280, 720, 800.0, np.array([0.3, 2.1, 7.0]), 0.15, -0.05)
    points = np.random.default_rng(0).uniform((-3, 0, -3), (3, 2, 3), (200, 3))
    px = camera.to_px(camera.to_camera(points))
    ray = camera.rays(px)
    depth = camera.to_camera(points)[:, 2:]
    assert np.abs(camera.position_m + ray * depth - points).max() < 1e-5
    assert np.abs(camera.to_room(camera.to_camera(points)) - points).max() < 1e-9
    pinhole = SceneCamera(1280, 720, 800.0, camera.position_m, 0.15)
    moved = np.linalg.norm(pinhole.to_px(pinhole.to_camera(points)) - px, axis=-1)
    assert moved.max() > 1


def test_cameras_differ_as_real_ones_do():
    cameras = [placed(seed, people=(3, 8)[seed % 2])[0] for seed in range(16)]
    fov = np.degrees([2 * math.atan(160 / c.focal_px) for c in cameras])
    high = np.array([c.position_m[1] for c in cameras])
    k1 = np.array([c.k1 for c in cameras])
    assert (fov >= 45).all()
    assert (fov <= 85).all()
    assert np.ptp(fov) > 20
    assert (high >= 1).all()
    assert (high <= 3).all()
    assert high[1::2].min() >= 1.7  # over the heads of the front row
    assert (k1 >= -0.06).all()
    assert (k1 <= 0.01).all()
    assert np.ptp(k1) > 0.03


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("lying", [False, True])
def test_raised_hands_and_feet_are_seen_and_nothing_is_given_away(view, lying):
    for seed, people in enumerate((1, 4, 16)):
        camera, spots = placed(seed, people, view, lying=lying)
        px = np.array([[(s.x_m + dx, y, s.z_m) for dx in (-0.3, 0.3) for y in (0.0, REACH_UP_M)] for s in spots])
        px = camera.to_px(camera.to_camera(px)).reshape(-1, 2) / SMALL
        assert (px > 0).all()
        assert (px < 1).all()
        wide, tall = np.ptp(px, axis=0)
        assert wide > 0.6 or tall > 0.7  # people fill the picture in one direction


def test_lying_bodies_are_seen_from_above_and_whole():
    for view in VIEWS:
        camera, spots = placed(5, 4, view, lying=True)
        assert 2 <= camera.position_m[1] <= 3
        for s in spots:
            ends = [(s.x_m + d * math.sin(s.yaw), 0.1, s.z_m + d * math.cos(s.yaw)) for d in (-0.95, 0.85)]
            px = camera.to_px(camera.to_camera(np.array(ends)))
            assert (px > 0).all()
            assert (px < SMALL).all()


def boxes(camera, spot, points):
    px = camera.to_px(camera.to_camera(np.array([(spot.x_m + x, y, spot.z_m + z) for x, y, z in points])))
    return np.concatenate([px.min(0), px.max(0)])


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("people", "low"), [(4, (2, 3)), (5, (3,)), (8, (2, 3, 6, 7))])
def test_nobody_stands_before_somebody_on_the_floor(view, people, low):
    lies = [(x, y, z) for x in (-0.9, 0.9) for y in (0.0, 0.5) for z in (-0.25, 0.25)]
    stands = [(x, y, z) for x in (-0.35, 0.35) for y in (0.0, 1.75) for z in (-0.15, 0.15)]
    for seed in range(6):
        camera, spots = placed(seed, people, view, lying=True, low=low)
        assert {spots[k].name[0] for k in low} == {"A"}
        assert len({s.name for s in spots}) == people
        for k in low:
            mine = boxes(camera, spots[k], lies)
            assert (mine > 0).all()
            assert (mine < (*SMALL, *SMALL)).all()
            for other in set(range(people)) - {k}:
                assert math.dist((spots[k].x_m, spots[k].z_m), (spots[other].x_m, spots[other].z_m)) > 1.6
                if spots[other].z_m < spots[k].z_m - 0.5:
                    continue  # behind
                box = boxes(camera, spots[other], stands)
                both = np.minimum(mine[2:], box[2:]) - np.maximum(mine[:2], box[:2])
                assert np.prod(both.clip(0)) < 0.05 * np.prod(mine[2:] - mine[:2])


def test_a_class_that_lies_down_is_as_large_as_one_that_stands():
    for seed in range(4):
        tall = []
        for lying in (False, True):
            camera, spots = placed(seed, 4, lying=lying)
            ends = np.array([(spots[0].x_m, y, spots[0].z_m) for y in (0.0, 1.7)])
            tall.append(np.ptp(camera.to_px(camera.to_camera(ends))[:, 1]))
        assert tall[1] > 0.85 * tall[0]


def test_rooms_differ_and_the_same_seed_is_the_same_room():
    one, again, other = scene_of(1), scene_of(1), scene_of(2)
    assert np.array_equal(one.background, again.background)
    assert np.abs(one.background.astype(int) - other.background).mean() > 8
    for scene in (one, other):
        assert scene.background.dtype == np.uint8
        assert scene.background.shape == (180, 320, 3)
        assert 0.1 < scene.floor.mean() < 0.9


def test_the_floor_is_where_the_camera_sees_it():
    scene = scene_of(3, 8)
    camera = scene.camera
    y, x = np.nonzero(scene.floor)
    ray = camera.rays(np.stack([x, y], -1).astype(float))
    assert (ray[:, 1] < 0).all()
    hit = camera.position_m - ray * (camera.position_m[1:2] / ray[:, 1:2])
    assert (np.abs(hit[:, 1]) < 1e-9).all()
    assert hit[:, 2].min() < min(s.z_m for s in scene.spots)  # to behind the last row


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_mirror_is_where_its_corners_are(seed):
    import cv2

    scene = scene_of(seed, 4, mirror=True)
    assert scene.mirror is not None
    outline = scene.mirror_px
    assert outline.shape == (4, 2)
    # The edges bend with the lens: walk along them.
    corners = scene.mirror.corners_m
    edge = np.concatenate([corners[k] + np.linspace(0, 1, 20)[:, None] * (corners[(k + 1) % 4] - corners[k])
                           for k in range(4)])  # fmt: skip
    polygon = scene.camera.to_px(scene.camera.to_camera(edge))
    area = np.zeros((180, 320), np.uint8)
    cv2.fillPoly(area, [polygon.round().astype(np.int32)], 1)
    strangers = scene.mirror.mask & ~cv2.dilate(area, np.ones((3, 3), np.uint8)).astype(bool)
    assert not strangers.any()
    assert scene.mirror.mask.sum() > 0.85 * area.sum()  # a ball or a bench may stand before it
    assert not (scene.mirror.mask & scene.floor).any()
    assert (scene.mirror.floor <= scene.mirror.mask).all()
    assert scene_of(seed, 4).mirror_px is None


def test_the_mirror_shows_the_room_in_front_of_it():
    """What a mirrored camera sees of the floor is what the mirror shows of it, a little darker."""
    scene = scene_of(1, 4, mirror=True, size=(640, 360))
    camera, mirror = scene.camera, scene.mirror
    y, x = np.nonzero(mirror.floor)
    pick = np.random.default_rng(0).choice(len(x), 400)
    px = np.stack([x[pick], y[pick]], -1).astype(float)
    ray = camera.rays(px)
    behind = camera.position_m - ray * (camera.position_m[1:2] / ray[:, 1:2])  # on the floor behind the glass
    room = mirror.reflect(behind)
    assert (room[:, 2] > mirror.back_m).all()
    direct = camera.to_px(camera.to_camera(room))
    ok = np.isfinite(direct).all(-1) & (direct > 2).all(-1) & (direct < (637, 357)).all(-1)
    i, j = direct[ok].round().astype(int).T
    seen = scene.floor[j, i]
    assert seen.sum() > 30
    a = scene.background[j[seen], i[seen]].astype(float)
    b = scene.background[y[pick][ok][seen], x[pick][ok][seen]] / mirror.tint
    assert np.median(np.abs(a - b)) < 12
