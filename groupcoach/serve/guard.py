"""Who may ask: refuses requests before they reach the interface.

* ``Host`` must name this machine: a web page elsewhere cannot reach the engine by a name that it points here.
* ``Origin``, or ``Referer`` where the browser says the request crosses sites, must be a page of this machine.
* with a password every request carries a token as ``Authorization: Bearer`` or in the cookie of who has signed in, but
  ``/health``, the page to sign in, and the participants' pages under ``/me``, which have a code of their own.
* bodies over ``BODY_LIMIT`` are refused, whatever their length header says.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from groupcoach.serve.access import COOKIE, Sessions

BODY_LIMIT: Final = 16 * 1024
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def host_of(authority: str) -> str | None:
    """``"127.0.0.1:8765"`` -> ``"127.0.0.1"``; None when it is no authority of an HTTP address."""
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port  # raises when it is not a number
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or "@" in authority:
        return None
    return parts.hostname


def is_loopback(host: str) -> bool:
    """Whether a server bound to ``host`` is reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_check(bound: str) -> Callable[[str | None], bool]:
    """Which hosts a request may name when the server listens on ``bound``.

    Beyond this machine an address in figures is accepted too: a foreign page can only use names (DNS rebinding).
    """
    if is_loopback(bound):
        return lambda host: host in LOOPBACK

    def allowed(host: str | None) -> bool:
        if host is None:
            return False
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host in LOOPBACK or host == bound.lower()
        return True

    return allowed


class Guard:
    """ASGI middleware with the rules above."""

    def __init__(
        self, app: ASGIApp, allowed: Callable[[str | None], bool], token: str | None, sessions: Sessions | None = None
    ) -> None:  # fmt: skip
        self.app = app
        self.allowed = allowed
        self.token = token
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer it with the refusal."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there is no websocket here
            return
        refusal = self._refusal(scope["path"], Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._limited(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> JSONResponse | None:
        if not self.allowed(host_of(headers.get("host", ""))):
            return _no(403, "This address does not belong to the engine.")
        if from_elsewhere(headers, self.allowed):
            return _no(403, "Pages of other sites may not ask the engine.")
        if (self.token is not None or self.sessions is not None) and not self._open(path):
            given = token_of(headers)
            known = self.token is not None and hmac.compare_digest((given or "").encode(), self.token.encode())
            if not known and not (self.sessions is not None and self.sessions.valid(given)):
                return _no(401, "The engine asks for its password: sign in, or send Authorization: Bearer ...")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            return _no(413, f"A request may have {BODY_LIMIT} bytes at the most.")
        return None

    def _open(self, path: str) -> bool:
        """Whether a path is asked for without a token."""
        if path in ("/health", "/me") or path.startswith("/me/"):
            return True
        return self.sessions is not None and path in ("/login", "/logout")

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; a body that grows over the limit on the way (no length given) is answered with 413."""
        size, started, over = 0, False, False

        async def counted() -> Message:
            nonlocal size, over
            message = await receive()
            size += len(message.get("body", b""))
            if size > BODY_LIMIT:
                over = True
                raise ClientDisconnect
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            if over:
                return
            started = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except ClientDisconnect:
            if not over:
                raise
        if over and not started:
            await _no(413, f"A request may have {BODY_LIMIT} bytes at the most.")(scope, receive, send)


def token_of(headers: Headers) -> str | None:
    """The token that a request carries."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return given
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def from_elsewhere(headers: Headers, allowed: Callable[[str | None], bool]) -> bool:
    """Whether a page of another site asks, by what the browser says of it."""
    origin = headers.get("origin")
    if origin is None and headers.get("sec-fetch-site") == "cross-site":
        origin = headers.get("referer", "")
    return origin is not None and not allowed(_page_host(origin))


def _page_host(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return host_of(parts.netloc) if parts.scheme in ("http", "https") else None


def _no(status: int, why: str) -> JSONResponse:
    return JSONResponse({"detail": why}, status_code=status)
