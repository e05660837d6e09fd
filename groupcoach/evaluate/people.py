"""Who of the run is who of the truth, and whether repetitions stayed with their person. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from groupcoach.evaluate.identity import Rows, common_frames, overlap_xywh
from groupcoach.evaluate.truth import Truth

#: A repetition is looked up in the nearest tracked frame no further away than this.
NEAR_S: Final = 0.5


def match_people(truth: Truth, people: Sequence[Mapping[str, Any]], tracks: Rows) -> dict[int, int]:
    """Run person id -> truth person id, one to one, by how long they lay on the same body or in the same region.

    Without boxes and regions in the truth, both sides are taken from left to right.

    Args:
        truth: Of the class.
        people: Of the run's summary.
        tracks: (R, 7) of the run: frame from 1, person, x, y, w, h, score.
    """
    run_ids = [int(person["id"]) for person in people]
    boxes = truth.boxes
    if boxes is not None and len(boxes) and len(tracks):
        columns = [int(i) for i in np.unique(tracks[:, 1])]
        rows = [int(i) for i in np.unique(boxes[:, 1])]
        return _one_to_one(common_frames(boxes, tracks), rows, columns, set(run_ids))
    if any(person.region_xyxy is not None for person in truth.people):
        rows = [person.id for person in truth.people]
        return _one_to_one(_frames_in_regions(truth, people, tracks), rows, run_ids, set(run_ids))
    from_left = sorted(people, key=lambda p: float(p["median_box_xyxy"][0]) + float(p["median_box_xyxy"][2]))
    return {int(p["id"]): t.id for p, t in zip(from_left, truth.people, strict=False)}


def _one_to_one(common: NDArray[np.float64], rows: Sequence[int], columns: Sequence[int],
                known: set[int]) -> dict[int, int]:  # fmt: skip
    best = linear_sum_assignment(common, maximize=True)
    chosen = [(int(i), int(j)) for i, j in zip(*best, strict=True)]
    return {columns[j]: rows[i] for i, j in chosen if common[i, j] > 0 and columns[j] in known}


def _frames_in_regions(truth: Truth, people: Sequence[Mapping[str, Any]], tracks: Rows) -> NDArray[np.float64]:
    common = np.zeros((len(truth.people), len(people)))
    for j, person in enumerate(people):
        own = tracks[tracks[:, 1] == person["id"], 2:6]
        if not len(own):
            x1, y1, x2, y2 = (float(v) for v in person["median_box_xyxy"])
            own = np.array([[x1, y1, x2 - x1, y2 - y1]])
        centre = own[:, :2] + own[:, 2:] / 2
        for i, true in enumerate(truth.people):
            if true.region_xyxy is not None:
                low, high = np.array(true.region_xyxy[:2]), np.array(true.region_xyxy[2:])
                common[i, j] = np.count_nonzero(((centre >= low) & (centre < high)).all(1))
    return common


def count_continuity(
    truth: Truth, matched: Mapping[int, int], reps: Sequence[tuple[int, float]], tracks: Rows
) -> float | None:
    """Share of repetitions booked to the right name.

    Of every repetition: whose body was in the box it was counted on, and does the booking name belong to that one?

    Args:
        truth: Of the class.
        matched: Run person id -> truth person id.
        reps: (run person id, end time) of every repetition counted.
        tracks: (R, 7) of the run.

    Returns:
        0 to 1; None when no repetition can be placed in the truth (no boxes and no regions, or nothing counted).
    """
    placed = right = 0
    boxes = truth.boxes
    for person, t_s in reps:
        body = body_at(truth, boxes, person, t_s, tracks)
        if body is not None:
            placed += 1
            right += matched.get(person) == body
    return right / placed if placed else None


def body_at(truth: Truth, boxes: Rows | None, person: int, t_s: float, tracks: Rows) -> int | None:
    """Truth person on whose body the run person was at that time; None when that cannot be told.

    Args:
        truth: Of the class.
        boxes: ``truth.boxes``.
        person: Id in the run.
        t_s: Seconds.
        tracks: (R, 7) of the run.
    """
    own = tracks[tracks[:, 1] == person]
    if not len(own):
        return None
    nearest = own[np.argmin(np.abs(own[:, 0] - 1 - t_s * truth.fps))]
    if abs(nearest[0] - 1 - t_s * truth.fps) > NEAR_S * truth.fps:
        return None
    if boxes is not None:
        there = boxes[boxes[:, 0] == nearest[0]]
        overlap = overlap_xywh(nearest[None, 2:6], there[:, 2:6])[0]
        # the body is found by its box, however loosely it fits: the question is only whose it is
        return int(there[np.argmax(overlap), 1]) if len(overlap) and overlap.max() > 0.1 else None
    x, y = nearest[2:4] + nearest[4:6] / 2
    for true in truth.people:
        if true.region_xyxy is not None:
            x1, y1, x2, y2 = true.region_xyxy
            if x1 <= x < x2 and y1 <= y < y2:
                return true.id
    return None
