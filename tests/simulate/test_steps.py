"""Walks: feet stay where they are put and out of each other's way, the body arrives where and how it was asked."""

import itertools
from functools import cache

import numpy as np
import pytest

from groupcoach.simulate.rig import default_skeleton, joints_of, moved, solve, turn
from groupcoach.simulate.stance import Person
from groupcoach.simulate.steps import SHUFFLE_M, walk_path
from groupcoach.skeleton import INDEX

SKELETON = default_skeleton()
HZ = 60.0
WAYS = {
    "straight": ([(0.0, 4.0)], 0.0),
    "round a corner": ([(0.0, 3.0), (3.0, 3.0)], 1.2),
    "there and back": ([(0.0, 3.0), (0.5, 3.0), (0.5, 0.0)], np.pi),
    "the same way back": ([(0.2, 2.0), (0.0, 0.0)], 0.0),
    "in bends": ([(1.0, 1.0), (-1.0, 2.0), (1.0, 3.5)], -2.0),
    "to a place behind": ([(1.0, -3.0)], 0.0),
    "far aside": ([(-2.0, 0.0)], 0.0),
    "a half turn": ([(0.0, 0.0)], np.pi),
    "a quarter turn": ([(0.0, 0.0)], -np.pi / 2),
    "a step aside": ([(0.5, 0.0)], 0.0),
    "a step back": ([(0.1, -0.4)], 0.3),
    "a step aside and round": ([(-0.3, 0.4)], -2.5),
}


def joints_at(pose):
    return joints_of(SKELETON, *solve(SKELETON, pose))


def in_room(person, t, xz, yaw):
    """Joints of the standing person turned and moved, worked out without the code under test."""
    joints = joints_at(person.stand(t))
    return joints @ turn(np.array([0.0, 0.0, yaw])).T + (xz[0], 0.0, xz[1])


@cache
def walked(name, seed):
    points, yaw = WAYS[name]
    person = Person(SKELETON, seed)
    part = walk_path(person, points, yaw, rng=np.random.default_rng([seed, 9]))
    t = np.arange(0, part.duration_s, 1 / HZ)
    return person, part, joints_at(part.rows(t))


def check_walk(joints):
    """What holds for every walk; HZ rows a second."""
    for side in ("left", "right"):
        ball = joints[:, INDEX[f"{side}_foot"]]
        down = ball[:, 1] < SKELETON.ball_m + 0.003
        edges = np.flatnonzero(np.diff(down.astype(int)))
        for start, stop in zip(np.r_[0, edges + 1], np.r_[edges + 1, len(ball)], strict=True):
            if down[start]:
                assert np.ptp(ball[start:stop], axis=0).max() < 0.01, (side, start)
            else:
                assert 0.04 < ball[start:stop, 1].max() - SKELETON.ball_m < 0.16, (side, start)
    ankles = joints[:, INDEX["left_ankle"]] - joints[:, INDEX["right_ankle"]]
    assert np.linalg.norm(ankles[:, [0, 2]], axis=-1).min() > 0.08
    assert joints[..., 1].min() > 0.01
    speed = np.diff(joints, axis=0) * HZ
    assert np.linalg.norm(speed[:, 0], axis=-1).max() < 1.9
    assert np.linalg.norm(speed, axis=-1).max() < 8
    change = np.linalg.norm(np.diff(speed, axis=0) * HZ, axis=-1)
    assert change[:, INDEX["pelvis"]].max() < 12
    assert change[:, INDEX["head"]].max() < 25
    assert change.max() < 220  # knees as the heel strikes


@pytest.mark.parametrize("name", WAYS)
def test_feet_hold_and_nothing_jumps(name):
    for seed in range(2):
        check_walk(walked(name, seed)[2])


@pytest.mark.parametrize("name", WAYS)
def test_it_begins_and_ends_standing_where_it_was_asked(name):
    points, yaw = WAYS[name]
    for seed in range(2):
        person, part, _ = walked(name, seed)
        assert part.travel_m == points[-1]
        assert part.turn == yaw
        start, end = np.zeros(1), np.array([part.duration_s])
        assert np.abs(joints_at(part.rows(start)) - in_room(person, start, (0, 0), 0.0)).max() < 1e-4
        last = part.rows(end)
        assert np.abs(joints_at(last) - in_room(person, end, points[-1], yaw)).max() < 1e-3
        # The channels count from the end's heading too: the next part is blended with them.
        there = moved(person.stand(end), yaw, points[-1])
        for channel in ("tilt", "left_foot", "right_foot", "left_knee", "left_floor_hand"):
            assert last[channel] == pytest.approx(there[channel], abs=1e-3), channel


def test_moved_turns_the_whole_body():
    person, t = Person(SKELETON, 3), np.linspace(0, 2, 5)
    joints = joints_at(moved(person.stand(t), 0.7, (1.0, -2.0)))
    assert np.allclose(joints, in_room(person, t, (1.0, -2.0), 0.7), atol=1e-9)


def test_random_paths():
    rng = np.random.default_rng(4)
    for seed in range(6):
        points = np.cumsum(rng.normal(0, 1.3, (int(rng.integers(1, 4)), 2)), axis=0)
        person = Person(SKELETON, seed)
        part = walk_path(person, [tuple(p) for p in points], float(rng.uniform(-3.1, 3.1)), rng=rng)
        joints = joints_at(part.rows(np.arange(0, part.duration_s, 1 / HZ)))
        check_walk(joints)
        assert np.hypot(*(joints[-1, 0, [0, 2]] - points[-1])) < 0.08


