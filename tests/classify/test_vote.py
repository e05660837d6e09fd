from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from groupcoach.classify.vote import Vote, VoteSettings
from groupcoach.records import Floats, Label

SET = VoteSettings()
CHANGE_S = SET.buffer_s / 2 + SET.hold_s
"""Half of the buffer has to turn over, then the majority has to hold."""
CLASSES = ("stand", "squat", "lunge", "unknown")


def sure(name: str, share: float = 0.9) -> Floats:
    p = np.full(len(CLASSES), (1 - share) / (len(CLASSES) - 1))
    p[CLASSES.index(name)] = share
    return p


def tell(
    vote: Vote, seen: Callable[[float], Floats], seconds: float, *, start: float = 0.0, fps: float = 15,
    mid_rep: bool = False,
) -> list[tuple[float, Label]]:  # fmt: skip
    t = start + np.arange(round(seconds * fps)) / fps
    return [(float(now), vote.cast(float(now), seen(float(now)), mid_rep=mid_rep)) for now in t]


def names(story: list[tuple[float, Label]]) -> list[str]:
    """The labels in the order they came into force."""
    out: list[str] = []
    for _, label in story:
        if not out or out[-1] != label.exercise:
            out.append(label.exercise)
    return out


def first(story: list[tuple[float, Label]], name: str) -> float:
    return next(t for t, label in story if label.exercise == name)


def test_nothing_is_known_before_the_vote_has_held() -> None:
    story = tell(Vote(CLASSES), lambda t: sure("squat"), 2.0)
    assert names(story) == ["unknown", "squat"]
    assert first(story, "squat") == pytest.approx(SET.first_s, abs=0.08)


@pytest.mark.parametrize("fps", [8, 15, 30])
def test_a_class_in_order_at_any_frame_rate(fps: float) -> None:
    def seen(t: float) -> Floats:
        return sure("stand" if t < 3 else "squat" if t < 8 else "lunge")

    story = tell(Vote(CLASSES), seen, 12.0, fps=fps)
    assert names(story) == ["unknown", "stand", "squat", "lunge"]
    assert first(story, "squat") == pytest.approx(3 + CHANGE_S, abs=0.25)
    assert first(story, "lunge") == pytest.approx(8 + CHANGE_S, abs=0.25)


@pytest.mark.parametrize("mid_rep", [False, True])
def test_a_stumble_of_a_third_of_a_second_changes_nothing(mid_rep: bool) -> None:
    story = tell(Vote(CLASSES), lambda t: sure("lunge" if 4.0 <= t < 4.3 else "squat"), 8.0, mid_rep=mid_rep)
    assert names(story) == ["unknown", "squat"]


def test_within_a_repetition_a_change_needs_longer() -> None:
    def after(mid_rep: bool) -> float:
        vote = Vote(CLASSES)
        tell(vote, lambda t: sure("squat"), 3.0)
        return first(tell(vote, lambda t: sure("lunge"), 4.0, start=3.0, mid_rep=mid_rep), "lunge")

    assert after(True) - after(False) == pytest.approx(SET.hold_mid_rep_s - SET.hold_s, abs=0.1)


def test_a_tie_keeps_what_was() -> None:
    rng = np.random.default_rng(0)
    vote = Vote(CLASSES)
    tell(vote, lambda t: sure("squat"), 2.0)
    story = tell(vote, lambda t: sure("squat" if rng.random() < 0.5 else "lunge", 0.6), 10.0, start=2.0)
    assert names(story) == ["squat"]


def test_noise_of_a_single_frame_does_not_reach_the_label() -> None:
    rng = np.random.default_rng(1)
    story = tell(Vote(CLASSES), lambda t: sure("squat" if rng.random() < 0.75 else "lunge"), 20.0)
    assert names(story) == ["unknown", "squat"]


def test_unsure_of_everything_is_no_majority() -> None:
    assert names(tell(Vote(CLASSES), lambda t: np.full(4, 0.25), 3.0)) == ["unknown"]
    assert names(tell(Vote(CLASSES), lambda t: sure("squat", 0.27), 3.0)) == ["unknown"]


def test_what_leads_in_every_frame_needs_no_half_of_the_probability() -> None:
    assert names(tell(Vote(CLASSES), lambda t: sure("squat", 0.45), 3.0)) == ["unknown", "squat"]


def test_the_share_and_the_time_are_told() -> None:
    story = tell(Vote(CLASSES), lambda t: sure("squat", 0.8), 3.0)
    label = story[-1][1]
    assert label.share == pytest.approx(1.0)
    assert label.since_s == pytest.approx(0.0)  # the majority began with the first frame
    assert label.since_s == next(x.since_s for _, x in story if x.exercise == "squat")


def test_a_frame_counts_by_the_time_it_stands_for() -> None:
    # the same seconds of two exercises, one of them filmed six times as densely
    vote = Vote(CLASSES, VoteSettings(buffer_s=1.2))
    story = tell(vote, lambda t: sure("squat"), 0.6, fps=60)
    story += tell(vote, lambda t: sure("lunge"), 0.6, start=0.6, fps=10)
    assert story[-1][1].exercise == "squat"
    assert story[-1][1].share == pytest.approx(0.5, abs=0.1)


def test_after_a_gap_old_votes_do_not_count_but_the_label_stays() -> None:
    vote = Vote(CLASSES)
    tell(vote, lambda t: sure("squat"), 3.0)
    story = tell(vote, lambda t: sure("lunge"), 2.0, start=10.0)
    assert names(story) == ["squat", "lunge"]
    assert first(story, "lunge") == pytest.approx(10 + SET.hold_s, abs=0.1)


def test_votes_of_a_long_class_do_not_pile_up() -> None:
    vote = Vote(CLASSES)
    story = tell(vote, lambda t: sure("squat" if t % 20 < 10 else "lunge"), 600.0, fps=10)
    assert all(0 <= label.share <= 1 for _, label in story)
    assert story[-1][1].share == pytest.approx(1.0)
    assert len(vote._votes) < 20
