"""``groupcoach people``: what the session records keep about one person, to give out or to erase."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groupcoach.commands.console import group, notice, say
from groupcoach.errors import RecordError

app = group("Everything kept about one person.")

Name = Annotated[str, typer.Argument(help="The person's name as on the cards.")]
Db = Annotated[str | None, typer.Option("--db", help="Database address; without, every session.db below --runs.")]
Runs = Annotated[Path, typer.Option("--runs", help="Where the run folders are.")]


@app.command()
def export(
    name: Name,
    db: Db = None,
    runs: Runs = Path("runs"),
    out: Annotated[Path | None, typer.Option("--out", help="File for it instead of the terminal.")] = None,
) -> None:
    """Everything kept about one person, as JSON."""
    import json

    from groupcoach.store.run_dir import to_json
    from groupcoach.store.session import SessionStore

    kept = []
    for url in _databases(db, runs):
        store = SessionStore(url)
        try:
            kept += store.export_person(name)["sessions"]
        finally:
            store.close()
    if not kept:
        raise RecordError(f"Nothing is kept about anybody called {name!r}. Give the name as it is on the cards.")
    text = json.dumps(to_json({"name": name, "sessions": kept}), ensure_ascii=False, indent=1)
    if out is None:
        say(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise RecordError(f"{out} cannot be written ({error.strerror}). Choose another --out.") from error
    say(f"Written to {out}")


@app.command()
def erase(
    name: Name,
    db: Db = None,
    runs: Runs = Path("runs"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase everything kept about one person: from the session records and from the run folders."""
    from groupcoach.store.erase import erase_from_run
    from groupcoach.store.session import SessionStore

    databases = _databases(db, runs)
    if not yes:
        typer.confirm(f"Erase everything kept about {name}? It cannot be undone.", abort=True)
    rows = 0
    for url in databases:
        store = SessionStore(url)
        try:
            rows += store.erase_person(name)
        finally:
            store.close()
    cleaned = [folder for folder in _run_folders(runs) if erase_from_run(folder, name)]
    if not rows and not cleaned:
        raise RecordError(f"Nothing is kept about anybody called {name!r}. Give the name as it is on the cards.")
    say(f"{name}: {rows} rows of the session records and {len(cleaned)} run folders cleaned.")
    for folder in cleaned:
        notice(f"{folder}: its annotated video, where there was one, showed {name} and was deleted as a whole.")


def _databases(db: str | None, runs: Path) -> list[str]:
    if db is not None:
        return [db]
    return [f"sqlite:///{path}" for path in sorted(runs.glob("**/session.db"))]


def _run_folders(runs: Path) -> list[Path]:
    return sorted(path.parent for path in runs.glob("**/summary.json"))
