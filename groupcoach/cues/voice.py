"""The process behind ``Speaker`` and ``Renderer``: makes the pyttsx3 engine and runs it in this process's only thread.

Messages on the pipe, ``parts`` being ``sentences.Part``:

    we                                              they
    ("ready",) or ("silent", why), once
                                                    ("say", parts)
    ("began", seconds or None), ("beat",)*                                      the sound has begun; still alive
                                                    ("stop",) at any time
    ("done",), ("stopped",) or ("failed", why)
                                                    ("render", parts)
    ("sound", wave file as bytes)
                                                    ("list",)
    ("voices", rows of id, name, languages)
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import wave
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from groupcoach.cues.sentences import Part
from groupcoach.cues.voices import LINUX, VoiceChoice, VoiceSetup, chosen, make_engine, spoken_languages

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

TEXT_LIMIT: Final = 160
"""Characters of a cue that are spoken: a 300-letter name must not hold the room's voice."""
RATE: Final = 175
"""Words a minute, where the studio sets none."""
BEAT_S: Final = 0.25
PLAYER_LIMIT_S: Final = 1.5
"""So much longer than the sound may the player take to come back."""

KEPT: Final = 64
"""Sounds: names and sentences come again and again."""
_QUIET: Final = 200
_PAUSE_S: Final = 0.05


class _Stopped(Exception):
    """The other side wants silence."""


