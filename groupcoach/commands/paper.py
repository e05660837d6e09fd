"""``groupcoach report``: the class on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from groupcoach.commands.console import say, show


def report(
    run: Annotated[str, typer.Argument(metavar="RUN_DIR|SESSION", help="A run folder, or a session's number.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write one page of HTML here.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write a CSV table here.")] = None,
    db: Annotated[str | None, typer.Option("--db", help="Database address, for a session's number.")] = None,
) -> None:
    """The class on paper: a table here, or a page of HTML, or a CSV."""
    from groupcoach.errors import RecordError
    from groupcoach.store.report import headline, terminal_table, to_csv, to_html

    summary = _summary(run, db)
    for path, text in ((html, to_html), (csv, to_csv)):
        if path is not None:
            try:
                path.write_text(text(summary), encoding="utf-8")
            except OSError as error:
                raise RecordError(f"{path} cannot be written ({error.strerror}). Choose another place.") from error
            say(f"Written to {path}")
    if html is None and csv is None:
        say(headline(summary))
        show(terminal_table(summary))


def _summary(run: str, db: str | None) -> dict[str, Any]:
    from groupcoach.errors import RecordError
    from groupcoach.store.run_dir import load_run

    if not run.isdecimal() or Path(run).is_dir():
        return load_run(Path(run)).summary
    if db is None:
        raise RecordError(f"For session {run} say in which database: --db sqlite:///RUN_DIR/session.db, for example.")
    from groupcoach.store.session import SessionStore

    store = SessionStore(db)
    try:
        session = store.read(int(run))["session"]
    finally:
        store.close()
    if not session["summary"]:
        raise RecordError(f"Session {run} has no summary: the class is still running, or was stopped before its end.")
    return dict(session["summary"])
