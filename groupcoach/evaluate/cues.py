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
#: A fault that was not seen for so long stands no more: the person rests.
STANDS_S: Final = 12.0


def score_cues(
    events: Sequence[Mapping[str, Any]], truth: Truth, matched: Mapping[int, int], tracks: Rows
) -> dict[str, Any] | None:
    """What was said, against who was there and what was done.

    Args:
        events: Of the run.
        truth: Of the class.
        matched: Run person id -> truth person id.
        tracks: (R, 7) of the run.

    Returns:
        ``issued`` and what became of them: ``spoken``, ``expired``, ``dropped``;
        ``right_person``: share of people told whose fault was seen on the body of the person who is named;
        ``still_true``: share of people told of a fault that they truly showed up to ``FRESH_S`` before (faults known);
        ``latency_ms_p95``: from the finding of the fault to the cue, on the class's clock; ``longest_wait_s``: see
        ``longest_wait_s``. Praise and milestones have no truth and count in neither share.
        A share of nothing is None; the whole is None when no cue was issued.
    """
    issued = [event for event in events if event["type"] == "cue_issued"]
    if not issued:
        return None
    boxes = truth.boxes
    by_id = {person.id: person for person in truth.people}
    right: list[bool] = []
    true: list[bool] = []
    waits: list[float] = []
    for event in issued:
        if event.get("priority") == "info":
            continue
        at = float(event["t_s"])
        if "fault_t_s" in event:
            waits.append(at - float(event["fault_t_s"]))
        for told in _told(event):
            named = matched.get(told)
            body = body_at(truth, boxes, told, float(event.get("fault_t_s", at)), tracks)
            if body is not None:
                right.append(body == named)
            if named in by_id and any(segment.faults is not None for segment in by_id[named].segments):
                spells = [fault for segment in by_id[named].segments for fault in segment.faults or ()]
                true.append(any(f.code == event.get("reason") and f.start_s <= at <= f.end_s + FRESH_S for f in spells))
    ends = {kind: sum(e["type"] == f"cue_{kind}" for e in events) for kind in ("spoken", "expired", "dropped")}
    return {
        "issued": len(issued),
        **ends,
        "right_person": float(np.mean(right)) if right else None,
        "latency_ms_p95": float(np.percentile(waits, 95)) * 1000 if waits else None,
        "still_true": float(np.mean(true)) if true else None,
        "longest_wait_s": longest_wait_s(events),
    }


def longest_wait_s(events: Sequence[Mapping[str, Any]]) -> float | None:
    """The longest time that somebody with a standing fault was told nothing; None when no fault ever stood.

    A fault stands from its second time (its first, when it is dangerous) until a repetition without it, another
    exercise, leaving, or ``STANDS_S`` without it. Time in which a person was muted does not count.
    """
    wait = _Wait()
    for event in events:
        wait.take(event)
    for person in list(wait.standing):
        wait.end(person)
    return wait.longest


class _Wait:
    """Goes through the events once."""

    def __init__(self) -> None:
        self.longest: float | None = None
        self.standing: dict[int, dict[str, float]] = {}
        """Person -> fault -> last seen, of those that stand."""
        self._seen: dict[tuple[int, str], int] = {}
        self._silent_since: dict[int, float] = {}
        self._muted: set[int | None] = set()

    def take(self, event: Mapping[str, Any]) -> None:
        kind, person, t_s = event["type"], event["person"], float(event["t_s"])
        for other in [p for p, codes in self.standing.items() if t_s - max(codes.values()) > STANDS_S]:
            self.end(other)
        if kind == "fault_found" and not {person, None} & self._muted:
            self._found(person, str(event["code"]), bool(event.get("dangerous")), t_s)
        elif kind == "rep_counted":
            for key in [k for k in self._seen if k[0] == person and k[1] not in event["faults"]]:
                del self._seen[key]
            left = {c: s for c, s in self.standing.get(person, {}).items() if c in event["faults"]}
            if person in self.standing and not left:
                self.end(person, t_s)
            elif left:
                self.standing[person] = left
        elif kind == "cue_issued":
            for told in _told(event):
                if told in self.standing:
                    self._count(t_s - self._silent_since[told])
                    self._silent_since[told] = t_s
        elif kind in ("exercise_changed", "person_left", "muted"):
            if kind == "muted":
                self._muted.add(person)
            for other in [person] if person is not None else list(self.standing):
                self.end(other, t_s)
        elif kind == "unmuted":
            self._muted.discard(person)

    def end(self, person: int, t_s: float | None = None) -> None:
        """The person's faults stand no more: since ``t_s``, or since they were last seen."""
        codes = self.standing.pop(person, None)
        if codes:
            self._count(max(t_s if t_s is not None else max(codes.values()), self._silent_since[person])
                        - self._silent_since[person])  # fmt: skip
        for key in [k for k in self._seen if k[0] == person]:
            del self._seen[key]

    def _found(self, person: int, code: str, dangerous: bool, t_s: float) -> None:
        self._seen[person, code] = self._seen.get((person, code), 0) + 1
        if self._seen[person, code] >= 2 or dangerous:
            if person not in self.standing:
                self._silent_since[person] = t_s
            self.standing.setdefault(person, {})[code] = t_s

    def _count(self, seconds: float) -> None:
        self.longest = max(self.longest or 0.0, seconds)


def _told(event: Mapping[str, Any]) -> list[int]:
    """Everybody a cue was for."""
    return [int(p) for p in event.get("people") or [event["person"]]]
