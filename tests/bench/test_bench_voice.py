"""Frame rate with the voice against without: what is measured, not how fast this machine is."""

from __future__ import annotations

import os
import subprocess
import time
import wave

import numpy as np
import pytest

from groupcoach import pipeline
from groupcoach.bench import voice
from groupcoach.cues import voices
from groupcoach.cues.hour import ClockVoice


class SlowPipeline:
    """Takes a tenth longer for a frame while somebody speaks."""

    def __init__(self):
        self.times = []

    def step(self, frame):
        self.times.append(frame.t_s)
        time.sleep(0.004)


class Voice(ClockVoice):
    ready = True

    def step(self):
        time.sleep(0.001)

    @property
    def busy(self):
        self.step()
        return super().busy


@pytest.fixture
def measured(monkeypatch):
    made = SlowPipeline()
    monkeypatch.setattr(pipeline, "build_pipeline", lambda **_: made)
    monkeypatch.setattr(voice, "_film", lambda people, sample: ([np.zeros((2, 2, 3), np.uint8)] * 10, 25.0))
    monkeypatch.setattr(voice, "Speaker", lambda setup: Voice())
    return made, voice.bench_voice(12, pairs=2)


def test_both_ways_see_the_same_frames_in_turns(measured):
    made, found = measured
    assert len(made.times) == (1 + 2 * 2) * 18
    assert np.all(np.diff(made.times) > 0)
    assert len(found["ratios"]) == 2
    assert found["people"] == 12


def test_what_the_voice_costs_is_in_the_ratio(measured):
    _, found = measured
    assert 0.3 < found["ratio"] < 0.95
    assert found["fps_with"] < found["fps_without"]
    assert found["processor_ratio"] > 0


def test_without_a_loudspeaker_a_player_that_takes_the_sounds_time_stands_in(monkeypatch, tmp_path):
    monkeypatch.setattr(voices, "can_play", lambda output: False)
    monkeypatch.setattr(voices, "LINUX", True)
    before = os.environ["PATH"]
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(bytes(22050))
    with voice._loudspeaker() as sound:
        assert sound == "stand-in"
        began = time.perf_counter()
        subprocess.run(["aplay", "-q", str(path)], check=True)
        assert time.perf_counter() - began >= 0.5
    assert os.environ["PATH"] == before
