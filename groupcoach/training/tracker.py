"""Tune the tracker on recorded boxes: ``python -m groupcoach.training.tracker DIR`` (DIR as for ``bench --mot``).

Half of the recordings, drawn by the hash of their place in the list, are searched on; the other half is only reported.
One lost identity in a long recording moves its score by points, so a setting is judged by the mean over several cases
of every recording: as it is, with boxes that shiver and a few lost, cut into parts of 15 and 22.5 s, and at half the
frame rate. Search: one or two settings at a time, from the shipped ones on, kept when the mean gets better by
``GAIN``. Scores and what confirms a track stay as they are: they belong to the detector and the class. One evaluation
takes about 20 s on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from groupcoach.evaluate.identity import IdentityScore
from groupcoach.records import Floats
from groupcoach.track.mot import DANCE_FPS, Recording, follow, load_sequences, score_all
from groupcoach.track.settings import BOXES_ONLY, TrackerSettings

GAIN = 0.0004
RANGES: Mapping[str, tuple[float, float]] = {
    "forget_s": (1.0, 15.0), "forget_tentative_s": (0.1, 0.8), "follow_s": (0.5, 10.0), "return_reach": (0.0, 1.5),
    "return_speed": (0.0, 1.5), "return_size": (0.0, 2.0), "shadow_iou": (0.4, 0.9), "first_limit": (0.5, 1.6),
    "second_limit": (0.3, 1.5), "third_limit": (0.4, 1.6), "young": (0.0, 0.4), "buffer": (0.0, 0.6),
    "wide_buffer": (0.0, 1.0), "spread": (0.0, 1.0), "spread_s": (0.2, 3.0), "last_weight": (0.3, 1.0),
    "upright": (0.0, 1.5), "size_weight": (0.0, 1.5), "size_s": (0.05, 2.0),
    "score_weight": (0.0, 1.5), "score_s": (0.05, 1.0), "gap_weight": (0.0, 0.6),
    "agility": (3.0, 40.0), "resizing": (1.0, 25.0), "start_speed": (3.0, 40.0), "mistrust": (0.0, 3.0),
    "coast_s": (0.1, 3.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Boxes to follow, and the truth about them."""

    frames: list[Floats]
    truth: Floats
    fps: float


