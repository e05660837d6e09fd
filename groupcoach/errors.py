"""Everything a person can cause, as one tree of exceptions.

    GroupCoachError
    |-- SourceError        a video, camera or stream that cannot be read
    |-- ConfigError        a roster, plan, exercise definition or option with a wrong field
    |-- AssetError         a model file that is missing, of the wrong digest, or cannot be fetched
    |-- RecordError        a record (folder or database) that cannot be written or read
    `-- DataError          an array at a stage's door with a wrong shape or wrong values

Each message is one paragraph for a person: what happened, which file or field, where we looked,
and what to do about it. The command line prints it and exits 1; a traceback is a bug.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GroupCoachError(Exception):
    """Base of every error that a person can cause and can mend."""


class SourceError(GroupCoachError):
    """A video file, camera or stream that cannot be opened or read."""


class ConfigError(GroupCoachError):
    """A roster, plan, definition or option with a wrong field."""


class AssetError(GroupCoachError):
    """A model file that is missing, damaged, or cannot be fetched."""


class RecordError(GroupCoachError):
    """A run folder or database that cannot be written or read."""


class DataError(GroupCoachError, ValueError):
    """An array handed to a stage with a wrong shape or wrong values."""


def near_miss(word: str, known: Iterable[str]) -> str:
    """``" Did you mean 'lunge'?"`` when a known name is close to ``word``, else an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
