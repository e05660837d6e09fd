"""Entry point for ``streamlit run``: the live page when an engine is given, the page of a finished run otherwise.

The pages are chosen by the environment (``GROUPCOACH_ENGINE``, ``GROUPCOACH_RUN``), which ``launch`` sets.
"""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from dashboards.feed import ENGINE, RUN

PAGES = Path(__file__).parent / "app_pages"


def main() -> None:
    """Set the page up and run the one that fits."""
    st.set_page_config(page_title="groupcoach", page_icon="🏋", layout="wide", initial_sidebar_state="collapsed")
    pages = []
    if os.environ.get(ENGINE):
        pages.append(st.Page(PAGES / "live.py", title="Class", default=True))
    if os.environ.get(RUN):
        pages.append(st.Page(PAGES / "finished.py", title="Finished class", default=not pages))
    if not pages:
        pages.append(st.Page(PAGES / "nothing.py", title="groupcoach", default=True))
    st.navigation(pages, position="hidden" if len(pages) == 1 else "sidebar").run()


main()
