"""People of the simulator: alike for a seed, different from each other, dressed without gaps, and holding dumbbells."""

import dataclasses

import numpy as np
import pytest

from groupcoach.mesh.body_model import BodyModel
from groupcoach.simulate import hair
from groupcoach.simulate.clothes import CLASSES, draw_outfit, dress
from groupcoach.simulate.colours import SKINS
from groupcoach.simulate.cutter import Cutter, affine_weights
from groupcoach.simulate.frame import frame_of
from groupcoach.simulate.people import draw_betas, draw_look, skeleton_of
from groupcoach.simulate.props import closed, dumbbells, lying
from groupcoach.simulate.rig import rot
from groupcoach.skeleton import INDEX, N_SMPL

SEEDS = range(1, 7)


@pytest.fixture(scope="module")
def body():
    return BodyModel()


@pytest.fixture(scope="module")
def looks(body):
    return [draw_look(body, seed) for seed in SEEDS]


def rest(body, betas=None):
    shape = np.zeros((1, 10)) if betas is None else betas[None]
    return body.vertices(np.eye(3)[None, None].repeat(N_SMPL, 1), shape, np.zeros((1, 3)))[0].astype(float)


def volume(points, faces):
    a, b, c = (points[faces[:, k]] for k in range(3))
    return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def test_clothes_are_cut_sharp_and_everything_is_an_affine_mix(body, looks):
    for look in looks:
        assert look.matrix.shape == (len(look.colours), len(body.regions))
        assert np.allclose(np.asarray(look.matrix.sum(1)), 1)
        corners = look.colours[look.faces]
        assert (corners == corners[:, :1]).all()  # no colour runs over an edge
        assert len(np.unique(look.colours, axis=0)) >= 6
        assert look.faces.max() < len(look.colours)
        assert ((look.colours >= 0) & (look.colours <= 1)).all()


def test_people_differ_and_stay_the_same(body, looks):
    again = draw_look(body, 1)
    assert np.array_equal(again.colours, looks[0].colours)
    assert np.array_equal(again.betas, looks[0].betas)
    assert (again.matrix != looks[0].matrix).nnz == 0
    assert len({look.betas.tobytes() for look in looks}) == len(looks)
    assert len({np.unique(look.colours, axis=0).tobytes() for look in looks}) == len(looks)


def test_adults_of_many_heights_and_builds(body):
    rng = np.random.default_rng(0)
    shapes = np.array([draw_betas(body, rng, female=k % 2 == 0) for k in range(120)])
    eye = np.eye(3)[None, None].repeat(N_SMPL, 1).repeat(len(shapes), 0)
    standing = body.vertices(eye, shapes, np.zeros((len(shapes), 3))).astype(float)
    tall = np.ptp(standing[:, :, 1], axis=1)
    assert 1.49 < tall.min() < 1.58
    assert 1.86 < tall.max() < 1.96
    assert 0.07 < np.median(tall[1::2]) - np.median(tall[::2]) < 0.20  # men and women
    build = np.array([1000 * volume(v, body.faces) for v in standing]) / tall**2  # litres over height squared
    assert 14 < build.min() < 18.5
    assert 26 < build.max() < 36
    for k in (tall.argmin(), tall.argmax(), build.argmin(), build.argmax()):  # joints stay where a skeleton has them
        skeleton = skeleton_of(body, shapes[k])
        at = skeleton.at
        assert at("head")[1] > at("neck")[1] > at("spine_high")[1] > at("left_hip")[1] > at("left_knee")[1]
        assert 0.8 < skeleton.thigh_m / skeleton.shin_m < 1.25
        assert 0.05 < skeleton.ankle_m < 0.11


def test_nobody_is_heavy_to_draw(looks):
    """The plain body has 2454 faces; the clothed one of before had 3256."""
    faces = [len(look.faces) for look in looks]
    assert np.median(faces) < 1.5 * 3256
    assert max(faces) < 6500


def test_a_uniform_is_the_same_for_all_and_leaves_the_people_as_they_are(body):
    own, one, two = draw_look(body, 3), draw_look(body, 3, uniform=9), draw_look(body, 4, uniform=9)
    assert np.array_equal(own.betas, one.betas)
    assert not np.array_equal(one.betas, two.betas)

    def paints(look):
        return {tuple(c) for c in np.unique(look.colours, axis=0)}

    # Skin is the colour of the hands; everything else that two strangers share is worn by both.
    assert len(paints(one) & paints(two)) >= 5
    assert len(paints(one) & paints(two)) > len(paints(own) & paints(draw_look(body, 4)))
    hands = [look.colours[at_hand(body, look)] for look in (own, one, two)]
    assert np.array_equal(np.unique(hands[0], axis=0), np.unique(hands[1], axis=0))
    assert not np.array_equal(hands[1][0], hands[2][0])


