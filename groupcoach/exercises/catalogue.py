"""The exercise definitions: read, checked field by field, found by id or by any of their names."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from groupcoach.errors import ConfigError, near_miss
from groupcoach.measures import MEASURES
from groupcoach.skeleton import ANGLES, JOINTS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]  # only installed below Python 3.11

LANGUAGES = ("en", "ko")
View = Literal["front", "back", "side", "oblique"]
_SIDED = {name.removeprefix("left_") for name in (*JOINTS, *ANGLES) if name.startswith("left_")}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Texts(_Table):
    """One text in each language."""

    en: str = Field(min_length=1, max_length=60)
    ko: str = Field(min_length=1, max_length=60)

    def get(self, language: str) -> str:
        """The text in ``language``, English where there is none."""
        return self.ko if language == "ko" else self.en

    def as_dict(self) -> dict[str, str]:
        """Both, by language."""
        return {"en": self.en, "ko": self.ko}


class Count(_Table):
    """How a repetition is counted."""

    method: Literal["range", "template", "none"]
    drive: tuple[str, ...] = ()
    """Angles that go out and back once a repetition."""
    sides: Literal["together", "each"] = "together"
    """``together``: the drive is their mean, the better seen side counts more. ``each``: the side that is farther out,
    for what one arm can do alone."""
    rest: Literal["high", "low"] = "high"
    """Where the drive lies between repetitions."""
    min_range_deg: float = Field(default=30, gt=0, le=180)
    """Smaller excursions are none. Above it the person's own range decides."""
    turn_limit_deg: float | None = None
    """At the turn the drive is past this value."""
    rest_limit_deg: float | None = None
    """At rest the drive is beyond this value: arms that hang, not arms that gesture."""
    travels: bool = False
    """The exercise may go somewhere, as a walking lunge does; any other stays on its spot."""
    min_s: float = Field(default=0.4, gt=0)
    max_s: float = Field(default=10.0, gt=0)

    @model_validator(mode="after")
    def _whole(self) -> Count:
        for name in self.drive:
            if name not in ANGLES:
                raise ValueError(f"unknown angle {name!r}.{near_miss(name, ANGLES)}")
        if self.method == "range" and not self.drive:
            raise ValueError("method 'range' needs drive = [angles]")
        if self.min_s >= self.max_s:
            raise ValueError(f"limits cross: min_s {self.min_s} is not below max_s {self.max_s}")
        return self


class Template(_Table):
    """The source method's reference posture."""

    angles: dict[str, float]
    enter_deg: float = Field(gt=0)
    count_deg: float = Field(gt=0)
    hold_s: float = Field(gt=0)

    @model_validator(mode="after")
    def _whole(self) -> Template:
        for name in self.angles:
            if name not in ANGLES:
                raise ValueError(f"unknown angle {name!r}.{near_miss(name, ANGLES)}")
        if self.count_deg >= self.enter_deg:
            raise ValueError(f"limits cross: count_deg {self.count_deg} is not below enter_deg {self.enter_deg}")
        return self


