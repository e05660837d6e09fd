"""Memory of the dashboard's process over two hours of a class's feed, accelerated.

    python tests/endurance/page_memory.py --people 20 --pages 3 --hours 2

An engine without a camera publishes twenty people; the pages are stood in for by their websocket and their stream (as
in ``watched.py``). The dashboard is told to look at the engine ``--times`` as often as it does, so that two hours of
refreshes take minutes. Every ten minutes of class one page is closed and another one opened, as people do. What depends
on wall time and not on refreshes is not accelerated. Prints one line of JSON: memory after the first ten minutes of
class, at the end, the growth between by medians of a tenth of that time each, and how much faster than a class it was.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "dashboards"), str(HERE.parent.parent)]
SETTLE_S = 600.0


class Page:
    """An open page that can be closed."""

    def __init__(self, url: str) -> None:
        self.told, self._loop = [0], asyncio.new_event_loop()
        self._work = threading.Thread(target=self._run, args=(url,), daemon=True)
        self._work.start()

    def _run(self, url: str) -> None:
        from watched import dashboard

        self._task = self._loop.create_task(dashboard(url, self.told))
        with contextlib.suppress(asyncio.CancelledError, OSError):
            self._loop.run_until_complete(self._task)
        left = asyncio.all_tasks(self._loop)  # that which reads the stream
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._work.join()


def growth(rows: list[tuple[float, float]], settle_s: float) -> dict[str, float]:
    """Of (seconds of class, MB): how memory grew once the page had settled."""
    settled = [mb for t_s, mb in rows if t_s >= settle_s]
    tenth = max(1, len(settled) // 10)
    first, last = median(settled[:tenth]), median(settled[-tenth:])
    return {"settled_mb": round(first, 1), "end_mb": round(last, 1), "growth": round(last / first - 1, 4)}


def measure(args: argparse.Namespace) -> dict[str, Any]:
    from fake_class import FakeEngine

    from dashboards.launch import launch
    from dashboards.relay import REFRESH, REFRESH_S

    os.environ[REFRESH] = str(REFRESH_S / args.times)
    engine = FakeEngine(every_s=max(0.05 / args.times, 0.005))  # other HTML with every refresh, as in a class
    engine.people = args.people
    shown = launch(engine.url, port=8960)
    pages = [Page(shown.url) for _ in range(args.pages)]
    process, rows, class_s, changed_s = psutil.Process(shown.process.pid), list[tuple[float, float]](), 0.0, 0.0
    began, refreshes = time.monotonic(), 0
    try:
        before = [page.told[0] for page in pages]
        while class_s < args.hours * 3600:
            time.sleep(0.5)
            now = [page.told[0] for page in pages]
            assert process.is_running()
            done = sum(b - a for a, b in zip(before, now, strict=True))
            before, refreshes = now, refreshes + done
            class_s = refreshes / len(pages) * REFRESH_S
            rows.append((class_s, process.memory_info().rss / 1e6))
            if class_s - changed_s > 600:
                changed_s = class_s
                pages.pop(0).close()
                pages.append(Page(shown.url))
                before = [page.told[0] for page in pages]
                print(f"{class_s / 60:.0f} min of class: {rows[-1][1]:.0f} MB", file=sys.stderr, flush=True)
        took = time.monotonic() - began
        assert all(page.told[0] > 0 for page in pages)
    finally:
        for page in pages:
            page.close()
        shown.stop()
        engine.close()
    return {"people": args.people, "pages": args.pages, "class_hours": round(class_s / 3600, 2),
            "refreshes": round(refreshes), "faster": round(class_s / took, 1), **growth(rows, SETTLE_S)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--pages", type=int, default=3)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--times", type=float, default=8.0, help="faster than the dashboard looks")
    print(json.dumps(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
