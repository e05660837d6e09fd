"""The machine's secret that codes of named people come from: codes stay good when the engine is started again."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path
from typing import Final

KEY_LIVES_S: Final = 12 * 3600.0


def lasting_key(path: Path | None = None) -> bytes:
    """This machine's secret for codes, new when older than ``KEY_LIVES_S``; one for this run where it cannot be kept.

    Args:
        path: of the file; None: ``phone.key`` in the user's state folder.
    """
    if path is None:
        from platformdirs import user_state_dir

        path = Path(user_state_dir("groupcoach", appauthor=False)) / "phone.key"
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime < KEY_LIVES_S and len(key := path.read_bytes()) == 32:
            return key
    key = secrets.token_bytes(32)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
    return key
