"""Everything that is known of one person: window, votes, counters, sets, faults. Dropping it forgets the person.

Every counted exercise's machine runs all the time (they are cheap); an excursion becomes a repetition when the votes
over its own time say that this is what the person was doing. So the repetitions made before the vote was sure are
booked as soon as it is, and a stumble of the classifier loses none.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

import numpy as np

from groupcoach.classify.vote import Vote
from groupcoach.classify.window import Window
from groupcoach.exercises.catalogue import Catalogue, Count, Definition
from groupcoach.form import RELATIVE_TO_STANDING, Span, judge, passes_gate
from groupcoach.measures import MEASURE_INDEX, weighted_mean
from groupcoach.records import Event, Floats, Rep
from groupcoach.reps import Correction, Excursion, Phase, RangeCounter, TemplateCounter
from groupcoach.skeleton import ANGLE_INDEX

HISTORY_S = 15.0
PENDING_S = 5.0
"""An excursion waits so long for the votes to make up their mind."""
SURE, LIKELY, POSSIBLE = 0.75, 0.5, 0.15
"""Votes for an excursion: enough to open a set alone; enough within a set, or to open one together with its neighbours;
never below."""
TOGETHER = 0.6
NEIGHBOUR_S = 8.0
SET_GAP_S = 20.0
"""Repetitions of one exercise closer than this are one set."""
FAULT_STANDS_S = 12.0
_TAIL_S = 0.6
_POSTURE_DEG, _POSTURE_S = 10.0, 0.4
"""So far beside its gate, and for so long, the trunk is in no posture for an exercise."""
_WALK = 0.3
"""Shares of the body's size that the hips may move across the picture within a repetition."""


@dataclass(slots=True)
class ExerciseSet:
    """Repetitions of one exercise without a long break."""

    exercise: str
    start_s: float
    end_s: float
    reps: list[Rep] = field(default_factory=list)

    @property
    def clean(self) -> int:
        """Repetitions without a fault."""
        return sum(not rep.faults for rep in self.reps)

    def faults(self) -> dict[str, int]:
        """Repetitions by fault code."""
        return dict(Counter(code for rep in self.reps for code in {f.code for f in rep.faults}))


@dataclass(slots=True, eq=False)
class _Row:
    t_s: float
    deg: Floats
    values: Floats
    sigma: Floats
    view: str
    votes: Floats
    place: tuple[float, float] | None


def _drive(count: Count, deg: Floats, sigma_deg: Floats) -> float:
    """The angle that is counted, NaN = not seen."""
    if count.sides == "together":
        return float(weighted_mean(deg[None], sigma_deg[None], count.drive)[0][0])
    seen = [v for n in count.drive if np.isfinite(v := float(deg[ANGLE_INDEX[n]]))]
    return (min if count.rest == "high" else max)(seen, default=float("nan"))


