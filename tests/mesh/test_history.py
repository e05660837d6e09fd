"""Looking back, shape and smoothing: by time and not by frames, each person apart."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from groupcoach.mesh.features import KEYPOINTS, LAGS_S, LANDMARKS, PLACE, L, Look
from groupcoach.mesh.history import History

N_TURNS = 24


def glanced(value: float, n: int = 1, has: bool = True) -> Look:
    landmarks = np.full((n, LANDMARKS), value, np.float32)
    keypoints, place = np.full((n, KEYPOINTS), value, np.float32), np.zeros((n, PLACE), np.float32)
    return Look(keypoints, landmarks, np.full(n, has), place, np.tile(np.eye(3), (n, 1, 1)))


def filled(fps: float, seconds: float = 1.0) -> tuple[History, np.ndarray, float]:
    """A person whose numbers are the time."""
    history = History()
    rows = history.rows([7])
    t = 0.0
    for k in range(round(seconds * fps)):
        t = k / fps
        history.push(rows, glanced(t), np.ones(1, bool), t)
    return history, rows, t


@pytest.mark.parametrize("fps", [10, 12.5, 25, 30, 60, 120])
def test_a_glance_back_is_as_old_as_it_says(fps: float) -> None:
    history, rows, t = filled(fps)
    back = history.back(rows, t + 1 / fps)
    for k, lag in enumerate(LAGS_S):
        assert back[0, k, 0] == pytest.approx(t + 1 / fps - lag, abs=0.012), f"{lag} s back at {fps} frames a second"
        assert back[0, k, KEYPOINTS] == pytest.approx(back[0, k, 0], abs=1e-5), "landmarks in space too"
        assert back[0, k, -2:].tolist() == [1, 1]


def test_what_was_not_seen_is_not_made_up() -> None:
    history = History()
    rows = history.rows([1])
    assert not history.back(rows, 0.0).any(), "nobody before"
    history.push(rows, glanced(1.0), np.zeros(1, bool), 0.0)  # landmarks carried on from earlier do not count
    back = history.back(rows, 0.1)
    assert back[0, 0, -2:].tolist() == [1, 0]
    assert not back[0, 0, KEYPOINTS : KEYPOINTS + 3 * L].any()
    assert not history.back(rows, 0.9)[0, :2].any(), "too long ago"


def test_tracks_are_apart_and_forgotten() -> None:
    history = History()
    for k in range(40):  # more than the first room
        history.push(history.rows([k]), glanced(float(k)), np.ones(1, bool), 0.0)
    both = history.back(history.rows([3, 39]), 0.1)
    assert both[:, 0, 0].tolist() == [3, 39]
    history.forget(3)
    history.forget(3)
    again = history.rows([99])  # gets the free row, and nothing of what was in it
    assert again[0] == 3
    assert not history.back(again, 0.1).any()


def test_shape_is_a_mean_over_time_not_over_frames() -> None:
    results = []
    for fps in (5, 30):
        history, rng = History(), np.random.default_rng(0)
        rows = history.rows([1])
        for k in range(10 * fps):
            t = k / fps
            betas = history.shape(rows, np.full((1, 10), 1.0 if t < 5 else 2.0) + rng.normal(0, 0.5, (1, 10)), t)
            history.smooth(rows, np.tile(np.eye(3), (1, N_TURNS, 1, 1)), t)
        results.append(float(betas.mean()))
    assert results == pytest.approx([1.5, 1.5], abs=0.2)


def turned(deg: float, rng: np.random.Generator | None = None) -> np.ndarray:
    angles = np.tile([deg, 0.0, 0.0], (N_TURNS, 1))
    if rng is not None:
        angles = angles + rng.normal(0, 2.0, angles.shape)
    return Rotation.from_euler("xyz", angles, degrees=True).as_matrix()[None]


def test_still_is_calm_and_moving_is_prompt() -> None:
    rng, history = np.random.default_rng(1), History()
    rows = history.rows([1])
    raw, calm = [], []
    for k in range(100):
        now = turned(0.0, rng)
        raw.append(now[0, :, :, 0])
        calm.append(history.smooth(rows, now, k / 25)[0, :, :, 0])
    shake = [np.abs(np.diff(np.stack(v[20:]), 2, axis=0)).mean() for v in (raw, calm)]
    assert shake[1] < 0.3 * shake[0]
    history = History()
    rows = history.rows([1])
    late = []
    for k in range(75):  # a knee bends by 90 degrees within 1 s
        deg = 45 * (1 - np.cos(2 * np.pi * k / 50))
        out = Rotation.from_matrix(history.smooth(rows, turned(deg), k / 25)[0, 4]).as_euler("xyz", degrees=True)[0]
        late.append((deg, out))
    deg, out = np.array(late).T
    lags = np.arange(0, 6)
    error = [np.abs(out[10 + s : 60 + s] - deg[10:60]).mean() for s in lags]
    assert lags[int(np.argmin(error))] / 25 <= 0.08


def test_rotations_stay_rotations() -> None:
    history, rng = History(), np.random.default_rng(2)
    rows = history.rows([1, 2])
    for k in range(5):
        given = Rotation.random(2 * N_TURNS, random_state=k).as_matrix().reshape(2, N_TURNS, 3, 3)
        out = history.smooth(rows, given, k / 25 + float(rng.uniform(0, 0.01)))
        assert np.allclose(out @ np.swapaxes(out, -1, -2), np.eye(3), atol=1e-6)
        assert np.allclose(np.linalg.det(out), 1.0)
