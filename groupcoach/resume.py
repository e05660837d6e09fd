"""Going on with a class that broke off: everybody's count from the record, and what people are known again by.

Counts, names and corrections come from the recorded events (``store.replay``). Place, clothes, body and floor come from
the resume point, which the engine leaves in the record every ``EVERY_S`` and which is gone when the class has ended.
Whoever stands where somebody stood a moment ago is that person, and a movement that was not decided yet is decided.
Anybody else who comes into the picture is a newcomer like any other, and goes on as the person the evidence speaks for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from math import nan
from typing import Any, Final

import numpy as np

from groupcoach.events import sets_of
from groupcoach.lately import packed, unpacked
from groupcoach.person import PersonState
from groupcoach.pipeline import Pipeline
from groupcoach.records import Floats, Frame
from groupcoach.source import Closing, Source
from groupcoach.store.replay import ClassSoFar, Past, Unfinished
from groupcoach.track.membership import Participant
from groupcoach.track.stature import Heights, Reading
from groupcoach.track.whereabouts import Whereabouts

EVERY_S: Final = 0.5
"""With the record's own half second nothing is older than one."""
HERE_S: Final = 0.7
"""Who was seen so shortly before the last moment was in sight then ..."""
STANDS_S: Final = 30.0
"""... and still stands there, when the engine was away for no longer: whoever is found there is the same person."""


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
            "looks": p.looks,
            "plan": _plan_of(state),
            "holds": holds_of(state, p.last_s), "lately": packed(state.undecided()) if state is not None else None,
            "spans": p.spans,
        }  # fmt: skip
    return {
        "t_s": t_s, "frame": frame, "frames": frames, "dropped": dropped, "first_s": first_s, "wall_s": time.time(),
        "pid": os.getpid(), "pid_began": psutil.Process().create_time(), "people": people,
        "floor": pipeline.identity.floor.kept(), "most_at_once": pipeline.identity.members.most_at_once,
        "joined": [
            {"person": p.person_id, "into": into, "track_ids": p.track_ids, "seen_s": p.seen_s,
             "plan": _plan_of(pipeline.people.gone.get(p.person_id))}
            for p, into in pipeline.identity.members.joined
        ],
    }  # fmt: skip


def go_on(
    pipeline: Pipeline, before: Unfinished, width: int, height: int, away_s: float = 0.0
) -> ClassSoFar:  # fmt: skip
    """Give a new pipeline the people of a class that broke off; nobody of them is in sight yet.

    Who was in sight at the last moment is sought first of all at the same place, as a body is from frame to frame.

    Args:
        pipeline: before its first frame.
        before: the class.
        width: of the picture, px.
        height: of the picture, px.
        away_s: from the last recorded moment to the first frame that comes.
    """
    so_far, known = before.so_far, before.point.get("people") or {}
    identity, tracks = pipeline.identity, [0]
    for past in so_far.people.values():
        mark = known.get(str(past.number), {})
        tracks += mark.get("track_ids") or []
        identity.people[past.number] = _participant(past, mark, (width / 2, height / 2))
        _take_up(pipeline.people.of(past.number), past, mark)
    for join in before.point.get("joined") or ():
        gone = so_far.gone.get(int(join["person"])) or Past(int(join["person"]), "")
        whole = identity.people.get(int(join["into"]))
        if whole is not None:
            identity.members.joined.append((_gone(gone, join, whole), whole.person_id))
            if gone.number:  # had a card
                _take_up(pipeline.people.recall_gone(gone.number), gone, join)
    if away_s <= STANDS_S:
        _find_again(pipeline, before, known)
    identity.members.count = so_far.most
    identity.members.most_at_once = int(before.point.get("most_at_once") or 0)
    identity.roster.names_stand()
    pipeline.tracker.skip_ids(max(int(t) for t in tracks))
    if before.point.get("floor"):
        identity.floor.recall(before.point["floor"], width, height)
    pipeline.paused = so_far.paused
    return so_far


def _find_again(pipeline: Pipeline, before: Unfinished, known: Mapping[str, Any]) -> None:
    """The tracks of those in sight at the last moment go on, and are theirs."""
    boxes = {}
    for person_id, person in pipeline.identity.people.items():
        mark = known.get(str(person_id)) or {}
        if not mark.get("spans") or float(before.point["t_s"]) - float(mark["last_s"]) > HERE_S:
            continue
        track_id = int(mark["spans"][-1][0])
        boxes[track_id] = person.box_xyxy
        pipeline.identity.members.of_track[track_id] = person_id
    pipeline.tracker.go_on(boxes)


