"""A class that is over: the same cards from its run folder, the annotated film if there is one, and the table."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from dashboards.feed import RUN, browsers_play, film_frame, film_length
from dashboards.markup import cards_html, faults_html, line_html, stale_html
from dashboards.style import style_html
from dashboards.views import run_view
from groupcoach.errors import GroupCoachError
from groupcoach.store.run_dir import VIDEO, load_run


def _stills(film: Path) -> None:
    """Pictures of a film that browsers do not play (OpenCV's wheel writes no other), one moment at a time."""
    frames, fps = film_length(film)
    if frames < 1:
        return
    chosen = st.slider("Moment", 0.0, max(frames / fps - 1 / fps, 0.1), 0.5 * frames / fps, 0.1, format="%.1f s")
    picture = film_frame(film, min(frames - 1, int(chosen * fps)))
    if picture is not None:
        st.image(picture, caption=f"The whole film, for a video player: {film}")


def show(folder: Path) -> None:
    """The page of one run folder."""
    st.html(style_html())
    try:
        run = load_run(folder)
        view = run_view(run.summary, run.events())
    except GroupCoachError as error:
        st.html(stale_html(str(error)))
        return
    left, right = st.columns([2, 3])
    with left:
        st.html(faults_html(view.faults))
        film, notices = folder / VIDEO, list(run.summary.get("notices", ()))
        if film.is_file() and browsers_play(film):
            st.video(film, autoplay=True, loop=True, muted=True)
        elif film.is_file():
            _stills(film)
        st.html(line_html(f"{view.title} · {view.line}", notices))
    with right:
        st.html(cards_html(view.cards, empty="Nobody was seen in this class.", short=True))
    st.dataframe([dict(row) for row in view.rows], hide_index=True)


show(Path(os.environ[RUN]))
