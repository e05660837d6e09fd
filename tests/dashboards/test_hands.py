"""Hands-on in a real headless browser: two taps each, through the engine's commands, and its refusals are shown."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
from browser import CHROMIUM, MISSING, Browser
from fake_class import FakeEngine, person

from dashboards.launch import launch
from groupcoach.serve.board import (
    CorrectCount,
    GoOn,
    MarkInstructor,
    Merge,
    Mute,
    NextStep,
    Pause,
    PutOnSpot,
    Rename,
    Swap,
    Undo,
    Unmute,
)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

WAIT_S = 60.0  # the machine may be busy: what happens is tested here, how fast in test_pages
EXPAND = "document.querySelector('[data-testid=stExpandSidebarButton]')"
DIALOG = "document.querySelector('[role=dialog] .gc-person')"
HOSTILE = (
    "<script>document.title='hacked'</script>",
    "![x](http://127.0.0.1:9/i.png) [l](javascript:alert(1)) :red[r] $x^2$ **b**",
    "x" * 300,
    "🏋️‍♀️ 하은",
)


@pytest.fixture(scope="module")
def engine():
    made = FakeEngine()
    made.more = {"spots": ("A1", "B2"), "plan": {"at": 2, "of": 5, "exercise_name": "Lunge", "left_s": 40.0}}
    yield made
    made.close()


@pytest.fixture(scope="module")
def page(engine, tmp_path_factory):
    with ExitStack() as stack:
        browser = Browser(tmp_path_factory.mktemp("profile"))
        stack.callback(browser.close)
        dashboard = launch(engine.url, port=8680)
        stack.callback(dashboard.stop)
        browser.open(dashboard.url)
        browser.until("document.querySelectorAll('.gc-card .gc-figure svg').length > 2", 3 * WAIT_S)
        yield browser


def tap_card(page, number):
    page.until(f"!{DIALOG}", WAIT_S)
    page.tap_found(f"document.querySelector('.gc-card[data-person=\"{number}\"]')")
    page.until(DIALOG, WAIT_S)


def tap_button(page, label):
    # the last line: above it an icon's name may stand
    text = "b.innerText.trim().split('\\n').at(-1)"
    found = f"[...document.querySelectorAll('button')].filter(b => {text} == {label!r}).at(-1)"
    page.until(f"{found}?.getBoundingClientRect().x > 0", WAIT_S)
    page.tap_found(found)


def last(engine, kind):
    Browser.wait(lambda: engine.commands and isinstance(engine.commands[-1], kind), WAIT_S, kind.__name__)
    return engine.commands[-1]


def test_two_taps_each(page, engine):
    tap_card(page, 2)
    tap_button(page, "Mute")
    assert last(engine, Mute).person_id == 2
    # this engine refuses all but names
    page.until("document.querySelector('.gc-refused')?.innerText.includes('no such person')", WAIT_S)
    tap_card(page, 1)
    tap_button(page, "Instructor")
    assert (last(engine, MarkInstructor).person_id, engine.commands[-1].instructor) == (1, True)
    tap_card(page, 1)
    tap_button(page, "+1")
    assert (last(engine, CorrectCount).exercise, engine.commands[-1].reps) == ("squat", 5)
    tap_card(page, 3)
    tap_button(page, "Jun")  # the last of the two rows of names: changed places
    assert (last(engine, Swap).person_id, engine.commands[-1].other) == (3, 2)
    tap_card(page, 3)
    tap_button(page, "Undo")
    assert isinstance(last(engine, Undo), Undo)
    assert not [c for c in engine.commands if isinstance(c, Merge | Unmute)]


def test_the_class_is_paused_goes_on_and_to_the_next_exercise(page, engine):
    tap_card(page, 1)
    tap_button(page, "B2")
    assert (last(engine, PutOnSpot).person_id, engine.commands[-1].spot) == (1, "B2")
    page.until(f"!document.querySelector('[role=dialog]') && {EXPAND}", WAIT_S)
    time.sleep(0.5)  # the dialog's shade goes last
    page.click("[data-testid=stExpandSidebarButton]")
    tap_button(page, "Pause the class")
    last(engine, Pause)
    engine.more["paused"] = True
    page.until("document.querySelector('.gc-line').innerText.includes('PAUSED')", WAIT_S)
    tap_button(page, "Go on")
    last(engine, GoOn)
    engine.more["paused"] = False
    page.until("!document.querySelector('.gc-line').innerText.includes('PAUSED')", WAIT_S)
    tap_button(page, "Next exercise of the plan")
    last(engine, NextStep)
    page.until("document.querySelector('.gc-line').innerText.includes('Plan 2 of 5: Lunge (0:40 left)')", WAIT_S)
    # a button that moves away while the finger is down is the one that was meant
    page.ask("addEventListener('mousedown', () => document.querySelector('[data-testid=stSidebarUserContent]')"
             ".style.paddingTop = '160px', {once: true, capture: true})")  # fmt: skip
    tap_button(page, "Mute everybody")
    assert last(engine, Mute).person_id is None
    page.click("[data-testid=stSidebarCollapseButton] button")


def test_a_name_is_typed_and_seen(page, engine):
    tap_card(page, 1)
    field = "document.querySelector('[role=dialog] input[type=text]')"
    page.until(field, WAIT_S)
    page.ask(f"{field}.focus(), {field}.select()")
    page.type("Min-seo <b>")
    page.until(f"{field}.value == 'Min-seo <b>'", WAIT_S)
    tap_button(page, "Rename")
    assert last(engine, Rename).name == "Min-seo <b>"
    page.until("document.querySelector('.gc-who').innerText == 'Min-seo <b>'", WAIT_S)
    page.until("document.querySelector('.gc-done')?.innerText.includes('Min-seo <b>')", WAIT_S)


def test_hostile_names_are_only_names_in_the_dialog_too(page, engine):
    engine.people = [person(i, name=name) for i, name in enumerate(HOSTILE)]
    page.until("document.querySelector('.gc-who').innerText.includes('hacked')", WAIT_S)
    tap_card(page, 4)
    page.until("document.querySelectorAll('[role=dialog] button').length > 8", WAIT_S)
    inside = page.ask("document.querySelector('[role=dialog]').innerHTML")
    text = page.ask("document.querySelector('[role=dialog]').innerText")
    assert "hacked" not in page.ask("document.title")
    assert "![x](http" in text
    assert not any(tag in inside for tag in ("<script", "<img", 'javascript:alert(1)"', "<strong"))
