from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from groupcoach.detect.budget import PER_FRAME, LandmarkBudget
from groupcoach.detect.landmarks import Crop
from groupcoach.mesh.regressor import PersonInput
from groupcoach.records import Frame, Landmarks

IMAGE = np.zeros((200, 1300, 3), np.uint8)


class FakeNetwork:
    """Notes whom it was asked for (crops lie 100 px apart) and answers with the crop's centre."""

    def __init__(self, score: float = 0.95) -> None:
        self.calls: list[list[int]] = []
        self.score = score
        self.blind: set[int] = set()

    def locate(self, image: np.ndarray, crops: Sequence[Crop]) -> list[Landmarks | None]:
        who = [int(c.cx // 100) for c in crops]
        self.calls.append(who)
        return [
            None if k in self.blind
            else Landmarks(np.zeros((33, 3)), np.full((33, 2), [c.cx, c.cy]), np.ones(33), self.score)
            for k, c in zip(who, crops, strict=True)
        ]  # fmt: skip


def frame(t_s: float) -> Frame:
    return Frame(round(t_s * 30), t_s, IMAGE)


def people(n: int) -> list[PersonInput]:
    return [
        PersonInput(k, np.array([100.0 * k + 30, 10, 100 * k + 70, 150]), np.full((17, 2), np.nan), np.zeros(17), None)
        for k in range(n)
    ]


def budget(mode: str, net: FakeNetwork) -> LandmarkBudget:
    return LandmarkBudget(mode, net)  # type: ignore[arg-type]


def test_everybody_is_looked_at_in_every_frame_when_on() -> None:
    net = FakeNetwork()
    b = budget("on", net)
    for k in range(3):
        assert all(p.landmarks is not None for p in b.look(frame(k / 30), people(12)))
    assert net.calls == [list(range(12))] * 3


def test_a_small_class_is_served_whole_in_auto() -> None:
    net = FakeNetwork()
    budget("auto", net).look(frame(0.0), people(PER_FRAME))
    assert net.calls == [list(range(PER_FRAME))]


def test_twelve_people_take_turns_in_auto_and_nobody_starves() -> None:
    net = FakeNetwork()
    b = budget("auto", net)
    for k in range(6):
        got = b.look(frame(k / 15), people(12))
        assert [p.track_id for p in got] == list(range(12))
        if k:  # after the first round everybody has an answer, at most two frames old
            assert all(p.landmarks is not None for p in got)
    assert net.calls[0] == list(range(8))
    assert net.calls[1][-4:] == [8, 9, 10, 11]
    assert all(len(c) == PER_FRAME for c in net.calls)
    for who in range(12):
        asked = np.flatnonzero([who in call for call in net.calls])
        assert np.diff(asked).max() <= 2


def test_the_last_answer_is_carried_with_the_box_and_not_for_long() -> None:
    net = FakeNetwork()
    b = budget("auto", net)
    b.look(frame(0.0), people(8))
    crowd = people(16)
    moved = [replace(crowd[0], box_xyxy=crowd[0].box_xyxy + 5), *crowd[1:]]
    got = b.look(frame(0.1), moved)
    assert net.calls[-1] == list(range(8, 16))
    assert got[0].landmarks is not None
    assert got[0].landmarks.px[0] == pytest.approx([55.0, 85.0])
    assert got[1].landmarks is not None
    assert got[1].landmarks.px[0] == pytest.approx([150.0, 80.0])
    # 16 people and a pause: what is 0.8 s old serves nobody
    late = b.look(frame(0.9), moved)
    assert [p.landmarks is not None for p in late] == [k in net.calls[-1] for k in range(16)]


def test_a_body_the_network_does_not_see_has_no_landmarks() -> None:
    net = FakeNetwork()
    net.blind = {1}
    b = budget("auto", net)
    first = b.look(frame(0.0), people(3))
    assert [p.landmarks is None for p in first] == [False, True, False]
    net.blind = {0, 1, 2}  # the old answer is not kept against a newer no
    assert all(p.landmarks is None for p in b.look(frame(0.1), people(3)))


def test_nobody_is_asked_for_when_off_or_when_the_room_is_empty() -> None:
    net = FakeNetwork()
    off = budget("off", net)
    crowd = people(3)
    assert off.look(frame(0.0), crowd) == crowd
    assert off.second_opinion(frame(0.0), crowd) == []
    assert budget("auto", net).look(frame(0.0), []) == []
    assert net.calls == []


def test_second_opinions_go_round_two_at_a_time() -> None:
    net = FakeNetwork()
    b = budget("auto", net)
    answers = [b.second_opinion(frame(k / 10), people(5)) for k in range(9)]
    assert all(len(a) == 2 for a in answers)
    assert all(set(np.concatenate(answers[k : k + 3])) == set(range(5)) for k in range(7))


@pytest.mark.parametrize(("score", "sure"), [(0.95, True), (0.6, False)])
def test_only_a_sure_body_counts_as_a_second_opinion(score: float, sure: bool) -> None:
    net = FakeNetwork(score)
    net.blind = {1}
    assert budget("on", net).second_opinion(frame(0.0), people(2)) == ([0] if sure else [])


def test_the_people_handed_in_are_not_changed() -> None:
    crowd = people(2)
    budget("on", FakeNetwork()).look(frame(0.0), crowd)
    assert all(p.landmarks is None for p in crowd)


def test_four_people_at_25_frames_a_second_take_turns_and_nobody_is_stale() -> None:
    net = FakeNetwork()
    b = budget("auto", net)
    crowd = people(4)
    for k in range(9):
        got = b.look(frame(k * 0.04), crowd)
        assert all(p.landmarks is not None for p in got)
        if k:
            assert len(net.calls[-1]) == 2
    assert sorted(net.calls[-1] + net.calls[-2]) == [0, 1, 2, 3]


def test_one_or_two_people_are_looked_at_in_every_frame() -> None:
    net = FakeNetwork()
    b = budget("auto", net)
    for k in range(5):
        b.look(frame(k * 0.04), people(2))
        assert net.calls[-1] == [0, 1]
