"""The class now: who needs you, the picture, a card per person. Refreshed twice a second."""

from __future__ import annotations

import os

import streamlit as st

from dashboards.feed import ENGINE, Feed, for_the_browser
from dashboards.markup import cards_html, dead_man_html, line_html, needs_you_html, picture_html, stale_html
from dashboards.style import style_html
from dashboards.views import live_view

engine_url = os.environ[ENGINE]
if "feed" not in st.session_state:
    st.session_state.feed = Feed(engine_url)
st.html(style_html())


@st.fragment(run_every=0.5)
def refreshed() -> None:
    """Everything that changes; elements keep their place, and the browser only redraws those whose HTML changed."""
    feed: Feed = st.session_state.feed
    silent_s = feed.refresh()
    view = live_view(feed.snapshot, silent_s)
    st.html(dead_man_html(feed.beat) + stale_html(view.stale))
    left, right = st.columns([2, 3])
    with left:
        st.html(needs_you_html(view.needs_you))
        st.html(picture_html(for_the_browser(engine_url, st.context.url), feed.attempt))
        st.html(line_html(view.line, view.notices))
    with right:
        st.html(cards_html(view.cards))


refreshed()
