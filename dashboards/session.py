"""What the pages of one browser share: language, feed, and the names of the exercises."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st

from dashboards import feed as feed_module
from dashboards.feed import DB, ENGINE, RUN, SIGN_IN, Feed, for_the_browser, signed_in
from dashboards.markup import stale_html
from dashboards.over import RunView, run_view
from dashboards.relay import RELAYS, Relay
from dashboards.studio import Studio
from dashboards.style import style_html
from dashboards.words import LANGUAGE, LANGUAGES, Words
from groupcoach.errors import GroupCoachError
from groupcoach.serve.access import COOKIE
from groupcoach.store.reading import Run, load_run

_NAMES = {"en": "English", "ko": "한국어"}


@cache
def studio() -> Studio:
    """The class that the set-up page starts, or finds running: one for all browsers."""
    return Studio()


def engine() -> str | None:
    """Address of the engine: the one this dashboard was opened on, else the one that the set-up page has."""
    return os.environ.get(ENGINE) or studio().url


def _last() -> Path | None:
    """Run folder of the set-up page's class; a dashboard of an engine's own has none."""
    return None if os.environ.get(ENGINE) else studio().out


def run_folder() -> Path | None:
    """The finished run to show: the last class of the set-up page, else the one this dashboard was opened on."""
    last = _last()
    if last is not None and studio().state == "ended" and (last / "summary.json").is_file():
        return last
    return Path(os.environ[RUN]) if os.environ.get(RUN) else None


def record() -> str | None:
    """Address of the session record, for the pages that look back."""
    last = _last()
    if last is not None and (last / "session.db").is_file():
        return f"sqlite:///{last.resolve() / 'session.db'}"
    return os.environ.get(DB)


def relay_of(url: str, token: str | None) -> Relay:
    """The look at an engine that all pages share which ask with the same token."""
    return RELAYS.of(url, token, lambda: engine() != url)


def feed() -> Feed | None:
    """The engine as heard by the pages; None where there is none."""
    url = engine()
    if url is None:
        st.session_state.pop("feed", None)
        return None
    found: Feed = relay_of(url, feed_module.visitor()).fresh()
    st.session_state.feed = found
    return found


def gate(texts: Words) -> None:
    """Ends the script for who has not signed in, where that is asked for; an engine that does not say shuts it too."""
    if not os.environ.get(SIGN_IN):
        return
    feed_module.visitor = lambda: st.context.cookies.get(COOKIE)
    url = os.environ.get(ENGINE, "")
    try:
        if url and signed_in(url):
            return
        why = texts("sign_in_first")
    except OSError:
        why = texts("never", n=0)
    st.session_state.pop("feed", None)
    st.html(style_html())
    st.html(stale_html(why))
    st.link_button(texts("sign_in"), for_the_browser(url, st.context.url) + "/login", width="stretch")
    st.stop()


def chosen_language() -> str:
    """Of the sidebar, else of the environment; empty where neither says."""
    language = str(st.session_state.get("language") or os.environ.get(LANGUAGE) or "")
    return language if language in LANGUAGES else ""


def words(default: str | None = None) -> Words:
    """The page's texts: the language chosen in the sidebar, else the environment's, else the class's (``default``)."""
    heard = st.session_state.feed.snapshot if "feed" in st.session_state else None
    default = default or str((heard or {}).get("language", "en"))
    language = chosen_language() or default
    return Words(language if language in LANGUAGES else "en")


def language_choice(now: Words) -> None:
    """The sidebar's switch."""
    st.segmented_control(now("language"), LANGUAGES, format_func=_NAMES.__getitem__, default=now.language,
                         key="language_chosen", on_change=_choose)  # fmt: skip


def _choose() -> None:
    # kept under a name of its own: a widget's value goes when its page is left
    chosen = st.session_state.get("language_chosen")  # gone already when the page is left
    if chosen:
        st.session_state.language = chosen


def finished_class(folder: Path) -> tuple[Words, Run, RunView]:
    """What the pages of a class that is over begin with: style, language, the run and its view.

    A run that cannot be read is said on the page, which ends there.
    """
    st.html(style_html())
    texts = words()
    with st.sidebar:
        language_choice(texts)
    try:
        run = load_run(folder)
        return texts, run, run_view(run.summary, run.events(), texts, exercise_names(texts.language))
    except GroupCoachError as error:
        st.html(stale_html(str(error)))
        st.stop()


@st.cache_data(show_spinner=False)
def exercise_names(language: str) -> Mapping[str, str]:
    """Names of the catalogue by id."""
    from groupcoach.exercises.catalogue import load_catalogue

    return {d.id: d.names.get(language) for d in load_catalogue()}
