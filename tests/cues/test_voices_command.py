"""``groupcoach voices``: what there is, and how it sounds."""

from __future__ import annotations

import pytest
from fake_voices import missing, polite
from typer.testing import CliRunner

from groupcoach.cli import app
from groupcoach.cues import trial
from groupcoach.cues.trial import VoiceRow, list_voices, try_voice
from groupcoach.cues.voices import VoiceSetup
from groupcoach.errors import GroupCoachError

ROWS = [VoiceRow("gmw/en", "English", ("en-gb",)), VoiceRow("fr", "French", ("fr",))]


def invoke(*words):
    return CliRunner().invoke(app, ["voices", *words])


def test_it_lists_the_class_languages_and_names_what_is_missing(monkeypatch):
    monkeypatch.setattr(trial, "list_voices", lambda setup: (ROWS, {"en": "gmw/en"}))
    shown = invoke()
    assert shown.exit_code == 0
    assert "gmw/en" in shown.output
    assert "French" not in shown.output
    assert "'ko'" in shown.output
    assert "cues.toml" in shown.output
    assert "French" in invoke("--all").output


def test_a_trial_that_cannot_be_heard_is_one_paragraph_and_exit_1(monkeypatch):
    monkeypatch.setattr(trial, "try_voice", lambda text, setup: try_voice(text, setup, missing))
    shown = invoke("--try", "Mina")
    assert shown.exit_code == 1
    assert "No speech engine on this machine" in shown.output


def test_a_trial_is_said():
    assert try_voice("Mina", VoiceSetup(), polite) < 5.0


def test_without_an_engine_there_is_nothing_to_list():
    with pytest.raises(GroupCoachError, match="No speech engine"):
        list_voices(VoiceSetup(), missing)
