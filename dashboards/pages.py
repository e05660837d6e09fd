"""Streamlit's script: the live page of an engine, the pages of a finished run, and the set-up page.

The pages are chosen by the environment (``GROUPCOACH_ENGINE``, ``GROUPCOACH_RUN``, ``GROUPCOACH_DB``), which ``launch``
sets.
"""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from dashboards import session
from dashboards.feed import ENGINE

PAGES = Path(__file__).parent / "app_pages"


def main() -> None:
    """Set the page up and run the one that fits."""
    st.set_page_config(page_title="groupcoach", page_icon="🏋", layout="wide", initial_sidebar_state="collapsed")
    session.gate(session.words())
    feed = session.feed()
    words = session.words(str((feed.snapshot or {}).get("language", "en")) if feed is not None else None)
    run = session.run_folder()
    pages = []
    if feed is not None:
        pages.append(st.Page(PAGES / "live.py", title=words("class"), default=True))
    if run is not None:
        pages.append(st.Page(PAGES / "finished.py", title=words("finished"), default=not pages))
        pages.append(st.Page(PAGES / "review.py", title=words("review")))
    if pages and (run is not None or session.record()):
        pages.append(st.Page(PAGES / "person.py", title=words("person_page")))
        st.session_state.person_page = pages[-1]
    if not os.environ.get(ENGINE):  # a dashboard of an engine's own shows that engine
        pages.append(st.Page(PAGES / "setup.py", title=words("setup"), default=not pages))
    st.navigation(pages, position="hidden" if len(pages) == 1 else "sidebar").run()


main()
