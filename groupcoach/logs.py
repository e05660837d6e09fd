"""A log for machines to read: one JSON object a line. Silent until somebody asks for it.

    {"time": "2026-03-01T18:00:04.512+00:00", "level": "warning", "event": "camera_stopped", "camera": "camera 0", ...}

``GROUPCOACH_LOG`` (or ``groupcoach --log``) gives the lowest level that is written: ``error``, ``warning``, ``info`` or
``debug``; without it nothing is. The lines go to standard error, or to the end of the file in ``GROUPCOACH_LOG_FILE``.
What people should read is a notice, not a log line; of people only their numbers are logged, never a name.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from groupcoach.errors import ConfigError, near_miss

LEVEL_VARIABLE: Final = "GROUPCOACH_LOG"
FILE_VARIABLE: Final = "GROUPCOACH_LOG_FILE"
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_LOGGER: Final = logging.getLogger("groupcoach")
_LOGGER.addHandler(logging.NullHandler())  # else Python prints warnings to standard error by itself
_LOGGER.propagate = False


def log(level: str, event: str, **fields: Any) -> None:
    """Note that something happened.

    Args:
        level: a key of ``LEVELS``.
        event: what, in words_like_these, the same ones each time.
        fields: plain values that say more.
    """
    _LOGGER.log(LEVELS[level], event, extra={"fields": fields})


def set_up(level: str | None = None, file: str | None = None) -> None:
    """Begin to write, as the arguments or else the environment ask; may be called again.

    Raises:
        ConfigError: there is no such level, or the file cannot be written.
    """
    level = level or os.environ.get(LEVEL_VARIABLE) or ""
    file = file or os.environ.get(FILE_VARIABLE) or ""
    for old in [h for h in _LOGGER.handlers if not isinstance(h, logging.NullHandler)]:
        _LOGGER.removeHandler(old)
        if isinstance(old, logging.FileHandler):
            old.close()
    if not level:
        return
    if level.lower() not in LEVELS:
        raise ConfigError(f"The log level {level!r}: choose {', '.join(LEVELS)}.{near_miss(level.lower(), [*LEVELS])}")
    try:
        handler = logging.FileHandler(Path(file), encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    except OSError as error:
        raise ConfigError(f"The log {file} cannot be written ({error.strerror}): change {FILE_VARIABLE}.") from error
    handler.setFormatter(_JsonLines())
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(LEVELS[level.lower()])
    # whoever is started from here (the dashboard, a room's engine) logs the same way
    os.environ[LEVEL_VARIABLE] = level
    if file:
        os.environ[FILE_VARIABLE] = file


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        line = {"time": when, "level": record.levelname.lower(), "event": record.getMessage(), "pid": record.process}
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
