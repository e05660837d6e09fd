"""``groupcoach voices``: which voices this machine has, which one speaks which language, and how one sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from groupcoach.commands.console import notice, say, show

if TYPE_CHECKING:
    from rich.table import Table

    from groupcoach.cues.trial import VoiceRow

CLASS_LANGUAGES = ("en", "ko")


def voices(
    text: Annotated[str | None, typer.Option("--try", metavar="TEXT", help="Say this, a name for example.")] = None,
    language: Annotated[Literal["en", "ko"], typer.Option("--language", help="Of the class.")] = "en",
    everything: Annotated[bool, typer.Option("--all", help="List voices of all languages.")] = False,
) -> None:
    """List the voices for the room's loudspeaker, or try one."""
    from groupcoach.cues.settings import load_settings, settings_path
    from groupcoach.cues.trial import list_voices, try_voice

    settings = load_settings()
    if text is not None:
        say(f"Said in {try_voice(text, settings.setup(language)):.1f} s.")
        return
    rows, used = list_voices(settings.setup(language))
    shown = [row for row in rows if everything or any(n.split("-")[0] in CLASS_LANGUAGES for n in row.languages)]
    show(_table(shown, used))
    if len(shown) < len(rows):
        say(f"{len(rows) - len(shown)} voices of other languages: groupcoach voices --all")
    for wanted in CLASS_LANGUAGES:
        if wanted not in used:
            notice(f"No voice speaks {wanted!r} here: in that language cues are shown, not spoken.")
    path = settings_path()
    say(f"Voices, texts and sound outputs of your own: {path}{'' if path.is_file() else ' (not there yet)'}")


def _table(rows: Sequence[VoiceRow], used: Mapping[str, str]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table("voice", "name", "languages", "speaks")
    for row in rows:
        speaks = ", ".join(lang for lang, voice in used.items() if voice == row.id)
        table.add_row(escape(row.id), escape(row.name), escape(" ".join(row.languages)), speaks)
    return table
