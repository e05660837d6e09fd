"""What every command shares: the two consoles, the last line of JSON, and one paragraph instead of a traceback."""

from __future__ import annotations

import json
from typing import Any

import typer
from typer.core import TyperGroup

from groupcoach.errors import GroupCoachError


def say(text: str = "") -> None:
    """One line on standard output."""
    typer.echo(text)


def complain(text: str) -> None:
    """One paragraph on standard error."""
    typer.secho(text, err=True, fg=typer.colors.RED)


def notice(text: str) -> None:
    """Something worth knowing that stopped nothing, on standard error."""
    typer.secho(text, err=True, fg=typer.colors.YELLOW)


def show(thing: Any) -> None:
    """A rich table on standard output; a pipe gets it wide enough that no cell is broken."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(thing)


def print_json(value: Any) -> None:
    """One object on one line, last on standard output; NaN becomes null."""
    from groupcoach.store.run_dir import to_json

    typer.echo(json.dumps(to_json(value), ensure_ascii=False, allow_nan=False))


class Paragraphs(TyperGroup):
    """A command group in which an error that a person can mend prints one paragraph and exits 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; only a bug leaves a traceback."""
        try:
            return super().invoke(ctx)
        except GroupCoachError as error:
            complain(str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            complain("Stopped. What was recorded until then is kept.")
            raise typer.Exit(130) from None


def group(help_text: str) -> typer.Typer:
    """A command with commands below it."""
    return typer.Typer(help=help_text, no_args_is_help=True, cls=Paragraphs, pretty_exceptions_enable=False)


def not_yet(what: str) -> None:
    """Refuse clearly.

    Raises:
        GroupCoachError: Always.
    """
    raise GroupCoachError(f"{what} is not built yet in this version of groupcoach. `groupcoach --help` lists the rest.")
