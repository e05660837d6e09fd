"""A few of very many values, evenly spread over all that came: what a class of hours keeps of something. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Spread(Generic[Value]):
    """Every value, then every second, every fourth, ...: never fewer than half of ``most``, never more."""

    __slots__ = ("_came", "_every", "_most", "values")

    def __init__(self, most: int = 256) -> None:
        """Args: most: values that are kept, 2 or more."""
        self._most, self._every, self._came = most, 1, 0
        self.values: list[Value] = []
        """Oldest first."""

    def add(self, value: Value) -> None:
        """One more; kept if it is its turn."""
        if self._came % self._every == 0:
            if len(self.values) == self._most:
                del self.values[1::2]
                self._every *= 2
            if self._came % self._every == 0:
                self.values.append(value)
        self._came += 1
