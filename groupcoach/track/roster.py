"""Who gets which name: the roster by spots at the start, in its order later; everybody else is a guest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from groupcoach.records import Event
from groupcoach.track.floor import Floor

if TYPE_CHECKING:
    from groupcoach.track.membership import Participant

SETTLE_S = 4.0
"""After this time everybody who was there at the start has been seen."""
_ROW_M = 1.0
"""Spots that are less apart in depth are in one row."""


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of the roster."""

    name: str
    spot: str | None = None
    language: str | None = None
    notes: str | None = None
    say: str | None = None
    """How the voice says the name."""
    instructor: bool = False
    no_cues: bool = False
    """Asked to be told nothing."""


class RosterBook:
    """Gives names out and remembers who has one."""

    def __init__(self, members: Sequence[Member]) -> None:
        """Args: members: in the order of the file."""
        self.members = _by_spot([m for m in members if not m.instructor])
        self.instructors = [m for m in members if m.instructor]
        self.notices: list[str] = []
        self._settled = not self.members
        self._by_hand: set[str] = set()

    def member(self, name: str) -> Member | None:
        """The entry of somebody called so."""
        return next((m for m in (*self.members, *self.instructors) if m.name == name), None)

    def free(self, people: Iterable[Participant]) -> list[Member]:
        """Who has not come yet."""
        taken = {p.name for p in people}
        return [m for m in self.members if m.name not in taken]

    def complete(self, people: Iterable[Participant]) -> bool:
        """Whether there is a roster, and everybody on it has been seen."""
        return bool(self.members) and not self.free(people)

    def name_newcomer(self, people: Iterable[Participant], *, someone_missing: bool) -> tuple[str, str | None]:
        """Name and spot of somebody who was not here before.

        While somebody is missing the newcomer may be just that one: no name of the roster is given away.
        """
        people = list(people)
        free = self.free(people)
        if free and not someone_missing:
            return free[0].name, free[0].spot
        taken = {p.name for p in people}
        word = "Guest" if self.members else "Person"
        number = 1
        while f"{word} {number}" in taken:
            number += 1
        if self.members and not free and not someone_missing and not self.notices:
            self.notices.append(
                f"There are more people than the {len(self.members)} of the roster: the others are called Guest 1, "
                "Guest 2 ... Rename them on the dashboard, or mark the instructor."
            )
        return f"{word} {number}", None

    def named_by_hand(self, name: str) -> None:
        """The instructor gave this name: it is not moved any more."""
        self._by_hand.add(name)

    def is_guest(self, name: str) -> bool:
        """Whether the name is only a number, neither of the roster nor given by the instructor."""
        return self.member(name) is None and name not in self._by_hand

    def names_stand(self) -> None:
        """Names were given out in an earlier run of this class: the spots move none of them."""
        self._settled = True

    def settle(self, people: Sequence[Participant], floor: Floor, since_s: float, t_s: float) -> list[Event]:
        """Once, when everybody of the start is there: the roster follows the spots, front to back, left to right.

        Until then names went out in the order in which people were found.
        """
        if self._settled or since_s < SETTLE_S:
            return []
        self._settled = True
        here = [p for p in people if p.name not in self._by_hand and not p.instructor and p.present]
        order = in_rows(here, floor)
        members = [m for m in self.members if m.name not in self._by_hand]
        events = []
        names = [(m.name, m.spot) for m in members[: len(order)]]
        taken = {p.name for p in people if p not in here} | {name for name, _ in names}
        number = 1
        for _ in order[len(names) :]:
            while f"Guest {number}" in taken:
                number += 1
            names.append((f"Guest {number}", None))
            taken.add(f"Guest {number}")
        for person, (name, spot) in zip(order, names, strict=True):
            if person.name != name:
                events.append(Event(t_s, "renamed", person.person_id, {
                    "name": name, "before": person.name, "by": "roster", "spot": spot,
                }))  # fmt: skip
            person.name, person.spot = name, spot
        return events


def in_rows(people: Sequence[Participant], floor: Floor) -> list[Participant]:
    """People by spots: the front row first, each row from left to right."""
    known = [p for p in people if isfinite(p.where.foot_px[0])]
    if not known:
        return list(people)
    places = np.array([floor.metres(*p.where.foot_px) for p in known])
    if not floor.good:
        places[:, 1] = -places[:, 1]  # lower in the picture is nearer
    unsure = np.array([floor.unsure_m(*p.where.foot_px) for p in known])
    gap = max(_ROW_M, 2 * float(np.median(unsure[:, 1])))
    depth = np.argsort(places[:, 1], kind="stable")
    row = np.zeros(len(known), int)
    row[depth] = np.concatenate([[0], np.cumsum(np.diff(places[depth, 1]) > gap)])
    order = sorted(range(len(known)), key=lambda i: (row[i], float(places[i, 0])))
    return [known[i] for i in order] + [p for p in people if p not in known]


def _by_spot(members: Sequence[Member]) -> list[Member]:
    """By the spots' numbers (``3``, ``A2``) where every entry has one of that kind; else as they are in the file."""
    found = [re.fullmatch(r"([A-Za-z]?)\s*(\d+)", m.spot or "") for m in members]
    keys = [(match[1].upper(), int(match[2])) for match in found if match]
    if len(keys) < len(members):
        return list(members)
    return [members[i] for i in sorted(range(len(members)), key=keys.__getitem__)]
