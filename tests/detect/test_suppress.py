from __future__ import annotations

import numpy as np
import pytest

from groupcoach.detect.suppress import iou_matrix, keypoint_distance, largest_share, suppress_duplicates
from groupcoach.records import Floats, Observations

# A standing figure in shares of its box (COCO order): nose, eyes, ears, then pairs from the shoulders down.
FIGURE = np.array([
    [0.5, 0.08], [0.53, 0.06], [0.47, 0.06], [0.57, 0.07], [0.43, 0.07], [0.68, 0.2], [0.32, 0.2], [0.75, 0.35],
    [0.25, 0.35], [0.78, 0.48], [0.22, 0.48], [0.6, 0.52], [0.4, 0.52], [0.6, 0.73], [0.4, 0.73], [0.6, 0.94],
    [0.4, 0.94],
])  # fmt: skip


def seen(*people: tuple[Floats, Floats, Floats, float]) -> Observations:
    """Rows (box, keypoints, keypoint scores, score)."""
    boxes, points, sure, scores = zip(*people, strict=True)
    return Observations(np.array(boxes, float), np.array(scores, float), np.array(points), np.array(sure))


def person(x: float, y: float, w: float = 100, h: float = 300, score: float = 0.8) -> tuple:
    return np.array([x, y, x + w, y + h]), FIGURE * [w, h] + [x, y], np.full(17, 0.9), score


def test_overlap_of_known_boxes() -> None:
    a = np.array([[0.0, 0, 10, 10], [0, 0, 0, 0]])
    b = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [2, 2, 4, 4]])
    assert iou_matrix(a, b) == pytest.approx(np.array([[1, 1 / 3, 0, 0.04], [0, 0, 0, 0]]))
    assert iou_matrix(a[:0], b).shape == (0, 4)


def test_two_people_behind_each_other_stay_two() -> None:
    # the one behind looks a little smaller and has the arms up: boxes overlap by 0.7
    front, (box, points, sure, _) = person(200, 100), person(212, 95, 90, 262)
    for joint, y in ((7, 90), (8, 90), (9, 40), (10, 40)):
        points[joint, 1] = y
    both = seen(front, (box, points, sure, 0.6))
    assert 0.7 < iou_matrix(both.boxes_xyxy, both.boxes_xyxy)[0, 1] < 0.85
    assert len(suppress_duplicates(both)) == 2


def test_two_people_who_move_alike_stay_two_a_third_of_a_body_apart() -> None:
    assert len(suppress_duplicates(seen(person(200, 100), person(233, 92, score=0.6)))) == 2


def test_a_half_body_box_inside_a_full_one_goes() -> None:
    box, points, sure, _ = full = person(200, 100)
    half = np.array([box[0], box[1], box[2], box[1] + 150])
    legs_guessed = np.where(np.arange(17) < 13, sure, 0.1)
    both = seen(full, (half, points + 2.0, legs_guessed, 0.5))
    assert iou_matrix(both.boxes_xyxy, both.boxes_xyxy)[0, 1] < 0.55
    kept = suppress_duplicates(both)
    assert len(kept) == 1
    assert kept.scores[0] == 0.8


def test_the_same_box_twice_is_one_whatever_its_keypoints_say() -> None:
    box, points, sure, _ = person(0, 0)
    rng = np.random.default_rng(0)
    for other in (points, rng.permutation(points), np.full((17, 2), np.nan)):
        assert len(suppress_duplicates(seen((box, points, sure, 0.8), (box + 1, other, sure, 0.7)))) == 1


def test_keypoints_that_are_nan_count_as_not_seen() -> None:
    # boxes that overlap by 0.6 and keypoints of which one has none: nothing tells them apart
    box, points, sure, _ = person(0, 0)
    blind = (box + np.array([0, 75, 0, 75]), np.full((17, 2), np.nan), sure, 0.5)
    both = seen((box, points, sure, 0.8), blind)
    assert np.isinf(keypoint_distance(both, both)[0, 1])
    assert len(suppress_duplicates(both)) == 1
    partly = points.copy()
    partly[13:] = np.nan
    both = seen((box, points, sure, 0.8), (box, partly + 3, sure, 0.5))
    assert keypoint_distance(both, both)[0, 1] == pytest.approx(3 * np.sqrt(2) / np.hypot(100, 300))


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one_person_come_back_as_they_are(n: int) -> None:
    obs = seen(person(10, 10)).take(np.arange(n))
    assert len(suppress_duplicates(obs)) == n


def test_a_class_of_thirty_side_by_side_stays_thirty() -> None:
    people = [person(60 * (i % 10), 320 * (i // 10), score=0.9 - 0.01 * i) for i in range(30)]
    assert len(suppress_duplicates(seen(*people))) == 30


def test_where_it_is_in_the_picture_and_how_large_does_not_matter() -> None:
    people = [person(200, 100), person(240, 92, score=0.7), person(203, 102, score=0.6), person(400, 90, score=0.5)]
    obs = seen(*people)
    want = suppress_duplicates(obs).scores
    assert want.tolist() == [0.8, 0.7, 0.5]
    for scale, shift in ((0.25, 0.0), (3.0, 500.0), (1.0, -150.0)):
        moved = Observations(obs.boxes_xyxy * scale + shift, obs.scores, obs.keypoints_px * scale + shift,
                             obs.keypoint_scores)  # fmt: skip
        assert (suppress_duplicates(moved).scores == want).all()


def test_the_front_half_of_a_push_up_is_not_somebody_else() -> None:
    """As the detector sees it from far: head and shoulders are one, the legs of the half one are made up."""
    full = np.array([
        [321, 488], [318, 485], [320, 485], [300, 478], [302, 478], [288, 481], [277, 480], [288, 504], [223, 521],
        [313, 529], [245, 556], [205, 501], [200, 493], [148, 511], [153, 505], [81, 499], [74, 494],
    ], float)  # fmt: skip
    half = full.copy()
    half[5:] = [[296, 480], [279, 486], [297, 508], [264, 518], [317, 531], [284, 547], [250, 515], [236, 518],
                [282, 529], [255, 532], [270, 541], [236, 549]]  # fmt: skip
    sure = np.full(17, 0.8)
    both = seen(
        (np.array([60.0, 443, 341, 580]), full, sure, 0.73), (np.array([212.0, 449, 340, 578]), half, sure, 0.54)
    )
    assert suppress_duplicates(both).scores.tolist() == [0.73]
    assert suppress_duplicates(both.take([1])).scores.tolist() == [0.54]


def test_the_share_of_a_box_that_another_lies_on() -> None:
    box = np.array([0.0, 0, 10, 20])
    assert largest_share(box, np.zeros((0, 4))) == 0.0
    assert largest_share(box, np.array([[20.0, 0, 30, 20]])) == 0.0
    assert largest_share(box, np.array([[0.0, 15, 10, 40], [5.0, 0, 25, 20]])) == pytest.approx(0.5)
