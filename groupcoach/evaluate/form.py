"""What was found wrong with somebody's form, against what was done: over everything, and where the rules may speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from groupcoach.evaluate.faults import FoundFault, score_faults
from groupcoach.evaluate.pose import joints_of
from groupcoach.evaluate.truth import TrueFault, TrueSegment, Truth
from groupcoach.exercises.catalogue import Catalogue
from groupcoach.measures import facing
from groupcoach.store.run_dir import Run

_Pairs = list[tuple[Sequence[TrueFault], Sequence[FoundFault]]]


def score_form(
    run: Run, people: Sequence[Mapping[str, Any]], truth: Truth, matched: Mapping[int, int], catalogue: Catalogue
) -> dict[str, Any] | None:  # fmt: skip
    """``score_faults`` of a run, with ``in_view``: the same over the spells that a rule may speak of from there.

    A found fault whose spell was seen from elsewhere is right, and left out of ``in_view``; one that was not done is
    wrong in both.

    Args:
        run: with its events.
        people: of the run's summary, those whose repetitions count.
        truth: of the class, its participants.
        matched: Run person id -> truth person id.
        catalogue: whose rules say from where they may speak.

    Returns:
        None where the truth knows nothing of faults. ``in_view`` is None without bodies in the truth.
    """
    if all(segment.faults is None for person in truth.people for segment in person.segments):
        return None
    found = _found(run, {int(person["id"]) for person in people})
    run_of = {true: got for got, true in matched.items()}
    views = _Views(truth)
    every: _Pairs = []
    clear: _Pairs = []
    for person in truth.people:
        mine = found.pop(run_of.get(person.id, -1), [])
        spells = [(spell, segment) for segment in person.segments for spell in segment.faults or ()]
        told = [s for s, segment in spells if _may_speak(catalogue, segment, s, views.of(person.id, s))]
        untold = [s for s, _ in spells if s not in told]
        every.append(([s for s, _ in spells], mine))
        clear.append((told, [f for f in mine if not any(f.is_of(s) for s in untold) or any(f.is_of(s) for s in told)]))
    ghosts: _Pairs = [((), theirs) for theirs in found.values()]
    seen_s = sum(float(p.get("seen_s") or 0.0) for p in people)
    result = score_faults(every + ghosts, seen_s)
    result["in_view"] = score_faults(clear + ghosts, seen_s) if views.known else None
    return result


def _found(run: Run, judged: set[int]) -> dict[int, list[FoundFault]]:
    found: dict[int, list[FoundFault]] = {}
    spans: dict[tuple[Any, ...], tuple[float, float]] = {}
    for event in run.events():
        if event["person"] not in judged:
            continue
        if event["type"] == "rep_counted":
            number = event.get("number")
            spans[event["person"], event["exercise"], number] = float(event["start_s"]), float(event["end_s"])
        if event["type"] == "fault_found" and event.get("code") is not None:
            at = float(event["t_s"])
            start_s, end_s = spans.get((event["person"], event.get("exercise"), event.get("rep")), (at, at))
            fault = FoundFault(str(event["code"]), event.get("side"), start_s, end_s)
            found.setdefault(int(event["person"]), []).append(fault)
    return found


class _Views:
    """From where the camera truly saw a body."""

    def __init__(self, truth: Truth) -> None:
        """Args: truth: with or without bodies."""
        self._columns = truth.columns
        self._fps = truth.fps
        self.known = truth.columns is not None and {"joints_m", "joint_names"} <= truth.columns.keys()

    def of(self, person: int, spell: TrueFault) -> str | None:
        """The view that most frames of the spell had; None = not in the picture, or not known."""
        if not self.known or self._columns is None:
            return None
        c = self._columns
        at = c["frame"] / self._fps
        rows = np.flatnonzero((c["person"] == person) & (at >= spell.start_s) & (at <= spell.end_s))
        views = facing(joints_of(c["joints_m"][rows], c["joint_names"]))
        return max(dict.fromkeys(views), key=views.count) if views else None


def _may_speak(catalogue: Catalogue, segment: TrueSegment, spell: TrueFault, view: str | None) -> bool:
    if segment.exercise is None:
        return False
    rules = [rule for rule in catalogue.get(segment.exercise).fault if rule.code == spell.code]
    return any(view in rule.views for rule in rules)
