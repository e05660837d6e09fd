"""One page of all rooms: ``GET /`` for people, ``GET /rooms`` for programs, ``GET /health``.

Listens on this machine only: it shows names.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from groupcoach.errors import GroupCoachError

PORT: Final = 8790
_START_S: Final = 10.0


def create_app(states: Callable[[], list[dict[str, Any]]]) -> Any:
    """The page over what ``states`` says."""
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse, JSONResponse

    from groupcoach.serve.guard import Guard, host_check

    app = FastAPI(title="groupcoach fleet", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, allowed=host_check("127.0.0.1"), token=None)
    page = Path(__file__).with_name("overview.html").read_text(encoding="utf-8")

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/rooms")
    def rooms() -> JSONResponse:
        return JSONResponse({"rooms": states()}, headers={"Cache-Control": "no-store"})

    @app.get("/")
    def overview() -> HTMLResponse:
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    return app


class Overview:
    """The page on a socket, in a thread."""

    def __init__(self, states: Callable[[], list[dict[str, Any]]], port: int = PORT) -> None:
        """Args: states: of the rooms; port: 0 takes any free one."""
        self._states, self._port = states, port
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Begin to listen; returns the address.

        Raises:
            GroupCoachError: the port is taken.
        """
        import uvicorn

        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError as error:
            listener.close()
            raise GroupCoachError(
                f"The overview cannot listen on port {self._port} ({error.strerror}): give another by --port."
            ) from error
        app = create_app(self._states)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="groupcoach-overview", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_S
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(5.0)
