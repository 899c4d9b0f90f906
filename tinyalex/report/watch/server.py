"""The server of the page: this machine only, reading only."""

from __future__ import annotations

import json
import re
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tinyalex.errors import ConfigError, TinyalexError
from tinyalex.outside import shown
from tinyalex.report import chart
from tinyalex.report.page import skeleton
from tinyalex.report.watch.state import Watched

HOST = "127.0.0.1"
_OURS = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
_EPOCH = re.compile(r"[0-9]{1,9}")
_SECURITY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


class Watcher(ThreadingHTTPServer):
    """Serves the page of one run on 127.0.0.1.

    Parameters
    ----------
    folder : Path
        The run's folder; it may not be there yet.
    port : int
        By default any free one.

    Raises
    ------
    ConfigError
        The port is not free, or is not a port's number.

    Examples
    --------
    >>> from pathlib import Path
    >>> with Watcher(Path("runs/first")) as watcher:
    ...     watcher.address.startswith("http://127.0.0.1:")
    True
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.watched = Watched(folder)
        self.seen = threading.Event()  # a page has been told that the training has ended
        try:
            super().__init__((HOST, port), _Page)
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"port {port} cannot be used ({error})", "another --port, or leave it out"
            ) from error

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed in the middle of an answer is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"


class _Page(BaseHTTPRequestHandler):
    """Answers GET; every other method is refused."""

    server: Watcher
    timeout = 20  # seconds that a client may take to ask
    server_version, sys_version = "tinyalex", ""

    def do_GET(self) -> None:
        # A page of somebody else's, whose name was made to point to this machine, has its own.
        if not _OURS.fullmatch(self.headers.get("host", "")):
            return self._send(HTTPStatus.FORBIDDEN, "text/plain", b"only for this machine\n")
        asked = urlsplit(self.path)
        words = {name: values[0] for name, values in parse_qs(asked.query).items()}
        static = {"/": ("html", "page.html"), "/watch.js": ("javascript", "watch.js")}
        if asked.path in static:
            kind, name = static[asked.path]
            self._send(HTTPStatus.OK, f"text/{kind}", _package_file(name))
        elif asked.path == "/watch.css":
            style = skeleton.STYLE.encode() + chart.STYLE.encode() + _package_file("watch.css")
            self._send(HTTPStatus.OK, "text/css", style)
        elif asked.path == "/state.json":
            self._state(words.get("have", ""))
        elif asked.path in ("/filters.png", "/batch.png"):
            self._picture(asked.path, words.get("epoch", ""))
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"no such page\n")

    def _state(self, have: str) -> None:
        if have == self.server.watched.version():
            return self._send(HTTPStatus.NO_CONTENT, "text/plain", b"")
        document = self.server.watched.document()
        body = json.dumps(document, allow_nan=False).encode()
        self._send(HTTPStatus.OK, "application/json", body)
        if document["status"] in ("finished", "stopped"):
            self.server.seen.set()

    def _picture(self, path: str, epoch: str) -> None:
        picture, why = None, "no such picture"
        if _EPOCH.fullmatch(epoch):
            watched = self.server.watched
            try:
                get = watched.filters if path == "/filters.png" else watched.batch
                picture = get(int(epoch))
            except TinyalexError as error:
                why = shown(error.message)
        if picture is None:
            return self._send(HTTPStatus.NOT_FOUND, "text/plain", f"{why}\n".encode())
        self._send(HTTPStatus.OK, "image/png", picture, "private, max-age=3600")

    def _send(self, code: HTTPStatus, kind: str, body: bytes, keep: str = "no-store") -> None:
        charset = "" if kind == "image/png" else "; charset=utf-8"
        headers = {**_SECURITY, "content-type": kind + charset, "cache-control": keep}
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class answers to other methods and to what is not HTTP."""
        self._send(HTTPStatus(code), "text/plain", b"refused\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed: a terminal may show the training."""


def _package_file(name: str) -> bytes:
    return files("tinyalex.report.watch").joinpath(name).read_bytes()
