"""Cues against truth: did the words go to whom they were about, and were they still true? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from groupcoach.evaluate.identity import Rows
from groupcoach.evaluate.people import body_at
from groupcoach.evaluate.truth import Truth

#: A cue is true of a repetition that ended this long before it, or is being done: about one repetition.
FRESH_S: Final = 4.0


def score_cues(
    events: Sequence[Mapping[str, Any]], truth: Truth, matched: Mapping[int, int], tracks: Rows
) -> dict[str, Any] | None:
    """What was said, against who was there and what was done.

    Args:
        events: Of the run; ``cue_issued`` is looked at.
        truth: Of the class.
        matched: Run person id -> truth person id.
        tracks: (R, 7) of the run.

    Returns:
        ``issued``; ``right_person``: share of cues whose fault was seen on the body of the person who is named;
        ``still_true``: share of cues whose fault that person truly showed up to ``FRESH_S`` before (faults known);
        ``latency_ms_p95``: from the finding of the fault to the cue; ``longest_wait_s``: None, needs the room's clock.
        A share of nothing is None; the whole is None when no cue was issued.
    """
    issued = [event for event in events if event["type"] == "cue_issued"]
    if not issued:
        return None
    boxes = truth.boxes
    by_id = {person.id: person for person in truth.people}
    right: list[bool] = []
    true: list[bool] = []
    for event in issued:
        named = matched.get(int(event["person"]))
        body = body_at(truth, boxes, int(event["person"]), float(event.get("fault_t_s", event["t_s"])), tracks)
        if body is not None:
            right.append(body == named)
        if named in by_id and any(segment.faults is not None for segment in by_id[named].segments):
            spells = [fault for segment in by_id[named].segments for fault in segment.faults or ()]
            at = float(event["t_s"])
            true.append(any(f.code == event.get("reason") and f.start_s <= at <= f.end_s + FRESH_S for f in spells))
    waits = [float(event["t_s"]) - float(event["fault_t_s"]) for event in issued if "fault_t_s" in event]
    return {
        "issued": len(issued),
        "right_person": float(np.mean(right)) if right else None,
        "latency_ms_p95": float(np.percentile(waits, 95)) * 1000 if waits else None,
        "still_true": float(np.mean(true)) if true else None,
        "longest_wait_s": None,
    }
