"""A class that walks: who is where, when, and that nobody passes through anybody."""

import numpy as np
import pytest

from groupcoach.errors import ConfigError
from groupcoach.simulate.choreography import choreograph
from groupcoach.simulate.command import draw_plans
from groupcoach.simulate.diary import clearance, ground_tracks
from groupcoach.simulate.errands import give_errands
from groupcoach.simulate.motion import FAULTS, make_motion
from groupcoach.simulate.rig import default_skeleton
from groupcoach.simulate.scene import Scene, build_scene, place_camera
from groupcoach.simulate.timetable import AWAY_S, STILL_S, Plan, Timetable, low_rows, rounds_of
from groupcoach.skeleton import INDEX

SKELETON = default_skeleton()
EXERCISES = ("squat", "jumping_jack", "push_up")


def plans_of(people, exercises=EXERCISES, dumbbells=False):
    return [Plan(tuple(str(e) for e in np.roll(exercises, -k)), {}, 100 + k, dumbbells) for k in range(people)]


def a_class(people=6, seconds=30.0, seed=5, exercises=EXERCISES, view="front", **more):
    low = more.pop("low", ())
    scene = build_scene(np.random.default_rng(seed), people, (320, 180), view, lying=True, low=low)
    plans = plans_of(people, exercises, more.pop("dumbbells", False))
    if more.pop("instructor", False):
        more["instructor"] = (SKELETON, Plan(("squat",), {}, 999))
    return scene, *choreograph(scene, [SKELETON] * people, plans, seconds, seed=seed, **more)


@pytest.fixture(scope="module")
def busy():
    """Six people, a swap, one who walks round others, one who leaves, an instructor."""
    return a_class(crossings=2, absences=1, instructor=True)


def pelvis_at(performer, t):
    return performer.motion.joints(np.array([t]))[0, INDEX["pelvis"]][[0, 2]]


def test_everybody_stands_at_both_ends_and_the_length_is_exact(busy):
    _, performers, _ = busy
    for one in performers[:-1]:
        segments = one.motion.segments
        assert one.motion.duration_s == pytest.approx(30.0)
        assert (segments[0].exercise, segments[-1].exercise) == ("stand", "stand")
        assert segments[0].end_s == pytest.approx(STILL_S)
        assert segments[-1].end_s - segments[-1].start_s >= STILL_S - 1e-6


def test_two_change_spots_and_the_third_comes_back(busy):
    scene, performers, events = busy
    kinds = sorted(e.kind for e in events)
    assert kinds == ["absence", "pass", "swap"]
    spot = {s.name: (s.x_m, s.z_m) for s in scene.spots}
    (swap,) = (e for e in events if e.kind == "swap")
    names = [[name for _, name in performers[k].spots] for k in swap.people]
    assert names[0] == names[1][::-1]
    assert len(names[0]) == 2
    for one in performers[:-1]:
        for t, name in ((0.0, one.spots[0][1]), (30.0, one.spots[-1][1])):
            assert np.linalg.norm(pelvis_at(one, t) - spot[name]) < 0.25


def test_the_absent_one_is_out_of_the_picture(busy):
    scene, performers, events = busy
    (event,) = (e for e in events if e.kind == "absence")
    t = np.arange(event.start_s, event.end_s, 0.1)
    camera = scene.camera
    px = camera.to_px(camera.to_camera(performers[event.people[0]].motion.joints(t)))[..., 0]
    outside = ((px < 0) | (px > camera.width)).all(1)
    assert outside.sum() * 0.1 >= AWAY_S - 0.5
    assert not outside[0]
    assert not outside[-1]


def test_the_instructor_walks_and_shows_and_has_no_spot(busy):
    _, performers, _ = busy
    teacher = performers[-1]
    assert teacher.role == "instructor"
    assert teacher.spots == ()
    done = {s.exercise: len(s.rep_end_s) for s in teacher.motion.segments if s.end_s < 30}
    assert "walk" in done
    track = ground_tracks(teacher.motion, np.arange(0, 30, 0.5))[:, 0]
    assert np.ptp(track, axis=0).max() > 1.5


