from __future__ import annotations

import cv2
import numpy as np
import pytest

from groupcoach.mesh.body_model import BodyModel
from groupcoach.mesh.draw import Figure, draw_people
from groupcoach.mesh.raster import Rasterizer, project, shade
from groupcoach.mesh.skin import AREA_PX, lamp, paint
from groupcoach.records import BodyPose

FOCAL, CENTRE, WIDTH, HEIGHT = 800.0, (480.0, 270.0), 960, 540
COLOURS = np.array([[200, 100, 50, 7]], np.uint8)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel()


@pytest.fixture
def frame() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), 100, np.uint8)


def person(body: BodyModel, x: float, z: float, turn_deg: float = 0.0) -> BodyPose:
    """Somebody with spread arms, turned about the vertical."""
    turns = np.tile(np.eye(3), (1, 24, 1, 1))
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turns[:, 0] = np.diag([1.0, -1.0, -1.0]) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    betas, transl = np.zeros((1, 10)), np.array([[x, 0.0, z]])
    joints, skin = body.joints(turns, betas, transl)[0], body.vertices(turns, betas, transl)[0]
    return BodyPose(joints, project(joints, FOCAL, CENTRE)[0], turns[0], betas[0], transl[0], np.full(31, 0.02), skin)


def exact(body: BodyModel, *poses: BodyPose) -> Rasterizer:
    """The same bodies by the rasterizer that compares every pixel's depth."""
    tool = Rasterizer(WIDTH, HEIGHT)
    for i, pose in enumerate(poses):
        assert pose.vertices_m is not None
        px, depth = project(pose.vertices_m, FOCAL, CENTRE)
        tool.draw(px, depth, body.faces, shade(pose.vertices_m, body.faces, np.ones(3)), i)
    return tool


def drawn(body: BodyModel, frame: np.ndarray, *poses: BodyPose, opacity: float = 1.0) -> tuple[np.ndarray, Rasterizer]:
    tool = Rasterizer(WIDTH, HEIGHT)
    figures = [Figure(2 * i, (), None, pose) for i, pose in enumerate(poses)]
    return draw_people(frame, figures, body, FOCAL, CENTRE, opacity=opacity, rasterizer=tool), tool


def grey(picture: np.ndarray) -> np.ndarray:
    return picture.astype(float) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize(("z", "turn"), [(6.0, 0.0), (2.6, 40.0), (2.6, 180.0), (1.2, 90.0)])
def test_the_quick_skin_lies_where_the_exact_one_does(body: BodyModel, z: float, turn: float) -> None:
    pose = person(body, 0.1, z, turn)
    assert pose.vertices_m is not None
    px, depth = project(pose.vertices_m, FOCAL, CENTRE)
    light, dress = lamp(pose.vertices_m, body.faces), np.zeros(len(body.faces), int)
    patch = paint(px, depth, body.faces, light, COLOURS, dress, WIDTH, HEIGHT)
    assert patch is not None
    left, top, right, bottom = patch.box
    assert patch.near.size <= AREA_PX * 1.05
    near = np.zeros((HEIGHT, WIDTH), np.float32)
    size = (right - left, bottom - top)
    near[top:bottom, left:right] = cv2.resize(patch.near, size, interpolation=cv2.INTER_NEAREST_EXACT)
    want = exact(body, pose)
    mine, theirs = near > 0, want.owner == 0
    assert (mine & theirs).sum() / (mine | theirs).sum() > 0.91
    middles = [np.argwhere(m).mean(axis=0) for m in (mine, theirs)]
    assert np.abs(middles[0] - middles[1]).max() < 0.3
    both = mine & theirs
    assert np.quantile(np.abs(1 / near[both] - want.depth[both]), 0.98) < 0.08
    assert (patch.rgb[..., 3] == 7)[patch.near > 0].all()
    small = cv2.resize(want.image[top:bottom, left:right, 0], patch.near.shape[::-1], interpolation=cv2.INTER_AREA)
    inside = cv2.erode((patch.near > 0).astype(np.uint8), np.ones((5, 5))) > 0
    difference = patch.rgb[..., 0][inside] / 200 - small[inside] / 255
    assert np.quantile(np.abs(difference), 0.95) < 0.08


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_people_hide_each_other_as_their_depths_say(
    body: BodyModel, frame: np.ndarray, order: tuple[int, int, int]
) -> None:
    # The third stands between the others and reaches through to both sides.
    all_three = [person(body, 0.0, 3.0), person(body, 0.3, 3.6), person(body, 0.15, 3.3, 90.0)]
    poses = [all_three[i] for i in order]
    _, tool = drawn(body, frame, *poses)
    want = exact(body, *poses)
    both = (tool.owner >= 0) & (want.owner >= 0)
    assert (tool.owner == want.owner)[both].mean() > 0.96
    assert all((tool.owner == i).sum() > 1000 for i in range(3))


