"""Frame rate of an engine with 3 dashboards and 20 phone pages open against none, in turns within one run.

    python tests/endurance/watched.py --people 12

The engine is ``groupcoach run --serve`` on a film of the bench's class, over and over as if it were a camera. In every
other turn three browsers have the live page open and twenty phones their own page. They are stood in for by what they
say to the servers, on this very machine: a dashboard is a websocket to one Streamlit process, the stream of what
changes on the page, and the picture stream of the engine; a phone is a session with its event stream and a sign of life
every four seconds. Nobody draws: a browser's own work is done elsewhere in a studio. What the dashboard does is in the
figures. Needs the pulled models. Prints one line of JSON at the end: frames a second of each turn from the engine's own
counter, the ratio of each pair, their median and that of the sums, and how busy engine, dashboard and those who stand
in for the browsers (whose machines are elsewhere) kept the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent)]
FRAMES = re.compile(r"^groupcoach_frames_total(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)
SETTLE_S = 4.0


def get(url: str, path: str) -> str:
    where = urllib.parse.urlsplit(url)
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        line.request("GET", path)
        return line.getresponse().read().decode()
    finally:
        line.close()


# -- those who watch: a process of their own, which says "ready" and goes on until it is killed ------------------------


def phone(url: str, code: str, told: list[int]) -> None:
    """A participant's page: enters, listens, says that it is there."""
    where = urllib.parse.urlsplit(url)
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    own = {"Content-Type": "application/json"}
    line.request("POST", "/me/enter", json.dumps({"code": code}), own)
    answer = line.getresponse()
    answer.read()
    own["Cookie"] = answer.headers["Set-Cookie"].split(";")[0]
    line.request("GET", "/me/events", headers=own)
    stream = line.getresponse()
    assert stream.status == 200, stream.status
    beat_s = time.monotonic()
    while stream.readline():
        told[0] += 1
        if time.monotonic() - beat_s > 4.0:
            beat_s = time.monotonic()
            here = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
            here.request("POST", "/me/here", "{}", own)
            here.getresponse().read()
            here.close()


def picture(url: str, told: list[int]) -> None:
    """The picture of a live page."""
    where = urllib.parse.urlsplit(url)
    line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    line.request("GET", "/preview.mjpg")
    stream = line.getresponse()
    while found := stream.read1(1 << 16):
        told[0] += len(found)


