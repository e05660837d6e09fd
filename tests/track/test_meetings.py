"""People who passed each other behind a third: who is who is asked of how tall they stand and which way they go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from groupcoach.track.evidence import Weights
from groupcoach.track.floor import Floor
from groupcoach.track.meetings import Meetings
from groupcoach.track.membership import Participant
from groupcoach.track.recheck import Recheck
from groupcoach.track.stature import LONGEST_S, Heights, stature_of
from groupcoach.track.whereabouts import Whereabouts

FPS, MEET_S, HIDDEN_S = 12, 2.0, 0.4
TALL = 200.0
HOMES = {1: 280.0, 2: 520.0}


class Flat(Floor):
    """A floor on which everybody of ordinary stature is as tall in the picture everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self._usual = TALL

    def body_at(self, x: float, y: float) -> float:
        return TALL


def flat(*, good: bool = True) -> Floor:
    floor = Flat()
    floor.good = good
    return floor


def read(heights: Heights, x: float, stature: float, seconds: float, rng: np.random.Generator) -> None:
    for _ in range(round(seconds * FPS)):
        heights.read((x, 500.0), TALL * float(np.exp(stature + rng.normal(0, 0.01))), 1 / FPS)


def stature(heights: Heights, floor: Floor) -> float:
    seconds = [r.seconds for r in heights.readings]
    return float(np.average([stature_of(r, floor) for r in heights.readings], weights=seconds))


def known(track: int, stature: float) -> Participant:
    where = Whereabouts()
    read(where.heights, HOMES[track], stature, LONGEST_S, np.random.default_rng(track))
    return Participant(track, f"P{track}", None, [track], where=where, spans=[(track, 0.0, 0.0)])


def show(person: Participant, x: float, pace: float, stature: float, t_s: float) -> None:
    person.last_s = person.where.t_s = t_s
    person.box_xyxy = np.array([x - 30, 300.0, x + 30, 300.0 + TALL])
    person.where.pace, person.where.foot_px = pace, (x, 500.0)
    person.where.height_px = TALL * float(np.exp(stature)) if abs(pace) < 0.05 else float("nan")


def passing(
    statures: tuple[float, float],
    *,
    exchanged: bool,
    seconds: float = 12.0,
    recheck: Recheck | None = None,
    there: tuple[float, float] | None = None,
) -> tuple[list[tuple[int, int]], list[bool], dict[int, Participant]]:
    """What is found, and who is in doubt when; one walks right, the other left, and both stop on the other side.

    ``there``: how tall they read on the other side, where that differs.
    """
    rng, meetings = np.random.default_rng(1), Meetings()
    people = {1: known(1, statures[0]), 2: known(2, statures[1])}
    owners = dict(people)
    out: list[tuple[int, int]] = []
    doubt = []
    for k in range(round(seconds * FPS)):
        t_s = k / FPS
        for body in (1, 2):
            went = np.clip(t_s - MEET_S, -1.5, 1.5) * (1 if body == 1 else -1)
            pace = (0.4 if body == 1 else -0.4) * (abs(t_s - MEET_S) < 1.5)
            track = body if t_s < MEET_S or not exchanged else 3 - body
            if abs(t_s - MEET_S) > HIDDEN_S:
                reading = (statures if t_s < MEET_S else there or statures)[body - 1] + float(rng.normal(0, 0.01))
                show(owners[track], 400 + 80 * went, pace, reading, t_s)
        meetings.step(people.values(), owners, 1 / FPS, t_s)
        doubt.append(people[1].in_doubt)
        if k % 6 == 0:
            for a, b in meetings.decide(owners, recheck or Recheck(), flat(), Weights(), t_s):
                out.append((a, b))
                track = {p.person_id: k for k, p in owners.items()}
                meetings.exchanged(people[a], people[b])
                owners[track[a]], owners[track[b]] = owners[track[b]], owners[track[a]]
                habits = replace(people[a].where), replace(people[b].where)
                people[a].where, people[b].where = people[b].where, people[a].where
                for person, habit in zip((people[a], people[b]), habits, strict=True):
                    person.where.keep_habits(habit)
    return out, doubt, people


