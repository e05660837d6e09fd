"""How long somebody with a standing fault was told nothing, from the events alone."""

from __future__ import annotations

import pytest

from groupcoach.evaluate.cues import STANDS_S, longest_wait_s


def fault(t_s, person=1, code="a", **more):
    return {"type": "fault_found", "t_s": t_s, "person": person, "code": code, **more}


def rep(t_s, person=1, faults=("a",)):
    return {"type": "rep_counted", "t_s": t_s, "person": person, "faults": list(faults)}


def cue(t_s, person=1, **more):
    return {"type": "cue_issued", "t_s": t_s, "person": person, **more}


def faulty(start, end, person=1):
    """A repetition with the fault every 3 s."""
    return [e for t in range(start, end + 1, 3) for e in (rep(t, person), fault(t, person))]


def told(*events):
    return longest_wait_s(sorted(events, key=lambda e: e["t_s"]))


@pytest.mark.parametrize(
    ("events", "longest"),
    [
        ([], None),
        ([fault(0)], None),  # one is none
        ([fault(0, dangerous=True), cue(1)], 1.0),
        (faulty(0, 30), 27.0),
        ([*faulty(0, 30), cue(10)], 20.0),
        ([*faulty(0, 30), cue(10, 2)], 27.0),
        ([*faulty(0, 30), cue(10, 2, people=[2, 1])], 20.0),
        ([*faulty(0, 30), rep(31, faults=[])], 28.0),  # put right
        ([*faulty(0, 12), *faulty(12 + int(STANDS_S) + 3, 36), cue(60)], 9.0),  # a rest between
        ([*faulty(0, 30), {"type": "muted", "person": None, "t_s": 13.5}], 10.5),
        ([*faulty(0, 30), {"type": "exercise_changed", "person": 1, "t_s": 13.5}], 12.0),
        ([*faulty(0, 30), *faulty(0, 60, person=2), cue(20, 2)], 40.0),
    ],
)
def test_silences(events, longest):
    assert told(*events) == longest
