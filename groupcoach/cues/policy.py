"""Which cue is spoken to whom, and when: a pure machine fed with events and the time.

One room has one loudspeaker, so at most one cue leaves ``CuePolicy.decide`` per call. The rules:

* a fault is spoken at its second occurrence in a person, at the first when it is dangerous;
* per person the most urgent fault only, then silence for a cooldown that grows while the same cue is ignored;
* between two cues the room has ``room_gap_s`` of quiet (a dangerous fault waits ``danger_gap_s`` only);
* danger first, then the person not spoken to for longest, then the worst fault;
* a fault that was put right (a repetition without it), or was not seen for ``fresh_s``, is not spoken any more.

A fault that was worth a cue and got none is answered by one ``cue_dropped`` event with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from groupcoach.records import Cue, Event, Priority

_NAMELESS: Final[Mapping[str, str]] = {"en": "Person {}", "ko": "{}번"}


@dataclass(frozen=True, slots=True)
class CueTiming:
    """The policy's patience, all in seconds but the growth."""

    cooldown_s: float = 8.0
    """Silence towards one person after a cue."""
    growth: float = 1.5
    """The cooldown is multiplied by this each time the same cue has to be said again."""
    cooldown_max_s: float = 30.0
    room_gap_s: float = 2.5
    danger_gap_s: float = 1.0
    fresh_s: float = 4.0
    """How long after it was last seen a fault is still worth a word: about one repetition."""
    expires_s: float = 2.0
    """How long the speaker may keep an issued cue waiting."""


@dataclass(slots=True)
class _Standing:
    """A fault of one person that waits for its cue."""

    event: Event
    waited_for_room: bool = False


@dataclass(slots=True)
class _Memory:
    """What the policy remembers of one person."""

    seen: dict[str, int] = field(default_factory=dict)
    """Occurrences by fault code since the exercise began."""
    standing: dict[str, _Standing] = field(default_factory=dict)
    spoken_s: float = -math.inf
    spoken_code: str | None = None
    cooldown_s: float = 0.0


