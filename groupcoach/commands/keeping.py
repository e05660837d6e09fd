"""``groupcoach keep``: a class whose engine is started again when it crashes."""

from __future__ import annotations

from pathlib import Path

import typer

from groupcoach.commands.console import notice

#: What stands after it is the other command's.
SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


def keep(context: typer.Context) -> None:
    """Run a class and start it again when its engine crashes, with its counts: groupcoach keep class 0 --out DIR.

    The class's own options follow; --out or --db is needed, because the counts come back from the record. After five
    crashes within a minute the pauses grow from 30 seconds to ten minutes.
    """
    from groupcoach.supervise import keep_up

    words = list(context.args)
    if not words or words[0] not in ("run", "class"):
        raise typer.BadParameter("give the command to keep up: groupcoach keep class 0 --out DIR.")
    out, db = _value(words, "--out"), _value(words, "--db")
    if out is None and db is None:
        raise typer.BadParameter("give --out or --db: after a crash the class goes on from its record.")
    raise typer.Exit(keep_up(words, Path(out) if out is not None else None, db, notice))


def _value(words: list[str], option: str) -> str | None:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == option:
            return following or None
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
