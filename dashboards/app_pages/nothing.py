"""Opened without an engine and without a run: says how to get either."""

from __future__ import annotations

import streamlit as st

from dashboards.markup import cards_html
from dashboards.session import words
from dashboards.style import style_html

st.html(style_html())
st.html(cards_html((), empty=words()("nothing")))