def _participant(past: Past, mark: Mapping[str, Any], middle_px: tuple[float, float]) -> Participant:
    return Participant(
        past.number, past.name, past.spot, [int(t) for t in mark.get("track_ids") or ()], past.first_s,
        float(mark.get("last_s", past.last_s)), float(mark.get("seen_s") or 0.0),
        _array(mark.get("box_xyxy"), (4,), 0.0), None if mark.get("colours") is None else _array(mark["colours"]),
        int(mark.get("looks") or 0), present=False, instructor=past.instructor,
        provisional=bool(mark.get("provisional")) and not past.rows,
        where=where_of(mark.get("where"), middle_px), betas=_array(mark.get("betas"), (10,)),
        spans=[(int(track), float(a), float(b)) for track, a, b in mark.get("spans") or ()],
    )  # fmt: skip


def _gone(past: Past, join: Mapping[str, Any], whole: Participant) -> Participant:
    """Who went on as ``whole``, as a later split wants it."""
    tracks = [int(t) for t in join["track_ids"]]
    seen = [span for span in whole.spans if span[0] in tracks]
    return Participant(
        past.number, past.name, past.spot, tracks, min((a for _, a, _ in seen), default=past.first_s),
        max((b for _, _, b in seen), default=past.last_s), float(join["seen_s"]), whole.box_xyxy.copy(),
        where=replace(whole.where), present=False, instructor=past.instructor,
    )  # fmt: skip


def where_of(kept: Mapping[str, Any] | None, middle_px: tuple[float, float]) -> Whereabouts:
    """As kept; of somebody who came in the last moment before the crash nothing is known, so it was long ago."""
    if not kept:
        return Whereabouts(middle_px, middle_px, middle_px, t_s=-1e4, first_s=-1e4, anchor_px=middle_px, since_s=-1e4)
    values: dict[str, Any] = {}
    known = {f.name for f in fields(Whereabouts)}  # another version may have kept other things
    for name, value in kept.items():
        if name not in known:
            continue
        if name == "heights":
            values[name] = Heights([Reading(**reading) for reading in value["readings"]])
        elif isinstance(value, (list, tuple)):
            values[name] = tuple(nan if v is None else float(v) for v in value)
        else:  # JSON has no NaN
            values[name] = nan if value is None and name not in ("home_px", "astray_s") else value
    return Whereabouts(**values)


def _array(value: Any, shape: tuple[int, ...] = (), fill: float = nan) -> Floats:
    if value is None:
        return np.full(shape, fill)
    out: Floats = np.array(value, dtype=float)  # None, as JSON has NaN, becomes NaN
    return out


def _take_up(state: PersonState, past: Past, mark: Mapping[str, Any]) -> None:
    state.sets = sets_of(past.rows)
    state.corrections = past.corrections
    if state.plan is not None and mark.get("plan") is not None:
        state.plan.go_to(*mark["plan"])
    for name, (start_s, t_s) in (mark.get("holds") or {}).items():
        if name in state.holds:
            state.holds[name].take_up(start_s, t_s)
    state.relive(unpacked(mark.get("lately"), len(state.vote.classes)))


def _plan_of(state: PersonState | None) -> tuple[int, int, float] | None:
    return state.plan.standing if state is not None and state.plan is not None else None


def holds_of(state: PersonState | None, last_s: float) -> dict[str, list[float]]:
    """Since when and until when each hold went on that is not over."""
    if state is None:
        return {}
    running = {name: hold.running_s(last_s) for name, hold in state.holds.items()}
    return {name: [last_s - held_s, last_s] for name, held_s in running.items() if held_s > 0}


class ContinuedSource(Closing):
    """A source whose frames follow those of the record: a camera's time goes on, a file is taken up where it was."""

    def __init__(self, source: Source, before: Unfinished) -> None:
        """Args: source: just opened; before: the class that broke off."""
        self._source, self._before = source, before
        point = before.point
        away_s = max(0.0, time.time() - float(point.get("wall_s") or time.time()))
        self.away_s = away_s if source.live else 0.0
        """From the last recorded moment to the first frame."""
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

    def ready(self) -> bool:
        """Whether a camera's next frame is there; of a file, whose first frames are passed over, that is not known."""
        ready = getattr(self._source, "ready", None)
        return self._source.live and ready is not None and bool(ready())

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
