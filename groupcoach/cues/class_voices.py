"""Everything that speaks in a class: the policy, the room's voice, the phones; and the record of what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from groupcoach.cards import PersonCard
from groupcoach.cues.phones import PhoneDesk
from groupcoach.cues.policy import ClassCue, CuePolicy, Room
from groupcoach.cues.queue import UNHEARD, SpeechResult
from groupcoach.cues.sentences import can_be_said, shown_name
from groupcoach.cues.speaker import Speaker
from groupcoach.cues.standing import Progress
from groupcoach.records import Event, Floats
from groupcoach.skeleton import BONES, INDEX

if TYPE_CHECKING:
    from groupcoach.pipeline import Pipeline, Seen
    from groupcoach.plan import PlanProgress

SHOW_EVERY_S: Final = 0.2
FIGURE_EVERY_S: Final = 0.4
"""Where only the figure has moved: twenty phones cost the class a fiftieth of a core with five a second."""
_POINTS: Final = tuple(dict.fromkeys(name for bone in BONES for name in bone))
_TYPES: Final = {"spoken": "cue_spoken", "expired": "cue_expired", "dropped": "cue_dropped"}


class ClassVoices:
    """Fed once a frame; waits for nobody."""

    def __init__(
        self, policy: CuePolicy, speaker: Speaker, phones: PhoneDesk | None = None, *, aloud: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Put them together.

        Args:
            policy: decides.
            speaker: of the room.
            phones: of the participants; None where no page is served.
            aloud: False: the class runs silent on purpose, which is then the reason on record.
            clock: seconds of wall time.
        """
        self.policy, self.speaker, self.phones = policy, speaker, phones
        self._aloud = aloud
        self._clock = clock
        self._floor_until = -1e9
        self._shown = -1e9
        self._sent: dict[int, tuple[float, PersonCard]] = {}
        self._plan: dict[int, tuple[int, Progress]] = {}
        self._names: dict[int, str] = {}
        self._strange = ""

    @property
    def notices(self) -> list[str]:
        """What the instructor should know about the voice: why it is silent, or whom it calls by number."""
        found = [self.speaker.notice] if self.speaker.notice else [self._strange] if self._aloud else []
        return [notice for notice in found if notice]

    def take_floor(self, seconds: float) -> None:
        """The instructor speaks for so long: what is being said ends."""
        self._floor_until = self._clock() + seconds
        if seconds > 0:
            self.speaker.hush()

    def step(
        self, events: Sequence[Event], pipeline: Pipeline, muted: Collection[int], all_muted: bool, t_s: float
    ) -> list[Event]:
        """Decide, hand over, and report what became of earlier cues.

        Args:
            events: of this frame.
            pipeline: whose people are spoken to.
            muted: people who asked for no cue.
            all_muted: nobody is to be told anything.
            t_s: of the frame.
        """
        people = pipeline.identity.people
        self._read_names(pipeline)
        members = {i: pipeline.identity.roster.member(p.name) for i, p in people.items()}
        room = Room(
            names={i: p.name for i, p in people.items()},
            say={i: m.say for i, m in members.items() if m is not None and m.say},
            languages={i: m.language for i, m in members.items() if m is not None and m.language},
            progress=self._progress(events, pipeline),
            muted=muted,
            unsure={i for i, p in people.items() if p.in_doubt},
            phones=self.phones.connected() if self.phones is not None else (),
            floor=all_muted or self._clock() < self._floor_until,
            busy=self.speaker.busy,
            ends_in_s=self.speaker.ends_in_s(),
        )
        cues, record = self.policy.decide(events, room, t_s)
        for cue in cues:
            if cue.via == "phone" and self.phones is not None:
                self.phones.say(cue)
            else:
                self.speaker.say(cue)
        gone = set(self.policy.withdrawn())
        if gone:
            self.speaker.withdraw(lambda cue: isinstance(cue, ClassCue) and cue.number in gone)
        return record + self.results(t_s)

    def results(self, t_s: float) -> list[Event]:
        """What became of cues since the last call: one ``cue_spoken``, ``cue_expired`` or ``cue_dropped`` each."""
        found = self.speaker.results()
        if self.phones is not None:
            found += self.phones.results()
        for result in found:
            if result.reason in UNHEARD and isinstance(result.cue, ClassCue):
                self.policy.unheard(result.cue.number)
        return [self._event(result, t_s) for result in found]

    def end(self, t_s: float, wait_s: float) -> list[Event]:
        """The class is over: the room's voice may end its sentence, then every cue has its answer."""
        if self._aloud:
            self.speaker.drain(wait_s)
        self.speaker.close()
        if self.phones is not None:
            self.phones.give_up()
        return self.results(t_s)

    def show(self, cards: Sequence[PersonCard], seen: Sequence[Seen], language: str) -> None:
        """Send everybody who looks their own card and figure: what counts within a fifth of a second."""
        if self.phones is None:
            return
        self.phones.meet((card.person_id, card.name) for card in cards)
        now = self._clock()
        watched = self.phones.watched()
        if not watched or now - self._shown < SHOW_EVERY_S:
            return
        self._shown = now
        figures = {s.participant.person_id: figure(s.pose.joints_px, s.box_xyxy) for s in seen}
        for card in cards:
            if card.person_id in watched and self._is_news(card, now):
                plan = self._plan.get(card.person_id)
                state = own_state(card, figures.get(card.person_id, {}), language, plan[1] if plan else None)
                self.phones.show(card.person_id, state)

    def _is_news(self, card: PersonCard, now: float) -> bool:
        """Whether a person's page is to be told: another count, exercise or fault at once, a figure in its turn."""
        at, before = self._sent.get(card.person_id, (-1e9, None))
        same = before is not None and _page_of(before) == _page_of(card)
        if same and now - at < FIGURE_EVERY_S - SHOW_EVERY_S / 2:
            return False
        self._sent[card.person_id] = (now, card)
        return True

    def _read_names(self, pipeline: Pipeline) -> None:
        """One notice of all names that no voice can say, made again when somebody comes or is renamed."""
        names = {i: p.name for i, p in pipeline.identity.people.items()}
        if names == self._names:
            return
        self._names = names
        says = {i: pipeline.identity.roster.member(name) for i, name in names.items()}
        strange = [
            shown_name(name, i, "en")
            for i, name in names.items()
            if not can_be_said(name, member.say if (member := says[i]) is not None else None, i)
        ]
        self._strange = (
            f"No voice can say {', '.join(strange)}: the number is said instead. The roster can tell how it is said: "
            'say = "Mina".'
        ) * bool(strange)

    def _event(self, result: SpeechResult, t_s: float) -> Event:
        cue = result.cue
        data: dict[str, Any] = {"text": cue.text, "code": cue.reason}
        if isinstance(cue, ClassCue):
            data |= {"cue": cue.number, "via": cue.via, "people": list(cue.people)}
        start_s = cue.t_s + result.waited_s  # the class's clock where the class is live
        if result.took_s > 0:
            data |= {"start_s": round(start_s, 3), "end_s": round(start_s + result.took_s, 3),
                     "at_once": result.at_once}  # fmt: skip
        if result.outcome != "spoken":
            silent = result.reason == "silent" and not self._aloud
            data["reason"] = "voice_off" if silent else result.reason
        return Event(t_s, _TYPES[result.outcome], cue.person_id, data)

    def _progress(self, events: Sequence[Event], pipeline: Pipeline) -> dict[int, Progress]:
        """Where everybody is in the plan; a step that was just completed is reported once as complete."""
        counted = {(e.person, e.data.get("exercise")) for e in events if e.type in ("rep_counted", "hold_ended")}
        out: dict[int, Progress] = {}
        for person, state in pipeline.people.items():
            plan = state.plan
            if plan is None:
                continue
            before, now = self._plan.get(person), progress_of(plan)
            over = before is not None and before[0] < plan.at
            if before is not None and over and (person, plan.steps[before[0]].exercise) in counted:
                out[person] = Progress(before[1].target, before[1].target, before[1].unit)
            elif now is not None:
                out[person] = now
            if now is not None:
                self._plan[person] = (plan.at, now)
            else:
                self._plan.pop(person, None)
        return out


