"""One look at the engine for all pages that show it: what changes is asked for and made into HTML once.

A page of its own Streamlit run twice a second took a tenth of a core for three pages, and the class paid for it: most
of it was Streamlit's own messages. So the pages are run when somebody taps, and what changes by itself is pushed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import Any, Final

from dashboards.feed import ANSWER_SHOWN_S, Feed, fetch
from dashboards.markup import (
    answer_html,
    card_htmls,
    cards_class,
    dead_man_html,
    empty_html,
    line_html,
    needs_you_html,
    stale_html,
)
from dashboards.views import answer_text, live_view, name_of
from dashboards.words import LANGUAGES, Words

REFRESH: Final = "GROUPCOACH_REFRESH_S"
"""Environment variable: seconds between two looks at the engine, where 0.4 is not wanted."""
REFRESH_S: Final = 0.4
PAUSE: Final = 0.125
"""Least time between the end of a look and the next one, however long it took: share of the time between two."""
KEPT_S: Final = 600.0
"""So long a relay that nobody watches is kept."""
AGAIN: Final = json.dumps({"again": True})
"""Said to a page that is to ask anew what it may show: its session has ended, or the class has."""

_log = logging.getLogger(__name__)


def message(feed: Feed, silent_s: float, words: Words) -> Mapping[str, Any]:
    """What the live page shows, as HTML by place; the page's script puts in what differs (``page.js``)."""
    view = live_view(feed.snapshot, silent_s, words)
    now = feed.snapshot or {}
    return {
        "over": dead_man_html(feed.beat, words) + stale_html(view.stale) + _answer(feed, words),
        "needs": needs_you_html(view.needs_you, words),
        "line": line_html(view.line, view.notices),
        "kind": cards_class(len(view.cards)),
        "cards": card_htmls(view.cards, words) or [empty_html(words("nobody"))],
        "attempt": feed.attempt,
        "state": state_of(now),
        "language": words.language,
    }


def state_of(snapshot: Mapping[str, Any] | None) -> str:
    """What decides which buttons the sidebar has: another one, and they are drawn anew."""
    now = snapshot or {}
    return f"{'paused' if now.get('paused') else 'on'}{' plan' if now.get('plan') else ''}"


def _answer(feed: Feed, words: Words) -> str:
    """What became of the last command."""
    if feed.answer is None:
        return ""
    names = {int(p["person_id"]): name_of(p, words) for p in (feed.snapshot or {}).get("people", ())}
    return answer_html(*answer_text(feed.answer, names, words))


class Relay:
    """An engine as heard with one token, and the pages that watch it."""

    def __init__(self, engine_url: str, token: str | None, gone: Callable[[], bool] = lambda: False) -> None:
        """Args: engine_url, token: whom to ask, and with what; gone: whether the class has ended for these pages."""
        self.feed = Feed(engine_url, ask=partial(fetch, token=token))
        self._gone, self._clock = gone, time.monotonic
        self._left_s = -1e9
        self._watched = Counter[str]()
        self._said = dict[str, str]()
        self._bell = asyncio.Event()
        self._looks: asyncio.Task[None] | None = None
        self._every_s = float(os.environ.get(REFRESH) or REFRESH_S)

    @property
    def watched(self) -> bool:
        """Whether a page is open."""
        return bool(self._watched)

    @property
    def shut(self) -> bool:
        """Whether the engine does not know whoever asks with this token."""
        return self.feed.shut

    def fresh(self) -> Feed:
        """The feed; with the present in it, whether a page is open or not."""
        if not self.watched or self.feed.snapshot is None:
            self.feed.refresh()
        return self.feed

    async def messages(self, language: str) -> AsyncGenerator[str, None]:
        """``message`` as JSON after every look, the newest only; ``AGAIN`` is the last one.

        Args:
            language: empty: the class's.
        """
        self._watched[language] += 1
        try:
            if self._looks is None:
                if self._clock() - self._left_s > ANSWER_SHOWN_S:  # not where a page has only come back
                    self.feed.forget_answers()
                self._looks = asyncio.create_task(self._look())
            while True:
                await self._bell.wait()
                text = self._said.get(language)
                if text is not None:
                    yield text
                    if text == AGAIN:
                        return
        finally:
            self._watched[language] -= 1
            self._watched += Counter()  # drops those that are zero
            self._left_s = self._clock()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._watched:
                began = loop.time()
                try:
                    self._said = await asyncio.to_thread(self._say, list(self._watched))
                    bell, self._bell = self._bell, asyncio.Event()
                    bell.set()
                except Exception:  # the pages say by themselves that nothing comes
                    _log.exception("the live page could not be made")
                await asyncio.sleep(max(PAUSE * self._every_s, self._every_s - (loop.time() - began)))
        finally:
            self._looks = None

    def _say(self, languages: list[str]) -> dict[str, str]:
        silent_s = self.feed.refresh()
        if self.feed.shut or (silent_s and self._gone()):
            return dict.fromkeys(languages, AGAIN)
        own = str((self.feed.snapshot or {}).get("language", ""))
        own = own if own in LANGUAGES else LANGUAGES[0]
        return {one: json.dumps(message(self.feed, silent_s, Words(one or own)), ensure_ascii=False)
                for one in languages}  # fmt: skip


class Relays:
    """Those of one dashboard, by engine and token."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._known = dict[tuple[str, str | None], Relay]()
        self._asked_s = dict[tuple[str, str | None], float]()

    def of(self, engine_url: str, token: str | None, gone: Callable[[], bool] = lambda: False) -> Relay:
        """The one there is, or a new one."""
        key, now_s = (engine_url, token), self._clock()
        with self._lock:
            idle = [k for k, one in self._known.items() if not one.watched]
            for old in [k for k in idle if self._known[k].shut or now_s - self._asked_s[k] > KEPT_S]:
                del self._known[old], self._asked_s[old]
            self._asked_s[key] = now_s
            if key not in self._known:
                self._known[key] = Relay(engine_url, token, gone)
            return self._known[key]


RELAYS: Final = Relays()