class FaultRule(_Table):
    """One thing that can be wrong, and what is said about it."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    joint: str
    measure: str
    at: Literal["turn", "worst", "range"]
    """At the turn, at its worst moment, or its change over the repetition."""
    above: float | None = None
    below: float | None = None
    margin: float = Field(gt=0)
    """Of the measurement: the limit must be passed by more, and a reading less sure than twice this stays silent."""
    unit: Literal["deg", "torso"] = "deg"
    priority: int = Field(ge=0, le=9)
    dangerous: bool = False
    views: tuple[View, ...] = ("front", "back", "side", "oblique")
    source: str
    text: Texts

    @model_validator(mode="after")
    def _whole(self) -> FaultRule:
        if self.measure not in MEASURES:
            raise ValueError(f"unknown measure {self.measure!r}.{near_miss(self.measure, MEASURES)}")
        if self.joint not in JOINTS and self.joint not in _SIDED:
            raise ValueError(f"unknown joint {self.joint!r}.{near_miss(self.joint, [*JOINTS, *_SIDED])}")
        if (self.above is None) == (self.below is None):
            raise ValueError("give either above or below")
        return self


class Definition(_Table):
    """One exercise."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    names: Texts
    aliases: tuple[str, ...] = ()
    source: str
    count: Count
    gate: dict[str, tuple[float, float]] = {}
    """Measures whose median over a repetition must lie in a range."""
    template: Template | None = None
    fault: tuple[FaultRule, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Definition:
        for name, (low, high) in self.gate.items():
            if name not in MEASURES:
                raise ValueError(f"gate: unknown measure {name!r}.{near_miss(name, MEASURES)}")
            if low >= high:
                raise ValueError(f"gate.{name}: limits cross: {low} is not below {high}")
        codes = [rule.code for rule in self.fault]
        if len(set(codes)) < len(codes):
            raise ValueError("two faults share a code")
        if self.count.method == "template" and self.template is None:
            raise ValueError("method 'template' needs a [template] table")
        return self

    def rule(self, code: str) -> FaultRule:
        """The fault rule with that code."""
        return next(rule for rule in self.fault if rule.code == code)


def _plain(text: str) -> str:
    """A free name as it is compared: lower case, no brackets, one blank between words."""
    text = re.sub(r"\(.*?\)", " ", text.lower())
    return " ".join(re.sub(r"[-_/]", " ", text).split())


@dataclass(frozen=True)
class Catalogue:
    """All definitions by id."""

    definitions: dict[str, Definition]

    @property
    def ids(self) -> tuple[str, ...]:
        """Every exercise id, sorted."""
        return tuple(self.definitions)

    @property
    def counted(self) -> tuple[Definition, ...]:
        """Those that have repetitions."""
        return tuple(d for d in self.definitions.values() if d.count.method != "none")

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.definitions.values())

    def get(self, exercise: str) -> Definition:
        """By id.

        Raises:
            ConfigError: unknown id, with the near miss.
        """
        if exercise not in self.definitions:
            raise ConfigError(
                f"Unknown exercise {exercise!r}.{near_miss(exercise, self.ids)} Known: {', '.join(self.ids)}."
            )
        return self.definitions[exercise]

    def by_alias(self, text: str) -> Definition | None:
        """The definition that a free name such as ``reverse lunge (alternating)`` means, or None."""
        plain = _plain(text)
        for d in self:
            if plain in {_plain(n) for n in (d.id, d.names.en, d.names.ko, *d.aliases)}:
                return d
        return None


def read_definition(path: Path) -> Definition:
    """One file.

    Raises:
        ConfigError: not TOML, or a field that is wrong; says which.
    """
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as bad:
        raise ConfigError(f"{path}: cannot be read as an exercise definition: {bad}.") from bad
    try:
        definition = Definition.model_validate(data)
    except ValidationError as bad:
        first = bad.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        what = first["msg"].removeprefix("Value error, ")
        fields = (*Definition.model_fields, *FaultRule.model_fields, *Count.model_fields)
        hint = near_miss(str(first["loc"][-1]), fields) if first["type"] == "extra_forbidden" else ""
        raise ConfigError(f"{path.name}: {where}: {what}.{hint} Mend the field and try again.") from bad
    if definition.id != path.stem:
        raise ConfigError(f"{path.name}: id is {definition.id!r}; it must be the file's name, {path.stem!r}.")
    return definition


@lru_cache(maxsize=8)
def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Every ``*.toml`` of a folder (the shipped ones by default), checked."""
    folder = folder or Path(__file__).parent
    found = sorted(folder.glob("*.toml"))
    if not found:
        raise ConfigError(f"{folder}: no exercise definition (*.toml) in this folder.")
    return Catalogue({d.id: d for d in map(read_definition, found)})