def test_nobody_shines_through_somebody_else(body: BodyModel, frame: np.ndarray) -> None:
    front, back = person(body, 0.0, 3.0), person(body, 0.1, 4.0)
    alone, tool = drawn(body, frame, front, opacity=0.6)
    both, _ = drawn(body, frame, front, back, opacity=0.6)
    inside = cv2.erode((tool.owner == 0).astype(np.uint8), np.ones((3, 3))) > 0
    assert (alone[inside] == both[inside]).all()
    assert (grey(alone)[inside] != 100).mean() > 0.95


def test_what_is_not_finite_or_not_before_the_camera_is_left_out(body: BodyModel, frame: np.ndarray) -> None:
    for hurt in (np.nan, np.inf, -np.inf, 1e30):
        pose = person(body, 0.0, 3.0)
        assert pose.vertices_m is not None
        pose.vertices_m[body.vertex_part == 5] = hurt
        out, tool = drawn(body, frame, pose)
        whole = (exact(body, person(body, 0.0, 3.0)).owner == 0).sum()
        assert 0.7 * whole < (tool.owner == 0).sum() < 1.1 * whole
    for x, z in ((0.0, -3.0), (0.0, 0.0), (900.0, 3.0), (0.0, 1e9)):
        out, _ = drawn(body, frame, person(body, x, z))
        assert (out != frame).any(axis=-1).mean() < 0.01


@pytest.mark.parametrize("z", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("turn", [0.0, 90.0])
def test_somebody_at_the_lens_draws_no_wild_triangles(
    body: BodyModel, frame: np.ndarray, z: float, turn: float
) -> None:
    pose = person(body, 0.0, z, turn)
    _, tool = drawn(body, frame, pose)
    mine, theirs = tool.owner == 0, exact(body, pose).owner == 0
    grown = cv2.dilate(theirs.astype(np.uint8), np.ones((9, 9))) > 0
    assert not (mine & ~grown).any()


def test_a_body_of_nothing_but_nan_is_drawn_as_lines(body: BodyModel, frame: np.ndarray) -> None:
    pose = person(body, 0.0, 3.0)
    assert pose.vertices_m is not None
    pose.vertices_m[:] = np.nan
    out, _ = drawn(body, frame, pose)
    assert 0.001 < (out != frame).any(axis=-1).mean() < 0.05


def test_a_fault_shows_without_colour(body: BodyModel, frame: np.ndarray) -> None:
    pose = person(body, 0.0, 2.6)
    sound, bad = (draw_people(frame, [Figure(1, (), None, pose, flags)], body, FOCAL, CENTRE)
                  for flags in ((), ("left_knee",)))  # fmt: skip
    changed = (sound != bad).any(axis=-1)
    inside = cv2.erode(changed.astype(np.uint8), np.ones((5, 5))) > 0
    assert inside.sum() > 500
    assert grey(bad)[inside].std() > 2 * grey(sound)[inside].std()
    assert (bad[changed] == 255).all(axis=-1).sum() > 50
    again, _ = drawn(body, frame, pose)
    assert not (again == 255).all(axis=-1).any()


def test_an_opacity_of_one_hides_the_picture_and_lower_ones_less(body: BodyModel) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    pose = person(body, 0.0, 3.0)
    left = []
    for opacity in (1.0, 0.6, 0.2):
        out, tool = drawn(body, noise, pose, opacity=opacity)
        inside = cv2.erode((tool.owner == 0).astype(np.uint8), np.ones((5, 5))) > 0
        left.append(float(np.corrcoef(grey(out)[inside], grey(noise)[inside])[0, 1]))
    assert left[0] < 0.1 < 0.3 < left[1] < left[2]
