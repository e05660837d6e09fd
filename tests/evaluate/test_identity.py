from pathlib import Path

import numpy as np
import pytest

from groupcoach.evaluate.identity import common_frames, overlap_xywh, score_identity
from groupcoach.store.run_dir import load_mot

TUD = Path(__file__).resolve().parents[3] / "shared" / "data" / "mot" / "tud"


def walk(person: int, frames: int, x: float, speed: float = 0.0, first: int = 1) -> np.ndarray:
    return np.array([[f, person, x + speed * (f - first), 100, 50, 150] for f in range(first, first + frames)], float)


def test_boxes_that_touch_do_not_overlap_and_a_box_lies_fully_on_itself() -> None:
    boxes = np.array([[0, 0, 10, 10], [10, 0, 10, 10], [5, 0, 10, 10]], float)
    assert overlap_xywh(boxes, boxes)[0].tolist() == pytest.approx([1.0, 0.0, 1 / 3])


def test_a_perfect_run_scores_one_whatever_the_ids_are_called() -> None:
    truth = np.vstack([walk(1, 20, 0), walk(2, 20, 300)])
    renamed = truth.copy()
    renamed[:, 1] += 40
    score = score_identity(truth, renamed)
    assert score is not None
    assert (score.hota, score.deta, score.assa, score.idf1) == pytest.approx((1.0, 1.0, 1.0, 1.0))
    assert score.switches == 0


def test_two_people_whose_ids_swap_half_way_switch_twice_and_keep_half_of_idf1() -> None:
    truth = np.vstack([walk(1, 20, 0), walk(2, 20, 300)])
    swapped = truth.copy()
    late = swapped[:, 0] > 10
    swapped[late, 1] = 3 - swapped[late, 1]
    score = score_identity(truth, swapped)
    assert score is not None
    assert score.switches == 2
    assert score.idf1 == pytest.approx(0.5)
    assert score.deta == pytest.approx(1.0)
    assert score.assa == pytest.approx(1 / 3)


def test_nobody_tracked_is_zero_and_no_truth_is_no_score() -> None:
    truth = walk(1, 5, 0)
    score = score_identity(truth, np.zeros((0, 6)))
    assert score is not None
    assert (score.hota, score.idf1, score.switches) == (0.0, 0.0, 0)
    assert score_identity(np.zeros((0, 6)), truth) is None


def test_an_id_lost_for_a_while_and_found_again_is_no_switch() -> None:
    truth = walk(1, 20, 0)
    tracks = truth[(truth[:, 0] < 6) | (truth[:, 0] > 14)]
    score = score_identity(truth, tracks)
    assert score is not None
    assert score.switches == 0


def test_common_frames_counts_who_lay_on_whom() -> None:
    truth = np.vstack([walk(1, 10, 0), walk(2, 10, 300)])
    tracks = np.vstack([walk(7, 10, 302), walk(9, 4, 1)])
    assert common_frames(truth, tracks).tolist() == [[0, 4], [10, 0]]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "hota", "deta", "assa", "idf1", "switches"),
    [  # trackeval 1.3.0, classes HOTA, Identity and CLEAR, on the same rows
        ("TUD-Campus", 0.3913974378451139, 0.418047030142763, 0.36912068120832836, 0.5576592082616179, 7),
        ("TUD-Stadtmitte", 0.3978490169927877, 0.3922675723693166, 0.4088407518112996, 0.6446194225721785, 7),
    ],
)
def test_the_public_reference_gives_the_same_figures(
    name: str, hota: float, deta: float, assa: float, idf1: float, switches: int
) -> None:
    if not TUD.is_dir():
        pytest.skip("the measuring data is not beside this checkout (../shared/data/mot/tud)")
    truth = load_mot(TUD / name / "gt.txt")
    score = score_identity(truth[truth[:, 6] != 0], load_mot(TUD / name / "test.txt"))
    assert score is not None
    got = (score.hota, score.deta, score.assa, score.idf1)
    assert got == pytest.approx((hota, deta, assa, idf1), abs=1e-9)
    assert score.switches == switches
