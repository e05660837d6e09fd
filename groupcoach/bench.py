"""``groupcoach bench``: the whole line with mesh on classes of several sizes; frames a second, latency, CPU, memory.

Each size runs in a process of its own, one after the other, so that memory is that of one class. The classes are made
from the people of the sample class: each is cut out with the ground around, scaled, mirrored and shifted in time, and
set into a 1280x720 picture. The same sizes give the same pictures everywhere.
"""

from __future__ import annotations

import math
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.bench_lines import LINES, in_turns
from groupcoach.bench_peers import beside, check_peers, in_own_process
from groupcoach.errors import AssetError, ConfigError

SAMPLE: Final = Path(__file__).resolve().parent.parent / "sample_videos" / "class.mp4"
SIZE: Final = (1280, 720)
SECONDS: Final = 8.0
LINE_SECONDS: Final = 4.0
"""Of the class that whole lines run on in turns: a round of each."""
#: The time of the picture networks alone; it is the floor under the wall time.
NETWORKS: Final = ("networks",)
_TALLEST: Final = 480
"""px: one person alone is not shown larger than a class shows people."""
_FILM_S: Final = 5.0
"""How much of the sample is taken; played there and back it has no end."""
_FILM_FROM_S: Final = 2.5
"""Before that everybody stands and waits."""
_OTHERS: Final = 0.2
"""Of somebody else's body in a cut-out: more would be one more person to follow than the row says."""
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
        FORMATS ``bench``; a row also has ``tracked`` (people followed for at least half of the time), ``start_s``,
        ``cpu_cores``, what the lifter and the vertices of its bodies take for one frame by themselves, and ``live``:
        the same class at the pace of a camera, with the time from capture to snapshot.

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
    lines, meshes = [n for n in vs if n in LINES], [n for n in vs if n not in LINES]
    rows, peers = [], []
    with tempfile.TemporaryDirectory(prefix="groupcoach-bench-") as place:
        figures, fps = cut_out(sample)
        for number in people:
            say(f"{number} people: making the class ...")
            video = Path(place) / f"class_{number}.mp4"
            write_class(figures, fps, number, video, seconds)
            say(f"{number} people: every frame, as fast as it goes ...")
            row = _row(number, in_own_process("groupcoach.bench_run", video, "max"))
            say(f"{number} people: at the pace of a camera ...")
            row |= _live(in_own_process("groupcoach.bench_run", video, "live"))
            say(f"{number} people: the mesh alone{', beside ' + ', '.join(meshes) if meshes else ''} ...")
            alone = beside(video, number, meshes)
            rows.append(row | alone["row"])
            peers.extend(alone["peers"])
            if lines:
                say(f"{number} people: the whole line in turns with {', '.join(lines)} ...")
                write_class(figures, fps, number, video, LINE_SECONDS)
                peers.extend(in_turns(video, number, lines, say))
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
    frames, wall_s = int(answer["frames"]), float(answer["wall_s"])
    duration = float(summary.get("duration_s") or 0.0)
    network_s = sum(_total_s(stages[name], frames) for name in NETWORKS if name in stages)
    seen = [float(person.get("seen_s") or 0.0) for person in summary["people"]]
    return {
        "people": people,
        "tracked": sum(s >= duration / 2 for s in seen),
        "fps": answer["fps"],
        "latency_ms_p50": stages["latency"]["p50"],
        "latency_ms_p95": stages["latency"]["p95"],
        "floor_ratio": wall_s / network_s if network_s > 0 else None,
        "cpu_cores": answer["cpu_cores"],
        "rss_mb": answer["rss_mb"],
        "start_s": answer["start_s"],
        "stage_ms": stages,
        "frames": frames,
    }


def _live(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The same class at live pace: what was shown, how late, and what was left out."""
    summary = answer["summary"]
    late: Mapping[str, float] = summary["stage_ms"].get("end_to_end") or {}
    return {"live": {
        "fps": answer["fps"], "dropped": summary["dropped_frames"],
        "end_to_end_ms_p50": late.get("p50"), "end_to_end_ms_p95": late.get("p95"), "cpu_cores": answer["cpu_cores"],
    }}  # fmt: skip


def _total_s(stage: Mapping[str, float], frames: int) -> float:
    """Time a stage took in all; from its median where the summary has no mean."""
    return float(stage.get("mean", stage.get("p50", 0.0))) * frames / 1000


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
    """The part of the picture that holds one person all the time, with a margin, for each who is alone in theirs."""
    truth = sample.with_name("truth.npz")
    if not truth.exists():
        quarter = width // 4
        return [(i * quarter, 0, (i + 1) * quarter, height) for i in range(4)]
    with np.load(truth, allow_pickle=False) as data:
        person, boxes = data["person"], np.asarray(data["box_xyxy"], dtype=np.float64)
    places: list[Box] = []
    alone: list[Box] = []
    for one in np.unique(person):
        own = boxes[(person == one) & np.isfinite(boxes).all(1)]
        margin = 0.06 * float((own[:, 3] - own[:, 1]).max())
        low, high = own[:, :2].min(0) - margin, own[:, 2:].max(0) + margin
        place = (max(0, int(low[0])), max(0, int(low[1])), min(width, int(high[0])), min(height, int(high[1])))
        places.append(place)
        if _share_inside(boxes[person != one], place) < _OTHERS:
            alone.append(place)
    return alone or places


def _share_inside(boxes: NDArray[np.float64], place: Box) -> float:
    """How much of a box (N, 4) lies inside ``place`` at the most."""
    boxes = boxes[np.isfinite(boxes).all(1)]
    if not len(boxes):
        return 0.0
    sides = np.minimum(boxes[:, 2:], place[2:]) - np.maximum(boxes[:, :2], place[:2])
    return float((sides.clip(0).prod(1) / (boxes[:, 2:] - boxes[:, :2]).prod(1)).max())


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
