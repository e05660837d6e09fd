"""Where files of our own lie: ``models/`` of a checkout, ``groupcoach/models`` of an installation."""

from __future__ import annotations

from pathlib import Path


def shipped(name: str) -> Path:
    """The path of ``models/NAME``, whether it exists or not."""
    package = Path(__file__).resolve().parent
    inside = package / "models" / name
    return inside if inside.exists() else package.parent / "models" / name
