"""What the doctor expects of a machine."""

from typing import Any

import pytest

from groupcoach import doctor, forecast
from groupcoach.errors import AssetError
from groupcoach.forecast import ON_TOP, SIZES, Speed, frames_a_second, measure

AUTO: dict[str, Any] = {"look_again_s": 0.08, "most_a_frame": 8}


def test_one_person_costs_the_detector_and_a_look_now_and_then() -> None:
    fps = frames_a_second(Speed(20.0, 5.0), 1, **AUTO)
    # 12.5 looks a second take 62.5 ms of each second, the detector the rest
    assert fps == pytest.approx((1000 / ON_TOP - 12.5 * 5.0) / 20.0, rel=1e-6)


def test_on_a_slow_machine_everybody_waits_for_a_turn() -> None:
    assert frames_a_second(Speed(100.0, 20.0), 4, **AUTO) == pytest.approx(1000 / ON_TOP / (100 + 80), rel=1e-6)
    # the budget ends at eight bodies a frame: thirty cost no more landmarks than twenty
    twenty, thirty = (frames_a_second(Speed(100.0, 20.0), n, **AUTO) for n in (20, 30))
    assert twenty == thirty == pytest.approx(1000 / ON_TOP / (100 + 160), rel=1e-6)


def test_more_people_and_slower_networks_are_never_faster() -> None:
    rates = [frames_a_second(Speed(15.0, 4.0), n, **AUTO) for n in range(1, 31)]
    assert rates == sorted(rates, reverse=True)
    assert frames_a_second(Speed(16.0, 4.0), 8, **AUTO) < frames_a_second(Speed(15.0, 4.0), 8, **AUTO)


class Ticking:
    """A clock that the networks move on."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.calls = {"detect": 0, "locate": 0}

    def __call__(self) -> float:
        return self.now_s

    def detect(self, frame: Any) -> None:
        assert frame.image.shape == (720, 1280, 3)
        self.calls["detect"] += 1
        self.now_s += 4.0 if self.calls["detect"] == 1 else 0.02  # the first one compiles

    def locate(self, image: Any, crops: Any) -> None:
        self.calls["locate"] += 1
        self.now_s += 0.006 * len(crops)


def test_the_networks_are_timed_warm_and_not_for_long() -> None:
    ticking = Ticking()
    speed = measure(ticking, ticking, ticking)
    assert speed.detect_ms == pytest.approx(20.0)
    assert speed.body_ms == pytest.approx(6.0)
    assert ticking.now_s < 10.0


def test_a_very_slow_machine_is_timed_all_the_same() -> None:
    class Slow(Ticking):
        def detect(self, frame: Any) -> None:
            self.calls["detect"] += 1
            self.now_s += 2.5

    slow = Slow()
    assert measure(slow, slow, slow).detect_ms == pytest.approx(2500.0)
    assert slow.calls["detect"] == 4


def test_the_doctor_says_what_to_expect_and_how_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "measure", lambda: Speed(15.0, 4.0))
    (fast,) = doctor.speed()
    assert fast.ok
    assert not fast.needed
    assert "with 1 / 8 / 12 / 20 / 30 people" in fast.detail
    assert "detector 15 ms, landmarks 4.0 ms a body" in fast.detail
    assert "expected, not measured" in fast.detail
    monkeypatch.setattr(forecast, "measure", lambda: Speed(150.0, 40.0))
    (slow,) = doctor.speed()
    assert not slow.ok
    assert "groupcoach bench" in slow.fix
    assert list(forecast.forecast(Speed(15.0, 4.0))) == list(SIZES)


def test_without_model_files_the_doctor_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Speed:
        raise AssetError("Run `groupcoach models pull`.")

    monkeypatch.setattr(forecast, "measure", missing)
    (found,) = doctor.speed()
    assert not found.ok
    assert found.fix == "Run `groupcoach models pull`."


@pytest.mark.models
def test_the_real_networks_have_a_speed() -> None:
    speed = measure()
    assert 1.0 < speed.detect_ms < 5000
    assert 0.3 < speed.body_ms < 2000
