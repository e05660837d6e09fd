"""The voice's process: what happens when it is missing, dies, hangs, or simply speaks."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from fake_voices import dies_when_spoken_to, fails_once, missing, never_ready, no_sound, polite, slow

from groupcoach.cues import voices
from groupcoach.cues.queue import QUEUE_LIMIT
from groupcoach.cues.speaker import FAILURES, Speaker
from groupcoach.cues.voices import VoiceChoice, VoiceSetup, make_engine, pick_voice
from groupcoach.records import Cue, Priority


def cue(text="Mina, push your knees out", priority=Priority.FORM, lives=60.0, language="en"):
    return Cue(1, text, language, priority, "knees_in", 10.0, 10.0 + lives)


@pytest.fixture
def speak():
    made = []

    def make(worker, setup=None, **more):
        made.append(Speaker(setup, worker=worker, **more))
        return made[-1]

    yield make
    for speaker in made:
        speaker.close()


def until(condition, limit_s=10.0):
    began = time.perf_counter()
    while not condition():
        assert time.perf_counter() - began < limit_s
        time.sleep(0.005)
    return time.perf_counter() - began


def outcomes(speaker):
    return [(r.cue.text, r.outcome, r.reason) for r in speaker.results()]


def test_cues_are_spoken_most_urgent_first(speak):
    speaker = speak(polite)
    cues = [cue("a"), cue("b"), cue("danger", Priority.DANGER)]
    assert all(speaker.say(c) for c in cues)  # all queued before the process is up
    assert speaker.busy is Priority.DANGER
    assert speaker.drain(20)
    assert speaker.busy is None
    results = speaker.results()
    assert [r.cue.text for r in results] == ["danger", "a", "b"]
    assert {r.outcome for r in results} == {"spoken"}
    assert speaker.results() == []
    assert speaker.notice is None


def test_danger_cuts_a_lower_cue_short_but_not_another_danger(speak):
    speaker = speak(slow)
    speaker.say(cue("form"))
    until(lambda: speaker._queue.current and speaker._queue.current.began)
    speaker.say(cue("danger", Priority.DANGER))
    took = until(lambda: speaker._queue.current and speaker._queue.current.cue.text == "danger")
    assert took < 0.5
    speaker.say(cue("danger too", Priority.DANGER))
    assert speaker.drain(20)
    assert outcomes(speaker) == [
        ("form", "dropped", "interrupted"), ("danger", "spoken", ""), ("danger too", "spoken", ""),
    ]  # fmt: skip


def test_the_instructor_takes_the_floor(speak):
    speaker = speak(slow)
    for text in ("a", "b"):
        speaker.say(cue(text))
    until(lambda: speaker._queue.current and speaker._queue.current.began)
    speaker.hush()
    assert speaker.drain(1.0)
    assert outcomes(speaker) == [("b", "dropped", "floor"), ("a", "dropped", "floor")]


def test_a_waiting_cue_that_is_true_no_more_is_withdrawn(speak):
    speaker = speak(slow)
    for text in ("a", "b"):
        speaker.say(cue(text))
    until(lambda: speaker._queue.current)
    speaker.withdraw(lambda c: c.text == "b")
    assert outcomes(speaker) == [("b", "dropped", "put_right")]


def test_a_missing_engine_is_said_once_and_cues_come_back_dropped(speak):
    speaker = speak(missing)
    speaker.say(cue())
    assert speaker.drain(20)
    assert speaker.notice == "No speech engine on this machine"
    assert speaker.say(cue()) is False
    assert [(r.outcome, r.reason) for r in speaker.results()] == [("dropped", "silent")] * 2


def test_an_engine_that_keeps_dying_is_given_up_with_one_notice(speak):
    speaker = speak(dies_when_spoken_to)
    for _ in range(5):
        speaker.say(cue())
    assert speaker.drain(30)
    assert "4 times" in speaker.notice
    assert [r.reason for r in speaker.results()] == ["engine_stopped"] * 4 + ["silent"]


@pytest.mark.parametrize("how", ["die", "hang"])
def test_after_an_engine_that_dies_or_hangs_the_next_cue_is_spoken_within_3_s(speak, tmp_path, how):
    speaker = speak(fails_once, VoiceSetup("en", {"flag": VoiceChoice(str(tmp_path / how), output=how)}))
    until(lambda: speaker._spare is not None)
    speaker.say(cue("lost"))
    until(lambda: (tmp_path / how).exists())
    speaker.say(cue("heard"))
    assert until(lambda: len(speaker._queue._results) == 2) < 3.0
    assert outcomes(speaker) == [("lost", "dropped", "engine_stopped"), ("heard", "spoken", "")]
    assert speaker.notice is None


def test_a_loudspeaker_that_takes_no_sound_is_given_up_with_one_notice(speak):
    speaker = speak(no_sound)
    for _ in range(FAILURES + 1):
        speaker.say(cue())
    assert speaker.drain(20)
    assert "device busy" in speaker.notice
    assert [r.reason for r in speaker.results()] == ["no_sound"] * FAILURES + ["silent"]


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
    assert sorted(outcomes(speaker)) == [("still true", "spoken", ""), ("too late", "expired", "expired")]


def test_a_full_queue_gives_up_the_least_urgent(speak):
    speaker = speak(never_ready)
    for i in range(QUEUE_LIMIT):
        assert speaker.say(cue(str(i)))
    assert speaker.say(cue("late")) is False
    assert speaker.say(cue("danger", Priority.DANGER)) is True
    assert [r.cue.text for r in speaker.results()] == ["late", str(QUEUE_LIMIT - 1)]


def test_switched_off_makes_no_process_and_no_notice():
    speaker = Speaker(enabled=False, worker=missing)
    assert speaker.say(cue()) is False
    assert speaker.notice is None
    assert [r.reason for r in speaker.results()] == ["silent"]
    speaker.close()


def test_a_voice_is_picked_by_language_whatever_the_driver_calls_it():
    def made(id_, *languages):
        return SimpleNamespace(id=id_, languages=languages)

    some = [made("mb/en1", "en-gb"), made("kok", "kok"), made("gmw/en-029", "en-029"), made("gmw/en", b"\x05en-gb"),
            made("ko", "ko_KR"), made("x")]  # fmt: skip
    assert pick_voice(some, "en") == "gmw/en"
    assert pick_voice([*some, made("us", "en_US")], "en") == "us"
    assert pick_voice(some, "ko") == "ko"
    assert pick_voice(some, "de") is None
    assert voices.chosen(some, "gmw/en-029", "en") == "gmw/en-029"
    assert voices.chosen(some, "not here", "en") == "gmw/en"


def test_a_machine_without_engine_gets_the_command(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyttsx3", None)
    engine, why = make_engine(VoiceSetup())
    assert engine is None
    assert "cues are shown, not spoken" in why


def test_a_language_without_a_voice_is_silent_with_a_notice(monkeypatch):
    fake = SimpleNamespace(getProperty=lambda _: [SimpleNamespace(id="a", languages=["en"])])
    monkeypatch.setitem(__import__("sys").modules, "pyttsx3", SimpleNamespace(init=lambda _: fake))
    assert "no voice for the language 'ko'" in make_engine(VoiceSetup("ko"))[1]


def test_the_drivers_are_tried_in_order(monkeypatch):
    tried = []
    fake = SimpleNamespace(getProperty=lambda _: [SimpleNamespace(id="a", languages=["en"])])

    def init(driver):
        tried.append(driver)
        if driver is None:
            raise RuntimeError("the system's own is broken")
        return fake

    monkeypatch.setitem(__import__("sys").modules, "pyttsx3", SimpleNamespace(init=init))
    monkeypatch.setattr(voices, "drivers", lambda: (None, "espeak"))
    assert make_engine(VoiceSetup(aloud=False)) == (fake, "")
    assert tried == [None, "espeak"]
