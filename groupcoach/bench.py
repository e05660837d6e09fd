"""``groupcoach bench``: the whole line with mesh on classes of several sizes; frames a second, latency, memory.

Each size runs in a process of its own, one after the other, so that memory is that of one class. The classes are made
from the people of the sample class: each is cut out with the ground around, scaled, mirrored and shifted in time, and
set into a 1280x720 picture. The same sizes give the same pictures everywhere.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.bench_peers import beside, check_peers, in_own_process
from groupcoach.errors import AssetError, ConfigError, GroupCoachError
from groupcoach.evaluate.text import figure

if TYPE_CHECKING:
    from rich.table import Table

SAMPLE: Final = Path(__file__).resolve().parent.parent / "sample_videos" / "class.mp4"
SIZE: Final = (1280, 720)
SECONDS: Final = 8.0
#: Stages in which a neural network runs; their time is the floor under the wall time.
NETWORKS: Final = ("detect", "landmarks")
_TALLEST: Final = 480
"""px: one person alone is not shown larger than a class shows people."""
_FILM_S: Final = 5.0
"""How much of the sample is taken; played there and back it has no end."""
_FILM_FROM_S: Final = 2.5
"""Before that everybody stands and waits."""
_SHIFT_S: Final = 1.3
"""Each further figure is so much ahead of the one before, so that nobody moves in step."""

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]


def bench(
    people: Sequence[int], vs: Sequence[str] = (), sample: Path = SAMPLE, seconds: float = SECONDS,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Measure every class size.

    Args:
        people: Class sizes, each from 1 to 60.
        vs: Peers to run beside (``bench_peers.PEERS``).
        sample: Video with the people to take.
        seconds: Length of each class.
        say: Told what is running.

    Returns:
        FORMATS ``bench``; a row also has ``tracked``, people followed for at least half of the time, and what the
        lifter and the vertices of its bodies take for one frame by themselves.

    Raises:
        ConfigError: A wrong class size or peer.
        AssetError: The sample is missing.
    """
    check_peers(vs)
    for number in people:
        if not 1 <= number <= 60:
            raise ConfigError(f"--people {number}: a class has 1 to 60 people, for example --people 1,4,8.")
    if not sample.exists():
        raise AssetError(f"The sample class {sample} is missing. Run the bench from a full checkout of groupcoach.")
    rows, peers = [], []
    with tempfile.TemporaryDirectory(prefix="groupcoach-bench-") as place:
        figures, fps = cut_out(sample)
        for number in people:
            say(f"{number} people: making the class ...")
            video = Path(place) / f"class_{number}.mp4"
            write_class(figures, fps, number, video, seconds)
            say(f"{number} people: running ...")
            row = _row(number, in_own_process("groupcoach.bench", video))
            say(f"{number} people: the mesh alone{', beside ' + ', '.join(vs) if vs else ''} ...")
            alone = beside(video, number, vs)
            rows.append(row | alone["row"])
            peers.extend(alone["peers"])
            video.unlink()
    return {"machine": machine(), "rows": rows, "peers": peers}