def run(pipe: Connection, setup: VoiceSetup) -> None:
    """Speak what comes through the pipe until it closes (runs in a process of its own)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine, which then closes us
    _quiet()
    try:
        engine, why = make_engine(setup)
        if engine is None:
            pipe.send(("silent", why))
            return
        with tempfile.TemporaryDirectory(prefix="groupcoach-") as folder:
            mouth = _Mouth(engine, setup, Path(folder), pipe)
            pipe.send(("ready",))
            while True:
                message = pipe.recv()
                if message[0] == "say":
                    pipe.send(mouth.say(message[1]))
                elif message[0] == "render":
                    pipe.send(("sound", mouth.render(message[1])))
                elif message[0] == "list":
                    pipe.send(("voices", mouth.listed()))
    except (EOFError, OSError):  # the other end closed: the class is over
        return


class _Mouth:
    """The engine with its voices."""

    def __init__(self, engine: Any, setup: VoiceSetup, folder: Path, pipe: Connection) -> None:
        self._engine, self._setup, self._folder, self._pipe = engine, setup, folder, pipe
        self._listed = list(engine.getProperty("voices") or ())
        self._ids: dict[str, str | None] = {}
        self._asked: tuple[str | None, float, float] = (None, RATE, 1.0)
        self._kept: OrderedDict[tuple[object, ...], tuple[array[int], int]] = OrderedDict()
        real = type(engine).__module__.startswith("pyttsx3")
        self._espeak = shutil.which("espeak-ng") if LINUX and real else None
        """pyttsx3's eSpeak driver takes the end of one text for that of the next now and then: files are empty or cut
        off. The engine's own program with the same voice does not."""

    def render(self, parts: Sequence[Part]) -> bytes:
        """All parts as one wave file."""
        path = self._folder / "sound.wav"
        self._write(parts, path)
        return path.read_bytes()

    def listed(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """What the engine offers."""
        return [(str(v.id), str(v.name), tuple(spoken_languages(v))) for v in self._listed]

    def say(self, parts: Sequence[Part]) -> tuple[str, ...]:
        """Make the sound; the answer for the other side."""
        try:
            if not LINUX:
                self._say_by_engine(parts)
                return ("done",)
            path = self._folder / "cue.wav"
            seconds = self._write(parts, path)
            return self._play(path, seconds)
        except _Stopped:
            return ("stopped",)

    def _play(self, path: Path, seconds: float) -> tuple[str, ...]:
        """Linux: by ``aplay``, which can be stopped in the middle."""
        output = self._choice(self._setup.language).output
        command = ["aplay", "-q", *(("-D", output) if output else ()), str(path)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as player:
            self._pipe.send(("began", seconds))
            deadline = time.monotonic() + seconds + PLAYER_LIMIT_S
            try:
                # the player's end closes its stderr: nobody has to look again and again, which would cost the class
                self._attend(lambda: player.poll() is not None or time.monotonic() > deadline, BEAT_S, player.stderr)
            except _Stopped:
                player.kill()
                raise
            if player.poll() is None:
                player.kill()
                return ("failed", "the sound output does not take the sound")
            if player.returncode:
                said = (player.stderr.read() if player.stderr else b"").decode("utf-8", "replace")
                return ("failed", " ".join(said.split())[:120] or "aplay failed")
        return ("done",)

    def _say_by_engine(self, parts: Sequence[Part]) -> None:
        """Elsewhere the engine plays; its own loop is turned by us, so that it can be stopped."""
        for part in parts:
            ended = threading.Event()
            token = self._engine.connect("finished-utterance", functools.partial(_note, ended))
            self._engine.say(self._with_voice(part))
            self._engine.startLoop(False)
            self._pipe.send(("began", None))
            try:
                self._attend(functools.partial(self._turn, ended))
            except _Stopped:
                self._engine.stop()
                raise
            finally:
                self._engine.endLoop()
                self._engine.disconnect(token)

    def _turn(self, ended: threading.Event) -> bool:
        self._engine.iterate()
        return ended.is_set()

    def _attend(self, over: Callable[[], bool], look_s: float = 0.02, *wakes: Any) -> None:
        """Wait until ``over``, saying now and then that we live; raises when told to stop.

        Looks every ``look_s`` seconds, and when one of ``wakes``, files or pipes, first has something to say.
        """
        beaten = time.monotonic()
        listened: list[Any] = [self._pipe, *wakes]
        while not over():
            heard = wait(listened, look_s)
            if self._pipe in heard and self._pipe.recv()[0] == "stop":
                raise _Stopped
            listened = [self._pipe, *(w for w in listened[1:] if w not in heard)]
            if time.monotonic() - beaten >= BEAT_S:
                beaten = time.monotonic()
                self._pipe.send(("beat",))

    def _write(self, parts: Sequence[Part], path: Path) -> float:
        """All parts, each by its voice, into one wave file; its seconds."""
        pieces: list[array[int]] = []
        rate = 22050
        for part in parts:
            sound, rate = self._piece(part, rate)
            pieces.append(sound)
        whole = array("h")
        for sound in pieces:
            whole.extend(sound)
            whole.extend([0] * int(_PAUSE_S * rate))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(whole.tobytes())
        return len(whole) / rate

    def _piece(self, part: Part, rate: int) -> tuple[array[int], int]:
        """The sound of one part and its rate; no sound when the engine gave none. The same words are made once."""
        text = self._with_voice(part)
        wanted = (text, *self._asked)
        if wanted not in self._kept:
            made = self._make(text, rate)
            if not made[0]:
                return made
            self._kept[wanted] = made
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(wanted)
        return self._kept[wanted]

    def _make(self, text: str, rate: int) -> tuple[array[int], int]:
        path = self._folder / "part.wav"
        path.unlink(missing_ok=True)
        if self._espeak is not None:
            voice, wpm, volume = self._asked
            command = [self._espeak, "-s", str(int(wpm)), "-a", str(round(100 * volume)), "-w", str(path)]
            command += ["-v", voice] if voice else []
            subprocess.run(
                [*command, "--stdin"], input=text.encode(), stderr=subprocess.DEVNULL, check=False, timeout=10
            )
        else:
            self._engine.save_to_file(text, str(path))
            self._engine.runAndWait()
        try:
            with wave.open(str(path)) as file:
                return _trimmed(
                    array("h", file.readframes(file.getnframes())), file.getframerate()
                ), file.getframerate()
        except (OSError, EOFError, wave.Error):
            return array("h"), rate

    def _with_voice(self, part: Part) -> str:
        """Set the engine to the part's voice; what it is to say."""
        voice, language, text = self._voice(part.language), part.language, part.text
        if voice is None:  # nobody here says this script; the class's own voice says the way round it
            language = self._setup.language
            voice, text = self._voice(language), part.otherwise or part.text
        choice = self._choice(language)
        # the engine carries settings out when it next speaks: until then it cannot be asked for them
        self._asked = (voice, choice.rate or RATE, 1.0 if choice.volume is None else choice.volume)
        if self._espeak is None:
            for name, value in zip(("voice", "rate", "volume"), self._asked, strict=True):
                if value is not None:
                    self._engine.setProperty(name, value)
        return text[:TEXT_LIMIT]

    def _voice(self, language: str) -> str | None:
        if language not in self._ids:
            self._ids[language] = chosen(self._listed, self._choice(language).voice, language)
        return self._ids[language]

    def _choice(self, language: str) -> VoiceChoice:
        return self._setup.choices.get(language, VoiceChoice())


def _note(ended: threading.Event, **_: object) -> None:
    ended.set()


def _trimmed(sound: array[int], rate: int) -> array[int]:
    """Without the silence after the last word: what is said next follows at once."""
    end = len(sound)
    step = max(1, rate // 200)
    while end > step and max(sound[end - step : end]) < _QUIET and min(sound[end - step : end]) > -_QUIET:
        end -= step
    return sound[:end]


def _quiet() -> None:
    """Drivers and sound libraries print; the terminal belongs to the class's table."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.close(null)
