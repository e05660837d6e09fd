"""What one person does through a class: sets, rests and walks, each put where the one before ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.simulate.motion import MAKERS, Motion, way_between
from groupcoach.simulate.others import walk
from groupcoach.simulate.rests import pick_up, pick_up_moment_s, talk_to, watch
from groupcoach.simulate.rig import default_skeleton
from groupcoach.simulate.route import wrap
from groupcoach.simulate.scene import Spot
from groupcoach.simulate.stance import Part, Person
from groupcoach.simulate.steps import walk_path

Floats = NDArray[np.floating[Any]]
Place = tuple[float, float]

#: Exercises done with a pair of dumbbells.
WEIGHTED: Final = frozenset({"biceps_curl", "shoulder_press", "lateral_raise", "front_raise", "deadlift"})
#: Exercises on hands, knees or back.
FLOOR: Final = frozenset({"push_up", "plank", "sit_up", "crunch", "glute_bridge", "mountain_climber", "burpee"})
#: On the floor people lie across the picture, give or take this many radians: head-on, a lying body is a few pixels
#: high, and neither a camera nor the instructor beside it sees the line of the hips.
ACROSS: Final = 0.5
#: Turning on the spot by a quarter; picking dumbbells up or putting them down; each with the way to it.
TURN_S: Final = 3.1
PICK_UP_S: Final = 3.0
#: Less time than this is no set: the person waits instead.
SHORTEST_SET_S: Final = 4.0


@dataclass(eq=False)
class Diary:
    """One person's parts so far, and where in the room that leaves them."""

    person: Person
    spot: Spot
    faults: Mapping[str, float]
    dumbbells: bool = False
    """Has a pair of dumbbells beside the spot and uses it."""
    parts: list[Part] = field(default_factory=list)
    at_s: float = 0.0
    place: Place = (0.0, 0.0)
    """(x, z) in the room."""
    yaw: float = 0.0
    home_yaw: float = 0.0
    """Which way the person faces at the spot, in the room."""
    spots: list[tuple[float, str]] = field(default_factory=list)
    """(from when, name of the spot)."""
    held: list[tuple[float, float]] = field(default_factory=list)
    """When the dumbbells are in the hands."""

    def __post_init__(self) -> None:
        if not self.spots:
            self.place, self.yaw = (self.spot.x_m, self.spot.z_m), self.spot.yaw
            self.home_yaw = self.spot.yaw
            self.spots = [(0.0, self.spot.name)]

    def copy(self) -> Diary:
        """Another one to try things with."""
        return Diary(self.person, self.spot, self.faults, self.dumbbells, list(self.parts), self.at_s, self.place,
                     self.yaw, self.home_yaw, list(self.spots), list(self.held))  # fmt: skip

    @property
    def rng(self) -> np.random.Generator:
        """Chance for the next part."""
        return self.person.rng(len(self.parts))

    def motion(self) -> Motion:
        """Everything so far as a motion in the room."""
        return Motion(self.person, self.parts, yaw=self.spot.yaw, spot_m=(self.spot.x_m, self.spot.z_m))

    def add(self, part: Part) -> float:
        """Append a part; returns when it starts (after the way to it)."""
        self.at_s += self._way(part.entry)
        start = self.at_s
        self.parts.append(part)
        self.at_s += part.duration_s
        x, z = self._room(part.travel_m)
        self.place, self.yaw = (x, z), self.yaw + part.turn
        return start

    def do(self, name: str, until_s: float) -> None:
        """An exercise or a movement for as long as there is time; nothing when there is none."""
        entry = entry_of(name)
        # Getting up from the floor takes longer than a step; that time is the exercise's.
        getting_up = way_between(entry, "step") - way_between("step", "step")
        length = until_s - self.at_s - self._way(entry) - getting_up
        if length > 0.05:
            self.add(self._make(name, length))

    def exercise(self, name: str, until_s: float) -> None:
        """A set with its dumbbells picked up before and put down after; in less time without them or waiting."""
        down_and_up = 2 * (way_between("step", entry_of(name)) - way_between("step", "step"))
        needed = SHORTEST_SET_S + down_and_up + TURN_S * self.has_to_turn(name)
        weighted = self.dumbbells and name in WEIGHTED and until_s - self.at_s >= needed + 2 * PICK_UP_S
        if until_s - self.at_s < needed:
            self.do("stand", until_s)
            return
        self.turn_for(name)
        if not weighted:
            self.do(name, until_s)
            return
        down = pick_up(self.person, self.rng)
        taken = self.add(down) + pick_up_moment_s(down)
        self.do(name, until_s - PICK_UP_S)
        down = pick_up(self.person, self.rng)
        self.held.append((taken, self.add(down) + pick_up_moment_s(down)))

    def has_to_turn(self, name: str) -> bool:
        """The exercise is done facing another way than the person does now."""
        turned = abs(wrap(self.yaw - self.home_yaw)) > 1e-6
        return not turned and not lies_across(self.home_yaw) if name in FLOOR else turned

    def turn_for(self, name: str) -> None:
        """Turn across the picture before an exercise on the floor, and back to where the class faces before another."""
        if self.has_to_turn(name):
            yaw = across(self.home_yaw, self.rng) if name in FLOOR else self.home_yaw
            if yaw is not None:
                self.walk([self.place], yaw)

    def rest(self, until_s: float, neighbours: Sequence[Place]) -> None:
        """Waiting, drinking, stretching, talking to or looking at somebody near."""
        rng = self.rng
        kind = str(rng.choice(["stand", "drink", "stretch", "talk", "watch", "stand"]))
        length = until_s - self.at_s - self._way("step")
        if length < 2.5 or (kind in ("talk", "watch") and not neighbours):
            kind = "stand"
        if kind in ("talk", "watch"):
            nearest = min(neighbours, key=lambda p: math.dist(p, self.place))
            make = talk_to if kind == "talk" else watch
            self.add(make(self.person, rng, length, self.towards(nearest)))
        else:
            self.do(kind, until_s)

    def walk(self, places: Sequence[Place], end_yaw: float) -> float:
        """Walk through places of the room and face ``end_yaw`` (room) there; returns when it starts."""
        points = [self._local(p) for p in places]
        return self.add(walk_path(self.person, points, wrap(end_yaw - self.yaw), rng=self.rng))

    def towards(self, place: Place) -> float:
        """Angle (own axes, radians, left positive) in which a place of the room lies."""
        x, z = self._local(place)
        return math.atan2(x, z)

    def at_spot(self, spot: Spot) -> None:
        """From now on this is the person's spot."""
        self.home_yaw = spot.yaw
        self.spots.append((self.at_s, spot.name))

    def _way(self, entry: str) -> float:
        return way_between(self.parts[-1].entry, entry) if self.parts else 0.0

    def _make(self, name: str, seconds: float) -> Part:
        if name == "walk":  # straight on for the length of a set would be through the neighbours and the camera
            return walk(self.person, self.rng, seconds, stay=True)
        return MAKERS[name](self.person, self.rng, seconds, None, self.faults)

    def _room(self, local: Place) -> Place:
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return self.place[0] + c * local[0] + s * local[1], self.place[1] - s * local[0] + c * local[1]

    def _local(self, place: Place) -> Place:
        dx, dz = place[0] - self.place[0], place[1] - self.place[1]
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return c * dx - s * dz, s * dx + c * dz


