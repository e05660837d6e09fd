"""Which cue is said to whom, and when: a pure machine fed with events and the time.

One room has one loudspeaker, so at most one cue for the room leaves ``CuePolicy.decide`` per call; who has a phone
connected is told there, and left out by the room. The rules:

* a fault is spoken at its second occurrence in a person, at the first when it is dangerous; once more must it occur
  while every reading was close to the limit (a body that is measured a little wrong is so each time); the worst one
  only;
* it is handed to the voice when it is seen, not later, and only if the voice will be free within the cue's life: who
  finds the room busy is told at the next repetition with the fault, and only after a very long wait between two;
* then the person is left in peace for a cooldown that grows while the same cue is ignored; a fault that was spoken
  about and is gone is praised;
* danger first, then the person not spoken to for longest, then the worst fault. Who has had a turn yields to who has
  waited since before it, and after ``overdue_s`` even danger does;
* three or more with the same fault are told together;
* nothing while the instructor has the floor, nothing for a person who asked for none, or who may be somebody else.

Every cue has a number; it is ``cue_issued`` here and answered by one ``cue_spoken``, ``cue_expired`` or
``cue_dropped`` of the voice that had it. A fault that was worth a cue and never got one is a ``cue_withheld``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from groupcoach.cues.sentences import Part, call, joined
from groupcoach.cues.standing import CueTiming, Memory, Progress, Wish
from groupcoach.cues.texts import CueTexts
from groupcoach.records import Cue, Event, Priority

Via: TypeAlias = Literal["room", "phone"]


@dataclass(frozen=True, slots=True)
class ClassCue(Cue):
    """A cue with everything its voice needs."""

    number: int
    """Of the class, from 1; what became of the cue is recorded under it."""
    people: tuple[int, ...]
    """Everybody it is for; ``person_id`` is the first."""
    parts: tuple[Part, ...]
    """What is said, by which language's voice."""
    via: Via = "room"


@dataclass(frozen=True, slots=True)
class Room:
    """What the policy must know besides the events."""

    names: Mapping[int, str] = field(default_factory=dict)
    """By person id; who is not in it is called by number."""
    say: Mapping[int, str] = field(default_factory=dict)
    """How a name is pronounced, where that was told."""
    languages: Mapping[int, str] = field(default_factory=dict)
    """Of people who want another language than the class's."""
    progress: Mapping[int, Progress] = field(default_factory=dict)
    """Of people with a step of the plan to do."""
    muted: Collection[int] = ()
    """People who asked for no cue."""
    unsure: Collection[int] = ()
    """People of whom it is not settled who they are: a wrong name is worse than silence."""
    phones: Collection[int] = ()
    """People whose phone is connected."""
    floor: bool = False
    """The instructor speaks: nobody is told anything."""
    busy: Priority | None = None
    """Of the most urgent cue that is being spoken in the room or waits there, None while it is quiet."""
    ends_in_s: float = math.inf
    """How long the room will be busy."""


