"""Motions: the truth agrees with the joints, feet stay where they are put, nothing passes the floor."""

import itertools

import numpy as np
import pytest

from groupcoach.errors import ConfigError
from groupcoach.simulate.motion import EXERCISES, TRANSITION, UNKNOWN, default_skeleton, make_motion
from groupcoach.skeleton import INDEX

from .moves import angle, dips, elbow, knee

SKELETON = default_skeleton()
HZ = 30.0


def clock(motion, hz=HZ):
    return np.arange(0, motion.duration_s, 1 / hz)


@pytest.mark.parametrize("exercise", [*EXERCISES, *UNKNOWN])
def test_every_motion_is_a_body(exercise):
    for seed in range(3):
        motion = make_motion(SKELETON, exercise, seed=seed, seconds=8)
        t = clock(motion)
        rotations = motion.rotations(t)
        assert rotations.shape == (len(t), 24, 3, 3)
        assert np.allclose(rotations @ np.swapaxes(rotations, -1, -2), np.eye(3), atol=1e-6)
        assert np.allclose(np.linalg.det(rotations), 1)
        joints = motion.joints(t)
        for a, b in (("left_hip", "left_knee"), ("right_elbow", "right_wrist")):
            length = np.linalg.norm(joints[:, INDEX[a]] - joints[:, INDEX[b]], axis=-1)
            assert length == pytest.approx(SKELETON.bone(a, b), abs=1e-6)
        # nobody moves faster than a boxer's fist
        assert np.abs(np.diff(joints, axis=0)).max() * HZ < 17


@pytest.mark.parametrize("exercise", [*EXERCISES, "plank", "lateral_raise", "deadlift", "walk", "shoulder_press"])
def test_no_joint_passes_the_floor(exercise):
    for seed in range(8):
        motion = make_motion(SKELETON, exercise, seed=seed, seconds=10)
        assert motion.joints(clock(motion))[..., 1].min() > 0.01


@pytest.mark.parametrize("exercise", ["stand", "squat", "biceps_curl", "push_up", "lunge", "plank"])
def test_planted_feet_do_not_slide(exercise):
    """A ball of the foot that touches the floor moves less than 3 cm until it is lifted."""
    for seed in range(8):
        motion = make_motion(SKELETON, exercise, seed=seed, seconds=10)
        joints = motion.joints(clock(motion))
        for side in ("left", "right"):
            ball = joints[:, INDEX[f"{side}_foot"]]
            down = ball[:, 1] < SKELETON.ball_m + 0.004
            start = None
            for i, on_floor in enumerate(down):
                if on_floor and start is None:
                    start = i
                elif not on_floor:
                    start = None
                if start is not None:
                    assert np.linalg.norm(ball[i, [0, 2]] - ball[start, [0, 2]]) < 0.03, (seed, side, i)


def test_hands_of_a_push_up_stay_on_the_floor():
    for seed in range(6):
        motion = make_motion(SKELETON, "push_up", seed=seed, seconds=10)
        joints = motion.joints(clock(motion))
        for side in ("left", "right"):
            wrist = joints[:, INDEX[f"{side}_wrist"]]
            assert np.ptp(wrist, axis=0).max() < 0.01
            assert wrist[:, 1].max() < 0.08


@pytest.mark.parametrize(
    ("exercise", "signal", "low", "high"),
    [("squat", knee, 130, 155), ("push_up", elbow, 110, 140), ("jumping_jack", None, 0.45, 0.6)],
)
def test_truth_counts_what_the_joints_do(exercise, signal, low, high):
    for seed in range(6):
        motion = make_motion(SKELETON, exercise, seed=seed, seconds=15)
        joints = motion.joints(clock(motion))
        if signal is None:  # arms: the wrists' height, upside down
            height = joints[:, INDEX["left_wrist"], 1]
            values = 1 - (height - height.min()) / np.ptp(height)
        else:
            values = signal(joints)
        (segment,) = motion.segments
        assert dips(values, low, high) == len(segment.rep_end_s) > 2


def test_either_leg_leads_a_lunge_and_each_counts():
    sides = set()
    for seed in range(10):
        motion = make_motion(SKELETON, "lunge", seed=seed, seconds=15)
        joints = motion.joints(clock(motion))
        both = np.minimum(knee(joints, "left"), knee(joints, "right"))
        assert dips(both, 115, 150) == len(motion.segments[0].rep_end_s)
        ahead = joints[:, INDEX["left_ankle"], 2] - joints[:, INDEX["right_ankle"], 2]
        sides |= {name for name, there in (("left", ahead.max() > 0.4), ("right", ahead.min() < -0.4)) if there}
    assert sides == {"left", "right"}


def test_repetitions_end_where_the_body_is_back():
    motion = make_motion(SKELETON, "squat", seed=4, seconds=15)
    ends = np.array(motion.segments[0].rep_end_s)
    assert (knee(motion.joints(ends)) > 165).all()


