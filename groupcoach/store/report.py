"""The class on paper: one table in the terminal, one page of HTML, one CSV, all from the same rows."""

from __future__ import annotations

import csv
import html
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

CSV_HEADER = ("person", "spot", "exercise", "repetitions", "clean", "hold_s", "from_s", "to_s", "faults")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One person and one exercise; a person who did nothing countable has one row with no exercise."""

    person_id: int
    person: str
    spot: str
    exercise: str
    """Catalogue id, or an empty string."""
    reps: int
    clean: int
    hold_s: float
    start_s: float | None
    end_s: float | None
    faults: Mapping[str, int]

    @property
    def exercise_words(self) -> str:
        """The exercise as words: ``push up``."""
        return self.exercise.replace("_", " ")

    @property
    def faults_words(self) -> str:
        """Faults with their number, the most frequent first: ``knees in 2x, hip sag 1x``."""
        ordered = sorted(self.faults.items(), key=lambda item: (-item[1], item[0]))
        return ", ".join(f"{code.replace('_', ' ')} {number}x" for code, number in ordered)


def report_rows(summary: Mapping[str, Any]) -> list[ReportRow]:
    """Rows of ``summary.json``: segments of one exercise are added up, in the order in which they were first done."""
    rows: list[ReportRow] = []
    for person in summary.get("people", []):
        who = int(person["id"]), str(person.get("name") or f"Person {person['id']}"), str(person.get("spot") or "")
        merged: dict[str, list[Mapping[str, Any]]] = {}
        for segment in person.get("exercises", []):
            merged.setdefault(str(segment["exercise"]), []).append(segment)
        for exercise, segments in merged.items():
            faults: dict[str, int] = {}
            for segment in segments:
                for code, number in (segment.get("faults") or {}).items():
                    faults[code] = faults.get(code, 0) + int(number)
            starts = [s["start_s"] for s in segments if s.get("start_s") is not None]
            ends = [s["end_s"] for s in segments if s.get("end_s") is not None]
            rows.append(
                ReportRow(
                    *who,
                    exercise,
                    sum(int(s.get("reps") or 0) for s in segments),
                    sum(int(s.get("clean_reps") or 0) for s in segments),
                    sum(float(s.get("hold_s") or 0.0) for s in segments),
                    min(starts, default=None),
                    max(ends, default=None),
                    faults,
                )
            )
        if not merged:
            rows.append(ReportRow(*who, "", 0, 0, 0.0, person.get("first_s"), person.get("last_s"), {}))
    return rows


def headline(summary: Mapping[str, Any]) -> str:
    """One line on the run: how long, how fast, on what, and what was lost."""
    words = [f"{summary.get('source', 'class')}: {len(summary.get('people', []))} people"]
    if summary.get("duration_s") is not None:
        words.append(f"{float(summary['duration_s']):.1f} s")
    if summary.get("frames") is not None:
        words.append(f"{summary['frames']} frames")
    if summary.get("fps") is not None:
        words.append(f"{float(summary['fps']):.1f} frames a second")
    if summary.get("dropped_frames"):
        words.append(f"{summary['dropped_frames']} frames dropped")
    engine = " + ".join(str(summary[key]) for key in ("detector", "regressor") if summary.get(key))
    if engine:
        words.append(engine + (f" on {summary['device']}" if summary.get("device") else ""))
    line = ", ".join(words)
    return f"{line}. Ended early: {summary['ended_early']}" if summary.get("ended_early") else line


def _cells(row: ReportRow) -> tuple[str, ...]:
    """A row as shown: person, spot, exercise, repetitions, clean, hold, faults."""
    if not row.exercise:
        return row.person, row.spot, "-", "", "", "", ""
    hold = f"{row.hold_s:.0f} s" if row.hold_s >= 0.5 else ""
    return row.person, row.spot, row.exercise_words, str(row.reps), str(row.clean), hold, row.faults_words


_SHOWN = ("Person", "Spot", "Exercise", "Repetitions", "Clean", "Held", "Faults")


def terminal_table(summary: Mapping[str, Any]) -> Table:
    """The table that ends a run."""
    from rich.markup import escape
    from rich.table import Table

    rows = [_cells(row) for row in report_rows(summary)]
    # a column nobody has anything in (spots without a roster, holds without a plank) only takes room
    shown = [i for i, name in enumerate(_SHOWN) if name not in ("Spot", "Held") or any(row[i] for row in rows)]
    table = Table()
    for i in shown:
        table.add_column(_SHOWN[i], justify="right" if _SHOWN[i] in ("Repetitions", "Clean", "Held") else "left")
    for row in rows:
        table.add_row(*(escape(row[i]) for i in shown))
    return table


def to_csv(summary: Mapping[str, Any]) -> str:
    """The same rows as CSV with a header; a name that a spreadsheet would take for a formula gets a leading ``'``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for row in report_rows(summary):
        start, end = ("" if t is None else f"{t:.2f}" for t in (row.start_s, row.end_s))
        faults = "; ".join(f"{code} {number}" for code, number in sorted(row.faults.items()))
        cells = (row.person, row.spot, row.exercise, row.reps, row.clean, f"{row.hold_s:.1f}", start, end, faults)
        writer.writerow([_not_a_formula(cell) for cell in cells])
    return out.getvalue()


def _not_a_formula(cell: Any) -> Any:
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return cell


_STYLE = """
body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .6rem }
th { border-bottom: 2px solid #1b1f24 } td { border-bottom: 1px solid #d0d7de } td.n, th.n { text-align: right }
@media print { body { margin: 0 } tr { break-inside: avoid } }
"""


def to_html(summary: Mapping[str, Any]) -> str:
    """One page that needs no other file and prints well; every word from outside is escaped."""
    head = "".join(f"<th{_number(name)}>{name}</th>" for name in _SHOWN)
    body = "\n".join(
        "<tr>"
        + "".join(f"<td{_number(n)}>{_clean(c)}</td>" for n, c in zip(_SHOWN, _cells(row), strict=True))
        + "</tr>"
        for row in report_rows(summary)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Class report</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>Class report</h1>\n<p>{_clean(headline(summary))}</p>\n"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>\n</body></html>\n"
    )


def _number(name: str) -> str:
    return ' class="n"' if name in ("Repetitions", "Clean", "Held") else ""


def _clean(text: str) -> str:
    # control characters have no place in HTML, not even escaped
    return html.escape("".join(c for c in text if unicodedata.category(c) != "Cc"))
