"""``groupcoach simulate``: a rendered class with exact truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from groupcoach.commands.console import say


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for class.mp4, truth.json and truth.npz.")],
    people: Annotated[int, typer.Option("--people", help="How many.")] = 4,
    seconds: Annotated[float, typer.Option("--seconds", help="How long.")] = 20.0,
    exercises: Annotated[str | None, typer.Option("--exercises", help="Ids, with commas.")] = None,
    faults: Annotated[str, typer.Option("--faults", help="Fault codes that some show, with commas.")] = "",
    crossings: Annotated[
        int, typer.Option("--crossings", help="How often people change spots or walk round others.")
    ] = 0,
    absences: Annotated[int, typer.Option("--absences", help="How often somebody leaves and returns.")] = 0,
    instructor: Annotated[
        bool, typer.Option("--instructor/--no-instructor", help="One who walks about and shows.")
    ] = False,
    uniform: Annotated[bool, typer.Option("--uniform/--no-uniform", help="Everybody dressed alike.")] = False,
    mirror: Annotated[bool, typer.Option("--mirror/--no-mirror", help="A mirror on the back wall.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same class.")] = 0,
    size: Annotated[str, typer.Option("--size", help="WxH in pixels.")] = "1280x720",
    fps: Annotated[float, typer.Option("--fps", help="Frames a second.")] = 25.0,
    view: Annotated[
        Literal["front", "side", "oblique", "mixed"], typer.Option("--view", help="How people stand to the camera.")
    ] = "front",
) -> None:
    """Render a class that never existed, with its exact truth beside it."""
    from groupcoach.simulate.command import DEFAULT_EXERCISES
    from groupcoach.simulate.command import simulate as render

    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise typer.BadParameter(f"--size wants WxH, such as 1280x720; got {size!r}.")
    made = render(
        out, people=people, seconds=seconds, exercises=_words(exercises) if exercises else DEFAULT_EXERCISES,
        faults=_words(faults), crossings=crossings, absences=absences, instructor=instructor, uniform=uniform,
        mirror=mirror, seed=seed,
        size=(int(width), int(height)), fps=fps, view=view, progress=sys.stderr.isatty(),
    )  # fmt: skip
    say(f"{made.video}: {made.people} people, {made.frames} frames, {made.reps} repetitions; truth in {made.truth}")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
