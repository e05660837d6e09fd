"""A participant's own page: only what belongs to the code that opened it.

GET  /me               the page; the code stands behind ``#`` in its address (never sent, never logged) or is typed
GET  /me/silence.wav   opens a phone's loudspeaker within the first touch
POST /me/enter         {"code"} -> a session cookie; 403 wrong code, 429 too many wrong ones
GET  /me/events        server-sent events ``state`` and ``cue``; 403 without a session
POST /me/here          the phone lives
POST /me/answer        {"cue", "spoken", "took_s"}: the phone has said a cue
GET  /me/sound/{cue}   the same cue as a wave file, for a browser without a voice
POST /me/leave         end the session
GET  /phones           names, codes and the address: for the instructor
GET  /phones/{id}.svg  the address with the code as a QR picture: for the instructor
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import wave
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from groupcoach.cues.phones import Line, PhoneDesk, TooManyTries
from groupcoach.cues.sentences import Part

COOKIE: Final = "groupcoach_me"
KEEP_ALIVE_S: Final = 4.0
SHORTEST_S: Final = 0.02
_FILES: Final = {"": ("phone.html", "text/html"), "/phone.css": ("phone.css", "text/css"),
                 "/phone.js": ("phone.js", "text/javascript")}  # fmt: skip
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EnterRequest(_Strict):
    """``{"code": "7KQ2MAB"}``."""

    code: Annotated[str, Field(min_length=1, max_length=40)]


class AnswerRequest(_Strict):
    """``{"cue": 12, "spoken": true, "took_s": 1.4}``."""

    cue: Annotated[int, Field(ge=0, le=2**31)]
    spoken: bool
    took_s: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 0.0


def add_phone_routes(
    app: FastAPI, desk: Callable[[], PhoneDesk | None], render: Callable[[tuple[Part, ...]], bytes | None]
) -> None:
    """Put the pages above on an app.

    Args:
        app: of the engine.
        desk: the class's phones; None while there is no class.
        render: a cue's parts as a wave file, None when there is no voice. May take its time.
    """

    def who(request: Request) -> tuple[PhoneDesk, int] | None:
        there = desk()
        person = there.person_of(request.cookies.get(COOKIE)) if there else None
        return None if there is None or person is None else (there, person)

    for path, (name, kind) in _FILES.items():
        app.add_api_route(f"/me{path}", _file(name, kind), methods=["GET"])

    @app.get("/me/silence.wav")
    async def silence() -> Response:
        return Response(_silence(), media_type="audio/wav", headers=_HEADERS)

    @app.post("/me/enter")
    async def enter(request: Request, body: EnterRequest) -> Response:
        there = desk()
        address = request.client.host if request.client else ""
        try:
            token = there.enter(body.code, address) if there else None
        except TooManyTries:
            return _no(429, "Too many wrong codes. Wait a minute, then look at the code again.")
        if token is None:
            return _no(403, "This code is nobody's in this class. Look at it again, or ask the instructor.")
        answer = JSONResponse({"ok": True}, headers=_HEADERS)
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/me", max_age=12 * 3600)
        return answer

    @app.get("/me/events")
    async def events(request: Request) -> Response:
        if (found := who(request)) is None:
            return _strange()
        there, person = found
        bell, loop = asyncio.Event(), asyncio.get_running_loop()
        line = there.open(person, lambda: loop.call_soon_threadsafe(bell.set))
        if line is None:
            return _no(503, "This code is open on too many phones.")
        token = request.cookies.get(COOKIE)
        stream = _stream(there, person, line, bell, lambda: there.person_of(token) == person)
        return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)

    @app.post("/me/here")
    async def here(request: Request) -> Response:
        if (found := who(request)) is None:
            return _strange()
        found[0].here(found[1])
        return JSONResponse({"ok": True}, headers=_HEADERS)

    @app.post("/me/answer")
    async def answer(request: Request, body: AnswerRequest) -> Response:
        if (found := who(request)) is None:
            return _strange()
        if not found[0].answered(found[1], body.cue, body.spoken, body.took_s):
            return _strange()
        return JSONResponse({"ok": True}, headers=_HEADERS)

    @app.get("/me/sound/{cue}")
    async def sound(request: Request, cue: int) -> Response:
        found = who(request)
        own = found[0].cue_of(found[1], cue) if found else None
        if own is None:
            return _strange()
        made = await run_in_threadpool(render, own.parts)
        if made is None:
            return _no(503, "The engine has no voice.")
        return Response(made, media_type="audio/wav", headers=_HEADERS)

    @app.post("/me/leave")
    async def leave(request: Request) -> Response:
        there = desk()
        if there is not None:
            there.leave(request.cookies.get(COOKIE))
        answer = JSONResponse({"ok": True}, headers=_HEADERS)
        answer.delete_cookie(COOKIE, path="/me")
        return answer

    @app.get("/phones")
    async def phones() -> Response:
        there = desk()
        rows: list[dict[str, Any]] = []
        if there is not None:
            connected = there.connected()
            rows = [{"person": p, "name": name, "code": code, "connected": p in connected}
                    for p, (name, code) in there.codes().items()]  # fmt: skip
        return JSONResponse({"address": there.address if there else "", "phones": rows}, headers=_HEADERS)

    @app.get("/phones/{person}.svg")
    async def qr(person: int) -> Response:
        there = desk()
        known = there.codes().get(person) if there else None
        if there is None or known is None or not there.address:
            return _no(404, "There is no such person, or no address for phones.")
        return Response(qr_svg(f"{there.address}#{known[1]}"), media_type="image/svg+xml", headers=_HEADERS)


def network_address(listen: str) -> str:
    """The address other machines know this one by, when it listens on ``listen``."""
    if listen not in ("0.0.0.0", "::"):
        return f"[{listen}]" if ":" in listen else listen
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))  # nothing is sent: the system only picks the way out
        return str(asked.getsockname()[0])
    return socket.gethostname()


def qr_svg(text: str) -> bytes:
    """A QR picture; black on white with the quiet border that cameras want."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", scale=6, border=4, dark="black", light="white")
    return out.getvalue()


async def _stream(
    desk: PhoneDesk, person: int, line: Line, bell: asyncio.Event, allowed: Callable[[], bool]
) -> AsyncIterator[str]:
    """Events of one person as they come; ends when the session does. A comment now and then keeps the line open."""
    try:
        yield "retry: 500\n\n: hello\n\n"
        while not desk.closed and allowed():
            try:
                await asyncio.wait_for(bell.wait(), KEEP_ALIVE_S)
            except asyncio.TimeoutError:
                yield ": still here\n\n"
                continue
            bell.clear()
            if not allowed():
                return
            for kind, data in line.take():
                yield f"event: {kind}\ndata: {data}\n\n"
            await asyncio.sleep(SHORTEST_S)
    finally:
        desk.shut(person, line)


def _file(name: str, kind: str) -> Callable[[], Response]:
    def send() -> Response:
        return Response(_read(name), media_type=kind, headers=_HEADERS)

    return send


@cache
def _silence() -> bytes:
    """A twentieth of a second; played within the first touch, it lets the page make sound later."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(800))
    return out.getvalue()


@cache
def _read(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


def _strange() -> Response:
    return _no(403, "This page is for the person with the code.")


def _no(status: int, why: str) -> Response:
    return JSONResponse({"detail": why}, status_code=status, headers=_HEADERS)
