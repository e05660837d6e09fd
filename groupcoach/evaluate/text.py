"""Figures as words; a dash for what is not known."""

from __future__ import annotations


def percent(value: float | None) -> str:
    """``93 %``."""
    return "-" if value is None else f"{100 * value:.0f} %"


def figure(value: float | None, digits: int = 2) -> str:
    """``0.93``."""
    return "-" if value is None else f"{value:.{digits}f}"
