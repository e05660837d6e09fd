"""An hour of a class in simulated time: policy, queue and a voice that takes the time of its sentences.

    python -m groupcoach.cues.hour --people 20 --at-fault 10 --minutes 60

Everything is the real thing but the people, whose faults are ordered, and the loudspeaker, which is a clock. Prints one
object: what became of every cue, how soon a fault was spoken about, how long the longest silence was, and how memory
and queue grew.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, cast

import numpy as np

from groupcoach.cues.class_voices import ClassVoices
from groupcoach.cues.policy import CuePolicy
from groupcoach.cues.queue import START_S, CueQueue, SpeechResult, expected_s, parts_of
from groupcoach.cues.settings import load_settings
from groupcoach.cues.speaker import Speaker
from groupcoach.evaluate.cues import Silence
from groupcoach.exercises.catalogue import Catalogue, load_catalogue
from groupcoach.records import Cue, Event, Priority

#: Names of different lengths, as they take different times to say.
NAMES: Final = ("Mina", "Jun", "Ana", "Leo", "Oleksandr", "Bo", "Christina", "Sam", "Zoë", "Luis")
_TICK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Story:
    """Who does what."""

    people: int = 20
    at_fault: int = 10
    """The first so many; each has a fault of their own as far as there are different ones."""
    seconds: float = 3600.0
    rep_s: tuple[float, float] = (2.5, 5.0)
    """A person's time for one repetition is drawn from here, once."""
    in_step: bool = False
    """Everybody ends a repetition at the same moment."""
    heeds: float = 0.0
    """How often a spoken cue makes the next ten repetitions good. 0: nobody ever listens, the worst for the room."""
    set_s: float = 60.0
    """A set; after it everybody rests for ``rest_s``."""
    rest_s: float = 0.0
    language: str = "en"
    seed: int = 0


class ClockVoice:
    """Stands in for ``Speaker``: the same queue, and a voice that is a clock."""

    notice: str | None = None

    def __init__(self, slower: float = 1.0) -> None:
        """Args: slower: sounds take so many times what the queue expects, which never learns better."""
        self.queue, self.now, self._slower = CueQueue(), 0.0, slower
        self.longest = 0

    def pass_to(self, now: float) -> None:
        """Time passes."""
        while True:
            entry = self.queue.current
            if entry is not None:
                began = (entry.taken or 0.0) + START_S
                ends = began + entry.expected_s * self._slower
                if ends > now:
                    break
                entry.began = began
                self.queue.finish(entry, "spoken", "", ends)
                self.now = ends
            if self.queue.take(self.now) is None:
                break
        self.now = now

    @property
    def busy(self) -> Priority | None:
        """As ``Speaker``'s, like all that follows."""
        return self.queue.busy

    def ends_in_s(self) -> float:
        """As far as it is known."""
        return self.queue.ends_in_s(self.now)

    def say(self, cue: Cue) -> bool:
        """Queue a cue; danger cuts off what is less."""
        kept = self.queue.put(cue, self.now, expected_s(parts_of(cue)))
        speaking = self.queue.current
        if speaking is not None and cue.priority.value > max(speaking.cue.priority.value, Priority.FORM.value):
            self.queue.finish(speaking, "dropped", "interrupted", self.now)
        self.longest = max(self.longest, len(self.queue.waiting))
        return kept

    def hush(self) -> None:
        """Give up what waits."""
        self.queue.give_up("floor", self.now)

    def withdraw(self, unwanted: Callable[[Cue], bool]) -> None:
        """Give up what is true no more."""
        self.queue.withdraw(unwanted, self.now)

    def results(self) -> list[SpeechResult]:
        """Since the last call."""
        return self.queue.results()

    def drain(self, timeout_s: float) -> bool:
        """The class waits."""
        self.pass_to(self.now + timeout_s)
        return self.busy is None

    def close(self) -> None:
        """Nothing more is said."""
        self.queue.give_up("closed", self.now)


@dataclass(slots=True)
class _Tally:
    """What the hour is judged by; keeps no event."""

    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    silence: Silence = field(default_factory=Silence)
    sound_s: float = 0.0

    def take(self, events: list[Event]) -> None:
        for event in events:
            if event.type.startswith("cue_"):
                self.kinds[event.type] += 1
            if event.type in ("cue_expired", "cue_dropped"):
                self.reasons[event.data["reason"]] += 1
            if event.type == "cue_issued" and event.data["priority"] != "info":
                self.waits.append(event.t_s - event.data["fault_t_s"])
            if event.type == "cue_spoken":
                self.sound_s += event.data.get("end_s", 0.0) - event.data.get("start_s", 0.0)
            self.silence.take({"type": event.type, "person": event.person, "t_s": event.t_s, **event.data})


