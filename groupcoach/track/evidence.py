"""Is this newcomer that missing person? Each cue answers in log-odds against "somebody new"; they add up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, inf, isfinite, log, pi, sqrt

import numpy as np

from groupcoach.records import Floats
from groupcoach.track.floor import Floor
from groupcoach.track.whereabouts import Px, Whereabouts


@dataclass(frozen=True, slots=True)
class Weights:
    """What is expected of people, in metres, seconds and log-odds; of ordinary rooms, not of clips."""

    room_m2: float = 30.0
    """Somebody new may stand anywhere in so much floor."""

    # the last place
    place_m: float = 0.3
    walk_m_s: float = 0.5
    """Spread of where a hidden body goes."""
    wander_s: float = 20.0
    """After this time the last place says little."""
    fastest_m_s: float = 3.0
    too_fast: float = -4.0

    # the own spot
    spot_m: float = 0.4
    keeps_spot: float = 0.85
    """Share of returns that lead to one's own spot."""
    proven_s: float = 8.0
    """A spot kept for less weighs less."""
    walk_home_s: float = 5.0
    """So long after being lost, people are expected there."""
    stand_s: float = 0.8
    """After standing so long, it counts in full."""

    # where people come in and go out
    hidden: float = 1.8
    """Lost within the picture, found within it: bodies do not come out of the floor."""
    sprung: float = 1.8
    """Found within the picture, however long ago and wherever the other was lost: new ones come from the side ..."""
    all_seen_s: float = 20.0
    """... once the class has gone on for so long; at first, some are still hidden behind others."""
    vanished: float = -1.5
    """Lost within the picture, comes in from its side."""
    same_side: float = 0.4
    other_side: float = -0.4

    # what somebody wears: Hellinger distances of one person at two times
    same_clothes: float = 0.22
    same_clothes_sd: float = 0.11
    other_clothes: float = 0.7
    other_clothes_sd: float = 0.22
    """Expected of two people, before the class has been looked at."""
    strange: float = 0.01
    """Share of bad looks (half hidden, other light)."""
    most_clothes: float = 4.0
    least_strangers: int = 3
    nearest: float = 0.1
    """Share of the strangers that are nearest."""

    # the body: log of the height over an ordinary one's, and the first component of the fitted shape, which says the
    # same. Of simulated people: measured for 10 s at a time on one spot, the height differs by 0.005 to 0.015, on
    # different places by 0.03, between people by 0.08
    reading_sd: float = 0.015
    glance_sd: float = 0.03
    """... and so much more for a first look."""
    place_sd: float = 0.02
    """What is wrong with the floor in one place."""
    people_sd: float = 0.06
    shape_sd: float = 0.25
    people_shape_sd: float = 0.45
    wrong_body: float = 0.03
    """Share of measurements that are of something else."""

    # beforehand
    returns: float = 0.5
    """That a newcomer is a certain missing person, when nothing is known of the class."""
    roster_complete: float = 1.5
    """More, once everybody of the roster has been seen: the class is full, new ones are rare."""

    too_many: float = 2.0
    """More, at the end, where there are more cards than people were ever in sight at once."""

    # decisions
    decide: float = 3.0
    """Lead over the next best explanation (log-odds 3: 20 to 1)."""
    decide_late: float = 2.0
    """The same of whoever has been there for long: nothing better will come, and a second card is wrong, too."""
    decide_last: float = 0.5
    """The same at the end of the class, when there is no later ..."""
    decide_settled: float = 1.5
    """... and for whoever had been there for long, next to somebody who never came back."""
    at_least: float = -0.5
    """Place, spot, clothes and body may speak against it by so much: then expectations alone decide nothing."""


def last_place(gap_s: float, apart_m: Px, unsure_m: Px, w: Weights) -> float:
    """From where and when somebody was lost.

    Args:
        gap_s: seconds unseen.
        apart_m: across and away, from the last place to the first new one.
        unsure_m: standard deviations of that.
        w: weights.
    """
    gap_s = max(gap_s, 0.0)
    far = hypot(*(max(abs(d) - 2 * sd, 0.0) for d, sd in zip(apart_m, unsure_m, strict=True)))
    if far > w.place_m + w.fastest_m_s * gap_s + 0.5:
        return w.too_fast
    elsewhere = min(0.02 + gap_s / w.wander_s, 0.95)
    return _log_place(apart_m, unsure_m, w.place_m + w.walk_m_s * gap_s, 1 - elsewhere, w.room_m2)


def own_spot(kept_s: float, apart_m: Px, unsure_m: Px, w: Weights) -> float:
    """From standing on the missing person's spot, or elsewhere.

    Args:
        kept_s: how long the missing person kept the spot.
        apart_m: across and away, from the spot.
        unsure_m: standard deviations of that.
        w: weights.
    """
    return _log_place(apart_m, unsure_m, w.spot_m, w.keeps_spot * min(1.0, kept_s / w.proven_s), w.room_m2)


