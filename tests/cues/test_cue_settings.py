"""The studio's own cues.toml: what it may say, and what it is told when it is wrong."""

from __future__ import annotations

import pytest

from groupcoach.cues.settings import load_settings
from groupcoach.cues.voices import VoiceChoice
from groupcoach.errors import ConfigError


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "cues.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return write


def test_without_a_file_the_shipped_texts_are_said_in_both_languages(tmp_path):
    texts = load_settings(tmp_path / "none.toml").texts()
    for key in ("everyone", "praise", "halfway", "last_three", "done"):
        for language in ("en", "ko"):
            for turn in range(4):
                sentence, of = texts.line(key, language, turn)
                assert of == language
                assert 1 <= len(sentence.split()) <= 5


def test_a_studios_texts_take_the_place_of_ours(written):
    texts = written('[text.squat.shallow]\nen = "sit deeper"\n[text.praise]\nen = ["lovely", "yes"]\n').texts()
    fault = {"exercise": "squat", "code": "shallow", "text": {"en": "go lower", "ko": "더 앉으세요"}}
    assert texts.fault(fault, "en") == ("sit deeper", "en")
    assert texts.fault(fault, "ko") == ("더 앉으세요", "ko")
    assert texts.fault({**fault, "exercise": "lunge"}, "en") == ("go lower", "en")
    assert [texts.line("praise", "en", n)[0] for n in range(3)] == ["lovely", "yes", "lovely"]
    assert texts.line("praise", "ko")[1] == "ko"


def test_voices_and_the_phones_address(written):
    found = written('[voice.ko]\nrate = 150\noutput = "plughw:1,0"\n[phone]\nlisten = "0.0.0.0"\n')
    assert found.setup("ko").choices == {"ko": VoiceChoice(rate=150, output="plughw:1,0")}
    assert found.setup("ko").language == "ko"
    assert (found.phone.listen, found.phone.port) == ("0.0.0.0", 8780)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[voice.en]\nrate = 5000\n", "voice.en.rate"),
        ("[voice.en]\nspeed = 1\n", "voice.en.speed"),
        ('[text.praize]\nen = ["a"]\n', "text.praize"),
        ("[text.praise]\nen = 3\n", "text.praise.en"),
        ('[text.call]\nko = ["님"]\n', "text.call.ko"),
        ("[phone]\nport = 99999\n", "phone.port"),
        ("[voice", "not valid TOML"),
    ],
)
def test_a_wrong_field_is_named(written, text, names):
    with pytest.raises(ConfigError, match=names.replace(".", r"\.")):
        written(text)


def test_a_named_file_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("GROUPCOACH_CUES", str(tmp_path / "nope.toml"))
    with pytest.raises(ConfigError, match="GROUPCOACH_CUES"):
        load_settings()
