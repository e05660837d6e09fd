"""Opening a database by its URL, and its errors as one paragraph, told without passwords."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from groupcoach.errors import RecordError

#: ``secure_delete`` overwrites what is erased; ``synchronous=NORMAL`` cannot damage a file in write-ahead mode.
PRAGMAS: list[str] = [
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA busy_timeout=5000",
]


def connect(url: str) -> Engine:
    """An engine for the address; folders of an SQLite file are made."""
    try:
        address = make_url(url)
        engine = create_engine(address)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise RecordError(
            f"The database address {shown(url)} cannot be used ({_first_line(error)}): give one like "
            "sqlite:///folder/session.db or postgresql+psycopg://user@host/name, and install that database's driver."
        ) from error
    if engine.dialect.name == "sqlite":
        if address.database and address.database != ":memory:":
            folder = Path(address.database).parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise record_error("open", url, error) from error

        @sqlalchemy_event.listens_for(engine, "connect")
        def _prepare(connection: Any, _: Any) -> None:
            for pragma in PRAGMAS:
                connection.execute(pragma)

    return engine


def shown(url: str) -> str:
    """The address without a password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(url)


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0][:200]


def record_error(doing: str, url: str, error: BaseException) -> RecordError:
    """The paragraph for a database that failed while ``doing`` something."""
    return RecordError(
        f"Cannot {doing} the session record {shown(url)} ({_first_line(error)}): see that the folder exists, is "
        "writable and has room, or give another place with --db. What was recorded until now is kept and readable."
    )
