"""What changes on the live page, pushed: server-sent events beside Streamlit's pages, for who may see these.

GET /live/events?language=ko   (empty: the class's) one event with every look at the engine: ``relay.message`` as JSON

The rules of the engine's own interface hold (``groupcoach.serve.guard``): the address must be this machine's, a page of
another site gets nothing, and where visitors have to sign in, the engine is asked with the cookie of who asks here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dashboards import session
from dashboards.feed import BOUND, SIGN_IN, TOKEN
from dashboards.relay import AGAIN, Relay
from dashboards.words import LANGUAGES
from groupcoach.serve.access import COOKIE
from groupcoach.serve.guard import from_elsewhere, host_check, host_of

EVENTS: Final = "/live/events"
MOST: Final = 64
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _Open:
    """The streams of this process."""

    streams = 0
    over = False
    """The server ends: a stream left open would keep it waiting."""


async def events(request: Request) -> Response:
    """The stream, or why there is none."""
    allowed = host_check(os.environ.get(BOUND, "127.0.0.1"))
    if not allowed(host_of(request.headers.get("host", ""))) or from_elsewhere(request.headers, allowed):
        return JSONResponse({"detail": "This page does not belong to the dashboard."}, 403, _HEADERS)
    if _Open.streams >= MOST:
        return JSONResponse({"detail": f"There are {MOST} pages open already."}, 503, _HEADERS)
    url, token = await asyncio.to_thread(session.engine), os.environ.get(TOKEN)
    if os.environ.get(
        SIGN_IN
    ):  # whoever has no session hears that the page is to ask anew, which says where to sign in
        token = request.cookies.get(COOKIE)
        url = url if token else None
    relay = None if url is None else session.relay_of(url, token)
    language = request.query_params.get("language", "")
    lines = _lines(relay, language if language in LANGUAGES else "")
    return StreamingResponse(lines, media_type="text/event-stream", headers=_HEADERS)


async def _lines(relay: Relay | None, language: str) -> AsyncIterator[str]:
    if relay is None:
        yield f"data: {AGAIN}\n\n"
        return
    if _Open.streams >= MOST:  # many asked at once
        return
    _Open.streams += 1
    try:
        yield "retry: 500\n\n"
        async with aclosing(relay.messages(language)) as messages:
            async for text in messages:
                yield f"data: {text}\n\n"
                if _Open.over:
                    return
    finally:
        _Open.streams -= 1


@asynccontextmanager
async def ends_with_the_server(_: Any) -> AsyncIterator[None]:
    """Lets the open streams end when the server is told to: it waits for them."""
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}

    def told(kind: int, frame: Any) -> None:
        _Open.over = True
        then = before[signal.Signals(kind)]
        if callable(then):
            then(kind, frame)

    with contextlib.suppress(ValueError):  # not in the main thread: somebody else's server
        for kind in before:
            signal.signal(kind, told)
    yield
