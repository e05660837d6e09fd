from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
import pytest

from groupcoach.track.mot import Recording, frames_of
from groupcoach.track.settings import TrackerSettings
from groupcoach.training.tracker import RANGES, Case, cases, every, judge, part, parts, report, search, shiver, split


def a_case(frames: int = 80) -> Case:
    rows = np.array([
        [k, person, 100 + 400 * person + 3 * k, 100, 50, 150, 0.9] for k in range(1, frames + 1) for person in (0, 1)
    ])  # fmt: skip
    return Case(frames_of(rows), rows, 20.0)


def test_every_searched_setting_exists_and_starts_within_its_range() -> None:
    shipped = TrackerSettings()
    assert set(RANGES) < {f.name for f in fields(shipped)}
    hand = {"high_score", "birth_score", "sure_score", "vouchers", "doubtful_s", "confirm_s", "confirm_share",
            "foot_weight", "foot_most", "hold_s", "hold_gap_s"}  # fmt: skip
    assert {f.name for f in fields(shipped)} - set(RANGES) == hand
    for name, (low, high) in RANGES.items():
        assert low <= getattr(shipped, name) <= high, name


@pytest.mark.parametrize("n", [1, 2, 15])
def test_the_split_is_by_place_and_leaves_nobody_out(n: int) -> None:
    tuned, rest = split(n)
    assert sorted([*tuned, *rest]) == list(range(n))
    assert len(tuned) - len(rest) in (0, 1)
    assert split(n) == (tuned, rest)
    if n == 15:
        assert tuned != list(range(8))


def test_parts_and_every_other_frame_keep_truth_and_boxes_together() -> None:
    whole = a_case()
    for case in (part(whole, 20, 50), *parts(whole, 1.0), every(whole, 2, 1), every(whole, 2, 0)):
        assert set(case.truth[:, 0]) == set(range(1, len(case.frames) + 1))
        for number, frame in enumerate(case.frames, 1):
            here = case.truth[case.truth[:, 0] == number]
            np.testing.assert_allclose(np.sort(frame[:, 0]), np.sort(here[:, 2]))
    assert [len(c.frames) for c in parts(whole, 1.0)] == [20] * 4
    assert (every(whole, 2, 1).fps, len(every(whole, 2, 1).frames)) == (10.0, 40)


def test_shivering_boxes_stay_boxes_and_come_again_from_the_same_seed() -> None:
    whole = a_case(400)
    a, b = shiver(whole, 3), shiver(whole, 3)
    assert all((x == y).all() for x, y in zip(a.frames, b.frames, strict=True))
    kept = np.concatenate(a.frames)
    assert 0.94 < len(kept) / len(np.concatenate(whole.frames)) < 0.99
    assert (kept[:, 2:4] > kept[:, :2]).all()
    assert np.isfinite(kept).all()


def test_the_search_climbs_and_obeys_its_budget_and_ranges() -> None:
    asked: list[TrackerSettings] = []

    def value(s: TrackerSettings) -> float:
        asked.append(s)
        return -abs(s.buffer - 0.5) - abs(s.agility - 30.0) / 100

    start = TrackerSettings(buffer=0.1, agility=5.0)
    found = search(start, value, 300, seed=2)
    assert len(asked) == 300
    assert found.buffer == pytest.approx(0.5, abs=0.1)
    assert found.agility == pytest.approx(30.0, abs=6.0)
    assert all(low <= getattr(found, name) <= high for name, (low, high) in RANGES.items())
    assert search(start, value, 300, seed=2) == found


def test_a_tracker_that_loses_people_is_judged_worse() -> None:
    with ThreadPoolExecutor(1) as pool:
        judged = [cases(a_case(60), 0)]
        assert sum(weight for weight, _ in judged[0]) == pytest.approx(1.0)
        good = judge(judged, pool, TrackerSettings())
        assert good > judge(judged, pool, TrackerSettings(first_limit=0.001, third_limit=0.001)) + 0.2
        recordings = [Recording(name, a_case(30).frames, a_case(30).truth) for name in "abc"]
        lines = report(recordings, pool, TrackerSettings())
    assert [line.split("(")[0].strip() for line in lines] == ["tuned on", "not tuned on", "all"]
    assert "10 fps" in lines[0]
