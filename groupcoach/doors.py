"""Who may look at a class, and the page on which they do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groupcoach.serve.access import Sessions


def sessions(listen: str) -> Sessions | None:
    """Who has signed in with the instructor's password; None where only this machine can ask.

    Raises:
        ConfigError: the engine is to listen beyond this machine, and no password is set.
    """
    from groupcoach.serve.guard import is_loopback

    if is_loopback(listen):
        return None
    from groupcoach.serve.access import Sessions, kept_hash

    return Sessions(kept_hash())


def open_dashboard(
    url: str, listen: str, known: Sessions | None, db: str | None, stack: contextlib.ExitStack
) -> list[str]:  # fmt: skip
    """Start the dashboard of a running engine; returns what the instructor should read.

    Args:
        url: of the engine.
        listen: address of the dashboard.
        known: who has signed in; None: nobody has to.
        db: address of the session record.
        stack: ends the dashboard with the class.
    """
    from dashboards.launch import launch

    page = launch(url, host=listen, open_browser=known is None, sign_in=known is not None, db=db)
    stack.callback(page.stop)
    said = [f"The dashboard is open on {page.url}"]
    if known is not None:
        known.page_port = page.port
        said.insert(0, f"Sign in on {url}/login")
    return said
