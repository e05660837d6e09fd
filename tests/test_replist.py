from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from groupcoach.records import Fault, Rep
from groupcoach.replist import RepList

FAULT = Fault("knees_in", "left_knee", "left", 0.2, 0.1, "share", 3.0, "knees_in")
REPS = [
    Rep("squat", 1, 1.0, 2.0, 3.0, 90.0, depth_deg=80.0, out_s=0.9, back_s=0.8, left_right_deg=-2.0),
    Rep("squat", 2, 4.0, 5.0, 6.0, 91.0, (FAULT,), "left", worst_joint="left_knee"),
    Rep("squat", 3, 7.0, 8.0, 9.0, 92.0, not_judged=("shallow",)),
]


def test_what_was_booked_comes_back() -> None:
    kept = RepList(REPS[:1])
    kept.append(REPS[1])
    kept.append(REPS[2])
    assert len(kept) == 3
    assert repr(list(kept)) == repr(REPS)  # measures that are NaN are too
    assert kept[0] == REPS[0]
    assert kept[-1].not_judged == ("shallow",)
    assert [rep.number for rep in kept[-2:]] == [2, 3]
    assert [rep.number for rep in reversed(kept)] == [3, 2, 1]
    assert kept.clean == 2
    assert kept == RepList(REPS)
    assert kept != RepList(REPS[:2])
    with pytest.raises(IndexError):
        kept[3]


def test_an_empty_list() -> None:
    kept = RepList()
    assert (len(kept), list(kept), kept.clean, bool(kept)) == (0, [], 0, False)


def test_an_hour_of_repetitions_is_small() -> None:
    kept = RepList()
    tracemalloc.start()
    for number in range(10_000):
        kept.append(replace(REPS[0], number=number, start_s=3.0 * number))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 10_000 * 120
