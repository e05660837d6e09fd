"""What is shown and what is said: names in their own script, groups, numbers for names nobody can say. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SHOWN_NAME: Final = 40
SPOKEN_NAME: Final = 24
"""Characters of a name that are shown and spoken in a cue."""

_NAMELESS: Final[Mapping[str, str]] = {"en": "Person {}", "ko": "{}번"}
_GUEST: Final[Mapping[str, str]] = {"en": "Guest {}", "ko": "손님 {}번"}
_NUMBERED: Final = re.compile(r"(Person|Guest) (\d+)")
"""What the engine calls people without a name."""
_HONORED: Final = ("님", "씨")
_AND: Final[Mapping[str, str]] = {"en": " and ", "ko": ", "}
#: First word of a letter's Unicode name -> the language whose voice says it.
_OF_SCRIPT: Final[Mapping[str, str]] = {
    "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "cmn", "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar",
    "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "THAI": "th", "GEORGIAN": "ka",
    "ARMENIAN": "hy",
}  # fmt: skip
_LATIN: Final = frozenset({"en", "de", "es", "fr", "it", "pt", "nl", "pl", "sv", "tr", "vi"})


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a sentence for one voice."""

    text: str
    language: str
    otherwise: str = ""
    """Said by the class's voice instead where there is none for ``language``."""


def nameless(person: int, language: str) -> str:
    """What somebody is called who has no name that can be used."""
    return _NAMELESS.get(language, "{}").format(person)


def called(name: str | None, person: int, language: str) -> str | None:
    """The name, or in the cue's own language what stands for one; None when there is a name of somebody's own."""
    if not (name or "").strip():
        return nameless(person, language)
    found = _NUMBERED.fullmatch((name or "").strip())
    if found is None:
        return None
    forms = _NAMELESS if found[1] == "Person" else _GUEST
    return forms.get(language, "{}").format(found[2])


def shown_name(name: str | None, person: int, language: str) -> str:
    """The name as a cue's text has it, at most ``SHOWN_NAME`` characters."""
    name = called(name, person, language) or (name or "").strip()
    return name if len(name) <= SHOWN_NAME else name[: SHOWN_NAME - 1].rstrip() + "…"


def script_runs(text: str, language: str) -> list[tuple[str, str]]:
    """``text`` cut where the script changes, each piece with the language whose voice says it (``""``: nobody's).

    Digits, blanks and punctuation go with what stands before them.
    """
    runs: list[tuple[str, str]] = []
    for char in text:
        spoken = _language_of(char, language)
        if spoken is None:
            spoken = runs[-1][1] if runs else language
        if runs and runs[-1][1] == spoken:
            runs[-1] = (runs[-1][0] + char, spoken)
        else:
            runs.append((char, spoken))
    return runs


def spoken_name(name: str | None, say: str | None, person: int, language: str) -> list[Part]:
    """A name in parts, each for the voice of its script; the person's number where there is nothing to say.

    Args:
        name: as it is shown.
        say: how it is pronounced, where the roster says so.
        person: id.
        language: of the sentence.
    """
    number = nameless(person, language)
    if not say and (instead := called(name, person, language)) is not None:
        return [Part(instead, language)]
    text = unicodedata.normalize("NFC", say or name or "")
    kept = "".join(c if c in " -'’" or unicodedata.category(c)[0] in "LMN" else " " for c in text)
    short = ""
    for word in kept.split():
        if short and len(short) + 1 + len(word) > SPOKEN_NAME:
            break
        short = f"{short} {word}".strip()
    short = short[:SPOKEN_NAME].strip(" -'’")
    runs = script_runs(short, language)
    if not any(c.isalnum() for c in short) or any(spoken == "" for _, spoken in runs):
        return [Part(number, language)]
    return [Part(run, spoken, number if spoken != language else "") for run, spoken in runs]


def can_be_said(name: str | None, say: str | None, person: int) -> bool:
    """Whether a voice can say something of this name itself; else the number is said."""
    return spoken_name(name, say, person, "en") != [Part(nameless(person, "en"), "en")] or name == nameless(
        person, "en"
    )


def call(
    people: Sequence[int], names: Mapping[int, str], say: Mapping[int, str], everyone: str, language: str,
    form: str = "{}",
) -> tuple[str, list[Part]]:  # fmt: skip
    """How one, three or many are addressed: the text, and the parts to say.

    One: ``Mina, ``; up to three: ``Mina, Jun and Ana: ``; more: ``everyone: ``.

    Args:
        people: ids.
        names: by id.
        say: how a name is pronounced, where that was told.
        everyone: what more than three are called.
        language: of the sentence.
        form: what goes with a name, ``{}`` being the name: ``{} 님``.
    """
    if len(people) > 3:
        return f"{everyone}: ", [Part(f"{everyone}: ", language)]
    forms = {p: _form(form, names.get(p), p, language) for p in people}
    shown = [forms[p].replace("{}", shown_name(names.get(p), p, language)) for p in people]
    end = ", " if len(people) == 1 else ": "
    text = shown[0] if len(people) == 1 else ", ".join(shown[:-1]) + _AND.get(language, ", ") + shown[-1]
    parts: list[Part] = []
    for i, person in enumerate(people):
        before, _, after = forms[person].partition("{}")
        parts += [Part(before, language)] * bool(before)
        parts += spoken_name(names.get(person), say.get(person), person, language)
        parts += [Part(after, language)] * bool(after)
        last = i == len(people) - 1
        parts.append(Part(end if last else _AND.get(language, ", ") if i == len(people) - 2 else ", ", language))
    return text + end, parts


def _form(form: str, name: str | None, person: int, language: str) -> str:
    """The form that goes with a name of somebody's own that does not have it already."""
    own = called(name, person, language) is None and any(c.isalnum() for c in name or "")
    return form if own and not (name or "").strip().endswith(_HONORED) else "{}"


def joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Neighbours of one language become one part, so that a voice says them in one breath.

    A name without an alternative joins the sentence; one in another script stays by itself, and punctuation after it
    joins what follows.
    """
    out: list[Part] = []
    for part in parts:
        if out and out[-1].language == part.language and not out[-1].otherwise and not part.otherwise:
            out[-1] = Part(out[-1].text + part.text, part.language)
        else:
            out.append(part)
    return tuple(p for p in out if p.text.strip(" ,:;.") or p.otherwise)


def _language_of(char: str, language: str) -> str | None:
    """None: the character belongs to no script; ``""``: to one that no voice is known for."""
    if unicodedata.category(char)[0] not in "LM":
        return None
    word = unicodedata.name(char, "").split(" ")[0].split("-")[0]
    if word in ("COMBINING", "MODIFIER", "VARIATION", "ZERO"):
        return None
    if word in ("LATIN", "FULLWIDTH", "FEMININE", "MASCULINE"):
        return language if language in _LATIN else "en"
    return _OF_SCRIPT.get(word, "")
