"""What floor, tracker and roster carry over into the next run of a class that broke off."""

from __future__ import annotations

import json

import numpy as np
import pytest

from groupcoach.records import Observations
from groupcoach.track.floor import Floor
from groupcoach.track.membership import Participant
from groupcoach.track.roster import SETTLE_S, Member, RosterBook
from groupcoach.track.tracker import Tracker

WIDTH, HEIGHT = 1280, 720
PLACES = np.array([[x, y] for x in (200.0, 640.0, 1080.0) for y in (420.0, 560.0, 700.0)])


def stood(times: int) -> Floor:
    """A floor on which nine people stood, each seen so often; heights grow with the row of the feet."""
    floor = Floor()
    for _ in range(times):
        floor.note(list(range(9)), PLACES, 0.8 * PLACES[:, 1] - 80.0)
    floor.fit(WIDTH, HEIGHT)
    return floor


@pytest.mark.parametrize("times", [1, 3, 40])
def test_the_floor_is_the_same_again_from_what_was_kept(times: int) -> None:
    first, second = stood(times), Floor()
    second.recall(json.loads(json.dumps(first.kept())), WIDTH, HEIGHT)
    assert first.good
    assert second.good
    for x, y in PLACES.tolist():
        assert second.body_at(x, y) == pytest.approx(first.body_at(x, y), rel=1e-4)
        assert second.metres(x, y) == pytest.approx(first.metres(x, y), rel=1e-4)


def test_what_is_kept_says_who_stood_where_and_how_often() -> None:
    kept = stood(3).kept()
    assert [row[0] for row in kept] == list(range(9))
    assert [row[1:] for row in kept] == [[x, y, pytest.approx(0.8 * y - 80.0), 3.0] for x, y in PLACES.tolist()]


def test_ids_of_an_earlier_run_are_never_given_again() -> None:
    tracker = Tracker()
    tracker.skip_ids(7)
    tracker.skip_ids(3)  # of somebody else: never back
    body = Observations(np.array([[100.0, 100.0, 180.0, 400.0]]), np.array([0.9]), np.zeros((1, 17, 2)),
                        np.zeros((1, 17)))  # fmt: skip
    assert [t.track_id for t in tracker.step(body, 0.0)] == [8]


@pytest.mark.parametrize("stand", [False, True])
def test_names_that_stand_are_not_moved_by_the_spots(stand: bool) -> None:
    book = RosterBook([Member("Mina", "1"), Member("Jun", "2")])
    people = [Participant(1, "Jun", "2", [1], 0.0, 9.0, 9.0), Participant(2, "Mina", "1", [2], 0.0, 9.0, 9.0)]
    people[0].where.foot_px, people[1].where.foot_px = (300.0, 600.0), (900.0, 600.0)
    if stand:
        book.names_stand()
    renamed = book.settle(people, stood(3), SETTLE_S + 1.0, 9.0)
    assert [e.type for e in renamed] == ([] if stand else ["renamed", "renamed"])
    assert [p.name for p in people] == (["Jun", "Mina"] if stand else ["Mina", "Jun"])
