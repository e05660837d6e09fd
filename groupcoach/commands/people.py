"""``groupcoach people``: what the session records keep about one person, to give out or to erase."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groupcoach.commands.console import group, notice, say
from groupcoach.errors import RecordError

app = group("Everything kept about one person, and their motion.")

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


@app.command()
def forget(
    days: Annotated[int, typer.Argument(min=1, help="Classes that began longer ago are deleted.")],
    db: Db = None,
    runs: Runs = Path("runs"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete every class that is older than so many days: from the session records, and its run folder."""
    if not yes:
        typer.confirm(f"Delete all classes that are older than {days} days? It cannot be undone.", abort=True)
    forget_older(days, db, runs)


def forget_older(days: int, db: str | None, runs: Path) -> None:
    """Do it, and say what was deleted."""
    from datetime import datetime, timedelta, timezone

    from groupcoach.store.erase import remove_run
    from groupcoach.store.session import SessionStore

    since = (datetime.now(timezone.utc) - timedelta(days=days)).isoformat(timespec="seconds")
    classes = 0
    for url in _databases(db, runs):
        store = SessionStore(url)
        try:
            classes += len(store.forget_before(since))
            left = store.sessions()
        finally:
            store.close()
        folder = Path(url.removeprefix("sqlite:///")).parent
        if db is None and not left and (folder / "summary.json").is_file():
            remove_run(folder)
    say(f"{classes} classes older than {days} days deleted.")


@app.command()
def motion(
    name: Name,
    run_dir: Annotated[Path, typer.Argument(help="Run folder made with --save-poses.", metavar="RUN_DIR")],
    out: Annotated[Path, typer.Option("--out", help="The .npz file; several stretches get numbers: NAME_01.npz, ...")],
    whole: Annotated[
        bool, typer.Option("--whole", help="One file with the gaps bridged, not one per stretch.")
    ] = False,
) -> None:
    """One person's motion from a run, as .npz in AMASS layout: poses, betas, trans, mocap_framerate; z is up."""
    from groupcoach.mesh.body_model import BodyModel
    from groupcoach.store.amass import LONGEST_GAP_S, file_names, motions_of, write_motion
    from groupcoach.store.reading import load_run

    body = BodyModel()
    motions = motions_of(load_run(run_dir), name, body, whole=whole)
    for one, path in zip(motions, file_names(out, len(motions)), strict=True):
        write_motion(one, body, path)
        bridged = int((~one.seen).sum())
        say(f"{path}: {len(one.t_s)} frames at {one.mocap_framerate:.2f} a second from {one.t_s[0]:.2f} s"
            + (f", {bridged} of them bridged" if bridged else ""))  # fmt: skip
    if len(motions) > 1:
        notice(f"{name} was out of sight for more than {LONGEST_GAP_S:g} s in between: {len(motions)} files, one per "
               "stretch. --whole makes one.")  # fmt: skip


def _databases(db: str | None, runs: Path) -> list[str]:
    if db is not None:
        return [db]
    return [f"sqlite:///{path}" for path in sorted(runs.glob("**/session.db"))]


def _run_folders(runs: Path) -> list[Path]:
    return sorted(path.parent for path in runs.glob("**/summary.json"))
