"""Makes ``sample_videos/`` again: ``python -m groupcoach.simulate.sample [FOLDER]``.

Four people, three exercises, about 20 s; one of them does not always bring the arms all the way up.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from groupcoach.simulate.command import render_class
from groupcoach.simulate.timetable import Plan

SEED: Final = 10
PLANS: Final = (
    Plan(("squat",), {}, 10153),
    Plan(("jumping_jack",), {"arms_low": 0.3}, 10001),
    Plan(("biceps_curl",), {}, 10182),
    Plan(("squat",), {}, 10233),
)


def make_sample(folder: Path, *, seconds: float = 20.0, progress: bool = True) -> Path:
    """Render the sample and put its three files into ``folder``; returns the video."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        made = render_class(Path(work) / "class", PLANS, seconds=seconds, seed=SEED, size=(1280, 720), fps=25.0,
                            view="oblique", noise=0.0, progress=progress)  # fmt: skip
        for path in (made.video, made.truth, made.rows):
            shutil.move(path, folder / path.name)
    return folder / "class.mp4"


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "sample_videos"
    print(make_sample(where))
