"""The process behind ``Speaker``: makes the pyttsx3 engine and runs it in this process's only thread.

Nothing else imports pyttsx3. Messages on the pipe: we send ``("ready",)`` or ``("silent", why)`` once, then for every
``(text, language)`` received ``("done",)`` when the sound has ended.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

TEXT_LIMIT: Final = 160
"""Characters of a cue that are spoken: a 300-letter name must not hold the room's voice."""

_LINUX: Final[bool] = sys.platform.startswith("linux")
_SHOWN: Final = "cues are shown, not spoken"


def run(pipe: Connection, language: str) -> None:
    """Speak what comes through the pipe until it closes (runs in a process of its own)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine, which then closes us
    _quiet()
    try:
        engine, why = _make(language)
        if engine is None:
            pipe.send(("silent", why))
            return
        pipe.send(("ready",))
        speaking = language
        while True:
            text, wanted = pipe.recv()
            if wanted != speaking:
                voice_id = pick_voice(engine.getProperty("voices"), wanted)
                if voice_id is not None:
                    engine.setProperty("voice", voice_id)
                speaking = wanted
            engine.say(text[:TEXT_LIMIT])
            engine.runAndWait()
            pipe.send(("done",))
    except (EOFError, OSError):  # the other end closed: the class is over
        return


def pick_voice(voices: Iterable[Any], language: str) -> str | None:
    """The id of the first voice that speaks ``language``; None when there is none.

    Drivers name languages each in their own way (``en-gb``, ``en_US``, ``ko``, bytes with a leading priority byte).
    MBROLA voices are passed over: espeak lists them whether their data is installed or not.
    """
    for voice in voices:
        if str(voice.id).startswith("mb/"):
            continue
        for spoken in voice.languages or ():
            name = spoken.decode("utf-8", "ignore") if isinstance(spoken, bytes) else str(spoken)
            name = "".join(c for c in name if c.isprintable()).lower().replace("_", "-")
            if name == language or name.startswith(language + "-"):
                return str(voice.id)
    return None


def _make(language: str) -> tuple[Any, str]:
    """The engine with the class's voice, or None and the notice for the instructor."""
    try:
        import pyttsx3

        engine = pyttsx3.init()
        voices = engine.getProperty("voices")
    except Exception as error:  # a driver may raise anything: a missing library, a COM error, no engine at all
        return None, f"No speech engine on this machine ({_first_line(error)}): {_SHOWN}. {_install()}"
    if not voices:
        return None, f"The speech engine of this machine has no voice: {_SHOWN}. {_install()}"
    voice_id = pick_voice(voices, language)
    if voice_id is not None:
        engine.setProperty("voice", voice_id)
    elif any(v.languages for v in voices):  # a driver that names no languages (sapi5) keeps its default voice
        return None, f"The speech engine has no voice for the language {language!r}: {_SHOWN}. {_install()}"
    if not _can_play():
        return None, (
            f"Sound cannot be played on this machine (no loudspeaker found, or no `aplay`): {_SHOWN}. Attach one, and "
            "on Debian or Ubuntu install the player with: sudo apt-get install alsa-utils"
        )
    return engine, ""


def _install() -> str:
    if _LINUX:
        return "Install one with: sudo apt-get install espeak-ng alsa-utils"
    return "Add a voice in the system's speech settings."


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:120]


def _can_play() -> bool:
    """Play a moment of silence the way pyttsx3's Linux driver plays; elsewhere the system owns the sound."""
    if not _LINUX:
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
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            return subprocess.run(["aplay", "-q", str(silence)], timeout=5, check=False).returncode == 0
    return False


def _quiet() -> None:
    """Drivers and sound libraries print; the terminal belongs to the class's table."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.close(null)