def progress_of(plan: PlanProgress) -> Progress | None:
    """Of the step that is due; None after the last."""
    step = plan.step
    if step is None:
        return None
    if step.reps is not None:
        return Progress(float(plan.reps), float(step.reps))
    return Progress(plan.seconds, float(step.seconds or 0.0), "seconds") if step.seconds else None


def figure(joints_px: Floats, box_xyxy: Floats) -> dict[str, list[float]]:
    """Joints by name, from 0 to 1 of the box's height, the body in the middle; what is not seen is left out.

    Args:
        joints_px: (J, 2) of ``skeleton.JOINTS``.
        box_xyxy: (4,) px.
    """
    x0, y0, x1, y1 = (float(v) for v in box_xyxy)
    size = max(y1 - y0, (x1 - x0), 1.0)
    left, top = (x0 + x1 - size) / 2, y1 - size
    out = {}
    for name in _POINTS:
        x, y = (float(v) for v in joints_px[INDEX[name]])
        if x == x and y == y:  # NaN is not itself
            out[name] = [round((x - left) / size, 3), round((y - top) / size, 3)]
    return out


def _page_of(card: PersonCard) -> tuple[Any, ...]:
    """What a phone shows of a card beside the figure."""
    hold_s = int(card.hold_s) if card.hold_s == card.hold_s else 0
    return card.name, card.exercise, card.reps, hold_s, card.worst_joint, card.present


def own_state(
    card: PersonCard, points: Mapping[str, list[float]], language: str, progress: Progress | None
) -> dict[str, Any]:
    """What a phone shows, in JSON types: nothing of anybody else."""
    joint = card.worst_joint
    wrong = [] if joint is None else [joint] if joint in INDEX else [f"left_{joint}", f"right_{joint}"]
    held = progress is not None and progress.unit == "seconds"
    hold_s = card.hold_s if card.hold_s == card.hold_s else 0.0
    return {
        "name": card.name, "language": language, "exercise": card.exercise_name, "present": card.present,
        "reps": round(hold_s) if held or (hold_s and not card.reps) else card.reps,
        "target": round(progress.target) if progress is not None else None,
        "points": dict(points), "bones": [list(bone) for bone in BONES],
        "wrong": [name for name in wrong if name in points],
    }  # fmt: skip
