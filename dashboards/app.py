"""Entry point for ``streamlit run``: Streamlit's pages, and beside them the stream that feeds the live page."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Route
from streamlit.starlette import App

from dashboards.stream import EVENTS, ends_with_the_server, events

app = App(Path(__file__).with_name("pages.py"), routes=[Route(EVENTS, events)], lifespan=ends_with_the_server)
