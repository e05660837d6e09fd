"""The instructor's password and who has signed in with it. Needed as soon as the engine listens beyond this machine.

The password is set by ``groupcoach password`` and kept as an Argon2id hash in a file of the user's. Whoever signs in
gets a random token in a cookie; here only its digest is kept, with the time at which it ends. The unknown is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from groupcoach.errors import ConfigError

COOKIE: Final = "groupcoach_session"
VARIABLE: Final = "GROUPCOACH_PASSWORD_FILE"
LEAST: Final = 10
"""Characters of a password ..."""
MOST: Final = 200
LIVES_S: Final = 12 * 3600.0
"""A day in the studio, then the password is asked again; ..."""
IDLE_S: Final = 2 * 3600.0
"""... also after so long without a request."""
MOST_SESSIONS: Final = 64
TRIES: Final = "5 per minute"
"""Wrong passwords from one address ..."""
TRIES_IN_ALL: Final = "30 per minute"
"""... and from everywhere."""


def password_path() -> Path:
    """Where the hash is kept, there or not."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    from platformdirs import user_config_dir

    return Path(user_config_dir("groupcoach", appauthor=False)) / "instructor.password"


def set_password(password: str, path: Path | None = None) -> Path:
    """Keep a new password; sessions of running engines are not ended by it.

    Raises:
        ConfigError: too short, too long, or the file cannot be written.
    """
    from argon2 import PasswordHasher

    if not LEAST <= len(password) <= MOST:
        raise ConfigError(f"A password has {LEAST} to {MOST} characters; this one has {len(password)}. Take another.")
    path = path or password_path()
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(PasswordHasher().hash(password) + "\n")
        new.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise ConfigError(f"{path} cannot be written ({error.strerror}). Name another file with {VARIABLE}.") from error
    return path


def remove_password(path: Path | None = None) -> bool:
    """Forget the password: the engine then listens on this machine only. False when there was none."""
    path = path or password_path()
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def kept_hash(path: Path | None = None) -> str:
    """The hash.

    Raises:
        ConfigError: no password was set, or the file is no hash of ours.
    """
    path = path or password_path()
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise ConfigError(
            "To be reached from other machines the engine needs an instructor's password, and none is set: "
            "run `groupcoach password` once, or leave out --listen."
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}). Set the password again: `groupcoach password`.") from error
    if not text.startswith("$argon2id$"):
        raise ConfigError(f"{path} holds no password of groupcoach. Set it again: `groupcoach password`.")
    return text


class Sessions:
    """Who has signed in. Any number of threads may ask."""

    def __init__(self, password_hash: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has; ``clock`` gives seconds."""
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self.page_port: int | None = None
        """Of the dashboard, where a browser goes on after signing in."""
        self._hash, self._clock = password_hash, clock
        self._lock, self._verifying = threading.Lock(), threading.Lock()
        self._ends: dict[bytes, tuple[float, float]] = {}
        """Digest of a token -> when it ends in any case, and when it was last used."""
        self._tries = MovingWindowRateLimiter(MemoryStorage())
        self._each, self._all = parse(TRIES), parse(TRIES_IN_ALL)

    def may_try(self, address: str) -> bool:
        """Whether another password may be tried from there now; asking counts as trying."""
        return self._tries.hit(self._each, "each", address) and self._tries.hit(self._all, "all")

    def sign_in(self, password: str) -> str | None:
        """A new token for the right password; None for a wrong one. Takes some tens of milliseconds."""
        from argon2 import PasswordHasher
        from argon2.exceptions import Argon2Error, InvalidHashError

        if len(password) > MOST:
            return None
        try:
            with self._verifying:  # one at a time: each takes 64 MB
                PasswordHasher().verify(self._hash, password)
        except (Argon2Error, InvalidHashError):
            return None
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._sweep(now)
            while len(self._ends) >= MOST_SESSIONS:  # the one that was used longest ago
                self._ends.pop(min(self._ends, key=lambda digest: self._ends[digest][1]))
            self._ends[_digest(token)] = (now + LIVES_S, now)
        return token

    def valid(self, token: str | None) -> bool:
        """Whether a token is of somebody who has signed in; it counts as used."""
        if not token:
            return False
        digest, now = _digest(token), self._clock()
        with self._lock:
            self._sweep(now)
            if digest not in self._ends:
                return False
            self._ends[digest] = (self._ends[digest][0], now)
        return True

    def sign_out(self, token: str | None) -> None:
        """End a session."""
        with self._lock:
            self._ends.pop(_digest(token or ""), None)

    def _sweep(self, now: float) -> None:
        over = [digest for digest, (ends, used) in self._ends.items() if now >= ends or now - used >= IDLE_S]
        for digest in over:
            del self._ends[digest]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