def split(n: int) -> tuple[list[int], list[int]]:
    """Places in a list of ``n`` to tune on (the larger half) and to report on."""
    order = sorted(range(n), key=lambda i: hashlib.sha256(str(i).encode()).hexdigest())
    return sorted(order[: (n + 1) // 2]), sorted(order[(n + 1) // 2 :])


def part(case: Case, first: int, last: int) -> Case:
    """Frames ``first`` (from 0) to ``last`` (not with it)."""
    inside = (case.truth[:, 0] > first) & (case.truth[:, 0] <= last)
    truth = case.truth[inside].copy()
    truth[:, 0] -= first
    return Case(case.frames[first:last], truth, case.fps)


def parts(case: Case, seconds: float) -> list[Case]:
    """Equal parts of about so many seconds; those without anybody left out."""
    n = len(case.frames)
    k = max(1, round(n / case.fps / seconds))
    cut = [part(case, i * n // k, (i + 1) * n // k) for i in range(k)]
    return [one for one in cut if len(one.truth)]


def every(case: Case, step: int, phase: int) -> Case:
    """Every ``step``-th frame only."""
    inside = (case.truth[:, 0] - 1) % step == phase
    truth = case.truth[inside].copy()
    truth[:, 0] = (truth[:, 0] - 1 - phase) // step + 1
    return Case(case.frames[phase::step], truth, case.fps / step)


def shiver(case: Case, seed: int) -> Case:
    """Boxes off by 0.8 % of their height, scores by 0.03; three boxes in a hundred lost."""
    rng, frames = np.random.default_rng(seed), []
    for frame in case.frames:
        kept = frame[rng.random(len(frame)) > 0.03].copy()
        off = 0.008 * rng.standard_normal((len(kept), 4)) * (kept[:, 3:4] - kept[:, 1:2])
        kept[:, :2] += off[:, :2]
        kept[:, 2:4] = np.maximum(kept[:, 2:4] + off[:, :2] + off[:, 2:], kept[:, :2] + 1.0)
        kept[:, 4] = np.clip(kept[:, 4] + 0.03 * rng.standard_normal(len(kept)), 0.1, 1.0)
        frames.append(kept)
    return Case(frames, case.truth, case.fps)


def cases(whole: Case, seed: int) -> list[tuple[float, list[Case]]]:
    """What a recording is judged by: weights, which add up to 1, and cases scored together."""
    return [
        (0.25, [whole]), (0.2, [shiver(whole, 4 * seed)]), (0.2, parts(shiver(whole, 4 * seed + 1), 15.0)),
        (0.2, parts(shiver(whole, 4 * seed + 2), 22.5)), (0.15, parts(every(shiver(whole, 4 * seed + 3), 2, 1), 15.0)),
    ]  # fmt: skip


def _tracks(case: Case, settings: TrackerSettings) -> Floats:
    return follow(case.frames, case.fps, settings)[0]


def judge(judged: Sequence[Sequence[tuple[float, list[Case]]]], pool: Executor, settings: TrackerSettings) -> float:
    """Mean of HOTA and IDF1 over all recordings, weighted over their cases."""
    total = 0.0
    for same in zip(*judged, strict=True):
        together = [case for _, some in same for case in some]
        score = _score(together, pool, settings)
        total += same[0][0] * (score.hota + score.idf1) / 2
    return total


def _score(some: Sequence[Case], pool: Executor, settings: TrackerSettings) -> IdentityScore:
    score = score_all([c.truth for c in some], list(pool.map(partial(_tracks, settings=settings), some)))
    assert score is not None
    return score


def search(
    start: TrackerSettings, value: Callable[[TrackerSettings], float], evaluations: int, seed: int,
    say: Callable[[str], None] = lambda text: None,
) -> TrackerSettings:  # fmt: skip
    """Coordinate search: each setting in turn is drawn anew, moved a little, and moved together with another one.

    Args:
        start: Where it begins.
        value: What is to become large.
        evaluations: How often it may be asked.
        seed: Of the order and the moves.
        say: Told of every step forward.
    """
    rng, names = np.random.default_rng(seed), list(RANGES)
    best, most = start, value(start)
    say(f"start {most:.4f}")
    asked = 1
    while asked < evaluations:
        for name in rng.permutation(names):
            for move in range(3):
                change = {str(name): _moved(best, str(name), rng, (None, 0.15, 0.05)[move])}
                if move == 2:
                    other = str(rng.choice(names))
                    change[other] = _moved(best, other, rng, 0.1)
                tried = replace(best, **change)  # type: ignore[arg-type]
                now = value(tried)
                asked += 1
                if now > most + GAIN:
                    best, most = tried, now
                    say(f"{asked} {most:.4f} {change}")
                if asked >= evaluations:
                    return best
    return best


def _moved(settings: TrackerSettings, name: str, rng: np.random.Generator, spread: float | None) -> float:
    low, high = RANGES[name]
    if spread is None:
        return float(rng.uniform(low, high))
    return float(np.clip(getattr(settings, name) + spread * (high - low) * rng.standard_normal(), low, high))


def report(recordings: Sequence[Recording], pool: Executor, settings: TrackerSettings) -> list[str]:
    """Lines: HOTA, IDF1 and switches on the half tuned on, the other and all, at the full and half the frame rate."""
    tuned, rest = split(len(recordings))
    lines = []
    for title, places in (("tuned on", tuned), ("not tuned on", rest), ("all", sorted([*tuned, *rest]))):
        words = [f"{title:12} ({len(places):2})"]
        whole = [Case(recordings[i].frames, recordings[i].truth, DANCE_FPS) for i in places]
        for name, some in (("20 fps", whole), ("10 fps", [every(case, 2, 0) for case in whole])):
            s = _score(some, pool, settings)
            words.append(f"{name}: HOTA {100 * s.hota:.1f} IDF1 {100 * s.idf1:.1f} switches {s.switches}")
        lines.append("  ".join(words))
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Search and report."""
    parser = argparse.ArgumentParser(description="Tune the tracker on recorded boxes.")
    parser.add_argument("folder", type=Path, help="det/NAME.txt and gt/NAME.txt, 20 frames a second")
    parser.add_argument("--evaluations", type=int, default=500, help="0 only reports")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    recordings = load_sequences(given.folder)
    settings = BOXES_ONLY
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        print("before", *report(recordings, pool, settings), sep="\n", flush=True)
        if given.evaluations <= 0:
            return
        judged = [
            cases(Case(recordings[i].frames, recordings[i].truth, DANCE_FPS), i) for i in split(len(recordings))[0]
        ]
        found = search(
            settings, partial(judge, judged, pool), given.evaluations, given.seed, lambda text: print(text, flush=True)
        )
        print("after", *report(recordings, pool, found), sep="\n")
    old = asdict(settings)
    for one in fields(found):
        if (now := getattr(found, one.name)) != old[one.name]:
            print(f"{one.name}: {old[one.name]:.4g} -> {now:.4g}")


if __name__ == "__main__":
    main()
