"""One person taken out of a run folder; the session record does its own (``SessionStore.erase_person``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np

from groupcoach.errors import RecordError
from groupcoach.store.poses import ARCHIVE, PARTS
from groupcoach.store.reading import EVENTS, SUMMARY, TRACKS, VIDEO, load_run


def erase_from_run(folder: Path, name: str) -> bool:
    """Take everybody called ``name`` (any case) out of a run folder.

    Summary, events, tracks and poses lose the person's rows; the annotated video shows the whole class and is deleted.

    Returns:
        Whether somebody of that name was in it.

    Raises:
        RecordError: The folder is not a run, or cannot be written.
    """
    run = load_run(folder)
    wanted = name.strip().casefold()
    ids = {int(p["id"]) for p in run.people if str(p.get("name", "")).strip().casefold() == wanted}
    if not ids:
        return False
    ids |= merged_into(ids, run.events(), {int(p["id"]) for p in run.people})
    poses = run.poses()
    try:
        if poses is not None and (folder / ARCHIVE).exists():
            keep = ~np.isin(poses["person"], list(ids))
            rows = len(keep)
            partial = folder / "poses.tmp.npz"
            kept = {k: v if k.endswith("_names") or len(v) != rows else v[keep] for k, v in poses.items()}
            np.savez(partial, **kept)  # type: ignore[arg-type, unused-ignore]
            partial.replace(folder / ARCHIVE)
        _keep_lines(folder / TRACKS, lambda line: int(float(line.split(",")[1])) not in ids)
        _keep_lines(folder / EVENTS, lambda line: json.loads(line).get("person") not in ids)
        (folder / VIDEO).unlink(missing_ok=True)
        # the summary last: it holds the name that finds the rest
        summary: dict[str, Any] = run.summary | {"people": [p for p in run.people if int(p["id"]) not in ids]}
        _replace(folder / SUMMARY, json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise RecordError(f"{folder} cannot be changed ({error.strerror}). See that it is writable.") from error
    return True


def remove_run(folder: Path) -> None:
    """Delete the files of a run; what else lies in its folder stays, and the folder with it.

    Raises:
        RecordError: The folder cannot be changed.
    """
    try:
        for name in (SUMMARY, EVENTS, TRACKS, VIDEO, ARCHIVE, "session.db", "session.db-wal", "session.db-shm"):
            (folder / name).unlink(missing_ok=True)
        if (folder / PARTS).is_dir():
            rmtree(folder / PARTS)
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise RecordError(f"{folder} cannot be changed ({error.strerror}). See that it is writable.") from error


def merged_into(ids: set[int], events: Iterable[Mapping[str, Any]], known: set[int]) -> set[int]:
    """Numbers of cards that went on as one of ``ids`` (``identity_merged``) and are nobody else now.

    Args:
        ids: people.
        events: of the class, in order; rows with ``type``, ``person`` and ``merged``.
        known: everybody who had a card at the end.
    """
    into = {e["merged"]: e.get("person") for e in events if e.get("type") == "identity_merged" and e.get("merged")}
    found: set[int] = set()
    while more := {a for a, b in into.items() if b in ids | found} - found - known:
        found |= more
    return found


def _keep_lines(path: Path, wanted: Callable[[str], bool]) -> None:
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        # an unfinished last line cannot be judged, so it goes
        _replace(path, "".join(line for line in lines if line.endswith("\n") and wanted(line)))


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".tmp")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
