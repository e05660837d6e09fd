"""A headless Chromium for tests: starts it, opens a page, asks it things, takes pictures (DevTools protocol)."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = "no headless Chromium here: sudo apt-get install chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--hide-scrollbars",
]  # fmt: skip


class Browser:
    """One page of one Chromium with a profile of its own."""

    def __init__(self, profile: Path, width=1920, height=1080):
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = profile / "DevToolsActivePort"
        self.wait(lambda: port_file.exists() and port_file.read_text().strip())
        port = port_file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            (page,) = [t for t in json.load(answer) if t["type"] == "page"]
        from websockets.sync.client import connect

        self._stack = ExitStack()
        address = page["webSocketDebuggerUrl"]
        self._socket = self._stack.enter_context(connect(address, max_size=None, compression=None))
        self._number = 0
        self.resize(width, height)

    def call(self, method, **params):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def ask(self, expression):
        """The value of a JavaScript expression in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def until(self, expression, timeout_s=20.0):
        """Wait until a JavaScript expression is truthy; returns the seconds it took."""
        return self.wait(lambda: self.ask(f"!!({expression})"), timeout_s, expression)

    @staticmethod
    def wait(condition, timeout_s=20.0, what="the condition"):
        began = time.perf_counter()
        while not condition():
            assert time.perf_counter() - began < timeout_s, f"not within {timeout_s} s: {what}"
            time.sleep(0.02)
        return time.perf_counter() - began

    def click(self, selector):
        """A tap in the middle of the first element that a CSS selector finds."""
        box = self.ask(f"(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector({selector!r})"
                       ".getBoundingClientRect())")  # fmt: skip
        self.tap(*box)

    def tap_found(self, found, across="b.width / 2", timeout_s=60.0):
        """A tap on what a JavaScript expression finds, once it is there and stands still."""
        at = f"(b => b && b.width > 0 && [b.x + {across}, b.y + b.height / 2])({found}?.getBoundingClientRect())"
        seen = []

        def still():  # it may be drawn again, and a dialog or sidebar that is still opening moves
            time.sleep(0.15)
            seen.append(self.ask(at))
            return bool(seen[-1]) and seen[-2:] == [seen[-1]] * 2

        self.wait(still, timeout_s, found)
        self.tap(*seen[-1])

    def tap(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key, code=0, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, text=text)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def dark(self, on=True):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])

    def picture(self, path: Path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self._stack.close()
        self._process.terminate()
        self._process.wait(timeout=10)
