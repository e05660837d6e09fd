"""Where the pages get their values: the engine's HTTP interface, with what was last heard from it."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ENGINE: Final = "GROUPCOACH_ENGINE"
RUN: Final = "GROUPCOACH_RUN"
TOKEN: Final = "GROUPCOACH_TOKEN"
DB: Final = "GROUPCOACH_DB"
"""Address of the session record, for the person's page."""
BOUND: Final = "GROUPCOACH_BOUND"
"""The address that the dashboard listens on."""
SIGN_IN: Final = "GROUPCOACH_SIGN_IN"
"""Set where every visitor has to have signed in at the engine."""
TIMEOUT_S: Final = 0.8
COMMAND_TIMEOUT_S: Final = 3.0
ANSWER_SHOWN_S: Final = 6.0
_LOOK: Final = 1 << 20
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def _of_the_environment() -> str | None:
    return os.environ.get(TOKEN)


visitor: Callable[[], str | None] = _of_the_environment
"""Gives the token that the engine is asked with; the pages put the visitor's own in its place (``session``)."""


def signed_in(engine_url: str) -> bool:
    """Whether the visitor may see the class.

    Raises:
        OSError: the engine does not say.
    """
    try:
        with _direct.open(_request(engine_url, "/session"), timeout=COMMAND_TIMEOUT_S) as answer:
            return bool(json.load(answer).get("ok"))
    except urllib.error.HTTPError as refusal:
        if refusal.code in (401, 403):
            return False
        raise
    except (ValueError, http.client.HTTPException) as error:
        raise OSError(f"{engine_url} did not answer") from error


def fetch(engine_url: str, token: str | None = None) -> Mapping[str, Any]:
    """The engine's snapshot now, asked for with a token or, without one, the visitor's.

    Raises:
        PermissionError: the visitor has not signed in, or no longer is.
        OSError: no answer in time, a refusal, or an answer that is no snapshot.
    """
    try:
        with _direct.open(_request(engine_url, "/snapshot", token=token), timeout=TIMEOUT_S) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as refusal:
        if refusal.code in (401, 403):
            raise PermissionError(f"{engine_url} wants a password") from refusal
        raise
    except (ValueError, http.client.HTTPException) as error:
        raise OSError(f"{engine_url} did not answer with a snapshot") from error
    if not isinstance(found, dict) or "people" not in found:
        raise OSError(f"{engine_url} did not answer with a snapshot")
    return found


def send(engine_url: str, command: Mapping[str, Any]) -> str:
    """Send a command (``POST /commands``); returns why the engine did not take it, empty when it did.

    What becomes of a command that was taken is in the ``answers`` of a later snapshot.
    """
    request = _request(engine_url, "/commands", json.dumps(command).encode())
    request.add_header("Content-Type", "application/json")
    try:
        with _direct.open(request, timeout=COMMAND_TIMEOUT_S):
            return ""
    except urllib.error.HTTPError as refusal:
        return _reason(refusal)
    except (OSError, http.client.HTTPException):
        return "no answer"


def phones(engine_url: str) -> Mapping[str, Any]:
    """Where participants' phones find their page, and whose code is which; empty when the engine does not answer."""
    try:
        with _direct.open(_request(engine_url, "/phones"), timeout=TIMEOUT_S) as answer:
            found = json.load(answer)
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return found if isinstance(found, dict) else {}


def phone_qr(engine_url: str, person: int) -> str | None:
    """The address with a person's code as a picture (SVG), None when there is none."""
    try:
        with _direct.open(_request(engine_url, f"/phones/{person}.svg"), timeout=TIMEOUT_S) as answer:
            return str(answer.read().decode())
    except (OSError, ValueError, http.client.HTTPException):
        return None


def _reason(refusal: urllib.error.HTTPError) -> str:
    """The engine's own words; of a command that is malformed, the first thing that is."""
    try:
        detail = json.load(refusal)["detail"]
        if isinstance(detail, list):
            detail = f"{detail[0]['loc'][-1]}: {detail[0]['msg']}"
    except (OSError, ValueError, LookupError, TypeError):
        detail = f"HTTP {refusal.code}"
    return str(detail)


def _request(engine_url: str, path: str, body: bytes | None = None, token: str | None = None) -> urllib.request.Request:
    request = urllib.request.Request(engine_url.rstrip("/") + path, data=body)
    if token := token or visitor():
        request.add_header("Authorization", f"Bearer {token}")
    return request


