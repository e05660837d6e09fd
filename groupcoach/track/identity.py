"""Tracks -> participants: the person stays the same when the track ends and a new one begins. No face recognition.

Whoever is new gets a card and a count at once, but *provisionally*: while somebody is missing, the evidence
(``evidence.py``) for every newcomer and every missing person is added up every quarter of a second, the best joint
explanation is found, and whose part in it leads the next best explanation clearly enough goes on as the missing person,
with all that was counted meanwhile. Names come from the ``RosterBook``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from groupcoach.records import Event, Floats, Observations, Track, TrackState
from groupcoach.track.appearance import clothing, light, unlike_all
from groupcoach.track.evidence import Weights, clothes, of_places, shape, stature
from groupcoach.track.floor import Floor, Stance, stance
from groupcoach.track.mixup import Mixups
from groupcoach.track.roster import Member, RosterBook
from groupcoach.track.whereabouts import Whereabouts

LEFT_S = 1.0
"""Not seen for so long: the person has left."""
_REFRESH_S = 1.5
_MISSING_S = 0.3
_TOGETHER_S = 0.7
"""Two who were seen at once for longer are two people."""
_DECIDE_EVERY_S = 0.25
_SETTLED_S, _OLD_S = 20.0, 60.0
"""So long at one place, or in all, and a newcomer is somebody of their own."""
_NOTE_EVERY_S, _FIT_EVERY_S = 0.15, 1.0
_GLIMPSE_S, _FORGET_S = 3.0, 10.0
"""Somebody in sight for no longer, and away for so long, was a glimpse of one of the others, or of a passer-by."""
_NEVER = -1e6


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
    present: bool = True
    colours_s: float = -1e9
    instructor: bool = False
    """Seen and drawn, but not counted."""
    provisional: bool = False
    """Perhaps somebody who is missing."""
    where: Whereabouts = field(default_factory=Whereabouts)
    betas: Floats = field(default_factory=lambda: np.full(10, np.nan))
    spans: list[tuple[int, float, float]] = field(default_factory=list)
    """(track, from, to), s: which track was this person when."""

    def was_at(self, t_s: float) -> bool:
        """Whether one of the tracks was followed then."""
        return any(start_s <= t_s <= end_s + LEFT_S for _, start_s, end_s in self.spans)


class Identity:
    """Who is who."""

    def __init__(
        self, names: Sequence[tuple[str, str | None] | Member] = (), weights: Weights | None = None
    ) -> None:  # fmt: skip
        """Args: names: the roster; weights: of the evidence."""
        self.people: dict[int, Participant] = {}
        self.floor = Floor()
        self.roster = RosterBook([n if isinstance(n, Member) else Member(*n) for n in names])
        self._weights = weights or Weights()
        self._of_track: dict[int, int] = {}
        self._by_hand: set[int] = set()
        """Tracks that the instructor gave to a person: not parted again."""
        self._last_t: float | None = None
        self._first_t = 0.0
        self._decided_s = self._fitted_s = self._noted_s = -1e9
        self._lit: Floats = np.ones(3)
        self._lit_s = -1e9
        self._count = 0
        self._mixups = Mixups()
        self._joined: list[tuple[Participant, int]] = []
        """Who went on as whom, in order."""

    @property
    def notices(self) -> list[str]:
        """What the instructor should know of names."""
        return self.roster.notices

    def person_of(self, track_id: int) -> int | None:
        """The person a track belongs to, None while it is not confirmed."""
        return self._of_track.get(track_id)

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
        height, width = image.shape[:2]
        rows = [int(t.observation or 0) for t in seen]
        feet = stance(obs.boxes_xyxy[rows], obs.keypoints_px[rows], obs.keypoint_scores[rows], width, height)
        self._part(seen)
        fresh = self._newcomers(seen, obs, image, t_s)
        for i, track in enumerate(seen):
            person = fresh.get(track.track_id) or self.people[self._of_track[track.track_id]]
            if person.where.t_s == t_s:  # the second body of one person: the instructor said so
                continue
            self._see(person, track, i, feet, width, obs, t_s, dt)
        newcomers = [*fresh.values(), *(p for p in self.people.values() if p.provisional)]
        if newcomers and (fresh or t_s - self._decided_s >= _DECIDE_EVERY_S):
            self._decided_s = t_s
            events.extend(self._decide(newcomers, t_s))
        events.extend(self._enter(list(fresh.values()), t_s))
        events.extend(self._unmix(t_s))
        events.extend(self._presence(t_s))
        self._refresh_one(seen, obs, image, t_s)
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
        newcomers = [p for p in self.people.values() if p.provisional]
        glimpses = [p for p in newcomers if p.seen_s < _GLIMPSE_S and t_s - p.last_s > LEFT_S]
        for person in glimpses:
            self._forget(person)
        gone = [Event(t_s, "person_forgotten", p.person_id, {"name": p.name}) for p in glimpses]
        return gone + self._decide([p for p in newcomers if p not in glimpses], t_s, last=True)

    # -- by hand --------------------------------------------------------------------------------------------------

    def merge(self, person_id: int, into: int) -> Participant:
        """The instructor says so: ``person_id`` goes on as ``into``. Returns the one who is no more."""
        gone = self._join(person_id, into)
        self.people[into].provisional = False
        self.people[into].present |= gone.present
        self._by_hand.update(self.people[into].track_ids)
        return gone

    def split(self, out_of: int) -> Participant | None:
        """Undo the last merge into somebody: returns who is somebody of their own again, with the tracks as before."""
        found = [k for k, (_, into) in enumerate(self._joined) if into == out_of]
        if not found or out_of not in self.people:
            return None
        gone, _ = self._joined.pop(found[-1])
        kept, mine = self.people[out_of], set(gone.track_ids)
        if not gone.person_id:
            self._count += 1
            gone.person_id = self._count
            gone.name, gone.spot = self.roster.name_newcomer(self.people.values(), someone_missing=True)
        gone.spans = [span for span in kept.spans if span[0] in mine]
        kept.spans = [span for span in kept.spans if span[0] not in mine]
        kept.track_ids = [t for t in kept.track_ids if t not in mine]
        for track_id in mine:
            self._of_track[track_id] = gone.person_id
        self._by_hand.update(mine, kept.track_ids)
        gone.provisional = False
        gone.last_s = max((span[2] for span in gone.spans), default=gone.last_s)
        kept.last_s = max((span[2] for span in kept.spans), default=kept.first_s)
        kept.seen_s = max(kept.seen_s - gone.seen_s, 0.0)
        if gone.last_s > kept.last_s:  # the body in sight is the one that goes
            gone.box_xyxy = kept.box_xyxy
            gone.where.go_on_as(kept.where)
        self.people[gone.person_id] = gone
        for person in (gone, kept):
            person.present = (self._last_t or 0.0) - person.last_s <= LEFT_S
        return gone

    def swap(self, a: int, b: int) -> None:
        """Two people's bodies had each other's names: from now on the tracks are the other's."""
        one, other = self.people[a], self.people[b]
        self._exchange(one, other)
        for person in (one, other):
            person.provisional = False
            self._by_hand.update(person.track_ids)

    def _exchange(self, one: Participant, other: Participant) -> None:
        """The current tracks change hands, and what is known of their bodies; the tracks before stay."""
        now = [p.spans[-1] if p.spans else None for p in (one, other)]
        for name in ("last_s", "box_xyxy", "present", "where", "colours", "colours_s", "betas"):
            mine, yours = getattr(one, name), getattr(other, name)
            setattr(one, name, yours)
            setattr(other, name, mine)
        for person, theirs, mine in ((one, now[1], now[0]), (other, now[0], now[1])):
            if mine is not None and mine[0] in person.track_ids:
                person.track_ids.remove(mine[0])
            if theirs is not None:
                person.track_ids.append(theirs[0])
                self._of_track[theirs[0]] = person.person_id
                person.spans.append((theirs[0], theirs[2], theirs[2]))

    def _join(self, person_id: int, into: int) -> Participant:
        gone, kept = self.people.pop(person_id), self.people[into]
        self._joined.append((gone, into))
        kept.track_ids.extend(gone.track_ids)
        kept.spans.extend(gone.spans)
        for track_id in gone.track_ids:
            self._of_track[track_id] = into
        if gone.last_s > kept.last_s:
            kept.last_s, kept.box_xyxy = gone.last_s, gone.box_xyxy
            kept.where.go_on_as(gone.where)
        kept.first_s, kept.seen_s = min(kept.first_s, gone.first_s), kept.seen_s + gone.seen_s
        return gone

    def _forget(self, person: Participant) -> None:
        del self.people[person.person_id]
        for track_id in person.track_ids:
            self._of_track.pop(track_id, None)

    # -- one frame ------------------------------------------------------------------------------------------------

    def _part(self, seen: Sequence[Track]) -> None:
        """Two bodies seen at once are two people: the younger track of one person is a newcomer again."""
        here: set[int] = set()
        for track in sorted(seen, key=lambda t: t.track_id):
            person_id = self._of_track.get(track.track_id)
            if person_id in here and track.track_id not in self._by_hand:
                self.people[person_id].track_ids.remove(track.track_id)
                del self._of_track[track.track_id]
            elif person_id is not None:
                here.add(person_id)

    def _newcomers(
        self, seen: Sequence[Track], obs: Observations, image: NDArray[np.uint8], t_s: float
    ) -> dict[int, Participant]:  # fmt: skip
        """Somebody, not numbered yet, for every track that belongs to nobody; from left to right."""
        out: dict[int, Participant] = {}
        new = [t for t in seen if t.track_id not in self._of_track]
        for track in sorted(new, key=lambda t: float(t.box_xyxy[0] + t.box_xyxy[2])):
            person = Participant(0, "", None, [track.track_id], track.born_s, t_s, t_s - track.born_s)
            person.colours = self._colours(track, obs, image, t_s)
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
            if track_id in self._of_track:
                continue  # recognised at once
            self._count += 1
            person.person_id = self._count
            missing = any(not p.present or t_s - p.last_s >= _MISSING_S for p in self.people.values())
            person.name, person.spot = self.roster.name_newcomer(self.people.values(), someone_missing=missing)
            self.people[person.person_id] = person
            self._of_track[track_id] = person.person_id
            events.append(Event(t_s, "person_entered", person.person_id, {"name": person.name, "spot": person.spot}))
        return events

    def _presence(self, t_s: float) -> list[Event]:
        events = []
        for person in list(self.people.values()):
            here = t_s - person.last_s <= LEFT_S
            if person.provisional and person.seen_s < _GLIMPSE_S and t_s - person.last_s > _FORGET_S:
                events.append(Event(t_s, "person_forgotten", person.person_id, {"name": person.name}))
                self._forget(person)
                continue
            if here != person.present:
                person.present = here
                kind = "person_returned" if here else "person_left"
                events.append(Event(t_s, kind, person.person_id, {"name": person.name}))
        return events

    # -- who is it ------------------------------------------------------------------------------------------------

    def _decide(self, newcomers: list[Participant], t_s: float, *, last: bool = False) -> list[Event]:
        """Give newcomers to missing people where the best joint explanation leads clearly.

        At the ``last`` moment the likelier explanation is taken, and those who have left again are judged, too.
        """
        w = self._weights
        lead_wanted, itself_wanted = (w.decide_last, 0.0) if last else (w.decide, w.at_least)
        for person in newcomers:
            if person.where.longest_s >= _SETTLED_S or t_s - person.first_s >= _OLD_S:
                person.provisional = False
        new = [p for p in newcomers if p.provisional and (last or t_s - p.last_s < _MISSING_S)]
        missing = [p for p in self.people.values() if t_s - p.last_s >= _MISSING_S]
        if not new or not missing:
            return []
        found = self._evidence(new, missing, t_s)
        events = []
        for i, j, lead in best_pairs(np.array([[sum(cell.values()) for cell in row] for row in found])):
            cues = found[i][j]
            itself = sum(v for name, v in cues.items() if name in ("place", "clothes", "body"))
            person, known = new[i], missing[j]
            if lead < lead_wanted or itself < itself_wanted or known.person_id not in self.people:
                continue
            data = {"name": known.name, "track_id": person.track_ids[-1], "evidence": round(lead, 2),
                    "cues": {name: round(value, 2) for name, value in cues.items()}}  # fmt: skip
            if person.person_id:
                data["merged"] = person.person_id
            else:  # nobody has seen this card
                self.people[0] = person
            self._join(person.person_id, known.person_id)
            events.append(Event(t_s, "identity_merged", known.person_id, data))
        return events

    def _evidence(
        self, new: Sequence[Participant], missing: Sequence[Participant], t_s: float
    ) -> list[list[dict[str, float]]]:  # fmt: skip
        """Log-odds by cue of every newcomer being every missing person."""
        w = self._weights
        nothing = np.full((3, 1), np.nan)

        def worn(people: Sequence[Participant]) -> Floats:
            known = [p.colours for p in people if p.colours is not None]
            blank = np.full_like(known[0], np.nan) if known else nothing
            return np.stack([blank if p.colours is None else p.colours for p in people])

        everybody = [p for p in self.people.values() if not p.provisional and p.colours is not None]
        among: Floats = np.zeros(0)
        if len(everybody) > 1:
            among = unlike_all(worn(everybody), worn(everybody))[np.triu_indices(len(everybody), 1)]
            among = among[np.isfinite(among)]
        both = worn([*new, *missing])
        unlike = unlike_all(both[: len(new)], both[len(new) :])
        returns = w.returns + (w.roster_complete if self.roster.complete(self.people.values()) else 0.0)
        out = []
        for i, person in enumerate(new):
            row = []
            for j, known in enumerate(missing):
                if (
                    person is known
                    or person.first_s < known.first_s
                    or known.last_s - person.where.first_s > _TOGETHER_S
                ):
                    row.append({"together": _NEVER})
                    continue
                cues = of_places(person.where, known.where, self.floor, w)
                cues["clothes"] = clothes(float(unlike[i, j]), among, w)
                cues["body"] = stature(person.where, known.where, w) or shape(person.betas, known.betas, w)
                row.append(cues | {"returns": returns})
            out.append(row)
        return out

    def _unmix(self, t_s: float) -> list[Event]:
        """Exchange the tracks of two people that took each other's bodies where they met."""
        events = []
        for owner, walker in self._mixups.step(list(self.people.values()), self.floor, t_s):
            one, other = self.people[owner], self.people[walker]
            habits = [(replace(p.where), p.colours, p.betas) for p in (one, other)]
            self._exchange(one, other)
            for person, (where, colours, betas) in zip((one, other), habits, strict=True):
                person.where.keep_habits(where)
                person.colours, person.betas = colours, betas
            events.append(Event(t_s, "identity_swapped", owner, {
                "name": one.name, "other": walker, "other_name": other.name, "by": "motion",
            }))  # fmt: skip
        return events

    # -- what is learned ------------------------------------------------------------------------------------------

    def _colours(self, track: Track, obs: Observations, image: NDArray[np.uint8], t_s: float) -> Floats | None:
        if t_s - self._lit_s > _REFRESH_S:
            self._lit, self._lit_s = light(image), t_s
        row = track.observation
        return clothing(image, obs.keypoints_px[row], obs.keypoint_scores[row], self._lit)

    def _refresh_one(
        self, seen: Sequence[Track], obs: Observations, image: NDArray[np.uint8], t_s: float
    ) -> None:  # fmt: skip
        """Look at the clothes again of those who were not looked at for longest, a few a frame."""
        turn = sorted(seen, key=lambda t: self.people[self._of_track[t.track_id]].colours_s)
        for track in turn[: 1 + len(seen) // 16]:
            person = self.people[self._of_track[track.track_id]]
            if t_s - person.colours_s < _REFRESH_S:
                break
            person.colours_s = t_s
            now = self._colours(track, obs, image, t_s)
            if now is not None:
                old = person.colours
                person.colours = now if old is None else np.where(
                    np.isnan(old), now, np.where(np.isnan(now), old, 0.8 * old + 0.2 * now)
                )  # fmt: skip

    def _learn_floor(self, seen: Sequence[Track], feet: Stance, width: int, height: int, t_s: float) -> None:
        if t_s - self._noted_s >= _NOTE_EVERY_S:
            self._noted_s = t_s
            self.floor.note([self._of_track[t.track_id] for t in seen], feet.foot_px, feet.height_px)
        if t_s - self._fitted_s >= _FIT_EVERY_S:
            self._fitted_s = t_s
            self.floor.fit(width, height)


def best_pairs(odds: Floats) -> list[tuple[int, int, float]]:
    """The best joint explanation of newcomers (rows) as missing people (columns), and by how much each pair leads.

    Args:
        odds: (N, M) log-odds against being somebody new.

    Returns:
        (row, column, lead): lead is how much worse the best explanation without that pair is.
    """
    n, m = odds.shape
    # a column of zeros for every row: somebody new
    table = np.concatenate([odds, np.full((n, n), _NEVER)], axis=1)
    table[np.arange(n), m + np.arange(n)] = 0.0

    def solve(t: Floats) -> tuple[float, list[tuple[int, int]]]:
        rows, columns = linear_sum_assignment(t, maximize=True)
        return float(t[rows, columns].sum()), [(int(i), int(j)) for i, j in zip(rows, columns, strict=True)]

    best, pairs = solve(table)
    out = []
    for i, j in pairs:
        if j < m:
            without = table.copy()
            without[i, j] = _NEVER
            out.append((i, j, best - solve(without)[0]))
    return out
