"""Chromium without a window, driven by the Chrome DevTools Protocol over a pipe.

One process opens page after page and tells what a reader would see: files with scripts disabled,
and pages of a server on this machine, which run theirs.

References
----------
chromedevtools.github.io/devtools-protocol; with ``--remote-debugging-pipe`` messages are JSON that
ends in a zero byte, read from file descriptor 3 and written to 4.
"""

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

SECONDS = 600
"""Until a reply, on a busy machine."""

_FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync",
    "disable-background-networking", "disable-component-update", "disable-extensions",
    "disable-dev-shm-usage", "remote-debugging-pipe",
    "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip

_FAULTS = (Path(__file__).parent / "page_faults.js").read_text(encoding="utf-8")


class Browser:
    """A running Chromium; use it in a ``with`` statement."""

    def __init__(self, command: str, profile: Path) -> None:
        read, self._write = os.pipe()
        self._read, write = os.pipe()
        flags = [f"--{each}" for each in _FLAGS]
        redirected = ["bash", "-c", f'exec "$@" 3<&{read} 4>&{write}', "bash"]
        self._process = subprocess.Popen(
            [*redirected, command, *flags, f"--user-data-dir={profile}"],
            pass_fds=(read, write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(read)
        os.close(write)
        self._received, self._number, self._events = b"", 0, list[dict[str, Any]]()
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session = None
        try:
            self._call("Browser.close")
            self._process.wait(SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._read)
            os.close(self._write)

    def open(self, path: Path) -> list[str]:
        """Open a file; return what it requests besides itself, and what the console says."""
        address = path.resolve().as_uri()
        self._call("Emulation.setScriptExecutionDisabled", value=True)
        self._navigate(address)
        return list(_complaints(self._events, address))

    def visit(self, address: str, width: int, height: int) -> None:
        """Open a page of a server, whose scripts run, in a window of some size."""
        self._call("Emulation.setScriptExecutionDisabled", value=False)
        self._resize(width, "light", height)
        self._navigate(address)

    def wait_for(self, expression: str) -> Any:
        """Return the value of an expression as soon as it is true in the open page."""
        end = time.monotonic() + SECONDS
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"{expression} stays {value}"
            time.sleep(0.05)
        return value

    def _navigate(self, address: str) -> None:
        self._events.clear()
        reply = self._call("Page.navigate", url=address)
        assert "errorText" not in reply, reply
        while not any(each["method"] == "Page.loadEventFired" for each in self._events):
            self._receive()

    def faults(self, width: int, scheme: str) -> list[str]:
        """Return the faults of the open page in a window of some width, "light" or "dark"."""
        self._resize(width, scheme)
        return [f"{width} {scheme}: {each}" for each in self.evaluate(_FAULTS)]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, which is evaluated although scripts are disabled."""
        reply = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def screenshot(self, width: int, scheme: str, top: int = 0, height: int = 900) -> bytes:
        """Return a part of the open page as a PNG file."""
        self._resize(width, scheme)
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        reply = self._call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(reply["data"])

    def _resize(self, width: int, scheme: str, height: int = 900) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._call("Emulation.setEmulatedMedia", features=[feature])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._receive()
            if reply.get("id") == number:
                assert "error" not in reply, (method, reply)
                return reply["result"]

    def _receive(self) -> dict[str, Any]:
        """Return the next message; keep it if it is an event."""
        end = time.monotonic() + SECONDS
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._read, 1 << 20) if ready else b""
            assert data, f"Chromium does not answer; its status is {self._process.poll()}"
            self._received += data
        text, _, self._received = self._received.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self._events.append(message)
        return message


def _complaints(events: list[dict[str, Any]], page: str) -> Iterator[str]:
    for each in events:
        name, parameters = each["method"], each.get("params", {})
        if name == "Network.requestWillBeSent":
            address = str(parameters["request"]["url"])
            if address != page and not address.startswith("data:"):
                yield f"requests {address}"
        elif name == "Log.entryAdded":
            yield f"console: {parameters['entry']['text']}"
        elif name in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            yield f"console: {parameters}"