async def dashboard(url: str, told: list[int]) -> None:
    """A browser's side of a live page: one run of its script over the websocket, and the stream of what changes.

    Counts the events of the stream.
    """
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.asyncio.client import connect

    async def stream() -> None:
        where = urllib.parse.urlsplit(url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=1 << 22)
        try:
            writer.write(f"GET /live/events?language=en HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
            while line := await reader.readline():
                told[0] += line.startswith(b"data: ")
        finally:
            writer.close()

    address = url.replace("http", "ws") + "/_stcore/stream"
    async with connect(address, origin=url, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[arg-type,list-item]
        first = BackMsg()
        first.rerun_script.query_string = ""
        await socket.send(first.SerializeToString())
        pushed = None
        try:
            async for raw in socket:
                said = ForwardMsg()
                said.ParseFromString(raw)
                if said.WhichOneof("type") == "script_finished" and pushed is None:
                    pushed = asyncio.create_task(stream())
        finally:
            if pushed is not None:
                pushed.cancel()


def watch(engine: str, page: str, dashboards: int, phones: int) -> None:
    """Everybody who watches; says once a second what has arrived."""
    codes = [row["code"] for row in json.loads(get(engine, "/phones"))["phones"]]
    heard = {"phones": [[0] for _ in range(phones)], "pages": [[0] for _ in range(dashboards)],
             "pictures": [[0] for _ in range(dashboards)]}  # fmt: skip
    work = [(phone, (engine, codes[i % len(codes)], told)) for i, told in enumerate(heard["phones"])]
    work += [(picture, (engine, told)) for told in heard["pictures"]]  # type: ignore[misc]
    work += [(lambda told: asyncio.run(dashboard(page, told)), (told,)) for told in heard["pages"]]  # type: ignore[misc,list-item]
    for one, args in work:
        threading.Thread(target=one, args=args, daemon=True).start()
    while True:
        time.sleep(1.0)
        print(json.dumps({kind: [told[0] for told in of] for kind, of in heard.items()}), flush=True)


# -- the turns ---------------------------------------------------------------------------------------------------------


def busy_s(pid: int) -> float:
    """Processor time of a process and its children so far."""
    import psutil

    whole = psutil.Process(pid)
    return float(sum(sum(p.cpu_times()[:2]) for p in [whole, *whole.children(recursive=True)]))


def turn(engine: str, seconds: float, pids: dict[str, int]) -> dict[str, float]:
    def frames() -> float:
        found = FRAMES.search(get(engine, "/metrics"))
        assert found is not None
        return float(found[1])

    began, first, busy = time.monotonic(), frames(), {name: busy_s(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    took = time.monotonic() - began
    cores = {f"{name}_cores": round((busy_s(pid) - busy[name]) / took, 2) for name, pid in pids.items()}
    return {"fps": round((frames() - first) / took, 2), **cores}


def measure(args: argparse.Namespace, film: Path, out: Path) -> dict[str, Any]:
    from dashboards.launch import launch

    said = (out.parent / "engine.log").open("w")
    words = [sys.executable, "-m", "groupcoach", "run", "--serve", "--pace", "live", "--out", str(out), "--",
             f"loop:{film}"]  # fmt: skip
    process = subprocess.Popen(words, stdout=said, stderr=said, cwd=HERE.parent.parent)
    page = watchers = None
    try:
        while not (out / "engine.json").exists():
            assert process.poll() is None, (out.parent / "engine.log").read_text()
            time.sleep(0.2)
        engine = json.loads((out / "engine.json").read_text())["url"]
        page = launch(engine, port=8940)
        while len(json.loads(get(engine, "/snapshot"))["people"]) < args.people * 0.8:
            time.sleep(0.5)
        time.sleep(10)
        pids = {"engine": process.pid, "dashboard": page.process.pid}
        turns: dict[bool, list[dict[str, float]]] = {True: [], False: []}
        heard: dict[str, list[int]] = {}
        for pair in range(args.pairs):
            for watched in (True, False) if pair % 2 == 0 else (False, True):
                if watched:
                    ask = [sys.executable, str(Path(__file__).resolve()), "--watch", engine, page.url,
                           "--dashboards", str(args.dashboards), "--phones", str(args.phones)]  # fmt: skip
                    watchers = subprocess.Popen(ask, stdout=subprocess.PIPE, text=True)
                    assert watchers.stdout is not None
                    while not heard or not all(min(of, default=1) > 0 for of in heard.values()):
                        heard = json.loads(watchers.stdout.readline())
                    before = heard
                time.sleep(SETTLE_S)
                browsers = {} if watchers is None else {"watchers": watchers.pid}
                turns[watched].append(turn(engine, args.seconds, pids | browsers))
                print(watched, turns[watched][-1], file=sys.stderr, flush=True)
                if watchers is not None:
                    watchers.kill()
                    heard = [json.loads(row) for row in watchers.communicate()[0].splitlines() if row.endswith("}")][-1]
                    # everybody was served to the end
                    assert all(a < b for kind in heard for a, b in zip(before[kind], heard[kind], strict=True)), heard
                    watchers, heard = None, {}
    finally:
        for one in (watchers, process):
            if one is not None and one.poll() is None:
                one.send_signal(signal.SIGINT if one is process else signal.SIGKILL)
                one.wait(timeout=60)
        if page is not None:
            page.stop()
        said.close()
    ratios = [a["fps"] / b["fps"] for a, b in zip(turns[True], turns[False], strict=True)]
    of_sums = sum(turn["fps"] for turn in turns[True]) / sum(turn["fps"] for turn in turns[False])
    return {
        "people": args.people, "dashboards": args.dashboards, "phones": args.phones, "seconds": args.seconds,
        "watched": turns[True], "alone": turns[False], "ratios": [round(r, 3) for r in ratios],
        "ratio": round(statistics.median(ratios), 3), "of_sums": round(of_sums, 3),
        "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--dashboards", type=int, default=3)
    parser.add_argument("--phones", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15.0, help="of a turn")
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--watch", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.watch:
        watch(*args.watch, args.dashboards, args.phones)
        return
    from groupcoach.bench.classes import SAMPLE, cut_out, write_class

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "class.mp4"
        figures, fps = cut_out(SAMPLE)
        write_class(figures, fps, args.people, film, 10.0)
        print(json.dumps(measure(args, film, Path(folder) / "record")))


if __name__ == "__main__":
    main()
