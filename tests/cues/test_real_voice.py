"""The real engine: what is heard, by the sound itself."""

from __future__ import annotations

import io
import itertools
import multiprocessing
import os
import shutil
import signal
import stat
import time
import wave

import numpy as np
import pytest

from groupcoach.cues import voice
from groupcoach.cues.render import Renderer
from groupcoach.cues.sentences import Part
from groupcoach.cues.speaker import Speaker
from groupcoach.cues.voices import VoiceChoice, VoiceSetup
from groupcoach.records import Cue, Priority

pytestmark = pytest.mark.skipif(
    not (shutil.which("espeak-ng") and shutil.which("aplay")),
    reason="no speech engine here: sudo apt-get install espeak-ng alsa-utils",
)


def cue(text="Mina, push your knees out", priority=Priority.FORM, language="en"):
    return Cue(1, text, language, priority, "knees_in", 10.0, 70.0)


@pytest.fixture
def speak():
    made = []

    def make(setup=None):
        made.append(Speaker(setup, worker=voice.run))
        return made[-1]

    yield make
    for speaker in made:
        speaker.close()


def until(condition, limit_s=20.0):
    began = time.perf_counter()
    while not condition():
        assert time.perf_counter() - began < limit_s
        time.sleep(0.005)
    return time.perf_counter() - began


