"""Everybody's class, from standing at the start to standing at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from groupcoach.errors import ConfigError
from groupcoach.simulate.diary import FLOOR, TURN_S, WEIGHTED, Diary, across, ground_tracks
from groupcoach.simulate.errands import give_errands, run_errand
from groupcoach.simulate.instructor import teach
from groupcoach.simulate.rig import Skeleton
from groupcoach.simulate.scene import Scene, Spot
from groupcoach.simulate.stance import Person
from groupcoach.simulate.timetable import (
    ABSENCE_S,
    INSTRUCTOR,
    PARTICIPANT,
    Event,
    Performer,
    Plan,
    Timetable,
    low_rows,
    rounds_of,
)


def choreograph(
    scene: Scene, skeletons: Sequence[Skeleton], plans: Sequence[Plan], seconds: float, *, seed: int,
    crossings: int = 0, absences: int = 0, instructor: tuple[Skeleton, Plan] | None = None,
) -> tuple[list[Performer], list[Event]]:  # fmt: skip
    """Everybody's class over exactly ``seconds``.

    Args:
        scene: Its spots, one per plan.
        skeletons: One per plan.
        plans: The participants.
        seconds: Length of the video.
        seed: Of who walks where.
        crossings: How often two people change spots or one walks round behind others, in turn.
        absences: How often somebody walks out of the picture and comes back.
        instructor: Somebody who walks through the class, looks, talks and shows an exercise.

    Returns:
        The participants in the order of the plans, then the instructor; and what happened, in order of time.

    Raises:
        ConfigError: There is no time, or nobody free, for so much walking; or no time for an exercise at all.
    """
    rounds = rounds_of(seconds, walking=bool(crossings or absences))
    table = Timetable(scene, plans, seconds, rounds, np.random.default_rng([seed, 41]))
    give_errands(table, crossings, absences)
    people = [Person(sk, plan.seed, plan.free) for sk, plan in zip(skeletons, plans, strict=True)]
    walkers = {row for _, row in table.errands}
    diaries: dict[int, Diary] = {}
    for row in sorted(range(len(plans)), key=lambda r: (r in walkers, r)):
        diary = _at_the_start(people[row], scene.spots[row], plans[row])
        # Dumbbells stay beside the spot they were put down at; who changes spots has none.
        diary.dumbbells &= not any(k == row and e.kind == "swap" for (_, k), e in table.errands.items())
        diaries[row] = _whole_class(table, row, diary)
        first = plans[row].exercises[0]
        if row not in walkers and all(s.exercise != first for s in diaries[row].motion().segments):
            raise ConfigError(
                f"simulate: in {seconds:g} s there is no time for {first!r}: getting down, a few repetitions, getting "
                f"up and standing at both ends. Ask for {math.ceil(seconds) + 6} s or more."
            )
        table.tracks[row] = ground_tracks(diaries[row].motion(), table.clock)
    performers = [
        Performer(d.motion(), PARTICIPANT, tuple(d.spots), tuple(d.held), _beside(d))
        for d in (diaries[row] for row in range(len(plans)))
    ]
    if instructor is not None:
        motion = teach(_to_teach(table), Person(instructor[0], instructor[1].seed), instructor[1])
        performers.append(Performer(motion, INSTRUCTOR, (), (), None))
    return performers, sorted(table.events, key=lambda e: (e.start_s, e.people))


def _to_teach(table: Timetable) -> Timetable:
    """The class as its instructor walks through it: not between the camera and those on the floor, but behind them.

    Who teaches knows of the camera that counts, and sees the line of the hips from there as well. Somebody who walks
    along before a lying body hides its middle for seconds, and the two ends look like two people or none.
    """
    spots = table.scene.spots
    on_mats = {spots[row].name[0] for row in low_rows(table.plans, len(table.rounds))}
    behind = tuple(s for s in spots if s.name[0] not in on_mats)
    return replace(table, scene=replace(table.scene, spots=behind)) if behind else table


def _at_the_start(person: Person, spot: Spot, plan: Plan) -> Diary:
    """On the spot, facing as the class does; across the picture already, when the first exercise is on the floor."""
    yaw = across(spot.yaw, person.rng(99)) if plan.exercises[0] in FLOOR else None
    diary = Diary(person, spot if yaw is None else replace(spot, yaw=yaw), plan.faults, plan.dumbbells)
    diary.home_yaw = spot.yaw
    return diary


def _beside(diary: Diary) -> tuple[float, float, float] | None:
    """Where the dumbbells lie: in front of the first spot, where hands reach down to."""
    if not diary.dumbbells or not any(part.name in WEIGHTED for part in diary.parts):
        return None
    spot, yaw = diary.spot, diary.home_yaw  # not the spot's yaw: who begins on the floor faces another way there
    ahead = 0.04
    return spot.x_m + ahead * math.sin(yaw), spot.z_m + ahead * math.cos(yaw), yaw


def _whole_class(table: Timetable, row: int, diary: Diary) -> Diary:
    plan = table.plans[row]
    diary.do("stand", table.rounds[0][0])
    here = table.scene.spots[row]
    for k, (start, end) in enumerate(table.rounds):
        errand = table.errands.get((k - 1, row))
        if errand is not None:
            diary = run_errand(table, row, diary, errand, here)
            here = errand.goal or here
        elif k:
            near = [(s.x_m, s.z_m) for s in table.scene.spots if s.name != here.name
                    and math.hypot(s.x_m - diary.place[0], s.z_m - diary.place[1]) < 3.0]  # fmt: skip
            turning = TURN_S * diary.has_to_turn(plan.exercises[k % len(plan.exercises)])
            diary.rest(start - turning, near)
        following = table.errands.get((k, row))
        if following is not None and following.kind == "absence":
            end = min(end, table.seconds - ABSENCE_S)
        diary.exercise(plan.exercises[k % len(plan.exercises)], end)
    diary.do("stand", table.seconds)
    return diary
