"""How long a limb looks, now and at its longest: by time and not by frames, each kind apart, a jump not believed."""

import numpy as np
import pytest

from groupcoach.mesh.limbs import KINDS, LIMBS, N_KINDS, lengths, longest, shares
from groupcoach.skeleton import COCO_INDEX

THIGH = LIMBS.index(("left_hip", "left_knee"))


def standing(thigh: float = 40.0) -> np.ndarray:
    """A person seen from the front, px."""
    points = np.zeros((1, 17, 3), np.float32)
    points[..., 2] = 0.9
    for side, x in (("left", 15.0), ("right", -15.0)):
        heights = {"shoulder": 0, "elbow": 28, "wrist": 54, "hip": 50, "knee": 50 + thigh, "ankle": 90 + thigh}
        for name, y in heights.items():
            points[0, COCO_INDEX[f"{side}_{name}"], :2] = (x, y)
    return points


def after(seconds: float, fps: float, now: np.ndarray, known: np.ndarray) -> np.ndarray:
    for _ in range(round(seconds * fps)):
        known = longest(known, now, np.array([1 / fps]))
    return known


def test_lengths_are_those_of_the_limbs_and_nothing_where_an_end_is_hidden() -> None:
    points = standing()
    points[0, COCO_INDEX["right_wrist"], 2] = 0.1
    found = dict(zip(LIMBS, lengths(points)[0].tolist(), strict=True))
    assert found["left_hip", "left_knee"] == pytest.approx(40)
    assert found["left_elbow", "left_wrist"] == pytest.approx(26)
    assert found["right_elbow", "right_wrist"] == 0
    assert found["left_shoulder", "right_shoulder"] == pytest.approx(30)


@pytest.mark.parametrize("fps", [8, 25, 60])
def test_a_thigh_that_points_at_the_camera_is_known_by_its_length(fps: float) -> None:
    tall, squat = lengths(standing(40)), lengths(standing(12))
    known = after(3.0, fps, tall, np.zeros((1, N_KINDS), np.float32))
    assert known[0, KINDS[THIGH]] == pytest.approx(40, rel=0.1)
    deep = after(2.0, fps, squat, known)
    assert shares(squat, deep)[0, THIGH] == pytest.approx(0.3, abs=0.05), "remembered while squatting"
    assert shares(tall, deep)[0, THIGH] == pytest.approx(1.0, abs=0.1)


def test_a_keypoint_that_jumps_for_a_frame_is_not_believed() -> None:
    known = after(3.0, 25, lengths(standing()), np.zeros((1, N_KINDS), np.float32))
    jumped = longest(known, lengths(standing(120)), np.array([0.04]))
    assert jumped[0, KINDS[THIGH]] < 1.35 * known[0, KINDS[THIGH]]


def test_what_was_never_seen_is_unknown_and_what_is_hidden_is_kept() -> None:
    nothing = np.zeros((1, len(LIMBS)), np.float32)
    assert not longest(np.zeros((1, N_KINDS), np.float32), nothing, np.array([np.inf])).any()
    assert not shares(lengths(standing()), np.zeros((1, N_KINDS), np.float32)).any()
    known = after(2.0, 10, lengths(standing()), np.zeros((1, N_KINDS), np.float32))
    assert np.array_equal(after(5.0, 10, nothing, known), known)


def test_somebody_who_walks_away_looks_shorter_after_a_while() -> None:
    known = after(2.0, 10, lengths(standing(40)), np.zeros((1, N_KINDS), np.float32))
    assert after(40.0, 10, lengths(standing(20)), known)[0, KINDS[THIGH]] < 0.6 * 40
