from __future__ import annotations

import numpy as np
import pytest

from groupcoach.classify.signals import SIGNALS
from groupcoach.classify.window import (
    LONG_S,
    N_FEATURES,
    SHORTEST_S,
    STATS,
    WINDOW_S,
    Window,
    features_of,
    window_features,
)
from groupcoach.records import Floats

S = len(SIGNALS)
PHASE = np.linspace(0, 2 * np.pi, S, endpoint=False)


def moving(t: Floats) -> Floats:
    """(T, S) smooth signals with a period of 2 s, each with a phase of its own."""
    return 0.5 + 0.3 * np.sin(np.pi * t[:, None] + PHASE)


def times(fps: float, seconds: float = WINDOW_S) -> Floats:
    return np.arange(round(seconds * fps) + 1) / fps


def table(t: Floats, values: Floats) -> dict[str, Floats]:
    features = window_features(t, values)
    assert features is not None
    assert features.shape == (N_FEATURES,)
    return dict(zip(STATS, features.reshape(len(STATS), S), strict=True))


def test_statistics_of_a_known_motion() -> None:
    t = times(30)
    f = table(t, moving(t))
    assert f["now"] == pytest.approx(moving(t[-1:])[0])
    assert f["mean"] == pytest.approx(np.full(S, 0.5), abs=0.01)
    assert f["spread"] == pytest.approx(np.full(S, 0.3 / np.sqrt(2)), abs=0.01)
    assert f["low"] == pytest.approx(np.full(S, 0.2), abs=0.01)
    assert f["high"] == pytest.approx(np.full(S, 0.8), abs=0.01)
    assert f["change"] == pytest.approx((moving(t[-1:]) - moving(t[-1:] - 0.35))[0], abs=0.03)
    assert f["pace"] == pytest.approx(np.full(S, 0.6), abs=0.01)  # there and back, 1.2 in two seconds


def test_four_seconds_know_what_was_before_the_last_two() -> None:
    t = times(30, 5.0)
    values = moving(t)
    values[t < 3.0] = 0.5  # still; then a movement
    values[t < 1.0] = 9.0  # longer ago than anything told
    f, late = table(t, values), table(t[t >= 3.0], values[t >= 3.0])
    for name in ("now", "mean", "spread", "low", "high", "pace"):
        assert f[name] == pytest.approx(late[name], abs=1e-5), name
    assert f["long_mean"] == pytest.approx(np.full(S, 0.5), abs=0.03)
    assert f["long_spread"] == pytest.approx(np.full(S, 0.15), abs=0.03)  # half of the variance
    assert f["long_low"] == pytest.approx(np.full(S, 0.2), abs=0.03)
    assert f["long_high"] == pytest.approx(np.full(S, 0.8), abs=0.03)
    for name in ("mean", "spread", "low", "high"):  # of what is seen for two seconds both say the same
        assert late[f"long_{name}"] == pytest.approx(late[name], abs=0.04), name


@pytest.mark.parametrize("fps", [8, 10, 12, 15, 20, 24])
def test_the_frame_rate_hardly_shows(fps: int) -> None:
    a, b = (table(times(k), moving(times(k))) for k in (30, fps))
    for name, limit in {"now": 1e-9, "mean": 0.01, "spread": 0.01, "low": 0.03, "high": 0.03, "change": 0.08,
                        "pace": 0.03, "long_mean": 0.03, "long_spread": 0.03, "long_low": 0.04,
                        "long_high": 0.04}.items():  # fmt: skip
        assert np.abs(a[name] - b[name]).max() < limit, name


@pytest.mark.parametrize("seed", range(5))
def test_lost_frames_hardly_show(seed: int) -> None:
    t = times(20)
    kept = np.random.default_rng(seed).random(len(t)) > 0.2
    kept[[0, -1]] = True
    a, b = table(t, moving(t)), table(t[kept], moving(t[kept]))
    for name, limit in {"mean": 0.03, "spread": 0.03, "low": 0.04, "high": 0.04, "change": 0.08, "pace": 0.05}.items():
        assert np.abs(a[name] - b[name]).max() < limit, name


def test_when_it_happened_does_not_matter() -> None:
    t = times(15)
    assert window_features(t + 3600, moving(t)) == pytest.approx(window_features(t, moving(t)), abs=1e-6)


def test_a_still_body_does_not_change() -> None:
    t = times(15)
    f = table(t, np.full((len(t), S), 0.7))
    assert f["spread"] == pytest.approx(np.zeros(S), abs=1e-5)
    assert f["change"] == pytest.approx(np.zeros(S))
    assert f["pace"] == pytest.approx(np.zeros(S))


def test_too_little_has_no_answer() -> None:
    t = times(15, 0.3)
    assert window_features(t, moving(t)) is None
    assert window_features(t[:0], moving(t[:0])) is None
    assert window_features(np.array([0.0, 1.0]), moving(np.array([0.0, 1.0]))) is None
    t = times(15, SHORTEST_S)
    assert window_features(t, moving(t)) is not None


def test_a_signal_that_is_hardly_seen_has_no_statistics_and_does_not_touch_others() -> None:
    t = times(15)
    values = moving(t)
    whole = table(t, values)
    values[:, 0] = np.nan
    values[: len(t) // 2, 1] = np.nan
    f = table(t, values)
    for name in ("now", "mean", "spread", "low", "high", "change"):
        assert np.isnan(f[name][0]), name
        assert np.isfinite(f[name][1:]).all(), name
        assert f[name][2:] == pytest.approx(whole[name][2:]), name
    assert f["mean"][1] == pytest.approx(values[len(t) // 2 :, 1].mean(), abs=0.02)
    assert not np.isinf(np.concatenate(list(f.values()))).any()


def features(window: Window) -> Floats | None:
    """Of one window."""
    rows, found = features_of([window])
    return found[0] if rows else None


def filled(fps: float, seconds: float, start: float = 0.0, window: Window | None = None) -> Window:
    window = window or Window()
    t = times(fps, seconds) + start
    for now, values in zip(t, moving(t), strict=True):
        window.push(now, values)
    return window


@pytest.mark.parametrize("fps", [8, 30, 60, 240])
def test_the_window_is_the_last_four_seconds(fps: float) -> None:
    got = features(filled(fps, 9.0))
    t = times(fps, LONG_S) + 5.0
    want = window_features(t, moving(t))
    assert got is not None
    # at 240 a second the ring holds a second
    assert got == pytest.approx(want, abs=1e-6 if fps < 64 else 1.0)


def test_a_class_at_once_is_everybody_alone() -> None:
    windows = [filled(30, 7.0), filled(12, 0.3), filled(8, 0.9), Window(), filled(25, 2.0)]
    rows, together = features_of(windows)
    assert rows == [0, 2, 4]
    for k, i in enumerate(rows):
        assert together[k] == pytest.approx(features(windows[i]), abs=1e-5, nan_ok=True)


def test_a_gap_forgets() -> None:
    window = filled(15, 2.0)
    window.push(3.5, np.full(S, 0.9))
    assert features(window) is None
    fresh, after = filled(15, 1.0, 4.0), filled(15, 1.0, 4.0, filled(15, 2.0))
    assert features(after) == pytest.approx(features(fresh))
    short = filled(15, 1.0, 2.8, filled(15, 2.0))  # 0.8 s is no gap
    assert features(short) is not None


def test_a_new_window_knows_nothing() -> None:
    assert features(Window()) is None
