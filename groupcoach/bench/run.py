"""One class of the bench from its file to the record, in this process: what ``sizes`` and ``lines`` time.

Everything is on that a class in a studio has: mesh joints, classification, counting, record, snapshot. The rate
counts from the first frame that was shown, so the loading of networks is in no figure but ``start_s``.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groupcoach.errors import GroupCoachError


@dataclass
class Timed:
    """When frames were shown, and the processor's time then; seconds."""

    began_s: float = field(default_factory=time.perf_counter)
    shown_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def frame(self) -> None:
        """A frame was recorded and shown."""
        self.shown_s.append(time.perf_counter())
        self.cpu_s.append(time.process_time())

    def figures(self) -> dict[str, Any]:
        """``frames`` after the first, ``wall_s`` for them, ``cpu_cores`` busy meanwhile, ``start_s`` to the first.

        One frame has no rate: ``fps`` is 0 then (a machine that is not done with it when the class at live pace ends).

        Raises:
            GroupCoachError: no frame was shown.
        """
        if not self.shown_s:
            raise GroupCoachError("No frame of the class was shown: there is nothing to time.")
        wall_s, frames = self.shown_s[-1] - self.shown_s[0], len(self.shown_s) - 1
        return {
            "frames": frames, "wall_s": wall_s, "fps": frames / wall_s if frames else 0.0,
            "start_s": self.shown_s[0] - self.began_s,
            "cpu_cores": (self.cpu_s[-1] - self.cpu_s[0]) / wall_s if frames else None,
        }  # fmt: skip


def whole_line(video: Path, pace: str = "max") -> dict[str, Any]:
    """Run a class as ``groupcoach run --out --serve`` does.

    Returns:
        :meth:`Timed.figures`, and the run's ``summary``.

    Raises:
        GroupCoachError: it did not run to its end.
    """
    from groupcoach.engine import RunOptions, run_class

    timed = Timed()
    with tempfile.TemporaryDirectory(prefix="groupcoach-bench-") as place:
        result = run_class(RunOptions(
            source=str(video), out=Path(place) / "run", pace=pace, serve=True, voice=False, on_frame=timed.frame
        ))  # fmt: skip
    if result.error is not None:
        raise result.error
    return timed.figures() | {"summary": result.summary}


def peak_mb() -> float:
    """Largest resident memory of this process so far."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # macOS counts bytes, Linux kilobytes


def _main(video: Path, pace: str) -> dict[str, Any]:
    from groupcoach.store.run_dir import to_json

    answer: dict[str, Any] = to_json(whole_line(video, pace) | {"rss_mb": peak_mb()})
    return answer


if __name__ == "__main__":
    try:
        print(json.dumps(_main(Path(sys.argv[1]), sys.argv[2])))
    except GroupCoachError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
