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


#: What a rule may ask of the repetition as a whole.
OF_THE_REP = ("moving_s",)


def _check_ranges(field: str, ranges: dict[str, tuple[float, float]]) -> None:
    for name, (low, high) in ranges.items():
        if name not in MEASURES:
            raise ValueError(f"{field}: unknown measure {name!r}.{near_miss(name, MEASURES)}")
        if low >= high:
            raise ValueError(f"{field}.{name}: limits cross: {low} is not below {high}")


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

    method: Literal["range", "steps", "hold", "template", "none"]
    """``range``: out and back is one. ``steps``: the same for each side by itself. ``hold``: seconds, while the person
    does it and the gate is passed. ``template``: the source method's machine."""
    drive: tuple[str, ...] = ()
    """Angles (or one measure) that go out and back once a repetition; ``steps``: of each side, without its name."""
    sides: Literal["together", "each"] = "together"
    """``together``: the drive is their mean, the better seen side counts more. ``each``: the side that is farther out,
    for what one arm can do alone."""
    side_by: str | None = None
    """A measure whose sign at the turn says which side did it: above 0 the left, below the right."""
    ends_with: tuple[str, ...] = ()
    """Faults that end a hold."""
    rest: Literal["high", "low"] = "high"
    """Where the drive lies between repetitions."""
    min_range_deg: float = Field(default=30, gt=0, le=180)
    """Smaller excursions are none. Above it the person's own range decides."""
    max_range_deg: float = Field(default=180, gt=0, le=180)
    """Larger ones are another movement: hips that lie bent on a mat can not open by more than so much."""
    own_share: float = Field(default=0.4, gt=0, le=1)
    """Share of the person's usual range that makes a repetition: less is a fidget, more would lose the shallow one that
    is to be corrected."""
    turn_limit_deg: float | None = None
    """At the turn the drive is past this value."""
    rest_limit_deg: float | None = None
    """At rest the drive is beyond this value: arms that hang, not arms that gesture."""
    travels: bool = False
    """Hips that move across the picture do not mean that somebody walks by: a walking lunge goes somewhere."""
    min_s: float = Field(default=0.4, gt=0)
    max_s: float = Field(default=10.0, gt=0)

    @model_validator(mode="after")
    def _whole(self) -> Count:
        known = tuple(sorted(_SIDED & {a.removeprefix("left_") for a in ANGLES})) if self.method == "steps" else ANGLES
        for name in self.drive:
            if name not in known and not (self.drive == (name,) and name in MEASURES):
                raise ValueError(f"unknown angle {name!r}.{near_miss(name, (*known, *MEASURES))}")
        if self.method in ("range", "steps") and not self.drive:
            raise ValueError(f"method {self.method!r} needs drive = [angles]")
        if self.side_by is not None and self.side_by not in MEASURES:
            raise ValueError(f"side_by: unknown measure {self.side_by!r}.{near_miss(self.side_by, MEASURES)}")
        limits = (self.turn_limit_deg, self.rest_limit_deg)
        if None not in limits and (limits[0] > limits[1]) == (self.rest == "high"):  # type: ignore[operator]
            raise ValueError(f"limits cross: the turn ({limits[0]}) is not farther out than the rest ({limits[1]})")
        if self.min_range_deg >= self.max_range_deg:
            raise ValueError(f"limits cross: min_range_deg {self.min_range_deg} is not below {self.max_range_deg}")
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
        if not self.angles:
            raise ValueError("angles is empty")
        if self.count_deg >= self.enter_deg:
            raise ValueError(f"limits cross: count_deg {self.count_deg} is not below enter_deg {self.enter_deg}")
        return self


class FaultRule(_Table):
    """One thing that can be wrong, and what is said about it."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    joint: str
    measure: str
    at: Literal["turn", "worst", "range", "end", "whole"]
    """At the turn, at its worst moment, its change over the repetition, back at rest, or of the repetition as a whole
    (``moving_s``)."""
    own_side: bool = False
    """Of the side that does the repetition."""
    only: dict[str, tuple[float, float]] = {}
    """Looked at only in moments in which these measures lie in these ranges: a plank's line only in the plank."""
    above: float | None = None
    below: float | None = None
    margin: float = Field(gt=0)
    """Of the measurement: the limit must be passed by more, and a reading less sure than twice this stays silent."""
    bias: float = 0.0
    """By so much the measure is read too high where the rule looks (too low: negative): taken off before it judges."""
    unit: Literal["deg", "torso", "s"] = "deg"
    priority: int = Field(ge=0, le=9)
    dangerous: bool = False
    views: tuple[View, ...] = ("front", "back", "side", "oblique")
    source: str
    text: Texts

    @model_validator(mode="after")
    def _whole(self) -> FaultRule:
        known = OF_THE_REP if self.at == "whole" else MEASURES
        if self.measure not in known:
            raise ValueError(f"unknown measure {self.measure!r}.{near_miss(self.measure, (*MEASURES, *OF_THE_REP))}")
        if self.own_side and f"left_{self.measure}" not in ANGLES:
            raise ValueError(f"own_side: {self.measure!r} is not an angle that each side has")
        _check_ranges("only", self.only)
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
    turn: dict[str, tuple[float, float]] = {}
    """The same for their values at the turn."""
    moves: dict[str, float] = {}
    """Measures that are larger at the turn than before and after, by at least so much."""
    template: Template | None = None
    fault: tuple[FaultRule, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Definition:
        _check_ranges("gate", self.gate)
        _check_ranges("turn", self.turn)
        _check_ranges("moves", {name: (0.0, least) for name, least in self.moves.items()})
        codes = [rule.code for rule in self.fault]
        if len(set(codes)) < len(codes):
            raise ValueError("two faults share a code")
        for code in self.count.ends_with:
            if code not in codes:
                raise ValueError(f"ends_with: unknown fault {code!r}.{near_miss(code, codes)}")
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
    if definition.id != path.stem.lower():
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