def machine() -> str:
    """Processor, cores and Python, in a few words."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass  # not Linux: what platform says will do
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def _row(people: int, answer: Mapping[str, Any]) -> dict[str, Any]:
    summary = answer["summary"]
    stages: Mapping[str, Mapping[str, float]] = summary.get("stage_ms") or {}
    frames, wall_s = int(summary["frames"]), float(summary["wall_s"])
    duration = float(summary.get("duration_s") or 0.0)
    latency = stages.get("latency") or {
        # no measurement of its own in the summary: a frame passes the stages one after the other
        key: sum(float(stage.get(key) or 0.0) for stage in stages.values())
        for key in ("p50", "p95")
    }
    network_s = sum(_total_s(stages[name], frames) for name in NETWORKS if name in stages)
    seen = [float(person.get("seen_s") or 0.0) for person in summary["people"]]
    return {
        "people": people,
        "tracked": sum(s >= duration / 2 for s in seen),
        "fps": float(summary["fps"]),
        "latency_ms_p50": latency.get("p50"),
        "latency_ms_p95": latency.get("p95"),
        "floor_ratio": wall_s / network_s if network_s > 0 else None,
        "rss_mb": answer["rss_mb"],
        "stage_ms": stages,
        "frames": frames,
    }


def _total_s(stage: Mapping[str, float], frames: int) -> float:
    """Time a stage took in all; from its median where the summary has no mean."""
    return float(stage.get("mean", stage.get("p50", 0.0))) * frames / 1000


def bench_table(result: Mapping[str, Any]) -> Table:
    """The result for a person to read."""
    from rich.markup import escape
    from rich.table import Table

    names = sorted({name for row in result["rows"] for name in row["stage_ms"]} - {"latency"}, key=_stage_order)
    table = Table(title=escape(result["machine"]), caption=f"{SIZE[0]}x{SIZE[1]}, whole line with mesh, no window")
    heads = ("People", "Tracked", "Frames/s", "Latency p50", "p95", "x floor", "Memory MB", "Lifter ms", "Vertices ms")
    for name in (*heads, *(f"{n} ms" for n in names)):
        table.add_column(name, justify="right")
    for row in result["rows"]:
        stages = [figure(row["stage_ms"].get(name, {}).get("p50"), 1) for name in names]
        table.add_row(
            str(row["people"]), str(row["tracked"]), figure(row["fps"], 1), figure(row["latency_ms_p50"], 0),
            figure(row["latency_ms_p95"], 0), figure(row["floor_ratio"]), figure(row["rss_mb"], 0),
            figure(row.get("lifter_ms_p50"), 2), figure(row.get("vertices_ms_p50"), 1), *stages,
        )  # fmt: skip
    return table


def _stage_order(name: str) -> int:
    order = ("source", "detect", "track", "landmarks", "mesh", "angles", "classify", "reps", "form", "cues", "store")
    return order.index(name) if name in order else len(order)


# -- the classes ------------------------------------------------------------------------------------------------------


def cut_out(sample: Path) -> tuple[list[list[Picture]], float]:
    """The people of the sample, each as a film of their own: [person][frame] BGR pictures, and the frame rate.

    Where they are comes from the boxes of ``truth.npz`` beside the video, else the picture is cut into four.

    Raises:
        AssetError: The video has no frame.
    """
    import cv2

    video = cv2.VideoCapture(str(sample))
    fps = float(video.get(cv2.CAP_PROP_FPS)) or 30.0
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    places = person_places(sample, *size)
    films: list[list[Picture]] = [[] for _ in places]
    length = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) / fps
    start_s = _FILM_FROM_S if length > _FILM_FROM_S + _FILM_S else 0.0
    for k in range(round((start_s + _FILM_S) * fps)):
        ok, picture = video.read()
        if not ok:
            break
        if k < start_s * fps:
            continue
        for film, (x1, y1, x2, y2) in zip(films, places, strict=True):
            film.append(picture[y1:y2, x1:x2].copy())  # a view would hold the whole picture in memory
    video.release()
    if not films[0]:
        raise AssetError(f"The sample class {sample} has no frame that can be read. Fetch the checkout again.")
    return films, fps


def person_places(sample: Path, width: int, height: int) -> list[Box]:
    """For each person of the sample the part of the picture that holds them all the time, with a margin."""
    truth = sample.with_name("truth.npz")
    if not truth.exists():
        quarter = width // 4
        return [(i * quarter, 0, (i + 1) * quarter, height) for i in range(4)]
    with np.load(truth, allow_pickle=False) as data:
        person, boxes = data["person"], np.asarray(data["box_xyxy"], dtype=np.float64)
    places = []
    for one in np.unique(person):
        own = boxes[(person == one) & np.isfinite(boxes).all(1)]
        margin = 0.06 * float((own[:, 3] - own[:, 1]).max())
        low, high = own[:, :2].min(0) - margin, own[:, 2:].max(0) + margin
        places.append((max(0, int(low[0])), max(0, int(low[1])), min(width, int(high[0])), min(height, int(high[1]))))
    return places


def grid(people: int, aspect: float) -> tuple[int, int]:
    """Columns and rows of a 1280x720 picture that show ``people`` figures of width / height ``aspect`` largest."""

    def figure_height(columns: int) -> float:
        rows = math.ceil(people / columns)
        return min(SIZE[1] / rows, SIZE[0] / columns / aspect)

    columns = max(range(1, people + 1), key=figure_height)
    return columns, math.ceil(people / columns)


def write_class(figures: Sequence[Sequence[Picture]], fps: float, people: int, out: Path, seconds: float) -> None:
    """A video of so many people: the figures in turn, every second round mirrored, each ahead of the one before."""
    import cv2

    aspect = float(np.median([film[0].shape[1] / film[0].shape[0] for film in figures]))
    columns, rows = grid(people, aspect)
    cell_w, cell_h = SIZE[0] // columns, SIZE[1] // rows
    ground = np.median(np.concatenate([film[0][0] for film in figures]), axis=0).astype(np.uint8)
    writer = cv2.VideoWriter(str(out), cv2.VideoWriter.fourcc(*"mp4v"), fps, SIZE)
    for k in range(round(seconds * fps)):
        picture = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
        picture[:] = ground
        for i in range(people):
            film = figures[i % len(figures)]
            body = film[_there_and_back(k + round(i * _SHIFT_S * fps), len(film))]
            if i // len(figures) % 2:
                body = body[:, ::-1]
            scale = min(cell_w / body.shape[1], min(cell_h, _TALLEST) / body.shape[0])
            size = (max(1, int(body.shape[1] * scale)), max(1, int(body.shape[0] * scale)))
            body = cv2.resize(body, size, interpolation=cv2.INTER_AREA)
            x = i % columns * cell_w + (cell_w - size[0]) // 2
            y = (i // columns + 1) * cell_h - size[1]
            picture[y : y + size[1], x : x + size[0]] = body
        writer.write(picture)
    writer.release()


def _there_and_back(k: int, length: int) -> int:
    """Frame ``k`` of a film played forwards and backwards without a jump."""
    if length == 1:
        return 0
    k %= 2 * (length - 1)
    return k if k < length else 2 * (length - 1) - k


# -- one class, in a process of its own -------------------------------------------------------------------------------


def _peak_mb() -> float:
    """Largest resident memory of this process so far."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # macOS counts bytes, Linux kilobytes


def _run_one(video: Path) -> dict[str, Any]:
    from groupcoach.engine import RunOptions, run_class
    from groupcoach.store.run_dir import to_json

    result = run_class(RunOptions(
        source=str(video), out=None, roster=None, plan=None, detector="yolo", regressor="lifter", landmarks="auto",
        pace="max", voice=False, language="en", save_video=False, save_poses=False, db=None, serve=False,
        dashboard=False, progress=False,
    ))  # fmt: skip
    if result.error is not None:
        raise result.error
    answer: dict[str, Any] = to_json({"summary": result.summary, "rss_mb": _peak_mb()})
    return answer


if __name__ == "__main__":
    try:
        print(json.dumps(_run_one(Path(sys.argv[1]))))
    except GroupCoachError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
