"""Walks in the breaks: two people change spots, one walks round others, one leaves the picture and comes back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from groupcoach.errors import ConfigError
from groupcoach.simulate.diary import SHORTEST_SET_S, Diary, Place, clearance, ground_tracks
from groupcoach.simulate.scene import Spot
from groupcoach.simulate.timetable import (
    AWAY_S,
    CHECK_HZ,
    ENOUGH_M,
    WAY_S,
    Errand,
    Event,
    Timetable,
    low_rows,
)

#: Farther than anybody is: somebody else is asked first.
FAR_M = 50.0


def give_errands(table: Timetable, crossings: int, absences: int) -> None:
    """Who walks in which break; spots are exchanged along the way."""
    breaks = len(table.rounds) - 1
    people = len(table.plans)
    spot_of = list(table.scene.spots)
    wanted = [("swap" if j % 2 == 0 else "pass", j % max(breaks, 1)) for j in range(crossings)]
    wanted += [("absence", j % max(breaks, 1)) for j in range(absences)]
    if crossings and people < 2:
        raise ConfigError("simulate: --crossings needs at least two people. Add people or leave it out.")
    for kind, gap in sorted(wanted, key=lambda w: w[1]):
        free = [row for row in range(people) if (gap, row) not in table.errands]
        if len(free) < (2 if kind == "swap" else 1):
            raise ConfigError(
                f"simulate: {crossings} crossings and {absences} absences are too many for {people} people in "
                f"{table.seconds:g} s ({breaks} break{'s' * (breaks != 1)} between sets). Ask for fewer, or for more "
                "people or seconds."
            )
        one = int(table.rng.choice(free))
        if kind == "absence":  # somebody near the edge, who is soon out
            one = max(free, key=lambda row: abs(spot_of[row].x_m) + table.rng.uniform(0, 1.0))
        if kind != "swap":
            table.errands[gap, one] = Errand(kind, (one,))
            continue
        # With somebody near: a walk across the whole room would not fit into a break. And nobody who will be on the
        # floor gives a place at the front to somebody who will stand there, before them.
        here = spot_of[one]
        low = low_rows(table.plans, len(table.rounds), gap + 1)
        other = min((row for row in free if row != one),
                    key=lambda row: math.hypot(spot_of[row].x_m - here.x_m, spot_of[row].z_m - here.z_m)
                    + (FAR_M if (row in low) != (one in low) and spot_of[row].name[0] != here.name[0] else 0.0)
                    + table.rng.uniform(0, 1.5))  # fmt: skip
        pair = (min(one, other), max(one, other))
        table.errands[gap, one] = Errand(kind, pair, spot_of[other])
        table.errands[gap, other] = Errand(kind, pair, here)
        spot_of[one], spot_of[other] = spot_of[other], here


def run_errand(table: Timetable, row: int, diary: Diary, errand: Errand, here: Spot) -> Diary:
    """Walk the errand by the route that keeps farthest from everybody else."""
    others = [track for k, track in table.tracks.items() if k != row]
    best: tuple[float, Diary] | None = None
    latest = table.latest_s
    soonest = math.inf
    for walk in _routes(table, diary, errand, here):
        trial = diary.copy()
        walk(trial)
        soonest = min(soonest, trial.at_s)
        if trial.at_s > latest:
            continue
        first, last = int(diary.at_s * CHECK_HZ), math.ceil(trial.at_s * CHECK_HZ) + 1
        rows = table.clock[first:last]
        room = clearance(ground_tracks(trial.motion(), rows), [o[first:last] for o in others]) if len(rows) else 0.0
        if best is None or room > best[0] + 0.02:
            best = room, trial
        if room >= ENOUGH_M:
            break
    if best is None:
        raise ConfigError(
            f"simulate: in {table.seconds:g} s there is no time for everybody to walk and be back (--crossings, "
            f"--absences). Ask for {math.ceil(table.seconds + soonest - latest)} s or more."
        )
    done = best[1]
    if errand.goal is not None:
        done.at_spot(errand.goal)
    event = Event(errand.kind, errand.people, diary.at_s, done.at_s)
    if errand.kind == "swap" and row != errand.people[0]:  # one event for both, from the first step to the last
        mine = [e for e in table.events if (e.kind, e.people) == (event.kind, event.people)]
        partner = min(mine, key=lambda e: abs(e.start_s - event.start_s))
        table.events.remove(partner)
        event = replace(event, start_s=min(partner.start_s, event.start_s), end_s=max(partner.end_s, event.end_s))
    table.events.append(event)
    return done


def _routes(table: Timetable, diary: Diary, errand: Errand, here: Spot) -> list[Callable[[Diary], None]]:
    """Ways to walk an errand, the quickest first; starting later is a way too."""
    home = errand.goal or here
    goal = (home.x_m, home.z_m)
    x, z = diary.place
    if errand.kind == "absence":
        return [partial(_leave, table, home, beside, lane) for beside, lane in _exits(table, diary)]
    if errand.kind == "swap":
        ways: list[list[Place]] = [
            [goal],
            *([*_round(diary.place, goal, off), goal] for off in (-0.6, 0.6, -0.95, 0.95)),
        ]
    else:
        span = max(abs(s.x_m) for s in table.scene.spots)

        def near(to: float) -> float:
            return x + math.copysign(0.3, to - x)

        sides = [to for to in (x + 1.9, x - 1.9, x + 1.4, x - 1.4) if abs(to) < span + 0.8] or [0.0]
        ways = [
            [(near(to), z + off), (to, z + off), (to, z + back), (near(to), z + back), goal]
            for off, back in ((-0.85, -1.05), (-0.85, 0.85), (0.85, 1.05))
            for to in sides
        ]
    return [partial(_go, way, home.yaw, wait) for wait in (0.0, 1.3, 2.6) for way in ways]


def _round(start: Place, goal: Place, off: float) -> list[Place]:
    """Beside the straight way, ``off`` metres to its left."""
    dx, dz = goal[0] - start[0], goal[1] - start[1]
    far = max(math.hypot(dx, dz), 1e-6)
    aside = (off * dz / far, -off * dx / far)
    return [(start[0] + share * dx + aside[0], start[1] + share * dz + aside[1]) for share in (0.3, 0.7)]


def _go(places: Sequence[Place], yaw: float, wait_s: float, diary: Diary) -> None:
    if wait_s:
        diary.do("stand", diary.at_s + WAY_S + wait_s)
    diary.walk(places, yaw)


def _exits(table: Timetable, diary: Diary) -> list[tuple[Place, float]]:
    """Places beside the picture, each with the lane that leads there."""
    camera = table.scene.camera
    front = max(s.z_m for s in table.scene.spots)
    out = []
    lanes = [diary.place[1] + 0.9, diary.place[1] - 0.9, front + 1.0]
    for z in lanes:
        for side in sorted((-1.0, 1.0), key=lambda s: -s * diary.place[0]):
            depth = float(camera.to_camera(np.array([0.0, 1.0, z]))[2])
            out.append(((side * (depth * camera.width / 2 / camera.focal_px + 0.75), z), z))
    # Round behind those on the floor, where there are any: the walk back is in the next round.
    low = bool(low_rows(table.plans, len(table.rounds)))
    return sorted(out, key=lambda e: (low and e[1] > front, math.dist(e[0], diary.place)))


def _leave(table: Timetable, home: Spot, beside: Place, lane: float, diary: Diary) -> None:
    """Out of the picture, wait, and back to the spot."""
    side = float(np.sign(beside[0]))
    start = diary.at_s
    diary.walk([(diary.place[0] + 0.35 * side, lane), beside], side * math.pi / 2)
    out_s = diary.at_s - start
    # Away into the next round, but back in time for the end.
    spare = table.latest_s - (diary.at_s + out_s + 1.0)
    wanted = AWAY_S + diary.person.rng(len(diary.parts)).uniform(0, 5)
    diary.do("stand", diary.at_s + WAY_S + max(AWAY_S, min(wanted, spare - SHORTEST_SET_S)))
    diary.walk([(home.x_m + 0.35 * side, lane), (home.x_m, home.z_m)], home.yaw)
