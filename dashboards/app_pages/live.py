"""The class now: who needs you, the picture, a card per person. Refreshed twice a second; a tap on a card corrects."""

from __future__ import annotations

import streamlit as st

from dashboards import hands, script, session
from dashboards.feed import Feed, for_the_browser
from dashboards.markup import (
    answer_html,
    cards_html,
    dead_man_html,
    line_html,
    needs_you_html,
    picture_html,
    stale_html,
)
from dashboards.style import style_html
from dashboards.views import answer_text, live_view, name_of
from dashboards.voice import hold_floor
from dashboards.words import Words

engine_url = session.engine() or ""


def class_words(feed: Feed) -> Words:
    """In the class's language until another is chosen."""
    return session.words(str((feed.snapshot or {}).get("language", "en")))


def answer_bar(feed: Feed, words: Words) -> str:
    """What became of the last command."""
    if feed.answer is None:
        return ""
    names = {int(p["person_id"]): name_of(p, words) for p in (feed.snapshot or {}).get("people", ())}
    return answer_html(*answer_text(feed.answer, names, words))


@st.fragment(run_every=0.5)
def refreshed() -> None:
    """Everything that changes; elements keep their place, and the browser only redraws those whose HTML changed."""
    feed: Feed = st.session_state.feed
    silent_s = feed.refresh()
    if session.engine() is None or feed.shut:  # the whole page: there is no class any more, or it says where to sign in
        st.rerun()
    hold_floor(feed)
    words = class_words(feed)
    view = live_view(feed.snapshot, silent_s, words)
    st.html(dead_man_html(feed.beat, words) + stale_html(view.stale) + answer_bar(feed, words))
    left, right = st.columns([2, 3])
    with left:
        st.html(needs_you_html(view.needs_you, words))
        st.html(picture_html(for_the_browser(engine_url, st.context.url), feed.attempt, words))
        st.html(line_html(view.line, view.notices))
    with right:
        st.html(cards_html(view.cards, words=words))


def show(feed: Feed) -> None:
    """The page."""
    if st.session_state.pop("open_person", False):
        st.switch_page(st.session_state.person_page)
    if feed.snapshot is None:
        feed.refresh()  # the sidebar is to speak the class's language at once
    words = class_words(feed)
    st.html(style_html())
    hands.sidebar(feed, words)
    refreshed()
    person = script.tapped()
    if person is not None:
        hands.person_dialog(feed, person, words)


feed = session.feed()
if feed is None:  # the class that the set-up page started has ended meanwhile
    st.rerun()
else:
    show(feed)
