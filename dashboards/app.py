"""Entry point for ``streamlit run``: the live page when an engine is given, the pages of a finished run otherwise.

The pages are chosen by the environment (``GROUPCOACH_ENGINE``, ``GROUPCOACH_RUN``, ``GROUPCOACH_DB``), which ``launch``
sets.
"""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from dashboards import session
from dashboards.feed import DB, ENGINE, RUN

PAGES = Path(__file__).parent / "app_pages"


def main() -> None:
    """Set the page up and run the one that fits."""
    st.set_page_config(page_title="groupcoach", page_icon="🏋", layout="wide", initial_sidebar_state="collapsed")
    feed = session.feed()
    words = session.words(str((feed.snapshot or {}).get("language", "en")) if feed is not None else None)
    pages = []
    if os.environ.get(ENGINE):
        pages.append(st.Page(PAGES / "live.py", title=words("class"), default=True))
    if os.environ.get(RUN):
        pages.append(st.Page(PAGES / "finished.py", title=words("finished"), default=not pages))
        pages.append(st.Page(PAGES / "review.py", title=words("review")))
    if pages and (os.environ.get(RUN) or os.environ.get(DB)):
        pages.append(st.Page(PAGES / "person.py", title=words("person_page")))
        st.session_state.person_page = pages[-1]
    if not pages:
        pages.append(st.Page(PAGES / "nothing.py", title="groupcoach", default=True))
    st.navigation(pages, position="hidden" if len(pages) == 1 else "sidebar").run()


main()
