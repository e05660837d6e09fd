"""The words of a cue: the exercise's own text, the studio's in its place, praise and milestones. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CueTexts:
    """Sentences by key and language."""

    lines: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """``praise``, ``halfway``, ``last_three``, ``done``, ``everyone`` -> language -> sentences that take turns."""
    faults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The studio's own: ``exercise.code`` -> language -> sentence."""

    def line(self, key: str, language: str, turn: int = 0) -> tuple[str, str]:
        """A sentence and its language, the ``turn``-th of those that take turns; the key in plain words if unknown."""
        known = self.lines.get(key, {})
        for choice in (language, "en"):
            if said := known.get(choice):
                return said[turn % len(said)], choice
        return key.replace("_", " "), "en"

    def fault(self, fault: Mapping[str, Any], language: str) -> tuple[str, str]:
        """What to say of a fault and in which language: the class's, else English, else the code in plain words.

        Args:
            fault: ``data`` of a ``fault_found`` event.
            language: wanted.
        """
        own = self.faults.get(f"{fault.get('exercise')}.{fault['code']}", {})
        texts: Mapping[str, str] = {**(fault.get("text") or {}), **own}
        for choice in (language, "en"):
            if texts.get(choice):
                return texts[choice], choice
        return str(fault["code"]).replace("_", " "), "en"
