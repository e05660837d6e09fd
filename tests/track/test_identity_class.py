"""A class in uniforms on a floor: only place, time and stature can tell who came back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_floor import Body, Seen, play, stay, way

from groupcoach.track.evidence import Weights
from groupcoach.track.explanation import best_pairs
from groupcoach.track.identity import Identity
from groupcoach.track.roster import Member

SPOTS = [(-2.1, 0.0), (-0.7, 0.0), (0.8, 0.0), (2.2, 0.0), (-1.4, 1.9), (1.5, 1.9)]
STATURES = [1.62, 1.75, 1.7, 1.8, 1.58, 1.74]
RIGHT = way((0, 2.2, 0), (7, 2.2, 0), (9.5, 6, 0.6), (14, 6, 0.6), (16.5, 2.2, 0))
"""The person of the fourth spot leaves to the right and is back at 16.5 s."""
LEFT = way((0, -2.1, 0), (7.5, -2.1, 0), (10, -6, 0.6), (13.5, -6, 0.6), (16, -2.1, 0))


def people(**paths: Any) -> list[Body]:
    return [Body(paths.get(f"p{k}", stay(*spot)), STATURES[k]) for k, spot in enumerate(SPOTS)]


def one_each(seen: Seen, bodies: int) -> None:
    """At the end everybody is one person, and there is nobody else."""
    found = [seen.people_of(body) for body in range(bodies)]
    assert all(len(persons) == 1 for persons in found)
    assert len({persons[0] for persons in found}) == bodies == len(seen.identity.people)


def test_who_leaves_and_returns_to_the_spot_is_the_same_person_within_two_seconds() -> None:
    seen = play(people(p3=RIGHT), 19)
    one_each(seen, 6)
    assert seen.recognised_s(3, 16.5) <= 18.5


def test_two_who_leave_and_return_are_not_exchanged() -> None:
    seen = play(people(p3=RIGHT, p0=LEFT), 19)
    one_each(seen, 6)
    assert max(seen.recognised_s(3, 16.5), seen.recognised_s(0, 16.0)) <= 18.5


def test_two_who_return_by_each_others_side_are_known_by_their_spots() -> None:
    crossed = way((0, 2.2, 0), (7, 2.2, 0), (9.5, 6, 0.6), (10, 6, 6), (11, -9, 6), (13, -6, 4.5), (17, 2.2, 0))
    seen = play(people(p3=crossed, p0=LEFT), 20)
    assert seen.people_of(3, from_s=19) == seen.people_of(3, to_s=5)
    assert seen.people_of(0, from_s=19) == seen.people_of(0, to_s=5)


def test_a_stranger_at_another_place_gets_a_card_of_their_own() -> None:
    away = way((0, 2.2, 0), (6, 2.2, 0), (8.5, 6, 0.6))
    stranger = Body(way((0, -7, 1), (9, -7, 1), (12, 0.1, 1.2)), 1.9)
    seen = play([*people(p3=away), stranger], 17)
    (card,) = seen.people_of(6)
    assert card not in {p for body in range(6) for p in seen.people_of(body)}
    assert not seen.identity.people[seen.people_of(3)[0]].present


def test_whoever_walks_past_an_empty_spot_does_not_take_its_name() -> None:
    away = way((0, 2.2, 0), (6, 2.2, 0), (8.5, 6, 0.6))
    teacher = Body(way((0, -7, 1), (9, -7, 1), (12, 0, 0.95), (13, 2.2, 0.95), (14, 2.2, 0.95), (17, -2, 0.95)), 1.9)
    seen = play([*people(p3=away), teacher], 17)
    assert not set(seen.people_of(6)) & set(seen.people_of(3))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fps=st.floats(8, 30), seed=st.integers(0, 1000), lost=st.sampled_from([0.0, 0.2]), shuffle=st.booleans(),
    mirror=st.booleans(),
)  # fmt: skip
def test_frame_rate_lost_frames_order_and_mirror_do_not_matter(
    fps: float, seed: int, lost: float, shuffle: bool, mirror: bool
) -> None:  # fmt: skip
    bodies = [Body(stay(*SPOTS[1]), 1.75), Body(stay(*SPOTS[4]), 1.6), Body(RIGHT, 1.8)]
    seen = play(bodies, 19, fps, seed=seed, lost=lost, shuffle=shuffle, mirror=mirror)
    one_each(seen, 3)
    assert seen.recognised_s(2, 16.5) <= 18.6


def test_the_floor_is_found_from_two_people() -> None:
    seen = play([Body(stay(-1.0, 0), 1.68), Body(way((0, 1, 0), (8, 1.2, 3)), 1.75)], 8)
    floor = seen.identity.floor
    assert floor.good
    near, far = (floor.metres(*seen.identity.people[seen.people_of(k)[0]].where.foot_px) for k in (0, 1))
    assert np.subtract(far, near) == pytest.approx([2.2, 3.0], rel=0.3)


def test_names_of_the_roster_follow_the_spots_row_by_row() -> None:
    members = [Member(f"R{k}", str(k)) for k in (3, 1, 2, 4, 6, 5)]
    identity = Identity([*members, Member("Teacher", instructor=True)])
    seen = play(people(), 5, identity=identity)
    names = [identity.people[seen.people_of(k)[0]].name for k in range(6)]
    assert names == ["R1", "R2", "R3", "R4", "R5", "R6"]


def test_more_people_than_the_roster_are_guests_and_it_is_said() -> None:
    identity = Identity([Member(f"R{k}", str(k)) for k in range(1, 5)])
    seen = play(people(), 5, identity=identity)
    names = {identity.people[seen.people_of(k)[0]].name for k in range(6)}
    assert names == {"R1", "R2", "R3", "R4", "Guest 1", "Guest 2"}
    (notice,) = identity.notices
    assert "more people than the 4 of the roster" in notice


@pytest.mark.parametrize("renamed", [False, True])
def test_at_the_end_even_a_card_of_long_standing_is_one_with_whoever_never_came_back(renamed: bool) -> None:
    identity = Identity(weights=Weights(decide=50.0, decide_late=50.0))  # so that nothing is decided before the end
    seen = play([Body(stay(*SPOTS[1]), 1.75), Body(RIGHT, 1.8)], 40, identity=identity)
    old, new = sorted(seen.people_of(1, final=False))
    person = identity.people[new]
    assert (person.settled, person.provisional) == (True, False)
    if renamed:  # the instructor knows who that is
        person.settled = False
    merged = [e.person for e in identity.finish(40.0) if e.type == "identity_merged"]
    assert merged == ([] if renamed else [old])


def test_the_best_joint_explanation_beats_the_best_single_pair() -> None:
    pairs = best_pairs(np.array([[4.0, 3.5], [3.8, -2.0]]))
    assert {(i, j) for i, j, _ in pairs} == {(0, 1), (1, 0)}
    assert best_pairs(np.array([[-1.0]])) == []
    ((_, _, lead),) = best_pairs(np.array([[5.0, 4.5]]))
    assert lead == pytest.approx(0.5)
