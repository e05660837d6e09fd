"""Between sets: people face whom they talk to, come back to standing, and their hands reach the floor."""

import numpy as np
import pytest

from groupcoach.simulate.rests import GRIP_M, pick_up, pick_up_moment_s, talk_to, watch
from groupcoach.simulate.rig import default_skeleton, joints_of, solve
from groupcoach.simulate.stance import Person
from groupcoach.skeleton import INDEX

SKELETON = default_skeleton()
HZ = 60.0


def played(part):
    rel, pelvis = solve(SKELETON, part.rows(np.arange(0, part.duration_s, 1 / HZ)))
    return rel, joints_of(SKELETON, rel, pelvis)


def look_yaw(rel):
    """(T,) which way the face looks."""
    head = rel[:, 0]
    for name in ("spine_low", "spine_mid", "spine_high", "neck", "head"):
        head = head @ rel[:, INDEX[name]]
    return np.unwrap(np.arctan2(head[:, 0, 2], head[:, 2, 2]))


def chest_yaw(joints):
    across = joints[:, INDEX["left_shoulder"]] - joints[:, INDEX["right_shoulder"]]
    return np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))


def check_body(joints):
    for side in ("left", "right"):
        ball = joints[:, INDEX[f"{side}_foot"]]
        down = ball[:, 1] < SKELETON.ball_m + 0.003
        held = down[1:] & down[:-1]
        assert np.abs(np.diff(ball[:, [0, 2]], axis=0)[held]).max() < 0.002
    apart = joints[:, INDEX["left_ankle"]] - joints[:, INDEX["right_ankle"]]
    assert np.linalg.norm(apart[:, [0, 2]], axis=-1).min() > 0.08
    assert joints[..., 1].min() > 0.01
    speed = np.diff(joints, axis=0) * HZ
    assert np.linalg.norm(speed, axis=-1).max() < 5
    assert np.linalg.norm(np.diff(speed, axis=0) * HZ, axis=-1).max() < 120


def stands_at_both_ends(person, part):
    for at in (0.0, part.duration_s):
        t = np.array([at])
        have, want = (joints_of(SKELETON, *solve(SKELETON, p)) for p in (part.rows(t), person.stand(t)))
        assert np.abs(have - want).max() < 1e-3


@pytest.mark.parametrize("make", [talk_to, watch])
@pytest.mark.parametrize("toward", [0.0, 0.6, -0.8, 1.5, -2.4, np.pi])
def test_people_turn_to_each_other_and_back(make, toward):
    for seed in range(2):
        person = Person(SKELETON, seed)
        part = make(person, np.random.default_rng([seed, 3]), 9.0, toward)
        assert (part.duration_s, part.turn, part.travel_m) == (9.0, 0.0, (0.0, 0.0))
        assert part.rep_end_s == ()
        stands_at_both_ends(person, part)
        rel, joints = played(part)
        check_body(joints)
        middle = slice(int(3.9 * HZ), int(5.1 * HZ))
        off = (np.median(look_yaw(rel)[middle]) - toward + np.pi) % (2 * np.pi) - np.pi
        assert abs(off) < 0.35
        # What the neck cannot do, the feet do.
        ball = joints[:, INDEX["left_foot"]]
        assert (np.ptp(ball[:, [0, 2]], axis=0).max() > 0.05) == (abs(toward) > np.radians(50))
        assert np.abs(look_yaw(rel) - chest_yaw(joints)).max() < np.radians(60)


def test_too_little_time_to_step_round_turns_the_upper_body_only():
    person = Person(SKELETON, 2)
    _, joints = played(talk_to(person, np.random.default_rng(1), 2.5, 2.5))
    assert np.ptp(joints[:, INDEX["left_foot"]], axis=0).max() < 0.005
    with pytest.raises(ValueError, match="too short"):
        talk_to(person, np.random.default_rng(1), 1.0, 0.5)


def test_hands_talk_and_rest():
    highest = []
    for seed in range(8):
        person = Person(SKELETON, seed)
        _, joints = played(talk_to(person, np.random.default_rng([seed, 1]), 12.0, 0.7))
        wrist = np.max([joints[:, INDEX[f"{s}_wrist"], 1] for s in ("left", "right")], axis=0)
        highest.append(wrist.max() - wrist[0])
        assert wrist.max() < joints[:, INDEX["head"], 1].mean()  # nobody waves
        assert (wrist < wrist[0] + 0.12).mean() > 0.05  # they listen too
    assert np.median(highest) > 0.15


def test_who_looks_on_has_the_hands_on_the_hips_or_folded():
    kinds = set()
    for seed in range(10):
        person = Person(SKELETON, seed)
        _, joints = played(watch(person, np.random.default_rng([seed, 2]), 6.0, 0.4))
        j = joints[int(3 * HZ)]
        wrists = [j[INDEX[f"{s}_wrist"]] for s in ("left", "right")]
        if np.linalg.norm(wrists[0] - wrists[1]) < 0.25:
            kinds.add("folded")
            chest = 0.5 * (j[INDEX["spine_mid"]] + j[INDEX["spine_high"]])
            assert all(abs(w[1] - chest[1]) < 0.2 for w in wrists)
        else:
            kinds.add("hips")
            assert all(np.linalg.norm(w - j[INDEX["pelvis"]]) < 0.3 for w in wrists)
    assert kinds == {"folded", "hips"}


@pytest.mark.parametrize("side_x", [0.0, 0.25, -0.2])
def test_hands_go_down_beside_the_shins(side_x):
    for seed in range(3):
        person = Person(SKELETON, seed)
        part = pick_up(person, np.random.default_rng([seed, 4]), side_x=side_x)
        assert part.name == "pick_up"
        assert 1.9 < part.duration_s < 2.6
        stands_at_both_ends(person, part)
        _, joints = played(part)
        check_body(joints)
        moment = pick_up_moment_s(part)
        low = joints[round(moment * HZ)]
        for side in ("left", "right"):
            hand = INDEX[f"{side}_hand"]
            assert low[hand, 1] == pytest.approx(GRIP_M, abs=0.03)
            assert joints[:, hand, 1].min() > low[hand, 1] - 0.02
            if side_x == 0:
                assert abs(low[hand, 0]) > abs(low[INDEX[f"{side}_ankle"], 0]) + 0.05
            thigh, shin = (low[INDEX[f"{side}_{n}"]] - low[INDEX[f"{side}_knee"]] for n in ("hip", "ankle"))
            knee = np.degrees(np.arccos(thigh @ shin / np.linalg.norm(thigh) / np.linalg.norm(shin)))
            assert 40 < knee < 125
        middle = 0.5 * (low[INDEX["left_hand"], 0] + low[INDEX["right_hand"], 0])
        assert middle == pytest.approx(side_x, abs=0.04)
        assert low[INDEX["pelvis"], 2] < -0.12  # the hips go back
    with pytest.raises(ValueError, match="cannot reach"):
        pick_up(person, np.random.default_rng(0), side_x=0.5)
