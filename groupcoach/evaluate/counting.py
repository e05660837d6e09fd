"""Counts against truth: the arithmetic that ``evaluate clips`` and ``evaluate run`` share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CountRow:
    """One clip, or one person and exercise of a class: what was asked for and what was counted."""

    file: str
    exercise: str | None
    """Catalogue id; None when the exercise is not in the catalogue (or nobody exercised)."""
    want: int | None
    """None: the true count was not taken."""
    got: int
    """Repetitions counted under ``exercise``."""
    tolerance: int = 0
    """How unsure the true count itself is."""
    people: int = 0
    """How many people the run found."""
    wrong: int = 0
    """Repetitions counted under other names."""
    scored: bool = True
    """Counts in obo and mae. Not scored: no true count, not in the catalogue, or no one of the truth (a ghost)."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the row, as printed."""

    @property
    def within_one(self) -> bool:
        """Within 1 beyond the tolerance of the true count (OBO)."""
        return self.want is not None and abs(self.got - self.want) <= 1 + self.tolerance

    @property
    def exact(self) -> bool:
        """Nothing missing, nothing too much, nothing under a wrong name."""
        return (self.want is None or self.got == self.want) and self.wrong == 0

    def as_dict(self) -> dict[str, Any]:
        """The row of the JSON object."""
        row = asdict(self)
        more = row.pop("more")
        return {**row, **more}


def score_counts(rows: Sequence[CountRow]) -> dict[str, Any]:
    """``obo``, ``mae``, ``named`` and the rows (FORMATS: evaluate clips).

    ``obo`` and ``mae`` are means over the scored rows. ``named`` is the share of all repetitions counted on scored rows
    that went under the right exercise. ``wrong`` sums the repetitions under wrong names of every row, scored or not.
    A figure over nothing is None.
    """
    scored = [row for row in rows if row.scored and row.want is not None]
    obo = [float(row.within_one) for row in scored]
    mae = [abs(row.got - row.want) / max(1, row.want) for row in scored if row.want is not None]
    right = sum(row.got for row in scored if row.want)
    counted = sum(row.got + row.wrong for row in scored)
    return {
        "obo": _mean(obo),
        "mae": _mean(mae),
        "named": right / counted if counted else None,
        "frame_accuracy": None,
        "voted_accuracy": None,
        "shown_accuracy": None,
        "wrong": sum(row.wrong for row in rows),
        "rows": [row.as_dict() for row in rows],
    }


def match_times(true_s: Iterable[float], got_s: Iterable[float], tolerance_s: float = 0.5) -> list[tuple[int, int]]:
    """Pairs (index of true, index of got, both in time order) no further apart than the tolerance, as many as possible.

    Walking both lists in order is best here: with one tolerance for all, exchanging two pairs never gains one.
    """
    true, got = sorted(true_s), sorted(got_s)
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(true) and j < len(got):
        if abs(true[i] - got[j]) <= tolerance_s:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif true[i] < got[j]:
            i += 1
        else:
            j += 1
    return pairs


def catalogue_id(text: str, by_alias: Callable[[str], Any]) -> str | None:
    """The catalogue's id of a free exercise name, or None.

    Args:
        text: As somebody wrote it down: ``reverse lunge (alternating)``.
        by_alias: ``Catalogue.by_alias``, to which case, hyphens and brackets do not matter.
    """
    found = by_alias(text) if text.strip() else None
    return None if found is None else str(found.id)


def counts_of(people: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Repetitions by exercise, summed over people of a summary; exercises with none are left out."""
    counts: dict[str, int] = {}
    for person in people:
        for segment in person.get("exercises", []):
            reps = int(segment.get("reps") or 0)
            if reps:
                counts[str(segment["exercise"])] = counts.get(str(segment["exercise"]), 0) + reps
    return counts


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
