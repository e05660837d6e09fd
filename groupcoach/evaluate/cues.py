"""Cues against truth: did the words go to whom they were about, and were they still true? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from groupcoach.cues.queue import UNHEARD
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
        ``issued`` and what became of them: ``spoken``, ``expired``, ``dropped``; ``accounted``: each has one end.
        Of the cues that were spoken (of those issued, in a run in which nothing was, such as one without a voice):
        ``judged``, people told of a fault; ``right_person``: share of them whose fault was seen on the body of the
        person who is named; ``still_true``: share of them who truly showed the fault up to ``FRESH_S`` before the words
        began (faults known).
        ``latency_ms_p95``: from the finding of the fault to the cue, on the class's clock; ``sound_ms_p95``: from there
        to the sound, by the clock on the wall, of cues that found nothing else to be said; ``longest_wait_s``: see
        ``longest_wait_s``. Praise and milestones have no truth and count in neither share.
        A share of nothing is None; the whole is None when no cue was issued.
    """
    issued = [event for event in events if event["type"] == "cue_issued"]
    if not issued:
        return None
    boxes = truth.boxes
    by_id = {person.id: person for person in truth.people}
    spoken = {event.get("cue"): event for event in events if event["type"] == "cue_spoken"}
    right: list[bool] = []
    true: list[bool] = []
    waits: list[float] = []
    for event in issued:
        if event.get("priority") == "info":
            continue
        at = float(event["t_s"])
        if "fault_t_s" in event:
            waits.append(max(0.0, at - float(event["fault_t_s"])))
        if spoken:
            if event.get("cue") not in spoken:
                continue
            at = float(spoken[event["cue"]].get("start_s", at))
        for told in _told(event):
            named = matched.get(told)
            body = body_at(truth, boxes, told, float(event.get("fault_t_s", event["t_s"])), tracks)
            if body is not None:
                right.append(body == named)
            if named in by_id and any(segment.faults is not None for segment in by_id[named].segments):
                spells = [fault for segment in by_id[named].segments for fault in segment.faults or ()]
                true.append(any(f.code == event.get("reason") and f.start_s <= at <= f.end_s + FRESH_S for f in spells))
    ends = {kind: sum(e["type"] == f"cue_{kind}" for e in events) for kind in ("spoken", "expired", "dropped")}
    began = {event.get("cue"): float(event["t_s"]) for event in issued}
    sounds = [float(e["start_s"]) - began[n] for n, e in spoken.items() if e.get("at_once") and n in began]
    return {
        "issued": len(issued),
        **ends,
        "accounted": sum(ends.values()) == len(issued),
        "judged": len(right),
        "right_person": float(np.mean(right)) if right else None,
        "latency_ms_p95": float(np.percentile(waits, 95)) * 1000 if waits else None,
        "sound_ms_p95": float(np.percentile(sounds, 95)) * 1000 if sounds else None,
        "still_true": float(np.mean(true)) if true else None,
        "longest_wait_s": longest_wait_s(events),
    }


def longest_wait_s(events: Sequence[Mapping[str, Any]]) -> float | None:
    """The longest time that somebody with a standing fault was told nothing; None when no fault ever stood.

    A fault stands from its second time (its first, when it is dangerous and clear) until a repetition without it,
    another exercise, leaving, or ``STANDS_S`` without it. Time in which a person was muted does not count.
    """
    silence = Silence()
    for event in events:
        silence.take(event)
    return silence.end()


class Silence:
    """Goes through the events once, in order; keeps none of them."""

    def __init__(self) -> None:
        self._longest: float | None = None
        self._standing: dict[int, dict[str, float]] = {}
        """Person -> fault -> last seen, of those that stand."""
        self._told: dict[int, dict[int, float]] = {}
        """Cue that has no end yet -> person -> silent since, before it."""
        self._seen: dict[tuple[int, str], int] = {}
        self._silent_since: dict[int, float] = {}
        self._muted: set[int | None] = set()

    def end(self) -> float | None:
        """The class is over; the longest silence, in seconds."""
        for person in list(self._standing):
            self._over(person)
        return self._longest

    def take(self, event: Mapping[str, Any]) -> None:
        """The next event, as it is on record."""
        kind, person, t_s = event["type"], event["person"], float(event["t_s"])
        for other in [p for p, codes in self._standing.items() if t_s - max(codes.values()) > STANDS_S]:
            self._over(other)
        if kind == "fault_found" and not {person, None} & self._muted:
            self._found(person, str(event["code"]), bool(event.get("dangerous") and event.get("clear", True)), t_s)
        elif kind == "rep_counted":
            for key in [k for k in self._seen if k[0] == person and k[1] not in event["faults"]]:
                del self._seen[key]
            left = {c: s for c, s in self._standing.get(person, {}).items() if c in event["faults"]}
            if person in self._standing and not left:
                self._over(person, t_s)
            elif left:
                self._standing[person] = left
        elif kind == "cue_issued":
            for told in _told(event):
                if told in self._standing:
                    self._count(t_s - self._silent_since[told])
                    self._told.setdefault(int(event.get("cue", -1)), {})[told] = self._silent_since[told]
                    self._silent_since[told] = t_s
        elif kind in ("cue_spoken", "cue_expired", "cue_dropped"):
            before = self._told.pop(int(event.get("cue", -1)), {})
            if kind != "cue_spoken" and event.get("reason") in UNHEARD:
                self._silent_since.update(before)
        elif kind in ("exercise_changed", "person_left", "muted"):
            if kind == "muted":
                self._muted.add(person)
            for other in [person] if person is not None else list(self._standing):
                self._over(other, t_s)
        elif kind == "unmuted":
            self._muted.discard(person)

    def _over(self, person: int, t_s: float | None = None) -> None:
        """The person's faults stand no more: since ``t_s``, or since they were last seen."""
        codes = self._standing.pop(person, None)
        if codes:
            self._count(max(t_s if t_s is not None else max(codes.values()), self._silent_since[person])
                        - self._silent_since[person])  # fmt: skip
        for key in [k for k in self._seen if k[0] == person]:
            del self._seen[key]

    def _found(self, person: int, code: str, at_once: bool, t_s: float) -> None:
        self._seen[person, code] = self._seen.get((person, code), 0) + 1
        if self._seen[person, code] >= 2 or at_once:
            if person not in self._standing:
                self._silent_since[person] = t_s
            self._standing.setdefault(person, {})[code] = t_s

    def _count(self, seconds: float) -> None:
        self._longest = max(self._longest or 0.0, seconds)


def _told(event: Mapping[str, Any]) -> list[int]:
    """Everybody a cue was for."""
    return [int(p) for p in event.get("people") or [event["person"]]]
