"""The pace of a class: as fast as it goes, or as time passes; on a clock that only passes when somebody works."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from engine_room import Room, run, squatter, the_room
from scripted_class import FPS

from groupcoach import engine
from groupcoach.store.run_dir import load_run


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return the_room(monkeypatch)


class Clock(SimpleNamespace):
    """Wall time that only passes when somebody works or sleeps."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


def test_pace_live_drops_frames_and_says_so(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)

    def work(k: int) -> None:
        clock.now += 0.16  # 2.4 frames of the source

    room.at_frame = work
    result = run(tmp_path / "run", pace="live")
    frames = len(squatter().shapes)
    assert result.summary["frames"] + result.summary["dropped_frames"] == frames
    assert result.summary["frames"] == pytest.approx(frames / 2.4, rel=0.15)
    told = [e for e in load_run(tmp_path / "run").events() if e["type"] == "frames_dropped"]
    assert 4 <= len(told) <= 9  # once a second at most
    assert 0.8 * result.summary["dropped_frames"] <= sum(e["frames"] for e in told) <= result.summary["dropped_frames"]
    assert clock.now - 100 == pytest.approx(frames / FPS, abs=0.5)


def test_pace_live_waits_for_the_time_of_the_source(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)
    room.until = 45
    result = run(pace="live")
    assert result.summary["dropped_frames"] == 0
    assert result.summary["wall_s"] == pytest.approx(3.0, abs=0.2)


def test_the_age_of_what_is_shown_is_measured_where_time_passes_by_itself(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(engine, "time", clock)
    shown: list[float] = []

    def work(k: int) -> None:
        clock.now += 0.05

    room.at_frame, room.until = work, 45
    result = run(pace="live", on_frame=lambda: shown.append(clock.now))
    late = result.summary["stage_ms"]["end_to_end"]
    assert (late["p50"], late["p95"]) == pytest.approx((50.0, 50.0), abs=1.0)
    assert len(shown) == result.summary["frames"] == 45
    assert "end_to_end" not in run(pace="max").summary["stage_ms"]  # a file waits: nothing in it grows old


def test_pace_max_never_sleeps(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(sleep=lambda s: pytest.fail("slept"))
    monkeypatch.setattr(engine, "time", clock)
    room.until = 30
    assert run().summary["dropped_frames"] == 0