@pytest.mark.parametrize("apart", [0.045, 0.1])
def test_two_of_different_stature_whose_tracks_turned_back_get_their_own_bodies(apart: float) -> None:
    found, doubt, people = passing((-0.02, -0.02 + apart), exchanged=True)
    assert [set(pair) for pair in found] == [{1, 2}]
    assert any(doubt)
    assert not doubt[-1]
    assert stature(people[1].where.heights, flat()) == pytest.approx(-0.01, abs=0.015)
    assert stature(people[2].where.heights, flat()) == pytest.approx(-0.01 + apart, abs=0.015)


def test_who_reads_taller_at_the_others_place_is_not_the_other() -> None:
    """The floor is wrong there: each reads as the other did at that place, and both walked on to it."""
    found, _, _ = passing((0.05, 0.0), exchanged=False, there=(0.0, 0.05))
    assert found == []


@pytest.mark.parametrize("apart", [0.0, 0.045, 0.1])
def test_two_who_went_on_as_they_came_stay_who_they_are(apart: float) -> None:
    found, doubt, _ = passing((-0.02, -0.02 + apart), exchanged=False)
    assert found == []
    assert any(doubt)


def test_two_as_tall_as_each_other_are_not_exchanged_for_having_turned_back() -> None:
    """They may have; and if they did not, nothing was learned that an exchange could be proud of."""
    found, doubt, _ = passing((0.0, 0.004), exchanged=True)
    assert found == []
    assert doubt[-1]


def test_a_doubt_that_nothing_settles_is_dropped() -> None:
    _, doubt, people = passing((0.0, 0.004), exchanged=False, seconds=52.0)
    assert not doubt[-1]
    assert people[1].where.heights.seconds > LONGEST_S


def test_who_only_stands_near_is_never_in_doubt() -> None:
    meetings = Meetings()
    people = {1: known(1, 0.0), 2: known(2, 0.1)}
    for k in range(120):
        for track, x in ((1, 300.0), (2, 380.0)):
            if track == 1 or k % 30 > 10:  # the neighbour is lost for a moment again and again
                show(people[track], x, 0.0, 0.0, k / FPS)
        meetings.step(people.values(), people, 1 / FPS, k / FPS)
        assert not people[1].in_doubt


def test_clothes_that_only_one_of_the_two_wears_settle_it_at_once() -> None:
    class Sees(Recheck):
        def wears_own(self, track_id: int, person: Participant, other: Participant, since_s: float) -> bool:
            return track_id == 1

    found, doubt, _ = passing((0.0, 0.004), exchanged=False, recheck=Sees())
    assert found == []
    assert sum(doubt) < 2 * FPS


def test_the_instructors_word_ends_a_doubt() -> None:
    people = {1: known(1, 0.0), 2: known(2, 0.0)}
    meetings = Meetings()
    for k in range(3):
        for person in people.values():
            show(person, 300.0, 0.0, 0.0, k / FPS)
        meetings.step(people.values(), people, 1 / FPS, k / FPS)
    assert people[1].in_doubt
    meetings.step(people.values(), {2: people[2]}, 1 / FPS, 0.3)  # P1's track is held: not asked about any more
    assert not people[1].in_doubt
    meetings.decide({2: people[2]}, Recheck(), flat(), Weights(), 0.3)
    meetings.step(people.values(), {2: people[2]}, 1 / FPS, 0.4)
    assert not people[2].in_doubt


def test_strangers_who_pass_each_other_are_not_called_by_name_for_a_while() -> None:
    meetings, people = Meetings(), {k: Participant(k, f"P{k}", None, [k], spans=[(k, 0.0, 0.0)]) for k in (1, 2)}
    unclear = []
    for k in range(14 * FPS):
        t_s = k / FPS
        x = 280.0 + 240.0 * np.clip(t_s - 1, 0, 2) / 2  # they change places, over two seconds
        show(people[1], x, 0.6 if 1 < t_s < 3 else 0.0, 0.0, t_s)
        show(people[2], 800.0 - x, -0.6 if 1 < t_s < 3 else 0.0, 0.0, t_s)
        meetings.step(people.values(), people, 1 / FPS, t_s)
        assert people[1].in_doubt == people[2].in_doubt
        assert not people[1].where.doubted  # how tall they are is learned meanwhile
        if people[1].in_doubt:
            unclear.append(t_s)
    assert 1.5 < unclear[0] < 2.1
    assert 7.5 < unclear[-1] - unclear[0] < 8.5
