"""Review: the class on one page, per exercise and per person, to keep (CSV, HTML) and to print."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards import session
from dashboards.markup import heading_html, table_html
from groupcoach.store.report import to_csv, to_html


def show(folder: Path) -> None:
    """The page of one run folder."""
    words, run, view = session.finished_class(folder)
    common = " · ".join(f"{text} ({words.times(n)})" for text, n in view.faults)
    st.html(heading_html(view.title, view.line + (f" · {words('common_faults')}: {common}" if common else "")))
    csv, page, _ = st.columns([1, 1, 4])
    # the byte order mark lets spreadsheets read Korean names
    csv.download_button(words("download_csv"), "\ufeff" + to_csv(run.summary), f"{folder.name}.csv", "text/csv",
                        width="stretch", on_click="ignore")  # fmt: skip
    page.download_button(words("download_html"), to_html(run.summary), f"{folder.name}.html", "text/html",
                         width="stretch", on_click="ignore")  # fmt: skip
    st.html(f'<div class="gc-line gc-screen">{words("print")}</div>')
    st.html(table_html(view.per_exercise, words("per_exercise")))
    st.html(table_html(view.per_person, words("per_person")))


run = session.run_folder()
assert run is not None  # this page is only there with a run
show(run)