@pytest.mark.parametrize("seed", [5, 6])
def test_nobody_passes_through_anybody(seed):
    _, performers, _ = a_class(seed=seed, crossings=2, absences=1, instructor=True)
    t = np.arange(0, 30, 1 / 10)
    tracks = [ground_tracks(p.motion, t) for p in performers]
    for k, track in enumerate(tracks):
        # Joints of different people over the same place of the floor: hands may come near, trunks may not.
        assert clearance(track, tracks[:k]) > 0.1
        trunk = track[:, INDEX["pelvis"]]
        for other in tracks[:k]:
            assert np.linalg.norm(trunk - other[:, INDEX["pelvis"]], axis=-1).min() > 0.45


def test_nobody_teaches_or_leaves_before_those_on_the_floor():
    exercises, low = ("squat", "lunge", "push_up", "jumping_jack"), (1, 2)
    scene, performers, events = a_class(4, seed=1, exercises=exercises, low=low, absences=1, instructor=True)
    assert [spot.name[0] for spot in scene.spots] == ["B", "A", "A", "B"]
    assert [e.people for e in events] == [(3,)]
    front = min(scene.spots[k].z_m for k in low)
    t = np.arange(0, 30, 0.5)
    for k in (0, 3, 4):
        assert performers[k].motion.joints(t)[:, INDEX["pelvis"], 2].max() < front, k


def test_a_mat_at_the_front_is_not_given_to_somebody_who_stands():
    plans = plans_of(4, ("squat", "lunge", "push_up", "jumping_jack"))
    rounds = rounds_of(30.0, walking=True)
    assert low_rows(plans, len(rounds)) == (1, 2)
    assert low_rows(plans, len(rounds), after=1) == (1,)
    camera, spots = place_camera(np.random.default_rng(0), 4, (320, 180), "front", lying=True, low=(1, 2))
    scene = Scene(camera, spots, np.zeros(3), np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), bool), 1.0)
    partners = set()
    for seed in range(60):
        table = Timetable(scene, plans, 30.0, rounds, np.random.default_rng(seed))
        give_errands(table, 1, 0)
        (pair,) = {errand.people for errand in table.errands.values()}
        partners |= set(pair) - {1} if 1 in pair else set()
    assert partners == {2}  # the other one at the front, who is done with the floor by then


def test_on_the_floor_people_lie_across_the_picture():
    _, performers, _ = a_class(people=3, seconds=45.0)
    seen = 0
    for one in performers:
        for segment in one.motion.segments:
            if segment.exercise == "push_up":
                (joints,) = one.motion.joints(np.array([0.5 * (segment.start_s + segment.end_s)]))
                along = joints[INDEX["neck"]] - joints[INDEX["left_ankle"]]
                assert abs(along[0]) > 1.5 * abs(along[2])
                seen += 1
    assert seen >= 2


def test_feet_stay_put_between_parts():
    """Over the whole class: a ball of the foot on the floor slides less than 3 cm until it is lifted."""
    _, performers, _ = a_class(people=4, crossings=1, exercises=("squat", "jumping_jack"))
    for one in performers:
        t = np.arange(0, 30, 1 / 30)
        joints = one.motion.joints(t)
        for side in ("left", "right"):
            ball = joints[:, INDEX[f"{side}_foot"]]
            down = ball[:, 1] < SKELETON.ball_m + 0.004
            start = None
            for i, on_floor in enumerate(down):
                start = (i if start is None else start) if on_floor else None
                if start is not None:
                    assert np.linalg.norm(ball[i, [0, 2]] - ball[start, [0, 2]]) < 0.03, t[i]


def test_one_event_says_how_long_both_walked():
    _, performers, events = a_class(crossings=1, seed=7, exercises=("squat", "jumping_jack"))
    (swap,) = events
    for k in swap.people:
        (walk,) = (s for s in performers[k].motion.segments if s.exercise == "walk")
        assert swap.start_s <= walk.start_s
        assert walk.end_s <= swap.end_s + 1e-6


