"""Tracks that went over to another body where people met: who stood keeps the card, who walked keeps the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scripted_floor import IMAGE, Body, see, stay, way

from groupcoach.records import Event, Track
from groupcoach.track.identity import Identity
from groupcoach.track.tracker import Tracker

SPOTS = [(-2.1, 0.0), (-0.7, 0.0), (0.8, 0.0), (2.2, 0.0), (-1.4, 1.9), (1.5, 1.9)]
STATURES = [1.62, 1.75, 1.7, 1.8, 1.58, 1.74]
FPS = 12
OWNER, WALKER = 2, 3
WALK = way((0, 2.2, 0.9), (6, 2.2, 0.9), (9, -2.5, 0.9))
MEET_S = 6 + 3 * 1.4 / 4.7
"""The walker is where the owner stands."""
#: (time, body -> its track) -> (body -> the number it is shown under; left out: unseen)
Mixed = Callable[[float, dict[int, int]], dict[int, int]]


def played(bodies: Sequence[Body], seconds: float, mixed: Mixed) -> tuple[dict[int, int], dict[int, int], list[Event]]:
    """Who is which person after 5 s and at the end, when tracks go wrong as ``mixed`` has it."""
    tracker, identity = Tracker(), Identity()
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    events: list[Event] = []
    born: dict[int, float] = {}
    for k in range(round(seconds * FPS)):
        t_s = k / FPS
        obs, whose = see(bodies, t_s, np.random.default_rng(k))
        tracks = {whose[t.observation]: t for t in tracker.step(obs, t_s) if t.observation is not None}
        number = mixed(t_s, {body: t.track_id for body, t in tracks.items()})
        shown: list[Track] = []
        for b, t in tracks.items():
            if b in number:
                new = number[b] not in {u.track_id for u in tracks.values()}
                born_s = born.setdefault(number[b], t_s if new else t.born_s)
                shown.append(replace(t, track_id=number[b], born_s=born_s))
        events += identity.step(shown, obs, IMAGE, t_s)
        last = {b: p for b, n in number.items() if (p := identity.person_of(n)) is not None}
        if k == 5 * FPS:
            first = last
    return first, last, events


def class_with(path: Callable[[float], tuple[float, float] | None], owner: object = None) -> list[Body]:
    return [
        Body(path if k == WALKER else owner if k == OWNER and owner else stay(*spot), STATURES[k])  # type: ignore[arg-type]
        for k, spot in enumerate(SPOTS)
    ]


@pytest.mark.parametrize("unseen_s", [0.0, 0.7])
def test_the_one_who_stood_gets_the_card_back_from_the_one_who_passed(unseen_s: float) -> None:
    """The owner may have been hidden for a moment before coming to light under the other's track."""

    def mixed(t_s: float, of: dict[int, int]) -> dict[int, int]:
        if MEET_S - unseen_s < t_s < MEET_S:
            return {body: n for body, n in of.items() if body != OWNER}
        exchanged = {OWNER: of[WALKER], WALKER: of[OWNER]}
        return of if t_s < MEET_S else of | exchanged

    first, last, events = played(class_with(WALK), 13, mixed)
    assert last == first
    assert [e.type for e in events].count("identity_swapped") == 1


def test_somebody_hidden_who_comes_to_light_under_the_track_in_front_has_the_own_card_again() -> None:
    """The walker stands before the owner, and goes on as a newcomer while its track stays with the owner."""
    hidden = (8.5, 12.0)
    front = way((0, 2.2, 0.0), (6, 2.2, -0.9), (8, 0.8, -0.9), (12, 0.8, -0.9), (14.5, 3.4, -0.9))
    x, z = SPOTS[OWNER]

    def mixed(t_s: float, of: dict[int, int]) -> dict[int, int]:
        if t_s < hidden[1]:
            return of
        return {body: of[WALKER] if body == OWNER else 99 if body == WALKER else n for body, n in of.items()}

    owner = lambda t: None if hidden[0] < t < hidden[1] else (x, z)  # noqa: E731
    first, last, _ = played(class_with(front, owner), 17, mixed)
    assert last[OWNER] == first[OWNER]
    assert last[WALKER] == first[WALKER]


def test_two_who_change_places_slowly_keep_their_cards() -> None:
    """Bodies need room: one is off the spot for a second before the other stands on it."""
    away = way((0, *SPOTS[OWNER]), (7, *SPOTS[OWNER]), (8.5, 0.8, -1.6), (30, 0.8, -1.6))
    comes = way((0, *SPOTS[WALKER]), (8, *SPOTS[WALKER]), (9.5, *SPOTS[OWNER]), (30, *SPOTS[OWNER]))
    first, last, events = played(class_with(comes, away), 16, lambda t_s, of: of)
    assert last == first
    assert "identity_swapped" not in {e.type for e in events}
