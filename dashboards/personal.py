"""One person's classes as plain values: what the record has of them in, tables and points of the charts out (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboards.over import Names, Table, exercise_of
from dashboards.words import ENGLISH, Words, plain

if TYPE_CHECKING:  # the record's reader imports SQLAlchemy, this file needs its nouns only
    from groupcoach.store.history import ClassOfPerson, Done, RepRow


def class_title(one: ClassOfPerson, words: Words = ENGLISH) -> str:
    """``"2026-11-21 18:30 · class.mp4"``; a class from a run folder without a record has no date."""
    source = one.source.replace("\\", "/").rsplit("/", 1)[-1] or words("class")
    parts = [one.started_at_utc[:16].replace("T", " "), source, "" if one.finished else words("running")]
    return " · ".join(part for part in parts if part)


def classes_table(
    classes: Sequence[ClassOfPerson], texts: Mapping[str, str], words: Words = ENGLISH, names: Names | None = None
) -> Table:
    """One row per class and exercise, the newest class first.

    Args:
        classes: oldest first.
        texts: of the faults, by code.
        words: the language.
        names: of the exercises.
    """
    rows = []
    for one in reversed(classes):
        title = class_title(one, words)
        for done in one.exercises:
            rows.append((title, exercise_of(done.exercise, names or {}), *_cells(done, texts, words)))
            title = ""  # said once
        if title:
            rows.append((title, words("no_exercise"), *[""] * 7))
    head = ("class", "exercise", "reps", "clean", "hold", "range", "tempo", "side", "faults")
    return Table(tuple(words(f"col:{name}") for name in head), tuple(rows), frozenset({2, 3, 4, 5, 6}))


def _cells(done: Done, texts: Mapping[str, str], words: Words) -> tuple[str, ...]:
    share = done.clean_share
    ranges = [rep.range_deg for rep in done.reps if rep.range_deg]
    tempos = [rep.tempo_s for rep in done.reps]
    return (
        str(done.count) if done.count or not done.hold_s else "",
        "" if share is None else f"{done.clean} ({100 * share:.0f} %)",
        words("seconds", n=round(done.hold_s)) if done.hold_s >= 0.5 else "",
        f"{sum(ranges) / len(ranges):.0f}°" if ranges else "",
        words("seconds", n=f"{sum(tempos) / len(tempos):.1f}") if tempos else "",
        _sides(done, words),
        ", ".join(f"{texts.get(code, plain(code))} ({n})" for code, n in done.faults.items()),
    )


def _sides(done: Done, words: Words) -> str:
    left, right = done.sides.get("left", 0), done.sides.get("right", 0)
    if left or right:
        more = words("more_left" if left > right else "more_right", n=abs(left - right)) if left != right else ""
        return f"{left} / {right}" + (f" ({more})" if more else "")
    return "" if done.left_right_deg is None else words("left_right_deg", n=f"{done.left_right_deg:+.0f}")


def faults_table(
    classes: Sequence[ClassOfPerson], texts: Mapping[str, str], words: Words = ENGLISH, names: Names | None = None
) -> Table:
    """Faults by class: rows are exercise and fault, columns the classes (oldest first), ``3 / 12`` = of repetitions."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for i, one in enumerate(classes):
        for done in one.exercises:
            for code, n in done.faults.items():
                found.setdefault((done.exercise, code), {})[i] = n
    rows = [
        (exercise_of(exercise, names or {}), texts.get(code, plain(code)),
         *(_of(one.exercises, exercise, by_class.get(i, 0)) for i, one in enumerate(classes)))
        for (exercise, code), by_class in sorted(found.items(), key=lambda f: -sum(f[1].values()))
    ]  # fmt: skip
    dates = [one.started_at_utc[:10] or words("this_class") for one in classes]
    return Table((words("col:exercise"), words("col:faults"), *dates), tuple(rows),
                 frozenset(range(2, 2 + len(classes))))  # fmt: skip


def _of(done: Sequence[Done], exercise: str, n: int) -> str:
    reps = sum(len(d.reps) for d in done if d.exercise == exercise)
    return f"{n} / {reps}" if reps else ""


def rep_points(
    done: Done, texts: Mapping[str, str], words: Words = ENGLISH
) -> list[dict[str, Any]]:  # fmt: skip
    """Points of the charts, one per repetition: number, range, tempo, whether clean, what was wrong."""
    return [
        {"rep": i, "range": rep.range_deg, "tempo": round(rep.tempo_s, 2),
         "kind": words("faulty_rep" if rep.faults else "clean_rep"),
         "faults": ", ".join(texts.get(code, plain(code)) for code in rep.faults)}
        for i, rep in enumerate(done.reps, 1)
    ]  # fmt: skip


def best_and_worst(done: Done) -> tuple[RepRow, RepRow] | None:
    """The repetition with the fewest faults and the widest range, and the one with the most and the narrowest.

    None when there are fewer than two.
    """
    if len(done.reps) < 2:
        return None
    ordered = sorted(done.reps, key=lambda rep: (len(rep.faults), -(rep.range_deg or 0.0)))
    return ordered[0], ordered[-1]
