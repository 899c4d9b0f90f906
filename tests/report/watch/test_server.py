"""The server of the page: what it answers, and to whom."""

from __future__ import annotations

import http.client
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinyalex import training
from tinyalex.errors import ConfigError
from tinyalex.report.watch import Watcher


@contextmanager
def watching(folder: Path) -> Iterator[Watcher]:
    with Watcher(folder) as watcher:
        thread = threading.Thread(target=watcher.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield watcher
        finally:
            watcher.shutdown()
            thread.join()


def ask(
    watcher: Watcher, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", watcher.server_port, timeout=30)
    connection.putrequest(method, path, skip_host=host is not None)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


def state(watcher: Watcher) -> dict[str, Any]:
    code, _, body = ask(watcher, "/state.json")
    assert code == 200
    document: dict[str, Any] = json.loads(body)
    return document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "<b>run"
    short = training.RunConfig("digits@320", epochs=2, backend="numpy", threads=1, log_every=4)
    training.train(replace(short, out=out))
    return out


@pytest.fixture(scope="module")
def watcher(folder: Path) -> Iterator[Watcher]:
    with watching(folder) as found:
        yield found


def test_it_listens_on_this_machine_alone(watcher: Watcher) -> None:
    assert watcher.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "127.0.0.1:80@evil", "x:1"]
)
@pytest.mark.parametrize("path", ["/", "/state.json", "/batch.png?epoch=1"])
def test_another_host_is_refused(watcher: Watcher, host: str, path: str) -> None:
    code, _, body = ask(watcher, path, host=host)
    assert code == 403 and body == b"only for this machine\n"


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1", "localhost"])
def test_a_tunnel_may_have_another_port(watcher: Watcher, host: str) -> None:
    assert ask(watcher, "/", host=host)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "<b>"])
def test_only_get_is_answered(watcher: Watcher, method: str) -> None:
    assert ask(watcher, "/state.json", method)[0] >= 400


@pytest.mark.parametrize(
    "path",
    [
        "/config.json",
        "/../config.json",
        "/runs/",
        "/page.html",
        "/state.py",
        "/batch.png",
        "/batch.png?epoch=0",
        "/batch.png?epoch=3",
        "/batch.png?epoch=-1",
        "/filters.png?epoch=7",
        "/filters.png?epoch=1e3",
        "/filters.png?epoch=" + 40 * "9",
        "/%2e%2e/config.json",
    ],
)
def test_nothing_else_is_served(watcher: Watcher, path: str) -> None:
    code, _, body = ask(watcher, path)
    assert code == 404 and len(body) < 50


def test_every_answer_forbids_what_the_page_does_not_need(watcher: Watcher) -> None:
    for path in ("/", "/watch.js", "/watch.css", "/state.json", "/batch.png?epoch=1", "/none"):
        _, headers, _ = ask(watcher, path)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers and "python" not in headers["server"]


def test_a_finished_run_is_shown(watcher: Watcher) -> None:
    found = state(watcher)
    assert found["status"] == "finished" and found["said"] == "epoch 2 of 2, step 10 of 10"
    # As text: the page does not read it as HTML.
    assert found["title"] == "<b>run: tiny on digits@320"
    assert found["points"] == 6 and found["film"] == [0, 1, 2] and found["batch"] == 2
    names = [name for name, _ in found["facts"]]
    assert "time left" not in names and {"test error", "learning rate", "images/s"} <= set(names)
    assert found["charts"].count("<svg") == 4 and "<b>run" not in found["charts"]


def test_what_has_not_changed_is_not_sent_again(watcher: Watcher, folder: Path) -> None:
    version = state(watcher)["version"]
    assert ask(watcher, f"/state.json?have={version}")[0] == 204
    with (folder / "metrics.jsonl").open("a") as file:
        file.write("\n")
    assert ask(watcher, f"/state.json?have={version}")[0] == 200


def test_pictures_are_those_of_the_epoch(watcher: Watcher, folder: Path) -> None:
    sheets = [ask(watcher, f"/filters.png?epoch={epoch}") for epoch in range(3)]
    assert len({body for _, _, body in sheets}) == 3
    batches = [ask(watcher, f"/batch.png?epoch={epoch}") for epoch in (1, 2)]
    assert batches[0][2] != batches[1][2]
    for code, headers, body in [*sheets, *batches]:
        assert (code, headers["content-type"]) == (200, "image/png")
        with Image.open(io.BytesIO(body)) as picture:
            assert picture.width > 60 and np.asarray(picture)[..., -1].max() == 255


def test_a_run_without_data_has_curves_all_the_same(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("metrics.jsonl", "checkpoint.safetensors", "config.json"):
        (moved / name).write_bytes((folder / name).read_bytes())
    plain = json.loads((moved / "config.json").read_text())
    (moved / "config.json").write_text(json.dumps({**plain, "data": "/gone/\u202e"}))
    with watching(moved) as watcher:
        assert state(watcher)["charts"]
        code, _, body = ask(watcher, "/batch.png?epoch=1")
        assert code == 404 and b"/gone/\\u202e" in body


def test_a_port_that_is_taken_is_an_error(watcher: Watcher, tmp_path: Path) -> None:
    for port in (watcher.server_port, 70_000):
        with pytest.raises(ConfigError, match=f"port {port} cannot be used"):
            Watcher(tmp_path, port)
