"""People and their tracks: who has which, who went on as whom, and the way back. Pure bookkeeping, no evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from groupcoach.records import Floats, Track
from groupcoach.track.whereabouts import Whereabouts

HEADS_S = 1.0
"""One more than ever was in sight for so long: there are so many people."""
LEFT_S = 1.0
"""Not seen for so long: the person has left."""


@dataclass(slots=True)
class Participant:
    """One person of the class, and the tracks that were this person."""

    person_id: int
    name: str
    spot: str | None = None
    track_ids: list[int] = field(default_factory=list)
    first_s: float = 0.0
    last_s: float = 0.0
    seen_s: float = 0.0
    """Time in sight."""
    box_xyxy: Floats = field(default_factory=lambda: np.zeros(4))
    colours: Floats | None = None
    """Of all looks so far (``looks.py``)."""
    looks: int = 0
    strange_looks: int = 0
    """Of the last ones, those that were unlike all before ..."""
    like_s: float = -1e9
    """... and when the last one was that was not."""
    present: bool = True
    colours_s: float = -1e9
    instructor: bool = False
    """Seen and drawn, but not counted."""
    provisional: bool = False
    """Perhaps somebody who is missing."""
    settled: bool = False
    """Was provisional for so long that the card is left alone until the class ends."""
    where: Whereabouts = field(default_factory=Whereabouts)
    betas: Floats = field(default_factory=lambda: np.full(10, np.nan))
    spans: list[tuple[int, float, float]] = field(default_factory=list)
    """(track, from, to), s: which track was this person when."""

    @property
    def in_doubt(self) -> bool:
        """The body in sight may be somebody else's: nobody is called by this name now."""
        return self.provisional or self.where.doubted or self.where.unclear

    def was_at(self, t_s: float) -> bool:
        """Whether one of the tracks was followed then."""
        return any(start_s <= t_s <= end_s + LEFT_S for _, start_s, end_s in self.spans)


class Membership:
    """Everybody who has a card, and whose every track is."""

    def __init__(self) -> None:
        """Nobody yet."""
        self.people: dict[int, Participant] = {}
        self.of_track: dict[int, int] = {}
        """Track -> person."""
        self.count = 0
        """The highest number given out."""
        self.most_at_once = 0
        """So many people were in sight at once, for a while."""
        self._more_s = 0.0
        self._held: set[int] = set()
        self.joined: list[tuple[Participant, int]] = []
        """Who went on as whom, in order."""

    def count_heads(self, seen: int, dt_s: float) -> None:
        """So many bodies are in sight, ``dt_s`` after the last count."""
        self._more_s = self._more_s + dt_s if seen > self.most_at_once else 0.0
        if self._more_s >= HEADS_S:
            self.most_at_once, self._more_s = self.most_at_once + 1, 0.0

    def enrol(self, person: Participant) -> None:
        """A card and a number for somebody with one track."""
        self.count += 1
        person.person_id = self.count
        self.people[person.person_id] = person
        for track_id in person.track_ids:
            self.of_track[track_id] = person.person_id

    def forget(self, person: Participant) -> None:
        """As if the person had never been."""
        del self.people[person.person_id]
        for track_id in person.track_ids:
            self.of_track.pop(track_id, None)

    def hold(self, track_ids: Iterable[int]) -> None:
        """The instructor gave these tracks to a person: they are not parted again."""
        self._held.update(track_ids)

    def holds(self, person: Participant) -> bool:
        """Whether the instructor had a hand in who this is."""
        return not self._held.isdisjoint(person.track_ids)

    def last_tracks(self) -> dict[int, Participant]:
        """People by the track that each is, or was last; but not of whom the instructor has said who they are."""
        last = {p.spans[-1][0]: p for p in self.people.values() if p.spans and not self.holds(p)}
        return {track: p for track, p in last.items() if self.of_track.get(track) == p.person_id}

    def part_doubles(self, seen: Sequence[Track]) -> None:
        """Two bodies seen at once are two people: the younger track of one person is a newcomer again."""
        here: set[int] = set()
        for track in sorted(seen, key=lambda t: t.track_id):
            person_id = self.of_track.get(track.track_id)
            if person_id in here and track.track_id not in self._held:
                self.people[person_id].track_ids.remove(track.track_id)
                del self.of_track[track.track_id]
            elif person_id is not None:
                here.add(person_id)

    def join(self, person_id: int, into: int) -> Participant:
        """``person_id`` goes on as ``into``. Returns the one who is no more."""
        gone, kept = self.people.pop(person_id), self.people[into]
        self.joined.append((gone, into))
        kept.track_ids.extend(gone.track_ids)
        kept.spans.extend(gone.spans)
        for track_id in gone.track_ids:
            self.of_track[track_id] = into
        if gone.last_s > kept.last_s:
            kept.last_s, kept.box_xyxy = gone.last_s, gone.box_xyxy
            kept.where.go_on_as(gone.where)
        kept.first_s, kept.seen_s = min(kept.first_s, gone.first_s), kept.seen_s + gone.seen_s
        return gone

    def part_again(self, out_of: int) -> Participant | None:
        """Undo the last ``join`` into somebody; returns who is back, with the tracks as before, None if there was none.

        Who had no card before gets a number now, and no name yet.
        """
        found = [k for k, (_, into) in enumerate(self.joined) if into == out_of]
        if not found or out_of not in self.people:
            return None
        gone, _ = self.joined.pop(found[-1])
        kept, mine = self.people[out_of], set(gone.track_ids)
        if not gone.person_id:
            self.count += 1
            gone.person_id = self.count
        gone.spans = [span for span in kept.spans if span[0] in mine]
        kept.spans = [span for span in kept.spans if span[0] not in mine]
        kept.track_ids = [t for t in kept.track_ids if t not in mine]
        for track_id in mine:
            self.of_track[track_id] = gone.person_id
        self.hold([*mine, *kept.track_ids])
        gone.provisional = False
        gone.last_s = max((span[2] for span in gone.spans), default=gone.last_s)
        kept.last_s = max((span[2] for span in kept.spans), default=kept.first_s)
        kept.seen_s = max(kept.seen_s - gone.seen_s, 0.0)
        if gone.last_s > kept.last_s:  # the body in sight is the one that goes
            gone.box_xyxy = kept.box_xyxy
            gone.where.go_on_as(kept.where)
        self.people[gone.person_id] = gone
        return gone

    def exchange(self, a: int, b: int) -> None:
        """The current tracks change hands, and what is known of their bodies; the tracks before stay."""
        one, other = self.people[a], self.people[b]
        now = [p.spans[-1] if p.spans else None for p in (one, other)]
        for name in ("last_s", "box_xyxy", "present", "where", "colours", "colours_s", "betas"):
            mine, yours = getattr(one, name), getattr(other, name)
            setattr(one, name, yours)
            setattr(other, name, mine)
        for person, theirs, own in ((one, now[1], now[0]), (other, now[0], now[1])):
            if own is not None and own[0] in person.track_ids:
                person.track_ids.remove(own[0])
            if theirs is not None:
                person.track_ids.append(theirs[0])
                self.of_track[theirs[0]] = person.person_id
                person.spans.append((theirs[0], theirs[2], theirs[2]))
