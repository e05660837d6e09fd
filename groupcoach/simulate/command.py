"""``groupcoach simulate``: a class from a few words, as a video with its exact truth."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from groupcoach.errors import ConfigError, RecordError, near_miss
from groupcoach.simulate.motion import EXERCISES, FAULTS, UNKNOWN, Motion, make_motion
from groupcoach.simulate.scene import MOST_PEOPLE, VIEWS

if TYPE_CHECKING:
    from groupcoach.simulate.people import Look

DEFAULT_EXERCISES: Final = ("squat", "jumping_jack", "biceps_curl", "lunge")
#: Everybody stands this long at the start, and about this long at the end; less in a short video (a tenth of it).
STILL_S: Final = 2.0
SHORTEST_S: Final = 8.0
#: A set lasts about this long, with a rest between two.
SET_S: Final = 12.0
REST_S: Final = 2.0
#: Share of the repetitions that show an ordered fault.
FAULT_SHARE: Final = 0.5
_LIES_DOWN: Final = {"push_up", "lunge", "plank", "mountain_climber", "burpee", "sit_up", "glute_bridge", "walk"}


@dataclass(frozen=True)
class Simulated:
    """What ``simulate`` wrote."""

    video: Path
    truth: Path
    rows: Path
    frames: int
    people: int
    reps: int


def simulate(
    out: Path,
    *,
    people: int = 4,
    seconds: float = 20.0,
    exercises: Sequence[str] = DEFAULT_EXERCISES,
    faults: Sequence[str] = (),
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 25.0,
    view: str = "front",
    noise: float = 1.2,
    crossings: int = 0,
    absences: int = 0,
    instructor: bool = False,
    progress: bool = True,
) -> Simulated:
    """Render a class into ``out``: ``class.mp4``, ``truth.json``, ``truth.npz``.

    Args:
        out: Folder to write; must be empty or not exist. It appears only when everything is written.
        people: 1 to 30.
        seconds: 8 or more. Everybody stands still for 2 s (or a tenth of it) first and at the end.
        exercises: Ids; person k begins with the k-th (round robin) and goes on to the next if there is time.
        faults: Codes; some people show each in half of the repetitions of the exercises that have it.
        seed: Everything by chance comes from it: the same seed, the same truth.
        size: Width and height, even numbers of px.
        fps: Frames a second, 5 to 60.
        view: ``front``, ``side``, ``oblique`` or ``mixed``.
        noise: Sensor noise, standard deviation in grey levels.
        crossings: Not built yet.
        absences: Not built yet.
        instructor: Not built yet.
        progress: Show a bar on standard error.

    Raises:
        ConfigError: something asked for does not exist, does not fit, or is not built yet; nothing is written.
        RecordError: the folder or the video cannot be written.
    """
    check(people, seconds, exercises, faults, size, fps, view, noise)
    for name, asked in (("crossings", crossings), ("absences", absences), ("instructor", instructor)):
        if asked:
            raise ConfigError(f"simulate: --{name} is not built yet; leave it out.")
    plans = draw_plans(people, exercises, faults, seed)
    return render_class(out, plans, seconds=seconds, seed=seed, size=size, fps=fps, view=view, noise=noise,
                        progress=progress)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What one person is to do: exercises in order, and which faults they show in which share of repetitions."""

    exercises: tuple[str, ...]
    faults: dict[str, float]
    seed: int
    """Of the look and of the motion."""


def check(
    people: int, seconds: float, exercises: Sequence[str], faults: Sequence[str], size: tuple[int, int], fps: float,
    view: str, noise: float = 0.0,
) -> None:  # fmt: skip
    """Refuse what cannot be rendered, before anything is made."""
    known = (*EXERCISES, *UNKNOWN)
    if not exercises:
        raise ConfigError(f"simulate: no exercise is given. Name at least one of: {', '.join(known)}.")
    for name in exercises:
        if name not in known:
            raise ConfigError(f"simulate: exercise {name!r} is not known.{near_miss(name, known)} "
                              f"Known: {', '.join(known)}.")  # fmt: skip
    codes: dict[str, list[str]] = {}
    for exercise, many in FAULTS.items():
        for code in many:
            codes.setdefault(code, []).append(exercise)
    for code in faults:
        if code not in codes:
            raise ConfigError(f"simulate: fault {code!r} is not known.{near_miss(code, codes)} "
                              f"Known: {', '.join(sorted(codes))}.")  # fmt: skip
        if not set(codes[code]) & set(exercises):
            owners = " or ".join(codes[code])
            raise ConfigError(f"simulate: fault {code!r} belongs to {owners}, which is not among the exercises "
                              f"({', '.join(exercises)}). Add the exercise or leave the fault out.")  # fmt: skip
    if not 1 <= people <= MOST_PEOPLE:
        raise ConfigError(f"simulate: {people} people asked for, but there are 1 to {MOST_PEOPLE} spots.")
    if not SHORTEST_S <= seconds <= 3600:
        raise ConfigError(f"simulate: {seconds:g} seconds asked for; {SHORTEST_S:g} to 3600 can be rendered.")
    if not (320 <= size[0] <= 3840 and 240 <= size[1] <= 2160) or size[0] % 2 or size[1] % 2:
        raise ConfigError(f"simulate: a picture of {size[0]}x{size[1]} asked for; even numbers from 320x240 to "
                          "3840x2160 can be rendered.")  # fmt: skip
    if not 5 <= fps <= 60:
        raise ConfigError(f"simulate: {fps:g} frames a second asked for; 5 to 60 can be rendered.")
    if not 0 <= noise <= 20:
        raise ConfigError(f"simulate: a noise of {noise:g} grey levels asked for; 0 to 20 can be rendered.")
    if view not in VIEWS:
        raise ConfigError(f"simulate: view {view!r} is not known.{near_miss(view, VIEWS)} Known: {', '.join(VIEWS)}.")


