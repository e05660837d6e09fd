"""Pictures against their truth: owners of pixels, boxes, hidden shares, mirrors, movement and processes."""

import dataclasses

import numpy as np
import psutil
import pytest

from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.raster import Rasterizer
from groupcoach.simulate.blur import PER_BODY
from groupcoach.simulate.motion import make_motion
from groupcoach.simulate.painter import Painter
from groupcoach.simulate.people import draw_look
from groupcoach.simulate.props import closed, dumbbells, lying
from groupcoach.simulate.render import Cast, render
from groupcoach.simulate.scene import build_scene
from groupcoach.simulate.skin import Skin, pose
from groupcoach.skeleton import INDEX

SIZE = (384, 216)
STILL = {"noise": 0.0, "light": 0.0, "exposure_s": 0.0, "jobs": 1}
NAMES = ("head", "left_knee", "right_elbow", "spine_mid", "left_ankle", "right_hip")


class Shifted:
    """A motion that starts later."""

    def __init__(self, motion, by_s):
        self.motion, self.by_s = motion, by_s

    def both(self, t):
        return self.motion.both(np.asarray(t) + self.by_s)


@pytest.fixture(scope="module")
def body():
    return BodyModel()


@pytest.fixture(scope="module")
def looks(body):
    return [draw_look(body, k) for k in (1, 2)]


@pytest.fixture(scope="module")
def scene():
    """A mirror behind four spots, through a lens that bends."""
    made = build_scene(np.random.default_rng(2), 4, SIZE, "front", lying=False, mirror=True)
    return dataclasses.replace(made, camera=dataclasses.replace(made.camera, k1=-0.06))


@pytest.fixture(scope="module")
def plain(scene):
    return dataclasses.replace(scene, mirror=None)


def person(look, exercise, x, z, *, yaw=0.0, seed=0, at=3.0, **more):
    motion = make_motion(look.skeleton, exercise, seed=seed, seconds=10, spot_m=(x, z), yaw=yaw)
    return Cast(look, Shifted(motion, at), **more)


@pytest.fixture(scope="module")
def crowd(looks):
    """The second stands half behind the first, the third is cut by the picture's edge."""
    return [person(looks[0], "squat", 0.0, 0.3), person(looks[1], "jumping_jack", 0.3, -0.9, seed=1),
            person(looks[0], "biceps_curl", 3.4, 0.0, seed=2, yaw=0.7)]  # fmt: skip


