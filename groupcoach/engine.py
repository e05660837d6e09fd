"""The run loop of one class: source -> pipeline -> record, board, voice. Never waits for a watcher or a speaker."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groupcoach import snapshot
from groupcoach.config import load_plan, load_roster
from groupcoach.errors import GroupCoachError
from groupcoach.exercises.catalogue import load_catalogue
from groupcoach.logs import log
from groupcoach.pipeline import Pipeline, build_pipeline
from groupcoach.records import Event, Floats, Frame
from groupcoach.resume import EVERY_S
from groupcoach.source import Source, open_source, prefetch
from groupcoach.spread import Spread
from groupcoach.supply import Supply

if TYPE_CHECKING:
    from groupcoach.detect import Detector
    from groupcoach.serve.board import LiveBoard

_BOX_EVERY_S = 0.25
_GAP_S = 2.0
"""A camera silent for so long was away, and the record says so."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asked for."""

    source: str
    out: Path | None = None
    roster: Path | None = None
    plan: Path | None = None
    detector: str = "yolo"
    regressor: str = "lifter"
    landmarks: str = "auto"
    pace: str = "max"
    voice: bool = False
    language: str = "en"
    save_video: bool = False
    save_poses: bool = False
    db: str | None = None
    serve: bool = False
    dashboard: bool = False
    progress: bool = False
    checkpoint: Path | None = None
    """Weights of ``--regressor hmr``."""
    body_model: Path | None = None
    """A licensed SMPL file in place of the project's own body."""
    listen: str = "127.0.0.1"
    """Address of the engine and the dashboard; beyond this machine the instructor's password is required."""
    resume: bool = False
    """Go on with the class of the record that broke off."""
    phones: bool = False
    """Participants' phones of this network may open their own page."""
    eyes: Detector | None = None
    """A detector made elsewhere, in place of the one called ``detector``."""
    on_board: Callable[[LiveBoard], None] | None = None
    """Given the board that the class is shown on (with ``serve``)."""
    on_frame: Callable[[], None] | None = None
    """Called after each frame that was recorded and shown (measurements)."""


@dataclass(slots=True)
class RunResult:
    """What a class came to."""

    summary: dict[str, Any]
    notices: list[str] = field(default_factory=list)
    error: GroupCoachError | None = None
    """What ended the class before its end; everything until then is recorded."""


def run_class(options: RunOptions) -> RunResult:
    """Run one class to its end, to Ctrl-C, to the instructor's ``end_class``, or to the error that ends it.

    Raises:
        GroupCoachError: nothing could be started (a wrong file, a missing model, a folder that cannot be written).
    """
    catalogue = load_catalogue()
    roster = load_roster(options.roster) if options.roster is not None else None
    names = roster.members if roster is not None else []
    plan = load_plan(options.plan, catalogue.ids) if options.plan is not None else None
    with open_source(options.source) as source:
        pipeline = build_pipeline(
            detector=options.eyes or options.detector, regressor=options.regressor, landmarks=options.landmarks,
            names=names, catalogue=catalogue, checkpoint=options.checkpoint, body_model=options.body_model,
        )  # fmt: skip
        pipeline.programme = plan.programme if plan is not None else ()
        with contextlib.ExitStack() as stack:
            run = _Class(options, source, pipeline, stack)
            run.out.notices += roster.notices if roster is not None else []
            return run.go()


