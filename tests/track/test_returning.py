"""When a newcomer goes on as somebody missing: how sure that has to be, and who is never asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from groupcoach.track import returning
from groupcoach.track.evidence import Weights
from groupcoach.track.floor import Floor
from groupcoach.track.membership import Membership, Participant
from groupcoach.track.roster import Member, RosterBook

NOW_S = 100.0


def room(odds: float, stands_s: float, monkeypatch: pytest.MonkeyPatch, name: str = "Person 2") -> Membership:
    """Person 1 left after 30 s; somebody came at 60 s, and the evidence says so much for it being that one."""

    def evidence(new: Sequence[Participant], missing: Sequence[Participant], *_: Any, **__: Any) -> list[Any]:
        return [[{"place": odds}] * len(missing) for _ in new]

    monkeypatch.setattr(returning, "evidence_of", evidence)
    members = Membership()
    for track, (who, first_s, last_s) in enumerate((("Person 1", 0.0, 30.0), (name, 60.0, NOW_S)), 1):
        person = Participant(0, who, None, [track], first_s, last_s, provisional=track == 2)
        person.where.first_s = first_s
        members.enrol(person)
    members.people[2].where.longest_s = stands_s
    return members


def decided(members: Membership, roster: RosterBook | None = None) -> list[int]:
    book = roster or RosterBook([])
    for _ in range(2):  # what the first look settles, the second one asks about
        new = returning.newcomers(members, book)
        events = returning.decide(new, members, book, Floor(), Weights(), 70.0 if _ == 0 else NOW_S)
        if events:
            return [int(e.data["merged"]) for e in events]
    return []


@pytest.mark.parametrize(("odds", "stands_s", "merged"), [
    (3.2, 0.0, [2]), (2.6, 0.0, []), (2.6, 12.0, [2]), (2.1, 12.0, []), (2.1, 25.0, [2]), (1.8, 25.0, []),
])  # fmt: skip
def test_the_longer_somebody_has_stood_there_the_less_is_asked(
    odds: float, stands_s: float, merged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    members = room(odds, stands_s, monkeypatch)
    members.people[2].last_s = NOW_S
    assert decided(members) == merged


def test_whom_the_instructor_or_the_roster_named_is_somebody_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    held = room(5.0, 25.0, monkeypatch)
    held.people[2].provisional, held.people[2].settled = False, True
    assert decided(held) == [2]
    held = room(5.0, 25.0, monkeypatch)
    held.people[2].provisional, held.people[2].settled = False, True
    held.hold([2])
    assert decided(held) == []
    named = room(5.0, 25.0, monkeypatch, name="Mina")
    named.people[2].provisional, named.people[2].settled = False, True
    assert decided(named, RosterBook([Member("Mina")])) == []


def test_who_was_there_before_the_other_left_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    members = room(9.0, 25.0, monkeypatch)
    members.people[2].where.first_s = 20.0
    assert decided(members) == []
