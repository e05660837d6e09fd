"""Everything the voice may say about a fault: short, plain, in both languages, as something to do."""

from __future__ import annotations

import re

import pytest

from groupcoach.cues.settings import load_settings
from groupcoach.exercises.catalogue import load_catalogue

MOST_WORDS = 5
TEXTS = [
    (f"{definition.id}.{rule.code}", language, text)
    for definition in load_catalogue().definitions.values()
    for rule in definition.fault
    for language, text in rule.text.as_dict().items()
]


def test_every_fault_has_a_text_in_both_languages():
    of = {code: {language for c, language, _ in TEXTS if c == code} for code, _, _ in TEXTS}
    assert len(of) > 30
    assert all(languages == {"en", "ko"} for languages in of.values())


@pytest.mark.parametrize(("code", "language", "text"), TEXTS, ids=[f"{c} {lang}" for c, lang, _ in TEXTS])
def test_it_is_short_and_says_what_to_do(code, language, text):
    assert 1 <= len(text.split()) <= MOST_WORDS
    assert text == text.strip()
    assert not re.search(r"[.!?:;0-9]", text)  # what a voice reads in its own way
    assert not re.search(r"\b(don't|do not|not|never|too)\b", text)  # what to do, not what is wrong
    if language == "en":
        assert text == text.lower()
    else:
        assert re.fullmatch("[가-힣 ]+", text)
        assert text.endswith("요")


def test_two_faults_of_one_exercise_do_not_sound_the_same():
    for definition in load_catalogue().definitions.values():
        for language in ("en", "ko"):
            said = [rule.text.get(language) for rule in definition.fault]
            assert len(set(said)) == len(said)


def test_the_other_lines_are_short_too():
    texts = load_settings().texts()
    for key in ("praise", "halfway", "last_three", "done"):
        for language in ("en", "ko"):
            for turn in range(4):
                assert 1 <= len(texts.line(key, language, turn)[0].split()) <= MOST_WORDS
