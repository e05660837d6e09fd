"""The pages' HTML, from views: strings in, escaped strings out (no Streamlit here).

Every text that comes from outside (names, exercise names, cue texts, notices) passes ``_e`` on its way into HTML.
A colour never stands alone: ``ok`` has a circle, ``fault`` a triangle, ``rest`` a pause, ``lost`` a dashed frame and
the word; a flagged joint is red and has a ring.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dashboards.figure import HEIGHT, TRACE_HEIGHT, TRACE_WIDTH, WIDTH, drawing, numbers, trace_points
from dashboards.over import Table
from dashboards.views import Card, State
from dashboards.words import ENGLISH, Words

MARK: Final[Mapping[State, str]] = {"ok": "●", "fault": "▲", "lost": "◌", "rest": "‖"}

TRACED: Final = 20
"""On smaller cards there is no room for the line of the drive angle."""


def cards_html(cards: Sequence[Card], empty: str = "", short: bool = False, words: Words = ENGLISH) -> str:
    """The grid of cards; its density follows the number of people, ``short`` leaves room below for a table."""
    if not cards:
        return empty_html(empty or words("nobody"))
    kind = f"{cards_class(len(cards))}{' gc-short' if short else ''}"
    return f'<div class="{kind}">{"".join(card_htmls(cards, words))}</div>'


def cards_class(n: int) -> str:
    """The classes of a grid of ``n`` cards; without any it is no grid."""
    density = next(d for d in (1, 2, 4, 6, 9, 12, 20, 30, 10_000) if n <= d)
    return f"gc-cards gc-upto{min(density, 31)}" if n else ""


def card_htmls(cards: Sequence[Card], words: Words = ENGLISH) -> list[str]:
    """The cards of a grid one by one."""
    return [card_html(card, words, len(cards) <= TRACED) for card in cards]


def empty_html(text: str) -> str:
    """In place of the cards."""
    return f'<div class="gc-empty">{_e(text)}</div>'


def card_html(card: Card, words: Words = ENGLISH, traced: bool = True) -> str:
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
    tags = "".join(f'<span class="gc-tag">{_e(tag)}</span>' for tag in card.tags)
    trace = _trace(card) if traced else ""
    target = f'<span class="gc-target">{_e(card.target)}</span>' if card.target else ""
    tap = (
        f' data-person="{int(card.person_id)}" role="button" tabindex="0" '
        f'aria-label="{_e(words("tap", name=card.name))}"'
        if card.can_be_tapped
        else ""
    )
    return (
        f'<div class="gc-card gc-{card.state}"{tap}><div class="gc-name">'
        f'<span class="gc-mark">{MARK[card.state]}</span><span class="gc-who">{_e(card.name)}</span>'
        f'<span class="gc-tags">{tags}</span></div>'
        f'<div class="gc-mid"><span class="gc-count">{_e(card.count)}{target}</span>{trace}{_figure(card)}</div>'
        f'<div class="gc-side"><span class="gc-exercise">{_e(card.exercise)}</span>'
        f'<span class="gc-clean"{_short(card)}><span>{_e(card.clean)}</span></span></div>{share}{foot}</div>'
    )


def _short(card: Card) -> str:
    """Of a small card the figures alone: the exercise needs the room."""
    if card.clean_share is None or not card.count.isdigit():
        return ""
    return f' data-short="{round(card.clean_share * int(card.count))}/{int(card.count)} ✓"'


def _figure(card: Card) -> str:
    figure = drawing(card.figure, card.flagged)
    if figure is None:
        return ""
    head = numbers([figure.head] if figure.head else [])
    return (
        f'<span class="gc-draw gc-figure" data-box="-12 -12 {WIDTH + 24} {HEIGHT + 24}" '
        f'data-lines="{numbers(figure.lines)}" data-head="{head}" data-rings="{numbers(figure.rings)}"></span>'
    )


def _trace(card: Card) -> str:
    points = trace_points(card.trace)
    return (f'<span class="gc-draw gc-trace" data-box="0 -2 {TRACE_WIDTH} {TRACE_HEIGHT + 4}" '
            f'data-points="{numbers(points)}"></span>') if points else ""  # fmt: skip


def needs_you_html(cards: Sequence[Card], words: Words = ENGLISH) -> str:
    """The strip of up to three people; it keeps its height when nobody needs help, so that nothing jumps."""
    rows = [
        _need(c.name, "" if c.since_s is None else words("seconds", n=round(c.since_s)),
              c.todo + (f" ({c.joint})" if c.joint else ""), c.person_id)
        for c in cards
    ]  # fmt: skip
    return _strip(words("needs_you"), rows, words("needs_nobody"))


def faults_html(faults: Sequence[tuple[str, int]], words: Words = ENGLISH) -> str:
    """The same strip for a finished class: its most common faults."""
    rows = [_need(text, words.times(n), "") for text, n in faults]
    return _strip(words("common_faults"), rows, words("no_faults"))


def _strip(label: str, rows: Sequence[str], nothing: str) -> str:
    body = (
        "".join(rows) or f'<div class="gc-need gc-nobody"><span class="gc-mark">{MARK["ok"]}</span>{_e(nothing)}</div>'
    )
    return f'<div class="gc-needs"><div class="gc-label">{_e(label)}</div>{body}</div>'


def _need(who: str, how: str, what: str, person: int | None = None) -> str:
    second = f'<div class="gc-what">{_e(what)}</div>' if what else ""
    tap = "" if person is None else f' data-person="{int(person)}"'
    return (f'<div class="gc-row"{tap}><div class="gc-need"><span class="gc-mark">{MARK["fault"]}</span>'
            f'<b>{_e(who)}</b><span class="gc-since">{_e(how)}</span></div>{second}</div>')  # fmt: skip


def line_html(line: str, notices: Iterable[str]) -> str:
    """The class line, and what the engine has to say."""
    said = "".join(f'<div class="gc-notice">{_e(n)}</div>' for n in notices)
    return f'<div class="gc-line">{_e(line)}</div>{said}'


def stale_html(why: str) -> str:
    """The red bar over a page that does not show the present."""
    return f'<div class="gc-stale" role="alert">■ {_e(why)}</div>' if why else ""


def dead_man_html(beat: int, words: Words = ENGLISH) -> str:
    """A red bar that appears by itself when the page is not refreshed for two seconds.

    Only CSS counts the time, so it works when the dashboard's own process is gone. ``beat`` changes with each refresh,
    which makes a new element and starts the count again.
    """
    return f'<div class="gc-stale gc-deadman" data-beat="{int(beat)}">■ {_e(words("not_refreshed"))}</div>'


def answer_html(done: bool, text: str) -> str:
    """What became of the last command: a bar at the lower edge, over the page, so that nothing moves."""
    if not text:
        return ""
    kind, mark = ("gc-done", "✔") if done else ("gc-refused", "✖")
    return f'<div class="gc-answer {kind}" role="status">{mark} {_e(text)}</div>'


def table_html(table: Table, caption: str) -> str:
    """A table that prints well."""
    figures = [' class="gc-n"' if i in table.figures else "" for i in range(len(table.head))]
    head = "".join(f'<th scope="col"{f}>{_e(cell)}</th>' for f, cell in zip(figures, table.head, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{f}>{_e(cell)}</td>" for f, cell in zip(figures, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    return (f'<table class="gc-table"><caption>{_e(caption)}</caption><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table>")  # fmt: skip


def heading_html(title: str, line: str = "") -> str:
    """The title of a page."""
    return f'<h1 class="gc-title">{_e(title)}</h1><div class="gc-line">{_e(line)}</div>'


def person_html(name: str) -> str:
    """Whose corrections are open."""
    return f'<div class="gc-person">{_e(name)}</div>'


def as_label(text: str) -> str:
    """A text as a label of a Streamlit widget, which takes Markdown: every mark becomes an ordinary character."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def _e(text: str) -> str:
    return html.escape(text, quote=True)
