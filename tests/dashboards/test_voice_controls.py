"""The voice's part of the live page in a real headless browser: taking the floor, and the phones' codes."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from browser import CHROMIUM, MISSING, Browser
from fake_class import FakeEngine

from dashboards.launch import launch
from dashboards.words import Words
from groupcoach.cues.phones import PhoneDesk
from groupcoach.serve.board import Floor

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

WAIT_S = 60.0
ADDRESS = "http://192.168.1.20:8780/me"
EN = Words("en")


@pytest.fixture(scope="module")
def engine():
    made = FakeEngine()
    made.board.phones = PhoneDesk()
    made.board.phones.meet([(1, "Mina"), (2, "Jun")])
    made.board.phones.address = ADDRESS
    yield made
    made.close()


@pytest.fixture(scope="module")
def page(engine, tmp_path_factory):
    with ExitStack() as stack:
        browser = Browser(tmp_path_factory.mktemp("profile"))
        stack.callback(browser.close)
        dashboard = launch(engine.url, port=8690)
        stack.callback(dashboard.stop)
        browser.open(dashboard.url)
        browser.until("document.querySelectorAll('.gc-card').length > 2", 3 * WAIT_S)
        browser.click("[data-testid=stExpandSidebarButton]")
        browser.until("document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().x >= 0", WAIT_S)
        yield browser


def tap(page, label):
    kinds = "button, label"
    found = f"[...document.querySelectorAll('{kinds}')].filter(b => b.innerText.trim() == {label!r}).at(-1)"
    page.until(found, WAIT_S)
    page.ask(f"{found}.scrollIntoView({{block: 'center'}})")
    page.tap_found(found, across="20")


def test_the_instructor_takes_the_floor_as_long_as_the_switch_is_on(page, engine):
    tap(page, EN("talk"))
    Browser.wait(lambda: _floors(engine) > 2, WAIT_S, "the floor, again")
    tap(page, EN("talk"))
    Browser.wait(lambda: [c.seconds for c in engine.commands if isinstance(c, Floor)][-1] == 0, WAIT_S, "given back")


def _floors(engine):
    return sum(isinstance(c, Floor) and c.seconds == 2.0 for c in engine.commands)


def test_codes_of_all_and_the_picture_of_one(page, engine):
    code = engine.board.phones.codes()[1][1]
    tap(page, EN("phones"))
    page.until(f"document.querySelector('[role=dialog]')?.innerText.includes({code!r})", WAIT_S)
    text = page.ask("document.querySelector('[role=dialog]').innerText")
    assert ADDRESS in text
    assert "Mina" in text
    page.press("Escape", 27)
    page.until("!document.querySelector('[role=dialog]')", WAIT_S)
    page.click('.gc-card[data-person="1"]')
    page.until("document.querySelector('[role=dialog] .gc-person')", WAIT_S)
    assert code not in page.ask("document.querySelector('[role=dialog]').innerText")
    tap(page, EN("phone"))
    page.until(f"document.querySelector('[role=dialog]').innerText.includes({code!r})", WAIT_S)
    page.until("document.querySelector('[role=dialog] img[src*=svg], [role=dialog] [data-testid=stImage] img')", WAIT_S)