@lru_cache
def entry_of(name: str) -> str:
    """``Part.entry`` of an exercise or movement."""
    return MAKERS[name](Person(default_skeleton(), 0), np.random.default_rng(0), 8.0, None, {}).entry


def lies_across(yaw: float) -> bool:
    """Somebody who faces ``yaw`` and lies down lies across the picture."""
    return abs(abs(wrap(yaw)) - math.pi / 2) <= ACROSS


def across(yaw: float, rng: np.random.Generator) -> float | None:
    """The nearest way to lie across the picture for somebody who faces ``yaw``; None: that one does already."""
    side = math.copysign(math.pi / 2, math.sin(yaw) or float(rng.choice([-1.0, 1.0])))
    return None if lies_across(yaw) else side + rng.uniform(-ACROSS, ACROSS)


def ground_tracks(motion: Motion, t: Floats) -> Floats:
    """(T, 24, 2) where on the floor a person's joints are above, room metres; after the motion ends it stays."""
    return motion.joints(t)[..., [0, 2]]


def clearance(one: Floats, others: Sequence[Floats]) -> float:
    """The least distance on the floor between somebody (T, 24, 2) and anybody else; metres."""
    if not others:
        return math.inf
    # A few joints span the body: head, hands, feet, pelvis, knees.
    rows = [0, 4, 5, 10, 11, 15, 20, 21]
    mine = one[:, rows]
    return min(float(np.linalg.norm(mine[:, :, None] - other[:, rows][:, None], axis=-1).min()) for other in others)
