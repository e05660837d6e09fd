"""Cues of a run against what was truly done by whom."""

from pathlib import Path

import numpy as np
import pytest

from groupcoach.evaluate.cues import FRESH_S, score_cues
from groupcoach.evaluate.truth import TrueFault, TruePerson, TrueSegment, Truth


def truth_of(boxes):
    """Person 1 has knees in from 2 to 4 s; person 2 does everything well. 10 frames a second for 12 s."""
    fault = TrueFault("knees_in", None, 2.0, 4.0)
    people = tuple(
        TruePerson(k, f"P{k}", None, None, (TrueSegment("squat", "squat", 0, 12, 3, (4.0, 6.0, 8.0), faults),))
        for k, faults in ((1, (fault,)), (2, ()))
    )
    frames = np.repeat(np.arange(120), 2)
    columns = {"frame": frames, "person": np.tile([1, 2], 120), "box_xyxy": np.tile(boxes, (120, 1)),
               "visible": np.ones(240)}  # fmt: skip
    return Truth(Path("truth.json"), 10.0, people, columns)


BOXES = np.array([[0.0, 0, 100, 300], [300, 0, 400, 300]])


def tracks_of(boxes):
    rows = [[f + 1, k + 1, *boxes[k, :2], *(boxes[k, 2:] - boxes[k, :2]), 1] for f in range(120) for k in range(2)]
    return np.array(rows, float)


def cue(t_s, person, fault_t_s, **more):
    return {"type": "cue_issued", "t_s": t_s, "person": person, "reason": "knees_in", "fault_t_s": fault_t_s, **more}


def test_right_and_true():
    score = score_cues([cue(4.3, 1, 4.1)], truth_of(BOXES), {1: 1, 2: 2}, tracks_of(BOXES))
    assert (score["issued"], score["right_person"], score["still_true"]) == (1, 1.0, 1.0)
    assert score["latency_ms_p95"] == pytest.approx(200)


def test_too_late_is_no_longer_true_and_another_is_not_meant():
    events = [cue(4.0 + FRESH_S + 0.5, 1, 4.1), cue(4.2, 2, 4.1), {"type": "rep_counted", "t_s": 1, "person": 1}]
    score = score_cues(events, truth_of(BOXES), {1: 1, 2: 2}, tracks_of(BOXES))
    assert score["issued"] == 2
    assert score["still_true"] == 0.0
    assert score["right_person"] == 1.0


def test_what_was_spoken_is_judged_when_the_words_began():
    events = [
        cue(4.2, 1, 4.1, cue=1),
        {"type": "cue_spoken", "t_s": 9.0, "person": 1, "cue": 1, "start_s": 4.5, "end_s": 6.0, "at_once": True},
        cue(4.3, 2, 4.3, cue=2),
        {"type": "cue_expired", "t_s": 6.5, "person": 2, "cue": 2, "reason": "expired"},
    ]
    score = score_cues(events, truth_of(BOXES), {1: 1, 2: 2}, tracks_of(BOXES))
    assert (score["judged"], score["still_true"], score["accounted"]) == (1, 1.0, True)
    assert score["sound_ms_p95"] == pytest.approx(300)
    events[1]["start_s"] = 4.0 + FRESH_S + 0.1
    score = score_cues(events[:3], truth_of(BOXES), {1: 1, 2: 2}, tracks_of(BOXES))
    assert (score["judged"], score["still_true"], score["accounted"]) == (1, 0.0, False)


def test_a_name_on_another_body_is_the_wrong_person():
    """The run's person 1 lay on the body of person 2 when the fault was seen."""
    swapped = tracks_of(BOXES[::-1])
    score = score_cues([cue(4.2, 1, 4.1)], truth_of(BOXES), {1: 1, 2: 2}, swapped)
    assert score["right_person"] == 0.0


def test_no_cue_no_score():
    assert score_cues([], truth_of(BOXES), {}, tracks_of(BOXES)) is None