def test_dumbbells_lie_beside_the_feet_where_the_hands_come_down():
    """Also for somebody who began across the picture, on the floor."""
    _, performers, _ = a_class(people=2, seconds=50.0, exercises=("push_up", "biceps_curl"), dumbbells=True)
    assert performers[0].motion.segments[1].exercise == "push_up"
    for one in performers:
        x, z, yaw = one.dumbbells_at
        assert one.held
        for joints in one.motion.joints(np.ravel(one.held)):
            for side, sign in (("left", 1), ("right", -1)):
                lies = np.array([x + 0.27 * sign * np.cos(yaw), z - 0.27 * sign * np.sin(yaw)])
                assert np.linalg.norm(joints[INDEX[f"{side}_hand"]][[0, 2]] - lies) < 0.15


def test_too_little_time_for_dumbbells_is_enough_for_the_exercise():
    _, performers, _ = a_class(people=2, seconds=8.0, exercises=("lateral_raise",), dumbbells=True)
    for one in performers:
        assert one.held == ()
        assert sum(len(s.rep_end_s) for s in one.motion.segments) >= 1


@pytest.mark.parametrize("seed", [2, 4])
def test_the_instructor_is_there_to_the_end(seed):
    _, performers, _ = a_class(people=1, seconds=25.0, exercises=("stand",), seed=seed, instructor=True)
    teacher = performers[-1].motion
    assert teacher.duration_s > 25.0 - 0.9
    assert teacher.segments[-1].end_s > 25.0 - 0.9


def test_who_is_to_walk_as_an_exercise_stays_at_the_spot():
    for seed in range(3):
        scene, performers, _ = a_class(people=2, seconds=30.0, exercises=("walk",), seed=seed)
        for one, spot in zip(performers, scene.spots, strict=True):
            track = one.motion.joints(np.arange(0, 30, 0.5))[:, INDEX["pelvis"]]
            assert np.abs(track[:, [0, 2]] - (spot.x_m, spot.z_m)).max() < 0.4
            assert "walk" in [s.exercise for s in one.motion.segments]


def test_all_faults_that_one_person_is_to_show_are_shown():
    for exercise in ("squat", "biceps_curl", "lateral_raise"):
        (plan,) = draw_plans(1, (exercise,), FAULTS[exercise], 5)
        motion = make_motion(SKELETON, exercise, seed=5, seconds=40, faults=plan.faults)
        assert {f.code for s in motion.segments for f in s.faults} == set(FAULTS[exercise])


def test_rounds_fill_the_time():
    for seconds in (8.0, 20.0, 30.0, 60.0, 300.0):
        rounds = rounds_of(seconds, walking=False)
        assert rounds[0][0] == pytest.approx(min(2.0, 0.1 * seconds))
        assert rounds[-1][1] <= seconds - min(2.0, 0.1 * seconds)
        lengths = [b - a for a, b in rounds]
        assert max(lengths) < 20
        assert min(lengths) > 4
    assert len(rounds_of(24.0, walking=True)) >= 2


@pytest.mark.parametrize("view", ["side", "mixed", "oblique"])
def test_whoever_stands_across_already_does_not_turn_for_the_floor(view):
    """Every view has time for what the front view has time for."""
    _, performers, _ = a_class(people=8, view=view, crossings=2, absences=1, instructor=True)
    if view == "side":
        first = performers[2].motion.segments
        assert [s.exercise for s in first[:2]] == ["stand", "push_up"]


def test_an_exercise_without_time_for_it_is_refused():
    with pytest.raises(ConfigError, match="no time for 'sit_up'"):
        a_class(people=2, seconds=8.0, exercises=("sit_up",))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"people": 1, "crossings": 1}, "at least two people"),
        ({"people": 2, "crossings": 3}, "too many for 2 people"),
        ({"people": 2, "absences": 3}, "too many"),
    ],
)
def test_too_much_walking_is_refused(change, says):
    with pytest.raises(ConfigError, match=says):
        a_class(**{"seconds": 30.0, **change})
