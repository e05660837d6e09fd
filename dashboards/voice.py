"""What the instructor does about the voice: takes the floor, and gives out the codes of the phones.

Taking the floor is a switch: while it is on, the page tells the engine so again and again, each time for two seconds. A
page that is closed thereby gives the floor back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st

from dashboards.feed import LOOPBACK, Feed, phone_qr, phones
from dashboards.markup import as_label
from dashboards.words import Words

FLOOR_S: Final = 2.0
_SWITCH: Final = "talking"


def talk_switch(feed: Feed, words: Words) -> None:
    """For the sidebar: nobody is told anything while the instructor talks."""

    def turned() -> None:
        feed.order({"kind": "floor", "seconds": FLOOR_S if st.session_state[_SWITCH] else 0})

    if st.toggle(words("talk"), key=_SWITCH, on_change=turned):
        _hold_floor(feed)


@st.fragment(run_every=FLOOR_S / 3)
def _hold_floor(feed: Feed) -> None:
    """The switch is still on."""
    if st.session_state.get(_SWITCH):
        feed.order({"kind": "floor", "seconds": FLOOR_S})


def phone_list(feed: Feed, words: Words) -> None:
    """For the sidebar: where phones find their page, and everybody's code."""
    if st.button(words("phones"), key="phones", width="stretch"):
        st.dialog(words("phones"))(_all_codes)(feed, words)


def _all_codes(feed: Feed, words: Words) -> None:
    found = phones(feed.engine_url)
    _address(str(found.get("address") or ""), words)
    rows: Sequence[Mapping[str, Any]] = found.get("phones") or ()
    for row in rows:
        here = f" · {words('phone_here')}" if row.get("connected") else ""
        st.markdown(f"{as_label(str(row['name'])[:40])}: `{row['code']}`{here}")


def phone_of(feed: Feed, person_id: int, words: Words) -> None:
    """For a person's dialog: the code, to type or to photograph."""
    if not st.toggle(words("phone"), key=f"phone_{st.session_state.get('dialogs', 0)}"):
        return  # the engine is asked only when somebody looks
    found = phones(feed.engine_url)
    code = next((str(p["code"]) for p in found.get("phones") or () if int(p["person"]) == person_id), "")
    _address(str(found.get("address") or ""), words)
    picture = phone_qr(feed.engine_url, person_id) if code else None
    if picture is None:
        st.caption(words("no_code"))
        return
    st.markdown(f"`{code}`")
    st.image(picture, width=260)


def _address(address: str, words: Words) -> None:
    if address:
        st.markdown(f"`{address}`")
    if (urlsplit(address).hostname or "localhost") in LOOPBACK:
        st.caption(words("phones_shut"))
