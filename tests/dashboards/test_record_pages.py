"""The pages of a class that is over, and of one person, in a real headless browser."""

from __future__ import annotations

import pytest
from browser import CHROMIUM, MISSING, Browser

from dashboards.launch import launch
from groupcoach.records import Event
from groupcoach.store.run_dir import RunWriter
from groupcoach.store.session import SessionStore

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

WAIT_S = 60.0
TABLES = "document.querySelectorAll('.gc-table').length"
ROWS = "document.querySelectorAll('.gc-table')[1].querySelectorAll('tbody tr').length"
HACK = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">"


def people(n):
    squat = {"exercise": "squat", "start_s": 2.0, "end_s": 8.0, "reps": 3, "clean_reps": 2, "hold_s": 0.0,
             "rep_end_s": [], "faults": {"shallow": 1}}  # fmt: skip
    names = [HACK, "x" * 300, "🏋️‍♀️ 하은", *(f"Person {i}" for i in range(n))][:n]
    return [{"id": i, "name": name, "exercises": [squat]} for i, name in enumerate(names, 1)]


def run_of(folder, n):
    """A run folder whose record has two classes."""
    summary = {"duration_s": 60.0, "fps": 25.0, "people": people(n)}
    reps = [
        Event(2.0 * k + 3, "rep_counted", p["id"], {
            "exercise": "squat", "number": k + 1, "start_s": 2.0 * k + 1, "turn_s": 2.0 * k + 2, "end_s": 2.0 * k + 3,
            "range_deg": 80.0 + k, "faults": ["shallow"] * (k == 1), "side": "both",
        })
        for k in range(3) for p in people(n)
    ]  # fmt: skip
    for day in (14, 21):
        store = SessionStore(f"sqlite:///{folder / 'session.db'}")
        store.start("class.mp4", f"2026-11-{day}T18:00:00+00:00")
        store.write([Event(0.0, "person_entered", p["id"], {"name": p["name"]}) for p in people(n)] + reps)
        store.finish(summary)
        store.close()
    run = RunWriter(folder, "class.mp4", 64, 48, 25.0, save_poses=False, save_video=False)
    run.events(reps)
    run.finish(summary)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


def test_review_and_person_of_a_full_class(browser, tmp_path):
    dashboard = launch(run_of(tmp_path, 30), port=8720)
    try:
        browser.open(f"{dashboard.url}/review")
        browser.until(f"{TABLES} == 2 && {ROWS} == 30", WAIT_S)
        browser.until("document.querySelectorAll('.stDownloadButton button').length == 2", WAIT_S)
        assert HACK in browser.ask("document.querySelector('.gc-table tbody td').closest('body').innerText")
        browser.call("Emulation.setEmulatedMedia", media="print")
        assert browser.ask("getComputedStyle(document.querySelector('.stDownloadButton')).display") == "none"
        browser.call("Emulation.setEmulatedMedia", media="")
        browser.open(f"{dashboard.url}/person")
        browser.until(f"{TABLES} == 2 && document.querySelector('h1.gc-title').innerText.includes('onerror')", WAIT_S)
        assert browser.ask("document.querySelector('.gc-table').querySelectorAll('tbody tr').length") == 2
        browser.until("document.querySelectorAll('.stVegaLiteChart').length == 2", WAIT_S)
        assert "hacked" not in browser.ask("document.title")
    finally:
        dashboard.stop()


def test_a_class_of_nobody(browser, tmp_path):
    dashboard = launch(run_of(tmp_path, 0), port=8740)
    try:
        browser.open(f"{dashboard.url}/review")
        browser.until(f"{TABLES} == 2 && {ROWS} == 0", WAIT_S)
        browser.open(f"{dashboard.url}/person")
        browser.until("document.querySelector('.gc-line')?.innerText.includes('no record to read')", WAIT_S)
        browser.open(dashboard.url)
        browser.until("document.querySelector('.gc-empty')", WAIT_S)
    finally:
        dashboard.stop()
