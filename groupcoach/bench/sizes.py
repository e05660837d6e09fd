"""``groupcoach bench``: the whole line with mesh on classes of several sizes; frames a second, latency, CPU, memory.

Each size runs in a process of its own, one after the other, so that memory is that of one class.
"""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from groupcoach.bench.classes import SAMPLE, cut_out, write_class
from groupcoach.bench.lines import LINES, in_turns
from groupcoach.bench.peers import beside, check_peers, in_own_process
from groupcoach.errors import AssetError, ConfigError

SECONDS: Final = 8.0
LINE_SECONDS: Final = 4.0
"""Of the class that whole lines run on in turns: a round of each."""
#: The time of the picture networks alone; it is the floor under the wall time.
NETWORKS: Final = ("networks",)


def bench(
    people: Sequence[int], vs: Sequence[str] = (), sample: Path = SAMPLE, seconds: float = SECONDS,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Measure every class size.

    Args:
        people: Class sizes, each from 1 to 60.
        vs: Peers to run beside (``peers.PEERS``).
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
            row = _row(number, in_own_process("groupcoach.bench.run", video, "max"))
            say(f"{number} people: at the pace of a camera ...")
            row |= _live(in_own_process("groupcoach.bench.run", video, "live"))
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