@pytest.fixture
def owners(monkeypatch):
    """(H, W) who is seen where, of every frame that is painted in this process; -1 is nobody."""
    kept = []
    frame = Painter._frame

    def watch(self, *args):
        painted = frame(self, *args)
        owner = self.canvas.owner.astype(int)
        kept.append(np.where(owner >= 0, owner // PER_BODY, -1))
        return painted

    monkeypatch.setattr(Painter, "_frame", watch)
    return kept


def test_joints_lie_on_their_own_body_and_boxes_are_tight(body, plain, crowd, owners):
    for one in crowd:
        (frame,) = render(body, plain, [one], 1, 25, **STILL)
        mine = owners[-1] == 0
        for name in NAMES:
            x, y = frame.joints_px[0, INDEX[name]].round().astype(int)
            if 0 <= x < SIZE[0] and 0 <= y < SIZE[1]:
                assert mine[y, x], name
        ys, xs = np.nonzero(mine)
        assert np.abs(frame.boxes_xyxy[0] - (xs.min(), ys.min(), xs.max(), ys.max())).max() <= 2


def test_hidden_shares_are_those_of_a_larger_picture(body, plain, crowd, owners):
    (frame,) = render(body, plain, crowd, 1, 25, **STILL)
    together = owners[-1]
    wide = dataclasses.replace(plain.camera, width=SIZE[0] * 3)
    room = np.zeros((SIZE[1], SIZE[0] * 3, 3), np.uint8)
    larger = dataclasses.replace(plain, camera=wide, background=room, floor=np.zeros(room.shape[:2], bool))
    for k, one in enumerate(crowd):
        next(render(body, larger, [one], 1, 25, **STILL))
        whole = (owners[-1] == 0).sum()
        assert frame.visible[k] == pytest.approx((together == k).sum() / whole, abs=0.02)
    assert frame.visible[0] == 1
    assert 0.2 < frame.visible[1] < 0.9
    assert 0.2 < frame.visible[2] < 0.9
    assert frame.boxes_xyxy[2, 2] == pytest.approx(SIZE[0], abs=1)


def test_who_is_outside_has_no_box_and_costs_no_pixel(body, plain, looks):
    away = [person(looks[0], "squat", 30.0, 0.0), person(looks[1], "squat", 0.0, 25.0)]  # beside; behind the camera
    (frame,) = render(body, plain, away, 1, 25, **STILL)
    (empty,) = render(body, plain, [], 1, 25, **STILL)
    assert np.isnan(frame.boxes_xyxy).all()
    assert frame.boxes_xyxy.shape == (2, 4)
    assert (frame.visible == 0).all()
    assert np.array_equal(frame.image, empty.image)
    assert empty.boxes_xyxy.shape == (0, 4)


def test_the_mirror_shows_people_where_a_mirrored_camera_says(body, scene, plain, looks):
    one = person(looks[0], "jumping_jack", 1.6, 0.2)
    (frame,) = render(body, scene, [one], 1, 25, **STILL)
    (without,) = render(body, plain, [one], 1, 25, **STILL)
    changed = np.abs(frame.image.astype(int) - without.image).sum(-1) > 30
    camera, mirror = scene.camera, scene.mirror
    import cv2

    near = cv2.dilate(mirror.mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert not (changed & ~near).any()  # nothing of it outside the glass
    behind = camera.to_px(camera.to_camera(mirror.reflect(camera.to_room(frame.joints_m[0]))))
    (box,) = frame.reflections_xyxy
    shown = 0
    for name in NAMES:
        x, y = behind[INDEX[name]].round().astype(int)
        left, top, right, bottom = frame.boxes_xyxy[0]
        if mirror.mask[y, x] and not (left - 2 <= x <= right + 2 and top - 2 <= y <= bottom + 2):
            assert changed[y, x], name
            assert box[0] <= x <= box[2]
            assert box[1] <= y <= box[3]
            shown += 1
    assert shown >= 1
    head, foot = behind[INDEX["head"], 1], behind[INDEX["left_ankle"], 1]
    assert foot - head < np.ptp(frame.boxes_xyxy[0, 1::2])  # farther away, so smaller
    assert frame.visible[0] == 1
    assert without.reflections_xyxy.shape == (0, 4)


def test_a_reflection_hides_nobody_and_is_hidden_by_people(body, scene, looks):
    two = [person(looks[0], "stand", 0.0, 0.0), person(looks[1], "stand", 0.0, -1.2)]
    (both,) = render(body, scene, two, 1, 25, **STILL)
    (front,) = render(body, scene, two[:1], 1, 25, **STILL)
    assert both.visible[0] == front.visible[0] == 1
    x, y = both.joints_px[0, INDEX["spine_mid"]].round().astype(int)
    assert np.abs(both.image[y, x].astype(int) - front.image[y, x]).max() <= 1


def test_a_prop_is_nobodys_and_lies_where_it_is_put(body, plain, looks, owners):
    holds = np.array([True, False])
    one = person(looks[0], "stand", 0.0, 0.0, prop=dumbbells(body), lying=lying(), holds=holds, rest_at=(1.0, 0.5, 0.4))
    held, down = render(body, plain, [one], 2, 25, **STILL)
    assert 0.9 < held.visible[0] <= 1
    assert 0.9 < down.visible[0] <= 1
    x, y = plain.camera.to_px(plain.camera.to_camera(np.array([1.0, 0.04, 0.5])))
    middles = []
    for owner in owners:
        ys, xs = np.nonzero(owner > 100)  # the prop's own number
        assert len(xs)
        middles.append((xs.mean(), ys.mean()))
    assert middles[1] == pytest.approx((x, y), abs=3)
    hands = held.joints_px[0, [INDEX["left_hand"], INDEX["right_hand"]]].mean(0)
    assert np.hypot(*(middles[0] - hands)) < 12


def test_the_same_pixels_from_one_process_and_from_two(body, scene, crowd):
    frames = 48
    small = dataclasses.replace(scene, mirror=None)
    one = [(f.index, f.image, f.boxes_xyxy, f.visible) for f in render(body, small, crowd[:2], frames, 25, jobs=1)]
    two = [(f.index, f.image, f.boxes_xyxy, f.visible) for f in render(body, small, crowd[:2], frames, 25, jobs=2)]
    assert [o[0] for o in one] == [t[0] for t in two] == list(range(frames))
    for a, b in zip(one, two, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a[1:], b[1:], strict=True))
    assert not np.array_equal(one[0][1], one[1][1])  # the noise is fresh


def test_hands_are_closed_only_while_they_hold(body, plain, looks):
    look, holds = looks[0], np.array([True, False])
    one = person(look, "stand", 0.0, 0.0, prop=dumbbells(body), holds=holds, gripping=closed(look, body))
    never = person(look, "stand", 0.0, 0.0)
    held, free = render(body, plain, [one], 2, 25, **STILL)
    _, bare = render(body, plain, [never], 2, 25, **STILL)
    assert np.array_equal(free.image, bare.image)
    assert held.boxes_xyxy[0, 3] == pytest.approx(free.boxes_xyxy[0, 3], abs=1)
    always = person(closed(look, body), "stand", 0.0, 0.0, prop=dumbbells(body), holds=holds)
    assert np.array_equal(held.image, next(render(body, plain, [always], 1, 25, **STILL)).image)


def test_who_is_just_outside_still_throws_a_shadow_into_the_picture(body, plain, looks):
    lamp = np.array([0.6, 0.7, 0.4])
    lit = dataclasses.replace(plain, light=lamp / np.linalg.norm(lamp))  # from the right, so shadows fall to the left
    camera = lit.camera
    edge = camera.position_m + camera.rays(np.array([[SIZE[0], SIZE[1] * 0.75]]))[0] * 1.0
    ray = edge - camera.position_m
    foot = camera.position_m - ray * camera.position_m[1] / ray[1]
    one = person(looks[0], "stand", float(foot[0]) + 0.75, float(foot[2]))
    (frame,), (empty,) = (list(render(body, lit, cast, 1, 25, **STILL)) for cast in ([one], []))
    assert np.isnan(frame.boxes_xyxy).all()
    assert (frame.image.astype(int) - empty.image).min() < -15


def test_the_shutter_is_not_open_longer_than_a_frame_lasts(body, plain, looks):
    """At 60 frames a second; the seed draws more than that."""
    one = [person(looks[0], "jumping_jack", 0.0, 0.0)]
    drawn, longest, long = (next(render(body, plain, one, 1, 60, **{**STILL, "exposure_s": e}, seed=11))
                            for e in (None, 1 / 60, 1 / 40))  # fmt: skip
    assert 1 / np.random.default_rng([11, 23]).uniform(40, 100) > 1 / 60
    assert np.array_equal(drawn.image, longest.image)
    assert not np.array_equal(longest.image, long.image)


def children():
    return [p.pid for p in psutil.Process().children() if "parallel import work" in " ".join(p.cmdline())]


def test_no_process_stays_when_the_caller_stops_or_a_worker_fails(body, plain, crowd):
    frames = render(body, plain, crowd[:1], 48, 25, jobs=2)
    next(frames)
    assert len(children()) == 2
    frames.close()
    assert children() == []
    broken = dataclasses.replace(plain, floor=np.zeros((3, 3), bool))
    with pytest.raises(RuntimeError, match="worker failed"):
        list(render(body, broken, crowd[:1], 48, 25, jobs=2))
    assert children() == []
    unsent = dataclasses.replace(crowd[0], prop=dataclasses.replace(dumbbells(body), colours=lambda: None))
    with pytest.raises(RuntimeError, match="worker failed"):
        list(render(body, plain, [unsent], 48, 25, jobs=2))
    assert children() == []


def test_blur_leaves_what_stands_still(body, plain, looks):
    one = [person(looks[0], "stand", 0.0, 0.0)]
    sharp, open_long = (next(render(body, plain, one, 1, 25, **{**STILL, "exposure_s": e})) for e in (0.0, 1 / 40))
    assert np.array_equal(sharp.image, open_long.image)
    assert np.array_equal(sharp.boxes_xyxy, open_long.boxes_xyxy)


def test_the_skin_is_smplxs(body):
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.normal(size=(3, 24, 3, 3)) * 0.15 + np.eye(3))[0]
    turn *= np.sign(np.linalg.det(turn))[..., None, None]
    turn *= np.sign(np.diagonal(turn, axis1=-2, axis2=-1))[..., None, :]
    betas, transl = rng.normal(size=10), rng.normal(size=(3, 3))
    skin = Skin(body)
    ours = pose(*skin.of(betas), skin.bends, skin.weights, turn, transl)
    assert pose(*skin.of(betas), skin.bends, skin.weights, turn[:0], transl[:0]).shape == (0, *ours.shape[1:])
    assert np.abs(ours - body.vertices(turn, np.tile(betas, (3, 1)), transl)).max() < 1e-4


def test_a_footprint_counts_hidden_pixels_too():
    canvas = Rasterizer(40, 30)
    square = np.array([[5.0, 5.0], [15.0, 5.0], [15.0, 15.0], [5.0, 15.0]])
    faces = np.array([[0, 3, 2], [0, 2, 1]])
    near = canvas.draw(square, np.ones(4), faces, np.ones((4, 3)), np.array([3, 4]))
    far = canvas.draw(square + 5, np.full(4, 2.0), faces, np.ones((4, 3)), 1)
    assert near == (100, (5, 5, 14, 14))
    assert far == (100, (10, 10, 19, 19))
    assert set(np.unique(canvas.owner)) == {-1, 1, 3, 4}
    assert canvas.draw(square + 100, np.ones(4), faces, np.ones((4, 3)), 1) is None
