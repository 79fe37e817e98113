"""A local web server that injects faults on request."""

import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


class Server:
    """Serves `content` at any path; `faults` are used up, one a request."""

    def __init__(self) -> None:
        self.content = bytes(i * i % 251 for i in range(200_000))
        self.knows_ranges = True
        self.faults: list[str] = []
        self.asked: list[str | None] = []
        self.address = ""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.asked.append(asked)
        fault = self.faults.pop(0) if self.faults else ""
        if fault.isdigit():
            handler.send_error(int(fault))
            return
        start = self._start(asked) if fault != "wrong range" else 7
        if start >= len(self.content):
            handler.send_error(416)
            return
        body = self.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            last = len(self.content) - 1
            handler.send_header("Content-Range", f"bytes {start}-{last}/{len(self.content)}")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(self._spoilt(body, fault))

    def _start(self, asked: str | None) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", asked or "")
        return int(match[1]) if match and self.knows_ranges else 0

    @staticmethod
    def _spoilt(body: bytes, fault: str) -> bytes:
        if fault == "stop":
            return body[: min(50_000, len(body) // 2)]
        if fault == "silence":
            return b""
        return body[:100] + b"X" + body[101:] if fault == "damage" else body


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        state.address = f"http://127.0.0.1:{web.server_port}/"
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        web.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no folder of the user's own."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    return tmp_path / "cache"
