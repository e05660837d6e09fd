"""From another machine: nothing is shown before the instructor has signed in, nor after the session has ended."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from browser import CHROMIUM, MISSING, Browser
from fake_class import FakeEngine

from dashboards.launch import launch
from groupcoach.errors import GroupCoachError
from groupcoach.serve.access import Sessions, kept_hash, set_password
from groupcoach.serve.phone import network_address
from groupcoach.serve.server import EngineServer

WAIT_S = 60.0
SECRET = "correct horse battery"


def test_a_dashboard_beyond_this_machine_wants_to_know_who_looks(tmp_path):
    for target in ("http://127.0.0.1:8765", tmp_path, None):
        with pytest.raises(GroupCoachError, match="without anybody signing in"):
            launch(target, host="0.0.0.0")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
def test_sign_in_look_and_be_shut_out(tmp_path):
    set_password(SECRET, tmp_path / "password")
    sessions = Sessions(kept_hash(tmp_path / "password"))
    with ExitStack() as stack:
        fake = FakeEngine()
        stack.callback(fake.close)
        engine = EngineServer(fake.board, "0.0.0.0", 8780, sessions=sessions)
        url = engine.start()
        stack.callback(engine.stop)
        dashboard = launch(url, port=8790, host="0.0.0.0", sign_in=True)
        stack.callback(dashboard.stop)
        sessions.page_port = dashboard.port
        browser = Browser(tmp_path / "profile")
        stack.callback(browser.close)
        address = f"http://{network_address('0.0.0.0')}:{dashboard.port}/"

        browser.open(address)
        browser.until("[...document.querySelectorAll('a')].some(a => a.innerText.includes('Sign in'))", WAIT_S)
        assert browser.ask("document.querySelectorAll('.gc-card').length") == 0
        link = browser.ask("[...document.querySelectorAll('a')].find(a => a.innerText.includes('Sign in')).href")
        browser.open(link)
        browser.until("document.querySelector('#password')", WAIT_S)
        browser.ask("document.querySelector('#password').focus()")
        browser.type(SECRET)
        browser.click("button")
        browser.until("document.querySelectorAll('.gc-card').length == 4", WAIT_S)
        assert browser.ask("location.href") == address
        browser.until("document.querySelector('.gc-picture img').naturalWidth", WAIT_S)
        assert browser.ask("document.cookie.includes('groupcoach_session')") is False  # scripts cannot read it

        sessions._ends.clear()  # the day is over
        browser.until("document.querySelectorAll('.gc-card').length == 0", WAIT_S)
        browser.until("[...document.querySelectorAll('a')].some(a => a.innerText.includes('Sign in'))", WAIT_S)
