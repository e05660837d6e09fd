"""``groupcoach evaluate``: what came out, against what is true."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from groupcoach.commands.console import group, notice, print_json, say, show

app = group("What came out, against what is true.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@app.command()
def clips(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Clips with an index.tsv beside them.")],
    json: Json = False,
    only: Annotated[str | None, typer.Option("--only", help="File names, with commas, instead of all.")] = None,
) -> None:
    """Counts and exercise names of single clips against DIR/index.tsv."""
    from groupcoach.evaluate.clips import clips_line, clips_table, evaluate_clips

    names = None if only is None else [name.strip() for name in only.split(",") if name.strip()]
    result = evaluate_clips(folder, names, say=notice)
    show(clips_table(result))
    say(clips_line(result))
    if json:
        print_json(result)


@app.command()
def run(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="The --out of a run.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="truth.json of `simulate` or compose_class.py.")],
    json: Json = False,
) -> None:
    """One run against the truth of its class."""
    from groupcoach.evaluate.run import evaluate_run, run_lines, run_table

    result = evaluate_run(run_dir, truth)
    show(run_table(result))
    for line in run_lines(result):
        say(line)
    if json:
        print_json(result)


@app.command()
def multiview(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Calibrated cameras on the same trial.")],
    json: Json = False,
    landmarks: Annotated[
        Literal["on", "off"], typer.Option("--landmarks", help="Give the regressor the 33 landmarks.")
    ] = "on",
    regressor: Annotated[Literal["lifter"], typer.Option("--regressor", help="What makes the bodies.")] = "lifter",
    keep: Annotated[
        Path | None, typer.Option("--keep", hidden=True, help="File of what the networks saw: read, else made.")
    ] = None,
) -> None:
    """Knee, hip and elbow angles against triangulation, and their spread between views."""
    from groupcoach.evaluate.multiview import evaluate_multiview, multiview_lines, multiview_table

    result = evaluate_multiview(folder, landmarks=landmarks == "on", regressor=regressor, keep=keep, say=notice)
    show(multiview_table(result))
    for line in multiview_lines(result):
        say(line)
    if json:
        print_json(result)


@app.command()
def detector(
    sim_dir: Annotated[Path, typer.Argument(metavar="SIM_DIR", help="The --out of `simulate`.")],
    cameras: Annotated[
        Path | None, typer.Option("--cameras", help="Real people: calibrated cameras to compare.")
    ] = None,
    every: Annotated[int, typer.Option("--every", help="Take every n-th frame.")] = 5,
    json: Json = False,
) -> None:
    """Do the networks see simulated people as they see real ones?"""
    from groupcoach.evaluate.detector import detector_lines, detector_table, evaluate_detector

    result = evaluate_detector(sim_dir, cameras, every, say=notice)
    show(detector_table(result))
    for line in detector_lines(result):
        say(line)
    if json:
        print_json(result)