class CuePolicy:
    """Feed it every event of the class in order; it answers with what to say now."""

    def __init__(self, language: str = "en", timing: CueTiming | None = None) -> None:
        self.language = language
        self.timing = timing or CueTiming()
        self._people: dict[int, _Memory] = {}
        self._room_s = -math.inf

    def decide(
        self, events: Sequence[Event], names: Mapping[int, str], t_s: float, muted: Collection[int] = ()
    ) -> tuple[list[Cue], list[Event]]:
        """Take in what happened and choose what is said.

        Args:
            events: of this frame; may be empty. Types the policy has no rule for are passed over.
            names: of everybody by person id; an unknown person is called by number.
            t_s: now; never smaller than at the call before.
            muted: people who asked for no cue (everybody's ids while the instructor has the floor).

        Returns:
            The cues to hand to the speaker (none or one), and the ``cue_issued`` / ``cue_dropped`` events to record.
        """
        record: list[Event] = []
        for event in events:
            if event.person is not None:
                self._take(event, record, names, t_s)
        self._forget_stale(record, names, t_s)
        self._drop_blocked(record, names, t_s, muted)
        best = self._best()
        if best is None:
            return [], record
        person, code, standing = best
        gap = self.timing.danger_gap_s if _dangerous(standing.event) else self.timing.room_gap_s
        if t_s - self._room_s < gap:
            cues = []
        else:
            cues = [self._issue(person, code, standing.event, names, t_s, record)]
        for memory in self._people.values():
            for waiting in memory.standing.values():
                waiting.waited_for_room = True
        return cues, record

    # -- taking in ------------------------------------------------------------------------------------------------

    def _take(self, event: Event, record: list[Event], names: Mapping[int, str], t_s: float) -> None:
        assert event.person is not None
        memory = self._people.setdefault(event.person, _Memory())
        if event.type == "fault_found":
            code = str(event.data["code"])
            memory.seen[code] = memory.seen.get(code, 0) + 1
            if memory.seen[code] >= 2 or _dangerous(event):
                before = memory.standing.get(code)
                memory.standing[code] = _Standing(event, before.waited_for_room if before else False)
        elif event.type == "rep_counted":
            for code in [c for c in memory.standing if c not in event.data["faults"]]:
                self._drop(event.person, code, "expired", record, names, t_s)
            if memory.spoken_code not in event.data["faults"]:
                memory.spoken_code = None  # put right: should it come back, it is a new cue, not an ignored one
        elif event.type in ("exercise_changed", "person_left"):
            for code in list(memory.standing):
                self._drop(event.person, code, "expired", record, names, t_s)
            memory.seen.clear()

    def _forget_stale(self, record: list[Event], names: Mapping[int, str], t_s: float) -> None:
        for person, memory in self._people.items():
            for code, standing in list(memory.standing.items()):
                if t_s - standing.event.t_s > self.timing.fresh_s:
                    reason = "room_busy" if standing.waited_for_room else "expired"
                    self._drop(person, code, reason, record, names, t_s)

    def _drop_blocked(self, record: list[Event], names: Mapping[int, str], t_s: float, muted: Collection[int]) -> None:
        for person, memory in self._people.items():
            cooling = t_s - memory.spoken_s < memory.cooldown_s
            for code, standing in list(memory.standing.items()):
                # danger does not wait for the cooldown of another cue, only for its own
                blocked = cooling and (not _dangerous(standing.event) or memory.spoken_code == code)
                if person in muted or blocked:
                    self._drop(person, code, "muted" if person in muted else "cooldown", record, names, t_s)

    # -- choosing -------------------------------------------------------------------------------------------------

    def _best(self) -> tuple[int, str, _Standing] | None:
        waiting = [(p, code, s) for p, memory in self._people.items() for code, s in memory.standing.items()]
        if not waiting:
            return None

        def urgency(item: tuple[int, str, _Standing]) -> tuple[bool, float, float, int]:
            person, _, standing = item
            event = standing.event
            return (not _dangerous(event), self._people[person].spoken_s, -_severity(event.data), person)

        return min(waiting, key=urgency)

    def _issue(
        self, person: int, code: str, fault: Event, names: Mapping[int, str], t_s: float, record: list[Event]
    ) -> Cue:
        memory, timing = self._people[person], self.timing
        if memory.spoken_code == code:  # said before and still wrong
            memory.cooldown_s = min(memory.cooldown_s * timing.growth, timing.cooldown_max_s)
        else:
            memory.cooldown_s = timing.cooldown_s
        memory.spoken_s, memory.spoken_code, self._room_s = t_s, code, t_s
        del memory.standing[code]
        sentence, language = _sentence(fault.data, self.language)
        name = self._name(person, names)
        priority = Priority.DANGER if _dangerous(fault) else Priority.FORM
        cue = Cue(person, f"{name}, {sentence}", language, priority, code, t_s, t_s + timing.expires_s)
        data = {"text": cue.text, "language": language, "priority": priority.name.lower(), "reason": code, "name": name,
                "fault_t_s": fault.t_s}  # fmt: skip
        record.append(Event(t_s, "cue_issued", person, data))
        return cue

    def _drop(
        self, person: int, code: str, reason: str, record: list[Event], names: Mapping[int, str], t_s: float
    ) -> None:
        fault = self._people[person].standing.pop(code).event
        data = {"reason": reason, "code": code, "name": self._name(person, names), "fault_t_s": fault.t_s}
        record.append(Event(t_s, "cue_dropped", person, data))

    def _name(self, person: int, names: Mapping[int, str]) -> str:
        return names.get(person) or _NAMELESS.get(self.language, "{}").format(person)


def _dangerous(fault: Event) -> bool:
    return bool(fault.data.get("dangerous", False))


def _severity(fault: Mapping[str, Any]) -> float:
    """How far beyond the limit: 1.0 is 30 degrees, or the limit once more for anything not measured in degrees."""
    measured, limit = fault.get("measured"), fault.get("limit")
    if measured is None or limit is None or not math.isfinite(measured) or not math.isfinite(limit):
        return 0.0
    scale = 30.0 if fault.get("unit") in ("deg", "degrees") else max(abs(limit), 1e-6)
    return float(abs(measured - limit) / scale)


def _sentence(fault: Mapping[str, Any], language: str) -> tuple[str, str]:
    """What to say and in which language: the class's, else English, else the code in plain words."""
    texts: Mapping[str, str] = fault.get("text") or {}
    for choice in (language, "en"):
        if texts.get(choice):
            return texts[choice], choice
    return str(fault["code"]).replace("_", " "), "en"
