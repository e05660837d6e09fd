"""Trying the room's voice outside of a class: what there is, and how it sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from groupcoach.cues import voice
from groupcoach.cues.speaker import START_LIMIT_S, Speaker
from groupcoach.cues.voices import VoiceChoice, VoiceSetup, chosen
from groupcoach.cues.worker import VoiceProcess, Worker
from groupcoach.errors import GroupCoachError
from groupcoach.records import Cue, Priority

SAY_LIMIT_S: Final = 20.0
LANGUAGES: Final = ("en", "ko")


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """A voice of the engine; has the fields that ``chosen`` looks at."""

    id: str
    name: str
    languages: tuple[str, ...]


def list_voices(setup: VoiceSetup, worker: Worker = voice.run) -> tuple[list[VoiceRow], dict[str, str]]:
    """Every voice, and language -> the id of the one that is used for it.

    Raises:
        GroupCoachError: there is no engine, or it does not answer.
    """
    process = VoiceProcess(worker, replace(setup, aloud=False), "groupcoach-voices")
    try:
        hello = process.receive(START_LIMIT_S)
        if hello is not None and hello[0] == "silent":
            raise GroupCoachError(str(hello[1]))
        process.send("list")
        answer = process.receive(START_LIMIT_S)
    finally:
        process.end()
    if answer is None:
        raise GroupCoachError("The speech engine does not answer. Try it alone, on Linux with: espeak-ng Mina")
    rows = [VoiceRow(*row) for row in answer[1]]
    return rows, _used(rows, setup)


def try_voice(text: str, setup: VoiceSetup, worker: Worker = voice.run) -> float:
    """Say a text the way a class hears it; returns the seconds it took.

    Raises:
        GroupCoachError: it could not be heard, and why.
    """
    speaker = Speaker(setup, worker=worker)
    try:
        speaker.say(Cue(0, text, setup.language, Priority.FORM, "trial", 0.0, SAY_LIMIT_S))
        speaker.drain(SAY_LIMIT_S)
        notice, results = speaker.notice, speaker.results()
    finally:
        speaker.close()
    for result in results:
        if result.outcome == "spoken":
            return result.took_s
    why = results[0].reason if results else "it did not end"
    raise GroupCoachError(notice or f"The voice could not be heard ({why}). `groupcoach doctor` looks at the machine.")


def _used(rows: Sequence[VoiceRow], setup: VoiceSetup) -> dict[str, str]:
    found = {lang: chosen(rows, setup.choices.get(lang, VoiceChoice()).voice, lang) for lang in LANGUAGES}
    return {lang: voice_id for lang, voice_id in found.items() if voice_id is not None}
