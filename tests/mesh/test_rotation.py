from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from groupcoach.mesh.rotation import frame_of, proper, share_of_turn, shortest_turn, turn_between, unit

RNG = np.random.default_rng(4)
VECTORS = RNG.standard_normal((2, 200, 3))


def assert_rotations(turn: np.ndarray) -> None:
    assert np.swapaxes(turn, -1, -2) @ turn == pytest.approx(np.broadcast_to(np.eye(3), turn.shape), abs=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1.0)


def test_unit_vectors_and_no_direction_at_all() -> None:
    v = unit(np.array([[3.0, 0, 4], [0, 0, 0], [np.nan, 1, 1]]))
    assert v[0] == pytest.approx([0.6, 0, 0.8])
    assert np.isnan(v[1:]).all()


def test_frames_are_square_and_right_handed() -> None:
    f = frame_of(*VECTORS)
    assert_rotations(f)
    assert f[..., 0] == pytest.approx(unit(VECTORS[0]))
    assert ((f[..., 1] * VECTORS[1]).sum(-1) > 0).all()
    assert np.isnan(frame_of(np.ones((1, 3)), np.ones((1, 3)))[..., 1:]).all()  # no second direction


def test_a_turn_between_two_pairs_of_directions_is_the_rotation_that_moved_them() -> None:
    want = Rotation.random(200, random_state=3).as_matrix()
    a, b = VECTORS
    moved_a, moved_b = ((want @ v[..., None])[..., 0] for v in (a, b))
    assert turn_between(a, b, moved_a, moved_b) == pytest.approx(want, abs=1e-9)


def test_the_shortest_turn_is_scipys() -> None:
    start, end = unit(VECTORS[0]), unit(VECTORS[1])
    turn = shortest_turn(start, end)
    assert_rotations(turn)
    axis = unit(np.cross(start, end))
    angle = np.arccos((start * end).sum(-1))
    assert turn == pytest.approx(Rotation.from_rotvec(axis * angle[:, None]).as_matrix(), abs=1e-9)


def test_the_shortest_turn_to_the_same_and_to_the_opposite_direction() -> None:
    start = np.concatenate([unit(VECTORS[0]), np.eye(3), -np.eye(3)])
    assert shortest_turn(start, start) == pytest.approx(np.broadcast_to(np.eye(3), (len(start), 3, 3)), abs=1e-9)
    for nudge in (0.0, 1e-9, 1e-4, 1e-2):
        end = unit(-start + nudge * np.roll(start, 1, axis=-1))
        turn = shortest_turn(start, end)
        assert (turn @ start[..., None])[..., 0] == pytest.approx(end, abs=2e-3)
        if nudge in (0.0, 1e-2):
            assert_rotations(turn)


def test_an_unknown_direction_stays_unknown() -> None:
    start, nothing = unit(VECTORS[0][:2]), np.full((2, 3), np.nan)
    assert np.isnan(shortest_turn(start, nothing)).any(axis=(-1, -2)).all()
    assert np.isnan(shortest_turn(nothing, start)).any(axis=(-1, -2)).all()


@settings(max_examples=50, deadline=None)
@given(angle=st.floats(0, 3.1), share=st.floats(0, 1), seed=st.integers(0, 1000))
def test_a_share_of_a_turn_is_scipys(angle: float, share: float, seed: int) -> None:
    axis = unit(np.random.default_rng(seed).standard_normal((1, 3)))
    whole = Rotation.from_rotvec(axis * angle).as_matrix()
    assert share_of_turn(whole, share) == pytest.approx(
        Rotation.from_rotvec(axis * angle * share).as_matrix(), abs=1e-6
    )


def test_no_turn_has_no_share_and_three_thirds_are_the_whole() -> None:
    assert share_of_turn(np.eye(3)[None], 0.3) == pytest.approx(np.eye(3)[None])
    whole = Rotation.from_euler("xyz", [[20, 50, -10]], degrees=True).as_matrix()
    third = share_of_turn(whole, 1 / 3)
    assert third @ third @ third == pytest.approx(whole)


def test_undefined_rotations_become_none_and_the_others_stay() -> None:
    some = Rotation.random(3, random_state=0).as_matrix()
    holes = some.copy()
    holes[1, 0, 2] = np.nan
    assert proper(holes) == pytest.approx(np.stack([some[0], np.eye(3), some[2]]))
    assert np.isnan(holes[1, 0, 2])  # not written into
