from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from groupcoach.records import Event, Observations, Track, TrackState
from groupcoach.skeleton import COCO_INDEX
from groupcoach.track.appearance import N_COLOURS, clothing, unlikeness
from groupcoach.track.identity import Identity

RED, BLUE, GREEN, BLACK, WHITE = (200, 40, 40), (40, 60, 190), (40, 150, 60), (25, 25, 25), (235, 235, 235)
NOISE = np.random.default_rng(0).integers(-10, 11, (400, 1200, 3)).astype(np.int16)
Clothes = tuple[tuple[int, int, int], tuple[int, int, int]]
"""Shirt and trousers."""


@dataclass
class Room:
    """Draws people as two patches of cloth and hands their tracks to an Identity."""

    identity: Identity = field(default_factory=Identity)
    t_s: float = 0.0
    born: dict[int, float] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def show(self, seconds: float, *people: tuple[int, float, Clothes]) -> list[Event]:
        """``people``: (track, x, clothes). Returns the new events."""
        new: list[Event] = []
        for _ in range(round(seconds * 10)):
            image, obs, tracks = draw(self.t_s, self.born, people)
            new.extend(self.identity.step(tracks, obs, image, self.t_s))
            self.t_s = round(self.t_s + 0.1, 3)
        self.events.extend(new)
        return new


def draw(t_s: float, born: dict[int, float], people: tuple) -> tuple[np.ndarray, Observations, list[Track]]:
    image = np.full((400, 1200, 3), 120, np.uint8)
    boxes, points, tracks = [], [], []
    for row, (track, x, (shirt, trousers)) in enumerate(people):
        image[100:200, x - 40 : x + 40] = shirt
        image[200:320, x - 40 : x + 40] = trousers
        p = np.full((17, 2), np.nan)
        for name, dx, y in (("shoulder", 30, 105), ("hip", 25, 200), ("knee", 25, 290)):
            p[COCO_INDEX[f"left_{name}"]], p[COCO_INDEX[f"right_{name}"]] = (x + dx, y), (x - dx, y)
        box = np.array([x - 45.0, 50, x + 45, 380])
        boxes.append(box)
        points.append(p)
        tracks.append(Track(track, box, np.zeros(2), TrackState.CONFIRMED, born.setdefault(track, t_s), t_s, row))
    image = np.clip(image + np.roll(NOISE, round(t_s * 1000), axis=0), 0, 255).astype(np.uint8)
    n = len(people)
    points_px = np.array(points).reshape(n, 17, 2)
    sure = np.where(np.isfinite(points_px).all(-1), 0.9, 0.0)
    return image, Observations(np.array(boxes).reshape(n, 4), np.full(n, 0.8), points_px, sure), tracks


def types(events: list[Event]) -> list[str]:
    return [e.type for e in events]


def test_names_of_the_roster_go_from_left_to_right_and_then_numbers() -> None:
    room = Room(Identity([("Ana", "window"), ("Ben", None)]))
    events = room.show(0.5, (7, 900, (RED, BLACK)), (8, 200, (BLUE, BLACK)), (9, 500, (GREEN, BLACK)))
    assert types(events) == ["person_entered"] * 3
    assert [(e.person, e.data["name"]) for e in events] == [(1, "Ana"), (2, "Ben"), (3, "Guest 1")]
    assert events[0].data["spot"] == "window"
    assert [room.identity.person_of(t) for t in (8, 9, 7)] == [1, 2, 3]


def test_who_leaves_and_returns_in_the_same_clothes_is_the_same_person() -> None:
    room = Room()
    room.show(2.0, (1, 300, (RED, BLACK)), (2, 700, (BLUE, WHITE)))
    assert types(room.show(3.0, (2, 700, (BLUE, WHITE)))) == ["person_left"]
    events = room.show(1.0, (3, 340, (RED, BLACK)), (2, 700, (BLUE, WHITE)))
    assert types(events) == ["identity_merged", "person_returned"]
    assert {e.person for e in events} == {1}
    assert room.identity.person_of(3) == 1
    assert sorted(room.identity.people) == [1, 2]
    assert room.identity.people[1].track_ids == [1, 3]


def test_another_person_in_other_clothes_at_the_same_place_is_new() -> None:
    room = Room()
    room.show(2.0, (1, 300, (RED, BLACK)))
    room.show(3.0)
    events = room.show(1.0, (2, 300, (BLUE, WHITE)))
    assert types(events) == ["person_entered"]
    assert room.identity.person_of(2) == 2


def test_a_short_break_of_the_track_is_neither_leaving_nor_returning() -> None:
    room = Room()
    room.show(2.0, (1, 300, (RED, BLACK)))
    room.show(0.5)
    assert types(room.show(1.0, (2, 310, (RED, BLACK)))) == ["identity_merged"]
    assert room.identity.person_of(2) == 1


def test_nobody_is_taken_for_somebody_who_is_in_sight() -> None:
    room = Room()
    room.show(2.0, (1, 300, (RED, BLACK)))
    assert types(room.show(1.0, (1, 300, (RED, BLACK)), (2, 380, (RED, BLACK)))) == ["person_entered"]


def test_two_who_left_come_back_each_as_themselves() -> None:
    room = Room()
    room.show(4.0, (1, 300, (RED, BLACK)), (2, 800, (BLUE, WHITE)))
    room.show(3.0)
    # they changed places
    room.show(3.0, (3, 800, (RED, BLACK)), (4, 300, (BLUE, WHITE)))
    assert (room.identity.person_of(3), room.identity.person_of(4)) == (1, 2)


