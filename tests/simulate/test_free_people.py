"""People who train alone: their own tempo, stance and bend of the knees; those of a led class stay as they were."""

import numpy as np

from groupcoach.simulate.motion import MAKERS, Motion, default_skeleton
from groupcoach.simulate.stance import Person
from groupcoach.skeleton import INDEX
from groupcoach.training.filmed import FLOOR_ONLY, FREE, TRAINING, VALIDATION, is_floor, is_free, seeds_of

SKELETON = default_skeleton()


def part_of(exercise, seed, *, free):
    person = Person(SKELETON, seed, free)
    return person, MAKERS[exercise](person, person.rng(0), 12.0, None, {})


def test_free_people_are_quicker_and_slower_but_never_faster_than_a_body_can():
    led, free = ([part_of("lateral_raise", seed, free=f)[1] for seed in range(40)] for f in (False, True))
    quick = [min(np.diff(p.rep_end_s)) for p in free if len(p.rep_end_s) > 1]
    assert min(quick) < 1.15 < min(min(np.diff(p.rep_end_s)) for p in led if len(p.rep_end_s) > 1)
    assert min(quick) > 0.6 * 1.4 * 0.85
    assert max(len(p.rep_end_s) for p in free) > max(len(p.rep_end_s) for p in led)
    steps = [min(np.diff(part_of("high_knees", seed, free=True)[1].rep_end_s)) for seed in range(20)]
    assert 0.2 < min(steps) < 0.38


def test_free_people_bend_their_knees_in_the_deadlift_and_stand_wider():
    def knee_deg(seed, free):
        person, part = part_of("deadlift", seed, free=free)
        joints = Motion(person, [part]).joints(np.arange(0, 12, 0.1))
        hip, knee, ankle = (joints[:, INDEX[f"left_{j}"]] for j in ("hip", "knee", "ankle"))
        a, b = hip - knee, ankle - knee
        cos = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
        assert joints[..., 1].min() > 0.0
        return np.degrees(np.arccos(cos)).min()

    led, free = ([knee_deg(seed, f) for seed in range(20)] for f in (False, True))
    assert min(free) < 110 < 125 < min(led)
    widths = [Person(SKELETON, seed, True).stance_m for seed in range(20)]
    assert max(widths) > 1.4 * max(Person(SKELETON, seed).stance_m for seed in range(20))


def test_some_free_people_pull_the_weight_from_the_floor():
    def low_m(seed):
        person, part = part_of("deadlift", seed, free=True)
        hands = Motion(person, [part]).joints(np.arange(0, 12, 0.1))[:, INDEX["left_wrist"], 1]
        return person.pulls, hands.min()

    found = [low_m(seed) for seed in range(20)]
    assert 4 < sum(pulls for pulls, _ in found) < 16
    pulled, hinged = ([m for pulls, m in found if pulls is way] for way in (True, False))
    assert max(pulled) < 0.42 < np.median(hinged)
    assert min(pulled) < 0.3
    assert not any(Person(SKELETON, seed).pulls for seed in range(20))


def test_the_second_half_of_the_seeds_of_films_is_free():
    assert seeds_of(TRAINING, 2, 1) == [TRAINING, TRAINING + 1, TRAINING + FREE]
    assert [is_free(seed) for seed in seeds_of(VALIDATION, 1, 2)] == [False, True, True]


def test_films_on_the_floor_have_seeds_of_their_own():
    for first in (TRAINING, VALIDATION):
        seeds = seeds_of(first, 1, 1, 3)
        assert seeds[2:] == [first + FLOOR_ONLY, first + FLOOR_ONLY + 1, first + FLOOR_ONLY + FREE]
        assert [is_floor(seed) for seed in seeds] == [False, False, True, True, True]
        assert [is_free(seed) for seed in seeds] == [False, True, False, False, True]