def at_hand(body, look):
    return np.abs((look.matrix @ rest(body))[:, 0]) > 0.8


def test_all_tones_of_skin_come_and_are_worn_by_the_hands(body):
    from groupcoach.simulate import colours

    drawn = [colours.skin(np.random.default_rng(k))[0] for k in range(300)]
    counts = np.bincount(drawn, minlength=len(SKINS))
    assert (counts > 10).all()
    light = [np.mean(c) for c in SKINS]
    assert light == sorted(light, reverse=True)


def test_every_hair_style_leaves_the_face_free(body):
    """Seen from the front, nothing of the hair lies before eyes, nose or mouth."""
    from groupcoach.simulate import people

    frame = frame_of(body)
    outfit = draw_outfit(np.random.default_rng(1), None)
    ear, nose = frame.at["left_ear"], frame.at["nose"]
    for style in hair.STYLES:
        for length in (0.1, 0.25) if style == "long" else (0.12,):
            worn = hair.Hair(style, 1.2, -0.018, length, beard=False)
            matrix, faces, paint = people._build(frame, worn, outfit, np.ones(3), np.array([0.0, 1.0, 0.0]))
            points = matrix @ frame.rest
            hairy = (paint[:, 1] == 1) & (paint[:, 0] < 0.5) & (points[:, 1] > frame.at["left_shoulder"][1] - 0.25)
            p = points[np.unique(faces[hairy[faces].all(1)])]
            before = (p[:, 2] > ear[2] + 0.035) & (np.abs(p[:, 0]) < 0.05) & (p[:, 1] < ear[1] + 0.035)
            assert not before[p[:, 1] > nose[1] - 0.08].any(), style
            if style in ("bob", "long"):
                assert p[:, 1].min() < ear[1] - 0.9 * length + 0.02
            if style == "afro":
                assert p[:, 1].max() > frame.rest[:, 1].max() + 0.03


def test_hair_on_the_back_stays_outside_it(body):
    frame = frame_of(body)
    cutter = Cutter(frame.faces, frame.rest)
    ((_, matrix, _),) = hair.hanging(frame, hair.Hair("long", 1.0, 0.0, 0.24, beard=False), cutter)
    low = (matrix @ frame.rest)[-18:]
    outer = low[np.argsort(low[:, 2])[:9]]
    back = frame.rest[np.abs(frame.rest[:, 1] - outer[0, 1]) < 0.04][:, 2].min()
    assert (outer[:, 2] < back + 0.005).all()


def test_cloth_is_closed_where_it_stands_off(body):
    """Every hem is joined to what it hangs over: the dressed body, hair and face aside, has no open edge."""
    from groupcoach.simulate import people

    frame = frame_of(body)
    rng = np.random.default_rng(2)
    for _ in range(3):
        outfit = draw_outfit(rng, None)
        worn = hair.Hair("bald", 1.0, 0.0, 0.2, beard=False)
        matrix, faces, _ = people._build(frame, worn, outfit, np.ones(3), np.zeros(3))
        points = np.round(matrix @ frame.rest, 6)
        _, same = np.unique(points, axis=0, return_inverse=True)
        same = same.reshape(-1)
        eye = 7 * 10  # mouth, whites, pupils and brows are laid on and open
        f = same[faces[:-eye]]
        f = f[(f[:, 0] != f[:, 1]) & (f[:, 1] != f[:, 2]) & (f[:, 2] != f[:, 0])]
        edges = np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]])
        there, back = ({tuple(e) for e in x} for x in (edges, edges[:, ::-1]))
        start = np.concatenate([body.faces[:, [0, 1]], body.faces[:, [1, 2]], body.faces[:, [2, 0]]])
        holes = len({tuple(e) for e in start} - {tuple(e) for e in start[:, ::-1]})
        assert len(there - back) <= holes + 4


