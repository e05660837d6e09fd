"""How many there are: from how many were in sight at once, and what that says of spare cards at the end."""

from __future__ import annotations

import numpy as np
import pytest
from scripted_floor import Body, play, stay, way

from groupcoach.track.evidence import Weights, clothes
from groupcoach.track.membership import Membership
from groupcoach.track.roster import Member, RosterBook

CLASS = [Body(stay(-1.5, 0), 1.7), Body(stay(0.0, 0), 1.78), Body(stay(1.5, 0), 1.62)]


def test_heads_count_when_they_stay_in_sight() -> None:
    members = Membership()
    for _ in range(30):
        members.count_heads(3, 0.1)
    assert members.most_at_once == 2 or members.most_at_once == 3
    for _ in range(20):
        members.count_heads(3, 0.1)
    assert members.most_at_once == 3
    for k in range(20):  # a second box on one body, now and then
        members.count_heads(4 if k % 4 == 0 else 3, 0.1)
    assert members.most_at_once == 3
    for _ in range(40):
        members.count_heads(1, 0.1)
    assert members.most_at_once == 3


def test_who_comes_in_and_goes_out_again_and_again_is_one_in_the_end() -> None:
    """A teacher walks through the front of the class, from either side, and there are two cards no more than people."""
    at = [(0, -7, 1), (4, -7, 1), (8, 7, 1.0), (14, 7, 1), (18, -7, 1), (24, -7, 1), (28, 7, 1.0), (34, 7, 1)]
    seen = play([*CLASS, Body(way(*((t, x, -0.6 * z) for t, x, z in at)), 1.85)], 36)
    seen.identity.finish(36.0)
    assert len(seen.identity.people) == 4


def test_somebody_else_who_comes_later_is_not_made_one_with_who_has_gone() -> None:
    """One leaves to the right; a much smaller one comes from the left and stands elsewhere."""
    leaves = Body(way((0, 1.5, 0), (8, 1.5, 0), (11, 6, 0)), 1.9)
    comes = Body(way((0, -9, 2), (30, -9, 2), (34, -0.7, 1.8), (60, -0.7, 1.8)), 1.5)
    seen = play([*CLASS[:2], leaves, comes], 60)
    seen.identity.finish(60.0)
    assert len(seen.identity.people) == 4


def test_a_bad_look_says_nothing_where_it_is_unlike_everybody() -> None:
    w, among = Weights(), np.full(10, 0.25)
    far = np.array([0.5, 0.52, 0.55, 0.6])
    assert clothes(0.52, among, w) < -1.0
    assert clothes(0.52, among, w, (far, far)) == pytest.approx(0.0, abs=0.6)


def test_a_good_look_says_as_much_as_before() -> None:
    w, among = Weights(), np.full(10, 0.75)
    others = np.array([0.7, 0.75, 0.8, 0.72])
    assert clothes(0.2, among, w, (others, others)) > 2.5
    assert clothes(0.78, among, w, (others, others)) < 0.3


def test_a_name_given_by_hand_is_no_guests() -> None:
    book = RosterBook([Member("Mina", "1")])
    assert not book.is_guest("Mina")
    assert book.is_guest("Guest 1")
    book.named_by_hand("Guest 1")
    assert not book.is_guest("Guest 1")
