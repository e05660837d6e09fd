"""Everything that is known of one person: window, votes, counters, sets, faults. Dropping it forgets the person.

Every counted exercise that has votes has its machine run; an excursion becomes a repetition when the votes over its
own time say that this is what the person was doing. So the repetitions made before the vote was sure are booked as
soon as it is, and a stumble of the classifier loses none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy

from groupcoach import events as happened
from groupcoach.classify.vote import Vote
from groupcoach.classify.window import Window
from groupcoach.exercises.catalogue import Catalogue, Definition
from groupcoach.form import Span, judge, left_less_right, passes_gate, side_of
from groupcoach.holds import Held, Hold
from groupcoach.machines import Row, machines_of
from groupcoach.past import Past
from groupcoach.plan import PlanProgress
from groupcoach.records import Event, Fault, Floats, Rep
from groupcoach.reps import Excursion
from groupcoach.sets import ExerciseSet, is_booked, parted, set_for
from groupcoach.skeleton import ANGLE_INDEX
from groupcoach.support import LIKELY, NEIGHBOUR_S, POSSIBLE, Support
from groupcoach.template import Correction, TemplateCounter

PENDING_S = 10.0
"""An excursion waits so long for clearer votes, or for others like it."""
FAULT_STANDS_S = 12.0


_OF_THE_PERSON = frozenset({"person_id", "catalogue", "sets", "corrections", "_classes", "_none", "plan"})
"""All else that a ``PersonState`` keeps is of the body that it follows, and goes with the body."""


class PersonState:
    """State machine of one person. ``step`` takes a frame's readings and returns what happened."""

    def __init__(
        self, person_id: int, catalogue: Catalogue, classes: tuple[str, ...], plan: PlanProgress | None = None
    ) -> None:  # fmt: skip
        """A person just seen for the first time."""
        self.person_id = person_id
        self.catalogue = catalogue
        self.plan = plan
        self.window = Window()
        self.vote = Vote(classes)
        self.sets: list[ExerciseSet] = []
        self.corrections: Counter[str] = Counter()
        self.last_fault: tuple[str, str, str, float] | None = None
        """exercise, code, joint, time of the worst fault of the last repetition that had one"""
        self._classes = {name: i for i, name in enumerate(classes)}
        self._counters = machines_of(catalogue, self._classes)
        self.templates = {d.id: TemplateCounter(d.template) for d in catalogue.counted if d.template is not None}
        self.holds = {d.id: Hold(d) for d in catalogue.counted if d.count.method == "hold" and d.id in self._classes}
        self._past = Past(classes)
        self._support = Support(catalogue, self._classes, self._past)
        self._pending: list[tuple[str, Excursion]] = []

    @property
    def totals(self) -> dict[str, int]:
        """Repetitions by exercise, the instructor's corrections included."""
        out: Counter[str] = Counter(self.corrections)
        for s in self.sets:
            if s.reps:
                out[s.exercise] += len(s.reps)
        return dict(out)

    def correct(self, exercise: str, reps: int) -> None:
        """The instructor's count of an exercise; what is counted from now on adds to it."""
        self.corrections[exercise] += reps - self.totals.get(exercise, 0)

    def held_s(self, exercise: str) -> float:
        """Seconds held, the hold under way included."""
        hold = self.holds.get(exercise)
        running = hold.running_s(self._past.t_s) if hold is not None and self._past.t_s is not None else 0.0
        return running + sum(s.hold_s for s in self.sets if s.exercise == exercise)

    def take_over(self, other: PersonState) -> None:
        """``other`` was this person: repetitions, corrections and, if seen later, votes and window come over."""
        self.sets = sorted(self.sets + other.sets, key=lambda s: s.start_s)
        self.corrections.update(other.corrections)
        if other._past.t_s is not None and (self._past.t_s is None or other._past.t_s > self._past.t_s):
            self._follow(other)

    def part(self, other: PersonState, theirs: Callable[[float], bool]) -> None:
        """Undo ``take_over``: what was counted at times that are ``theirs`` is the other's again."""
        other.sets, self.sets = parted(self.sets, theirs)
        self.corrections.subtract(other.corrections)
        self.corrections = Counter({exercise: reps for exercise, reps in self.corrections.items() if reps})
        if self._past is other._past:  # one of them goes on with what was seen of the body, the other starts afresh
            fresh = PersonState(self.person_id, self.catalogue, tuple(self._classes))
            loser = self if self._past.t_s is not None and theirs(self._past.t_s) else other
            loser._follow(fresh)

    def reassign(self, other: PersonState) -> None:
        """The two had each other's bodies: votes, windows, movements under way change hands; what is booked stays."""
        mine = copy(self)
        self._follow(other)
        other._follow(mine)

    def _follow(self, other: PersonState) -> None:
        """Go on with the body of ``other``."""
        vars(self).update({name: value for name, value in vars(other).items() if name not in _OF_THE_PERSON})

    @property
    def correction(self) -> Correction | None:
        """What the template of the exercise in force asks for right now (supervised posture of the source method)."""
        template = self.templates.get(self.vote.label.exercise)
        return template.correction if template else None

    @property
    def current_set(self) -> ExerciseSet | None:
        """The last set."""
        return self.sets[-1] if self.sets else None

    def step(
        self, t_s: float, deg: Floats, sigma_deg: Floats, values: Floats, sigma: Floats, view: str,
        votes: Floats | None, place: tuple[float, float] | None = None,
    ) -> list[Event]:  # fmt: skip
        """One frame.

        Args:
            t_s: its time.
            deg: (A,) angles, NaN = not seen.
            sigma_deg: (A,)
            values: (M,) measures.
            sigma: (M,)
            view: ``front``, ``back``, ``side`` or ``oblique``.
            votes: (C,) the classifier's probabilities; None while too little was seen.
            place: where the hips are across the picture and how large the body is, both px; None = not seen.
        """
        events: list[Event] = []
        if self._past.t_s is not None and t_s - self._past.t_s > PENDING_S:
            events += self._settle(self._past.t_s, last=True)  # nobody waits for whoever was away so long
        if votes is not None and self.plan is not None:
            votes = self.plan.weigh(votes)
        self._past.push(t_s, deg, sigma_deg, values, sigma, view, votes, place)
        rows = self._past.rows
        if votes is not None:
            events += self._name(t_s, votes)
        self._watch()
        label = self.vote.label.exercise
        template = self.templates.get(label)
        if template is not None:
            named = {n: float(deg[i]) for n, i in ANGLE_INDEX.items()}
            if template.step(t_s, named) and self.catalogue.get(label).count.method == "template":
                events += self._book_template(label, template, t_s)
        for name, hold in self.holds.items():
            over, faults = hold.step(rows, name == label)
            events += self._hold_faults(name, faults, t_s) + self._book_hold(name, over, t_s)
        events += self._settle(t_s)
        return events

    def _name(self, t_s: float, votes: Floats) -> list[Event]:
        """Cast the vote; say when the label changes, and when it is not what the plan has."""
        events: list[Event] = []
        before = self.vote.label
        label = self.vote.cast(t_s, votes, mid_rep=self._counters.busy(before.exercise))
        if label.exercise != before.exercise:
            events.append(happened.exercise_changed(t_s, self.person_id, label))
        other = self.plan.watch(t_s, label.exercise) if self.plan is not None else None
        if other is not None:
            events.append(happened.plan_deviation(t_s, self.person_id, other))
        return events

    def undecided(self) -> list[Row]:
        """What was seen since the oldest movement that may still be counted; nothing where none is."""
        waits = [e.start_s for name, e in self._pending if not e.half and self._support.may_be(name, e)]
        return self._past.since(min([self._counters.begun_s(POSSIBLE), *waits]))

    def relive(self, rows: Sequence[Row]) -> None:
        """What was ``undecided`` in an earlier engine is seen again, and what was counted there is this person's."""
        self._counters.recall(rep for s in self.sets[-2:] for rep in s.reps)
        for row in rows:
            self._past.add(row)
            self._watch()
        self._pending = [(name, e) for name, e in self._pending if not e.half]

    def finish(self, t_s: float) -> list[Event]:
        """The class ends: what still waits is decided on what was seen."""
        self._await(self._counters.finish())
        held = [event for name, hold in self.holds.items() for event in self._book_hold(name, hold.finish(), t_s)]
        return held + self._settle(t_s, last=True)

    def _watch(self) -> None:
        """The newest row goes to the machines; what came home waits for a decision."""
        self._await(self._counters.step(self._past.rows))

    def _await(self, done: Sequence[tuple[str, Excursion]]) -> None:
        for name, e in done:
            self._pending.append((name, e))
            if not e.half:
                self._support.note(name, e)

    def _settle(self, t_s: float, *, last: bool = False) -> list[Event]:
        """Book the excursions that the votes speak for; drop those that waited too long."""
        if not self._pending:
            return []
        events: list[Event] = []
        waiting: list[tuple[str, Excursion]] = []
        supports = {id(e): self._support.of(name, e) for name, e in self._pending}
        # the better supported of two exercises that one movement fits is booked first
        order = sorted(self._pending, key=lambda p: (p[1].end_s, -supports[id(p[1])]))
        self._pending = []  # one that cannot be judged must not come back every frame
        for name, e in order:
            support = supports[id(e)]
            if is_booked(self.sets, name, e):
                continue
            if e.half:
                events += self._keep_half(name, e, support, t_s)
                continue
            goes_on = self._set_goes_on(name, e)
            company = self._support.company(name, e, goes_on)
            over = last or t_s - e.end_s > PENDING_S
            if company is not False and (company or over) and self._support.is_rep(name, e, support, goes_on):
                definition, span = self.catalogue.get(name), self._past.movement(e)
                walks = not definition.count.travels and self._past.walks(e)
                if passes_gate(definition, span, e.turn_s) and not walks:
                    events += self._book(definition, e, span, t_s)
            elif company is not False and not over:
                waiting.append((name, e))
        self._pending = waiting
        return events

    def _set_goes_on(self, name: str, e: Excursion) -> bool:
        current = self.current_set
        return current is not None and current.exercise == name and e.start_s - current.end_s <= NEIGHBOUR_S

    def _keep_half(self, name: str, e: Excursion, support: float, t_s: float) -> list[Event]:
        """A half repetition within a set is kept as such; it counts nothing."""
        current = self.current_set
        if current is None or support < LIKELY or not self._set_goes_on(name, e) or e.turn_s < current.end_s:
            return []
        current.half_s.append(e.end_s)
        return [happened.rep_half(t_s, self.person_id, name, e)]

    def _book_template(self, name: str, template: TemplateCounter, t_s: float) -> list[Event]:
        """A repetition of a definition that counts by its template: from taking the posture to standing again."""
        definition = self.catalogue.get(name)
        start_s = template.near_s if template.near_s is not None else t_s
        reached_s = template.reached_s if template.reached_s is not None else t_s
        e = Excursion(start_s, reached_s, t_s, 0.0, float("nan"))
        return self._book(definition, e, self._past.span(start_s, t_s), t_s)

    def _book_hold(self, name: str, over: Held | None, t_s: float) -> list[Event]:
        if over is None:
            return []
        set_for(self.sets, name, over.start_s, over.end_s).holds.append((over.start_s, over.end_s))
        if self.plan is not None:
            self.plan.count(name, t_s, held_s=over.end_s - over.start_s, start_s=over.start_s)
        return [happened.hold_ended(t_s, self.person_id, name, over)]

    def _hold_faults(self, name: str, faults: list[Fault], t_s: float) -> list[Event]:
        for fault in faults:
            set_for(self.sets, name, t_s, t_s).hold_faults.append((t_s, fault.code))
            self.last_fault = (name, fault.code, fault.joint, t_s)
        return [self._fault_event(self.catalogue.get(name), None, fault, t_s) for fault in faults]

    def _book(self, definition: Definition, e: Excursion, span: Span, t_s: float) -> list[Event]:
        side = side_of(definition, span, e)
        verdict = judge(definition, span, e, side)
        faults = verdict.faults
        number = self.totals.get(definition.id, 0) + 1
        rep = Rep(
            definition.id, number, e.start_s, e.turn_s, e.end_s, e.range_deg, faults, side, e.turn_deg,
            e.turn_s - e.start_s, e.end_s - e.turn_s,
            left_less_right(definition, span, e.turn_s) if side == "both" else float("nan"),
            faults[0].joint if faults else None, verdict.not_judged,
        )  # fmt: skip
        set_for(self.sets, definition.id, e.start_s, e.end_s).reps.append(rep)
        self._counters.confirm(definition.id, e)
        if self.plan is not None:
            self.plan.count(definition.id, t_s, reps=1, start_s=e.start_s)
        events = [happened.rep_counted(t_s, self.person_id, rep)]
        events += [self._fault_event(definition, number, fault, t_s) for fault in faults]
        self.last_fault = (definition.id, faults[0].code, faults[0].joint, t_s) if faults else None
        return events

    def _fault_event(self, definition: Definition, rep: int | None, fault: Fault, t_s: float) -> Event:
        rule = definition.rule(fault.code)
        return happened.fault_found(t_s, self.person_id, definition.id, rep, fault, rule)
