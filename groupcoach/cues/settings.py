"""The studio's own ``cues.toml``: voices, sound outputs, texts and the phones' address.

    [voice.en]                      # one table a language; every field may be left out
    voice = "gmw/en-us"             # as `groupcoach voices` lists them
    rate = 165                      # words a minute
    volume = 0.9
    output = "plughw:1,0"           # Linux: a device of `aplay -L`

    [text.squat.shallow]            # a fault's text: exercise and code as in the exercise's file
    en = "sit deeper"

    [text.praise]                   # call, everyone, praise, halfway, last_three, done: a list, they take turns
    en = ["lovely", "yes"]

    [phone]
    listen = "0.0.0.0"              # phones in the same network may open their page
    port = 8780

The file lies in the user's configuration folder, or where the variable GROUPCOACH_CUES says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from groupcoach.config import read_toml
from groupcoach.cues.texts import CueTexts
from groupcoach.cues.voices import VoiceChoice, VoiceSetup
from groupcoach.errors import ConfigError

_SHIPPED: Final = Path(__file__).with_name("texts.toml")
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Voice(_Table):
    voice: Word | None = None
    rate: Annotated[int, Field(ge=60, le=400)] | None = None
    volume: Annotated[float, Field(ge=0, le=1)] | None = None
    output: Word | None = None


class _Phone(_Table):
    listen: Word = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8780


class _File(_Table):
    voice: dict[str, _Voice] = {}
    text: dict[str, dict[str, list[Sentence] | Sentence | dict[str, Sentence]]] = {}
    phone: _Phone = _Phone()


class CueSettings(_Table):
    """What ``cues.toml`` says, the shipped texts below it."""

    voices: dict[str, _Voice] = {}
    lines: dict[str, dict[str, list[str]]] = {}
    """Praise and milestones: key -> language -> sentences that take turns."""
    faults: dict[str, dict[str, str]] = {}
    """``exercise.code`` -> language -> sentence."""
    phone: _Phone = _Phone()

    def texts(self) -> CueTexts:
        """For the policy."""
        return CueTexts(self.lines, self.faults)

    def setup(self, language: str) -> VoiceSetup:
        """For the voice of a class in ``language``."""
        return VoiceSetup(language, {name: VoiceChoice(**v.model_dump()) for name, v in self.voices.items()})


def settings_path() -> Path:
    """Where ``cues.toml`` is looked for, there or not."""
    if named := os.environ.get("GROUPCOACH_CUES"):
        return Path(named)
    from platformdirs import user_config_dir

    return Path(user_config_dir("groupcoach", appauthor=False)) / "cues.toml"


def load_settings(path: Path | None = None) -> CueSettings:
    """The studio's file over the shipped texts; without one the shipped texts alone.

    Raises:
        ConfigError: not TOML, or a field that is wrong; says which.
    """
    path = path or settings_path()
    shipped = _lines({"text": read_toml(_SHIPPED)}, _SHIPPED)[0]
    if path.is_file():
        data = read_toml(path)
    elif "GROUPCOACH_CUES" in os.environ:
        raise ConfigError(f"GROUPCOACH_CUES names {path}, and there is no such file. Mend the path, or unset it.")
    else:
        data = {}
    lines, faults, file = _lines(data, path)
    for key in lines:
        if key not in shipped:
            raise ConfigError(f"{path}: text.{key}: unknown. It has: {', '.join(shipped)}, or exercise.code.")
    for language, forms in lines.get("call", {}).items():
        if any(form.count("{}") != 1 for form in forms):
            raise ConfigError(f'{path}: text.call.{language}: needs {{}} once, where the name goes: "{{}} 님".')
    merged = {key: {**texts, **lines.get(key, {})} for key, texts in shipped.items()}
    return CueSettings(voices=file.voice, lines=merged, faults=faults, phone=file.phone)


def _lines(
    data: Mapping[str, Any], path: Path
) -> tuple[dict[str, dict[str, list[str]]], dict[str, dict[str, str]], _File]:
    """Praise and milestones, faults, and the whole file."""
    try:
        file = _File.model_validate(data)
    except ValidationError as bad:
        first = bad.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {where}: {first['msg']}. See the example in the README.") from None
    lines: dict[str, dict[str, list[str]]] = {}
    faults: dict[str, dict[str, str]] = {}
    for key, table in file.text.items():
        for name, value in table.items():
            if isinstance(value, dict):
                faults[f"{key}.{name}"] = dict(value)
            else:
                lines.setdefault(key, {})[name] = [value] if isinstance(value, str) else list(value)
    return lines, faults, file
