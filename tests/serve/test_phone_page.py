"""The participant's page in a real headless browser."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "dashboards"))
from browser import CHROMIUM, MISSING, Browser

from groupcoach.cues.phones import PhoneDesk
from groupcoach.cues.policy import ClassCue
from groupcoach.cues.sentences import Part
from groupcoach.records import Priority
from groupcoach.serve.board import LiveBoard
from groupcoach.serve.phone import _silence
from groupcoach.serve.server import EngineServer

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

KEY = b"k" * 32
STATE = {"name": "Mina", "language": "en", "exercise": "Squat", "present": True, "reps": 7, "target": 10,
         "points": {"head": [0.5, 0.1], "left_knee": [0.4, 0.7], "right_knee": [0.6, 0.7], "left_hip": [0.45, 0.5]},
         "bones": [["left_hip", "left_knee"]], "wrong": ["left_knee"]}  # fmt: skip
SHOWN = "document.querySelector('#cue').textContent"
JOINED = "!document.querySelector('#mine').hidden && document.querySelector('#reps').textContent == '7 / 10'"


def cue(number, text, person=1, priority=Priority.FORM):
    return ClassCue(person, text, "en", priority, "shallow", 5.0, 7.0, number, (person,), (Part(text, "en"),), "phone")


class Engine:
    """What a class serves; started again it knows its people anew."""

    def __init__(self, port=0):
        self.board = LiveBoard()
        self.desk = self.board.phones = PhoneDesk(lambda: KEY)
        self.desk.meet([(1, "Mina"), (2, "Jun")])
        self.sounds = []
        self.board.render = self.render
        self.server = EngineServer(self.board, port=port)
        self.url = self.server.start()

    def render(self, parts):
        self.sounds.append(parts)
        return _silence()

    def code(self, person):
        return self.desk.codes()[person][1]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("profile"), 390, 844)
    yield made
    made.close()


@pytest.fixture
def engine():
    made = Engine()
    yield made
    made.server.stop()


def join(browser, engine, person=1):
    browser.open(f"{engine.url}/me#{engine.code(person)}")
    browser.until("document.querySelector('#go') && document.querySelector('#code').value.length == 7")
    x, y = browser.ask("(r => [r.x + 9, r.y + 9])(document.querySelector('#go').getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):  # a real touch: only then may the page make sound
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.wait(lambda: engine.desk.connected() == {person})
    engine.desk.show(person, STATE)


def test_opened_by_code_it_shows_the_own_class_and_a_cue_within_half_a_second(browser, engine):
    join(browser, engine)
    browser.until(JOINED)
    assert browser.ask("location.hash") == ""  # the code is not left in the address
    assert browser.ask("document.querySelector('#exercise').textContent") == "Squat"
    assert browser.ask("document.querySelector('polygon.wrong').dataset.joint") == "left_knee"
    assert browser.ask("document.documentElement.scrollWidth <= innerWidth")
    assert browser.ask("parseFloat(getComputedStyle(document.querySelector('#reps')).fontSize)") > 100
    began = time.perf_counter()
    engine.desk.say(cue(1, "go a little lower"))
    browser.until(f"{SHOWN} == 'go a little lower'", 5)
    assert time.perf_counter() - began < 0.5
    # this browser has no voice: it played the engine's sound, and said so
    browser.wait(lambda: [r for r in engine.desk.results() if (r.cue.number, r.outcome) == (1, "spoken")], 5)
    assert engine.sounds == [(Part("go a little lower", "en"),)]
    engine.desk.say(cue(2, "stop", priority=Priority.DANGER))
    browser.until("document.querySelector('#cue.danger')", 5)


def test_a_browser_with_a_voice_says_it_itself_and_the_phone_shakes(browser, engine):
    join(browser, engine)
    browser.until(JOINED)
    browser.ask("""
        window.said_ = []; window.shaken_ = [];
        window.SpeechSynthesisUtterance = function (text) { this.text = text; };
        Object.defineProperty(window, "speechSynthesis", { configurable: true, value: {
            getVoices: () => [{ lang: "en-US" }, { lang: "ko-KR" }], cancel() {},
            speak(words) { said_.push([words.text, words.lang]); setTimeout(() => words.onend(), 60); },
        }});
        Object.defineProperty(navigator, "vibrate", { configurable: true, value: (how) => shaken_.push(how) });
    """)
    engine.desk.say(cue(7, "go a little lower"))
    browser.wait(lambda: [r for r in engine.desk.results() if (r.cue.number, r.outcome) == (7, "spoken")], 5)
    assert browser.ask("JSON.stringify(said_)") == '[["go a little lower","en-US"]]'
    assert browser.ask("shaken_.length") == 1
    assert engine.sounds == []


def test_it_shows_nothing_of_anybody_else(browser, engine):
    join(browser, engine)
    browser.until(JOINED)
    engine.desk.show(2, {**STATE, "name": "Jun"})
    engine.desk.say(cue(3, "secret of Jun", person=2))
    engine.desk.say(cue(4, "mine"))
    browser.until(f"{SHOWN} == 'mine'", 5)
    assert "Jun" not in browser.ask("document.body.textContent")
    status = "fetch('{}').then(r => window.status_ = r.status)"
    for path, answer in (("/me/sound/3", 403), ("/me/events?person=2", None)):
        if answer:
            browser.ask("window.status_ = 0; " + status.format(path))
            browser.until(f"window.status_ == {answer}", 5)


def test_a_wrong_code_is_told_and_opens_nothing(browser, engine):
    browser.open(f"{engine.url}/me#2222222")
    browser.until("document.querySelector('#code') && document.querySelector('#code').value == '2222222'")
    browser.ask("document.querySelector('#go').click()")
    browser.until("document.querySelector('#why').textContent.includes('nobody')", 5)
    assert browser.ask("document.querySelector('#mine').hidden")


def test_it_survives_an_engine_restart(browser, engine):
    join(browser, engine)
    browser.until(JOINED)
    engine.server.stop()
    browser.until("document.querySelector('#link').textContent", 5)
    again = Engine(engine.server.port)
    try:
        assert again.server.port == engine.server.port
        browser.wait(lambda: again.desk.connected() == {1}, 10)
        again.desk.say(cue(1, "here again"))
        browser.until(f"{SHOWN} == 'here again'", 5)
    finally:
        again.server.stop()