def player_into(out, monkeypatch, lasts_s=0.0):
    """A loudspeaker that keeps what it is given, but for the moment of silence it is tried with.

    ALSA's own ``file`` device over ``null`` is no use for that: with nothing that takes time it loses whole periods of
    125 ms, more of them the idler the machine is.
    """
    folder = out.parent / "player"
    folder.mkdir()
    script = folder / "aplay"
    silence = 'case "$file" in *silence*) exit 0;; esac'
    script.write_text(f'#!/bin/sh\nfor file; do :; done\n{silence}\ncp "$file" "{out}"\nexec sleep {lasts_s}\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def samples(path_or_bytes):
    source = io.BytesIO(path_or_bytes) if isinstance(path_or_bytes, bytes) else str(path_or_bytes)
    with wave.open(source) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
        rate = file.getframerate()
        return sound.reshape(-1, file.getnchannels())[:, 0], rate


def bands(sound):
    """Loudness in 24 bands every 12 ms: eSpeak lets the pitch flutter at random, so samples cannot be compared."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 512)[::256] * np.hanning(512)
    power = np.abs(np.fft.rfft(frames)) ** 2
    edges = np.unique(np.geomspace(4, 200, 25).astype(int))
    return np.log(np.stack([power[:, i:j].sum(1) for i, j in itertools.pairwise(edges)], 1) + 1e4)


def likeness(whole, part):
    """How well ``part`` fits at its best place in ``whole``: 1 is the same sound."""
    loud = np.flatnonzero(np.abs(part) > 300)
    whole, part = bands(whole), bands(part[loud[0] : loud[-1]])
    fits = [
        np.corrcoef(whole[i : i + len(part)].ravel(), part.ravel())[0, 1] for i in range(len(whole) - len(part) + 1)
    ]
    return max(fits)


@pytest.fixture(scope="module")
def renderer():
    made = Renderer(VoiceSetup("en"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("language", "text", "name", "other"),
    [
        ("en", "Mina, push your knees out", Part("Mina, ", "en"), Part("Robert, ", "en")),
        ("ko", "미나, 무릎을 바깥으로", Part("미나, ", "ko"), Part("서준, ", "ko")),
        ("en", "미나, push your knees out", Part("미나, ", "ko"), Part("서준, ", "ko")),
        ("ko", "Mina, 무릎을 바깥으로", Part("Mina, ", "en"), Part("Robert, ", "en")),
    ],
)
def test_the_real_engine_says_the_sentence_and_the_name(
    tmp_path, monkeypatch, renderer, speak, language, text, name, other
):
    """What the player is given is as long as a sentence, and the name in its own voice is in it."""
    out = tmp_path / "heard.wav"
    player_into(out, monkeypatch)
    speaker = speak(VoiceSetup(language))
    speaker.say(cue(text, language=language))
    assert speaker.drain(20), speaker.notice
    (result,) = speaker.results()
    assert result.outcome == "spoken", speaker.notice
    heard, rate = samples(out)
    assert 0.8 < len(heard) / rate < 4.0
    assert np.abs(heard).max() > 3000
    assert rate == 22050
    own, strange = (samples(renderer.render((part,)))[0] for part in (name, other))
    assert likeness(heard, own) > 0.9
    assert likeness(heard, strange) < 0.75


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "hangs"])
def test_a_real_engine_that_dies_or_hangs_is_replaced_within_3_s(tmp_path, monkeypatch, speak, how):
    player_into(tmp_path / "heard.wav", monkeypatch, lasts_s=1.0)
    before = set(multiprocessing.active_children())
    speaker = speak()
    until(lambda: speaker.ready)
    speaker.say(cue("lost"))
    until(lambda: speaker._queue.current and speaker._queue.current.began)
    (first, _) = sorted(set(multiprocessing.active_children()) - before, key=lambda child: child.pid)
    began = time.perf_counter()
    os.kill(first.pid, how)
    speaker.say(cue("heard"))
    until(
        lambda: speaker._queue.current and speaker._queue.current.cue.text == "heard" and speaker._queue.current.began
    )
    assert time.perf_counter() - began < 3.0
    assert speaker.drain(10)
    found = [(r.cue.text, r.outcome, r.reason) for r in speaker.results()]
    assert found == [("lost", "dropped", "engine_stopped"), ("heard", "spoken", "")]
    assert speaker.notice is None


def test_hostile_names_are_rendered_as_something_sayable(renderer):
    def seconds(*parts):
        sound, rate = samples(renderer.render(parts))
        return len(sound) / rate

    number = seconds(Part("Person 4", "en"))
    assert seconds(Part("ⵜⵉⴼⵉ", "zgh", "Person 4")) == pytest.approx(number, abs=0.05)
    assert 0.2 < seconds(Part("Анна", "ru", "Person 4")) != number
    assert seconds(Part("a" * 3000, "en")) < 120
    assert renderer.render((Part("…", "en"),)) is not None
    assert renderer.render((Part("Mina", "en"),)) is renderer.render((Part("Mina", "en"),))


def test_rate_and_volume_are_the_studios(tmp_path):
    slow_voice = VoiceSetup("en", {"en": VoiceChoice("gmw/en-us", rate=90, volume=0.2)})
    made = Renderer(slow_voice), Renderer(VoiceSetup("en"))
    try:
        quiet, loud = (samples(r.render((Part("push your knees out", "en"),)))[0] for r in made)
    finally:
        for renderer in made:
            renderer.close()
    assert len(quiet) > 1.4 * len(loud)
    assert np.abs(quiet).max() < 0.5 * np.abs(loud).max()


def test_the_player_is_stopped_in_the_middle_and_sound_begins_soon(tmp_path, monkeypatch, speak):
    """A player that takes the sound's time, as a real loudspeaker does."""
    player = tmp_path / "aplay"
    player.write_text('#!/bin/sh\ncase "$*" in *silence*) exit 0;; esac\nexec sleep 5\n')
    player.chmod(player.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    speaker = speak()
    speaker.say(cue("warm up"))
    until(lambda: speaker._queue.current and speaker._queue.current.began)
    speaker.hush()
    assert speaker.drain(2.0)
    speaker.results()
    speaker.say(cue())
    assert until(lambda: speaker._queue.current and speaker._queue.current.began) < 0.7
    speaker.say(cue("danger", Priority.DANGER))
    assert until(lambda: speaker._queue.current and speaker._queue.current.cue.text == "danger") < 0.7
    assert [(r.outcome, r.reason) for r in speaker.results()] == [("dropped", "interrupted")]
    assert speaker.drain(10)  # the player never comes back: it is ended, and the cue is not called spoken
    assert [(r.outcome, r.reason) for r in speaker.results()] == [("dropped", "no_sound")]
