"""``groupcoach password``: what the instructor signs in with when the engine listens beyond this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from groupcoach.commands.console import say


def password(
    remove: Annotated[bool, typer.Option("--remove", help="Forget it: the engine stays on this machine.")] = False,
) -> None:
    """Set the instructor's password (it is asked for twice and kept as a hash), for `groupcoach class --listen`."""
    from groupcoach.serve.access import LEAST, password_path, remove_password, set_password

    if remove:
        say("Forgotten." if remove_password() else f"There was none in {password_path()}.")
        return
    # never as an argument: those are seen in the list of processes and kept by the shell
    text = typer.prompt(f"Instructor's password, {LEAST} characters or more", hide_input=True, confirmation_prompt=True)
    say(f"Set. Its hash is in {set_password(text)}; a running engine takes it at its next start.")
