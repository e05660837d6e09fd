"""Going on with a class that broke off: everybody's count from the record, and what people are known again by.

Counts, names and corrections come from the recorded events (``store.replay``). Place, clothes, body and floor come from
the resume point, which the engine leaves in the record every ``EVERY_S`` and which is gone when the class has ended.
Whoever comes into the picture then is a newcomer like any other, and goes on as the person the evidence speaks for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from math import nan
from typing import Any, Final

import numpy as np

from groupcoach.person import SET_GAP_S, PersonState
from groupcoach.pipeline import Pipeline
from groupcoach.records import Fault, Floats, Frame, Rep
from groupcoach.sets import ExerciseSet
from groupcoach.source import Closing, Source
from groupcoach.store.replay import ClassSoFar, Past, Unfinished
from groupcoach.track.membership import Participant
from groupcoach.track.whereabouts import Whereabouts

EVERY_S: Final = 1.0
_NOTES: Final = 5
"""The floor weighs a place by how often it was seen, up to so often."""


def point_of(
    pipeline: Pipeline, t_s: float, *, frame: int, frames: int, dropped: int, first_s: float
) -> dict[str, Any]:  # fmt: skip
    """What a later engine needs beside the events.

    Args:
        pipeline: of the running class.
        t_s: time of the class.
        frame: number of the last frame.
        frames: processed so far.
        dropped: left out so far.
        first_s: time of the first frame.
    """
    import psutil

    people = {}
    for p in pipeline.identity.people.values():
        state = pipeline.people.get(p.person_id)
        people[str(p.person_id)] = {
            "first_s": p.first_s, "last_s": p.last_s, "seen_s": p.seen_s, "track_ids": list(p.track_ids),
            "provisional": p.provisional, "box_xyxy": p.box_xyxy.tolist(), "betas": p.betas.tolist(),
            "colours": None if p.colours is None else np.round(p.colours, 4).tolist(), "where": asdict(p.where),
            "plan": state.plan.standing if state is not None and state.plan is not None else None,
        }  # fmt: skip
    # the floor's own memory: who stood where, how tall, how often
    floor = [[who, *np.round(cell, 2).tolist()] for (who, *_), cell in pipeline.identity.floor._cells.items()]
    return {
        "t_s": t_s, "frame": frame, "frames": frames, "dropped": dropped, "first_s": first_s, "wall_s": time.time(),
        "pid": os.getpid(), "pid_began": psutil.Process().create_time(), "people": people, "floor": floor,
    }  # fmt: skip


def go_on(pipeline: Pipeline, before: Unfinished, width: int, height: int) -> ClassSoFar:
    """Give a new pipeline the people of a class that broke off; nobody of them is in sight yet.

    Args:
        pipeline: before its first frame.
        before: the class.
        width: of the picture, px.
        height: of the picture, px.
    """
    so_far, known = before.so_far, before.point.get("people") or {}
    identity, tracks = pipeline.identity, [0]
    for past in so_far.people.values():
        mark = known.get(str(past.number), {})
        tracks += mark.get("track_ids") or []
        identity.people[past.number] = _participant(past, mark, (width / 2, height / 2))
        pipeline.people[past.number] = _state(pipeline, past, mark)
    identity.members.count = so_far.most
    identity.roster._settled = True  # names were given out already
    pipeline.tracker._next_id = max(int(t) for t in tracks) + 1
    for who, x, y, tall, often in before.point.get("floor") or ():
        for _ in range(min(int(often), _NOTES)):
            identity.floor.note([int(who)], np.array([[x, y]]), np.array([tall]))
    if before.point.get("floor"):
        identity.floor.fit(width, height)
    pipeline.paused = so_far.paused
    return so_far


def _participant(past: Past, mark: Mapping[str, Any], middle_px: tuple[float, float]) -> Participant:
    return Participant(
        past.number, past.name, past.spot, [int(t) for t in mark.get("track_ids") or ()], past.first_s,
        float(mark.get("last_s", past.last_s)), float(mark.get("seen_s") or 0.0),
        _array(mark.get("box_xyxy"), (4,), 0.0), None if mark.get("colours") is None else _array(mark["colours"]),
        False, instructor=past.instructor, provisional=bool(mark.get("provisional")) and not past.rows,
        where=_where(mark.get("where"), middle_px), betas=_array(mark.get("betas"), (10,)),
    )  # fmt: skip


def _where(kept: Mapping[str, Any] | None, middle_px: tuple[float, float]) -> Whereabouts:
    """As kept; of somebody who came in the last moment before the crash nothing is known, so it was long ago."""
    if not kept:
        return Whereabouts(middle_px, middle_px, middle_px, t_s=-1e4, first_s=-1e4, anchor_px=middle_px, since_s=-1e4)
    values: dict[str, Any] = {}
    for name, value in kept.items():
        if isinstance(value, (list, tuple)):
            values[name] = tuple(nan if v is None else float(v) for v in value)
        else:  # JSON has no NaN
            values[name] = nan if value is None and name not in ("home_px", "astray_s") else value
    return Whereabouts(**values)


def _array(value: Any, shape: tuple[int, ...] = (), fill: float = nan) -> Floats:
    if value is None:
        return np.full(shape, fill)
    out: Floats = np.array(value, dtype=float)  # None, as JSON has NaN, becomes NaN
    return out


def _state(pipeline: Pipeline, past: Past, mark: Mapping[str, Any]) -> PersonState:
    state = pipeline._fresh(past.number)
    state.sets = sets_of(past.rows)
    state.corrections = past.corrections
    if state.plan is not None and mark.get("plan") is not None:
        state.plan.go_to(*mark["plan"])
    return state


def sets_of(rows: Sequence[Mapping[str, Any]]) -> list[ExerciseSet]:
    """The sets of one person, from the events booked to them."""
    faults: dict[tuple[str, int], list[Fault]] = {}
    for row in rows:
        if row["type"] == "fault_found" and row.get("rep") is not None:
            faults.setdefault((str(row["exercise"]), int(row["rep"])), []).append(_fault(row))
    sets: list[ExerciseSet] = []

    def of(exercise: str, start_s: float, end_s: float) -> ExerciseSet:
        if not sets or sets[-1].exercise != exercise or start_s - sets[-1].end_s > SET_GAP_S:
            sets.append(ExerciseSet(exercise, start_s, end_s))
        sets[-1].end_s = max(sets[-1].end_s, end_s)
        return sets[-1]

    for row in rows:
        exercise, t_s = str(row["exercise"]), float(row["t_s"])
        start_s, end_s = float(row.get("start_s") or t_s), float(row.get("end_s") or t_s)
        if row["type"] == "rep_counted":
            found = faults.get((exercise, int(row["number"])), [])
            of(exercise, start_s, end_s).reps.append(_rep(row, found))
        elif row["type"] == "hold_ended":
            of(exercise, start_s, end_s).holds.append((start_s, end_s))
        elif row["type"] == "rep_half" and sets:
            sets[-1].half_s.append(end_s)
        elif row["type"] == "fault_found" and row.get("rep") is None:
            of(exercise, t_s, t_s).hold_faults.append((t_s, str(row["code"])))
    return sets


def _rep(row: Mapping[str, Any], found: Sequence[Fault]) -> Rep:
    def number(name: str) -> float:
        return nan if row.get(name) is None else float(row[name])

    # a fault whose own event was lost in the crash is still named by its repetition
    codes = [str(c) for c in row.get("faults") or ()]
    by_code = {f.code: f for f in found}
    end_s = number("end_s")
    faults = tuple(by_code.get(c) or Fault(c, str(row.get("worst_joint") or ""), "both", nan, nan, "", end_s, "")
                   for c in codes)  # fmt: skip
    return Rep(
        str(row["exercise"]), int(row["number"]), number("start_s"), number("turn_s"), end_s, number("range_deg"),
        faults, row.get("side") or "both", number("depth_deg"), number("out_s"), number("back_s"),
        number("left_right_deg"), row.get("worst_joint"), tuple(row.get("not_judged") or ()),
    )  # fmt: skip


def _fault(row: Mapping[str, Any]) -> Fault:
    return Fault(
        str(row["code"]), str(row.get("joint") or ""), row.get("side") or "both",
        nan if row.get("measured") is None else float(row["measured"]),
        nan if row.get("limit") is None else float(row["limit"]), str(row.get("unit") or ""), float(row["t_s"]),
        str((row.get("text") or {}).get("en") or ""),
    )  # fmt: skip


class ContinuedSource(Closing):
    """A source whose frames follow those of the record: a camera's time goes on, a file is taken up where it was."""

    def __init__(self, source: Source, before: Unfinished) -> None:
        """Args: source: just opened; before: the class that broke off."""
        self._source, self._before = source, before
        point = before.point
        away_s = max(0.0, time.time() - float(point.get("wall_s") or time.time()))
        self.shift_s = float(point.get("t_s") or 0.0) + away_s if source.live else 0.0
        self.shift_s = max(self.shift_s, before.last_s + 0.04) if source.live else 0.0

    def frames(self) -> Iterator[Frame]:
        """Those after the last recorded moment."""
        last = int(self._before.point.get("frame") or 0)
        for frame in self._source.frames():
            if self._source.live:
                yield Frame(frame.index + last + 1, frame.t_s + self.shift_s, frame.image)
            elif frame.t_s > self._before.last_s:
                yield frame

    def close(self) -> None:
        """Of the source."""
        self._source.close()

    name = property(lambda self: self._source.name)
    width = property(lambda self: self._source.width)
    height = property(lambda self: self._source.height)
    fps = property(lambda self: self._source.fps)
    frame_count = property(lambda self: self._source.frame_count)
    live = property(lambda self: self._source.live)
    unreadable = property(lambda self: self._source.unreadable)
    notices = property(lambda self: self._source.notices)

    @property
    def zero_s(self) -> float | None:
        """When the class's time began, by this machine's clock."""
        zero_s = getattr(self._source, "zero_s", None)
        return None if zero_s is None else zero_s - self.shift_s
