"""``groupcoach models``: model files and sample clips of the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from groupcoach.commands.console import complain, group, say, show

if TYPE_CHECKING:
    from groupcoach.assets import AssetStatus

app = group("Model files and sample clips of the manifest.")


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="What to fetch; without names, what a class needs.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The sets for measuring too.")] = False,
) -> None:
    """Fetch what is missing or damaged; the only command that downloads models."""
    from groupcoach import assets

    found = assets.pull(names or None, lambda name, text: say(f"{name}: {text}"), everything=everything)
    say(f"{len(found)} ready in {assets.cache_dir()}")


@app.command(name="list")
def list_() -> None:
    """Every file of the manifest, its licence, and whether it is here."""
    from groupcoach import assets

    _table(assets.status())


@app.command()
def verify() -> None:
    """Read every byte again; exits 1 when a file that is here is damaged."""
    from groupcoach import assets

    found = assets.verify()
    _table(found)
    damaged = [one for one in found if one.state not in ("ready", "missing")]
    if damaged:
        what = " ".join(f"{one.asset.name}: {one.detail}." for one in damaged)
        complain(f"{what} `groupcoach models pull` fetches it again.")
        raise typer.Exit(1)


@app.command()
def path(name: Annotated[str, typer.Argument(help="A name that `models list` shows.")]) -> None:
    """Print where one lies."""
    from groupcoach import assets

    say(str(assets.locate(name)))


def _table(found: Sequence[AssetStatus]) -> None:
    from rich.table import Table

    table = Table()
    for column in ("Name", "Size", "State", "Licence", "What"):
        table.add_column(column, justify="right" if column == "Size" else "left")
    for one in found:
        state = one.state if not one.detail else f"{one.state}: {one.detail}"
        table.add_row(one.asset.name, f"{one.asset.size / 1e6:.1f} MB", state, one.asset.licence, one.asset.about)
    show(table)
