"""axe-core on every page in a real headless browser: nothing serious. Axe is looked for, not shipped (MPL-2.0)."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from browser import CHROMIUM, MISSING, Browser
from fake_class import FakeEngine
from test_record_pages import run_of

from dashboards.launch import launch

AXE = Path(os.environ.get("GROUPCOACH_AXE", "node_modules/axe-core/axe.min.js"))
HOW = "no axe-core here: npm pack axe-core && tar xzf axe-core-*.tgz; GROUPCOACH_AXE=package/axe.min.js"
pytestmark = [
    pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING),
    pytest.mark.skipif(not AXE.is_file(), reason=HOW),
]  # fmt: skip
WAIT_S = 120.0
#: Streamlit's own frame: its landmarks and its hidden parts are not ours to name.
RUN = """
axe.run(document, {resultTypes: ['violations'], rules: {'region': {enabled: false}}}).then(r => {
  window.axeFound = r.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | '));
});
"""


def serious(page: Browser) -> list[str]:
    page.ask("window.axeFound = null")
    page.ask(AXE.read_text(encoding="utf-8"))
    page.ask(RUN)
    page.until("window.axeFound !== null", WAIT_S)
    found: list[str] = page.ask("window.axeFound")
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


def test_the_live_page_with_its_dialog_and_sidebar(browser):
    with ExitStack() as stack:
        engine = FakeEngine()
        stack.callback(engine.close)
        engine.more = {"spots": ("A1", "B2"), "plan": {"at": 2, "of": 5, "exercise_name": "Lunge", "left_s": 40.0}}
        dashboard = launch(engine.url, port=8740)
        stack.callback(dashboard.stop)
        browser.open(dashboard.url)
        for n in (0, 1, 12, 30):
            engine.people = n
            browser.until(f"document.querySelectorAll('.gc-card').length == {n} && document.querySelector('.gc-line')",
                          WAIT_S)  # fmt: skip
            for dark in (False, True) if n == 12 else (False,):
                browser.dark(dark)
                assert serious(browser) == [], (n, dark)
            browser.dark(False)
        browser.click("[data-testid=stExpandSidebarButton]")
        browser.until("document.querySelector('[data-testid=stSidebar] button')", WAIT_S)
        browser.click(".gc-card")
        browser.until("document.querySelector('[role=dialog] .gc-person')", WAIT_S)
        assert serious(browser) == []
        engine.hung = True
        browser.until("document.querySelector('.gc-stale:not(.gc-deadman)')", WAIT_S)
        assert serious(browser) == []


def test_the_pages_after_class(browser, tmp_path):
    dashboard = launch(run_of(tmp_path, 12), port=8780)
    try:
        for page, there in (("", "document.querySelectorAll('.gc-card').length == 12"),
                            ("/review", "document.querySelectorAll('.gc-table').length == 2"),
                            ("/person", "document.querySelectorAll('.stVegaLiteChart').length == 2")):  # fmt: skip
            browser.open(dashboard.url + page)
            browser.until(there, WAIT_S)
            assert serious(browser) == [], page
    finally:
        dashboard.stop()


def test_the_set_up_page(browser):
    dashboard = launch(None, port=8760)
    try:
        browser.open(dashboard.url)
        browser.until(
            "[...document.querySelectorAll('button')].some(b => b.innerText.includes('Start the class'))", WAIT_S
        )
        assert serious(browser) == []
    finally:
        dashboard.stop()
