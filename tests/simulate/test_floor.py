"""The way to the floor and up again, and every floor exercise against the body's own mesh."""

import numpy as np
import pytest

from groupcoach.mesh.body_model import BodyModel
from groupcoach.simulate.floor import crouch_pose, through, way_poses
from groupcoach.simulate.ground import burpee, mountain_climber, plank, push_up
from groupcoach.simulate.people import skeleton_of
from groupcoach.simulate.rig import joints_of, solve
from groupcoach.simulate.stance import Person
from groupcoach.simulate.supine import crunch, glute_bridge, sit_up
from groupcoach.skeleton import INDEX
from tests.simulate.contact import depths

from .moves import SKELETON, slides

MAKERS = [push_up, plank, mountain_climber, burpee, sit_up, crunch, glute_bridge]
LYING = [sit_up, crunch, glute_bridge]
TRUNK = [INDEX[n] for n in ("pelvis", "left_hip", "right_hip", "spine_low", "spine_mid", "spine_high", "head")]


@pytest.fixture(scope="module")
def body():
    return BodyModel()


@pytest.fixture(scope="module")
def people(body):
    shapes = [np.clip(np.random.default_rng([k, 11]).normal(0, 1, 10), -1.5, 1.5) for k in range(2)]
    return [(betas, Person(skeleton_of(body, betas), k)) for k, betas in enumerate(shapes)]


def mesh(body, betas, person, pose):
    rel, pelvis = solve(person.skeleton, pose)
    transl = pelvis - person.skeleton.joints_m[0]
    return body.vertices(rel, np.tile(betas, (len(rel), 1)), transl)


def way(person, make, u, up=False):
    part = make(person, person.rng(0), 6.0, None, {})
    t = 3.0 * u
    there = part.rows(np.full(len(u), part.duration_s) if up else np.zeros(len(u)))
    keys = [person.stand(t), *way_poses(person, t, part.entry, there), there]
    return through(keys[::-1] if up else keys, u)


@pytest.mark.parametrize("make", MAKERS)
def test_the_mesh_stays_above_the_floor(body, people, make):
    for betas, person in people:
        part = make(person, person.rng(0), 8.0, None, {})
        v = mesh(body, betas, person, part.rows(np.linspace(0.0, 6.0, 18)))
        assert v[..., 1].min() > -0.02
        if make in LYING:
            flat = v[0, np.isin(body.vertex_part, TRUNK), 1]
            assert -0.015 < flat.min() < 0.025
            for name in ("head", "left_ankle", "right_ankle"):
                assert v[0, body.vertex_part == INDEX[name], 1].min() < 0.03
        elif make is not burpee:
            for name in ("left_hand", "right_hand"):
                low = v[:, body.vertex_part == INDEX[name], 1].min(1)
                assert np.abs(low).max() < 0.015


@pytest.mark.parametrize("make", [push_up, sit_up, glute_bridge])
@pytest.mark.parametrize("up", [False, True])
def test_nobody_sinks_into_the_floor_on_the_way(body, people, make, up):
    for betas, person in people:
        v = mesh(body, betas, person, way(person, make, np.linspace(0, 1, 20), up))
        assert v[..., 1].min() > -0.015


@pytest.mark.parametrize("make", [push_up, sit_up, glute_bridge])
@pytest.mark.parametrize("up", [False, True])
def test_the_way_is_smooth_starts_and_ends_where_it_shall_and_feet_do_not_slide(make, up):
    for seed in range(3):
        person = Person(SKELETON, seed)
        u = np.linspace(0, 1, 61)
        pose = way(person, make, u, up)
        joints = joints_of(SKELETON, *solve(SKELETON, pose))
        assert np.abs(np.diff(joints, axis=0)).max() * 20 < 6
        assert slides(joints) < 0.03
        inside = {k: v for k, v in depths(joints).items() if v[0] > 0.05}
        assert not inside, (seed, inside)
        part = make(person, person.rng(0), 6.0, None, {})
        there = joints_of(SKELETON, *solve(SKELETON, part.rows(np.array([6.0 if up else 0.0]))))[0]
        stand = joints_of(SKELETON, *solve(SKELETON, person.stand(np.array([3.0 if up else 0.0]))))[0]
        first, last = (there, stand) if up else (stand, there)
        assert np.abs(joints[0] - first).max() < 0.01
        assert np.abs(joints[-1] - last).max() < 0.01


def test_hands_reach_the_floor_in_a_crouch_whatever_the_body(people):
    for _, person in people:
        pose = crouch_pose(person, np.zeros(1), hand_x=0.2)
        joints = joints_of(person.skeleton, *solve(person.skeleton, pose))[0]
        for side, sign in (("left", 1), ("right", -1)):
            assert np.allclose(joints[INDEX[f"{side}_wrist"]], pose[f"{side}_floor_hand"][0], atol=0.01)
            assert joints[INDEX[f"{side}_knee"], 0] * sign > 0.15  # the arms are between the knees


def test_standing_exercises_have_no_way():
    person = Person(SKELETON, 0)
    t = np.zeros(1)
    assert way_poses(person, t, "step", person.stand(t)) == []