def test_the_edges_of_a_sash_are_straight(body):
    frame = frame_of(body)
    for seed in (1, 2):
        outfit = draw_outfit(np.random.default_rng(seed), None)
        outfit = dataclasses.replace(outfit, top="tee", sleeve=0.45, patterns=("sash", "plain"))
        cutter = Cutter(frame.faces, frame.rest)
        classes = dress(cutter, frame, outfit)()
        slope = 0.8 if outfit.numbers[0] < 0.5 else -0.8
        p = cutter.points[cutter.faces]
        off = p[:, :, 0] * slope + p[:, :, 1] - frame.at["left_shoulder"][1] + 0.17
        sash, rest_of_it = (off[classes == CLASSES.index(name)] for name in ("shirt2", "shirt"))
        assert len(sash) > 40
        assert np.abs(sash).max() < 0.05 + 0.003
        assert (rest_of_it.min(1) > 0.05 - 0.003).sum() + (rest_of_it.max(1) < -0.05 + 0.003).sum() == len(rest_of_it)


def test_a_cut_goes_through_the_neighbours_too():
    """Only the left of two triangles is asked to be cut; the shared edge has no vertex of one alone."""
    rest_points = np.array([[0.0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]])
    cutter = Cutter(np.array([[0, 2, 1], [2, 3, 1]]), rest_points)
    side = cutter.line(cutter.points[:, 1] - 0.4, np.array([True, False]))
    assert len(cutter.faces) == 3 + 2
    area = np.cross(*(cutter.points[cutter.faces[:, k]] - cutter.points[cutter.faces[:, 0]] for k in (1, 2)))[:, 2]
    assert (area > 0).all()
    assert area.sum() == pytest.approx(2)
    assert (side() > 0).sum() >= 1


def test_affine_weights_reach_points_and_move_with_a_stiff_body():
    rng = np.random.default_rng(0)
    anchors, points = rng.normal(size=(20, 3)), rng.normal(size=(5, 3)) * 2
    w = affine_weights(points, anchors)
    assert np.allclose(w.sum(1), 1)
    turn = rot("y", np.array([0.7]))[0]
    assert np.allclose(w @ (anchors @ turn.T + 3), points @ turn.T + 3)


def test_dumbbells_lie_in_the_hands_and_move_with_them(body):
    prop = dumbbells(body, seed=1)
    assert len(prop.faces) <= 120
    turn = np.eye(3)[None, None].repeat(N_SMPL, 1).copy()
    turn[:, INDEX["left_shoulder"]] = rot("z", np.array([-1.2]))
    turn[:, INDEX["left_elbow"]] = rot("y", np.array([-1.5]))
    betas = np.zeros((1, 10))
    betas[0, 0] = 1.5
    vertices = body.vertices(turn, betas, np.zeros((1, 3)))[0].astype(float)
    joints = body.joints(turn, betas, np.zeros((1, 3)))[0]
    points = prop.matrix @ vertices
    half = len(points) // 2
    for side, own in (("left", points[:half]), ("right", points[half:])):
        assert np.linalg.norm(own.mean(0) - joints[INDEX[f"{side}_hand"]]) < 0.08
        assert np.ptp((own - own.mean(0)) @ np.linalg.svd(own - own.mean(0))[2][0]) == pytest.approx(0.2, rel=0.2)
        forearm = joints[INDEX[f"{side}_wrist"]] - joints[INDEX[f"{side}_elbow"]]
        along = np.linalg.svd(own - own.mean(0))[2][0]
        assert abs(along @ forearm) / np.linalg.norm(forearm) < 0.3  # across the hand


def test_closed_fingers_go_round_the_bar(body):
    look = draw_look(body, 1)
    shut = closed(look, body)
    before, after = (x.matrix @ rest(body) for x in (look, shut))
    moved = np.linalg.norm(after - before, axis=1) > 1e-6
    assert (np.abs(before[moved, 0]) > 0.7).all()
    assert np.abs(before[:, 0]).max() - np.abs(after[:, 0]).max() > 0.03
    assert np.allclose(np.asarray(shut.matrix.sum(1)), 1)


def test_a_pair_lies_on_the_floor():
    points, faces, colours = lying(seed=2)
    assert points[:, 1].min() == pytest.approx(0, abs=1e-9)
    assert np.ptp(points[:, 2]) == pytest.approx(0.2)
    assert {-1.0, 1.0} == set(np.sign(points[:, 0]))
    assert np.abs(points[:, 0]).min() > 0.2  # beside the shoes, not in them
    assert np.abs(points[:, 0]).max() < 0.35
    assert volume(points, faces) > 0  # faces look outwards
    assert len(points) == len(colours)
