"""Hands-on: what the instructor corrects from the live page, in two taps each, through the engine's commands.

A tap on a card opens the dialog, the second tap does it. The sidebar has what concerns everybody. The engine's answer
(or its refusal) is shown by the page when it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboards import script
from dashboards.feed import Feed
from dashboards.markup import as_label, person_html
from dashboards.relay import state_of
from dashboards.session import feed as feed_now
from dashboards.session import language_choice
from dashboards.views import RESTING, name_of
from dashboards.voice import phone_list, phone_of, talk_switch
from dashboards.words import Words

_MOST_REPS = 100_000


def sidebar(feed: Feed, words: Words) -> None:
    """What concerns the whole class."""
    with st.sidebar:
        language_choice(words)
        talk_switch(feed, words)
        _whole_class(feed, words)
        phone_list(feed, words)


@st.fragment
def _whole_class(feed: Feed, words: Words) -> None:
    """Drawn again when the engine says what another tap would do: what is here is a fragment, no dialog is closed."""
    feed = feed_now() or feed  # the visitor may have signed in anew since the page was drawn
    now = feed.snapshot or {}
    script.told_of(state_of(now))
    st.markdown(f"**{words('whole_class')}**")
    kind, icon = ("go_on", "play_arrow") if now.get("paused") else ("pause", "pause")
    # one button under one key: were it another one, all below would move under the finger while it is exchanged
    _button(feed, words(kind), "pause", {"kind": kind}, icon=f":material/{icon}:")
    if now.get("plan"):
        _button(feed, words("next_step"), "next_step", {"kind": "next_step"}, icon=":material/skip_next:")
    _button(feed, words("mute_all"), "mute_all", {"kind": "mute", "person_id": None})
    _button(feed, words("unmute_all"), "unmute_all", {"kind": "unmute", "person_id": None})
    _button(feed, words("undo"), "undo", {"kind": "undo"})
    st.caption(words("tap_a_card"))
    with st.popover(words("end_class"), width="stretch"):
        _button(feed, words("end_really"), "end_class", {"kind": "end_class"})


def person_dialog(feed: Feed, person_id: int, words: Words) -> None:
    """The corrections of one person.

    Args:
        feed: the engine.
        person_id: whose card was tapped.
        words: the language.
    """
    # a widget keeps its value under its key: what was chosen in an earlier dialog must not be done again
    st.session_state.dialogs = st.session_state.get("dialogs", 0) + 1
    st.dialog(words("hands_on"), width="medium")(_corrections)(feed, person_id, words)


def _corrections(feed: Feed, person_id: int, words: Words) -> None:
    people = {int(p["person_id"]): p for p in (feed.snapshot or {}).get("people", ())}
    person = people.get(person_id)
    if person is None:
        st.info(words("gone"))
        return
    name = name_of(person, words)
    st.html(person_html(name))
    _switches(feed, person, words)
    _rename(feed, person_id, name, words)
    _count(feed, person, words)
    _spot(feed, person, words)
    others = {i: name_of(p, words) for i, p in people.items() if i != person_id}
    if others:
        merged = _pick(words("merge_with"), "merge", others)
        if merged is not None:
            _do(feed, {"kind": "merge", "person_id": person_id, "into": merged})
        swapped = _pick(words("swap_with"), "swap", others)
        if swapped is not None:
            _do(feed, {"kind": "swap", "person_id": person_id, "other": swapped})
    phone_of(feed, person_id, words)
    history_page = st.session_state.get("person_page")  # there is none without a record to read
    if history_page is not None and st.button(words("history"), icon=":material/history:", width="stretch"):
        st.session_state.person = name
        st.session_state.open_person = True  # from within a dialog the page would stay empty
        st.rerun()


def _switches(feed: Feed, person: Mapping[str, Any], words: Words) -> None:
    person_id, teaches = int(person["person_id"]), bool(person.get("instructor"))
    mute = "unmute" if person.get("muted") else "mute"
    one, two, three, four = st.columns(4)
    with one:
        _button(feed, words(mute), "mute", {"kind": mute, "person_id": person_id}, closes=True)
    with two:
        mark = {"kind": "mark_instructor", "person_id": person_id, "instructor": not teaches}
        _button(feed, words("not_instructor" if teaches else "is_instructor"), "teach", mark, closes=True)
    with three:
        _button(feed, words("split"), "split", {"kind": "split", "person_id": person_id}, closes=True)
    with four:
        _button(feed, words("undo_short"), "undo_here", {"kind": "undo"}, closes=True)


def _rename(feed: Feed, person_id: int, name: str, words: Words) -> None:
    with st.form(_key("rename"), border=False):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        # the engine takes 60 characters; a longer name of a former record is cut for the field, not in the record
        typed = left.text_input(words("name"), value=name[:60], max_chars=60, key=_key("name"))
        if right.form_submit_button(words("rename"), width="stretch"):
            _do(feed, {"kind": "rename", "person_id": person_id, "name": typed})


def _count(feed: Feed, person: Mapping[str, Any], words: Words) -> None:
    totals = {str(k): int(v) for k, v in (person.get("totals") or {}).items() if k not in RESTING}
    shown = str(person.get("exercise") or "")
    if shown not in RESTING:
        totals.setdefault(shown, int(person.get("reps") or 0))
    exercise = shown if shown in totals else max(totals, key=totals.__getitem__, default="")
    if not exercise or person.get("instructor"):
        return
    person_id, now = int(person["person_id"]), totals[exercise]
    called = str(person.get("exercise_name")) if exercise == shown else exercise.replace("_", " ")
    less, more, value, sets = st.columns([1, 1, 2, 1], vertical_alignment="bottom")
    wanted = value.number_input(words("count_of", exercise=as_label(called)), 0, _MOST_REPS, now, key=_key("count"))
    order = {"kind": "correct_count", "person_id": person_id, "exercise": exercise}
    if less.button("−1", width="stretch", disabled=now < 1, key="less"):
        _do(feed, {**order, "reps": now - 1})
    if more.button("+1", width="stretch", key="more"):
        _do(feed, {**order, "reps": now + 1})
    if sets.button(words("set_count"), width="stretch", key="set"):
        _do(feed, {**order, "reps": int(wanted)})


def _spot(feed: Feed, person: Mapping[str, Any], words: Words) -> None:
    spots = [str(spot) for spot in (feed.snapshot or {}).get("spots") or ()]
    now = person.get("spot")
    if not spots or person.get("instructor"):
        return
    chosen = st.pills(words("put_on_spot"), spots, format_func=lambda spot: as_label(_cut(spot)),
                      default=now if now in spots else None, key=_key("spot"))  # fmt: skip
    if chosen is not None and chosen != now:
        _do(feed, {"kind": "put_on_spot", "person_id": int(person["person_id"]), "spot": chosen})


def _pick(label: str, key: str, others: Mapping[int, str]) -> int | None:
    return st.pills(label, list(others), format_func=lambda i: as_label(_cut(others[i])), key=_key(key))


def _key(name: str) -> str:
    return f"{name}_{st.session_state.dialogs}"


def _cut(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def _button(feed: Feed, label: str, key: str, command: Mapping[str, Any], *, closes: bool = False,
            icon: str | None = None) -> None:  # fmt: skip
    # a callback: it does what the button said when it was tapped, whatever it would say now
    if st.button(label, key=key, width="stretch", icon=icon, on_click=feed.order, args=(command,)) and closes:
        st.rerun()


def _do(feed: Feed, command: Mapping[str, Any]) -> None:
    """Send a command and close the dialog."""
    feed.order(command)
    st.rerun()
