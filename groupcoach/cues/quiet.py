"""Who asked, in the roster, to be told nothing. Pure but for reading the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from groupcoach.records import Event

if TYPE_CHECKING:
    from groupcoach.track.identity import Identity


class AskedForNone:
    """By the names as they are now: a name may go to another body; the instructor may switch somebody on again."""

    def __init__(self) -> None:
        self.now: set[int] = set()
        """Person ids."""
        self._on: set[int] = set()

    def look(self, identity: Identity, t_s: float) -> list[Event]:
        """Once a frame; who has come into it or out of it, as ``muted`` and ``unmuted``."""
        wanted = set()
        for person, participant in identity.people.items():
            member = identity.roster.member(participant.name)
            if member is not None and member.no_cues and person not in self._on:
                wanted.add(person)
        changed = sorted(wanted ^ self.now)
        self.now = wanted
        return [Event(t_s, "muted" if p in wanted else "unmuted", p, {"who": "roster"}) for p in changed]

    def by_hand(self, person: int, mute: bool) -> None:
        """The instructor's word counts more than the roster's."""
        (self._on.discard if mute else self._on.add)(person)
        if not mute:
            self.now.discard(person)