def run(story: Story, slower: float = 1.0, trace: bool = False) -> dict[str, Any]:
    """Live through a story.

    Args:
        story: who does what.
        slower: sounds take so many times what the queue expects of them.
        trace: measure memory too, which takes three times as long.

    Returns:
        ``issued``, ``spoken``, ``expired``, ``dropped``, ``accounted`` (nothing is missing), ``withheld``, ``ends``;
        ``latency_ms_p50``, ``latency_ms_p95`` from a fault to the cue's being handed over; ``longest_wait_s``;
        ``speaks``: share of the time in which the room's voice is heard; ``queue_most``; ``memory_kb``: growth between
        a sixth of the time and its end (None unless traced).
    """
    voice = ClockVoice(slower)
    policy = CuePolicy(story.language, texts=load_settings().texts())
    voices = ClassVoices(policy, cast("Speaker", voice), clock=lambda: voice.now)
    people = {p: SimpleNamespace(name=name, in_doubt=False) for p, name in names(story.people).items()}
    roster = SimpleNamespace(member=lambda name: None)
    line = cast("Any", SimpleNamespace(identity=SimpleNamespace(people=people, roster=roster), people={}))
    tally, repetitions = _Tally(), Repetitions(story, load_catalogue())
    if trace:
        tracemalloc.start()
    ticks, began_kb, grown_kb = round(story.seconds / _TICK_S), 0.0, None
    for tick in range(ticks):
        t_s = round(tick * _TICK_S, 3)
        voice.pass_to(t_s)
        events = list(repetitions.until(t_s))
        record = voices.step(events, line, (), False, t_s)
        tally.take(events + record)
        repetitions.heard(record)
        if trace and tick == ticks // 6:
            began_kb = _memory_kb(tally)
    if trace:
        grown_kb = round(_memory_kb(tally) - began_kb)
        tracemalloc.stop()
    tally.take(voices.end(story.seconds, 10.0))
    ends = {kind: tally.kinds[f"cue_{kind}"] for kind in ("spoken", "expired", "dropped")}
    issued = tally.kinds["cue_issued"]
    return {
        "issued": issued, **ends, "accounted": issued == sum(ends.values()), "ends": dict(tally.reasons),
        "withheld": tally.kinds["cue_withheld"],
        "latency_ms_p50": _percentile_ms(tally.waits, 50), "latency_ms_p95": _percentile_ms(tally.waits, 95),
        "longest_wait_s": tally.silence.end(), "speaks": round(tally.sound_s / story.seconds, 2),
        "queue_most": voice.longest, "memory_kb": grown_kb,
    }  # fmt: skip


class Repetitions:
    """What happens, in order of time."""

    def __init__(self, story: Story, catalogue: Catalogue) -> None:
        draw = random.Random(story.seed)
        faults = [(d, rule) for d in catalogue.definitions.values() for rule in d.fault if not rule.dangerous]
        draw.shuffle(faults)
        self._story, self._draw = story, draw
        self._of = {p: faults[(p - 1) % len(faults)] for p in range(1, story.at_fault + 1)}
        common = draw.uniform(*story.rep_s)
        self._rep_s = {p: common if story.in_step else draw.uniform(*story.rep_s) for p in range(1, story.people + 1)}
        self._next_s = {p: s if story.in_step else draw.uniform(1.0, 2.0) * s for p, s in self._rep_s.items()}
        self._good: Counter[int] = Counter()

    def until(self, t_s: float) -> Iterator[Event]:
        """Repetitions that have ended since the last call."""
        story = self._story
        resting = t_s % (story.set_s + story.rest_s) >= story.set_s
        for person, rep_s in self._rep_s.items():
            if t_s < self._next_s[person]:
                continue
            self._next_s[person] += rep_s
            if resting:
                continue
            definition, rule = self._of.get(person) or (None, None)
            if self._good[person]:
                self._good[person] -= 1
                rule = None
            data = {"exercise": definition.id if definition else "squat", "number": 1, "start_s": t_s - rep_s + 0.3,
                    "faults": [rule.code] if rule else []}  # fmt: skip
            yield Event(t_s, "rep_counted", person, data)
            if rule is not None:
                yield Event(t_s, "fault_found", person, {
                    "exercise": data["exercise"], "code": rule.code, "measured": 20.0, "limit": 10.0, "unit": "deg",
                    "text": rule.text.as_dict(), "dangerous": rule.dangerous,
                })  # fmt: skip

    def skip_to(self, t_s: float) -> None:
        """Nothing happened until then."""
        for person, rep_s in self._rep_s.items():
            while self._next_s[person] <= t_s:
                self._next_s[person] += rep_s

    def heard(self, record: list[Event]) -> None:
        """Some do as they are told."""
        for event in record:
            if event.type == "cue_spoken" and self._draw.random() < self._story.heeds:
                for person in event.data["people"]:
                    self._good[person] = 10


def names(people: int) -> dict[int, str]:
    """Person -> name."""
    return {p: NAMES[(p - 1) % len(NAMES)] + (" K" if p > len(NAMES) else "") for p in range(1, people + 1)}


def _percentile_ms(waits: list[float], share: float) -> float | None:
    return round(1000 * float(np.percentile(waits, share)), 1) if waits else None


def _memory_kb(tally: _Tally) -> float:
    """Memory of the class; the tally's own list of numbers, which is for this report only, is not the class's."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1024 - len(tally.waits) * 32 / 1024


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m groupcoach.cues.hour", description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--at-fault", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rep", type=float, nargs=2, default=(2.5, 5.0), metavar=("FROM_S", "TO_S"))
    parser.add_argument("--in-step", action="store_true", help="everybody ends a repetition at the same moment")
    parser.add_argument("--heeds", type=float, default=0.0, help="share of cues that are followed")
    parser.add_argument("--rest", type=float, default=0.0, metavar="S", help="of everybody after each minute")
    parser.add_argument("--language", choices=("en", "ko"), default="en")
    parser.add_argument("--slower", type=float, default=1.0, help="sounds take so many times what is expected")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    story = Story(asked.people, asked.at_fault, asked.minutes * 60, (asked.rep[0], asked.rep[1]), asked.in_step,
                  asked.heeds, rest_s=asked.rest, language=asked.language, seed=asked.seed)  # fmt: skip
    print(json.dumps(run(story, asked.slower, trace=True)))


if __name__ == "__main__":
    main()