class CuePolicy:
    """Feed it every event of the class in order; it answers with what to say now."""

    def __init__(
        self, language: str = "en", timing: CueTiming | None = None, texts: CueTexts | None = None, after: int = 0
    ) -> None:  # fmt: skip
        """Make it.

        Args:
            language: of the class.
            timing: the policy's patience.
            texts: what is said.
            after: the last cue's number, of a class that goes on.
        """
        self.language = language
        self.timing = timing or CueTiming()
        self.texts = texts or CueTexts()
        self._people: dict[int, Memory] = {}
        self._room_s = self._room_before_s = -math.inf
        """When the last cue in the room was, or will be, begun; and the one before it."""
        self._number = after
        self._gone: list[int] = []

    def decide(self, events: Sequence[Event], room: Room, t_s: float) -> tuple[list[ClassCue], list[Event]]:
        """Take in what happened and choose what is said.

        Args:
            events: of this frame; may be empty. Types the policy has no rule for are passed over.
            room: who is there and who may be spoken to, now.
            t_s: now; never smaller than at the call before.

        Returns:
            The cues to hand on (at most one for the room), and ``cue_issued`` and ``cue_withheld`` events to record.
        """
        record: list[Event] = []
        for event in events:
            self._take(event, room, t_s, record)
        for person, progress in room.progress.items():
            self._people.setdefault(person, Memory()).reached(progress, t_s)
        for person, memory in list(self._people.items()):
            self._withhold(person, memory.lapse(t_s, self.timing), room, t_s, record)
            if memory.left_s is not None and t_s - memory.left_s > self.timing.forget_s:
                del self._people[person]
        if room.floor:
            self._obstruct(self._people, "floor")
            return [], record
        self._obstruct(set(room.unsure) & self._people.keys(), "unsure")
        self._obstruct(set(room.muted) & self._people.keys(), "muted")
        cues = [self._issue([(p, w)], room, t_s, record, "phone") for p, w in self._for_phones(room, t_s)]
        chosen = self._for_room(room, t_s)
        if chosen:
            first = chosen[0][1]
            cuts = first.dangerous and room.busy is not Priority.DANGER
            begins_s = t_s if room.busy is None or cuts else t_s + room.ends_in_s
            self._room_before_s, self._room_s = self._room_s, begins_s
            cues.append(self._issue(chosen, room, t_s, record, "room"))
        return cues, record

    def withdrawn(self) -> list[int]:
        """Numbers of cues whose fault was put right within their life, since the last call: not to be said any more."""
        gone, self._gone = self._gone, []
        return gone

    def unheard(self, number: int) -> None:
        """The cue with this number was not said (cut off, too late, a dead engine): its people were told nothing."""
        for memory in self._people.values():
            memory.unsay(number)

    # -- taking in ------------------------------------------------------------------------------------------------

    def _take(self, event: Event, room: Room, t_s: float, record: list[Event]) -> None:
        if event.person is None:
            return
        if event.type == "identity_merged" and "merged" in event.data:
            self._people.pop(int(event.data["merged"]), None)
        memory = self._people.setdefault(event.person, Memory())
        gone = memory.take(event, self.timing)
        for wish, _ in gone:
            issued = memory.issued
            if wish.said and issued is not None and t_s - issued[1] <= self.timing.expires_s:
                self._gone.append(issued[0])
        self._withhold(event.person, gone, room, t_s, record)

    def _withhold(
        self, person: int, gone: Sequence[tuple[Wish, str]], room: Room, t_s: float, record: list[Event]
    ) -> None:
        for wish, reason in gone:
            if not wish.said:
                data = {"reason": reason, "code": wish.code, "name": room.names.get(person), "fault_t_s": wish.seen_s}
                record.append(Event(t_s, "cue_withheld", person, data))

    def _obstruct(self, people: Collection[int], obstacle: str) -> None:
        for person in people:
            for wish in self._people[person].faults.values():
                wish.obstacle = obstacle

    # -- choosing -------------------------------------------------------------------------------------------------

    def _worst(self, memory: Memory, t_s: float) -> Wish | None:
        """The fault that counts: of those seen lately the most dangerous, then the worst."""
        fresh = [w for w in memory.faults.values() if t_s - w.seen_s <= self.timing.fresh_s]
        return max(fresh, key=lambda w: (w.dangerous, w.severity), default=None)

    def _timely(self, wish: Wish, t_s: float) -> bool:
        timing, age = self.timing, t_s - wish.seen_s
        if wish.priority is Priority.INFO:
            return age <= timing.expires_s
        return age <= timing.prompt_s or t_s - wish.since_s >= timing.patient_after_s

    def _for_phones(self, room: Room, t_s: float) -> list[tuple[int, Wish]]:
        found = []
        for person in set(room.phones) & self._people.keys() - set(room.muted) - set(room.unsure):
            memory = self._people[person]
            wish = self._worst(memory, t_s)
            if wish is None or memory.cooling(wish, t_s) or not self._timely(wish, t_s):
                wish = next(iter(memory.remarks.values()), None)
            if wish is not None:
                found.append((person, wish))
        return sorted(found, key=lambda one: one[0])

    def _for_room(self, room: Room, t_s: float) -> list[tuple[int, Wish]]:
        """Who is told what in the room now: nobody, one, or all who share the fault."""
        closed = {*room.muted, *room.unsure, *room.phones}
        open_to = {p: m for p, m in self._people.items() if p not in closed}
        ready: list[tuple[int, Wish]] = []
        for person, memory in open_to.items():
            wish = self._worst(memory, t_s)
            if wish is not None:
                cooling = memory.cooling(wish, t_s)
                wish.obstacle = "cooldown" if cooling else "room_busy"
                if not cooling and self._timely(wish, t_s):
                    ready.append((person, wish))
                    continue
            ready += [(person, remark) for remark in memory.remarks.values()]
        ready = [one for one in ready if self._room_open(one[1], room, t_s)]
        for person, wish in sorted(ready, key=lambda one: self._urgency(one, t_s)):
            if self._yields(person, wish, open_to, t_s):
                continue
            if wish.priority is Priority.INFO:
                return [(person, wish)]
            return self._sharing(person, wish, open_to, t_s)
        return []

    def _room_open(self, wish: Wish, room: Room, t_s: float) -> bool:
        """Whether the voice could begin with it soon enough, and not too soon after the cue before."""
        timing = self.timing
        cuts = wish.dangerous and room.busy is not Priority.DANGER
        wait_s = 0.0 if room.busy is None or cuts else room.ends_in_s
        if wait_s > timing.ahead_s:
            return False
        begins_s = t_s + wait_s
        if wish.dangerous:  # what has not begun yet is passed by
            last_s = self._room_before_s if cuts and self._room_s > t_s else self._room_s
            return begins_s - last_s >= timing.danger_gap_s
        waits = wish.priority is Priority.FORM and t_s - wish.since_s >= timing.urgent_after_s
        return begins_s - self._room_s >= (timing.danger_gap_s if waits else timing.room_gap_s)

    def _urgency(self, one: tuple[int, Wish], t_s: float) -> tuple[int, float, bool, float, int]:
        person, wish = one
        overdue = t_s - wish.since_s >= self.timing.overdue_s
        rank = 2 if wish.priority is Priority.INFO else 0 if wish.dangerous or overdue else 1
        return (rank, self._people[person].spoken_s, not wish.dangerous, -wish.severity, person)

    def _yields(self, person: int, wish: Wish, open_to: Mapping[int, Memory], t_s: float) -> bool:
        """Whether somebody else has waited since before this person's last turn (for a remark: has waited at all)."""
        info = wish.priority is Priority.INFO
        turn_s = math.inf if info else self._people[person].spoken_s
        limit = 0.0 if info else self.timing.overdue_s if wish.dangerous else self.timing.yields_s
        for other, memory in open_to.items():
            if other == person:
                continue
            for waiting in memory.faults.values():
                lately = t_s - waiting.seen_s <= self.timing.holds_s
                if lately and waiting.since_s < turn_s and t_s - waiting.since_s >= max(limit, memory.cooldown_s):
                    return True
        return False

    def _sharing(
        self, person: int, wish: Wish, open_to: Mapping[int, Memory], t_s: float
    ) -> list[tuple[int, Wish]]:  # fmt: skip
        """Everybody with the same fault of the same exercise who may be spoken to, if they are enough; else the one."""
        same = [(person, wish)]
        for other, memory in open_to.items():
            found = memory.faults.get(wish.code)
            if other == person or found is None or found.data.get("exercise") != wish.data.get("exercise"):
                continue
            if t_s - found.seen_s <= self.timing.fresh_s and not memory.cooling(found, t_s):
                same.append((other, found))
        return same if len(same) >= self.timing.group else same[:1]

    # -- issuing --------------------------------------------------------------------------------------------------

    def _issue(
        self, told: Sequence[tuple[int, Wish]], room: Room, t_s: float, record: list[Event], via: Via
    ) -> ClassCue:
        self._number += 1
        people = tuple(p for p, _ in told)
        first, wish = told[0]
        wanted = room.languages.get(first, self.language) if len(people) == 1 else self.language
        if wish.data:
            sentence, language = self.texts.fault(wish.data, wanted)
        else:
            sentence, language = self.texts.line(wish.code, wanted, self._number)
        address, parts = "", list[Part]()
        if via == "room":  # on one's own phone no name is needed
            everyone = self.texts.line("everyone", language)[0]
            form = self.texts.line("call", language)[0]
            address, parts = call(people, room.names, room.say, everyone, language, form if "{}" in form else "{}")
        priority = max((w.priority for _, w in told), key=lambda p: p.value)
        cue = ClassCue(first, address + sentence, language, priority, wish.code, t_s, t_s + self.timing.expires_s,
                       self._number, people, joined([*parts, Part(sentence, language)]), via)  # fmt: skip
        for person, of_person in told:
            self._people[person].said(of_person, self._number, t_s, self.timing)
        record.append(Event(t_s, "cue_issued", first, {
            "cue": cue.number, "text": cue.text, "language": language, "priority": priority.name.lower(),
            "reason": wish.code, "name": room.names.get(first), "people": list(people), "via": via,
            "fault_t_s": wish.seen_s,
        }))  # fmt: skip
        return cue


def last_number(events: Iterable[Mapping[str, Any]]) -> int:
    """Of the cues on record; 0 without one."""
    return max((int(event.get("cue") or 0) for event in events if event.get("type") == "cue_issued"), default=0)
