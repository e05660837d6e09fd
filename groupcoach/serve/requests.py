"""What ``POST /commands`` takes, checked field by field, and the board's command that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from groupcoach.serve import board

PersonId = Annotated[int, Field(ge=0, le=2**31)]
# no control characters; whatever else a name is made of is escaped where it is shown
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")
]

Spot = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ByHand(_Strict):
    by: Name = "instructor"
    """Who asked for it; recorded with the correction."""


class RenameRequest(_ByHand):
    """``{"kind": "rename", "person_id": 3, "name": "Mina"}``."""

    kind: Literal["rename"]
    person_id: PersonId
    name: Name


class MergeRequest(_ByHand):
    """``{"kind": "merge", "person_id": 7, "into": 3}``."""

    kind: Literal["merge"]
    person_id: PersonId
    into: PersonId


class SplitRequest(_ByHand):
    """``{"kind": "split", "person_id": 3}``: undo the last merge into a person, also one of the machine's."""

    kind: Literal["split"]
    person_id: PersonId


class SwapRequest(_ByHand):
    """``{"kind": "swap", "person_id": 3, "other": 4}``."""

    kind: Literal["swap"]
    person_id: PersonId
    other: PersonId


class MarkInstructorRequest(_ByHand):
    """``{"kind": "mark_instructor", "person_id": 3, "instructor": true}``."""

    kind: Literal["mark_instructor"]
    person_id: PersonId
    instructor: bool = True


class UndoRequest(_ByHand):
    """``{"kind": "undo"}``: take the last correction back."""

    kind: Literal["undo"]


class MuteRequest(_ByHand):
    """``{"kind": "mute", "person_id": 3}``; ``person_id`` null is the whole class."""

    kind: Literal["mute", "unmute"]
    person_id: PersonId | None


class CorrectCountRequest(_ByHand):
    """``{"kind": "correct_count", "person_id": 3, "exercise": "squat", "reps": 12}``."""

    kind: Literal["correct_count"]
    person_id: PersonId
    exercise: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    reps: Annotated[int, Field(ge=0, le=100_000)]


class FloorRequest(_ByHand):
    """``{"kind": "floor", "seconds": 2}``: the instructor speaks; again while the button is held, 0 gives it back."""

    kind: Literal["floor"]
    seconds: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False, strict=False)]


class PutOnSpotRequest(_ByHand):
    """``{"kind": "put_on_spot", "person_id": 3, "spot": "4"}``; ``spot`` null: none."""

    kind: Literal["put_on_spot"]
    person_id: PersonId
    spot: Spot | None


class ClassRequest(_ByHand):
    """``{"kind": "pause"}``: nothing is counted until ``go_on``; ``next_step`` of the plan; ``end_class``."""

    kind: Literal["pause", "go_on", "next_step", "end_class"]


CommandRequest = Annotated[
    RenameRequest | MergeRequest | SplitRequest | SwapRequest | MarkInstructorRequest | UndoRequest | MuteRequest
    | CorrectCountRequest | FloorRequest | PutOnSpotRequest | ClassRequest,
    Field(discriminator="kind"),
]  # fmt: skip


_OF_THE_CLASS: Final[Mapping[str, type[board.Pause | board.GoOn | board.NextStep | board.EndClass]]] = {
    "pause": board.Pause, "go_on": board.GoOn, "next_step": board.NextStep,
    "end_class": board.EndClass,
}  # fmt: skip


def command_of(request: CommandRequest) -> board.Command:
    """The command that was asked for."""
    match request:
        case RenameRequest():
            return board.Rename(request.person_id, request.name, by=request.by)
        case MergeRequest():
            return board.Merge(request.person_id, request.into, by=request.by)
        case SplitRequest():
            return board.Split(request.person_id, by=request.by)
        case SwapRequest():
            return board.Swap(request.person_id, request.other, by=request.by)
        case MarkInstructorRequest():
            return board.MarkInstructor(request.person_id, request.instructor, by=request.by)
        case UndoRequest():
            return board.Undo(by=request.by)
        case FloorRequest():
            return board.Floor(request.seconds, by=request.by)
        case CorrectCountRequest():
            return board.CorrectCount(request.person_id, request.exercise, request.reps, by=request.by)
        case PutOnSpotRequest():
            return board.PutOnSpot(request.person_id, request.spot, by=request.by)
        case ClassRequest():
            return _OF_THE_CLASS[request.kind](by=request.by)
        case MuteRequest(kind="mute"):
            return board.Mute(request.person_id, by=request.by)
        case MuteRequest():
            return board.Unmute(request.person_id, by=request.by)
