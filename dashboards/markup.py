"""The pages' HTML, from views: strings in, escaped strings out (no Streamlit here).

Every text that comes from outside (names, exercise names, cue texts, notices) passes ``_e`` on its way into HTML.
A colour never stands alone: ``ok`` has a circle, ``fault`` a triangle, ``lost`` a dashed frame and the word.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dashboards.views import Card, State, times

MARK: Final[Mapping[State, str]] = {"ok": "●", "fault": "▲", "lost": "◌"}


def cards_html(cards: Sequence[Card], empty: str = "Nobody in the picture yet.", short: bool = False) -> str:
    """The grid of cards; its density follows the number of people, ``short`` leaves room below for a table."""
    if not cards:
        return f'<div class="gc-empty">{_e(empty)}</div>'
    density = next(d for d in (1, 2, 4, 6, 9, 12, 20, 30, 10_000) if len(cards) <= d)
    kind = f"gc-cards gc-upto{min(density, 31)}{' gc-short' if short else ''}"
    return f'<div class="{kind}">{"".join(map(card_html, cards))}</div>'


def card_html(card: Card) -> str:
    """One person's card: every part keeps its place, whatever the others say."""
    share = (
        "" if card.clean_share is None else f'<i class="gc-bar"><b style="width:{100 * card.clean_share:.0f}%"></b></i>'
    )
    joint = f' <span class="gc-joint">({_e(card.joint)})</span>' if card.joint else ""
    foot = (
        f'<div class="gc-todo">{_e(card.todo)}{joint}</div>'
        if card.todo
        else f'<div class="gc-note">{_e(card.note)}</div>'
    )
    tag = '<span class="gc-tag">cues off</span>' if card.muted else ""
    return (
        f'<div class="gc-card gc-{card.state}"><div class="gc-name"><span class="gc-mark">{MARK[card.state]}</span>'
        f'<span class="gc-who">{_e(card.name)}</span>{tag}</div>'
        f'<div class="gc-mid"><span class="gc-count">{_e(card.count)}</span><span class="gc-side">'
        f'<span class="gc-exercise">{_e(card.exercise)}</span>'
        f'<span class="gc-clean">{_e(card.clean)}</span>{share}</span></div>{foot}</div>'
    )


def needs_you_html(cards: Sequence[Card]) -> str:
    """The strip of up to three people; it keeps its height when nobody needs help, so that nothing jumps."""
    rows = [_need(c.name, "" if c.since_s is None else f"{c.since_s:.0f} s", c.todo) for c in cards]
    return _strip("Who needs you", rows, "Nobody needs you now.")


def faults_html(faults: Sequence[tuple[str, int]]) -> str:
    """The same strip for a finished class: its most common faults."""
    return _strip("What went wrong most often", [_need(text, times(n), "") for text, n in faults], "Nothing found.")


def _strip(label: str, rows: Sequence[str], nothing: str) -> str:
    body = (
        "".join(rows) or f'<div class="gc-need gc-nobody"><span class="gc-mark">{MARK["ok"]}</span>{_e(nothing)}</div>'
    )
    return f'<div class="gc-needs"><div class="gc-label">{_e(label)}</div>{body}</div>'


def _need(who: str, how: str, what: str) -> str:
    second = f'<div class="gc-what">{_e(what)}</div>' if what else ""
    return (f'<div class="gc-need"><span class="gc-mark">{MARK["fault"]}</span><b>{_e(who)}</b>'
            f'<span class="gc-since">{_e(how)}</span></div>{second}')  # fmt: skip


def line_html(line: str, notices: Iterable[str]) -> str:
    """The class line, and what the engine has to say."""
    said = "".join(f'<div class="gc-notice">{_e(n)}</div>' for n in notices)
    return f'<div class="gc-line">{_e(line)}</div>{said}'


def stale_html(why: str) -> str:
    """The red bar over a page that does not show the present."""
    return f'<div class="gc-stale">■ {_e(why)}</div>' if why else ""


def dead_man_html(beat: int) -> str:
    """A red bar that appears by itself when the page is not refreshed for two seconds.

    Only CSS counts the time, so it works when the dashboard's own process is gone. ``beat`` changes with each refresh,
    which makes a new element and starts the count again.
    """
    text = "■ This page is not being refreshed: what you see is old."
    return f'<div class="gc-stale gc-deadman" data-beat="{int(beat)}">{text}</div>'


def picture_html(engine_url: str, attempt: int) -> str:
    """The engine's picture stream; another ``attempt`` makes the browser connect again."""
    source = _e(f"{engine_url.rstrip('/')}/preview.mjpg?{int(attempt)}")
    return f'<div class="gc-picture"><img src="{source}" alt="The camera picture with names and skeletons"></div>'


def _e(text: str) -> str:
    return html.escape(text, quote=True)
