"""MediaPipe Pose as a line of the bench, run by its path: ``python mediapipe_line.py VIDEO LIMIT_S PLACES``.

Its environment need not have groupcoach (``lines.MEDIAPIPE_PYTHON``): only mediapipe, numpy and OpenCV are used.
The file must not be called ``mediapipe.py``: a program finds its own folder first, and would import itself.
``PLACES`` is a JSON list of boxes (x1, y1, x2, y2) px, one for each person, or ``[null]``: the whole picture.
"""

import json
import os
import sys
import time
from typing import Any

MARGIN = 0.25
"""Of a box's size, added on each side: room for arms and steps."""
MISSING = 3


def load() -> Any:
    """``mediapipe.solutions.pose``, or the end of the program with one sentence."""
    try:
        from mediapipe.python.solutions import pose
    except ImportError:
        print(
            "mediapipe is left out: no MediaPipe with its Pose solution here. Make an environment with "
            "`pip install mediapipe==0.10.21` and name its interpreter in GROUPCOACH_MEDIAPIPE_PYTHON.",
            file=sys.stderr,
        )
        sys.exit(MISSING)
    return pose


def cut(place: Any, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what one person's MediaPipe looks at."""
    if place is None:
        return 0, 0, width, height
    x1, y1, x2, y2 = place
    mx, my = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
    return max(0, int(x1 - mx)), max(0, int(y1 - my)), min(width, int(x2 + mx)), min(height, int(y2 + my))


def main() -> None:
    """Answer each line on standard input with the clip once."""
    video, limit_s, places = sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])
    pose = load()
    import cv2

    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)  # what the library prints is no answer
        bodies = [pose.Pose(model_complexity=1, static_image_mode=False) for _ in places]
        print(json.dumps({"model": "full"}), file=out, flush=True)
        for _ in sys.stdin:
            film, frames, seen = cv2.VideoCapture(video), 0, [0] * len(places)
            size = int(film.get(cv2.CAP_PROP_FRAME_WIDTH)), int(film.get(cv2.CAP_PROP_FRAME_HEIGHT))
            cuts = [cut(place, *size) for place in places]
            start = time.perf_counter()
            while time.perf_counter() - start < limit_s:
                ok, picture = film.read()
                if not ok:
                    break
                rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                for i, (x1, y1, x2, y2) in enumerate(cuts):
                    found = bodies[i].process(rgb[y1:y2, x1:x2].copy())
                    seen[i] += found.pose_landmarks is not None
                frames += 1
            wall_s = time.perf_counter() - start
            film.release()
            followed = sum(n >= frames / 2 for n in seen)
            print(json.dumps({"frames": frames, "wall_s": wall_s, "followed": followed}), file=out, flush=True)


if __name__ == "__main__":
    main()
