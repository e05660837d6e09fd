"""The shape of a session record: made, found, or brought up to date by the steps in ``migrations``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, inspect, select, text

from groupcoach.errors import RecordError
from groupcoach.store import tables
from groupcoach.store.database import shown

HEAD: Final = "0002"
"""The last step; its number is ``tables.VERSION``."""
_STEPS: Final = Path(__file__).with_name("migrations")


def bring_up_to_date(connection: Connection, url: str) -> None:
    """Make the tables in an empty database, or take those of an older record through the steps that it lacks.

    Args:
        connection: within a transaction; what fails is undone with it where the database can.
        url: for messages.

    Raises:
        RecordError: the record is of a newer groupcoach.
    """
    step, version = _found(connection)
    if version is not None and version > tables.VERSION:
        raise RecordError(
            f"The record {shown(url)} was made by a newer groupcoach (version {version} of its tables, this program "
            f"knows {tables.VERSION}): update groupcoach, or give another database with --db."
        )
    if step == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _found(connection: Connection) -> tuple[str | None, int | None]:
    """The last step that the record took, and the number of its shape; None where it has none."""
    there = inspect(connection).get_table_names()
    step = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if (
        "alembic_version" in there) else None  # fmt: skip
    version = connection.execute(select(func.max(tables.schema_version.c.version))).scalar() if (
        "schema_version" in there) else None  # fmt: skip
    return (str(step) if step else None), (int(version) if version is not None else None)
