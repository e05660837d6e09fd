"""Tracks -> participants: the person stays the same when the track ends and a new one begins. No face recognition.

Whoever is new gets a card and a count at once, but *provisionally*: while somebody is missing, the evidence
(``evidence.py``) for every newcomer and every missing person is added up every quarter of a second, the best joint
explanation is found, and whose part in it leads the next best explanation clearly enough goes on as the missing person,
with all that was counted meanwhile. Names come from the ``RosterBook``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from groupcoach.records import Event, Floats, Observations, Track, TrackState
from groupcoach.track.evidence import Weights
from groupcoach.track.explanation import TOGETHER_S
from groupcoach.track.floor import Floor, Stance, stance
from groupcoach.track.looks import Looks
from groupcoach.track.meetings import Meetings
from groupcoach.track.membership import LEFT_S, Membership, Participant
from groupcoach.track.mixup import Mixups
from groupcoach.track.returning import MISSING_S, decide, newcomers
from groupcoach.track.roster import Member, RosterBook

_DECIDE_EVERY_S = 0.25
_NOTE_EVERY_S, _FIT_EVERY_S, _RECHECK_EVERY_S = 0.15, 1.0, 0.5
_GONE_S = 2.5
"""Not seen for so long: no track of the tracker's brings that one back."""
_GLIMPSE_S, _FORGET_S = 3.0, 10.0
"""Somebody in sight for no longer, and away for so long, was a glimpse of one of the others, or of a passer-by."""


