"""Newcomers who are somebody missing: when the evidence is clear enough, the card goes on as that one's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from groupcoach.records import Event
from groupcoach.track.evidence import Weights
from groupcoach.track.explanation import best_pairs, evidence_of, may_be
from groupcoach.track.floor import Floor
from groupcoach.track.membership import Membership, Participant
from groupcoach.track.roster import RosterBook

MISSING_S: Final = 0.3
_SETTLED_S, _OLD_S = 20.0, 60.0
"""So long at one place, or in all, and a newcomer is called by the own name."""


def newcomers(members: Membership, roster: RosterBook, *, last: bool = False) -> list[Participant]:
    """Who may still be somebody else: the provisional, and guests of long standing whom the instructor left alone."""
    people = members.people.values()
    return [p for p in people if p.provisional
            or (p.settled and not members.holds(p) and (last or roster.is_guest(p.name)))]  # fmt: skip


def decide(
    new: Sequence[Participant], members: Membership, roster: RosterBook, floor: Floor, w: Weights, t_s: float, *,
    last: bool = False,
) -> list[Event]:  # fmt: skip
    """Give newcomers to missing people where the best joint explanation leads clearly.

    At the ``last`` moment the likelier explanation is taken, and those who have left again are judged, too.

    Args:
        new: may be somebody else; who has no number yet gets none here.
        members: people and their tracks; who goes on as whom is done there.
        roster: whose names are known.
        floor: of the room.
        w: weights of the evidence.
        t_s: now.
        last: the class ends.
    """
    people = members.people
    for person in new:
        if person.where.longest_s >= _SETTLED_S or t_s - person.first_s >= _OLD_S:
            person.settled, person.provisional = person.settled or person.provisional, False
    missing = [p for p in people.values() if t_s - p.last_s >= MISSING_S]
    new = [p for p in new if (last or t_s - p.last_s < MISSING_S) and any(may_be(p, known) for known in missing)]
    if not new:
        return []
    known_before = w.roster_complete if roster.complete(people.values()) else 0.0
    if last and len(people) > members.most_at_once:
        known_before = max(known_before, w.too_many)
    found = evidence_of(new, missing, list(people.values()), floor, w, returns=w.returns + known_before)
    events = []
    for i, j, lead in best_pairs(np.array([[sum(cell.values()) for cell in row] for row in found])):
        cues = found[i][j]
        itself = sum(v for name, v in cues.items() if name in ("place", "clothes", "body"))
        person, known = new[i], missing[j]
        if last:
            lead_wanted = w.decide_settled if person.settled else w.decide_last
        else:
            known_s = min(1.0, person.where.longest_s / _SETTLED_S) if not person.settled else 1.0
            lead_wanted = w.decide + (w.decide_late - w.decide) * known_s
        if last and roster.is_guest(known.name) and roster.is_guest(person.name):
            lead = max(lead, sum(cues.values()))  # of guests: which one matters less than that it is one of them
        if lead < lead_wanted or itself < (0.0 if last else w.at_least) or known.person_id not in people:
            continue
        data = {"name": known.name, "track_id": person.track_ids[-1], "evidence": round(lead, 2),
                "cues": {name: round(value, 2) for name, value in cues.items()}}  # fmt: skip
        if person.person_id:
            data["merged"] = person.person_id
        else:  # nobody has seen this card
            people[0] = person
        members.join(person.person_id, known.person_id)
        events.append(Event(t_s, "identity_merged", known.person_id, data))
    return events
