"""Why true repetitions were not counted: was the body followed, what was it taken for, when was it counted. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from groupcoach.evaluate.identity import Rows, overlap_xywh
from groupcoach.evaluate.truth import Truth

_BEFORE_S: Final = 1.0
"""So much of the time before a repetition ends is looked at."""
_ON_S: Final = 0.32
"""A body has been followed when somebody's box was on it for so long."""
_OVERLAP: Final = 0.4
_IN_TIME_S: Final = 0.5
_NEAR_S: Final = 1.2
_CLEAR: Final = 0.6
"""Share of a body that can be seen, from which it is not called hidden."""


def why_missed(
    truth: Truth, people: Sequence[Mapping[str, Any]], events: Iterable[Mapping[str, Any]], tracks: Rows
) -> dict[str, int] | None:  # fmt: skip
    """How many true repetitions were counted, and for what reason the others were not.

    It is asked of the body and not of its name: whoever was followed there ought to have counted it.

    Args:
        truth: of the class, its participants.
        people: of the run's summary.
        events: of the run.
        tracks: (R, 7) of the run: frame from 1, person, x, y, w, h, score.

    Returns:
        Numbers by reason, the largest first: ``counted``; ``hidden`` and ``not_followed`` (nobody's box was on the
        body, which was less, or more, than 60 % visible); ``out_of_time`` (counted 0.5 to 1.2 s beside the truth);
        ``other_exercise`` (counted as one); ``shown_as_other`` and ``shown_right`` (nothing was counted, while the
        card named another or the right exercise). None without boxes or times in the truth.
    """
    boxes = truth.boxes
    ends = [(person.id, segment.exercise, end_s) for person in truth.people for segment in person.segments
            if segment.exercise is not None for end_s in segment.rep_end_s or ()]  # fmt: skip
    if boxes is None or truth.columns is None or not ends:
        return None
    visible = truth.columns.get("visible")
    finite = np.isfinite(np.asarray(truth.columns["box_xyxy"], dtype=np.float64)).all(1)
    share = np.ones(len(boxes)) if visible is None else np.asarray(visible, dtype=np.float64)[finite]
    counted = {int(p["id"]): [(float(t), str(e["exercise"])) for e in p.get("exercises", [])
                              for t in e.get("rep_end_s") or ()] for p in people}  # fmt: skip
    shown = _shown(events)
    on = _Followed(boxes, share, tracks, truth.fps)
    tally: Counter[str] = Counter()
    for person, exercise, end_s in ends:
        follower, clear = on.at(person, end_s)
        if follower is None:
            tally["not_followed" if clear > _CLEAR else "hidden"] += 1
            continue
        near = [(abs(t - end_s), name) for t, name in counted.get(follower, [])]
        if any(off <= _IN_TIME_S and name == exercise for off, name in near):
            tally["counted"] += 1
        elif any(off <= _IN_TIME_S for off, _ in near):
            tally["other_exercise"] += 1
        elif any(off <= _NEAR_S and name == exercise for off, name in near):
            tally["out_of_time"] += 1
        else:
            times, names = shown.get(follower, ([], []))
            at = bisect_right(times, end_s) - 1
            tally["shown_right" if at >= 0 and names[at] == exercise else "shown_as_other"] += 1
    return dict(tally.most_common())


def _shown(events: Iterable[Mapping[str, Any]]) -> dict[int, tuple[list[float], list[str]]]:
    """Run person -> times at which the card changed its exercise, and to what."""
    out: dict[int, tuple[list[float], list[str]]] = {}
    for event in events:
        if event["type"] == "exercise_changed":
            times, names = out.setdefault(int(event["person"]), ([], []))
            times.append(float(event["t_s"]))
            names.append(str(event["exercise"]))
    return out


class _Followed:
    """Whose box was on a body."""

    def __init__(self, boxes: Rows, share: Rows, tracks: Rows, fps: float) -> None:
        self._boxes, self._share, self._tracks, self._fps = boxes, share, tracks, fps
        self._frames = np.unique(boxes[:, 0])

    def at(self, person: int, end_s: float) -> tuple[int | None, float]:
        """Run person on that body just before ``end_s`` (None: nobody), and how visible the body was."""
        last = end_s * self._fps + 1
        when = self._frames[(self._frames <= last) & (self._frames >= last - _BEFORE_S * self._fps)]
        mine = np.flatnonzero((self._boxes[:, 1] == person) & np.isin(self._boxes[:, 0], when))
        if not len(mine):
            return None, 0.0
        on: Counter[int] = Counter()
        for row in mine:
            there = self._tracks[self._tracks[:, 0] == self._boxes[row, 0]]
            if len(there):
                overlap = overlap_xywh(self._boxes[row : row + 1, 2:6], there[:, 2:6])[0]
                if overlap.max() > _OVERLAP:
                    on[int(there[overlap.argmax(), 1])] += 1
        clear = float(self._share[mine].mean())
        step = float(np.median(np.diff(self._frames))) / self._fps if len(self._frames) > 1 else 1 / self._fps
        best = on.most_common(1)
        return (best[0][0] if best and best[0][1] * step >= _ON_S else None), clear
