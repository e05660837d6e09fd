"""Who gets the landmark network in this frame. It is the cost that grows with people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from groupcoach.detect.held import COCO_ROWS
from groupcoach.detect.landmarks import BlazePoseLandmarks, Crop, crop_from_keypoints
from groupcoach.mesh.regressor import PersonInput
from groupcoach.records import Floats, Frame, Landmarks

FRESH_S = 0.08
"""In mode ``auto`` a body is looked at again after so long: 12 times a second serve counting as well as 25 do."""
AT_LEAST, PER_FRAME = 2, 8
"""Crops a frame in mode ``auto``: so few are always affordable, more than so many never."""
_SURE_BODY = 0.9
_ASK_AGAIN_S = 0.15
"""A doubtful box is not shown to the network in every frame: one instant says little more than the one before."""
SOUGHT_PER_FRAME = 3
"""Bodies that the detector has lost are sought, so many a frame."""
_SOUGHT_S = 0.4
"""... where the network saw them no longer ago."""
_HELD = 0.7
_CARRY_S = 0.6
"""So long the last answer serves a person whose turn it is not."""


@dataclass(slots=True, eq=False)
class _Last:
    t_s: float
    landmarks: Landmarks | None
    centre: np.ndarray


class LandmarkBudget:
    """Runs the landmark network for everybody (``on``), in turns (``auto``), or not at all (``off``)."""

    def __init__(self, mode: str, network: BlazePoseLandmarks | None = None) -> None:
        """Args: mode: ``on``, ``auto`` or ``off``; network: made here when left out and needed."""
        self.mode = mode
        self._network = None if mode == "off" else network
        if mode != "off" and network is None:
            from groupcoach import runtime

            self._network = BlazePoseLandmarks(runtime.threads())
        self._last: dict[int, _Last] = {}
        self._asked: dict[int, float] = {}
        self._frame_s: float | None = None

    def network_ms(self) -> float:
        """What the landmark network took since it was last asked."""
        return 0.0 if self._network is None else self._network.clock.take()

    def look(self, frame: Frame, people: list[PersonInput]) -> list[PersonInput]:
        """The same people with their landmarks."""
        network = self._network
        if network is None or not people:
            return people
        t_s = frame.t_s
        order = sorted(range(len(people)), key=lambda i: self._seen_s(people[i].track_id))
        turn = set(order if self.mode == "on" else order[: self._affordable(len(people), t_s)])
        rows = sorted(i for i in turn if self._seen_s(people[i].track_id) < t_s)  # not those just sought
        crops: list[Crop] = [
            crop_from_keypoints(people[i].keypoints_px, people[i].keypoint_scores, people[i].box_xyxy) for i in rows
        ]
        for i, found in zip(rows, network.locate(frame.image, crops), strict=True):
            self._last[people[i].track_id] = _Last(t_s, found, _centre(people[i]))
        self._last = {k: v for k, v in self._last.items() if t_s - v.t_s < 5.0}
        return [self._with_landmarks(p, t_s) for p in people]

    def second_opinion(self, frame: Frame, people: list[PersonInput]) -> list[int]:
        """Track IDs of those (two at most are asked) in whose box the landmark network surely sees a body."""
        if self._network is None or not people:
            return []
        waited = [p for p in people if frame.t_s - self._asked.get(p.track_id, -1.0) >= _ASK_AGAIN_S]
        asked = sorted(waited, key=lambda p: self._asked.get(p.track_id, -1.0))[:2]
        crops = [crop_from_keypoints(p.keypoints_px, p.keypoint_scores, p.box_xyxy) for p in asked]
        self._asked = {k: v for k, v in self._asked.items() if frame.t_s - v < 5.0}
        self._asked.update({p.track_id: frame.t_s for p in asked})
        found = self._network.locate(frame.image, crops)
        return [p.track_id for p, f in zip(asked, found, strict=True) if f is not None and f.score > _SURE_BODY]

    def seek(self, frame: Frame, lost: Mapping[int, Floats]) -> dict[int, Landmarks]:
        """Landmarks of those bodies (track -> last box (4,), px) that the network still sees where it last did.

        ``SOUGHT_PER_FRAME`` at most are looked at, those first that were not looked at for longest.
        """
        if self._network is None:
            return {}
        known: list[tuple[float, int, Landmarks]] = []
        for track_id in lost:
            last = self._last.get(track_id)
            if last is not None and last.landmarks is not None and frame.t_s - last.t_s <= _SOUGHT_S:
                known.append((last.t_s, track_id, last.landmarks))
        asked = sorted(known, key=lambda row: row[:2])[:SOUGHT_PER_FRAME]
        crops = [
            crop_from_keypoints(marks.px[COCO_ROWS], marks.visibility[COCO_ROWS], lost[k]) for _, k, marks in asked
        ]
        found = self._network.locate(frame.image, crops) if crops else []
        return {k: now for (_, k, _), now in zip(asked, found, strict=True) if now is not None and now.score > _HELD}

    def keep(self, track_id: int, found: Landmarks, box_xyxy: Floats, t_s: float) -> None:
        """What ``seek`` found was this body, in that box (4,): it need not be looked at again in this frame."""
        self._last[track_id] = _Last(t_s, found, (box_xyxy[:2] + box_xyxy[2:]) / 2)

    def _affordable(self, people: int, t_s: float) -> int:
        """Crops of this frame, so that everybody's turn comes every ``FRESH_S`` at the frame rate of the source."""
        step = FRESH_S if self._frame_s is None else t_s - self._frame_s
        self._frame_s = t_s
        return min(PER_FRAME, max(AT_LEAST, math.ceil(people * step / FRESH_S - 1e-6)))

    def _seen_s(self, track_id: int) -> float:
        last = self._last.get(track_id)
        return -1.0 if last is None else last.t_s

    def _with_landmarks(self, person: PersonInput, t_s: float) -> PersonInput:
        """The person with the last answer, moved along with the box where it is not of this moment."""
        last = self._last.get(person.track_id)
        if last is None or last.landmarks is None or t_s - last.t_s > _CARRY_S:
            return replace(person, landmarks=None, landmarks_age_s=0.0)
        if last.t_s == t_s:
            return replace(person, landmarks=last.landmarks, landmarks_age_s=0.0)
        moved = replace(last.landmarks, px=last.landmarks.px + (_centre(person) - last.centre))
        return replace(person, landmarks=moved, landmarks_age_s=t_s - last.t_s)


def _centre(person: PersonInput) -> np.ndarray:
    box = person.box_xyxy
    result: np.ndarray = (box[:2] + box[2:]) / 2
    return result
