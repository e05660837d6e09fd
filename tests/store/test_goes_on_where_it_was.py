"""A killed class goes on where it was: people by their place, movements and holds that were not over or not decided."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from scripted_class import FPS, HEIGHT, WIDTH, Shape, actor, frames_of, line, script_of

from groupcoach import support
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.lately import packed, unpacked
from groupcoach.machines import Row
from groupcoach.measures import MEASURE_INDEX
from groupcoach.person import PersonState
from groupcoach.records import Event
from groupcoach.resume import STANDS_S, go_on, holds_of, point_of, where_of
from groupcoach.skeleton import ANGLE_INDEX
from groupcoach.store.replay import Unfinished
from groupcoach.store.run_dir import to_json
from groupcoach.track.stature import Heights, Reading
from groupcoach.track.whereabouts import Whereabouts


def rows(events: list[Event]) -> list[Mapping[str, Any]]:
    return [json.loads(json.dumps(to_json({**e.data, "t_s": e.t_s, "type": e.type, "person": e.person})))
            for e in events]  # fmt: skip


@pytest.mark.parametrize("away_s", [0.0, 4.0, 60.0])
def test_who_stands_where_somebody_stood_is_the_same_person(away_s: float) -> None:
    """Killed after 1.5 s: nobody has kept a spot, all are dressed alike; the place at the last moment has to do."""
    script = script_of([actor([("stand", 5)], x_m=x, seed=4) for x in (-1.2, 0.0, 1.2)])
    frames, first = frames_of(script), line(script)
    events = [event for frame in frames[:22] for event in first.step(frame)[0]]
    assert len(first.identity.people) == 3
    point = point_of(first, frames[21].t_s, frame=21, frames=22, dropped=0, first_s=0.0)
    before = Unfinished("", rows(events), json.loads(json.dumps(to_json(point))))
    second = line(script)
    go_on(second, before, WIDTH, HEIGHT, away_s)
    late = [replace(frame, t_s=frame.t_s + away_s) for frame in frames[22:40]]
    seen = [{s.participant.person_id: float(s.box_xyxy[0]) for s in second.step(frame)[1]} for frame in late]
    if away_s > STANDS_S:  # whoever stands there a minute later may be somebody else
        assert not seen[0]
        return
    assert [sorted(of, key=of.__getitem__) for of in seen] == [[1, 2, 3]] * len(late)
    assert second.identity.people.keys() == {1, 2, 3}


@pytest.fixture(scope="module")
def waits() -> Iterator[tuple[dict[int, list[Shape]], int, list[float]]]:
    """A class in which the first repetition of a set waits for the second: its script, the last frame before anything
    is counted, and when each repetition ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(support, "BARELY", 99.0)  # as if every range were only just large enough
        script = script_of([actor([("stand", 1), ("squat", 6), ("stand", 1)], seed=4)])
        whole, ends, cut = line(script), [], 0
        for frame in frames_of(script):
            ends += [e.data["end_s"] for e in whole.step(frame)[0] if e.type == "rep_counted"]
            cut = cut if ends else frame.index
        assert cut / FPS > ends[0] + 0.5
        yield script, cut, ends


@pytest.mark.parametrize("away_s", [0.0, 6.0, 20.0])
def test_a_movement_that_was_over_and_not_decided_at_the_kill_is_counted(waits: Any, away_s: float) -> None:
    script, cut, ends = waits
    frames, first, second = frames_of(script), line(script), line(script)
    events = [event for frame in frames[: cut + 1] for event in first.step(frame)[0]]
    assert not any(e.type == "rep_counted" for e in events)
    point = point_of(first, frames[cut].t_s, frame=cut, frames=cut + 1, dropped=0, first_s=0.0)
    go_on(second, Unfinished("", rows(events), json.loads(json.dumps(to_json(point)))), WIDTH, HEIGHT, away_s)
    late = [replace(frame, t_s=frame.t_s + away_s) for frame in frames[cut + 1 :]]
    events = [event for frame in late for event in second.step(frame)[0]] + second.finish(late[-1].t_s)
    found = [e for e in events if e.type == "rep_counted"]
    assert found[0].data["end_s"] == pytest.approx(ends[0], abs=0.05)
    assert {e.person for e in found} == {1}
    if away_s == 0.0:  # nothing was missed
        assert [e.data["end_s"] for e in found] == pytest.approx(ends, abs=0.05)


def test_a_hold_under_way_at_the_kill_keeps_its_time() -> None:
    first, second = (PersonState(1, load_catalogue(), ("stand", "plank")) for _ in range(2))
    first.holds["plank"].take_up(5.0, 21.0)
    second.holds["plank"].take_up(*holds_of(first, 21.0)["plank"])
    assert second.holds["plank"].running_s(21.0) == 16.0
    over, _ = second.holds["plank"].step(rows_at(26.0), named=False)  # the engine was away for five seconds
    assert over is not None
    assert (over.start_s, over.end_s) == (5.0, 21.0)


def rows_at(t_s: float) -> deque[Row]:
    wide = [np.full(n, np.nan) for n in (len(ANGLE_INDEX), len(ANGLE_INDEX), len(MEASURE_INDEX), len(MEASURE_INDEX))]
    return deque([Row(t_s, *wide, "front", np.zeros(2), None)])


def test_the_last_seconds_are_packed_small_and_come_back() -> None:
    rng = np.random.default_rng(5)
    angles, values = len(ANGLE_INDEX), len(MEASURE_INDEX)

    def row(k: int) -> Row:
        table = [rng.uniform(0, 180, angles), rng.uniform(1, 9, angles), rng.uniform(-90, 90, values),
                 np.full(values, 1e9), rng.dirichlet(np.ones(6))]  # fmt: skip
        table[0][k % angles] = np.nan
        return Row(100.0 + k / 20, *table[:4], "side" if k % 2 else "front", table[4], (310.5, 250.0) if k else None)

    made = [row(k) for k in range(60)]
    kept = json.loads(json.dumps(to_json(packed(made)), allow_nan=False))
    assert len(json.dumps(kept)) < 60 * 500
    for a, b in zip(made, unpacked(kept, 6), strict=True):
        assert (a.t_s, a.view, a.place) == (b.t_s, b.view, b.place)
        np.testing.assert_allclose(a.deg, b.deg, atol=0.07)
        np.testing.assert_allclose(a.votes, b.votes, atol=0.001)
        assert np.isinf(b.sigma).all()
    assert unpacked(kept, 7) == []  # a later version, with another classifier
    assert packed([]) is None
    assert unpacked(None, 6) == []


def test_how_tall_people_stand_is_kept_and_what_another_version_kept_is_left_alone() -> None:
    kept = json.loads(json.dumps(to_json(asdict(Whereabouts(heights=Heights([Reading(10.0, 20.0, 5.0, 3.0)]))))))
    where = where_of({**kept, "stature": 0.1, "stature_s": 3.0}, (0.0, 0.0))
    assert where.heights.readings == [Reading(10.0, 20.0, 5.0, 3.0)]
    assert where.home_px is None
