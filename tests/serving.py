"""A server in this process, for tests of downloads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONTENT = bytes(range(256)) * 400


class Handler(BaseHTTPRequestHandler):
    """/good... gives the file, /bad... another one, /short... breaks off, all else is missing."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        answers = {"good": CONTENT, "bad": CONTENT[::-1], "short": CONTENT[:1000]}
        answer = answers.get(self.path.split("/")[1])
        if answer is None:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("content-length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve; gives the address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Handler.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()
