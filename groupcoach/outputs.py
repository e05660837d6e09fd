"""Where a class goes: run folder, session record, live board, pages, voice, annotated picture."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from groupcoach import snapshot
from groupcoach.corrections import Corrections
from groupcoach.cues.class_voices import ClassVoices
from groupcoach.cues.phone_key import lasting_key
from groupcoach.cues.phones import PhoneDesk
from groupcoach.cues.policy import CuePolicy
from groupcoach.cues.render import Renderer
from groupcoach.cues.settings import CueSettings, load_settings
from groupcoach.cues.speaker import Speaker
from groupcoach.errors import GroupCoachError
from groupcoach.pipeline import Pipeline, Seen
from groupcoach.records import Event, Frame
from groupcoach.serve import board as commands
from groupcoach.serve.board import LiveBoard
from groupcoach.source import Source
from groupcoach.store.poses import FramePerson
from groupcoach.trails import Trails

if TYPE_CHECKING:
    from groupcoach.engine import RunOptions

SPEECH_LIMIT_S = 6.0
"""At the end of a file the voice may finish its sentence for so long."""


class Outputs:
    """Everything that leaves the engine; none of it may slow a frame."""

    def __init__(
        self, options: RunOptions, source: Source, pipeline: Pipeline, stack: contextlib.ExitStack
    ) -> None:  # fmt: skip
        """Open what the options ask for; ``stack`` closes it again, whatever happens."""
        self.options, self.pipeline = options, pipeline
        self.corrections = Corrections(pipeline)
        self.trails = Trails(pipeline.catalogue)
        self.notices: list[str] = []
        self.muted: set[int] = set()
        self.all_muted = False
        self._size = (source.width, source.height)
        self.run = self.store = self.board = None
        self._rasterizer: Any = None
        if options.out is not None:
            from groupcoach.store.run_dir import RunWriter

            self.run = RunWriter(options.out, options.source, source.width, source.height, source.fps,
                                 options.save_poses, options.save_video)  # fmt: skip
            stack.callback(self.run.close)
        url = options.db or (f"sqlite:///{options.out / 'session.db'}" if options.out is not None else None)
        if url is not None:
            from groupcoach.store.session import SessionStore

            self.store = SessionStore(url)
            stack.callback(self.store.close)
            self.store.start(options.source, datetime.now(timezone.utc).isoformat(timespec="seconds"))
        settings = load_settings()
        phones: PhoneDesk | None = None
        if options.serve or options.dashboard:
            from groupcoach.serve.server import EngineServer

            self.board = LiveBoard()
            self.board.phones = phones = PhoneDesk(lasting_key)
            renderer = Renderer(settings.setup(options.language))
            stack.callback(renderer.close)
            self.board.render = renderer.render
            server = EngineServer(self.board)
            url = server.start()
            stack.callback(server.stop)
            self._say(f"The engine answers on {url}")
            phones.address = f"{url}/me"
            self._let_phones_in(settings, stack)
            if options.dashboard:
                self._open_dashboard(url, stack)
        self.speaker = Speaker(settings.setup(options.language), enabled=options.voice)
        stack.callback(self.speaker.close)
        policy = CuePolicy(options.language, texts=settings.texts())
        self.voices = ClassVoices(policy, self.speaker, phones, aloud=options.voice)

    def _let_phones_in(self, settings: CueSettings, stack: contextlib.ExitStack) -> None:
        """A second door for the network, where the studio wants one: behind it only participants' pages open."""
        from groupcoach.serve.guard import is_loopback
        from groupcoach.serve.phone import network_address
        from groupcoach.serve.server import EngineServer

        assert self.board is not None
        assert self.board.phones is not None
        if is_loopback(settings.phone.listen):
            return
        # nobody knows the password: whatever else the engine serves stays shut here
        server = EngineServer(self.board, settings.phone.listen, settings.phone.port, secrets.token_urlsafe(32))
        try:
            server.start()
        except GroupCoachError as bad:
            self.notices.append(f"Phones cannot reach their page. {bad}")
            return
        stack.callback(server.stop)
        self.board.phones.address = f"http://{network_address(settings.phone.listen)}:{server.port}/me"
        self._say(f"Participants open {self.board.phones.address}")

    @staticmethod
    def _say(text: str) -> None:
        from rich.console import Console

        Console(stderr=True).print(text, highlight=False)

    def _open_dashboard(self, url: str, stack: contextlib.ExitStack) -> None:
        from dashboards.launch import launch

        page = launch(url, open_browser=True, db=self.store.url if self.store is not None else None)
        stack.callback(page.stop)
        self._say(f"The dashboard is open on {page.url}")

    @contextlib.contextmanager
    def progress(self, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar on standard error for a file; nothing else."""
        if not self.options.progress or not total:
            yield lambda done: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("frames", total=total)
            yield lambda done: bar.update(task, completed=done)

    def publish(self, frame: Frame, events: list[Event], seen: list[Seen], fps: float, dropped: int) -> None:
        """Record and show one frame."""
        if self.board is not None:
            events = events + self._obey(frame.t_s)
        events = events + self.voices.step(events, self.pipeline, self._silenced(), self.all_muted, frame.t_s)
        if self.run is not None:
            self.run.events(events)
            self.run.frame(frame.index, frame.t_s, [
                FramePerson(s.participant.person_id, s.box_xyxy, s.score, s.pose, s.angles, s.exercise,
                            s.state.vote.label.exercise, s.landmarks_m)
                for s in seen
            ])  # fmt: skip
        if self.store is not None and events:
            self.store.write(events)
        if self.board is not None:
            for s in seen:
                self.trails.add(s.participant.person_id, s.state.vote.label.exercise, s.pose, s.angles, frame.t_s)
            now = snapshot.snapshot(self.pipeline, self.options.language, frame.t_s, frame.index, fps, dropped,
                                    self._silenced(), self._live_notices(), trails=self.trails)  # fmt: skip
            self.board.publish(now, events)
            self.voices.show(now.people, seen, self.options.language)
        wanted = self.board is not None and self.board.preview_wanted()
        if wanted or (self.run is not None and self.options.save_video):
            picture = self._draw(frame, seen)
            if wanted and self.board is not None:
                self.board.publish_preview(picture)
            if self.run is not None:
                self.run.picture(picture)

    def end(
        self, events: list[Event], summary: dict[str, Any], t_s: float, frame: int, error: GroupCoachError | None
    ) -> None:  # fmt: skip
        """Close the record; the voice may end its sentence."""
        spoken = self.voices.end(t_s, SPEECH_LIMIT_S)
        if self.board is not None:
            self.board.publish(
                snapshot.snapshot(self.pipeline, self.options.language, t_s, frame, summary["fps"],
                                  summary["dropped_frames"], self._silenced(), self._live_notices(), running=False),
                events,
            )  # fmt: skip
        self.notices += self.pipeline.identity.notices
        if self.speaker.notice:
            self.notices.append(self.speaker.notice)
        failed: GroupCoachError | None = None
        if self.store is not None:
            try:
                self.store.write(events + spoken)
                self.store.finish(summary)
            except GroupCoachError as bad:  # the run folder is written all the same
                failed = bad
        if self.run is not None:
            ended = error or failed
            if ended is None:
                self.run.events(events + spoken)
                self.run.finish(summary)
            else:
                with contextlib.suppress(GroupCoachError):
                    self.run.events(events + spoken)
                self.run.close(str(ended), summary)
        if failed is not None and error is None:
            raise failed

    def _silenced(self) -> set[int]:
        people = self.pipeline.identity.people
        return set(people) if self.all_muted else self.muted | {i for i, p in people.items() if p.instructor}

    def _live_notices(self) -> list[str]:
        names = self.pipeline.identity.notices
        return [*self.notices, *names, *([self.speaker.notice] if self.speaker.notice else [])]

    def _obey(self, t_s: float) -> list[Event]:
        """Carry out the commands of the dashboards; each is an event of the record."""
        assert self.board is not None
        events: list[Event] = []
        for command in self.board.take_commands():
            if isinstance(command, commands.Mute | commands.Unmute):
                mute = isinstance(command, commands.Mute)
                if command.person_id is None:
                    self.all_muted = mute
                else:
                    (self.muted.add if mute else self.muted.discard)(command.person_id)
                events.append(Event(t_s, "muted" if mute else "unmuted", command.person_id, {"who": command.by}))
            elif isinstance(command, commands.Floor):
                self.voices.take_floor(command.seconds)
            else:
                events += self.corrections.obey(command, t_s)
        return events

    def _draw(self, frame: Frame, seen: list[Seen]) -> NDArray[np.uint8]:
        from groupcoach.mesh.draw import Figure, draw_people
        from groupcoach.mesh.raster import Rasterizer

        body = getattr(self.pipeline.regressor, "body", None)
        poses = [s.pose for s in seen]
        if body is not None and seen:
            vertices = body.vertices(
                np.stack([p.rel_rotmats for p in poses]), np.stack([p.betas for p in poses]),
                np.stack([p.transl_m for p in poses]),
            )  # fmt: skip
            known = [bool(np.isfinite(p.joints_m).any()) for p in poses]
            poses = [replace(p, vertices_m=v) if k else p for p, v, k in zip(poses, vertices, known, strict=True)]
        figures = []
        for s, pose in zip(seen, poses, strict=True):
            shown = snapshot.card(s.participant, s.state, self.pipeline.catalogue, self.options.language, frame.t_s,
                                  self.muted)  # fmt: skip
            lines = [shown.name, f"{shown.exercise_name} {shown.reps}" if shown.reps else shown.exercise_name]
            if shown.worst_text:
                lines.append(shown.worst_text)
            flagged = (shown.worst_joint,) if shown.worst_joint else ()
            figures.append(Figure(shown.person_id, tuple(lines), s.box_xyxy, pose, flagged))
        height, width = frame.image.shape[:2]
        if self._rasterizer is None:
            self._rasterizer = Rasterizer(width, height)
        camera = self.pipeline.camera
        focal = camera.focal_px if camera else None
        return draw_people(frame.image, figures, body, focal, rasterizer=self._rasterizer)
