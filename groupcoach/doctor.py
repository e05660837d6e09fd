"""Is this machine ready for a class? Every check that could stop or silence one, without starting one.

``run_checks`` looks; ``table`` makes a rich table of it. A check that is not ``needed`` costs a feature, not the class.
"""

from __future__ import annotations

import ctypes.util
import importlib
import importlib.metadata
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from groupcoach.errors import GroupCoachError

if TYPE_CHECKING:
    from rich.table import Table

PYTHON_RANGE = ((3, 10), (3, 13))
#: module to import -> distribution that carries it; those with compiled parts, which can be there and yet not load
RUNTIMES = {
    "torch": "torch",
    "cv2": "opencv-python",
    "openvino": "openvino",
    "scipy.optimize": "scipy",
}
#: imported only where they are used: looked up, not loaded
LIBRARIES = ("ultralytics", "smplx", "filterpy", "streamlit", "pyttsx3", "sqlalchemy", "fastapi")
NEEDED_MEMORY_GB = 2.5
NEEDED_DISK_GB = 1.0
SLOWEST_FPS = 8.0
"""The method's own rate was 9.5; a fast jumping jack has three frames then on its way up."""
CLASS_SIZE = 8
_SPEECH_PACKAGES = (
    ("apt-get", "sudo apt-get install espeak-ng"),
    ("dnf", "sudo dnf install espeak-ng"),
    ("pacman", "sudo pacman -S espeak-ng"),
    ("zypper", "sudo zypper install espeak-ng"),
    ("apk", "sudo apk add espeak-ng"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found."""
    fix: str = ""
    """What to do when not ok."""
    needed: bool = True
    """False: the class runs without it, with less."""


def run_checks() -> list[Check]:
    """Look at everything; a check that itself fails is a check that is not ok."""
    found: list[Check] = []
    for look in (python, models, runtimes, libraries, machine, graphics, speed, camera, speech, writing):
        try:
            found.extend(look())
        except Exception as error:  # a broken driver must not hide the other findings
            found.append(Check(look.__name__, False, f"could not be checked: {error}", "", needed=False))
    return found


def ready(checks: list[Check]) -> bool:
    """Whether everything that a class cannot do without is there."""
    return all(check.ok for check in checks if check.needed)


def table(checks: list[Check]) -> Table:
    """For the terminal."""
    from rich.table import Table

    made = Table(title="ready for a class" if ready(checks) else "not ready for a class yet", title_justify="left")
    for column in ("", "Check", "Found", "What to do"):
        made.add_column(column, overflow="fold")
    for check in checks:
        mark = "[green]ok[/]" if check.ok else "[red]needed[/]" if check.needed else "[yellow]without[/]"
        made.add_row(mark, _plain(check.name), _plain(check.detail), "" if check.ok else _plain(check.fix))
    return made


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def python() -> list[Check]:
    """The interpreter's version."""
    (low, high), now = PYTHON_RANGE, sys.version_info[:2]
    detail = f"{sys.version.split()[0]} at {sys.executable}"
    fix = f"Install Python {low[0]}.{low[1]} to {high[0]}.{high[1]}, delete .venv, and run `make test` again."
    return [Check("Python", low <= now <= high, detail, fix)]


def models() -> list[Check]:
    """Model files of the default group, every byte read."""
    from groupcoach import assets

    try:
        found = [one for one in assets.verify() if one.asset.group == assets.DEFAULT_GROUP]
    except GroupCoachError as error:
        return [Check("model files", False, str(error))]
    checks = []
    for one in found:
        sample = one.asset.files[0].file.startswith("samples/")
        detail = one.detail or f"{one.asset.size / 1e6:.1f} MB, digest right"
        fix = "Run `groupcoach models pull` while online."
        checks.append(Check(one.asset.name, one.state == "ready", detail, fix, needed=not sample))
    return checks


def runtimes() -> list[Check]:
    """Compiled libraries, really loaded."""
    checks = []
    # OpenVINO reports its import to its maker unless the reporting package cannot be found; None hides it
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None is how import is told "no"
    for module, distribution in RUNTIMES.items():
        try:
            importlib.import_module(module)
            checks.append(Check(distribution, True, importlib.metadata.version(distribution)))
        except Exception as error:  # a missing system library shows as OSError, a broken build as anything
            fix = "Run `make test` again: it installs what is missing."
            if "libGL" in str(error) or "libgthread" in str(error):
                fix = "Install the system libraries: sudo apt-get install libgl1 libglib2.0-0"
            checks.append(Check(distribution, False, f"does not load: {error}", fix))
    return checks


def libraries() -> list[Check]:
    """The other libraries, by their installed versions."""
    versions, missing = [], []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    detail = ", ".join(versions) if not missing else f"missing: {', '.join(missing)}"
    return [Check("libraries", not missing, detail, "Run `make test` again: it installs what is missing.")]


def machine() -> list[Check]:
    """Processor cores and memory."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = psutil.virtual_memory()
    free_gb = memory.available / 1e9
    return [
        Check("processor", cores >= 2, f"{cores} core(s)", "Two cores or more keep up with a class.", needed=False),
        Check(
            "memory",
            free_gb >= NEEDED_MEMORY_GB,
            f"{free_gb:.1f} GB free of {memory.total / 1e9:.1f} GB",
            f"Close other programs: a class of eight takes up to {NEEDED_MEMORY_GB} GB.",
            needed=False,
        ),
    ]


def graphics() -> list[Check]:
    """CUDA, used when there."""
    import torch

    if torch.cuda.is_available():
        return [Check("graphics card", True, torch.cuda.get_device_name(0), needed=False)]
    return [Check("graphics card", True, "no CUDA: the processor is used", needed=False)]


def speed() -> list[Check]:
    """Frames a second to expect by class size, from a few seconds of the two picture networks."""
    from groupcoach import forecast

    try:
        found = forecast.measure()
    except GroupCoachError as error:
        return [Check("frame rate", False, "the networks do not run", str(error), needed=False)]
    rates = forecast.forecast(found)
    detail = (
        f"about {' / '.join(f'{fps:.0f}' for fps in rates.values())} frames a second with "
        f"{' / '.join(map(str, rates))} people: expected, not measured, from the networks' time just now (detector "
        f"{found.detect_ms:.0f} ms, landmarks {found.body_ms:.1f} ms a body)"
    )
    fix = f"Counting wants {SLOWEST_FPS:.0f} a second. Close other programs and look again; groupcoach bench measures."
    return [Check("frame rate", rates[CLASS_SIZE] >= SLOWEST_FPS, detail, fix, needed=False)]


def camera() -> list[Check]:
    """Cameras that the system lists; none is opened, so that no light goes on."""
    from groupcoach.source.devices import cameras_seen

    seen = cameras_seen()
    if seen is None:
        return [Check("camera", True, "this system does not list cameras; try `groupcoach class 0`", needed=False)]
    fix = "Plug a camera in (in a container: pass the device through), or use a file or an rtsp:// address."
    detail = f"camera {', '.join(map(str, seen))}" if seen else "none"
    return [Check("camera", bool(seen), detail, fix, needed=False)]


def speech() -> list[Check]:
    """What speaks the cues: the system's own voice on macOS and Windows, eSpeak on Linux."""
    if sys.platform == "darwin" or sys.platform == "win32":
        return [Check("speech", True, "the system's own voice", needed=False)]
    library = ctypes.util.find_library("espeak-ng") or ctypes.util.find_library("espeak")
    fix = f"{speech_command()} (without it cues are shown, not spoken)"
    return [Check("speech", library is not None, library or "no eSpeak library", fix, needed=False)]


def speech_command() -> str:
    """The command that installs a speech engine on this Linux."""
    for tool, command in _SPEECH_PACKAGES:
        if shutil.which(tool):
            return command
    return "Install the package espeak-ng"


def writing() -> list[Check]:
    """The working folder, where runs are recorded, and the cache."""
    from groupcoach import assets

    cache = assets.cache_dir()
    return [
        _writable("working folder", Path.cwd(), "Start groupcoach in a folder that you may write to, or use --out."),
        _writable("cache folder", cache, f"Choose another with the variable {assets.CACHE_VARIABLE}.", needed=False),
    ]


def _writable(name: str, folder: Path, fix: str, *, needed: bool = True) -> Check:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check(name, False, f"{folder} cannot be written ({error.strerror})", fix, needed)
    free_gb = shutil.disk_usage(folder).free / 1e9
    return Check(name, free_gb >= NEEDED_DISK_GB, f"{folder}, {free_gb:.0f} GB free", "Make room on that disk.", needed)
