"""Names of every kind, as they are shown and as they are said."""

from __future__ import annotations

import pytest

from groupcoach.cues.sentences import SHOWN_NAME, SPOKEN_NAME, Part, call, joined, script_runs, shown_name, spoken_name


def spoken(name, language="en", say=None):
    return [(p.text, p.language, p.otherwise) for p in spoken_name(name, say, 4, language)]


@pytest.mark.parametrize(
    ("name", "language", "parts"),
    [
        ("Mina", "en", [("Mina", "en", "")]),
        ("미나", "ko", [("미나", "ko", "")]),
        ("미나", "en", [("미나", "ko", "Person 4")]),
        ("Mina", "ko", [("Mina", "en", "4번")]),
        ("Mina 김", "en", [("Mina ", "en", ""), ("김", "ko", "Person 4")]),
        ("Анна", "en", [("Анна", "ru", "Person 4")]),
        ("美奈", "ko", [("美奈", "cmn", "4번")]),
        ("Zoë", "en", [("Zoë", "en", "")]),
        ("Person 8", "ko", [("8번", "ko", "")]),
        ("Person 8", "en", [("Person 8", "en", "")]),
        ("Guest 2", "ko", [("손님 2번", "ko", "")]),
        ("🦄🦄", "en", [("Person 4", "en", "")]),
        ("🦄 Mina", "en", [("Mina", "en", "")]),
        ("ⵜⵉⴼⵉ", "en", [("Person 4", "en", "")]),
        ("", "ko", [("4번", "ko", "")]),
        (None, "en", [("Person 4", "en", "")]),
        ("7", "en", [("7", "en", "")]),
        ("O'Neil", "en", [("O'Neil", "en", "")]),
    ],
)
def test_a_name_is_said_with_the_voice_of_its_script(name, language, parts):
    assert spoken(name, language) == parts


def test_a_pronunciation_takes_the_place_of_the_name():
    assert spoken("Siobhan", say="shi vawn") == [("shi vawn", "en", "")]
    assert spoken("美奈", "en", say="미나") == [("미나", "ko", "Person 4")]


@pytest.mark.parametrize("name", ["x" * 300, "Maria " * 50, "나" * 300, "🦄" * 300, "‮" + "a" * 299])
def test_a_name_of_300_characters_is_short(name):
    assert 0 < len(shown_name(name, 4, "en")) <= SHOWN_NAME
    assert 0 < sum(len(p.text) for p in spoken_name(name, None, 4, "en")) <= max(SPOKEN_NAME, len("Person 4"))


def test_one_three_and_many():
    names = {1: "Mina", 2: "준", 3: "Ana"}
    assert call([1], names, {}, "everyone", "en")[0] == "Mina, "
    text, parts = call([1, 2, 3], names, {}, "everyone", "en")
    assert text == "Mina, 준 and Ana: "
    assert [p.language for p in joined(parts)] == ["en", "ko", "en"]
    assert call([1, 2, 3, 4], names, {}, "모두", "ko")[0] == "모두: "


def test_a_korean_sentence_has_the_form_that_goes_with_a_name():
    def called(name, say=None):
        text, parts = call([4], {4: name}, {4: say} if say else {}, "모두", "ko", "{} 님")
        return text, [(p.text, p.language) for p in joined(parts)]

    assert called("미나") == ("미나 님, ", [("미나 님, ", "ko")])
    assert called("Mina") == ("Mina 님, ", [("Mina", "en"), (" 님, ", "ko")])
    assert called("김 선생님")[0] == "김 선생님, "
    assert called("Person 8")[0] == "8번, "
    assert called("🦄")[0] == "🦄, "
    assert called("{} x {0}")[0] == "{} x {0} 님, "
    assert (
        call([1, 2, 3], {1: "미나", 2: "준", 3: "Guest 3"}, {}, "모두", "ko", "{} 님")[0]
        == "미나 님, 준 님, 손님 3번: "
    )


def test_one_voice_says_its_words_in_one_breath():
    _, parts = call([1], {1: "Mina"}, {}, "everyone", "en")
    assert joined([*parts, Part("chest up", "en")]) == (Part("Mina, chest up", "en"),)
    _, parts = call([1], {1: "미나"}, {}, "everyone", "en")
    assert [p.text for p in joined([*parts, Part("chest up", "en")])] == ["미나", ", chest up"]


def test_runs_lose_no_character():
    text = "Mina 미나, 3 무릎 knees!"
    assert "".join(run for run, _ in script_runs(text, "en")) == text
    assert [lang for _, lang in script_runs(text, "en")] == ["en", "ko", "en"]
