"""A class that is over: the same cards from its run folder, and the annotated film if there is one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards import session
from dashboards.feed import browsers_play, film_frame, film_length
from dashboards.markup import cards_html, faults_html, line_html, table_html
from dashboards.words import Words
from groupcoach.store.run_dir import VIDEO


def _stills(film: Path, words: Words) -> None:
    """Pictures of a film that browsers do not play (OpenCV's wheel writes no other), one moment at a time."""
    frames, fps = film_length(film)
    if frames < 1:
        return
    last = max(frames / fps - 1 / fps, 0.1)
    chosen = st.slider(words("moment"), 0.0, last, min(0.5 * frames / fps, last), 0.1, format="%.1f s")
    picture = film_frame(film, min(frames - 1, int(chosen * fps)))
    if picture is not None:
        st.image(picture, caption=words("film", film=film.name))


def show(folder: Path) -> None:
    """The page of one run folder."""
    words, run, view = session.finished_class(folder)
    left, right = st.columns([2, 3])
    with left:
        st.html(faults_html(view.faults, words))
        film, notices = folder / VIDEO, list(run.summary.get("notices", ()))
        if film.is_file() and browsers_play(film):
            st.video(film, autoplay=True, loop=True, muted=True)
        elif film.is_file():
            _stills(film, words)
        st.html(line_html(f"{view.title} · {view.line}", notices))
    with right:
        st.html(cards_html(view.cards, empty=words("nobody_seen"), short=True, words=words))
    st.html(table_html(view.per_person, words("per_person")))


run = session.run_folder()
assert run is not None  # this page is only there with a run
show(run)