#: Without the proxy of the environment: the engine is on this machine, or named by the instructor.
_direct: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(slots=True)
class Feed:
    """The last snapshot, how long the engine has been silent, and how often it came back."""

    engine_url: str
    ask: Callable[[str], Mapping[str, Any]] = fetch
    clock: Callable[[], float] = time.monotonic
    snapshot: Mapping[str, Any] | None = None
    beat: int = 0
    """Refreshes so far."""
    attempt: int = 0
    """Changes when the engine comes back: the picture stream has to be opened again."""
    shut: bool = False
    """The engine does not know the visitor (any more): nothing may be shown."""
    answer: Mapping[str, Any] | None = None
    """What became of the last command, for some seconds."""
    _heard: float = field(default=0.0)
    _silent: bool = False
    _answered: int | None = None
    _answer_s: float = 0.0

    def __post_init__(self) -> None:
        self._heard = self.clock()

    def refresh(self) -> float:
        """Ask once; returns the seconds of silence, 0 when the engine answered."""
        self.beat += 1
        try:
            self.snapshot = self.ask(self.engine_url)
            self.shut = False
        except PermissionError:
            self.snapshot, self.shut = None, True
            return max(self.clock() - self._heard, 1e-3)
        except OSError:  # refused, timed out, not JSON: all of them are silence
            self._silent = True
            return max(self.clock() - self._heard, 1e-3)
        if self._silent:
            self._silent = False
            self.attempt += 1
        self._heard = self.clock()
        self._listen()
        return 0.0

    def forget_answers(self) -> None:
        """Somebody looks anew: what was done before is nothing to tell."""
        self._answered = self.answer = None

    def order(self, command: Mapping[str, Any]) -> None:
        """Send a command; a refusal is the next answer."""
        why = send(self.engine_url, command)
        if why:
            self._say({"type": "correction_refused", "why": why})

    def _listen(self) -> None:
        """Answers that are new since the page was opened; the last one is shown."""
        answers = (self.snapshot or {}).get("answers") or ()
        newest = max((int(a["number"]) for a in answers), default=0)
        if self._answered is not None and newest > self._answered:
            self._say(max(answers, key=lambda a: int(a["number"])))
        elif self.answer is not None and self.clock() - self._answer_s > ANSWER_SHOWN_S:
            self.answer = None
        self._answered = newest  # a new engine begins at 1 again

    def _say(self, answer: Mapping[str, Any]) -> None:
        self.answer, self._answer_s = answer, self.clock()


def browsers_play(film: Path) -> bool:
    """Whether a film is of a kind that browsers show (H.264, VP9, AV1); OpenCV's ``mp4v`` is not one of them."""
    with film.open("rb") as file:
        size = film.stat().st_size
        ends = file.read(_LOOK)  # the box that names the codec lies at either end of the file
        file.seek(max(0, size - _LOOK))
        ends += file.read()
    return any(name in ends for name in (b"avc1", b"vp09", b"av01"))


def for_the_browser(engine_url: str, page_url: str | None) -> str:
    """The engine's address under the name by which the browser knows this machine.

    A page opened as ``localhost`` that shows a picture from ``127.0.0.1`` would cross sites and be refused.
    """
    engine, page = urllib.parse.urlsplit(engine_url), urllib.parse.urlsplit(page_url or "")
    if os.environ.get(SIGN_IN) and page.hostname and engine.hostname in LOOPBACK:  # the page was opened elsewhere
        host = f"[{page.hostname}]" if ":" in page.hostname else page.hostname
        return engine._replace(netloc=f"{host}:{engine.port or 80}").geturl()
    if engine.hostname in LOOPBACK and page.hostname in LOOPBACK and engine.hostname != "::1":
        host = "127.0.0.1" if page.hostname == "::1" else page.hostname
        return engine._replace(netloc=f"{host}:{engine.port or 80}").geturl()
    return engine_url


def film_length(film: Path) -> tuple[int, float]:
    """Frames of a film and frames a second; (0, 1.0) when it cannot be read."""
    from groupcoach.source.opencv import cv2

    video = cv2.VideoCapture(str(film))
    frames, fps = int(video.get(cv2.CAP_PROP_FRAME_COUNT)), float(video.get(cv2.CAP_PROP_FPS))
    video.release()
    return (frames, fps) if frames > 0 and fps > 0 else (0, 1.0)


def film_frame(film: Path, number: int) -> bytes | None:
    """One frame of a film as JPEG, None when it cannot be read."""
    from groupcoach.source.opencv import cv2

    video = cv2.VideoCapture(str(film))
    video.set(cv2.CAP_PROP_POS_FRAMES, number)
    read, picture = video.read()
    video.release()
    if not read:
        return None
    made, jpeg = cv2.imencode(".jpg", picture)
    return bytes(jpeg) if made else None
