"""Pictures against their truth: owners of pixels, boxes, hidden shares, mirrors, movement, light and processes."""

import dataclasses

import numpy as np
import psutil
import pytest

from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.raster import Rasterizer
from groupcoach.simulate.blur import PER_BODY, SEGMENTS, segment_of_parts, smear
from groupcoach.simulate.light import RANGE, Daylight
from groupcoach.simulate.motion import make_motion
from groupcoach.simulate.painter import Painter
from groupcoach.simulate.people import draw_look
from groupcoach.simulate.props import dumbbells, lying
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


def test_blur_leaves_what_stands_still(body, plain, looks):
    one = [person(looks[0], "stand", 0.0, 0.0)]
    sharp, open_long = (next(render(body, plain, one, 1, 25, **{**STILL, "exposure_s": e})) for e in (0.0, 1 / 40))
    assert np.array_equal(sharp.image, open_long.image)
    assert np.array_equal(sharp.boxes_xyxy, open_long.boxes_xyxy)


def test_blur_smears_along_the_movement_and_nowhere_else():
    image = np.full((60, 80, 3), 40, np.uint8)
    owner = np.full((60, 80), -1, np.int16)
    image[20:40, 30:40], owner[20:40, 30:40] = 240, PER_BODY + 2
    image[:, 60:] = np.random.default_rng(0).integers(0, 255, (60, 20, 3))
    before = image.copy()
    nearness = np.where(owner >= 0, 0.5, 0).astype(np.float32)
    way = np.zeros((len(SEGMENTS), 2))
    way[2] = (8, 0)
    smear(image, owner, nearness, PER_BODY, way, (30, 20, 39, 39))
    assert np.array_equal(image[:20], before[:20])
    assert np.array_equal(image[40:], before[40:])
    assert np.array_equal(image[:, 60:], before[:, 60:])
    row = image[30, :, 0].astype(float)
    assert (np.diff(row[24:35]) >= 0).all()
    assert (np.diff(row[35:46]) <= 0).all()
    assert row[30] == pytest.approx(140, abs=14)  # half of the time at the edge
    assert row.sum() == pytest.approx(before[30, :, 0].sum(), rel=0.01)  # no halo: no light comes or goes
    assert (row[:25] == 40).all()


def test_blur_goes_behind_what_is_in_front():
    image = np.full((40, 60, 3), 40, np.uint8)
    owner = np.full((40, 60), -1, np.int16)
    nearness = np.zeros((40, 60), np.float32)
    image[10:30, 20:30], owner[10:30, 20:30], nearness[10:30, 20:30] = 240, 0, 0.3
    image[:, 30:36], owner[:, 30:36], nearness[:, 30:36] = 100, PER_BODY, 0.6
    way = np.zeros((len(SEGMENTS), 2))
    way[0] = (10, 0)
    smear(image, owner, nearness, 0, way, (20, 10, 29, 29))
    assert (image[:, 30:36] == 100).all()
    assert image[20, 18, 0] > 60


def test_every_joint_belongs_to_a_segment_of_its_side():
    names = [name for name, _, _ in SEGMENTS]
    of = [names[row] for row in segment_of_parts()]
    assert of[INDEX["left_elbow"]] == "left_forearm"
    assert of[INDEX["right_hip"]] == "right_thigh"
    assert of[INDEX["head"]] == of[INDEX["neck"]] == "head"
    assert of[INDEX["pelvis"]] == of[INDEX["spine_high"]] == of[INDEX["left_collar"]] == "trunk"
    assert set(of) == set(names)


def test_light_changes_slowly_and_is_the_same_for_the_same_seed():
    for seed in range(5):
        sky = Daylight(seed, 0.12)
        gains = np.stack([sky.gains(t) for t in np.arange(0, 120, 0.2)])
        assert np.array_equal(gains, np.stack([Daylight(seed, 0.12).gains(t) for t in np.arange(0, 120, 0.2)]))
        level = gains[:, 1]
        assert (level >= RANGE[0]).all()
        assert (level <= RANGE[1]).all()
        assert np.ptp(level) > 0.03
        assert np.abs(np.diff(level)).max() < 0.03  # in a fifth of a second
        assert np.abs(gains[:, 0] / level - 1).max() < 0.04
    assert (Daylight(1, 0.0).gains(7.0) == 1).all()


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
