"""One state for everybody in the class, kept in step with who is who. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from groupcoach.person import PersonState
from groupcoach.records import Event
from groupcoach.track.membership import Participant


class People(Mapping[int, PersonState]):
    """States by the number of the person."""

    def __init__(self, fresh: Callable[[int], PersonState]) -> None:
        """Nobody yet.

        Args:
            fresh: makes the state of somebody of whom nothing is known.
        """
        self._fresh = fresh
        self._states: dict[int, PersonState] = {}
        self.gone: dict[int, PersonState] = {}
        """Of people who turned out to be somebody else, in case they are not."""

    def __getitem__(self, person_id: int) -> PersonState:
        return self._states[person_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    def of(self, person_id: int) -> PersonState:
        """The state of somebody; a fresh one where there is none."""
        if person_id not in self._states:
            self._states[person_id] = self._fresh(person_id)
        return self._states[person_id]

    def follow(self, events: list[Event]) -> list[Event]:
        """What ``Identity`` found out about people is done to their states; the same events are returned."""
        for event in events:
            if event.type == "identity_merged" and "merged" in event.data and event.person is not None:
                self.take_over(event.data["merged"], event.person)
            elif event.type == "identity_swapped":
                one, other = (self.get(i or 0) for i in (event.person, event.data["other"]))
                if one is not None and other is not None:
                    one.reassign(other)
            elif event.type == "person_forgotten" and event.person is not None:
                self._states.pop(event.person, None)
        return events

    def take_over(self, person_id: int, into: int) -> None:
        """``person_id`` was ``into`` all along."""
        gone = self._states.pop(person_id, None)
        if gone is None:
            return
        self.of(into).take_over(gone)
        self.gone[person_id] = gone

    def recall_gone(self, person_id: int) -> PersonState:
        """In an earlier engine somebody with that card went on as somebody else; returns the state as ``of`` does."""
        self.gone[person_id] = self._fresh(person_id)
        return self.gone[person_id]

    def part(self, out_of: int, gone: Participant) -> None:
        """Undo ``take_over``: what was counted where ``gone`` was is theirs again."""
        kept, other = self.get(out_of), self.gone.pop(gone.person_id, None)
        if kept is None:
            return
        if other is None:  # recognised at once: had no card before
            other = self._fresh(gone.person_id)
        other.person_id = gone.person_id
        kept.part(other, gone.was_at)
        self._states[gone.person_id] = other
