"""The page where the instructor signs in, and the way out. Without a password there is neither."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from groupcoach.serve.access import COOKIE, LIVES_S, Sessions
from groupcoach.serve.guard import host_of, token_of

# "no-referrer" would make the form's own Origin "null", which the guard refuses
_HEADERS: Final = {
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http: https:",
}  # fmt: skip
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>groupcoach: sign in</title>
<style>
  :root {{ color-scheme: light dark; font: 1.2rem/1.4 system-ui, sans-serif; }}
  body {{ max-width: 24rem; margin: 12vh auto; padding: 0 1rem; }}
  input, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: 0.6rem; margin-top: 0.5rem; }}
  button {{ font-weight: 700; }} p {{ font-weight: 700; }}
</style>
<main><h1>groupcoach</h1>
<form method="post" action="/login">
<label for="password">Instructor's password · 강사 비밀번호</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="200" required autofocus>
<button>Sign in · 로그인</button>
</form>
<p role="alert">{why}</p></main></html>
"""


def add_sign_in(app: FastAPI, sessions: Sessions) -> None:
    """``/login``, ``/logout``, and ``/session``, which says whether a token still opens the engine."""

    @app.get("/login")
    async def form() -> Response:
        return _page("", 200)

    @app.post("/login")
    async def login(request: Request) -> Response:
        address = request.client.host if request.client is not None else ""
        if not sessions.may_try(address):
            return _page("Too many tries: wait a minute. · 시도가 너무 많습니다. 1분 뒤에 다시 하세요.", 429)
        try:
            given = parse_qs((await request.body()).decode(), max_num_fields=4).get("password", [""])[0]
        except ValueError:
            given = ""
        token = await run_in_threadpool(sessions.sign_in, given)
        if token is None:
            return _page("That is not the password. · 비밀번호가 다릅니다.", 401)
        host = host_of(request.headers.get("host", "")) or ""
        host = f"[{host}]" if ":" in host else host
        # to the dashboard on the same machine, and nowhere else: the address is not taken from the request's path
        port = sessions.page_port or request.url.port or 80
        answer = RedirectResponse(f"{request.url.scheme}://{host}:{port}/", 303, headers=_HEADERS)
        answer.set_cookie(COOKIE, token, max_age=int(LIVES_S), httponly=True, samesite="strict",
                          secure=request.url.scheme == "https")  # fmt: skip
        return answer

    @app.post("/logout")
    async def logout(request: Request) -> Response:
        sessions.sign_out(token_of(request.headers))
        answer = RedirectResponse("/login", 303, headers=_HEADERS)
        answer.delete_cookie(COOKIE)
        return answer

    @app.get("/session")
    async def session() -> Response:
        return JSONResponse({"ok": True}, headers=_HEADERS)  # the guard has let it through


def _page(why: str, status: int) -> Response:
    return HTMLResponse(_PAGE.format(why=why), status_code=status, headers=_HEADERS)
