"""Kills the dashboard that started a class with kill -9, starts another one, and ends the class from there.

    python tests/endurance/dashboard_killed.py

Needs the pulled models, the sample class and a headless Chromium; takes a minute or two. The class is started with the
set-up page's own button on the sample class, over and over. After the kill the engine's frames are counted over ten
seconds, against the ten seconds before; the second dashboard has to show the class by itself, and its button has to end
it with a whole record. Prints one line of JSON at the end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "dashboards"), str(HERE.parent.parent)]
LOOK_S = 10.0
LABELLED = "[...document.querySelectorAll('button')].find(b => b.innerText.includes({!r}) && !b.disabled)"


def rate(url: str) -> float:
    """Frames that the engine worked on in a second."""
    from dashboards.feed import fetch

    began, first = time.monotonic(), fetch(url)["frame"]
    time.sleep(LOOK_S)
    return float((fetch(url)["frame"] - first) / (time.monotonic() - began))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        os.environ["PYTHONPATH"] = str(HERE.parent.parent)
        os.chdir(folder)
        stack.callback(os.chdir, HERE)
        print(json.dumps(watched(stack)))


def watched(stack: ExitStack) -> dict[str, Any]:
    """What happened; run folders lie under the current one."""
    from browser import Browser

    from dashboards.feed import fetch
    from dashboards.launch import launch
    from dashboards.studio import Studio
    from dashboards.words import Words
    from groupcoach.doors import Running, running
    from groupcoach.store.run_dir import load_run

    words, told = Words("en"), dict[str, Any]()
    browser = Browser(Path(tempfile.mkdtemp()))
    stack.callback(browser.close)
    stack.callback(lambda: Studio().end())  # whatever happens, no engine is left behind

    def engine() -> Running | None:
        return running(Path("runs"))

    first = launch(None, port=8900)
    stack.callback(first.stop)
    browser.open(first.url)
    sample = f"[...document.querySelectorAll('label')].find(l => l.innerText.includes({words('sample_class')!r}))"
    browser.tap_found(sample)
    browser.tap_found(LABELLED.format(words("start_class")))
    browser.wait(engine, 120, "an engine that answers")
    here = engine()
    assert here is not None
    browser.wait(lambda: fetch(here.url)["people"], 120, "people")
    told["fps_before"] = round(rate(here.url), 1)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    told["fps_after"] = round(rate(here.url), 1)
    told["same_engine"] = engine() == here
    second = launch(None, port=8920)
    stack.callback(second.stop)
    began = time.monotonic()
    browser.open(second.url)
    browser.until("document.querySelectorAll('.gc-card').length > 0", 60)
    told["shown_after_s"] = round(time.monotonic() - began, 1)
    told["cards"] = browser.ask("document.querySelectorAll('.gc-card').length")
    browser.open(f"{second.url}/setup")
    browser.until(f"document.body.innerText.includes({words('check_machine')!r})", 60)  # the page of before is gone
    browser.tap_found(LABELLED.format(words("end_class")))
    browser.wait(lambda: not here.alive, 60, "the end of the engine")
    told["ended"], told["left"] = True, engine() is not None
    told["people_in_record"] = len(load_run(here.out).summary["people"])
    browser.until(f"document.body.innerText.includes({words('class_ended')[:20]!r})", 30)
    return told


if __name__ == "__main__":
    main()
