"""The README's pictures, made by the program: ``python docs/make_pictures.py`` (needs Chromium; writes beside itself).

The sample class is served live with its dashboard; a headless browser takes the page while it runs. The annotated
frame comes from the run's own video, the simulated one from two classes of the simulator.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "dashboards"))

from browser import Browser  # noqa: E402

from dashboards.launch import launch  # noqa: E402

MOMENT_S = 11.5
#: (arguments of ``groupcoach simulate``, the share of its length) of the two halves of ``simulated.png``.
SIMULATED = (
    ("--people 8 --seconds 30 --exercises squat,lunge,jumping_jack,push_up --crossings 2 --absences 1 --instructor "
     "--seed 11", 0.233),
    ("--people 6 --seconds 16 --exercises shoulder_press,deadlift,lateral_raise,biceps_curl --uniform --mirror "
     "--view oblique --seed 21", 0.6),
)  # fmt: skip


def frame_at(video: Path, share: float) -> np.ndarray:
    """The frame at a share of a video's length (a live run drops frames, so its seconds are not the class's)."""
    reader = cv2.VideoCapture(str(video))
    reader.set(cv2.CAP_PROP_POS_FRAMES, int(share * reader.get(cv2.CAP_PROP_FRAME_COUNT)))
    ok, frame = reader.read()
    assert ok
    return frame


def simulated(scratch: Path) -> None:
    """Two simulated classes, side by side."""
    halves = []
    for k, (arguments, share) in enumerate(SIMULATED):
        out = scratch / f"class{k}"
        command = [sys.executable, "-m", "groupcoach", "simulate", *arguments.split(), "--fps", "5", "--out", str(out)]
        subprocess.run(command, check=True, cwd=ROOT)
        halves.append(cv2.resize(frame_at(out / "class.mp4", share), (800, 450), interpolation=cv2.INTER_AREA))
    cv2.imwrite(str(ROOT / "docs" / "simulated.png"), np.hstack(halves))


def main() -> None:
    """Run the sample, take the page and one annotated frame; render two classes."""
    with tempfile.TemporaryDirectory() as scratch:
        simulated(Path(scratch))
        run = Path(scratch) / "run"
        sample = str(ROOT / "sample_videos" / "class.mp4")
        command = [sys.executable, "-m", "groupcoach", "run", sample, "--out", str(run), "--save-video", "--serve",
                   "--pace", "live"]  # fmt: skip
        engine = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            assert engine.stderr is not None
            url = next(word for line in engine.stderr for word in line.split() if word.startswith("http://"))
            started = time.monotonic()
            page = launch(url)
            try:
                browser = Browser(Path(scratch) / "profile", 1600, 900)
                browser.open(page.url)
                time.sleep(max(0.0, MOMENT_S + 3.0 - (time.monotonic() - started)))
                browser.picture(ROOT / "docs" / "dashboard.png")
                browser.close()
            finally:
                page.stop()
            engine.communicate(timeout=120)
        finally:
            engine.kill()
        frame = frame_at(run / "annotated.mp4", 0.47)
        cv2.imwrite(str(ROOT / "docs" / "annotated.png"), frame)


if __name__ == "__main__":
    main()