class Identity:
    """Who is who."""

    def __init__(
        self, names: Sequence[tuple[str, str | None] | Member] = (), weights: Weights | None = None
    ) -> None:  # fmt: skip
        """Args: names: the roster; weights: of the evidence."""
        self.members = Membership()
        self.floor = Floor()
        self.roster = RosterBook([n if isinstance(n, Member) else Member(*n) for n in names])
        self._weights = weights or Weights()
        self._last_t: float | None = None
        self._first_t = 0.0
        self._decided_s = self._fitted_s = self._noted_s = -1e9
        self._rechecked_s = -1e9
        self._looks = Looks()
        self._mixups = Mixups()
        self._meetings = Meetings()

    @property
    def people(self) -> dict[int, Participant]:
        """Everybody who has a card, by number."""
        return self.members.people

    @property
    def notices(self) -> list[str]:
        """What the instructor should know of names."""
        return self.roster.notices

    def person_of(self, track_id: int) -> int | None:
        """The person a track belongs to, None while it is not confirmed."""
        return self.members.of_track.get(track_id)

    def step(
        self, tracks: Sequence[Track], obs: Observations, image: NDArray[np.uint8], t_s: float
    ) -> list[Event]:  # fmt: skip
        """Assign confirmed tracks to people; people who enter, leave and return are events.

        An ``identity_merged`` with ``merged`` in its data says that one person's card goes on as another's.
        """
        events: list[Event] = []
        if self._last_t is None:
            self._first_t = t_s
        dt = 0.0 if self._last_t is None else t_s - self._last_t
        self._last_t = t_s
        seen = [t for t in tracks if t.state is TrackState.CONFIRMED and t.observation is not None]
        self.members.count_heads(len(seen), dt)
        height, width = image.shape[:2]
        rows = [int(t.observation or 0) for t in seen]
        feet = stance(obs.boxes_xyxy[rows], obs.keypoints_px[rows], obs.keypoint_scores[rows], width, height)
        self.members.part_doubles(seen)
        fresh = self._newcomers(seen, obs, image, t_s)
        for i, track in enumerate(seen):
            person = fresh.get(track.track_id) or self.people[self.members.of_track[track.track_id]]
            if person.where.t_s == t_s:  # the second body of one person: the instructor said so
                continue
            self._see(person, track, i, feet, width, obs, t_s, dt)
        if fresh or t_s - self._decided_s >= _DECIDE_EVERY_S:
            self._decided_s = t_s
            events.extend(self._decide([*fresh.values(), *newcomers(self.members, self.roster)], t_s))
        events.extend(self._enter(list(fresh.values()), t_s))
        owners = {t.track_id: self.people[self.members.of_track[t.track_id]] for t in seen}
        last = self.members.last_tracks()
        self._meetings.step(self.people.values(), last, dt, t_s)
        events.extend(self._unmix(owners, last, t_s))
        events.extend(self._presence(t_s))
        owners = {t.track_id: self.people[self.members.of_track[t.track_id]] for t in seen}
        self._looks.refresh(seen, owners, obs, image, t_s)
        self._learn_floor(seen, feet, width, height, t_s)
        events.extend(self.roster.settle(list(self.people.values()), self.floor, t_s - self._first_t, t_s))
        return events

    def shapes(self, betas: Mapping[int, Floats]) -> None:
        """What the mesh says of people's shapes (person -> (10,)); the newest is the steadiest."""
        for person_id, found in betas.items():
            if person_id in self.people and np.isfinite(found).all():
                self.people[person_id].betas = found

    def finish(self, t_s: float) -> list[Event]:
        """The class ends: nobody keeps two cards who is more likely one."""
        glimpses = [p for p in self.people.values()
                    if p.provisional and p.seen_s < _GLIMPSE_S and t_s - p.last_s > LEFT_S]  # fmt: skip
        for person in glimpses:
            self.members.forget(person)
        events = [Event(t_s, "person_forgotten", p.person_id, {"name": p.name}) for p in glimpses]
        # one who came and went five times is five cards, each of which goes on as the one before
        while found := self._decide(newcomers(self.members, self.roster, last=True), t_s, last=True):
            events += found
        return events

    # -- by hand --------------------------------------------------------------------------------------------------

    def merge(self, person_id: int, into: int) -> Participant:
        """The instructor says so: ``person_id`` goes on as ``into``. Returns the one who is no more."""
        gone = self.members.join(person_id, into)
        kept = self.people[into]
        kept.provisional = False
        kept.present |= gone.present
        self.members.hold(kept.track_ids)
        return gone

    def split(self, out_of: int) -> Participant | None:
        """Undo the last merge into somebody: returns who is somebody of their own again, with the tracks as before."""
        gone = self.members.part_again(out_of)
        if gone is None:
            return None
        if not gone.name:
            gone.name, gone.spot = self.roster.name_newcomer(self.people.values(), someone_missing=True)
        for person in (gone, self.people[out_of]):
            person.present = (self._last_t or 0.0) - person.last_s <= LEFT_S
        return gone

    def swap(self, a: int, b: int) -> None:
        """Two people's bodies had each other's names: from now on the tracks are the other's."""
        self.members.exchange(a, b)
        for person in (self.people[a], self.people[b]):
            person.provisional = False
            self.members.hold(person.track_ids)

    # -- one frame ------------------------------------------------------------------------------------------------

    def _newcomers(
        self, seen: Sequence[Track], obs: Observations, image: NDArray[np.uint8], t_s: float
    ) -> dict[int, Participant]:  # fmt: skip
        """Somebody, not numbered yet, for every track that belongs to nobody; from left to right."""
        out: dict[int, Participant] = {}
        new = [t for t in seen if t.track_id not in self.members.of_track]
        for track in sorted(new, key=lambda t: float(t.box_xyxy[0] + t.box_xyxy[2])):
            person = Participant(0, "", None, [track.track_id], track.born_s, t_s, t_s - track.born_s)
            person.colours = self._looks.at(track, obs, image, t_s)
            person.colours_s = t_s
            person.provisional = True
            out[track.track_id] = person
        return out

    def _see(
        self, person: Participant, track: Track, i: int, feet: Stance, width: int, obs: Observations, t_s: float,
        dt: float,
    ) -> None:  # fmt: skip
        person.last_s, person.seen_s = t_s, person.seen_s + dt
        person.box_xyxy = obs.boxes_xyxy[track.observation].copy()
        person.where.see(feet.foot(i), float(feet.height_px[i]), width, self.floor, t_s)
        if person.spans and person.spans[-1][0] == track.track_id:
            person.spans[-1] = (track.track_id, person.spans[-1][1], t_s)
        else:
            person.spans.append((track.track_id, t_s, t_s))

    def _enter(self, fresh: Sequence[Participant], t_s: float) -> list[Event]:
        events = []
        for person in fresh:
            (track_id, *_) = person.track_ids
            if track_id in self.members.of_track:
                continue  # recognised at once
            missing = any(not p.present or t_s - p.last_s >= MISSING_S for p in self.people.values())
            person.name, person.spot = self.roster.name_newcomer(self.people.values(), someone_missing=missing)
            self.members.enrol(person)
            events.append(Event(t_s, "person_entered", person.person_id, {"name": person.name, "spot": person.spot}))
        return events

    def _presence(self, t_s: float) -> list[Event]:
        events = []
        for person in list(self.people.values()):
            here = t_s - person.last_s <= LEFT_S
            if person.provisional and person.seen_s < _GLIMPSE_S and t_s - person.last_s > _FORGET_S:
                events.append(Event(t_s, "person_forgotten", person.person_id, {"name": person.name}))
                self.members.forget(person)
                continue
            if here != person.present:
                person.present = here
                kind = "person_returned" if here else "person_left"
                events.append(Event(t_s, kind, person.person_id, {"name": person.name}))
        return events

    # -- who is it ------------------------------------------------------------------------------------------------

    def _decide(self, new: Sequence[Participant], t_s: float, *, last: bool = False) -> list[Event]:
        return decide(new, self.members, self.roster, self.floor, self._weights, t_s, last=last)

    def _unmix(
        self, owners: Mapping[int, Participant], last: Mapping[int, Participant], t_s: float
    ) -> list[Event]:  # fmt: skip
        """Exchange the tracks of people who took each other's bodies: by walk, clothes, stature."""
        events = [self._exchange(a, b, "motion", t_s)
                  for a, b in self._mixups.step(list(self.people.values()), self.floor, t_s)]  # fmt: skip
        if not events and t_s - self._rechecked_s >= _RECHECK_EVERY_S:
            self._rechecked_s = t_s
            asked = {k: p for k, p in owners.items() if not self.members.holds(p)}  # the instructor's word stands
            missing = [p for p in self.people.values() if t_s - p.last_s > _GONE_S and not self.members.holds(p)]
            recheck, w = self._looks.recheck, self._weights
            found = [(a, b, "clothes") for a, b in recheck.step(asked, missing, w, t_s)] or [
                (a, b, "stature") for a, b in self._meetings.decide(last, recheck, self.floor, w, t_s)
            ]
            # a newcomer may have become somebody by the exchange before
            events += [self._exchange(a, b, by, t_s) for a, b, by in found if {a, b} <= self.people.keys()]
        return events

    def _exchange(self, a: int, b: int, by: str, t_s: float) -> Event:
        one, other = self.people[a], self.people[b]
        if one.provisional and one.first_s > other.last_s - TOGETHER_S:  # a newcomer who has only ever been that one
            self.members.join(a, b)
            return Event(t_s, "identity_merged", b, {"name": other.name, "track_id": one.track_ids[-1], "merged": a,
                                                     "by": by})  # fmt: skip
        habits = [(replace(p.where), p.colours, p.betas) for p in (one, other)]
        self.members.exchange(a, b)
        self._mixups.exchanged(a, b)
        if by != "motion":
            self._mixups.leave(a, b, t_s)
        self._meetings.exchanged(one, other)
        for person, (where, colours, betas) in zip((one, other), habits, strict=True):
            person.where.keep_habits(where)
            person.colours, person.betas, person.strange_looks = colours, betas, 0
        if one.last_s < t_s - _GONE_S:  # who has no body now was last seen when it still looked the part
            one.where = replace(other.where)
            one.where.keep_habits(habits[0][0])
            one.last_s = one.where.t_s = min(max(one.like_s, one.first_s), t_s)
        return Event(t_s, "identity_swapped", a, {"name": one.name, "other": b, "other_name": other.name, "by": by})

    # -- what is learned ------------------------------------------------------------------------------------------

    def _learn_floor(self, seen: Sequence[Track], feet: Stance, width: int, height: int, t_s: float) -> None:
        if t_s - self._noted_s >= _NOTE_EVERY_S:
            self._noted_s = t_s
            self.floor.note([self.members.of_track[t.track_id] for t in seen], feet.foot_px, feet.height_px)
        if t_s - self._fitted_s >= _FIT_EVERY_S:
            self._fitted_s = t_s
            self.floor.fit(width, height)