class _Class:
    """The state of one run."""

    def __init__(self, options: RunOptions, source: Source, pipeline: Pipeline, stack: contextlib.ExitStack) -> None:
        from groupcoach.outputs import Outputs

        self.options, self.pipeline = options, pipeline
        self.out = Outputs(options, source, pipeline, stack)
        self.source = self.out.source
        before = self.out.before.point if self.out.before is not None else {}
        self.frames, self.dropped = int(before.get("frames") or 0), int(before.get("dropped") or 0)
        self._frames_before = self.frames
        self.first_s = float(before.get("first_s") or 0.0)
        self.t_s = self.out.before.last_s if self.out.before is not None else 0.0
        self.last_index = -1
        self._marked_s = -1e9
        self.boxes: dict[int, Spread[Floats]] = defaultdict(Spread)
        self._boxed_s = -1e9
        self.fps = 0.0
        self._zero_s: float | None = None
        """When the source's time began, by this machine's clock; None where no time passes by itself."""
        self.started = time.monotonic()

    def go(self) -> RunResult:
        error: GroupCoachError | None = None
        stopped = False
        log("info", "class_begins", source=self.source.name, live=self.source.live, resume=self.options.resume)
        try:
            with contextlib.closing(prefetch(self.source)) as ahead:
                self._loop(ahead)
        except GroupCoachError as bad:
            error = bad
        except KeyboardInterrupt:
            stopped = True
        with contextlib.suppress(KeyboardInterrupt):
            return self._end(error, stopped)
        return self._end(error, True)

    def _loop(self, source: Source) -> None:
        supply = Supply(
            source, paced=self.options.pace == "live" and not self.source.live, goes_on=self.options.resume,
            clock=time.monotonic, sleep=time.sleep,
        )  # fmt: skip
        self.pipeline.upcoming = supply.waiting
        before, first = self.dropped, True
        lost_since: tuple[float, int] = (0.0, 0)
        with self.out.progress(self.source.frame_count) as advance:
            for frame in supply:
                self.dropped, self.last_index, self._zero_s = before + supply.dropped, frame.index, supply.zero_s
                extra: list[Event] = []
                if self.source.live and not first and frame.t_s - self.t_s > _GAP_S:
                    extra.append(Event(frame.t_s, "camera_back", None, {"away_s": round(frame.t_s - self.t_s, 2)}))
                if self.dropped > lost_since[1] and frame.t_s - lost_since[0] >= 1.0:
                    extra.append(Event(frame.t_s, "frames_dropped", None, {"frames": self.dropped - lost_since[1]}))
                    lost_since = (frame.t_s, self.dropped)
                first = False
                self._frame(frame, extra)
                advance(frame.index + 1)
                if self.out.over:
                    return

    def _frame(self, frame: Frame, extra: list[Event]) -> None:
        start = time.perf_counter()
        if not self.frames:
            self.first_s = frame.t_s
        events, seen = self.pipeline.step(frame)
        self.frames += 1
        self.t_s = frame.t_s
        if frame.t_s - self._boxed_s >= _BOX_EVERY_S:
            self._boxed_s = frame.t_s
            for s in seen:
                self.boxes[s.participant.person_id].add(s.box_xyxy.copy())
        self.out.publish(frame, extra + events, seen, self.fps, self.dropped)
        news = self.out.corrected or any(e.type == "person_entered" for e in events)
        if news or frame.t_s - self._marked_s >= EVERY_S:
            self._marked_s = frame.t_s
            self.out.mark(frame.t_s, frame.index, self.frames, self.dropped, self.first_s)
        took = time.perf_counter() - start
        self.pipeline.watch.add("latency", 1000 * took)
        if self._zero_s is not None:
            self.pipeline.watch.add("end_to_end", 1000 * (time.monotonic() - self._zero_s - frame.t_s))
        if self.options.on_frame is not None:
            self.options.on_frame()
        now = 1 / max(took, 1e-6)
        self.fps = now if self.frames < 3 else 0.95 * self.fps + 0.05 * now

    def _end(self, error: GroupCoachError | None, stopped: bool) -> RunResult:
        wall_s = time.monotonic() - self.started
        events = self.pipeline.finish(self.t_s) if self.frames else []
        frame_s = 1 / self.source.fps if self.source.fps > 0 and self.frames else 0.0
        # a file's unreadable frames are gaps in its index and counted as such; a camera's are not
        unreadable = self.source.unreadable if self.source.live else 0
        summary = snapshot.summary(
            self.pipeline, source=self.options.source, frames=self.frames, dropped=self.dropped + unreadable,
            duration_s=self.t_s - self.first_s + frame_s, wall_s=wall_s,
            boxes={person_id: some.values for person_id, some in self.boxes.items()},
            detector=self.options.detector, regressor=self.options.regressor,
            device=getattr(self.pipeline.detector, "device", "cpu"),
        )  # fmt: skip
        if self.options.resume:
            summary["fps"] = round((self.frames - self._frames_before) / wall_s, 2) if wall_s > 0 else 0.0
            summary["resumed"] = True
        if stopped:
            summary["stopped"] = True
        try:
            self.out.end(events, summary, self.t_s, self.last_index, error)
        except GroupCoachError as bad:
            error = error or bad
        notices = [*self.source.notices, *self.out.notices]
        if stopped:
            notices.append("Stopped from the keyboard; everything until then is recorded.")
        if self.pipeline.skipped:
            notices.append(f"{self.pipeline.skipped} readings of one person in one frame could not be used.")
        log(
            "error" if error else "info", "class_ends", frames=self.frames, dropped=self.dropped, fps=summary["fps"],
            t_s=round(self.t_s, 2), people=len(summary["people"]), stopped=stopped, error=str(error) if error else None,
        )  # fmt: skip
        return RunResult(summary, notices, error)
