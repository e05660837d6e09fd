"""Where a class goes: run folder, session record, live board, pages, voice, annotated picture."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from groupcoach import doors, snapshot
from groupcoach.annotated import Annotator
from groupcoach.corrections import Corrections
from groupcoach.cues.class_voices import ClassVoices
from groupcoach.cues.phone_key import lasting_key
from groupcoach.cues.phones import PhoneDesk
from groupcoach.cues.policy import CuePolicy, last_number
from groupcoach.cues.quiet import AskedForNone
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
from groupcoach.store.replay import Unfinished
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
        self.asked_for_none = AskedForNone()
        self._size = (source.width, source.height)
        self.over = False
        """The instructor ended the class."""
        self.source: Source = source
        """The one to read: of a class that goes on, its time does too."""
        self.before: Unfinished | None = None
        self.corrected = False
        """The instructor did something with the last frame."""
        self._news: list[Event] = []
        """For the next frame."""
        self.run = self.store = self.board = None
        self._annotator = Annotator(pipeline, options.language)
        url = options.db or (f"sqlite:///{options.out / 'session.db'}" if options.out is not None else None)
        if options.resume:
            self._go_on(url, stack)
        if options.out is not None:
            from groupcoach.store.run_dir import RunWriter

            past = self.before
            self.run = RunWriter(
                options.out, options.source, source.width, source.height, source.fps, options.save_poses,
                options.save_video, past.events if past is not None else None,
                int(past.point.get("frame") or 0) if past is not None else -1,
            )  # fmt: skip
            stack.callback(self.run.close)
        if url is not None and self.store is None:
            from groupcoach.store.session import SessionStore

            self.store = SessionStore(url)
            stack.callback(self.store.close)
            self.store.start(options.source, datetime.now(timezone.utc).isoformat(timespec="seconds"))
        settings = load_settings()
        phones: PhoneDesk | None = None
        if options.serve or options.dashboard or options.phones:
            from groupcoach.serve.metrics import Metrics
            from groupcoach.serve.server import EngineServer

            self.board = LiveBoard()
            if options.on_board is not None:
                options.on_board(self.board)
            self.board.metrics = Metrics(lambda: getattr(source, "reopened", 0))
            self.board.phones = phones = PhoneDesk(lasting_key)
            renderer = Renderer(settings.setup(options.language))
            stack.callback(renderer.close)
            self.board.render = renderer.render
            sessions = doors.sessions(options.listen)
            server = EngineServer(self.board, options.listen, sessions=sessions)
            url = server.start()
            stack.callback(server.stop)
            self._say(f"The engine answers on {url}")
            if options.out is not None:
                stack.callback(doors.announce(options.out, url, sessions is not None))
            phones.address = f"{url}/me"
            self._let_phones_in(settings, stack)
            if options.dashboard:
                db = self.store.url if self.store is not None else None
                for text in doors.open_dashboard(url, options.listen, sessions, db, stack):
                    self._say(text)
        self.speaker = Speaker(settings.setup(options.language), enabled=options.voice)
        stack.callback(self.speaker.close)
        before = self.before.events if self.before is not None else ()
        policy = CuePolicy(options.language, texts=settings.texts(), after=last_number(before))
        self.voices = ClassVoices(policy, self.speaker, phones, aloud=options.voice)

    def _go_on(self, url: str | None, stack: contextlib.ExitStack) -> None:
        """Take the class that broke off out of the record: people, counts, what was muted or paused."""
        from groupcoach.resume import ContinuedSource, go_on
        from groupcoach.store.session import SessionStore

        if url is None:
            raise GroupCoachError("--resume needs the record of the class that broke off: give its --out or --db.")
        self.store = SessionStore(url)
        stack.callback(self.store.close)
        self.before = self.store.resume()
        self.source = ContinuedSource(self.source, self.before)
        so_far = go_on(self.pipeline, self.before, self.source.width, self.source.height, self.source.away_s)
        self.muted, self.all_muted = so_far.muted, so_far.all_muted
        self.corrections.recall(self.before.events)
        reps = sum(n for past in so_far.people.values() for n in past.totals.values())
        self.notices.append(f"The class goes on after {self.before.last_s:.0f} s, with {len(so_far.people)} people and "
                            f"{reps} repetitions from the record.")  # fmt: skip
        self._news.append(Event(self.before.last_s, "class_resumed", None, {
            "people": len(so_far.people), "reps": reps, "away_s": None,
        }))  # fmt: skip

    def mark(self, t_s: float, frame: int, frames: int, dropped: int, first_s: float) -> None:
        """Keep the point in the record from which the class could go on."""
        if self.store is not None:
            from groupcoach.resume import point_of

            self.store.mark(point_of(self.pipeline, t_s, frame=frame, frames=frames, dropped=dropped, first_s=first_s))

    def _let_phones_in(self, settings: CueSettings, stack: contextlib.ExitStack) -> None:
        """A second door for the network, where the studio wants one: behind it only participants' pages open."""
        from groupcoach.serve.guard import is_loopback
        from groupcoach.serve.phone import network_address
        from groupcoach.serve.server import EngineServer

        assert self.board is not None
        assert self.board.phones is not None
        listen = settings.phone.listen
        if is_loopback(listen):
            if not self.options.phones:
                return
            listen = "0.0.0.0"
        # nobody knows the password: whatever else the engine serves stays shut here
        server = EngineServer(self.board, listen, settings.phone.port, secrets.token_urlsafe(32))
        try:
            server.start()
        except GroupCoachError as bad:
            self.notices.append(f"Phones cannot reach their page. {bad}")
            return
        stack.callback(server.stop)
        self.board.phones.address = f"http://{network_address(listen)}:{server.port}/me"
        self._say(f"Participants open {self.board.phones.address}")

    @staticmethod
    def _say(text: str) -> None:
        from rich.console import Console

        Console(stderr=True).print(text, highlight=False)

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
        for news in self._news:
            events = [
                *events,
                replace(news, t_s=frame.t_s, data={**news.data, "away_s": round(frame.t_s - news.t_s, 2)}),
            ]
        self._news = []
        if self.board is not None:
            obeyed = self._obey(frame.t_s)
            self.corrected = bool(obeyed)
            events = events + obeyed
        events = events + self.asked_for_none.look(self.pipeline.identity, frame.t_s)
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
            if self.board.metrics is not None:
                self.board.metrics.frame(now, events)
            self.voices.show(now.people, seen, self.options.language)
        wanted = self.board is not None and self.board.preview.wanted()
        if wanted or (self.run is not None and self.options.save_video):
            picture = self._annotator.draw(frame, seen, self.muted)
            if wanted and self.board is not None:
                self.board.preview.put(picture)
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
        self.notices += self.voices.notices
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
        return (
            set(people)
            if self.all_muted or self.pipeline.paused
            else self.muted | self.asked_for_none.now | {i for i, p in people.items() if p.instructor}
        )

    def _live_notices(self) -> list[str]:
        names = self.pipeline.identity.notices
        return [*self.notices, *names, *self.voices.notices]

    def _obey(self, t_s: float) -> list[Event]:
        """Carry out the commands of the dashboards; each is an event of the record."""
        assert self.board is not None
        events: list[Event] = []
        for command in self.board.take_commands():
            if isinstance(command, commands.Mute | commands.Unmute):
                mute = isinstance(command, commands.Mute)
                if command.person_id is None:
                    self.all_muted = mute
                    if mute:
                        self.speaker.hush()
                else:
                    self.asked_for_none.by_hand(command.person_id, mute)
                    (self.muted.add if mute else self.muted.discard)(command.person_id)
                events.append(Event(t_s, "muted" if mute else "unmuted", command.person_id, {"who": command.by}))
            elif isinstance(command, commands.Floor):
                self.voices.take_floor(command.seconds)
            elif isinstance(command, commands.EndClass):
                self.over = True
                events.append(Event(t_s, "class_ended", None, {"who": command.by}))
            else:
                events += self.corrections.obey(command, t_s)
        return events
