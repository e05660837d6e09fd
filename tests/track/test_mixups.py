"""Who comes to whose spot: what a body did goes with the body, when two people exchange theirs."""

from __future__ import annotations

import pytest

from groupcoach.track.floor import BODY_M, Floor
from groupcoach.track.membership import Participant
from groupcoach.track.mixup import Mixups
from groupcoach.track.whereabouts import Whereabouts

FPS, PX_M = 10, 100 / BODY_M


def person(number: int, home_m: float | None) -> Participant:
    home = None if home_m is None else (home_m * PX_M, 0.0)
    return Participant(number, f"P{number}", where=Whereabouts(home_px=home, home_s=20.0))


def put(who: Participant, at_m: float, t_s: float, still_s: float) -> None:
    who.where.seen_px = who.where.foot_px = (at_m * PX_M, 0.0)
    who.where.t_s, who.where.still_s = t_s, still_s


def test_what_stature_said_a_moment_ago_is_not_undone() -> None:
    """The trace of the test below, of a pair that was exchanged by stature just before."""
    mixups, floor = Mixups(), Floor()
    one, three = person(1, None), person(3, 0.0)
    found = []
    for k in range(30):
        t_s = k / FPS
        if k == 10:
            mixups.leave(1, 3, t_s)
        put(one, 0.0 if k >= 10 else 4.0 - 0.38 * k, t_s, (k - 10) / FPS if k >= 10 else 0.0)
        put(three, 0.3 * (k - 10) + 0.4 if k >= 10 else 0.0, t_s, 0.0 if k >= 10 else 5.0)
        found += mixups.step([one, three], floor, t_s)
    assert found == []


@pytest.mark.parametrize("exchanged", [False, True])
def test_the_walker_of_a_moment_ago_takes_the_next_ones_place(exchanged: bool) -> None:
    """P1's body walks towards P3's spot; is found to be P2's as it arrives, stands there, and P3 is off."""
    mixups, floor = Mixups(), Floor()
    one, two, three = person(1, None), person(2, None), person(3, 0.0)
    everybody, found = [one, two, three], []
    for k in range(30):
        t_s = k / FPS
        walker, other = (two, one) if exchanged and k >= 10 else (one, two)
        if exchanged and k == 10:
            mixups.exchanged(1, 2)
        on = k >= 10
        put(walker, 0.0 if on else 4.0 - 0.38 * k, t_s, (k - 10) / FPS if on else 0.0)
        put(other, 8.0, t_s, 5.0)
        put(three, 0.3 * (k - 10) + 0.4 if on else 0.0, t_s, 0.0 if on else 5.0)
        found += mixups.step(everybody, floor, t_s)
        if found:
            break
    assert found == [(3, 2 if exchanged else 1)]


@pytest.mark.parametrize(("gap_s", "found"), [(0.3, True), (1.5, True), (3.0, False)])
def test_who_comes_to_light_on_a_spot_is_its_owner(gap_s: float, found: bool) -> None:
    """P1's track walks off with the one who passed before P1, and a new track begins on P1's spot."""
    mixups, floor = Mixups(), Floor()
    owner, new = person(1, 0.0), person(2, None)
    owner.where.home_px = new_px = (0.0, 0.0)
    born, out = round((1 + gap_s) * FPS), []
    for k in range(60):
        t_s = k / FPS
        put(owner, 0.0 if t_s < 1 else 0.5 + 1.2 * (t_s - 1), t_s, 5.0 if t_s < 1 else 0.0)
        if k >= born:
            new.first_s, new.where.first_px = born / FPS, new_px
            new.where.first_s = born / FPS
            put(new, 0.0, t_s, (k - born) / FPS)
        out += mixups.step([owner, new] if k >= born else [owner], floor, t_s)
    assert ((1, 2) in out) == found
