"""The pages as the instructor sees them, in a real headless browser."""

from __future__ import annotations

import json
import os
import signal

import pytest
from browser import CHROMIUM, MISSING, Browser
from fake_class import FakeEngine, person

from dashboards.launch import launch
from dashboards.words import Words

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

OPEN_S = 60.0  # a page is opened: the machine may be busy
CARDS = "document.querySelectorAll('.gc-card').length"
CLIPPED = "[...document.querySelectorAll('.gc-card')].filter(c => c.scrollHeight > c.clientHeight + 1).length"
SCROLLS = "(m => m.scrollHeight > m.clientHeight + 1)(document.querySelector('.stMain'))"
RED = "[...document.querySelectorAll('.gc-stale')].some(e => getComputedStyle(e).visibility == 'visible')"
PICTURE = "(i => i && i.naturalWidth)(document.querySelector('.gc-picture img'))"


@pytest.fixture(scope="module")
def engine():
    made = FakeEngine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home folder of its own: Streamlit must leave nothing in it."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def dashboard(engine, home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        made = launch(engine.url, port=8620)
    yield made
    made.stop()


@pytest.fixture
def page(browser, dashboard, engine):
    engine.people, engine.hung = 4, False
    browser.open(dashboard.url)
    browser.until(f"{CARDS} == 4 && !({RED})", OPEN_S)
    return browser


def test_everybody_fits_on_one_screen(page, engine):
    assert page.until(PICTURE) < 5
    for n in (0, 1, 4, 12, 30):
        engine.people = n
        assert page.until(f"{CARDS} == {n}") < 3
        assert page.ask(CLIPPED) == 0
        assert not page.ask(SCROLLS)


def test_a_hostile_name_is_only_a_name(page, engine):
    engine.people = [person(0, name="<img src=x onerror='document.title=`hacked`'><script>document.title=1</script>")]
    page.until("document.querySelector('.gc-who').innerText.includes('onerror')")
    assert "hacked" not in page.ask("document.title")


def test_an_engine_that_hangs_is_red_and_then_not(page, engine):
    engine.hung = True
    assert page.until(RED) < 2.5
    engine.hung = False
    page.until(f"!({RED})")


def test_a_dashboard_that_stops_is_red_too(page, dashboard):
    os.kill(dashboard.process.pid, signal.SIGSTOP)
    try:
        assert page.until(RED) < 2.5
        assert "not being refreshed" in page.ask("document.querySelector('.gc-deadman').innerText")
    finally:
        os.kill(dashboard.process.pid, signal.SIGCONT)
    page.until(f"!({RED})")


def test_a_language_that_becomes_known_later_is_spoken_everywhere(page, engine):
    sidebar = "document.querySelector('[data-testid=stSidebar]').innerText"
    for language in ("ko", "en"):
        engine.more, words = {"language": language}, Words(language)
        page.until(f"document.querySelector('.gc-label').innerText == {words('needs_you')!r}", OPEN_S)
        page.until(f"{sidebar}.includes({words('pause')!r})", OPEN_S)


def test_opened_by_another_name_the_picture_is_still_there(browser, dashboard):
    browser.open(dashboard.url.replace("127.0.0.1", "localhost"))
    browser.until(PICTURE)


def test_streamlit_left_nothing_at_home(page, home):
    assert list(home.iterdir()) == []


def test_a_finished_run(browser, tmp_path):
    squat = {"exercise": "squat", "start_s": 1.0, "end_s": 15.2, "reps": 8, "clean_reps": 6, "hold_s": 0.0,
             "rep_end_s": [], "faults": {"knees_in": 2}}  # fmt: skip
    people = [{"id": i, "name": f"Person {i}", "exercises": [squat]} for i in range(1, 5)]
    (tmp_path / "summary.json").write_text(json.dumps({"schema": 1, "source": "class.mp4", "people": people}))
    dashboard = launch(tmp_path, port=8640)
    try:
        browser.open(dashboard.url)
        browser.until(f"{CARDS} == 4 && document.querySelector('.gc-table')", OPEN_S)
        assert browser.ask(CLIPPED) == 0
    finally:
        dashboard.stop()


def test_a_run_that_cannot_be_read_says_so(browser, tmp_path):
    (tmp_path / "summary.json").write_text("{")
    dashboard = launch(tmp_path, port=8660)
    try:
        browser.open(dashboard.url)
        browser.until("document.querySelector('.gc-stale')", OPEN_S)
        assert "cannot be read" in browser.ask("document.querySelector('.gc-stale').innerText")
    finally:
        dashboard.stop()
