"""``evaluate clips``: single clips with an ``index.tsv`` beside them, found without a plan."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groupcoach.errors import ConfigError, near_miss
from groupcoach.evaluate.counting import CountRow, catalogue_id, counts_of, score_counts
from groupcoach.evaluate.labels import Done, LabelShare, label_share
from groupcoach.evaluate.text import figure, percent
from groupcoach.store.run_dir import Run, load_run

if TYPE_CHECKING:
    from rich.table import Table

_COLUMNS = ("file", "exercise", "reps")


def read_index(folder: Path) -> list[dict[str, str]]:
    """Rows of ``index.tsv`` (at least ``file``, ``exercise``, ``reps``; ``tolerance`` when known).

    Raises:
        ConfigError: No index, or a column is missing.
    """
    path = folder / "index.tsv"
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, delimiter="\t")
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
            missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read ({error}). It lists the clips: file, exercise, reps, with tabs."
        ) from error
    if missing:
        raise ConfigError(f"{path}: column {missing[0]!r} is missing. It needs {', '.join(_COLUMNS)}, with tabs.")
    return rows


def evaluate_clips(
    folder: Path, only: Sequence[str] | None = None, say: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Run every clip of the index and compare.

    Args:
        folder: Clips and ``index.tsv``.
        only: File names to take instead of all.
        say: Told which clip is running.

    Returns:
        The JSON object of FORMATS (``obo``, ``mae``, ``named``, ``frame_accuracy``, ``voted_accuracy``, ``rows``).

    Raises:
        ConfigError: The index is wrong or has no such clip.
        GroupCoachError: A clip cannot be read.
    """
    from groupcoach.exercises.catalogue import load_catalogue

    rows = read_index(folder)
    names = [row["file"] for row in rows]
    for name in only or ():
        if name not in names:
            raise ConfigError(f"{folder / 'index.tsv'} has no clip {name!r}.{near_miss(name, names)}")
    by_alias = load_catalogue().by_alias
    counts: list[CountRow] = []
    total = LabelShare()
    for row in rows:
        if only and row["file"] not in only:
            continue
        say(f"{row['file']} ...")
        count, share = _one_clip(folder / row["file"], row, catalogue_id(row["exercise"], by_alias))
        counts.append(count)
        total += share
    result = score_counts(counts)
    return result | total.figures()


def _one_clip(path: Path, row: Mapping[str, str], exercise: str | None) -> tuple[CountRow, LabelShare]:
    from groupcoach.engine import RunOptions, run_class

    with tempfile.TemporaryDirectory(prefix="groupcoach-clip-") as place:
        out = Path(place) / "run"
        result = run_class(RunOptions(
            source=str(path), out=out, roster=None, plan=None, detector="yolo", regressor="lifter", landmarks="auto",
            pace="max", voice=False, language="en", save_video=False, save_poses=True, db=None, serve=False,
            dashboard=False, progress=False,
        ))  # fmt: skip
        if result.error is not None:
            raise result.error
        if result.summary.get("stopped"):  # Ctrl-C ends a class in good order; here it means the whole evaluation
            raise KeyboardInterrupt
        run = load_run(out)
        done = done_in_clip(run, exercise)
        share = label_share(run.poses(), [] if done is None else [done])
    counts = counts_of(run.people)
    want = _number(path, "reps", row.get("reps", ""))
    got = counts.pop(exercise, 0) if exercise is not None else 0
    more = {
        "listed": row["exercise"],
        "wrong_as": counts,
        **share.figures(),
        "wall_s": run.summary.get("wall_s"),
        "fps": run.summary.get("fps"),
    }
    return CountRow(
        row["file"], exercise, want, got, _number(path, "tolerance", row.get("tolerance", "")) or 0, len(run.people),
        sum(counts.values()), exercise is not None and want is not None, more,
    ), share  # fmt: skip


def _number(path: Path, column: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"index.tsv, {path.name}: {column} should be a whole number, got {text!r}.") from None


def done_in_clip(run: Run, exercise: str | None) -> Done | None:
    """When the clip's exercise was done, as far as the run knows: from its first repetition's start to its last's end.

    Without any repetition counted the whole stay of the person seen longest is taken, so that a clip whose exercise
    was never recognised lowers the accuracy instead of dropping out of it. None without people or exercise.
    """
    if exercise is None or not run.people:
        return None
    reps = [e for e in run.events() if e["type"] == "rep_counted" and e.get("exercise") == exercise]
    if not reps:
        person = max(run.people, key=lambda p: float(p.get("seen_s") or 0.0))
        return Done(int(person["id"]), exercise, float(person.get("first_s") or 0.0), float(person["last_s"] or 0.0))
    by_person = [e["person"] for e in reps]
    main = max(set(by_person), key=by_person.count)
    own = [e for e in reps if e["person"] == main]
    return Done(int(main), exercise, min(float(e["start_s"]) for e in own), max(float(e["end_s"]) for e in own))


def clips_table(result: Mapping[str, Any]) -> Table:
    """The result for a person to read."""
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for name in ("Clip", "Exercise", "True", "Counted", "Within 1", "Wrong name", "People", "Frames/s"):
        table.add_column(name, justify="left" if name in ("Clip", "Exercise", "Wrong name") else "right")
    for row in result["rows"]:
        want = "?" if row["want"] is None else str(row["want"]) + (f" ±{row['tolerance']}" if row["tolerance"] else "")
        within = "-"
        if row["scored"]:
            within = "yes" if abs(row["got"] - row["want"]) <= 1 + row["tolerance"] else "NO"
        wrong = ", ".join(f"{name} {number}" for name, number in row["wrong_as"].items())
        exercise = row["exercise"] or f"({row['listed'] or 'nothing'})"
        fps = "-" if row["fps"] is None else f"{row['fps']:.1f}"
        cells = (row["file"], exercise, want, str(row["got"]), within, wrong, str(row["people"]), fps)
        table.add_row(*(escape(cell) for cell in cells))
    return table


def clips_line(result: Mapping[str, Any]) -> str:
    """The totals on one line."""
    return (
        f"within 1: {percent(result['obo'])}, relative error {figure(result['mae'])}, right name "
        f"{percent(result['named'])}, per frame {percent(result['frame_accuracy'])}, after the vote "
        f"{percent(result['voted_accuracy'])} (as shown then {percent(result['shown_accuracy'])}), "
        f"repetitions under wrong names: {result['wrong']}"
    )
