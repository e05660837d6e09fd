from __future__ import annotations

import time

import pytest

from groupcoach.clock import STAGES, Stopwatch


def test_stages_that_ran_have_percentiles_and_the_others_none() -> None:
    watch = Stopwatch()
    for ms in range(1, 101):
        watch.add("detect", float(ms))
    watch.add("latency", 70.0)
    assert watch.percentiles() == {
        "detect": {"p50": 50.5, "p95": 95.05, "mean": 50.5},
        "latency": {"p50": 70.0, "p95": 70.0, "mean": 70.0},
    }
    assert watch.last == {"detect": 100.0, "latency": 70.0}
    assert Stopwatch().percentiles() == {}


def test_a_stage_is_timed_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 10.25])
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    watch = Stopwatch()
    with watch.stage("mesh"):
        pass
    assert watch.last["mesh"] == pytest.approx(250)


def test_memory_is_bounded_and_the_newest_count() -> None:
    watch = Stopwatch()
    for k in range(25_000):
        watch.add("track", 1.0 if k < 5_000 else 3.0)
    assert watch.percentiles()["track"]["mean"] == 3.0


def test_every_stage_of_the_pipeline_can_be_timed() -> None:
    watch = Stopwatch()
    for name in STAGES:
        watch.add(name, 1.0)
    assert list(watch.percentiles()) == list(STAGES)
