"""Which frame rate this machine will reach with how many people, from a few seconds of its two picture networks.

The networks' time is measured; how often the landmark network looks at a body is the budget's; what comes on top
(tracks, bodies, classification, counting, record, snapshot) is a share seen in the bench: ``bench`` measures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

SIZES: Final = (1, 8, 12, 20, 30)
ON_TOP: Final = 1.2
"""Wall time by the networks' own time. The bench's floor ratio was 1.1 to 1.25 where this was written."""
_PICTURE: Final = (720, 1280, 3)
_BODIES: Final = 4
_MOST_S: Final = 1.5
_ROUNDS: Final = 15


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds of the two networks here."""

    detect_ms: float
    """One picture of 1280 x 720."""
    body_ms: float
    """The landmarks of one body, of several at a time."""


def frames_a_second(speed: Speed, people: int, *, look_again_s: float, most_a_frame: int) -> float:
    """What a class of so many is expected to run at.

    Args:
        speed: of the networks.
        people: in the class.
        look_again_s: a body is looked at again after so long, sooner only if frames are further apart.
        most_a_frame: bodies looked at in one frame at the most.
    """
    low, high = 0.0, 1000.0
    for _ in range(60):
        fps = (low + high) / 2
        bodies = min(people, most_a_frame, people / max(look_again_s * fps, 1e-9))
        if fps * ON_TOP * (speed.detect_ms + bodies * speed.body_ms) < 1000:
            low = fps
        else:
            high = fps
    return low


def measure(detector: Any = None, landmarks: Any = None, clock: Callable[[], float] = time.perf_counter) -> Speed:
    """Run both networks for a few seconds on a picture of noise; their time does not depend on what is in it.

    Args:
        detector: ``detect(frame)``; the default one when left out.
        landmarks: ``locate(image, crops)``; as above.
        clock: seconds.

    Raises:
        AssetError: the model files have not been pulled.
    """
    from groupcoach.detect import build_detector
    from groupcoach.detect.landmarks import BlazePoseLandmarks, Crop
    from groupcoach.records import Frame
    from groupcoach.runtime import threads

    detector = detector if detector is not None else build_detector("yolo")
    landmarks = landmarks if landmarks is not None else BlazePoseLandmarks(threads())
    image = np.random.default_rng(0).integers(0, 255, _PICTURE, dtype=np.uint8)
    crops = [Crop(200.0 + 250 * i, 360.0, 300.0, 0.0) for i in range(_BODIES)]
    detect_ms = _median_ms(lambda: detector.detect(Frame(0, 0.0, image)), clock)
    return Speed(detect_ms, _median_ms(lambda: landmarks.locate(image, crops), clock) / _BODIES)


def _median_ms(work: Callable[[], object], clock: Callable[[], float]) -> float:
    work()  # the first one compiles
    took: list[float] = []
    began = clock()
    while len(took) < _ROUNDS and (clock() - began < _MOST_S or len(took) < 3):
        start = clock()
        work()
        took.append(1000 * (clock() - start))
    return float(np.median(took))


def forecast(speed: Speed, sizes: Sequence[int] = SIZES) -> dict[int, float]:
    """Frames a second by class size, with the landmark budget as it is."""
    from groupcoach.detect import budget

    return {
        people: frames_a_second(speed, people, look_again_s=budget.FRESH_S, most_a_frame=budget.PER_FRAME)
        for people in sizes
    }
