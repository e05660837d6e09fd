"""The two files an instructor may write: the roster of the class and the plan of the hour.

    # roster.toml                          # plan.toml
    [[person]]                             [[step]]
    name = "Mina"                          exercise = "squat"
    spot = "front left"                    reps = 10
    language = "ko"                        rest_s = 30
    notes = "left knee: no deep squats"
    say = "Meena"                          [[step]]
    cues = "none"                          exercise = "plank"
                                           seconds = 40

A wrong field is refused with the file, the entry and the field; names are shown, spoken and stored, so what cannot be
shown or spoken is refused here.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from groupcoach.errors import ConfigError, near_miss
from groupcoach.plan import Step
from groupcoach.track.roster import Member

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]  # only installed below Python 3.11

MAX_NAME = 60
MAX_SPOT = 30
MAX_NOTES = 500
MAX_PEOPLE = 60
MAX_STEPS = 200
_MAX_FILE_BYTES = 1_000_000
_CUT = "…"


def _no_control(value: str) -> str:
    # category C: control, format (bidirectional marks that turn a line around), surrogate, unassigned;
    # the two joiners are letters' business in several scripts
    for char in value:
        if unicodedata.category(char)[0] == "C" and char not in "\u200c\u200d\n\t":
            raise ValueError(f"has a character that cannot be shown (U+{ord(char):04X})")
    return value


def _one_line(value: str) -> str:
    value = unicodedata.normalize("NFC", _no_control(value)).strip()
    if "\n" in value or "\t" in value:
        raise ValueError("must be on one line, without tabs")
    if not value:
        raise ValueError("is empty")
    return value


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _shortened(value: Any) -> Any:
    if not isinstance(value, str) or len(value.strip()) <= MAX_NAME:
        return value
    return value.strip()[: MAX_NAME - 1].rstrip() + _CUT


def _at_most(limit: int) -> AfterValidator:
    def check(value: str) -> str:
        if len(value) > limit:
            raise ValueError(f"has {len(value)} characters, at most {limit} are allowed")
        return value

    return AfterValidator(check)


Line = Annotated[str, AfterValidator(_one_line)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RosterPerson(_Entry):
    """One member of the class."""

    name: Annotated[Line, _at_most(MAX_NAME), BeforeValidator(_shortened)]
    """A longer one is cut, and that is said: the class is not kept waiting for it."""
    spot: Annotated[Line, _at_most(MAX_SPOT), BeforeValidator(_number_as_text)] | None = None
    """Place on the floor, as the studio calls it; a number is taken as text."""
    language: Literal["en", "ko"] | None = None
    """Of cues for this person; None: the class's."""
    notes: Annotated[str, AfterValidator(_no_control), _at_most(MAX_NOTES)] | None = None
    """For the instructor and the cues, e.g. an injury."""
    cues: Literal["all", "none"] = "all"
    """Who asked for none is told nothing: not in the room, not by the own phone, not with a group by name."""
    say: Annotated[Line, _at_most(MAX_NAME)] | None = None
    """How the voice says the name, where it would say it wrong."""
    instructor: bool = False
    """Who teaches: gets no spot and no count; the figure is marked on the dashboard."""