def _log_place(apart_m: Px, unsure_m: Px, spread_m: float, share: float, room_m2: float) -> float:
    """log( share * normal + (1 - share) * anywhere  /  anywhere )."""
    sx, sz = hypot(unsure_m[0], spread_m), hypot(unsure_m[1], spread_m)
    x, z = apart_m
    normal = exp(-0.5 * ((x / sx) ** 2 + (z / sz) ** 2)) / (2 * pi * sx * sz) * room_m2
    return log(share * normal + 1 - share)


def door(left: str, entered: str, gap_s: float, w: Weights, age_s: float = 0.0) -> float:
    """From the sides of the picture where somebody was lost and found; empty = within the picture.

    Args:
        left: side where the missing person was lost.
        entered: side where the newcomer was found.
        gap_s: between the two.
        w: weights.
        age_s: of the class when the newcomer came.
    """
    sprung = w.sprung * (1 - exp(-max(age_s, 0.0) / w.all_seen_s))
    if not left:
        fresh = exp(-max(gap_s, 0.0) / w.wander_s)
        return w.vanished * fresh if entered else max(w.hidden * fresh, sprung)
    if not entered:
        return sprung
    return w.same_side if left == entered else w.other_side


def clothes(unlike: float, among: Floats, w: Weights, strangers: Sequence[Floats] = ()) -> float:
    """From how unlike the clothes are (0 to 1, NaN = not known).

    ``among`` (K,): how unlike two different people of this class are. In uniforms that is as little as one person at
    two times, and the cue is silent. ``strangers``: how unlike either of the two is to each of those who are surely
    somebody else (NaN = not known); where even the nearest of them are far, the looks are bad, and one person may look
    as unlike at two times.
    """
    if not np.isfinite(unlike):
        return 0.0
    # closer than one person at two times is not stranger, and not surer: it is close
    usual, sd = w.same_clothes, w.same_clothes_sd
    bad = usual
    known = [some[np.isfinite(some)] for some in strangers]
    if known and all(len(some) >= w.least_strangers for some in known):
        among = np.concatenate(known)
        bad = max(usual, *(float(np.quantile(some, w.nearest)) for some in known))
    unlike, among = max(unlike, usual), np.maximum(among, usual)
    same = (1 - w.strange) * _normal(max(unlike, bad), bad, sd) + w.strange
    seen = float(np.exp(-0.5 * ((unlike - among) / sd) ** 2).sum()) / (sd * sqrt(2 * pi))
    other = (_normal(unlike, w.other_clothes, w.other_clothes_sd) + seen) / (1 + len(among))
    return min(max(log(same / (other + 1e-6)), -6.0), w.most_clothes)


def shape(new: Floats, old: Floats, w: Weights) -> float:
    """From the first component (how large) of the fitted bodies (10,); NaN = not known."""
    difference = float(new[0] - old[0])
    if not isfinite(difference):
        return 0.0
    return _same(difference, w.shape_sd * sqrt(2), w.people_shape_sd * sqrt(2), w)


def _same(difference: float, own_sd: float, people_sd: float, w: Weights) -> float:
    """Log-odds that two measurements so far apart are of one person; now and then a measurement is just wrong."""
    same = _normal(difference, 0.0, own_sd)
    other = _normal(difference, 0.0, hypot(own_sd, people_sd))
    return log((1 - w.wrong_body) * same / (other + 1e-9) + w.wrong_body)


def _normal(x: float, mean: float, sd: float) -> float:
    return exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * sqrt(2 * pi))


def of_places(
    new: Whereabouts, old: Whereabouts, floor: Floor, w: Weights, began_s: float = inf
) -> dict[str, float]:  # fmt: skip
    """The cues of place and time, by name; the class began at ``began_s``.

    Whoever is hidden on the own spot is found at the last place and on the spot: that is one fact, so of the two cues
    only the stronger one speaks for it. Against it, the spot counts once there was time to walk there.
    """
    gap_s = new.first_s - old.t_s
    place = last_place(gap_s, *_apart(new.first_px, old.foot_px, floor), w)
    if old.home_px is not None and place > w.too_fast:
        stands = min(1.0, new.still_s / w.stand_s) ** 2
        spot = own_spot(old.home_s, *_apart(new.foot_px, old.home_px, floor), w)
        place += stands * (max(spot - place, 0.0) if spot > 0 else spot * min(1.0, max(gap_s, 0.0) / w.walk_home_s))
    return {"place": place, "door": door(old.leaving, new.entered, gap_s, w, new.first_s - began_s)}


def _apart(a: Px, b: Px, floor: Floor) -> tuple[Px, Px]:
    """From one point of the floor to another, m, and the standard deviation of that."""
    (ax, az), (bx, bz) = floor.metres(*a), floor.metres(*b)
    (sx, sz), (tx, tz) = floor.unsure_m(*a), floor.unsure_m(*b)
    return (ax - bx, az - bz), (hypot(sx, tx), hypot(sz, tz))