def test_the_path_is_followed_and_faced():
    _, _, joints = walked("round a corner", 1)
    hips = joints[:, INDEX["left_hip"]] - joints[:, INDEX["right_hip"]]
    yaw = np.unwrap(np.arctan2(-hips[:, 2], hips[:, 0]))
    place = joints[:, 0, [0, 2]]
    assert np.linalg.norm(place - (0, 3), axis=-1).min() < 0.45
    first = (place[:, 1] > 0.5) & (place[:, 1] < 2.0)
    second = (place[:, 0] > 1.0) & (place[:, 0] < 2.4)
    assert np.abs(yaw[first]).max() < 0.35
    assert np.abs(yaw[second] - np.pi / 2).max() < 0.35
    assert place[:, 1].max() < 3.15  # no swinging out


def test_speed_is_a_walk_and_can_be_asked_for():
    def cruise(seed, **more):
        part = walk_path(Person(SKELETON, seed), [(0.0, 7.0)], 0.0, rng=np.random.default_rng(seed), **more)
        t = np.linspace(0.4, 0.6, 30) * part.duration_s
        joints = joints_at(part.rows(t))
        return (joints[-1, 0, 2] - joints[0, 0, 2]) / (t[-1] - t[0])

    own = [cruise(seed) for seed in range(6)]
    assert min(own) > 0.85
    assert max(own) < 1.5
    assert np.std(own) > 0.05
    assert cruise(1, speed_mps=0.8) == pytest.approx(0.8, abs=0.12)
    assert cruise(1, speed_mps=1.5) == pytest.approx(1.5, abs=0.15)


def test_feet_take_turns_heel_first_and_arms_swing_against_the_legs():
    _, part, joints = walked("straight", 2)
    pose = part.rows(np.arange(len(joints)) / HZ)
    air = {s: joints[:, INDEX[f"{s}_foot"], 1] > SKELETON.ball_m + 0.01 for s in ("left", "right")}
    assert not (air["left"] & air["right"]).any()  # walking, not running
    steps = sorted((i, s) for s, up in air.items() for i in np.flatnonzero(np.diff(up.astype(int)) == 1))
    sides = [s for _, s in steps]
    assert len(sides) >= 6
    assert all(a != b for a, b in itertools.pairwise(sides))
    for side in ("left", "right"):
        pitch = np.degrees(pose[f"{side}_foot"][:, 0])
        assert 30 < pitch.max() < 60
        assert -25 < pitch.min() < -8
    legs = joints[:, INDEX["left_ankle"], 2] - joints[:, INDEX["right_ankle"], 2]
    arms = joints[:, INDEX["left_wrist"], 2] - joints[:, INDEX["right_wrist"], 2]
    assert np.corrcoef(legs, arms)[0, 1] < -0.8
    assert np.abs(arms).max() > 0.25
    bob = joints[int(len(joints) * 0.35) : int(len(joints) * 0.65), 0, 1]
    assert 0.01 < np.ptp(bob) < 0.06


def test_a_half_turn_takes_a_few_steps_on_the_spot():
    for seed in range(6):
        _, part, joints = walked("a half turn", seed)
        up = [joints[:, INDEX[f"{s}_foot"], 1] > SKELETON.ball_m + 0.01 for s in ("left", "right")]
        assert sum(int((np.diff(u.astype(int)) == 1).sum()) for u in up) == 4
        assert 1.8 < part.duration_s < 4.5
        assert np.linalg.norm(joints[:, 0, [0, 2]], axis=-1).max() < 0.15


def test_a_short_way_is_gone_without_turning_to_it():
    for seed in range(2):
        hips = walked("a step aside", seed)[2]
        across = hips[:, INDEX["left_hip"]] - hips[:, INDEX["right_hip"]]
        assert np.abs(np.arctan2(across[:, 2], across[:, 0])).max() < 0.35
    part = walk_path(Person(SKELETON, 1), [(SHUFFLE_M * 2, 0.0)], 0.0, rng=np.random.default_rng(1))
    hips = joints_at(part.rows(np.linspace(0, part.duration_s, 60)))
    across = hips[:, INDEX["left_hip"]] - hips[:, INDEX["right_hip"]]
    assert np.abs(np.arctan2(across[:, 2], across[:, 0])).max() > 1.0


def test_any_instants_in_any_order_and_the_same_for_the_same_seed():
    _, part, joints = walked("in bends", 2)
    some = np.random.default_rng(0).permutation(len(joints))[:40]
    assert np.allclose(joints_at(part.rows(some / HZ)), joints[some])
    points, yaw = WAYS["in bends"]
    again = walk_path(Person(SKELETON, 2), points, yaw, rng=np.random.default_rng([2, 9]))
    assert np.array_equal(again.rows(some / HZ).rows, part.rows(some / HZ).rows)


def test_nowhere_to_go_is_standing_and_nonsense_is_refused():
    person, rng = Person(SKELETON, 1), np.random.default_rng(1)
    part = walk_path(person, [(0.0, 0.0)], 0.0, rng=rng)
    ankles = joints_at(part.rows(np.linspace(0, part.duration_s, 9)))[:, INDEX["left_ankle"]]
    assert np.ptp(ankles, axis=0).max() < 0.002
    with pytest.raises(ValueError, match="needs a point"):
        walk_path(person, [], 0.0, rng=rng)
    with pytest.raises(ValueError, match="Nobody walks"):
        walk_path(person, [(0.0, 2.0)], 0.0, rng=rng, speed_mps=3.0)
