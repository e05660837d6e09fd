"""The class now: who needs you, the picture, a card per person. What changes is pushed; a tap on a card corrects."""

from __future__ import annotations

import streamlit as st

from dashboards import hands, script, session
from dashboards.feed import Feed, for_the_browser
from dashboards.style import style_html
from dashboards.words import Words


def class_words(feed: Feed) -> Words:
    """In the class's language until another is chosen."""
    return session.words(str((feed.snapshot or {}).get("language", "en")))


def show(feed: Feed) -> None:
    """The page."""
    if st.session_state.pop("open_person", False):
        st.switch_page(st.session_state.person_page)
    words = class_words(feed)
    st.html(style_html())
    hands.sidebar(feed, words)
    person = script.live(for_the_browser(feed.engine_url, st.context.url), words, session.chosen_language())
    if person is not None:
        hands.person_dialog(feed, person, words)


feed = session.feed()
if feed is None:  # the class that the set-up page started has ended meanwhile
    st.rerun()
else:
    show(feed)
