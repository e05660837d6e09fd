"""The command line. Each command imports what it needs when it runs: ``groupcoach --help`` stays light.

Exits 0 on success, 1 with one paragraph on an error a person can mend, 2 on wrong usage.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from groupcoach import __version__
from groupcoach.commands import evaluating, exercises, models, people, running
from groupcoach.commands.console import group, notice, print_json, say, show
from groupcoach.commands.demo import demo
from groupcoach.commands.fleet import fleet
from groupcoach.commands.keeping import SETTINGS, keep
from groupcoach.commands.paper import report
from groupcoach.commands.password import password
from groupcoach.commands.simulating import simulate
from groupcoach.commands.tracking import track
from groupcoach.commands.voices import voices

app = group("One camera, a whole exercise class: who does what, how many, and which joint to correct.")
app.command(name="run")(running.run)
app.command(name="class")(running.class_)
app.command(context_settings=SETTINGS)(keep)
app.command()(fleet)
app.command()(demo)
app.command()(simulate)
app.command()(report)
app.command()(track)
app.command()(exercises.learn)
app.command()(voices)
app.command()(password)
app.add_typer(evaluating.app, name="evaluate")
app.add_typer(models.app, name="models")
app.add_typer(people.app, name="people")
app.add_typer(exercises.app, name="exercises")


def _version(wanted: bool) -> None:
    if wanted:
        say(f"groupcoach {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="LEVEL", help="Log on standard error, JSON lines: error, warning, info, debug."),
    ] = None,
) -> None:
    from groupcoach import logs

    logs.set_up(log)


@app.command()
def bench(
    people: Annotated[str, typer.Option("--people", help="Class sizes, with commas.")] = "1,4,8,12,20,30",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    vs: Annotated[str, typer.Option("--vs", help="Run beside: aigym, mediapipe, hmr, trackers.")] = "",
    mot: Annotated[
        Path | None, typer.Option("--mot", help="For --vs trackers: folder with det/NAME.txt, gt/NAME.txt; 20 fps.")
    ] = None,
) -> None:
    """Frames a second, stage times and memory of the whole line on classes of several sizes.

    With --vs trackers alone no class is run: our tracker and those of the public package follow the boxes in --mot.
    """
    from groupcoach.bench import sizes as measure
    from groupcoach.bench.lines import lines_table
    from groupcoach.bench.peers import on_classes, peers_table
    from groupcoach.bench.public_trackers import beside_public, public_table
    from groupcoach.bench.tables import bench_table, stages_table

    try:
        sizes = [int(word) for word in people.split(",")]
    except ValueError:
        raise typer.BadParameter(f"--people wants numbers with commas, such as 1,4,8; got {people!r}.") from None
    names = [word.strip() for word in vs.split(",") if word.strip()]
    classes = on_classes(names, mot)
    if classes or not names:
        result = measure.bench(sizes, classes, say=notice)
        show(bench_table(result))
        show(stages_table(result))
    else:
        result = {"machine": measure.machine(), "rows": [], "peers": []}
    meshes, lines = ([p for p in result["peers"] if ("followed" in p) is whole] for whole in (False, True))
    if meshes:
        show(peers_table({"peers": meshes}))
    if lines:
        show(lines_table(lines))
    if mot is not None and len(classes) < len(names):
        followed = beside_public(mot, notice)
        show(public_table(followed))
        result["peers"].extend(followed)
    for row in result["rows"]:
        if row["tracked"] != row["people"]:
            notice(f"Of {row['people']} people in the picture {row['tracked']} were followed: the row is about those.")
    if json:
        print_json(result)


@app.command()
def doctor() -> None:
    """Is this machine ready for a class? Exits 1 when something is missing that a class needs."""
    from groupcoach.doctor import ready, run_checks, table

    checks = run_checks()
    show(table(checks))
    if not ready(checks):
        raise typer.Exit(1)


@app.command()
def dashboard(
    run_dir: Annotated[
        Path | None, typer.Argument(metavar="[RUN_DIR]", help="The --out of a run; without, the demo's where it is.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Show the page in the browser.")] = True,
) -> None:
    """Open the dashboard: the set-up page that starts a class, and a run that is over. Until stopped (Ctrl-C)."""
    from dashboards.launch import launch

    sample = Path("runs/demo_class")
    found = sample if (sample / "summary.json").is_file() else None
    page = launch(run_dir if run_dir is not None else found, open_browser=browser)
    say(f"The dashboard is on {page.url}; Ctrl-C ends it.")
    page.wait()
    from dashboards.studio import RUNS
    from groupcoach.doors import running

    if (engine := running(RUNS)) is not None:
        say(f"The class in {engine.out} goes on without it; `groupcoach dashboard` shows it again, and ends it.")


def main() -> None:
    """Entry point of the installed command."""
    try:
        app()
    except Exception as bug:  # what a person can mend has ended in the line above
        from groupcoach import logs
        from groupcoach.supervise import BUG

        traceback.print_exc()
        logs.log("error", "bug", error=repr(bug))
        sys.exit(BUG)


if __name__ == "__main__":
    main()
