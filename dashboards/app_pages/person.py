"""One person: this class and the ones before, each repetition, and the body in 3D where its poses were kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from dashboards import session
from dashboards.body import frames_of, turning
from dashboards.markup import heading_html, stale_html, table_html
from dashboards.over import fault_texts
from dashboards.personal import best_and_worst, class_title, classes_table, faults_table, rep_points
from dashboards.style import style_html
from dashboards.words import Words
from groupcoach.errors import GroupCoachError
from groupcoach.store import history
from groupcoach.store.history import ClassOfPerson, Done
from groupcoach.store.reading import Run, load_run


@dataclass(frozen=True, slots=True)
class Source:
    """Where the page reads: the record, the run folder of the class shown, or both."""

    db: str | None
    run: Run | None

    def names(self) -> list[str]:
        """Everybody there is something about; those of the class shown come first."""
        here = [str(p["name"]) for p in self.run.people] if self.run is not None else []
        kept = history.names_in(self.db) if self.db else []
        return list(dict.fromkeys([*here, *kept]))

    def classes(self, name: str) -> list[ClassOfPerson]:
        """Oldest first; from the run folder alone where there is no record."""
        if self.db:
            return history.classes_of(self.db, name)
        assert self.run is not None
        events = self.run.events()
        return [
            ClassOfPerson(0, int(p["id"]), str(self.run.summary.get("source", "")), "", True,
                          history.exercises_of(events, int(p["id"])))
            for p in self.run.people if str(p["name"]) == name
        ]  # fmt: skip

    def texts(self, language: str) -> Mapping[str, str]:
        """What is said about the faults."""
        if self.db:
            return history.fault_texts_in(self.db, language)
        return fault_texts(self.run.events() if self.run is not None else (), language)


def _chart(points: list[dict[str, Any]], column: str, title: str, words: Words) -> dict[str, Any]:
    """A Vega-Lite chart. A repetition with a fault is a triangle, a clean one a circle: the colour only repeats it."""
    kinds = [words("clean_rep"), words("faulty_rep")]
    number = {"field": "rep", "type": "quantitative", "title": words("rep_number"),
              "axis": {"tickMinStep": 1, "format": "d"}, "scale": {"zero": False, "padding": 12}}  # fmt: skip
    legend = {"orient": "top-right"}
    return {
        "data": {"values": points}, "title": title, "height": 300,
        "mark": {"type": "point", "filled": True, "size": 110},
        "encoding": {
            "x": number,
            "y": {"field": column, "type": "quantitative", "title": None,
                  "scale": {"zero": column == "tempo", "padding": 12}},
            "shape": {"field": "kind", "type": "nominal", "title": None, "legend": legend,
                      "scale": {"domain": kinds, "range": ["circle", "triangle-up"]}},
            "color": {"field": "kind", "type": "nominal", "title": None, "legend": legend,
                      "scale": {"domain": kinds, "range": ["#009e73", "#d55e00"]}},
            "tooltip": [{"field": name} for name in ("rep", column, "faults")],
        },
    }  # fmt: skip


def _repetitions(done: Done, texts: Mapping[str, str], words: Words) -> None:
    points = rep_points(done, texts, words)
    if not points:
        return
    left, right = st.columns(2)
    left.vega_lite_chart(spec=_chart(points, "range", words("range_deg"), words))
    right.vega_lite_chart(spec=_chart(points, "tempo", words("tempo_s"), words))


@st.cache_data(show_spinner=False, max_entries=2)
def _poses(folder: Path) -> Mapping[str, Any] | None:
    return load_run(folder).poses()


def _bodies(run: Run, person: int, done: Done, words: Words) -> None:
    chosen, poses = best_and_worst(done), _poses(run.folder)
    if poses is None:
        st.caption(words("no_poses"))
        return
    if chosen is None:
        return
    for place, rep, key in zip(st.columns(2), chosen, ("best_rep", "worst_rep"), strict=True):
        joints = frames_of(poses, person, rep.start_s, rep.end_s)
        if len(joints):
            names = [str(n) for n in poses["joint_names"]]
            figure = turning(joints, names, words("play"), rep.worst_joint or "")
            place.markdown(f"**{words(key, n=rep.number)}**")
            place.plotly_chart(figure, key=key)


def show(source: Source) -> None:
    """The page."""
    words = session.words()
    with st.sidebar:
        session.language_choice(words)
    names, exercises = source.names(), session.exercise_names(words.language)
    if not names:
        st.html(heading_html(words("person_page"), words("no_record")))
        return
    wanted = st.session_state.get("person")
    at = names.index(wanted) if wanted in names else 0
    chosen: str = st.selectbox(words("choose_person"), names, index=at) or names[at]
    st.session_state.person = chosen
    classes, texts = source.classes(chosen), source.texts(words.language)
    st.html(heading_html(chosen))
    if not any(one.exercises for one in classes):
        st.html(heading_html("", words("nothing_kept", name=chosen)))
        return
    st.html(table_html(classes_table(classes, texts, words, exercises), words("classes")))
    which, what = st.columns(2)
    attended = [one for one in reversed(classes) if one.exercises]
    titles = [class_title(one, words) for one in attended]
    one = attended[which.selectbox(words("col:class"), range(len(titles)), format_func=titles.__getitem__) or 0]
    done_names = [exercises.get(done.exercise, done.exercise) for done in one.exercises]
    done = one.exercises[
        what.selectbox(words("choose_exercise"), range(len(done_names)), format_func=done_names.__getitem__) or 0
    ]
    _repetitions(done, texts, words)
    if source.run is not None and one is attended[0] and one.source == source.run.summary.get("source"):
        _bodies(source.run, one.person, done, words)
    faults = faults_table(classes, texts, words, exercises)
    if faults.rows:
        st.html(table_html(faults, words("faults_over_time")))


st.html(style_html())
try:
    folder = session.run_folder()
    show(Source(session.record(), load_run(folder) if folder is not None else None))
except GroupCoachError as error:
    st.html(stale_html(str(error)))
