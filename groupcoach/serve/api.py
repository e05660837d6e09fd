"""The engine's HTTP interface over a ``LiveBoard``.

GET  /health         {"ok": true}
GET  /snapshot       the class now, with "answers", what became of the last commands; NaN never appears, it is null
GET  /events         server-sent events, one a thing that happened
GET  /preview.jpg    the newest annotated picture
GET  /preview.mjpg   the same as a stream, for an <img>
POST /commands       rename, merge, split, swap, mark_instructor, put_on_spot, correct_count, next_step, pause, go_on,
                     undo, mute, unmute, floor, end_class
GET  /metrics        for Prometheus: ``metrics``
/me, /phones         participants' own pages, and their codes: ``phone``
/login, /session     where the instructor signs in, and whether somebody still is: ``sign_in``
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from groupcoach.cards import Snapshot
from groupcoach.records import Event
from groupcoach.serve.access import Sessions
from groupcoach.serve.board import LiveBoard
from groupcoach.serve.guard import Guard, host_check, token_of
from groupcoach.serve.metrics import add_metrics_route
from groupcoach.serve.phone import add_phone_routes
from groupcoach.serve.requests import CommandRequest, command_of
from groupcoach.serve.sign_in import add_sign_in
from groupcoach.store.run_dir import to_json

KEEP_ALIVE_S: Final = 10.0
MAX_STREAMS: Final = 64
PICTURE_HZ: Final = 15.0
PICTURE_WAIT_S: Final = 2.0
_BOUNDARY: Final = "groupcoachpicture"
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def create_app(
    board: LiveBoard, token: str | None = None, bound: str = "127.0.0.1", sessions: Sessions | None = None
) -> FastAPI:  # fmt: skip
    """The interface over a board.

    Args:
        board: that the engine publishes on.
        token: password that every request but ``/health`` must carry; None asks for none.
        sessions: who has signed in; a token of theirs opens the engine, too. None: nobody can sign in.
        bound: address the server listens on; decides which ``Host`` and ``Origin`` are let in.
    """
    app = FastAPI(title="groupcoach", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, allowed=host_check(bound), token=token, sessions=sessions)
    if sessions is not None:
        add_sign_in(app, sessions)

    def still(request: Request) -> Callable[[], bool]:
        """Whether who opened a stream may go on reading it: a session ends, and its streams with it."""
        given = token_of(request.headers)
        if sessions is None or (token is not None and given == token):
            return lambda: not board.closed
        return lambda: not board.closed and sessions.valid(given)

    streams = asyncio.BoundedSemaphore(MAX_STREAMS)
    shared = _Shared()

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/snapshot")
    async def snapshot() -> Response:
        answers = [{**event_json(event), "number": number} for number, event in board.answers()]
        latest = board.latest()
        if latest is None:
            return JSONResponse({**snapshot_json(None), "answers": answers}, headers=_NO_STORE)
        own = json.dumps({"age_s": latest[1], "answers": answers}, ensure_ascii=False, allow_nan=False)
        # what all watchers get is made once: the engine's frames wait for whatever is made here
        text = f"{shared(latest[0])[:-1]}, {own[1:]}"
        return Response(text.encode(), media_type="application/json", headers=_NO_STORE)

    @app.get("/events")
    async def events(request: Request) -> Response:
        if streams.locked():
            return _busy()
        return StreamingResponse(
            _events(board, streams, still(request)), media_type="text/event-stream", headers=_NO_STORE
        )

    @app.get("/preview.jpg")
    async def preview() -> Response:
        picture = await _newer_picture(board, board.preview.ask() if not board.preview.watched() else 0)
        if picture is None:
            return JSONResponse({"detail": "The engine has no picture yet."}, status_code=503, headers=_NO_STORE)
        return Response(picture[1], media_type="image/jpeg", headers=_NO_STORE)

    @app.get("/preview.mjpg")
    async def stream(request: Request) -> Response:
        if streams.locked():
            return _busy()
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return StreamingResponse(_pictures(board, streams, still(request)), media_type=kind, headers=_NO_STORE)

    @app.post("/commands", status_code=202)
    async def commands(request: CommandRequest) -> Response:
        if not board.command(command_of(request)):
            return JSONResponse({"detail": "The engine is behind with its commands: try again."}, status_code=503)
        return JSONResponse({"accepted": True}, status_code=202)

    add_metrics_route(app, lambda: board.metrics)
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


class _Shared:
    """The newest snapshot as JSON, made once however many ask."""

    def __init__(self) -> None:
        self._made: tuple[Snapshot, str] | None = None

    def __call__(self, snapshot: Snapshot) -> str:
        made = self._made
        if made is None or made[0] is not snapshot:
            fields = snapshot_json((snapshot, 0.0))
            del fields["age_s"]
            made = self._made = (snapshot, json.dumps(fields, ensure_ascii=False, allow_nan=False))
        return made[1]


def event_json(event: Event) -> dict[str, Any]:
    """An event as a line of ``events.jsonl``."""
    plain: dict[str, Any] = to_json({**event.data, "t_s": event.t_s, "type": event.type, "person": event.person})
    return plain


async def _events(
    board: LiveBoard, streams: asyncio.BoundedSemaphore, still: Callable[[], bool]
) -> AsyncIterator[str]:  # fmt: skip
    """Events as they happen; a comment now and then keeps the line open and finds out who has left."""
    loop, bell = asyncio.get_running_loop(), asyncio.Event()
    async with streams:

        def ring() -> None:
            loop.call_soon_threadsafe(bell.set)

        watcher = board.watch(ring)
        try:
            yield "retry: 1000\n\n"
            while still():
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


async def _pictures(
    board: LiveBoard, streams: asyncio.BoundedSemaphore, still: Callable[[], bool]
) -> AsyncIterator[bytes]:  # fmt: skip
    """Parts of an mjpg stream; a slow reader gets fewer pictures, never older ones."""
    async with streams:
        shown = 0
        while still():
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
        if board.preview.ask() > than:
            return await run_in_threadpool(board.preview.jpeg)
        await asyncio.sleep(0.02)
    return None


def _busy() -> Response:
    return JSONResponse({"detail": f"The engine already has {MAX_STREAMS} watchers."}, status_code=503)
