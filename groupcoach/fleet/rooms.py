"""``FLEET.toml``: which rooms there are.

    out = "fleet"                    # each room's record lies in a folder of its own below it
    db = "postgresql+psycopg://coach@records/groupcoach_{room}"   # instead of SQLite there; a database for each room
    detector = "shared"              # one detector for all rooms of a Ray cluster; "own" (the default): each has one

    [[room]]
    name = "Studio 1"
    source = "rtsp://10.0.0.21/main"
    roster = "studio1.toml"
    plan = "hour.toml"
    language = "ko"

Over several machines ``out`` must be a folder that all of them reach, or ``db`` be given: a room that moves to another
machine goes on from its record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from groupcoach.config import read_toml
from groupcoach.errors import ConfigError, near_miss

_FIELDS: Final = ("name", "source", "roster", "plan", "language", "pace")
_TOP: Final = ("out", "db", "detector", "room")
_CHOICES: Final = {"language": ("en", "ko"), "pace": ("live", "max"), "detector": ("own", "shared")}


@dataclass(frozen=True, slots=True)
class Room:
    """One camera and its class. Only plain values: it travels to other processes and machines."""

    name: str
    key: str
    """The name as a folder and a database can have it."""
    source: str
    out: str
    db: str | None = None
    roster: str | None = None
    plan: str | None = None
    language: str = "en"
    pace: str = "live"

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All rooms."""

    rooms: tuple[Room, ...]
    shared_detector: bool = False


def key_of(name: str) -> str:
    """``Studio 1`` -> ``studio_1``; letters of every script stay."""
    return re.sub(r"[^\w]+", "_", name.strip().lower()).strip("_")


def load_fleet(path: Path) -> Fleet:
    """Read and check ``FLEET.toml``; paths in it are relative to its folder.

    Raises:
        ConfigError: naming file, room and field.
    """
    data = read_toml(path)
    _known(str(path), data, _TOP)
    out, db = _text(str(path), data, "out") or "fleet", _text(str(path), data, "db")
    if db is not None and "{room}" not in db:
        raise ConfigError(f"{path}: db needs {{room}} in it, such as .../groupcoach_{{room}}: each room has its own.")
    tables = data.get("room")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise ConfigError(f'{path} has no room. Add one: [[room]], name = "Studio 1", source = "rtsp://...".')
    rooms: dict[str, Room] = {}
    for number, table in enumerate(tables, 1):
        where = f"{path}, [[room]] {number}"
        _known(where, table, _FIELDS)
        name, source = _text(where, table, "name"), _text(where, table, "source")
        if not name or not key_of(name) or not source:
            raise ConfigError(f"{where}: name and source are needed.")
        key = key_of(name)
        if key in rooms:
            raise ConfigError(f"{where}: there is a room {rooms[key].name!r} already; names must differ in letters.")
        beside = {field: _beside(path, _text(where, table, field)) for field in ("roster", "plan")}
        chosen = {field: _text(where, table, field) for field in ("language", "pace") if field in table}
        rooms[key] = Room(
            name, key, _source(path, source), str((path.parent / out / key).resolve()),
            db.replace("{room}", key) if db is not None else None, **beside, **chosen,  # type: ignore[arg-type]
        )  # fmt: skip
    return Fleet(tuple(rooms.values()), _text(str(path), data, "detector") == "shared")


def _source(path: Path, source: str) -> str:
    """Files are named from the folder of the file that names them."""
    if source.isdigit() or "://" in source:
        return source
    loop, file = ("loop:", source.removeprefix("loop:")) if source.startswith("loop:") else ("", source)
    return f"{loop}{(path.parent / file).resolve()}"


def _beside(path: Path, name: str | None) -> str | None:
    return str((path.parent / name).resolve()) if name is not None else None


def _known(where: str, table: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    for name in table:
        if name not in fields:
            raise ConfigError(f"{where}: there is no field {name!r}.{near_miss(name, fields)} {', '.join(fields)}.")


def _text(where: str, table: Mapping[str, Any], field: str) -> str | None:
    value = table.get(field)
    if field == "source" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a camera's number
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{where}: {field} must be text in quotes.")
    if value is not None and value not in _CHOICES.get(field, (value,)):
        raise ConfigError(f"{where}: {field} = {value!r}; choose {' or '.join(_CHOICES[field])}.")
    return value
