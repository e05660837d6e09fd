"""Set-up: camera with its picture, roster and spots, plan, language, voice, the machine; starts and ends the class."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards import session
from dashboards.markup import heading_html, stale_html
from dashboards.studio import Choice, Studio
from dashboards.style import style_html
from dashboards.words import Words
from groupcoach.commands.demo import SAMPLE
from groupcoach.errors import GroupCoachError

_OTHER = "other"


def _source(words: Words, studio: Studio) -> str:
    """Which camera; its picture on request (a light goes on then)."""
    from groupcoach.source.devices import cameras_seen

    sample = f"loop:{SAMPLE / 'class.mp4'}"
    seen = cameras_seen()
    cameras = [str(n) for n in (range(3) if seen is None else seen)]
    names = {**{n: words("camera", n=n) for n in cameras}, sample: words("sample_class"), _OTHER: words("other_source")}
    spec = chosen = str(st.radio(words("source"), list(names), format_func=names.__getitem__, key="source"))
    if chosen == _OTHER:
        spec = st.text_input(words("address"), placeholder="rtsp://camera.studio/1", max_chars=500).strip()
    busy = studio.state in ("starting", "running")
    if st.button(words("show_picture"), disabled=busy or not spec, icon=":material/photo_camera:"):
        try:
            st.image(_first_picture(spec), caption=words("picture_of"), width="stretch")
        except GroupCoachError as error:
            st.error(str(error), icon=":material/error:")
    return spec


def _first_picture(spec: str) -> Any:
    from groupcoach.source import open_source

    with open_source(spec) as source:
        return next(iter(source.frames())).image


def _tables(words: Words) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Roster with spots, and the plan: rows as typed."""
    text, tick, number = st.column_config.TextColumn, st.column_config.CheckboxColumn, st.column_config.NumberColumn
    choose = st.column_config.SelectboxColumn
    exercises = session.exercise_names(words.language)
    st.subheader(words("roster"))
    st.caption(words("roster_help"))
    nobody: Any = [{"name": "", "spot": "", "language": None, "say": "", "notes": "", "instructor": False}]
    roster = st.data_editor(
        nobody, key="roster",
        num_rows="dynamic", width="stretch", hide_index=True,
        column_config={
            "name": text(words("name"), max_chars=60), "spot": text(words("spot"), max_chars=30),
            "language": choose(words("language"), options=["en", "ko"]), "say": text(words("say_as"), max_chars=60),
            "notes": text(words("notes"), max_chars=500), "instructor": tick(words("is_instructor")),
        },
    )  # fmt: skip
    st.subheader(words("plan"))
    nothing: Any = [{"exercise": None, "reps": None, "seconds": None, "rest_s": None}]
    plan = st.data_editor(
        nothing, key="plan", num_rows="dynamic",
        width="stretch", hide_index=True,
        column_config={
            "exercise": choose(words("col:exercise"), options=[e for e in exercises if e != "stand"],
                               format_func=lambda e: exercises.get(str(e), str(e))),
            "reps": number(words("col:reps"), min_value=1, max_value=1000, step=1),
            "seconds": number(words("plan_seconds"), min_value=1, max_value=7200),
            "rest_s": number(words("plan_rest"), min_value=0, max_value=3600),
        },
    )  # fmt: skip
    return list(roster), list(plan)


def _voice(words: Words, language: str) -> bool:
    wanted = bool(st.toggle(words("voice"), value=True))
    said = st.text_input(words("voice_text"), value=words("voice_sample"), max_chars=120)
    if st.button(words("voice_test"), icon=":material/volume_up:", disabled=not said.strip()):
        from groupcoach.cues.settings import load_settings
        from groupcoach.cues.trial import try_voice

        try:
            took_s = try_voice(said, load_settings().setup(language))
            st.success(words("voice_heard", n=round(took_s, 1)))
        except GroupCoachError as error:
            st.error(str(error), icon=":material/error:")
    return wanted


def _machine(words: Words) -> None:
    if not st.button(words("check_machine"), icon=":material/stethoscope:"):
        return
    from groupcoach.doctor import run_checks

    with st.spinner(words("checking")):
        checks = run_checks()
    for check in checks:
        mark = "✔" if check.ok else "✖" if check.needed else "▲"
        st.text(f"{mark} {check.name}: {check.detail}" + (f"\n   → {check.fix}" if check.fix and not check.ok else ""))


@st.fragment(run_every=1.0)
def _state(studio: Studio, words: Words, shown: str) -> None:
    """What became of the class; the page is drawn again when that changes."""
    if studio.state != shown:
        st.rerun()
    kind = {"starting": st.info, "running": st.success, "failed": st.error}.get(studio.state, st.info)
    if studio.state != "none":
        kind(words(f"class_{studio.state}"))
    if studio.state in ("starting", "failed") and studio.said:
        st.code("\n".join(list(studio.said)[-8:]), language=None)


def show() -> None:
    """The page."""
    st.html(style_html())
    words, studio = session.words(), session.studio()
    with st.sidebar:
        session.language_choice(words)
    st.html(heading_html(words("setup"), words("setup_help")))
    left, right = st.columns([3, 2], gap="large")
    with right:
        spec = _source(words, studio)
        language = st.segmented_control(words("class_language"), ["en", "ko"], default=words.language,
                                        format_func={"en": "English", "ko": "한국어"}.__getitem__)  # fmt: skip
        voice = _voice(words, str(language or words.language))
        _machine(words)
    with left:
        roster, plan = _tables(words)
        state = studio.state
        busy = state in ("starting", "running")
        if st.button(words("start_class"), type="primary", width="stretch", disabled=busy or not spec):
            try:
                studio.start(Choice(spec, str(language or words.language), voice, roster, plan))
                st.rerun()
            except (GroupCoachError, OSError) as error:
                st.html(stale_html(str(error)))
        if busy and st.button(words("end_class"), width="stretch"):
            studio.end()
            st.rerun()
        _state(studio, words, state)


show()
