"""The HTTP interface on a socket: uvicorn in a daemon thread of the engine."""

from __future__ import annotations

import errno
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

from groupcoach.errors import GroupCoachError
from groupcoach.serve.access import Sessions
from groupcoach.serve.board import LiveBoard
from groupcoach.serve.guard import is_loopback

if TYPE_CHECKING:
    import uvicorn

PORT: Final = 8765
PORTS_TRIED: Final = 20
START_LIMIT_S: Final = 10.0


class EngineServer:
    """Serves a board; listens on this machine only unless told otherwise."""

    def __init__(
        self, board: LiveBoard, host: str = "127.0.0.1", port: int = PORT, token: str | None = None,
        sessions: Sessions | None = None,
    ) -> None:  # fmt: skip
        """Make the server; nothing listens before ``start``.

        Args:
            board: that the engine publishes on.
            host: address to listen on.
            port: first one to try; a busy one is followed by the next. 0 takes any free one.
            token: that opens everything; this or ``sessions`` is required for a host that other machines reach.
            sessions: who has signed in with the instructor's password.

        Raises:
            GroupCoachError: a host beyond this machine without a password.
        """
        if not is_loopback(host) and not token and sessions is None:
            raise GroupCoachError(
                f"The engine was asked to listen on {host}, where other machines reach it, without a password: names "
                "and pictures of people are not given to everybody. Set a password, or leave the host at 127.0.0.1."
            )
        self.board = board
        self.host = host
        self.port = port
        self._token, self._sessions = token, sessions
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Begin to listen; returns the address, e.g. ``http://127.0.0.1:8765``.

        Raises:
            GroupCoachError: no port is free, or this machine does not have that address.
        """
        import uvicorn

        from groupcoach.serve.api import create_app

        listener = self._bind()
        self.port = listener.getsockname()[1]
        app = create_app(self.board, self._token, bound=self.host, sessions=self._sessions)
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="groupcoach-serve", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_LIMIT_S
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not self._server.started:
            raise GroupCoachError(f"The engine's HTTP interface on {self.url} did not start. Run with --no-serve.")
        return self.url

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the engine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"

    def stop(self) -> None:
        """End the streams and stop listening. Safe to call twice."""
        self.board.close()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=5.0)
            self._thread = None

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        ports = [0] if self.port == 0 else range(self.port, min(self.port + PORTS_TRIED, 65536))
        for port in ports:
            listener = socket.socket(family, socket.SOCK_STREAM)
            try:
                if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: else two servers share a port
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
                else:
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((self.host, port))
                listener.listen(128)
                return listener
            except OSError as error:
                listener.close()
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise GroupCoachError(
                        f"The engine cannot listen on {self.host} ({error.strerror or error}): give an address of this "
                        "machine, or leave it at 127.0.0.1."
                    ) from error
        raise GroupCoachError(
            f"No free port for the engine's HTTP interface: {self.host}:{ports[0]} to {ports[-1]} are all in use. Stop "
            "the other program, or run with --no-serve."
        )