def test_one_who_left_comes_back_once_only() -> None:
    room = Room()
    room.show(4.0, (1, 300, (RED, BLACK)))
    room.show(3.0)
    room.show(1.5, (2, 300, (RED, BLACK)), (3, 700, (RED, BLACK)))
    assert sorted(room.identity.people) == [1, 3]
    assert (room.identity.person_of(2), room.identity.person_of(3)) == (1, 3)


def test_who_was_taken_for_somebody_hidden_is_parted_when_both_are_seen() -> None:
    room = Room()
    room.show(2.0, (1, 300, (RED, BLACK)))
    room.show(0.5)  # hidden; the track lives on
    room.show(0.5, (2, 350, (RED, BLACK)))  # dressed alike, at the same place
    assert room.identity.person_of(2) == 1
    events = room.show(1.0, (1, 300, (RED, BLACK)), (2, 350, (RED, BLACK)))
    assert [(e.type, e.person) for e in events] == [("person_entered", 2)]
    assert (room.identity.person_of(1), room.identity.person_of(2)) == (1, 2)
    assert room.identity.people[1].track_ids == [1]


def test_a_track_that_is_not_confirmed_is_nobody_yet() -> None:
    identity = Identity()
    image, obs, (track,) = draw(0.0, {}, ((1, 300, (RED, BLACK)),))
    young = Track(1, track.box_xyxy, track.velocity_px_s, TrackState.TENTATIVE, 0.0, 0.0, 0)
    assert identity.step([young], obs, image, 0.0) == []
    assert identity.person_of(1) is None


def test_times_are_kept() -> None:
    room = Room()
    room.show(2.0, (1, 300, (RED, BLACK)))
    room.show(3.0)
    room.show(1.0, (2, 300, (RED, BLACK)))
    person = room.identity.people[1]
    assert person.first_s == 0.0
    assert person.last_s == pytest.approx(5.9)
    left = next(e for e in room.events if e.type == "person_left")
    assert left.t_s == pytest.approx(1.9 + 1.1, abs=0.15)


def test_merging_two_people_keeps_one_with_the_tracks_of_both() -> None:
    room = Room()
    room.show(2.0, (1, 300, (RED, BLACK)))
    room.show(2.0)
    room.show(2.0, (2, 900, (BLUE, WHITE)))
    identity = room.identity
    assert identity.person_of(2) == 2
    identity.merge(2, into=1)
    assert list(identity.people) == [1]
    assert identity.person_of(1) == identity.person_of(2) == 1
    kept = identity.people[1]
    assert kept.track_ids == [1, 2]
    assert kept.present
    assert kept.box_xyxy[0] == pytest.approx(855)
    assert kept.seen_s == pytest.approx(3.9)  # 1.9 s and, from the frame before the return, 2.0 s
    # and the next newcomer gets a number of their own
    room.show(1.0, (2, 900, (BLUE, WHITE)), (3, 300, (GREEN, GREEN)))
    assert identity.person_of(3) == 3


def test_the_instructors_word_stands_even_while_both_are_seen() -> None:
    room = Room()
    both = ((1, 300, (RED, BLACK)), (2, 900, (BLUE, WHITE)))
    room.show(1.0, *both)
    room.identity.merge(2, into=1)
    assert room.show(1.0, *both) == []
    assert room.identity.person_of(2) == 1


def wearing(shirt: tuple[int, int, int], trousers: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    image, obs, _ = draw(seed / 1000, {}, ((1, 300, (shirt, trousers)),))
    result = clothing(image, obs.keypoints_px[0], obs.keypoint_scores[0])
    assert result is not None
    return result


def test_clothes_are_histograms_of_parts_and_tell_people_apart() -> None:
    a = wearing(RED, BLACK)
    assert a.shape == (3, N_COLOURS)
    assert a[:2].sum(1) == pytest.approx([1, 1])
    assert np.isnan(a[2]).all()  # these people have no arms
    assert unlikeness(a, a) == pytest.approx(0, abs=1e-6)
    assert unlikeness(a, wearing(RED, BLACK, 5)) < 0.3
    assert unlikeness(a, wearing(BLUE, WHITE)) > 0.9
    assert unlikeness(a, wearing(RED, WHITE)) == pytest.approx(0.5, abs=0.15)


def test_other_light_does_not_change_the_clothes() -> None:
    image, obs, _ = draw(0.0, {}, ((1, 300, (RED, BLACK)), (2, 800, (BLUE, WHITE))))
    dusk = (image * np.array([0.62, 0.55, 0.45])).astype(np.uint8)  # half the light, and warmer
    for row in (0, 1):
        day, evening = (clothing(i, obs.keypoints_px[row], obs.keypoint_scores[row]) for i in (image, dusk))
        assert day is not None
        assert evening is not None
        assert unlikeness(day, evening) < 0.45
        raw = clothing(dusk, obs.keypoints_px[row], obs.keypoint_scores[row], np.ones(3))
        assert raw is not None
        assert unlikeness(day, raw) > unlikeness(day, evening) + 0.2


def test_what_is_not_seen_of_clothes_is_nan_and_does_not_count() -> None:
    image, obs, _ = draw(0.0, {}, ((1, 300, (RED, BLACK)),))
    sure = obs.keypoint_scores[0].copy()
    sure[[COCO_INDEX["left_knee"], COCO_INDEX["right_knee"]]] = 0.0
    top = clothing(image, obs.keypoints_px[0], sure)
    assert top is not None
    assert np.isnan(top[1]).all()
    assert unlikeness(top, wearing(RED, WHITE, 3)) < 0.3
    assert clothing(image, obs.keypoints_px[0], np.zeros(17)) is None
    outside = clothing(image, obs.keypoints_px[0] + 5000, obs.keypoint_scores[0])
    assert outside is None
    nothing = np.full((3, N_COLOURS), np.nan)
    assert np.isnan(unlikeness(top, nothing))