class Roster(_Entry):
    """Who is expected."""

    people: list[RosterPerson] = Field(alias="person", min_length=1, max_length=MAX_PEOPLE)

    @model_validator(mode="after")
    def _one_each(self) -> Roster:
        first: dict[str, int] = {}
        for number, person in enumerate(self.people, 1):
            key = person.name.casefold()
            if key in first:
                raise ValueError(f"[[person]] {first[key]} and {number} have the same name {person.name!r}")
            first[key] = number
        return self

    @property
    def members(self) -> list[Member]:
        """The entries in order; of several on one spot, only the first keeps it."""
        taken: set[str] = set()
        out = []
        for p in self.people:
            key = (p.spot or "").casefold()
            out.append(Member(p.name, None if key in taken else p.spot, p.language, p.notes, p.say, p.instructor,
                              p.cues == "none"))  # fmt: skip
            taken |= {key} - {""}
        return out

    @property
    def notices(self) -> list[str]:
        """What is odd about the roster, though the class can go on: one sentence each."""
        first: dict[str, str] = {}
        for p in self.people:
            if p.spot is not None:
                first.setdefault(p.spot.casefold(), p.name)
        second = [p for p in self.people if p.spot is not None and first[p.spot.casefold()] != p.name]
        cut = [p.name for p in self.people if p.name.endswith(_CUT) and len(p.name) > MAX_NAME // 2]
        return [f"The roster's name {name!r} is longer than {MAX_NAME} characters and was cut." for name in cut] + [
            f"The roster has {first[(p.spot or '').casefold()]} and {p.name} on the same spot {p.spot!r}: the first "
            f"keeps it, {p.name} gets the next free place. Correct the file, or swap the two on the dashboard."
            for p in second
        ]


class PlanStep(_Entry):
    """One exercise of the programme: so many repetitions, or so long, then a rest."""

    exercise: Line
    reps: Annotated[int, Field(ge=1, le=1000)] | None = None
    seconds: Annotated[float, Field(gt=0, le=7200, allow_inf_nan=False)] | None = None
    rest_s: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _one_measure(self) -> PlanStep:
        if (self.reps is None) == (self.seconds is None):
            raise ValueError("needs either reps or seconds" + ("" if self.reps is None else ", not both"))
        return self


class Plan(_Entry):
    """The programme of the hour."""

    steps: list[PlanStep] = Field(alias="step", min_length=1, max_length=MAX_STEPS)

    @property
    def programme(self) -> tuple[Step, ...]:
        """The steps as everybody goes through them."""
        return tuple(Step(s.exercise, s.reps, s.seconds, s.rest_s) for s in self.steps)


_Model = TypeVar("_Model", bound=BaseModel)


def load_roster(path: str | Path) -> Roster:
    """Read and check ``roster.toml``.

    Raises:
        ConfigError: naming file, entry and field.
    """
    return _load(Path(path), Roster, "person", RosterPerson)


def load_plan(path: str | Path, exercises: Collection[str]) -> Plan:
    """Read and check ``plan.toml``.

    Args:
        path: the file.
        exercises: ids of the catalogue; a step with another one is refused with the near miss.

    Raises:
        ConfigError: naming file, entry and field.
    """
    plan = _load(Path(path), Plan, "step", PlanStep)
    for number, step in enumerate(plan.steps, 1):
        if step.exercise not in exercises:
            raise ConfigError(
                f"{path}, [[step]] {number}: exercise {step.exercise!r} is not in the catalogue."
                f"{near_miss(step.exercise, exercises)} It has: {', '.join(sorted(exercises))}."
            )
    return plan


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file; ConfigError when it is not there, not text, or not TOML."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise ConfigError(f"There is no file {path}.{near_miss(path.name, names)} Check the path.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    if len(data) > _MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than 1 MB: that is not a file of this kind. Check the path.")
    try:
        parsed: dict[str, Any] = tomllib.loads(data.decode("utf-8-sig"))
        return parsed
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}. Text stands in quotes, lists of entries in [[...]]."
        ) from (None)


def _load(path: Path, model: type[_Model], table: str, entry: type[BaseModel]) -> _Model:
    data = read_toml(path)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # a misspelt field is both unknown and missing: the first says more
        found = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        raise ConfigError(_explain(path, found[0], table, entry)) from None


_REASONS = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "missing": "is missing",
}


def _explain(path: Path, error: Any, table: str, entry: type[BaseModel]) -> str:
    """One paragraph from pydantic's first finding."""
    loc: tuple[int | str, ...] = error["loc"]
    kind: str = error["type"]
    value = error["input"]
    fields = list(entry.model_fields)
    numbers = [part for part in loc if isinstance(part, int)]
    place = f"{path}, [[{table}]] {numbers[0] + 1}" if numbers else str(path)
    names = [part for part in loc if isinstance(part, str) and part != table]
    field = names[0] if names else ""
    if kind == "extra_forbidden":
        known = fields if numbers else [table]
        have = ", ".join(known if numbers else [f"[[{table}]]"])
        return f"{place}: unknown field {field!r}.{near_miss(field, known)} An entry has: {have}."
    if not numbers:
        if kind == "missing":
            return f"{place} has no [[{table}]] entry; each starts with that line. Fields: {', '.join(fields)}."
        if kind == "value_error":
            return f"{place}: {_plain(error['msg'])}. Each may stand there once."
        if kind in ("too_short", "too_long"):
            return f"{place}: needs 1 to {MAX_PEOPLE if table == 'person' else MAX_STEPS} [[{table}]] entries."
        return f"{place}: {table!r} must be a list of entries, each under its own line [[{table}]]."
    if kind == "value_error":
        reason = _plain(error["msg"])
    else:
        reason = _REASONS.get(kind, "is wrong").format(**error.get("ctx", {}))
    if not field:
        if kind == "value_error":
            return f"{place} {reason}."
        return f"{place}: must be an entry with the fields {', '.join(fields)}."
    came = "" if kind in ("missing", "value_error") else f", not {_short(value)}"
    return f"{place}: {field} {reason}{came}."


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
