"""The judgement of the script that kills engines."""

from __future__ import annotations

from math import inf

import endurance_scripts

killed = endurance_scripts.load("killed_class")


def reps(person: int, *turns_s: float) -> list[object]:
    return [killed.Done(person, "squat", t - 1, t, t + 1) for t in turns_s]


WHOLE = reps(1, 3, 6, 9) + reps(2, 3, 6, 9)


def judged(end: list[object], cut: tuple[float, float] = (5.5, 6.5), kept: int = 1) -> dict[str, int]:
    found: dict[str, int] = killed.judged(WHOLE[:kept], end, WHOLE, cut)
    return {name: n for name, n in found.items() if n}


def test_nothing_is_wrong_with_the_same_class() -> None:
    assert judged(WHOLE) == {}
    assert judged(reps(1, 3.4, 6, 9) + reps(2, 3, 6, 9), kept=0) == {}  # measured a little later


def test_a_movement_through_the_kill_is_cut_and_any_other_is_lost() -> None:
    assert judged(reps(1, 3, 9) + reps(2, 3, 6, 9)) == {"cut": 1}
    assert judged(reps(1, 3, 6) + reps(2, 3, 6, 9)) == {"lost": 1}
    assert judged(reps(1, 3) + reps(2, 3), (5.5, inf)) == {"cut": 4}  # the engine came back after the class


def test_what_was_recorded_may_not_go_and_nobody_gets_anybody_elses() -> None:
    assert judged(reps(1, 6, 9) + reps(2, 3, 6, 9)) == {"forgotten": 1, "lost": 1}
    assert judged(reps(1, 3, 6) + reps(3, 9) + reps(2, 3, 6, 9)) == {"lost": 1, "moved": 1}
    assert judged(WHOLE + reps(2, 12)) == {"extra": 1}
