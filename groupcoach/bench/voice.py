"""Frame rate with the voice against without, in one process and on the very same frames.

    python -m groupcoach.bench.voice --people 12

The class of ``groupcoach bench`` runs through the whole line again and again, in turns with a voice and without one
(with, without, without, with, ...), so that whatever else the machine does falls on both. With a voice, ten people have
a fault in every repetition, so that the room is spoken to as often as the policy allows. Where there is no loudspeaker,
a player that only takes the sound's time stands in for it: the sound is made all the same, which is what costs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import stat
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from groupcoach.bench.classes import SAMPLE, Picture, cut_out, write_class
from groupcoach.bench.sizes import machine
from groupcoach.cues.class_voices import ClassVoices
from groupcoach.cues.hour import Repetitions, Story, names
from groupcoach.cues.policy import CuePolicy
from groupcoach.cues.settings import load_settings
from groupcoach.cues.speaker import Speaker
from groupcoach.errors import GroupCoachError
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.records import Event, Frame

if TYPE_CHECKING:
    from groupcoach.pipeline import Pipeline

FRAMES: Final = 30
"""Of the film, played forwards and backwards once in each turn."""
_PLAYER: Final = """#!/bin/sh
for file; do :; done
hundredths=$(( ($(wc -c < "$file") - 44) / 441 ))
exec sleep $((hundredths / 100)).$(printf %02d $((hundredths % 100)))
"""


def bench_voice(people: int = 12, pairs: int = 10, language: str = "en", sample: Path = SAMPLE) -> dict[str, Any]:
    """Run the turns.

    Args:
        people: in the class.
        pairs: of turns, one with a voice and one without.
        language: of the class.
        sample: video with the people to take.

    Returns:
        ``fps_with``, ``fps_without``; ``ratio``, the median of the ``ratios`` of the pairs; ``processor_ratio``: the
        same of the processor time of all processes of the class, which others on the machine hardly change;
        ``spoken``, cues that were heard in the turns with a voice; ``sound``, what played them.

    Raises:
        GroupCoachError: there is no speech engine, or the sample is missing.
    """
    from groupcoach.pipeline import build_pipeline

    catalogue = load_catalogue()
    settings = load_settings()
    pipeline = build_pipeline(detector="yolo", regressor="lifter", landmarks="auto", names=[], catalogue=catalogue)
    frames, fps = _film(people, sample)
    class_time = _FrameTimes(pipeline, frames, fps)
    with _loudspeaker() as sound:
        speaker = Speaker(settings.setup(language))
        voices = ClassVoices(CuePolicy(language, texts=settings.texts()), speaker)
        line = _people(people)
        story = Repetitions(Story(people, min(10, people), language=language), catalogue)
        spoken: list[Event] = []
        try:
            class_time.turn()  # everything is loaded, everybody is known
            while speaker.notice is None and not speaker.ready:
                time.sleep(0.05)
            if speaker.notice is not None:
                raise GroupCoachError(speaker.notice)
            took: dict[bool, list[float]] = {True: [], False: []}
            busy: dict[bool, float] = {True: 0.0, False: 0.0}
            began = time.monotonic()

            def speak() -> None:
                t_s = time.monotonic() - began
                spoken.extend(voices.step(list(story.until(t_s)), line, (), False, t_s))

            for pair in range(pairs):
                for aloud in (True, False) if pair % 2 == 0 else (False, True):
                    before_s = _processor_s()
                    took[aloud].append(class_time.turn(speak if aloud else None))
                    speaker.drain(8.0)  # nothing of this turn is heard in the next
                    busy[aloud] += _processor_s() - before_s
                    story.skip_to(time.monotonic() - began)
        finally:
            spoken += voices.end(time.monotonic(), 1.0)
    turn = 2 * len(frames) - 2
    ratios = [without / with_ for with_, without in zip(took[True], took[False], strict=True)]
    return {
        "machine": machine(), "people": people, "pairs": pairs,
        "fps_with": round(turn * pairs / sum(took[True]), 2), "fps_without": round(turn * pairs / sum(took[False]), 2),
        "ratio": round(statistics.median(ratios), 3), "ratios": [round(r, 3) for r in ratios],
        "processor_ratio": round(busy[False] / busy[True], 3),
        "spoken": sum(e.type == "cue_spoken" for e in spoken), "seconds_with": round(sum(took[True]), 1),
        "sound": sound,
    }  # fmt: skip


class _FrameTimes:
    """The class, frame by frame; its time goes on from turn to turn."""

    def __init__(self, pipeline: Pipeline, frames: Sequence[Picture], fps: float) -> None:
        self._pipeline, self._fps, self._index = pipeline, fps, 0
        self._frames = [*frames, *frames[-2:0:-1]]

    def turn(self, after: Any = None) -> float:
        """All frames forwards and backwards; the seconds it took."""
        began = time.perf_counter()
        for image in self._frames:
            self._pipeline.step(Frame(self._index, self._index / self._fps, image))
            self._index += 1
            if after is not None:
                after()
        return time.perf_counter() - began


def _film(people: int, sample: Path) -> tuple[list[Picture], float]:
    import cv2

    figures, fps = cut_out(sample)
    frames: list[Picture] = []
    with tempfile.TemporaryDirectory(prefix="groupcoach-bench-") as place:
        path = Path(place) / "class.mp4"
        write_class(figures, fps, people, path, FRAMES / fps)
        video = cv2.VideoCapture(str(path))
        while True:
            read, picture = video.read()
            if not read:
                break
            frames.append(np.ascontiguousarray(picture[:, :, ::-1]))
        video.release()
    return frames, fps


def _processor_s() -> float:
    """Processor time of this process and all it started, seconds."""
    import psutil

    total = time.process_time()  # to the nanosecond; what the system says of other processes is to a hundredth
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += _of(process.cpu_times())
    ended = psutil.Process().cpu_times()
    return total + getattr(ended, "children_user", 0.0) + getattr(ended, "children_system", 0.0)


def _of(times: Any) -> float:
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended)


def _people(number: int) -> Any:
    """Names for the policy, as a pipeline has them."""
    known = {p: SimpleNamespace(name=name, in_doubt=False) for p, name in names(number).items()}
    identity = SimpleNamespace(people=known, roster=SimpleNamespace(member=lambda name: None))
    return cast("Pipeline", SimpleNamespace(identity=identity, people={}))


@contextlib.contextmanager
def _loudspeaker() -> Iterator[str]:
    """The machine's own; else a player that takes the sound's time, first on the path."""
    from groupcoach.cues.voices import LINUX, can_play

    if not LINUX or can_play(None):
        yield "loudspeaker"
        return
    before = os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="groupcoach-bench-") as place:
        player = Path(place) / "aplay"
        player.write_text(_PLAYER)
        player.chmod(player.stat().st_mode | stat.S_IXUSR)
        os.environ["PATH"] = f"{place}{os.pathsep}{before}"
        try:
            yield "stand-in"
        finally:
            os.environ["PATH"] = before


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m groupcoach.bench.voice", description=__doc__)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--pairs", type=int, default=10, help="turns with a voice, and as many without")
    parser.add_argument("--language", choices=("en", "ko"), default="en")
    asked = parser.parse_args()
    try:
        print(json.dumps(bench_voice(asked.people, asked.pairs, asked.language)))
    except GroupCoachError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