def draw_plans(people: int, exercises: Sequence[str], faults: Sequence[str], seed: int) -> list[Plan]:
    """Who does what: exercises round robin, each fault shown by about half of those who can, by one at least."""
    rng = np.random.default_rng([seed, 31])
    first = [exercises[k % len(exercises)] for k in range(people)]
    shown: list[dict[str, float]] = [{} for _ in range(people)]
    for code in faults:
        able = [k for k in range(people) if code in FAULTS.get(first[k], ())]
        if not able:  # nobody starts with that exercise: whoever comes to it first
            able = list(range(people))
        chosen = [k for k in able if rng.random() < 0.5] or [able[0]]
        for k in chosen:
            shown[k][code] = FAULT_SHARE
    order = [tuple(exercises[(k + j) % len(exercises)] for j in range(len(exercises))) for k in range(people)]
    return [Plan(order[k], shown[k], seed * 1000 + k) for k in range(people)]


def lay_out(look: Look, plan: Plan, seconds: float, yaw: float, spot_m: tuple[float, float]) -> Motion:
    """The motion of one person over exactly ``seconds``: standing, sets with rests between, standing."""
    still = min(STILL_S, 0.1 * seconds)
    sets = int(np.clip(round((seconds - 2 * still) / (SET_S + REST_S)), 1, len(plan.exercises)))

    def build(length: float, last: float) -> Motion:
        parts: list[tuple[str, float]] = [("stand", still)]
        for k, name in enumerate(plan.exercises[:sets]):
            parts += [(name, length), ("stand", REST_S if k < sets - 1 else last)]
        return make_motion(look.skeleton, parts, seed=plan.seed, faults=plan.faults, yaw=yaw, spot_m=spot_m)

    # Ways down to the floor take longer: measure, then give the sets what is left.
    overhead = build(1.0, still).duration_s - sets
    length = max((seconds - overhead) / sets, 0.5)
    return build(length, still + max(0.0, seconds - overhead - sets * length))


def render_class(
    out: Path, plans: Sequence[Plan], *, seconds: float, seed: int, size: tuple[int, int], fps: float, view: str,
    noise: float, progress: bool = True,
) -> Simulated:  # fmt: skip
    """Render people with given plans; the folder appears whole or not at all."""
    from groupcoach.mesh.body_model import BodyModel
    from groupcoach.simulate.people import draw_look
    from groupcoach.simulate.render import Cast, render
    from groupcoach.simulate.scene import build_scene
    from groupcoach.simulate.truth import TruthRows, truth_json, write_json

    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"simulate: {out} exists and is not an empty folder. Choose another --out or empty it.")
    body = BodyModel()
    roomy = any(name in _LIES_DOWN for plan in plans for name in plan.exercises)
    scene = build_scene(np.random.default_rng([seed, 3]), len(plans), size, view, roomy=roomy)
    frames = round(seconds * fps)
    cast = []
    for plan, spot in zip(plans, scene.spots, strict=True):
        look = draw_look(body, plan.seed)
        cast.append(Cast(look, lay_out(look, plan, frames / fps, spot.yaw, (spot.x_m, spot.z_m))))
    rows = TruthRows([c.look.betas for c in cast], fps)
    truth = truth_json(scene, [c.motion for c in cast], frames, fps, seed=seed, view=view)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise RecordError(f"simulate: cannot write beside {out}: {error}. Choose another --out.") from error
    try:
        with Video(work / "class.mp4", size, fps) as video:
            for frame in _watched(render(body, scene, cast, frames, fps, noise=noise, seed=seed), frames, progress):
                video.write(frame.image)
                rows.add(frame)
        rows.save(work / "truth.npz")
        write_json(work / "truth.json", truth)
        work.chmod(0o755)
        if out.exists():
            out.rmdir()
        work.rename(out)
    except OSError as error:
        raise RecordError(f"simulate: {out} could not be written: {error}. Free some space or choose another "
                          "--out.") from error  # fmt: skip
    finally:
        shutil.rmtree(work, ignore_errors=True)
    reps = sum(segment["reps"] for person in truth["people"] for segment in person["segments"])
    return Simulated(out / "class.mp4", out / "truth.json", out / "truth.npz", frames, len(plans), reps)


class Video:
    """An MP4 being written, with whichever codec this OpenCV can write."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        import cv2

        self._writer: Any = None
        for code in ("mp4v", "avc1"):
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), fps, size)
            if writer.isOpened():
                self._writer = writer
                return
        raise RecordError(f"simulate: this OpenCV cannot write {path}: neither mp4v nor avc1 is available. Install "
                          "opencv-python from the package registry.")  # fmt: skip

    def write(self, image: Any) -> None:
        """Append one RGB frame."""
        self._writer.write(image[:, :, ::-1])

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.release()


def _watched(frames: Any, total: int, progress: bool) -> Any:
    if not progress:
        yield from frames
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Rendering", total=total)
        for frame in frames:
            yield frame
            bar.advance(task)
