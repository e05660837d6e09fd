"""The README's pictures, made by the program: ``python docs/make_pictures.py`` (needs Chromium; writes beside itself).

The sample class is served live with its dashboard; a headless browser takes the page while it runs. The annotated
frame comes from the run's own video.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "dashboards"))

from browser import Browser  # noqa: E402

from dashboards.launch import launch  # noqa: E402

MOMENT_S = 11.5


def main() -> None:
    """Run the sample, take the page and one annotated frame."""
    with tempfile.TemporaryDirectory() as scratch:
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
        video = cv2.VideoCapture(str(run / "annotated.mp4"))
        video.set(cv2.CAP_PROP_POS_FRAMES, int(0.47 * video.get(cv2.CAP_PROP_FRAME_COUNT)))
        ok, frame = video.read()
        assert ok
        cv2.imwrite(str(ROOT / "docs" / "annotated.png"), frame)


if __name__ == "__main__":
    main()
