"""A headless Chromium for tests: its own protocol over a pipe, so that no test opens a socket."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-extensions", "--remote-debugging-pipe",
)  # fmt: skip
HAND_OVER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)
PATIENCE = 30.0
KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "Home": 36, "End": 35}


class Browser:
    """One Chromium with a profile of its own."""

    def __init__(self, profile: Path) -> None:
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
        flags = [*FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", HAND_OVER, *map(str, ends), PROGRAM or "chromium", *flags],
            pass_fds=ends, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for end in (theirs_in, theirs_out, *ends):
            os.close(end)
        self.number, self.rest, self.events = 0, b"", []  # type: int, bytes, list[dict[str, Any]]

    def call(self, method: str, session: str | None = None, **more: Any) -> dict[str, Any]:
        """What one command of the protocol answers."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": more}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        number, until = self.number, time.monotonic() + PATIENCE
        while True:
            found = self._read(until)
            if found.get("id") == number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                answer: dict[str, Any] = found["result"]
                return answer
            self.events.append(found)

    def _read(self, until: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            if not select.select([self.into], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            more = os.read(self.into, 1 << 16)
            if not more:
                raise RuntimeError("Chromium has ended")
            self.rest += more
        text, _, self.rest = self.rest.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    def page(self, url: str, width: int = 1200, height: int = 900, scheme: str = "light") -> Page:
        """A page of a size, for readers who like it light or dark."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, target, session, width, height, scheme).go(url)

    def close(self) -> None:
        """End it."""
        self.call("Browser.close")
        os.close(self.out)
        self.process.wait(PATIENCE)
        os.close(self.into)


class Page:
    """One page: what it says, what is pressed, what it asks of the network, what goes wrong."""

    def __init__(self, browser: Browser, target: str, session: str, width: int, height: int, scheme: str) -> None:
        self.browser, self.target, self.session = browser, target, session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def call(self, method: str, **more: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **more)

    def go(self, url: str) -> Page:
        """Open an address and wait until it is read, scripts and all."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        until = time.monotonic() + PATIENCE
        while self.value("document.readyState !== 'complete' || location.href === 'about:blank'"):
            if time.monotonic() > until:
                raise TimeoutError(url)
        return self

    def value(self, script: str) -> Any:
        """What an expression gives in the page."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Until an expression is true."""
        until = time.monotonic() + PATIENCE
        while not self.value(script):
            if time.monotonic() > until:
                raise TimeoutError(script)
            self.value("new Promise((done) => setTimeout(done, 20))")

    def press(self, key: str, times: int = 1, *, shift: bool = False) -> None:
        """A key as a reader presses it."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        more = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": 8 if shift else 0}
        for _ in range(times):
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **more)
            self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    def type(self, text: str) -> None:
        """Text into what has the focus, in place of what is marked."""
        self.call("Input.insertText", text=text)

    def picture(self, file: Path, *, whole: bool = True) -> None:
        """The page as a picture."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, and what was thrown."""
        found = []
        for event in self._own():
            told = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"]))
            if event["method"] == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
                found.append(str(told["args"]))
            if event["method"] == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                found.append(told["entry"]["text"])
        return found

    def requests(self) -> list[str]:
        """Every address that was asked for."""
        asked = (e["params"]["request"]["url"] for e in self._own() if e["method"] == "Network.requestWillBeSent")
        return [url.partition("#")[0] for url in asked]

    def _own(self) -> list[dict[str, Any]]:
        self.value("1")  # what was said before is read
        return [event for event in self.browser.events if event.get("sessionId") == self.session]

    def close(self) -> None:
        self.browser.call("Target.closeTarget", targetId=self.target)
