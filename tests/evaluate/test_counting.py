import pytest

from groupcoach.evaluate.counting import CountRow, catalogue_id, counts_of, match_times, score_counts
from groupcoach.evaluate.labels import Done, LabelShare, label_share


def test_scores_of_a_handful_of_clips_done_by_hand() -> None:
    result = score_counts([
        CountRow("a", "squat", 8, 8),
        CountRow("b", "push_up", 6, 4),                       # two missing: not within one
        CountRow("c", "high_knees", 26, 23, tolerance=2),      # within one beyond two
        CountRow("d", "squat", 10, 9, wrong=1),                # one went under another name
        CountRow("e", None, 3, 0, wrong=2, scored=False),      # not in the catalogue: only its wrong names matter
        CountRow("f", "squat", None, 5, scored=False),         # nobody counted
    ])  # fmt: skip
    assert result["obo"] == pytest.approx(3 / 4)
    assert result["mae"] == pytest.approx((0 + 2 / 6 + 3 / 26 + 1 / 10) / 4)
    assert result["named"] == pytest.approx((8 + 4 + 23 + 9) / (8 + 4 + 23 + 9 + 1))
    assert result["wrong"] == 3
    assert set(result["rows"][0]) >= {"file", "exercise", "want", "got", "tolerance", "people"}


def test_figures_over_nothing_are_none_and_never_nan() -> None:
    result = score_counts([])
    assert (result["obo"], result["mae"], result["named"], result["rows"]) == (None, None, None, [])


def test_a_hold_wants_nothing_and_each_repetition_of_something_is_an_error_of_one() -> None:
    assert score_counts([CountRow("plank", "plank", 0, 0)])["mae"] == 0
    assert score_counts([CountRow("plank", "plank", 0, 2)])["mae"] == 2
    assert score_counts([CountRow("plank", "plank", 0, 2)])["obo"] == 0


def test_repetitions_are_paired_in_time_as_many_as_possible() -> None:
    assert match_times([1, 2, 3], [1.1, 2.4, 3.6]) == [(0, 0), (1, 1)]
    assert match_times([1.0, 1.4], [1.4, 1.8]) == [(0, 0), (1, 1)]  # the nearest pair first would find only one
    assert match_times([], [1.0]) == []
    assert match_times([1.0], [1.6]) == []
    assert match_times([3, 1], [1, 3]) == [(0, 0), (1, 1)]


def test_free_names_go_through_the_catalogue() -> None:
    from groupcoach.exercises.catalogue import load_catalogue

    by_alias = load_catalogue().by_alias
    assert catalogue_id("push-up", by_alias) == "push_up"
    assert catalogue_id("barbell curl", by_alias) == "biceps_curl"
    assert catalogue_id("dance, two people crossing", by_alias) is None
    assert catalogue_id("", by_alias) is None


def test_counts_are_summed_over_people_and_segments() -> None:
    people = [
        {"exercises": [{"exercise": "squat", "reps": 3}, {"exercise": "lunge", "reps": 0}]},
        {"exercises": [{"exercise": "squat", "reps": 2}]},
        {"exercises": []},
    ]
    assert counts_of(people) == {"squat": 5}


def test_labels_are_judged_only_while_the_exercise_was_done() -> None:
    import numpy as np

    poses = {
        "t_s": np.array([0.0, 1.0, 2.0, 3.0, 2.0]),
        "person": np.array([1, 1, 1, 1, 2]),
        "exercise": np.array(["stand", "squat", "lunge", "squat", "lunge"]),
        "voted": np.array(["unknown", "squat", "squat", "stand", "lunge"]),
        "voted_live": np.array(["unknown", "unknown", "squat", "squat", "lunge"]),
    }
    share = label_share(poses, [Done(1, "squat", 1.0, 2.5)])
    assert share == LabelShare(frames=2, frame_right=1, voted_right=2, shown_right=1)
    assert share.frame_accuracy == 0.5
    assert label_share(None, [Done(1, "squat", 1.0, 2.5)]).voted_accuracy is None
