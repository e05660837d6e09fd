"""The one who teaches: walks through the class, looks, talks and shows an exercise that is nobody's count."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from groupcoach.simulate.diary import Diary, Place, clearance, ground_tracks
from groupcoach.simulate.motion import Motion
from groupcoach.simulate.scene import Spot
from groupcoach.simulate.stance import Person
from groupcoach.simulate.timetable import ENOUGH_M, Plan, Rng, Timetable

#: Ways through the class that are tried; the one that keeps farthest from everybody is taken.
_TRIES = 30


def teach(table: Timetable, person: Person, plan: Plan) -> Motion:
    """Through the class by the free places, looking, talking and once showing an exercise."""
    spots = table.scene.spots
    others = list(table.tracks.values())
    best: tuple[float, Diary] | None = None
    for attempt in range(_TRIES):
        rng = np.random.default_rng([plan.seed, 51, attempt])
        diary = _lesson(table, person, plan, rng, spots)
        room = clearance(ground_tracks(diary.motion(), table.clock), others)
        if best is None or room > best[0]:
            best = room, diary
        if room >= ENOUGH_M:
            break
    assert best is not None
    return best[1].motion()


def _lesson(table: Timetable, person: Person, plan: Plan, rng: Rng, spots: Sequence[Spot]) -> Diary:
    wide = max(abs(s.x_m) for s in spots)
    rows = sorted({round(s.z_m / 1.9) for s in spots})
    front = max(s.z_m for s in spots)
    # Between the rows where there are several, and before the class.
    lanes = [front + 0.95, *(float(np.mean([s.z_m for s in spots if round(s.z_m / 1.9) == r])) - 0.95 for r in rows)]
    side = float(rng.choice([-1, 1]))
    begin = Spot("", side * (wide + 0.35), front + 0.95, -side * math.pi / 2)
    diary = Diary(person, begin, {})
    diary.do("stand", rng.uniform(1.0, 2.5))
    shown = False
    while diary.at_s < table.seconds - 2.0:
        lane = float(rng.choice(lanes))
        x = float(np.clip(-side * rng.uniform(0.2, 1.0) * wide, -wide, wide))
        side = -side
        points: list[Place] = [(x, lane)]
        if abs(lane - diary.place[1]) > 0.4:  # round the end of a row
            end = float(np.sign(diary.place[0]) or 1.0) * (wide + 0.85)
            points = [(end, diary.place[1]), (end, lane), (x, lane)]
        look_at = min(((s.x_m, s.z_m) for s in spots), key=lambda p: math.dist(p, (x, lane)))
        diary.walk(points, math.atan2(look_at[0] - x, look_at[1] - lane))
        if not shown:
            diary.do(plan.exercises[0], diary.at_s + rng.uniform(6, 8))
            shown = True
        else:
            diary.rest(diary.at_s + rng.uniform(2.5, 5.0), [look_at])
    diary.do("stand", table.seconds)
    return diary
