"""A class that is over, as plain values: ``summary.json`` and its events in, views out (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.views import RESTING, Card
from dashboards.words import ENGLISH, Words, clock, number, plain, title

Names = Mapping[str, str]
"""Names of exercises in the page's language, by id."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as shown: every cell is text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[int] = frozenset()
    """Columns of numbers, set to the right."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A class that is over."""

    title: str
    line: str
    cards: tuple[Card, ...]
    faults: tuple[tuple[str, int], ...]
    """What went wrong most often, with the number of repetitions."""
    per_exercise: Table
    per_person: Table


def run_view(
    summary: Mapping[str, Any], events: Sequence[Mapping[str, Any]], words: Words = ENGLISH, names: Names | None = None
) -> RunView:
    """The view of a run folder.

    Args:
        summary: its ``summary.json``.
        events: the rows of its ``events.jsonl``.
        words: the language.
        names: of the exercises in that language; without, made from their ids.
    """
    texts = fault_texts(events, words.language)
    names = names or {}
    people = summary.get("people", ())
    faults: Counter[str] = Counter()
    for segment in (s for p in people for s in p.get("exercises", ())):
        faults.update({str(code): int(n) for code, n in (segment.get("faults") or {}).items()})
    reps = sum(int(s.get("reps", 0)) for p in people for s in p.get("exercises", ()))
    taught = [p for p in people if p.get("role") != "instructor"]
    line = " · ".join((words.people(len(taught)), words("repetitions", n=reps),
                       clock(number(summary.get("duration_s")) or 0.0)))  # fmt: skip
    source = str(summary.get("source", "")).replace("\\", "/").rsplit("/", 1)[-1]
    return RunView(
        source or words("class"), line,
        tuple(_card(p, texts, words, names) for p in people),
        tuple((texts.get(code, plain(code)), n) for code, n in faults.most_common(3)),
        _per_exercise(taught, texts, words, names), _per_person(taught, texts, words, names),
    )  # fmt: skip


def fault_texts(events: Sequence[Mapping[str, Any]], language: str = "en") -> dict[str, str]:
    """What is said about each fault that was found, by its code."""
    found: dict[str, str] = {}
    for event in events:
        if event.get("type") == "fault_found" and "code" in event:
            text = event.get("text")
            if isinstance(text, Mapping):
                text = text.get(language) or text.get("en") or next(iter(text.values()), None)
            found[str(event["code"])] = str(text or plain(str(event["code"])))
    return found


def exercise_of(code: str, names: Names) -> str:
    """The exercise's name."""
    return names.get(code) or title(code)


def _card(person: Mapping[str, Any], texts: Mapping[str, str], words: Words, names: Names) -> Card:
    segments = person.get("exercises", ())
    teaches = person.get("role") == "instructor"
    reps = sum(int(s.get("reps", 0)) for s in segments)
    clean = min(reps, sum(int(s.get("clean_reps", 0)) for s in segments))
    hold_s = sum(number(s.get("hold_s")) or 0.0 for s in segments)
    faults: Counter[str] = Counter()
    for s in segments:
        faults.update(s.get("faults") or {})
    worst = faults.most_common(1)[0][0] if faults else None
    done = dict.fromkeys(exercise_of(str(s["exercise"]), names) for s in segments if s.get("exercise") not in RESTING)
    return Card(
        person_id=int(person["id"]),
        name=str(person.get("name") or words("person", n=person["id"])),
        state="fault" if worst else "rest" if teaches else "ok",
        exercise=", ".join(done) or ("" if teaches else words("no_exercise")),
        count="–" if teaches else str(reps) if reps or not hold_s else words("seconds", n=int(hold_s)),
        clean=words("clean", clean=clean, reps=reps) if reps else "",
        clean_share=clean / reps if reps else None,
        joint=words.times(faults[worst]) if worst else "",
        todo=texts.get(worst, plain(worst)) if worst else "",
        since_s=None,
        tags=(words("instructor"),) if teaches else (),
    )


@dataclass(slots=True)
class _Sum:
    reps: int = 0
    clean: int = 0
    hold_s: float = 0.0
    start_s: float = float("inf")
    end_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, segment: Mapping[str, Any]) -> None:
        self.reps += int(segment.get("reps") or 0)
        self.clean += int(segment.get("clean_reps") or 0)
        self.hold_s += number(segment.get("hold_s")) or 0.0
        self.start_s = min(self.start_s, number(segment.get("start_s")) or 0.0)
        self.end_s = max(self.end_s, number(segment.get("end_s")) or 0.0)
        self.faults.update({str(code): int(n) for code, n in (segment.get("faults") or {}).items()})

    def counted(self) -> tuple[str, str]:
        return str(self.reps), f"{min(self.clean, self.reps)} ({100 * self.clean_share:.0f} %)" if self.reps else ""

    @property
    def clean_share(self) -> float:
        return min(self.clean, self.reps) / self.reps if self.reps else 0.0

    def held(self, words: Words) -> str:
        return words("seconds", n=round(self.hold_s)) if self.hold_s >= 0.5 else ""

    def wrong(self, texts: Mapping[str, str]) -> str:
        return ", ".join(f"{texts.get(code, plain(code))} ({n})" for code, n in self.faults.most_common(4))


def _sums(person: Mapping[str, Any]) -> dict[str, _Sum]:
    """Segments of one exercise added up, in the order in which they were first done; rests left out."""
    out: dict[str, _Sum] = {}
    for segment in person.get("exercises", ()):
        exercise = str(segment.get("exercise", ""))
        if segment.get("reps") or exercise not in RESTING:
            out.setdefault(exercise, _Sum()).add(segment)
    return out


def _per_exercise(
    people: Sequence[Mapping[str, Any]], texts: Mapping[str, str], words: Words, names: Names
) -> Table:  # fmt: skip
    total: dict[str, _Sum] = {}
    counts: dict[str, list[int]] = {}
    for person in people:
        for segment in person.get("exercises", ()):
            exercise = str(segment.get("exercise", ""))
            if segment.get("reps") or exercise not in RESTING:
                total.setdefault(exercise, _Sum()).add(segment)
        for exercise, done in _sums(person).items():
            counts.setdefault(exercise, []).append(done.reps)
    head = ("exercise", "people", "reps", "spread", "clean", "hold", "faults")
    rows = tuple(
        (exercise_of(exercise, names), str(len(counts[exercise])), done.counted()[0],
         f"{min(counts[exercise])}–{max(counts[exercise])}", done.counted()[1], done.held(words), done.wrong(texts))
        for exercise, done in total.items()
    )  # fmt: skip
    return Table(tuple(words(f"col:{name}") for name in head), rows, frozenset({1, 2, 3, 4, 5}))


def _per_person(
    people: Sequence[Mapping[str, Any]], texts: Mapping[str, str], words: Words, names: Names
) -> Table:  # fmt: skip
    rows = []
    for person in people:
        name = str(person.get("name") or words("person", n=person["id"]))
        for exercise, done in _sums(person).items():
            rows.append((name, exercise_of(exercise, names), *done.counted(), done.held(words), clock(done.start_s),
                         clock(done.end_s), done.wrong(texts)))  # fmt: skip
            name = ""  # said once
        if name:
            rows.append((name, words("no_exercise"), "", "", "", "", "", ""))
    head = ("person", "exercise", "reps", "clean", "hold", "from", "to", "faults")
    return Table(tuple(words(f"col:{name}") for name in head), tuple(rows), frozenset({2, 3, 4, 5, 6}))
