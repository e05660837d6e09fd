"""``groupcoach exercises``: the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groupcoach.commands.console import group, say, show
from groupcoach.errors import ConfigError, near_miss

app = group("The catalogue of exercises.")


@app.command(name="list")
def list_() -> None:
    """Every exercise that is known."""
    from rich.table import Table

    from groupcoach.exercises.catalogue import load_catalogue

    table = Table("Id", "Name", "", "Counted by", "Faults", "Also called")
    for one in load_catalogue():
        counted = ", ".join(one.count.drive) if one.count.method == "range" else one.count.method
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
        say(f"  {field}: {', '.join(value) if isinstance(value, tuple) else value}")
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
