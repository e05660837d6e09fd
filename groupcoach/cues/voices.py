"""The speech engine of this machine: made, asked for its voices, its loudspeaker tried. Only pyttsx3 import."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LINUX: Final[bool] = sys.platform.startswith("linux")
_REGIONS: Final[Mapping[str, tuple[str, ...]]] = {"en": ("en-us", "en-gb"), "ko": ("ko-kr",)}
_SHOWN: Final = "cues are shown, not spoken"


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """What a studio sets for one language; None leaves it to the engine."""

    voice: str | None = None
    rate: int | None = None
    volume: float | None = None
    output: str | None = None
    """Device of ``aplay`` (Linux only)."""


@dataclass(frozen=True, slots=True)
class VoiceSetup:
    """Everything the process must know."""

    language: str = "en"
    choices: Mapping[str, VoiceChoice] = field(default_factory=dict)
    aloud: bool = True
    """False: only files are made, a loudspeaker is not asked for."""


def pick_voice(voices: Iterable[Any], language: str) -> str | None:
    """The id of a voice that speaks ``language``, its plain form and the large regions first; None when there is none.

    MBROLA voices are passed over: espeak lists them whether their data is installed or not.
    """
    first = (language, *_REGIONS.get(language, ()))
    found: list[tuple[int, str]] = []
    for voice in voices:
        if not str(voice.id).startswith("mb/"):
            names = [n for n in spoken_languages(voice) if n == language or n.startswith(language + "-")]
            found += [(first.index(n) if n in first else len(first), str(voice.id)) for n in names]
    return min(found, key=lambda one: one[0])[1] if found else None


def spoken_languages(voice: Any) -> list[str]:
    """The languages of a driver's voice, as ``en-gb``; drivers say ``en_US``, or bytes with a leading priority byte."""
    names = []
    for spoken in voice.languages or ():
        name = spoken.decode("utf-8", "ignore") if isinstance(spoken, bytes) else str(spoken)
        names.append("".join(c for c in name if c.isprintable()).lower().replace("_", "-"))
    return names


def drivers() -> tuple[str | None, ...]:
    """pyttsx3's drivers in the order they are tried: the system's own (None), then eSpeak."""
    return (None,) if LINUX else (None, "espeak")


def make_engine(setup: VoiceSetup) -> tuple[Any, str]:
    """The engine with the class's voice, or None and the notice for the instructor."""
    engine, voices, why = None, [], ""
    for driver in drivers():
        try:
            import pyttsx3

            engine = pyttsx3.init(driver)
            voices = engine.getProperty("voices")
            break
        except Exception as error:  # a driver may raise anything: a missing library, a COM error, no engine at all
            engine, why = None, why or _first_line(error)
    if engine is None:
        return None, f"No speech engine on this machine ({why}): {_SHOWN}. {_install()}"
    if not voices:
        return None, f"The speech engine of this machine has no voice: {_SHOWN}. {_install()}"
    wanted = setup.choices.get(setup.language, VoiceChoice())
    # a driver that names no languages (sapi5) keeps its default voice
    if chosen(voices, wanted.voice, setup.language) is None and any(v.languages for v in voices):
        return None, f"The speech engine has no voice for the language {setup.language!r}: {_SHOWN}. {_install()}"
    if setup.aloud and not can_play(wanted.output):
        return None, (
            f"Sound cannot be played on this machine (no loudspeaker found, or no `aplay`): {_SHOWN}. Attach one, and "
            "on Debian or Ubuntu install the player with: sudo apt-get install alsa-utils"
        )
    return engine, ""


def chosen(voices: Iterable[Any], wanted: str | None, language: str) -> str | None:
    """The id of the voice the studio wants, else of the first that speaks ``language``; None when there is none."""
    voices = list(voices)
    if wanted is not None and any(str(v.id) == wanted for v in voices):
        return wanted
    return pick_voice(voices, language)


def _install() -> str:
    if LINUX:
        return "Install one with: sudo apt-get install espeak-ng alsa-utils"
    return "Add a voice in the system's speech settings."


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:120]


def can_play(output: str | None) -> bool:
    """Play a moment of silence the way the cues are played; outside Linux the system owns the sound."""
    if not LINUX:
        return True
    if shutil.which("aplay") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="groupcoach-") as folder:
        silence = Path(folder) / "silence.wav"
        with wave.open(str(silence), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(22050)
            file.writeframes(b"\0\0" * 1000)
        command = ["aplay", "-q", *(("-D", output) if output else ()), str(silence)]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=5, check=False).returncode == 0
    return False