def test_shallow_and_knees_in_show_in_the_joints():
    for seed in range(5):
        motion = make_motion(SKELETON, "squat", seed=seed, seconds=20, faults={"shallow": 0.4, "knees_in": 0.3})
        (segment,) = motion.segments
        spans = {code: [f for f in segment.faults if f.code == code] for code in ("shallow", "knees_in")}
        assert len(spans["shallow"]) >= 1
        assert len(spans["knees_in"]) >= 1
        for start, end in zip((segment.start_s, *segment.rep_end_s[:-1]), segment.rep_end_s, strict=True):
            joints = motion.joints(np.arange(start, end, 1 / HZ))
            codes = {f.code for f in segment.faults if f.end_s == end}
            deepest = knee(joints).argmin()
            assert (knee(joints).min() > 105) == ("shallow" in codes)
            apart = joints[deepest, INDEX["left_knee"], 0] - joints[deepest, INDEX["right_knee"], 0]
            feet = joints[deepest, INDEX["left_ankle"], 0] - joints[deepest, INDEX["right_ankle"], 0]
            assert (apart < feet) == ("knees_in" in codes)


def test_hips_sag_and_swing_show_in_the_joints():
    motion = make_motion(SKELETON, "push_up", seed=1, seconds=20, faults={"hips_sag": 0.5})
    sagging = {f.end_s for f in motion.segments[0].faults}
    for end in motion.segments[0].rep_end_s:
        joints = motion.joints(np.array([end - 0.8]))
        assert (angle(joints, "left_shoulder", "left_hip", "left_ankle")[0] < 168) == (end in sagging)
    motion = make_motion(SKELETON, "biceps_curl", seed=1, seconds=20, faults={"swing": 0.5})
    segment = motion.segments[0]
    swinging = {f.end_s for f in segment.faults}
    for start, end in zip((segment.start_s, *segment.rep_end_s[:-1]), segment.rep_end_s, strict=True):
        joints = motion.joints(np.arange(start, end, 1 / HZ))
        trunk = joints[:, INDEX["neck"]] - joints[:, INDEX["pelvis"]]
        lean = np.degrees(np.arctan2(trunk[:, 2], trunk[:, 1]))
        assert (np.ptp(lean) > 8) == (end in swinging)


def test_the_frame_rate_does_not_matter_and_time_may_jump():
    motion = make_motion(SKELETON, [("stand", 1), ("squat", 6), ("push_up", 6)], seed=3)
    t = clock(motion)
    whole = motion.joints(t)
    some = np.random.default_rng(0).permutation(len(t))[:50]
    assert np.allclose(motion.joints(t[some]), whole[some])


def test_the_same_seed_is_the_same_person_and_another_is_not():
    t = np.linspace(0, 8, 50)
    a, b, c = (make_motion(SKELETON, "squat", seed=s, seconds=8) for s in (1, 1, 2))
    assert np.array_equal(a.joints(t), b.joints(t))
    assert a.segments[0].rep_end_s == b.segments[0].rep_end_s
    assert not np.allclose(a.joints(t), c.joints(t))


def test_a_plan_runs_smoothly_from_part_to_part():
    motion = make_motion(SKELETON, [("stand", 2), ("squat", 6), ("push_up", 6), ("stand", 2)], seed=8)
    t = clock(motion, 100)
    assert np.abs(np.diff(motion.joints(t), axis=0)).max() * 100 < 8
    labels = motion.labels(t)
    order = [labels[0], *(b for a, b in itertools.pairwise(labels) if a != b)]
    assert order == ["stand", TRANSITION, "squat", TRANSITION, "push_up", TRANSITION, "stand"]
    assert [s.exercise for s in motion.segments] == ["stand", "squat", "push_up", "stand"]


def test_yaw_and_spot_move_the_whole_body():
    t = np.linspace(0, 5, 9)
    plain = make_motion(SKELETON, "squat", seed=2, seconds=5).joints(t)
    moved = make_motion(SKELETON, "squat", seed=2, seconds=5, yaw=np.pi / 2, spot_m=(1.0, -2.0)).joints(t)
    turned = np.stack([plain[..., 2] + 1, plain[..., 1], -plain[..., 0] - 2], -1)
    assert np.allclose(moved, turned)


def test_translation_is_what_smplx_expects():
    motion = make_motion(SKELETON, "lunge", seed=2, seconds=5)
    t = np.linspace(0, 5, 9)
    assert np.allclose(motion.translation(t) + SKELETON.joints_m[0], motion.joints(t)[:, 0])


def test_unknown_motions_count_nothing():
    for exercise in UNKNOWN:
        assert make_motion(SKELETON, exercise, seed=1, seconds=6).segments[0].rep_end_s == ()


def test_near_misses_are_offered():
    with pytest.raises(ConfigError, match="Did you mean 'squat'"):
        make_motion(SKELETON, "squats", seed=1)
    with pytest.raises(ConfigError, match="Did you mean 'knees_in'"):
        make_motion(SKELETON, "squat", seed=1, faults={"knee_in": 1.0})


def test_a_set_without_a_repetition_is_no_exercise():
    motion = make_motion(SKELETON, [("stand", 2), ("deadlift", 1), ("sit_up", 1), ("plank", 1), ("stand", 2)], seed=2)
    assert [s.exercise for s in motion.segments] == ["stand", "plank", "stand"]
