"""Whole lines of others beside ours (``groupcoach bench --vs aigym,mediapipe``): same clip, same machine, in turns.

Every line lives in a process of its own and waits; one after the other runs the clip once from the file, round by
round, so that a machine that slows down slows all. The medians of the rounds are compared.

    aigym      AIGym of ultralytics with our detector's weights: boxes, its default tracker, one angle, a count.
               Twice: on torch, as it comes, and on the OpenVINO export that we run ourselves
    mediapipe  MediaPipe Pose (full): one body in the whole picture, and one more of it for every person, each given
               the part of the picture where that person stays, which it would not know by itself
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from groupcoach.errors import GroupCoachError
from groupcoach.evaluate.text import figure

if TYPE_CHECKING:
    from rich.table import Table

ROUNDS: Final = 5
_ROUND_S: Final = 8.0
"""A round of a peer ends after so long; its rate is that of the frames until then."""
_HANGS_S: Final = 300.0
MEDIAPIPE_PYTHON: Final = "GROUPCOACH_MEDIAPIPE_PYTHON"
"""Interpreter that has mediapipe: its wheel wants a numpy older than ours, so both never stand in one environment."""
_MISSING: Final = 3
"""Exit status of a line whose packages are not there."""

Run = Callable[[], Mapping[str, Any]]
"""The clip once: ``{"frames", "wall_s", ...}``."""


@dataclass(frozen=True, slots=True)
class Line:
    """One way to watch a class."""

    name: str
    runtime: str
    module: str
    words: tuple[str, ...] = ()


_MEDIAPIPE: Final = "bench.mediapipe_line"
OURS: Final = Line("groupcoach", "openvino", "bench.lines", ("ours",))
LINES: Final[Mapping[str, tuple[Line, ...]]] = {
    "aigym": tuple(Line("aigym", runtime, "bench.lines", (runtime,)) for runtime in ("torch", "openvino")),
    "mediapipe": tuple(Line(f"mediapipe, {who}", "tflite", _MEDIAPIPE) for who in ("one person", "everybody")),
}  # fmt: skip


class Missing(GroupCoachError):
    """A line's packages are not installed; the others go on."""


def in_turns(
    video: Path, people: int, names: Sequence[str], say: Callable[[str], None], rounds: int = ROUNDS
) -> list[dict[str, Any]]:
    """Run our line and every line of the peers in turns.

    Args:
        video: The class.
        people: How many are in it.
        names: Keys of ``LINES``.
        say: Told in one sentence about a peer that is left out.
        rounds: Counted rounds; one more goes before as warm-up.

    Returns:
        FORMATS ``peers``, ours first; ``ratio`` is our rate divided by theirs.

    Raises:
        GroupCoachError: a line failed.
    """
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(Running(OURS, video))
        first = ours.round()  # its warm-up; also says where everybody stands
        running = [ours]
        for name in names:
            for line in LINES[name]:
                places = {"mediapipe, one person": [None], "mediapipe, everybody": first["boxes"]}.get(line.name)
                try:
                    peer = Running(line, video, *([] if places is None else [json.dumps(places)]))
                except Missing as missing:
                    say(str(missing))
                    break
                running.append(stack.enter_context(peer))
                peer.round()
        rates: list[list[float]] = [[] for _ in running]
        answers: list[Mapping[str, Any]] = [first] * len(running)
        for _ in range(rounds):
            for i, line_ in enumerate(running):
                answers[i] = line_.round()
                rates[i].append(answers[i]["frames"] / max(answers[i]["wall_s"], 1e-9))
    fps = [float(np.median(r)) for r in rates]
    return [
        {
            "name": one.line.name, "runtime": one.line.runtime, "people": people, "fps": fps[i],
            "ratio": fps[0] / fps[i] if fps[i] else None, "fps_lowest": min(rates[i]), "fps_highest": max(rates[i]),
            "rounds": rounds, "frames": answers[i]["frames"], "followed": answers[i]["followed"], **one.details,
        }
        for i, one in enumerate(running)
    ]  # fmt: skip


def command_of(line: Line) -> list[str]:
    """What starts a line, without the clip."""
    if line.module == _MEDIAPIPE:  # by its path: its environment has no groupcoach
        return [os.environ.get(MEDIAPIPE_PYTHON) or sys.executable, str(Path(__file__).with_name("mediapipe_line.py"))]
    return [sys.executable, "-m", f"groupcoach.{line.module}", *line.words]


