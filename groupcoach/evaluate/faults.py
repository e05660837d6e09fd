"""Faults found against faults done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupcoach.evaluate.truth import TrueFault

#: The repetition a fault was found in may lie so far beside the true spell.
SLACK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class FoundFault:
    """One ``fault_found`` of the run."""

    code: str
    side: str | None
    start_s: float
    """Of the repetition it was found in: the finding itself may come later."""
    end_s: float

    def is_of(self, spell: TrueFault) -> bool:
        """Whether this is what was done then, on the same side where both have one."""
        sides = {self.side, spell.side} - {None, "", "both"}
        in_time = spell.start_s - SLACK_S <= self.end_s and self.start_s <= spell.end_s + SLACK_S
        return self.code == spell.code and in_time and len(sides) < 2


def score_faults(pairs: Sequence[tuple[Sequence[TrueFault], Sequence[FoundFault]]], seen_s: float) -> dict[str, Any]:
    """Precision, recall, and false faults per person and hour.

    Args:
        pairs: For each person: what was done and what was found. Ghosts of the run have nothing done.
        seen_s: Summed time that people of the run were seen.

    Returns:
        ``precision`` (found faults that were done), ``recall`` (spells that were found at least once),
        ``false_per_person_hour``, ``by_code``; None for a share of nothing.
    """
    tally: dict[str, dict[str, int]] = {}
    for done, found in pairs:
        for fault in found:
            count = tally.setdefault(fault.code, dict.fromkeys(("done", "caught", "found", "right"), 0))
            count["found"] += 1
            count["right"] += any(fault.is_of(spell) for spell in done)
        for spell in done:
            count = tally.setdefault(spell.code, dict.fromkeys(("done", "caught", "found", "right"), 0))
            count["done"] += 1
            count["caught"] += any(fault.is_of(spell) for fault in found)
    total = {key: sum(count[key] for count in tally.values()) for key in ("done", "caught", "found", "right")}
    return {
        "precision": _share(total["right"], total["found"]),
        "recall": _share(total["caught"], total["done"]),
        "false_per_person_hour": (total["found"] - total["right"]) / (seen_s / 3600) if seen_s > 0 else None,
        "by_code": {
            code: {
                "precision": _share(count["right"], count["found"]),
                "recall": _share(count["caught"], count["done"]),
                "done": count["done"],
                "found": count["found"],
            }
            for code, count in sorted(tally.items())
        },
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
