"""``groupcoach simulate``: a class from a few words, as a video with its exact truth."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from groupcoach.errors import ConfigError, RecordError, near_miss
from groupcoach.simulate.choreography import choreograph
from groupcoach.simulate.diary import FLOOR, WEIGHTED
from groupcoach.simulate.motion import EXERCISES, FAULTS, UNKNOWN
from groupcoach.simulate.scene import MOST_PEOPLE, VIEWS
from groupcoach.simulate.timetable import Plan, low_rows, rounds_of

if TYPE_CHECKING:
    from groupcoach.mesh.body_model import BodyModel
    from groupcoach.simulate.people import Look
    from groupcoach.simulate.render import Cast
    from groupcoach.simulate.timetable import Performer

DEFAULT_EXERCISES: Final = ("squat", "jumping_jack", "biceps_curl", "lunge")
SHORTEST_S: Final = 8.0
#: Somebody can walk off and be back only in a video of this length or more.
SHORTEST_WALKING_S: Final = 24.0
#: Share of the repetitions that show an ordered fault.
FAULT_SHARE: Final = 0.5
#: Share of the people with a weighted exercise who have dumbbells for it.
DUMBBELL_SHARE: Final = 0.75


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
    uniform: bool = False,
    mirror: bool = False,
    jobs: int | None = None,
    progress: bool = True,
) -> Simulated:
    """Render a class into ``out``: ``class.mp4``, ``truth.json``, ``truth.npz``.

    Args:
        out: Folder to write; must be empty or not exist. It appears only when everything is written.
        people: 1 to 30.
        seconds: 8 or more. Everybody stands still for 2 s (or a tenth of it) first and at the end.
        exercises: Ids; person k begins with the k-th (round robin) and goes on to the next if there is time.
        faults: Codes; some people show each in half of the repetitions of the exercises that have it, in fewer where
            one person shows more than two.
        seed: Everything by chance comes from it: the same seed, the same truth.
        size: Width and height, even numbers of px.
        fps: Frames a second, 5 to 60.
        view: ``front``, ``side``, ``oblique`` or ``mixed``.
        noise: Sensor noise, standard deviation in grey levels.
        crossings: How often two people change spots or one walks round behind others (in turn), in breaks.
        absences: How often somebody leaves the picture and returns.
        instructor: One more person walks through the class and exercises with nobody's count.
        uniform: Everybody is dressed alike.
        mirror: The back wall has a mirror; reflections are no participants.
        jobs: Processes that render; None: one per core.
        progress: Show a bar on standard error.

    Raises:
        ConfigError: something asked for does not exist, does not fit, or is not built yet; nothing is written.
        RecordError: the folder or the video cannot be written.
    """
    check(people, seconds, exercises, faults, size, fps, view, noise, crossings, absences)
    plans = draw_plans(people, exercises, faults, seed)
    show = next((e for e in exercises if e in EXERCISES and e not in FLOOR and e != "stand"), "squat")
    teacher = Plan((show,), {}, seed * 1000 + 999) if instructor else None
    return render_class(out, plans, seconds=seconds, seed=seed, size=size, fps=fps, view=view, noise=noise,
                        crossings=crossings, absences=absences, instructor=teacher, uniform=uniform, mirror=mirror,
                        jobs=jobs, progress=progress)  # fmt: skip


def check(
    people: int, seconds: float, exercises: Sequence[str], faults: Sequence[str], size: tuple[int, int], fps: float,
    view: str, noise: float = 0.0, crossings: int = 0, absences: int = 0,
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
    for name, asked in (("crossings", crossings), ("absences", absences)):
        if not 0 <= asked <= 99:
            raise ConfigError(f"simulate: {asked} {name} asked for; 0 to 99 can be arranged.")
    if (crossings or absences) and seconds < SHORTEST_WALKING_S:
        raise ConfigError(f"simulate: {seconds:g} seconds are too short for anybody to walk and be back (--crossings, "
                          f"--absences). Ask for {SHORTEST_WALKING_S:g} or more.")  # fmt: skip
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
    for mine in shown:  # a repetition shows one fault: several of one exercise share its repetitions
        rivals = {code: max(len(mine.keys() & set(FAULTS.get(e, ()))) for e in exercises if code in FAULTS.get(e, ()))
                  for code in mine}  # fmt: skip
        mine.update({code: min(FAULT_SHARE, 1 / many) for code, many in rivals.items()})
    order = [tuple(exercises[(k + j) % len(exercises)] for j in range(len(exercises))) for k in range(people)]
    lifts = [bool(WEIGHTED & set(order[k])) and bool(rng.random() < DUMBBELL_SHARE) for k in range(people)]
    return [Plan(order[k], shown[k], seed * 1000 + k, lifts[k]) for k in range(people)]


def render_class(
    out: Path, plans: Sequence[Plan], *, seconds: float, seed: int, size: tuple[int, int], fps: float, view: str,
    noise: float, crossings: int = 0, absences: int = 0, instructor: Plan | None = None, uniform: bool = False,
    mirror: bool = False, jobs: int | None = None, progress: bool = True,
) -> Simulated:  # fmt: skip
    """Render people with given plans; the folder appears whole or not at all."""
    from groupcoach.mesh.body_model import BodyModel
    from groupcoach.simulate.people import draw_look
    from groupcoach.simulate.render import Cast, render
    from groupcoach.simulate.scene import build_scene
    from groupcoach.simulate.truth import TruthRows, truth_json, write_json
    from groupcoach.simulate.video import Video, watched

    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"simulate: {out} exists and is not an empty folder. Choose another --out or empty it.")
    body = BodyModel()
    frames = round(seconds * fps)
    low = low_rows(plans, len(rounds_of(frames / fps, walking=bool(crossings or absences))))
    scene = build_scene(np.random.default_rng([seed, 3]), len(plans), size, view, lying=bool(low), mirror=mirror,
                        low=low)  # fmt: skip
    everybody = [*plans, instructor] if instructor else list(plans)
    dress = seed if uniform else None
    looks = [draw_look(body, plan.seed, uniform=dress) for plan in everybody]
    skeletons = [look.skeleton for look in looks]
    performers, events = choreograph(
        scene, skeletons[: len(plans)], plans, frames / fps, seed=seed, crossings=crossings, absences=absences,
        instructor=(skeletons[-1], instructor) if instructor else None,
    )  # fmt: skip
    cast = [
        _with_dumbbells(body, look, one, plan.seed, frames, fps) if one.dumbbells_at else Cast(look, one.motion)
        for look, one, plan in zip(looks, performers, everybody, strict=True)
    ]
    rows = TruthRows([look.betas for look in looks], fps)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise RecordError(f"simulate: cannot write beside {out}: {error}. Choose another --out.") from error
    try:
        pictures = render(body, scene, cast, frames, fps, noise=noise, seed=seed, jobs=jobs)
        with Video(work / "class.mp4", size, fps) as video:
            for frame in watched(pictures, frames, progress):
                video.write(frame.image)
                rows.add(frame)
        truth = truth_json(scene, performers, events, rows.present, frames, fps, seed=seed, view=view)
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
    reps = sum(s["reps"] for person in truth["people"] if person["role"] != "instructor" for s in person["segments"])
    return Simulated(out / "class.mp4", out / "truth.json", out / "truth.npz", frames, len(plans), reps)


def _with_dumbbells(body: BodyModel, look: Look, one: Performer, seed: int, frames: int, fps: float) -> Cast:
    """Somebody whose dumbbells are in the hands for some of the frames, and on the floor for the others."""
    from groupcoach.simulate.props import closed, dumbbells, lying
    from groupcoach.simulate.render import Cast

    t = np.arange(frames) / fps
    holds = np.zeros(frames, bool)
    for start, end in one.held:
        holds |= (t >= start) & (t < end)
    prop, down = dumbbells(body, seed=seed), lying(seed=seed)
    return Cast(look, one.motion, prop, holds, one.dumbbells_at, down, closed(look, body))
