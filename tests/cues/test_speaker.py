"""The voice's process: what happens when it is missing, dies, hangs, or simply speaks."""

from __future__ import annotations

import os
import shutil
import time
import wave
from types import SimpleNamespace

import pytest

from groupcoach.cues import voice
from groupcoach.cues.speaker import QUEUE_LIMIT, Speaker
from groupcoach.records import Cue, Priority


def cue(text="Mina, push your knees out", priority=Priority.FORM, lives=60.0, language="en"):
    return Cue(1, text, language, priority, "knees_in", 10.0, 10.0 + lives)


# workers run in a spawned process, so they are functions of this module


def polite(pipe, language):
    pipe.send(("ready",))
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send(("done",))


def missing(pipe, language):
    pipe.send(("silent", "No speech engine on this machine"))


def dies_when_spoken_to(pipe, language):
    pipe.send(("ready",))
    pipe.recv()
    os._exit(3)


def never_ready(pipe, language):
    pipe.recv()


@pytest.fixture
def speak():
    made = []

    def make(worker, **more):
        made.append(Speaker("en", worker=worker, **more))
        return made[-1]

    yield make
    for speaker in made:
        speaker.close()


def test_cues_are_spoken_most_urgent_first(speak):
    speaker = speak(polite)
    cues = [cue("a"), cue("b"), cue("danger", Priority.DANGER)]
    assert all(speaker.say(c) for c in cues)  # all queued before the process is up
    assert speaker.drain(20)
    results = speaker.results()
    assert [r.cue.text for r in results] == ["danger", "a", "b"]
    assert {r.outcome for r in results} == {"spoken"}
    assert speaker.results() == []
    assert speaker.notice is None


def test_a_missing_engine_is_said_once_and_cues_come_back_dropped(speak):
    speaker = speak(missing)
    speaker.say(cue())
    assert speaker.drain(20)
    assert speaker.notice == "No speech engine on this machine"
    assert speaker.say(cue()) is False
    assert [(r.outcome, r.reason) for r in speaker.results()] == [("dropped", "silent")] * 2


def test_a_dying_engine_is_restarted_three_times_then_silent(speak):
    speaker = speak(dies_when_spoken_to)
    for _ in range(5):
        speaker.say(cue())
    assert speaker.drain(30)
    assert "4 times" in speaker.notice
    assert [r.reason for r in speaker.results()] == ["engine_stopped"] * 4 + ["silent"]


def test_a_hung_engine_never_delays_the_caller_nor_the_end(speak):
    speaker = speak(never_ready)
    began = time.perf_counter()
    for _ in range(1000):
        speaker.say(cue())
    assert (time.perf_counter() - began) / 1000 < 0.001
    speaker.close()
    assert time.perf_counter() - began < 5
    reasons = [r.reason for r in speaker.results()]
    assert reasons.count("queue_full") == 1000 - QUEUE_LIMIT
    assert reasons.count("closed") == QUEUE_LIMIT
    assert not [t for t in [speaker._thread] if t.is_alive()]


def test_an_expired_cue_is_not_spoken(speak):
    now = [100.0]
    speaker = speak(polite, clock=lambda: now[0])
    with speaker._lock:  # the thread cannot take it before the time has passed
        speaker.say(cue("too late", lives=2.0))
        speaker.say(cue("still true", lives=9.0))
        now[0] += 3.0
    assert speaker.drain(20)
    assert sorted((r.cue.text, r.outcome) for r in speaker.results()) == [
        ("still true", "spoken"),
        ("too late", "expired"),
    ]


def test_a_full_queue_gives_up_the_least_urgent(speak):
    speaker = speak(never_ready)
    for i in range(QUEUE_LIMIT):
        assert speaker.say(cue(str(i)))
    assert speaker.say(cue("late")) is False
    assert speaker.say(cue("danger", Priority.DANGER)) is True
    assert [r.cue.text for r in speaker.results()] == ["late", str(QUEUE_LIMIT - 1)]


def test_switched_off_makes_no_process_and_no_notice():
    speaker = Speaker("en", enabled=False, worker=missing)
    assert speaker.say(cue()) is False
    assert speaker.notice is None
    assert [r.reason for r in speaker.results()] == ["silent"]
    speaker.close()


def test_a_voice_is_picked_by_language_whatever_the_driver_calls_it():
    def made(id_, *languages):
        return SimpleNamespace(id=id_, languages=languages)

    voices = [made("mb/en1", "en-gb"), made("kok", "kok"), made("gmw/en", b"\x05en-gb"), made("ko", "ko_KR"), made("x")]
    assert voice.pick_voice(voices, "en") == "gmw/en"
    assert voice.pick_voice(voices, "ko") == "ko"
    assert voice.pick_voice(voices, "de") is None


needs_engine = pytest.mark.skipif(
    not (shutil.which("espeak-ng") and shutil.which("aplay")),
    reason="no speech engine here: sudo apt-get install espeak-ng alsa-utils",
)

ALSA_TO_FILE = """
pcm.null {{ type null }}
pcm.!default {{ type file
  file "{path}"
  format "wav"
  slave.pcm "null"
}}
"""


@needs_engine
@pytest.mark.parametrize(("language", "text"), [("en", "Mina, push your knees out"), ("ko", "미나, 무릎을 바깥으로")])
def test_the_real_engine_says_the_whole_sentence(tmp_path, monkeypatch, language, text):
    """Sound goes through ALSA into a file: it is loud, and longer than the sentence without the name."""

    def spoken(sentence):
        out = tmp_path / f"{len(sentence)}.wav"
        config = tmp_path / "asound.conf"
        config.write_text(ALSA_TO_FILE.format(path=out))
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(config))
        speaker = Speaker(language)
        try:
            speaker.say(cue(sentence, language=language))
            assert speaker.drain(20), speaker.notice
            (result,) = speaker.results()
            assert result.outcome == "spoken", speaker.notice
        finally:
            speaker.close()
        with wave.open(str(out)) as file:
            return file.readframes(file.getnframes()), file.getframerate()

    whole, rate = spoken(text)
    rest, _ = spoken(text.split(", ")[1])
    seconds = [len(sound) / 2 / rate for sound in (whole, rest)]
    assert 0.5 < seconds[1] < seconds[0] - 0.2 < 4.0
    assert max(whole) > 0


def test_a_machine_without_engine_gets_the_command(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyttsx3", None)
    engine, why = voice._make("en")
    assert engine is None
    assert "cues are shown, not spoken" in why
