"""``groupcoach exercises``: the catalogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groupcoach.commands.console import group, notice, say, show
from groupcoach.errors import ConfigError, near_miss

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

app = group("The catalogue of exercises.")


@app.command(name="list")
def list_() -> None:
    """Every exercise that is known."""
    from rich.table import Table

    from groupcoach.exercises.catalogue import load_catalogue

    table = Table("Id", "Name", "", "Counted by", "Faults", "Also called")
    for one in load_catalogue():
        drive = ", ".join(one.count.drive)
        counted = drive if one.count.method == "range" else f"{one.count.method} {drive}".strip()
        faults = ", ".join(rule.code for rule in one.fault)
        table.add_row(one.id, one.names.en, one.names.ko, counted, faults, ", ".join(one.aliases))
    show(table)


@app.command(name="show")
def show_(name: Annotated[str, typer.Argument(help="Id or another name of the exercise.")]) -> None:
    """How one exercise is counted and what is a fault in it."""
    from rich.table import Table

    from groupcoach.exercises.catalogue import load_catalogue

    catalogue = load_catalogue()
    one = catalogue.by_alias(name)
    if one is None:
        raise ConfigError(
            f"No exercise is called {name!r}.{near_miss(name, catalogue.ids)} The catalogue has: "
            f"{', '.join(catalogue.ids)}."
        )
    say(f"{one.id}: {one.names.en}, {one.names.ko} (source: {one.source})")
    for field, value in one.count.model_dump(exclude_none=True).items():
        if value != ():
            say(f"  {field}: {', '.join(value) if isinstance(value, tuple) else value}")
    for field, ranges in (("gate", one.gate), ("at the turn", one.turn)):
        for measure, (low, high) in ranges.items():
            say(f"  {field}: {measure} {low:g} to {high:g}")
    if one.template is not None:
        say(f"  template: {', '.join(f'{angle} {deg:g}' for angle, deg in one.template.angles.items())} degrees")
    table = Table("Fault", "Joint", "Measure", "At", "Limit", "Margin", "Seen from", "What is said", "Source")
    for rule in one.fault:
        limit = f"above {rule.above:g}" if rule.above is not None else f"below {rule.below:g}"
        table.add_row(
            rule.code, rule.joint, rule.measure, rule.at, f"{limit} {rule.unit}", f"{rule.margin:g}",
            ", ".join(rule.views), f"{rule.text.en} / {rule.text.ko}", rule.source,
        )  # fmt: skip
    if one.fault:
        show(table)


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Definition files; without, the whole catalogue.")] = None,
) -> None:
    """Read definitions and say what is wrong in them."""
    from groupcoach.exercises.catalogue import load_catalogue, read_definition

    for path in files or []:
        say(f"{path}: {read_definition(path).id} is sound")
    if not files:
        say(f"{len(load_catalogue().ids)} exercises are sound")


def learn(
    name: Annotated[str, typer.Argument(help="Id for the exercise, such as goblet_squat.")],
    photos: Annotated[list[Path], typer.Argument(help="Photos or clips of good form, one person in each.")],
    out: Annotated[Path | None, typer.Option("--out", help="Definition to write; else NAME.toml.")] = None,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="Picture (.png) of what was used.")] = None,
) -> None:
    """Reference angles of an exercise from photos or clips of good form: a definition counted by its template."""
    from rich.console import Console
    from rich.progress import track

    from groupcoach.exercises.catalogue import read_definition
    from groupcoach.exercises.learn import Sample, contact_sheet, definition_text, learn, samples_of, template_angles

    out = out or Path(f"{name}.toml")
    _check_target(name, out, sheet)
    from groupcoach.exercises.look import Stages

    stages = Stages()
    samples: list[Sample] = []
    skipped: list[tuple[str, str]] = []
    console = Console(stderr=True)
    for photo in track(photos, "pictures", console=console, disable=not console.is_terminal, transient=True):
        got, left = samples_of([photo], stages)
        samples, skipped = samples + got, skipped + left
    for file, why in skipped:
        notice(f"Skipped {file}: {why}.")
    learned = learn(samples, skipped)
    angles = template_angles(learned)
    text = definition_text(out.stem.lower(), learned, angles)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        if sheet is not None:
            _write_picture(sheet, contact_sheet(learned))
    except OSError as bad:
        raise ConfigError(f"{bad.filename or out} cannot be written ({bad.strerror}). Choose another place.") from bad
    read_definition(out)
    say(f"{out}: from {len(learned.used)} pictures, {sum(learned.turned)} of them turned to the same lead side")
    for angle in angles:
        say(f"  {angle}: {learned.mean_deg[angle]:.1f} +- {learned.spread_deg[angle]:.1f} degrees")
    for angle, many in learned.dropped.items():
        if angle in angles:
            say(f"  {angle}: {many} left out, far from the rest")
    if sheet is not None:
        say(f"  what was used: {sheet}")


def _check_target(name: str, out: Path, sheet: Path | None) -> None:
    """Refuse before the minutes of work what could not be written afterwards."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(
            f"{name!r} is no exercise id: small letters, digits and _ only, as in goblet_squat. Choose such a name."
        )
    if out.suffix != ".toml" or not re.fullmatch(r"[a-z][a-z0-9_]*", out.stem.lower()):
        raise ConfigError(f"--out {out}: a definition is a .toml file named like an exercise id, such as {name}.toml.")
    if sheet is not None and sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise ConfigError(f"--sheet {sheet}: give a picture file, such as {name}.png.")


def _write_picture(path: Path, image: NDArray[np.uint8]) -> None:
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not ok:
        raise ConfigError(f"{path} cannot be written as a picture. Choose another name.")
    path.write_bytes(data.tobytes())
