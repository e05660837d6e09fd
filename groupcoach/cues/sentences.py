"""What is shown and what is said: names in their own script, groups, numbers for names nobody can say. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SHOWN_NAME: Final = 40
SPOKEN_NAME: Final = 24
"""Characters of a name that are shown and spoken in a cue."""

_NAMELESS: Final[Mapping[str, str]] = {"en": "Person {}", "ko": "{}번"}
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


def shown_name(name: str | None, person: int, language: str) -> str:
    """The name as a cue's text has it, at most ``SHOWN_NAME`` characters."""
    name = (name or "").strip() or nameless(person, language)
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


def call(
    people: Sequence[int], names: Mapping[int, str], say: Mapping[int, str], everyone: str, language: str
) -> tuple[str, list[Part]]:
    """How one, three or many are addressed: the text, and the parts to say.

    One: ``Mina, ``; up to three: ``Mina, Jun and Ana: ``; more: ``everyone: ``.
    """
    if len(people) > 3:
        return f"{everyone}: ", [Part(f"{everyone}: ", language)]
    shown = [shown_name(names.get(p), p, language) for p in people]
    end = ", " if len(people) == 1 else ": "
    text = shown[0] if len(people) == 1 else ", ".join(shown[:-1]) + _AND.get(language, ", ") + shown[-1]
    parts: list[Part] = []
    for i, person in enumerate(people):
        parts += spoken_name(names.get(person), say.get(person), person, language)
        last = i == len(people) - 1
        parts.append(Part(end if last else _AND.get(language, ", ") if i == len(people) - 2 else ", ", language))
    return text + end, parts


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
