"""One state for everybody, kept in step with who is who."""

from __future__ import annotations

from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.people import People
from groupcoach.person import PersonState
from groupcoach.records import Event

CATALOGUE = load_catalogue()


def nobody() -> People:
    return People(lambda person_id: PersonState(person_id, CATALOGUE, ("stand", "squat", "unknown")))


def test_a_state_is_made_when_it_is_asked_for_and_only_once() -> None:
    people = nobody()
    assert people == {}
    assert people.get(1) is None
    one = people.of(1)
    assert people.of(1) is people[1] is one
    assert (one.person_id, list(people)) == (1, [1])


def test_what_identity_found_out_is_done_to_the_states() -> None:
    people = nobody()
    people.of(1).correct("squat", 2)
    people.of(2).correct("squat", 3)
    people.of(3)
    events = [Event(1.0, "identity_merged", 1, {"merged": 2}), Event(1.0, "person_forgotten", 3, {}),
              Event(1.0, "identity_merged", 1, {}), Event(1.0, "identity_swapped", 1, {"other": 9})]  # fmt: skip
    assert people.follow(events) is events
    assert {i: state.totals for i, state in people.items()} == {1: {"squat": 5}}


def test_two_who_had_each_others_bodies_keep_their_counts() -> None:
    people = nobody()
    people.of(1).correct("squat", 2)
    windows = people[1].window, people.of(2).window
    people.follow([Event(1.0, "identity_swapped", 1, {"other": 2})])
    assert (people[2].window, people[1].window) == windows
    assert (people[1].totals, people[2].totals) == ({"squat": 2}, {})
