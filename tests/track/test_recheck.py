"""Bodies that changed hands, found out by what they wear."""

from __future__ import annotations

import numpy as np
import pytest

from groupcoach.records import Floats
from groupcoach.track.appearance import N_COLOURS, PARTS
from groupcoach.track.evidence import Weights
from groupcoach.track.membership import Participant
from groupcoach.track.recheck import Recheck

RED, GREEN, BLUE, GREY = 20, 120, 220, 320


def wears(colour: int, rng: np.random.Generator | None = None) -> Floats:
    """Shirt, legs and arms of about one colour, as one look sees it."""
    at = np.exp(-0.5 * ((np.arange(N_COLOURS) - colour) / 6.0) ** 2)
    one = np.tile(at, (len(PARTS), 1)) * (1 if rng is None else rng.uniform(0.5, 1.5, (len(PARTS), N_COLOURS)))
    return np.asarray(one / one.sum(1, keepdims=True))


def person(number: int, colour: int, track: int | None = None, *, last_s: float = 0.0, first_s: float = 0.0,
           provisional: bool = False) -> Participant:  # fmt: skip
    p = Participant(number, f"P{number}", None, [number if track is None else track], first_s, last_s)
    p.colours, p.looks, p.provisional = wears(colour), 12, provisional
    return p


def found(people: dict[int, Participant], bodies: dict[int, int], missing: tuple[Participant, ...] = (),
          seconds: float = 6.0) -> list[tuple[int, int]]:  # fmt: skip
    """What is found when every track's body wears that colour."""
    check, rng, out = Recheck(), np.random.default_rng(0), []
    for k in range(round(seconds * 2)):
        t_s = 60 + k / 2
        for track, colour in bodies.items():
            check.look(track, wears(colour, rng), t_s)
        out += check.step(people, list(missing), Weights(), t_s)
        if out:
            return out
    return out


def three() -> dict[int, Participant]:
    return {1: person(1, RED), 2: person(2, GREEN), 3: person(3, BLUE)}


def test_everybody_with_the_own_body_stays() -> None:
    assert found(three(), {1: RED, 2: GREEN, 3: BLUE}) == []


def test_two_who_have_each_others_body_get_their_own_back() -> None:
    assert found(three(), {1: GREEN, 2: RED, 3: BLUE}) in ([(1, 2)], [(2, 1)])


def test_three_in_a_ring_all_get_their_own_back() -> None:
    is_really = {1: 2, 2: 3, 3: 1}
    for a, b in found(three(), {1: GREEN, 2: BLUE, 3: RED}):
        is_really[a], is_really[b] = is_really[b], is_really[a]
    assert is_really == {1: 1, 2: 2, 3: 3}


def test_in_one_uniform_nobody_is_exchanged() -> None:
    people = {k: person(k, GREY) for k in (1, 2, 3)}
    assert found(people, {1: GREY, 2: GREY, 3: GREY}) == []


def test_a_body_that_is_somebody_missings_goes_there() -> None:
    gone = person(4, GREY, last_s=40.0)
    assert found(three(), {1: GREY, 2: GREEN, 3: BLUE}, (gone,)) == [(1, 4)]


def test_a_chain_is_undone_from_its_end() -> None:
    """The first has the body of the second, and the second that of somebody who seems to be missing."""
    gone = person(4, GREY, last_s=40.0)
    assert found(three(), {1: GREEN, 2: GREY, 3: BLUE}, (gone,)) == [(2, 4), (1, 2)]


def test_a_newcomer_who_wears_what_a_person_wore_is_that_person() -> None:
    people = three() | {9: person(9, RED, first_s=50.0, provisional=True)}
    gone = person(4, GREY, last_s=40.0)
    assert found(people, {1: GREY, 2: GREEN, 3: BLUE, 9: RED}, (gone,)) == [(1, 4), (9, 1)]


def test_a_newcomer_beside_people_with_their_own_bodies_is_left_alone() -> None:
    people = three() | {9: person(9, GREY, first_s=50.0, provisional=True)}
    assert found(people, {1: RED, 2: GREEN, 3: BLUE, 9: GREY}, (person(4, GREY, last_s=40.0),)) == []


def test_a_jacket_taken_off_makes_nobody_somebody_else() -> None:
    assert found(three(), {1: GREY, 2: GREEN, 3: BLUE}) == []


@pytest.mark.parametrize("looks", [0, 4])
def test_of_whom_little_was_seen_nothing_is_said(looks: int) -> None:
    people = three()
    for p in people.values():
        p.looks = looks
    assert found(people, {1: GREEN, 2: RED, 3: BLUE}) == []


def test_one_moment_is_not_enough() -> None:
    assert found(three(), {1: GREEN, 2: RED, 3: BLUE}, seconds=1.5) == []


def test_bad_looks_in_one_uniform_exchange_nobody() -> None:
    """Half hidden people look unlike themselves, and by chance a little more like another in the same shirt."""
    people = {k: person(k, GREY + 2 * k) for k in (1, 2, 3)}
    assert found(people, {1: GREY + 30, 2: GREY - 30, 3: GREY + 6}) == []