class Running:
    """A line in its process: it loads once, then runs the clip whenever it is told to."""

    def __init__(self, line: Line, video: Path, *more: str) -> None:
        """Start it and wait until its networks are loaded.

        Raises:
            Missing: its packages are not there.
            GroupCoachError: it did not start.
        """
        self.line = line
        command = command_of(line)
        self._complaints: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                [*command, str(video), str(_ROUND_S), *more], text=True, encoding="utf-8",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints,
            )  # fmt: skip
        except OSError as error:
            self._complaints.close()
            raise GroupCoachError(
                f"{command[0]} does not start ({error.strerror}): check {MEDIAPIPE_PYTHON}."
            ) from error
        try:
            self.details: Mapping[str, Any] = self._answer()
        except BaseException:
            self.__exit__()
            raise

    def round(self) -> Mapping[str, Any]:
        """Run the clip once."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died: the answer says why
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        hangs = threading.Timer(_HANGS_S, self._process.kill)
        hangs.daemon = True
        hangs.start()
        line = self._process.stdout.readline()
        hangs.cancel()
        if line:
            found: Mapping[str, Any] = json.loads(line)
            return found
        status = self._process.wait()
        self._complaints.seek(0)
        said = self._complaints.read().strip().splitlines()
        last = said[-1] if said else f"it ended with {status} and said nothing"
        if status == _MISSING:
            raise Missing(last)
        raise GroupCoachError(f"The line {self.line.name} ({self.line.runtime}) did not run: {last}")

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._complaints.close()


def lines_table(peers: Sequence[Mapping[str, Any]]) -> Table:
    """Whole lines for a person to read."""
    from rich.table import Table

    table = Table(title="Whole lines in turns on this machine", caption="medians; rounds: lowest - highest")
    for name in ("Line", "Runtime", "People", "Followed", "Frames/s", "Rounds", "Ours / theirs"):
        table.add_column(name, justify="left" if name in ("Line", "Runtime") else "right")
    for row in peers:
        table.add_row(
            row["name"], row["runtime"], str(row["people"]), str(row["followed"]), figure(row["fps"], 1),
            f"{figure(row['fps_lowest'], 1)} - {figure(row['fps_highest'], 1)}", figure(row["ratio"]),
        )  # fmt: skip
    return table


# -- in the process of a line -----------------------------------------------------------------------------------------


def ours(video: Path) -> Run:
    """The class as the bench runs it; loads anew each time, which is not counted."""
    from groupcoach.bench.run import whole_line

    def run() -> Mapping[str, Any]:
        found = whole_line(video)
        summary = found.pop("summary")
        boxes = [p["median_box_xyxy"] for p in summary["people"] if p["seen_s"] >= summary["duration_s"] / 2]
        return found | {"boxes": boxes, "followed": len(boxes)}

    return run


def aigym(video: Path, runtime: str, limit_s: float, place: Path) -> Run:
    """AIGym as its pages show it, without a window and without its labels in the picture (which favours it).

    Raises:
        Missing: ``shapely`` or ``lap`` is not installed.
    """
    lacking = [name for name in ("shapely", "lap") if importlib.util.find_spec(name) is None]
    if lacking:
        raise Missing(f"aigym is left out: it needs {' and '.join(lacking)} (pip install 'groupcoach[peers]').")
    import cv2

    from groupcoach import assets
    from groupcoach import runtime as cpu
    from groupcoach.detect.yolo import WEIGHTS, export_openvino, quiet_ultralytics

    weights = assets.locate(WEIGHTS)
    quiet_ultralytics()
    import torch
    from ultralytics.solutions import AIGym

    torch.set_num_threads(cpu.threads())
    if runtime == "openvino":  # the package knows the runtime by the name of the folder
        exported = place / f"{weights.stem}_openvino_model"
        shutil.copytree(export_openvino(weights).parent, exported)
        weights = exported
    gym = AIGym(model=str(weights), show=False, verbose=False, show_labels=False)

    def run() -> Mapping[str, Any]:
        film, frames, followed = cv2.VideoCapture(str(video)), 0, 0
        start = time.perf_counter()
        while time.perf_counter() - start < limit_s:
            ok, picture = film.read()
            if not ok:
                break
            followed = gym.process(picture).total_tracks
            frames += 1
        wall_s = time.perf_counter() - start
        film.release()
        return {"frames": frames, "wall_s": wall_s, "followed": followed}

    return run


@contextlib.contextmanager
def answers_only() -> Iterator[IO[str]]:
    """Whatever libraries print goes to standard error; what is yielded is the way to the bench."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        yield out


def _main(kind: str, video: Path, limit_s: float) -> None:
    with answers_only() as out, tempfile.TemporaryDirectory(prefix="groupcoach-bench-") as place:
        run = ours(video) if kind == "ours" else aigym(video, kind, limit_s, Path(place))
        print(json.dumps({} if kind == "ours" else {"weights": "the same"}), file=out, flush=True)
        for _ in sys.stdin:
            print(json.dumps(run()), file=out, flush=True)


if __name__ == "__main__":
    try:
        _main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
    except Missing as problem:
        print(problem, file=sys.stderr)
        sys.exit(_MISSING)
    except GroupCoachError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
