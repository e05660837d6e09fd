"""Tracks -> participants: the person stays the same when the track ends and a new one begins.

A thin first form (identity is its own issue): a new track belongs to somebody missing when it begins near the place
where that person was lost, in the same clothes; else it is somebody new. No face recognition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from groupcoach.records import Event, Floats, Observations, Track, TrackState
from groupcoach.track.appearance import clothing, unlikeness

LEFT_S = 1.0
"""Not seen for so long: the person has left."""
_REFRESH_S = 0.5
_MISSING_S = 0.3
_PLACE_SPREAD = 0.6
"""Heights; grows by half a height per second away, up to three."""
_CLOTHES_ALIKE = 0.42
_ACCEPT = 0.6
_DECIDE_S = 1.5
"""So long after its birth a track may stay undecided."""


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


class Identity:
    """Who is who. People are named ``Person 1``, ``Person 2`` ... or from the roster, left to right, as they appear."""

    def __init__(self, names: Sequence[tuple[str, str | None]] = ()) -> None:
        """Args: names: (name, spot) of the roster, given out in order."""
        self.people: dict[int, Participant] = {}
        self._names = list(names)
        self._of_track: dict[int, int] = {}
        self._by_hand: set[int] = set()
        """Tracks that the instructor gave to a person: not parted again."""
        self._last_t: float | None = None
        self._count = 0

    def person_of(self, track_id: int) -> int | None:
        """The person a track belongs to, None while it is not confirmed."""
        return self._of_track.get(track_id)

    def step(
        self, tracks: Sequence[Track], obs: Observations, image: NDArray[np.uint8], t_s: float
    ) -> list[Event]:  # fmt: skip
        """Assign confirmed tracks to people; people who enter, leave and return are events."""
        events: list[Event] = []
        dt = 0.0 if self._last_t is None else t_s - self._last_t
        self._last_t = t_s
        seen = [t for t in tracks if t.state is TrackState.CONFIRMED and t.observation is not None]
        self._part(seen)
        newcomers = [t for t in seen if t.track_id not in self._of_track]
        # from left to right, so that names come in the order people stand
        for track in sorted(newcomers, key=lambda t: float(t.box_xyxy[0] + t.box_xyxy[2])):
            events.extend(self._welcome(track, obs, image, t_s, {t.track_id for t in seen}))
        for track in seen:
            if track.track_id not in self._of_track:
                continue  # not decided yet
            person = self.people[self._of_track[track.track_id]]
            if not person.present:
                events.append(Event(t_s, "person_returned", person.person_id, {"name": person.name}))
                person.present = True
            person.last_s, person.seen_s = t_s, person.seen_s + dt
            assert track.observation is not None
            person.box_xyxy = obs.boxes_xyxy[track.observation].copy()
            if t_s - person.colours_s >= _REFRESH_S:
                self._refresh(person, track, obs, image, t_s)
        for person in self.people.values():
            if person.present and t_s - person.last_s > LEFT_S:
                person.present = False
                events.append(Event(t_s, "person_left", person.person_id, {"name": person.name}))
        return events

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

    def merge(self, person_id: int, into: int) -> None:
        """The instructor says so: ``person_id`` goes on as ``into``."""
        gone, kept = self.people.pop(person_id), self.people[into]
        kept.track_ids.extend(gone.track_ids)
        self._by_hand.update(kept.track_ids)
        for track_id in gone.track_ids:
            self._of_track[track_id] = into
        if gone.last_s > kept.last_s:
            kept.last_s, kept.box_xyxy, kept.present = gone.last_s, gone.box_xyxy, gone.present
        kept.first_s, kept.seen_s = min(kept.first_s, gone.first_s), kept.seen_s + gone.seen_s

    def _refresh(
        self, person: Participant, track: Track, obs: Observations, image: NDArray[np.uint8], t_s: float
    ) -> None:  # fmt: skip
        person.colours_s = t_s
        now = clothing(image, obs.keypoints_px[track.observation], obs.keypoint_scores[track.observation])
        if now is None:
            return
        old = person.colours
        person.colours = now if old is None else np.where(
            np.isnan(old), now, np.where(np.isnan(now), old, 0.8 * old + 0.2 * now)
        )  # fmt: skip

    def _welcome(
        self, track: Track, obs: Observations, image: NDArray[np.uint8], t_s: float, seen: set[int]
    ) -> list[Event]:  # fmt: skip
        row = track.observation
        colours = clothing(image, obs.keypoints_px[row], obs.keypoint_scores[row])
        missing = [
            p for p in self.people.values()
            if t_s - p.last_s >= _MISSING_S and not any(t in seen for t in p.track_ids)
        ]  # fmt: skip
        if missing and (colours is None or np.isnan(colours).any()) and t_s - track.born_s < _DECIDE_S:
            return []  # half of the body is still behind the edge of the picture: look again before deciding
        best, score = None, _ACCEPT
        for person in missing:
            evidence = self._evidence(person, track, colours, track.born_s - person.last_s)
            if evidence > score:
                best, score = person, evidence
        if best is not None:
            best.track_ids.append(track.track_id)
            self._of_track[track.track_id] = best.person_id
            return [Event(t_s, "identity_merged", best.person_id, {
                "name": best.name, "track_id": track.track_id, "evidence": round(score, 2),
            })]  # fmt: skip
        self._count += 1
        number = self._count
        name, spot = self._names.pop(0) if self._names else (f"Person {number}", None)
        person = Participant(number, name, spot, [track.track_id], track.born_s, t_s, t_s - track.born_s)
        person.colours = colours
        self.people[number] = person
        self._of_track[track.track_id] = number
        return [Event(t_s, "person_entered", number, {"name": name, "spot": spot})]

    @staticmethod
    def _evidence(person: Participant, track: Track, colours: Floats | None, gap_s: float) -> float:
        """Log-odds that a new track is a missing person: place (in body heights) and clothes."""
        old, new = person.box_xyxy, track.box_xyxy
        size = max(float(np.hypot(*(old[2:] - old[:2]))), float(np.hypot(*(new[2:] - new[:2]))), 1.0)
        distance = float(np.hypot(*((old[:2] + old[2:]) / 2 - (new[:2] + new[2:]) / 2))) / size
        spread = _PLACE_SPREAD + 0.5 * min(max(gap_s, 0.0), 5.0)
        place = 1.2 - min(0.5 * (distance / spread) ** 2, 3.0) - 0.15 * min(max(gap_s, 0.0) / 10.0, 4.0)
        unlike = float("nan") if colours is None or person.colours is None else unlikeness(colours, person.colours)
        if np.isnan(unlike):  # without clothes to compare, the place speaks only for a moment
            clothes = -min(0.2 * max(gap_s, 0.0), 1.0)
        else:
            clothes = float(np.clip((_CLOTHES_ALIKE - unlike) / 0.12, -4.0, 2.0))
        return place + clothes
