"""The engine's HTTP interface over a ``LiveBoard``.

GET  /health         {"ok": true}
GET  /snapshot       the class now, with "answers", what became of the last commands; NaN never appears, it is null
GET  /events         server-sent events, one a thing that happened
GET  /preview.jpg    the newest annotated picture
GET  /preview.mjpg   the same as a stream, for an <img>
POST /commands       rename, merge, split, swap, mark_instructor, correct_count, undo, mute, unmute, floor
/me, /phones         participants' own pages, and their codes: ``phone``
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from groupcoach.records import Event, Snapshot
from groupcoach.serve import board as board_module
from groupcoach.serve.board import LiveBoard
from groupcoach.serve.guard import Guard, host_check
from groupcoach.serve.phone import add_phone_routes
from groupcoach.store.run_dir import to_json

KEEP_ALIVE_S: Final = 10.0
MAX_STREAMS: Final = 64
PICTURE_HZ: Final = 15.0
PICTURE_WAIT_S: Final = 2.0
_BOUNDARY: Final = "groupcoachpicture"
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

PersonId = Annotated[int, Field(ge=0, le=2**31)]
# no control characters; whatever else a name is made of is escaped where it is shown
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")
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


CommandRequest = Annotated[
    RenameRequest | MergeRequest | SplitRequest | SwapRequest | MarkInstructorRequest | UndoRequest | MuteRequest
    | CorrectCountRequest | FloorRequest,
    Field(discriminator="kind"),
]  # fmt: skip


def create_app(board: LiveBoard, token: str | None = None, bound: str = "127.0.0.1") -> FastAPI:
    """The interface over a board.

    Args:
        board: that the engine publishes on.
        token: password that every request but ``/health`` must carry; None asks for none.
        bound: address the server listens on; decides which ``Host`` and ``Origin`` are let in.
    """
    app = FastAPI(title="groupcoach", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, allowed=host_check(bound), token=token)
    streams = asyncio.BoundedSemaphore(MAX_STREAMS)

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/snapshot")
    async def snapshot() -> Response:
        answers = [{**event_json(event), "number": number} for number, event in board.answers()]
        return JSONResponse({**snapshot_json(board.latest()), "answers": answers}, headers=_NO_STORE)

    @app.get("/events")
    async def events() -> Response:
        if streams.locked():
            return _busy()
        return StreamingResponse(_events(board, streams), media_type="text/event-stream", headers=_NO_STORE)

    @app.get("/preview.jpg")
    async def preview() -> Response:
        picture = await _newer_picture(board, board.ask_preview() if not board.preview_watched() else 0)
        if picture is None:
            return JSONResponse({"detail": "The engine has no picture yet."}, status_code=503, headers=_NO_STORE)
        return Response(picture[1], media_type="image/jpeg", headers=_NO_STORE)

    @app.get("/preview.mjpg")
    async def stream() -> Response:
        if streams.locked():
            return _busy()
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return StreamingResponse(_pictures(board, streams), media_type=kind, headers=_NO_STORE)

    @app.post("/commands", status_code=202)
    async def commands(request: CommandRequest) -> Response:
        if not board.command(_command(request)):
            return JSONResponse({"detail": "The engine is behind with its commands: try again."}, status_code=503)
        return JSONResponse({"accepted": True}, status_code=202)

    add_phone_routes(app, lambda: board.phones, lambda parts: board.render(parts) if board.render else None)
    return app


def snapshot_json(latest: tuple[Snapshot, float] | None) -> dict[str, Any]:
    """A snapshot in JSON types, with ``age_s``, seconds of wall time since it was published (null: none yet)."""
    if latest is None:
        return {"schema": 1, "t_s": None, "age_s": None, "people": [], "notices": [], "running": True}
    snapshot, age_s = latest
    fields = {f.name: getattr(snapshot, f.name) for f in dataclasses.fields(snapshot)}
    fields["people"] = [{f.name: getattr(c, f.name) for f in dataclasses.fields(c)} for c in snapshot.people]
    plain: dict[str, Any] = to_json({"schema": 1, "age_s": age_s, **fields})
    return plain


def event_json(event: Event) -> dict[str, Any]:
    """An event as a line of ``events.jsonl``."""
    plain: dict[str, Any] = to_json({**event.data, "t_s": event.t_s, "type": event.type, "person": event.person})
    return plain


def _command(request: CommandRequest) -> board_module.Command:
    match request:
        case RenameRequest():
            return board_module.Rename(request.person_id, request.name, by=request.by)
        case MergeRequest():
            return board_module.Merge(request.person_id, request.into, by=request.by)
        case SplitRequest():
            return board_module.Split(request.person_id, by=request.by)
        case SwapRequest():
            return board_module.Swap(request.person_id, request.other, by=request.by)
        case MarkInstructorRequest():
            return board_module.MarkInstructor(request.person_id, request.instructor, by=request.by)
        case UndoRequest():
            return board_module.Undo(by=request.by)
        case FloorRequest():
            return board_module.Floor(request.seconds, by=request.by)
        case CorrectCountRequest():
            return board_module.CorrectCount(request.person_id, request.exercise, request.reps, by=request.by)
        case MuteRequest(kind="mute"):
            return board_module.Mute(request.person_id, by=request.by)
        case MuteRequest():
            return board_module.Unmute(request.person_id, by=request.by)


async def _events(board: LiveBoard, streams: asyncio.BoundedSemaphore) -> AsyncIterator[str]:
    """Events as they happen; a comment now and then keeps the line open and finds out who has left."""
    loop, bell = asyncio.get_running_loop(), asyncio.Event()
    async with streams:

        def ring() -> None:
            loop.call_soon_threadsafe(bell.set)

        watcher = board.watch(ring)
        try:
            yield "retry: 1000\n\n"
            while not board.closed:
                try:
                    await asyncio.wait_for(bell.wait(), KEEP_ALIVE_S)
                except asyncio.TimeoutError:
                    yield ": still here\n\n"
                    continue
                bell.clear()
                found, lost = watcher.take()
                if lost:
                    yield f'event: lost\ndata: {{"lost": {lost}}}\n\n'
                for number, event in found:
                    yield f"id: {number}\nevent: {event.type}\ndata: {json.dumps(event_json(event))}\n\n"
        finally:
            board.unwatch(watcher)


async def _pictures(board: LiveBoard, streams: asyncio.BoundedSemaphore) -> AsyncIterator[bytes]:
    """Parts of an mjpg stream; a slow reader gets fewer pictures, never older ones."""
    async with streams:
        shown = 0
        while not board.closed:
            picture = await _newer_picture(board, shown)
            if picture is None:
                continue
            shown, jpeg = picture
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            yield head.encode() + jpeg + b"\r\n"
            await asyncio.sleep(1.0 / PICTURE_HZ)


async def _newer_picture(board: LiveBoard, than: int) -> tuple[int, bytes] | None:
    """The next picture after number ``than``; None when none came within ``PICTURE_WAIT_S`` or the board closed."""
    for _ in range(int(PICTURE_WAIT_S / 0.02)):
        if board.closed:
            return None
        if board.ask_preview() > than:
            return await run_in_threadpool(board.preview_jpeg)
        await asyncio.sleep(0.02)
    return None


def _busy() -> Response:
    return JSONResponse({"detail": f"The engine already has {MAX_STREAMS} watchers."}, status_code=503)
