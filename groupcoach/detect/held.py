"""Bodies that the detector loses for a while, held by the landmark network.

A small detector knows people who stand. In push-ups seen from far it finds half of a body, or nothing, for seconds on
end; the landmark network, shown the place where the body was a moment ago, still sees it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np

from groupcoach.detect.suppress import iou_matrix, keypoint_distance, largest_share
from groupcoach.records import Floats, Frame, Landmarks, Observations
from groupcoach.skeleton import BLAZEPOSE_INDEX, COCO

COCO_ROWS: Final = [BLAZEPOSE_INDEX[name] for name in COCO]
"""Of the 33 landmarks, those that a detector has too."""
SCORE: Final = 0.3
"""Of a held body's box: the detector did not see it."""
_SAME: Final = 0.15
"""Keypoints this near (shares of the larger diagonal) are of one body."""
_AWAY_IOU: Final = 0.2
"""A held body is no further from where it is expected ..."""
_BEHIND: Final = 0.8
"""... and is not sought behind others: the network would find whoever stands in front."""
_FULL_IOU: Final = 0.5
_VISIBLE: Final = 0.5
_LEAST_VISIBLE: Final = 6
_MARGIN: Final = 0.08
"""Landmarks end within the body; the detector's boxes do not."""


class Followed(Protocol):
    """What is asked of a tracker."""

    def unseen(self) -> Mapping[int, tuple[Floats, Floats]]:
        """Track -> last box and expected box (4,) of bodies that were seen a moment ago, and not in this frame."""
        ...

    def is_old(self, row: int) -> bool | None:
        """Whether the track on a row of this frame is confirmed; None: no track is on it."""
        ...

    def hold(self, track_id: int, row: int, box_xyxy: Floats) -> None:
        """The body is there. A young track on that row was this one."""
        ...

    def drop_young(self, row: int) -> None:
        """The young track on that row is of a body that is followed already."""
        ...


class Seeker(Protocol):
    """What is asked of the landmark network's keeper."""

    def seek(self, frame: Frame, lost: Mapping[int, Floats]) -> dict[int, Landmarks]:
        """Landmarks of those bodies (track -> last box) that are still seen."""
        ...

    def keep(self, track_id: int, found: Landmarks, box_xyxy: Floats, t_s: float) -> None:
        """These were that body's."""
        ...


def hold_on(frame: Frame, found: Observations, tracker: Followed, landmarks: Seeker) -> Observations:
    """Look for bodies that the detector lost where they were a moment ago, and let their tracks go on.

    Args:
        frame: the picture.
        found: what the detector saw in it; the tracker has taken its step on that.
        tracker: who follows.
        landmarks: who looks.

    Returns:
        ``found``, and a row more for every body that only the landmark network sees.
    """
    lost = tracker.unseen()
    if not lost:
        return found
    taken = found.boxes_xyxy[[r for r in range(len(found)) if tracker.is_old(r)]]
    open_ones = {k: last for k, (last, expected) in lost.items() if largest_share(expected, taken) <= _BEHIND}
    for track_id, marks in landmarks.seek(frame, open_ones).items():
        seen = observation_of(marks)
        box = seen.boxes_xyxy[0]
        if iou_matrix(box[None], lost[track_id][1][None])[0, 0] < _AWAY_IOU:
            continue
        row = same_body(seen, found)
        if row is not None and tracker.is_old(row):
            continue  # that one is somebody else's
        if row is not None and iou_matrix(box[None], found.boxes_xyxy[row][None])[0, 0] > _FULL_IOU:
            box = found.boxes_xyxy[row]
        else:
            if row is not None:  # a part of the body
                tracker.drop_young(row)
            row, found = len(found), joined(found, seen)
        tracker.hold(track_id, row, box)
        landmarks.keep(track_id, marks, box, frame.t_s)
    return found


def observation_of(marks: Landmarks) -> Observations:
    """What a detector would have said of the body: one row."""
    seen = marks.visibility > _VISIBLE
    px = marks.px[seen] if seen.sum() >= _LEAST_VISIBLE else marks.px
    low, high = px.min(0), px.max(0)
    pad = _MARGIN * float((high - low).max())
    return Observations(
        np.concatenate([low - pad, high + pad])[None], np.array([SCORE]), marks.px[COCO_ROWS][None],
        marks.visibility[COCO_ROWS][None],
    )  # fmt: skip


def same_body(one: Observations, others: Observations) -> int | None:
    """Row of ``others`` with the keypoints of ``one`` (a single row); None where there is none."""
    if not len(others):
        return None
    apart = keypoint_distance(one, others)[0]
    nearest = int(apart.argmin())
    return nearest if apart[nearest] < _SAME else None


def joined(one: Observations, more: Observations) -> Observations:
    """All rows, those of ``one`` first."""
    return Observations(
        np.concatenate([one.boxes_xyxy, more.boxes_xyxy]), np.concatenate([one.scores, more.scores]),
        np.concatenate([one.keypoints_px, more.keypoints_px]),
        np.concatenate([one.keypoint_scores, more.keypoint_scores]),
    )  # fmt: skip
