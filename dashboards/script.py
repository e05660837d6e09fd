"""Puts the live page's script (``page.js``) on the page, and says what it tells: a tap, or that buttons are others."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from dashboards.markup import dead_man_html
from dashboards.words import Words

JS = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
HTML = (
    '<div class="gc-live"><div class="gc-at-top"></div><div class="gc-left"><div class="gc-at-needs"></div>'
    '<div class="gc-picture"><img alt=""></div><div class="gc-at-line"></div></div>'
    '<div class="gc-right"><div class="gc-at-cards"></div></div></div>'
)
#: Tells when the state that came with the stream is not the one that the buttons were drawn for.
TOLD = """
export default function (component) {
  const told = () => {
    const page = window.groupcoachPage, drawn = component.data.state, now = Date.now();
    if (page?.state === undefined || page.state === drawn) return;
    if (now - (page.asked || 0) < 2000) return; // asked already; once more, should that be lost
    page.asked = now;
    component.setTriggerValue('state', page.state);
  };
  const wait = setInterval(() => {
    if (!window.groupcoachPage) return;
    clearInterval(wait);
    window.groupcoachPage.told = told;
    told();
  }, 100);
  return () => clearInterval(wait);
}
"""


@lru_cache(maxsize=1)
def _page() -> Any:
    from streamlit.components.v2 import component

    return component("groupcoach_page", html=HTML, js=JS, isolate_styles=False)


@lru_cache(maxsize=1)
def _told() -> Any:
    from streamlit.components.v2 import component

    return component("groupcoach_told", js=TOLD, isolate_styles=False)


def _nothing() -> None:
    """Streamlit wants to be told what to do about a trigger: the run that it starts is enough."""


def live(engine_url: str, words: Words, chosen: str) -> int | None:
    """The live page, fed by the stream; the person whose card was tapped just now, else None.

    Call outside of fragments.

    Args:
        engine_url: as the browser reaches the engine, for its picture.
        words: in the language of this run.
        chosen: the language that was asked for; empty: the class's, which may become known later.
    """
    data = {"engine": engine_url.rstrip("/"), "language": chosen, "drawn": words.language, "picture": words("picture"),
            "over": dead_man_html(0, words)}  # fmt: skip
    value = _page()(key="page_script", data=data, on_person_change=_nothing, on_again_change=_nothing).person
    return int(value) if isinstance(value, (int, float)) else None


def told_of(state: str) -> None:
    """Run the fragment in which this is called again once the engine's state is another one than ``state``."""
    _told()(key="told_script", data={"state": state}, on_state_change=_nothing)
