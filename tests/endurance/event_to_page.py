"""How long an event of the engine takes until it stands on the instructor's page, in a real headless browser.

    python tests/endurance/event_to_page.py --people 12,30 --events 100

An engine without a camera (``tests/dashboards/fake_class.py``) publishes twenty times a second, as a real one does.
Somebody's count goes up at random moments; the page's own clock says when the new number was in the page (the same
clock: one machine). Prints one line of JSON at the end: milliseconds, and how busy the machine was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "dashboards"), str(HERE.parent.parent)]
WATCH = """
window.seen = {};
const look = () => { const e = document.querySelector('.gc-card[data-person="1"] .gc-count');
  if (e) { const n = parseInt(e.innerText); if (!(n in window.seen)) window.seen[n] = Date.now(); } };
new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true}); look();
"""
FIRST = 100


def measure(people: int, events: int, rng: random.Random, port: int) -> dict[str, float]:
    from browser import Browser
    from fake_class import FakeEngine, person

    from dashboards.launch import launch
    from groupcoach.snapshot import TRACED

    bare = {"trace": ()} if people > TRACED else {}

    def cards(reps: int) -> list[object]:
        others = [person(i, 60.0, **bare) for i in range(1, people)]
        return [person(0, 60.0, reps=reps, exercise="squat", exercise_name="Squat", **bare), *others]

    engine = FakeEngine()
    dashboard = browser = None
    try:
        engine.people = cards(FIRST)
        dashboard = launch(engine.url, port=port)
        browser = Browser(Path(tempfile.mkdtemp()))
        browser.open(dashboard.url)
        browser.until(f"document.querySelectorAll('.gc-card').length == {people}", 180)
        browser.until("document.querySelector('.gc-picture img').naturalWidth", 60)  # the picture runs, too
        time.sleep(3)
        browser.ask(WATCH)
        happened = {}
        for n in range(FIRST + 1, FIRST + 1 + events):
            time.sleep(rng.uniform(1.0, 2.0))
            happened[n] = time.time()
            engine.people = cards(n)
        time.sleep(3)
        seen = {int(n): at / 1000 for n, at in browser.ask("window.seen").items()}
    finally:
        for made in (browser, dashboard, engine):
            if made is not None:
                made.close() if made is not dashboard else made.stop()
    took = sorted(1000 * (seen[n] - at) for n, at in happened.items() if n in seen)
    return {
        "people": people, "events": events, "seen": len(took), "p50_ms": round(took[len(took) // 2]),
        "p95_ms": round(took[min(len(took) - 1, int(0.95 * len(took)))]), "most_ms": round(took[-1]),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--people", default="12,30")
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    sizes = [int(word) for word in args.people.split(",")]
    print(json.dumps({"rows": [measure(n, args.events, rng, 8800 + 20 * i) for i, n in enumerate(sizes)],
                      "cores": os.cpu_count()}))  # fmt: skip


if __name__ == "__main__":
    main()