class PersonState:
    """State machine of one person. ``step`` takes a frame's readings and returns what happened."""

    def __init__(self, person_id: int, catalogue: Catalogue, classes: tuple[str, ...]) -> None:
        """A person just seen for the first time."""
        self.person_id = person_id
        self.catalogue = catalogue
        self.window = Window()
        self.vote = Vote(classes)
        self.sets: list[ExerciseSet] = []
        self.corrections: Counter[str] = Counter()
        self.last_fault: tuple[str, str, str, float] | None = None
        """exercise, code, joint, time of the worst fault of the last repetition that had one"""
        self._classes = {name: i for i, name in enumerate(classes)}
        self._counters = {
            d.id: RangeCounter(d.count)
            for d in catalogue.counted
            if d.count.method == "range" and d.id in self._classes
        }
        self.templates = {d.id: TemplateCounter(d.template) for d in catalogue.counted if d.template is not None}
        self._rows: deque[_Row] = deque()
        self._pending: list[tuple[str, Excursion]] = []
        self._recent: deque[tuple[str, Excursion]] = deque(maxlen=40)
        self._standing: dict[str, deque[float]] = {name: deque(maxlen=60) for name in RELATIVE_TO_STANDING}
        self._out_s: dict[str, float] = {}
        self._none = np.zeros(len(classes))

    @property
    def totals(self) -> dict[str, int]:
        """Repetitions by exercise, the instructor's corrections included."""
        out: Counter[str] = Counter(self.corrections)
        for s in self.sets:
            out[s.exercise] += len(s.reps)
        return dict(out)

    def correct(self, exercise: str, reps: int) -> None:
        """The instructor's count of an exercise; what is counted from now on adds to it."""
        self.corrections[exercise] += reps - self.totals.get(exercise, 0)

    def take_over(self, other: PersonState) -> None:
        """``other`` was this person: repetitions, corrections and, if seen later, votes and window come over."""
        self.sets = sorted(self.sets + other.sets, key=lambda s: s.start_s)
        self.corrections.update(other.corrections)
        if other._rows and (not self._rows or other._rows[-1].t_s > self._rows[-1].t_s):
            self.vote, self.window, self._rows = other.vote, other.window, other._rows
            self._counters, self._pending = other._counters, other._pending

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
        self._rows.append(_Row(t_s, deg, values, sigma, view, self._none if votes is None else votes, place))
        while self._rows[0].t_s < t_s - HISTORY_S:
            self._rows.popleft()
        if votes is not None:
            before = self.vote.label
            counter = self._counters.get(before.exercise)
            label = self.vote.cast(t_s, votes, mid_rep=counter is not None and counter.phase is not Phase.REST)
            if label.exercise != before.exercise:
                events.append(Event(t_s, "exercise_changed", self.person_id, {
                    "exercise": label.exercise, "since_s": label.since_s, "share": round(label.share, 3),
                }))  # fmt: skip
            if label.exercise == "stand":
                for name, past in self._standing.items():
                    value = float(values[MEASURE_INDEX[name]])
                    if np.isfinite(value):
                        past.append(value)
        for name, counter in self._counters.items():
            if self._out_of_posture(name, t_s, float(values[MEASURE_INDEX["trunk_lean"]])):
                counter.restart()
                continue
            excursion = counter.step(t_s, _drive(counter.count, deg, sigma_deg))
            if excursion is not None:
                self._pending.append((name, excursion))
                self._recent.append((name, excursion))
        named = {n: float(deg[i]) for n, i in ANGLE_INDEX.items()} if self.templates else {}
        for name, template in self.templates.items():
            if self.vote.label.exercise == name and template.step(t_s, named) and self._by_template(name):
                events.extend(self._book_template(name, template, t_s))
        events.extend(self._settle(t_s))
        return events

    def _out_of_posture(self, name: str, t_s: float, lean_deg: float) -> bool:
        """Whether the trunk has for a while not been as the exercise needs it.

        Straight arms of somebody who stands are no rest level for push-ups.
        """
        low, high = self.catalogue.get(name).gate.get("trunk_lean", (0.0, 180.0))
        if not np.isfinite(lean_deg) or low - _POSTURE_DEG <= lean_deg <= high + _POSTURE_DEG:
            self._out_s.pop(name, None)
            return False
        return t_s - self._out_s.setdefault(name, t_s) >= _POSTURE_S

    def finish(self, t_s: float) -> list[Event]:
        """The class ends: what still waits is decided on what was seen."""
        return self._settle(t_s, last=True)

    def _settle(self, t_s: float, *, last: bool = False) -> list[Event]:
        """Book the excursions that the votes speak for; drop those that waited too long."""
        if not self._pending:
            return []
        events: list[Event] = []
        waiting: list[tuple[str, Excursion]] = []
        supports = {id(e): self._support(name, e) for name, e in self._pending}
        # the better supported of two exercises that one movement fits is booked first
        order = sorted(self._pending, key=lambda p: (p[1].end_s, -supports[id(p[1])]))
        self._pending = []  # one that cannot be judged must not come back every frame
        for name, e in order:
            support = supports[id(e)]
            if self._overlaps(name, e):
                continue
            if self._is_rep(name, e, support):
                span = self._span(e.start_s, e.end_s)
                if passes_gate(self.catalogue.get(name), span) and not self._walks(name, e):
                    events.extend(self._book(self.catalogue.get(name), e, span, t_s))
            elif t_s - e.end_s <= PENDING_S and not last:
                waiting.append((name, e))
        self._pending = waiting
        return events

    def _is_rep(self, name: str, e: Excursion, support: float) -> bool:
        """Whether the votes make an excursion a repetition.

        On people who exercise, the first repetition of a set has 0.8 of the votes and more; a gesture that looks like
        one has 0.5 to 0.65. So a set needs clear votes or company to open, and less to go on.
        """
        if support >= SURE:
            return True
        if support < POSSIBLE:
            return False
        around, best = self._neighbourhood(name, e)
        current = self.current_set
        open_set = current is not None and current.exercise == name and e.start_s - current.end_s <= NEIGHBOUR_S
        if open_set or best >= SURE:
            return support >= LIKELY or around >= LIKELY
        return support >= LIKELY and around >= TOGETHER

    def _support(self, name: str, e: Excursion) -> float:
        """Mean vote for an exercise over an excursion and a moment after it (a window looks back, so it lags)."""
        column = self._classes[name]
        votes = [r.votes[column] for r in self._rows if e.start_s <= r.t_s <= e.end_s + _TAIL_S and r.votes.any()]
        # the second half counts: at the start the window still shows what was before
        late = votes[len(votes) // 3 :]
        return float(np.mean(late)) if late else 0.0

    def _walks(self, name: str, e: Excursion) -> bool:
        """Whether the body went elsewhere meanwhile: somebody who walks by swings arms and bends knees, too."""
        if self.catalogue.get(name).count.travels:
            return False
        at = [r.place for r in self._rows if e.start_s <= r.t_s <= e.end_s and r.place is not None]
        if len(at) < 2:
            return False
        third = max(1, len(at) // 4)
        x, size = np.array([p[0] for p in at]), np.array([p[1] for p in at])
        return bool(abs(np.median(x[-third:]) - np.median(x[:third])) > _WALK * np.median(size))

    def _neighbourhood(self, name: str, e: Excursion) -> tuple[float, float]:
        """Support of the excursions of one exercise around this one: mean with it, and the best of the others.

        Repetitions come in sets of their like.
        """
        around = [
            (other is e, self._support(name, other)) for n, other in self._recent
            if n == name and abs(other.turn_s - e.turn_s) <= NEIGHBOUR_S and other.start_s >= self._rows[0].t_s
        ]  # fmt: skip
        if len(around) < 2:
            return 0.0, 0.0
        return float(np.mean([s for _, s in around])), max((s for own, s in around if not own), default=0.0)

    def _overlaps(self, name: str, e: Excursion) -> bool:
        for done in reversed(self.sets[-2:]):
            for rep in reversed(done.reps[-3:]):
                shared = min(rep.end_s, e.end_s) - max(rep.start_s, e.start_s)
                if shared > 0.3 * min(e.end_s - e.start_s, rep.end_s - rep.start_s):
                    return True
        return False

    def _span(self, start_s: float, end_s: float) -> Span:
        rows = [r for r in self._rows if start_s <= r.t_s <= end_s]
        return Span(
            np.array([r.t_s for r in rows]), np.stack([r.values for r in rows]), np.stack([r.sigma for r in rows]),
            np.stack([r.deg for r in rows]), [r.view for r in rows],
        )  # fmt: skip

    def _by_template(self, name: str) -> bool:
        return self.catalogue.get(name).count.method == "template"

    def _book_template(self, name: str, template: TemplateCounter, t_s: float) -> list[Event]:
        """A repetition of a definition that counts by its template: from taking the posture to standing again."""
        definition = self.catalogue.get(name)
        start_s = template.near_s if template.near_s is not None else t_s
        reached_s = template.reached_s if template.reached_s is not None else t_s
        e = Excursion(start_s, reached_s, t_s, 0.0, float("nan"))
        return self._book(definition, e, self._span(start_s, t_s), t_s)

    def _book(self, definition: Definition, e: Excursion, span: Span, t_s: float) -> list[Event]:
        standing = {n: float(np.median(past)) for n, past in self._standing.items() if len(past) >= 10}
        faults = judge(definition, span, e.turn_s, standing)
        current = self.current_set
        if current is None or current.exercise != definition.id or e.start_s - current.end_s > SET_GAP_S:
            current = ExerciseSet(definition.id, e.start_s, e.end_s)
            self.sets.append(current)
        number = self.totals.get(definition.id, 0) + 1
        rep = Rep(definition.id, number, e.start_s, e.turn_s, e.end_s, e.range_deg, faults)
        current.reps.append(rep)
        current.end_s = max(current.end_s, e.end_s)
        if definition.id in self._counters:
            self._counters[definition.id].confirm(e)
        events = [Event(t_s, "rep_counted", self.person_id, {
            "exercise": rep.exercise, "number": number, "start_s": round(rep.start_s, 3),
            "turn_s": round(rep.turn_s, 3), "end_s": round(rep.end_s, 3), "range_deg": round(rep.range_deg, 1),
            "faults": [f.code for f in faults],
        })]  # fmt: skip
        for fault in faults:
            rule = definition.rule(fault.code)
            events.append(Event(t_s, "fault_found", self.person_id, {
                "exercise": rep.exercise, "rep": number, "code": fault.code, "joint": fault.joint, "side": fault.side,
                "measured": round(fault.measured, 3), "limit": fault.limit, "unit": fault.unit,
                "text": rule.text.as_dict(), "dangerous": rule.dangerous,
            }))  # fmt: skip
        self.last_fault = (definition.id, faults[0].code, faults[0].joint, t_s) if faults else None
        return events
