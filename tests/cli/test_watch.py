"""`tinyalex watch`, and a training that brings its own watcher."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.processes import environment
from tinyalex.report.watch import Watcher


def start(*words, folder):
    """A command with pipes, in which Ctrl-C works as on a terminal."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "tinyalex", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment(),
        )
    finally:
        signal.signal(signal.SIGINT, before)


def address_in(line):
    [found] = re.findall(r"http://127\.0\.0\.1:\d+/", line)
    return found


def state(address):
    with urllib.request.urlopen(f"{address}state.json", timeout=60) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_it_waits_for_a_run_and_ends_cleanly_with_ctrl_c(tmp_path):
    process = start("watch", "runs/later", folder=tmp_path)
    address = address_in(process.stdout.readline())
    assert process.stdout.readline() == "Ctrl-C ends the watching, not the training\n"
    assert state(address)["status"] == "waiting"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(urllib.error.URLError):
        state(address)


@pytest.mark.slow
def test_a_training_brings_its_watcher_and_takes_it_along(tmp_path):
    options = ["--backend", "numpy", "--threads", 1, "--epochs", 3, "--out", "run"]
    process = start("train", "--watch", *options, folder=tmp_path)
    lines = [process.stdout.readline() for _ in range(2)]
    address = address_in(lines[1])
    assert lines[1].startswith("watch it on ")
    assert state(address)["status"] == "training"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err
    end = time.monotonic() + 60
    while True:  # a page may look once more
        try:
            assert state(address)["status"] in ("training", "stopped")
        except (urllib.error.URLError, ConnectionError):
            break
        assert time.monotonic() < end, "the watcher is still there"
        time.sleep(0.2)


def test_what_cannot_be_watched_is_refused(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "file: not a folder" in refused("watch", "file")
    with Watcher(tmp_path) as other:
        said = refused("watch", "run", "--port", other.server_port)
    assert f"port {other.server_port} cannot be used" in said and "another --port" in said


def test_tensorboard_without_its_package_names_the_extra(refused, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    said = refused("train", "--tensorboard", "--quiet")
    assert "tensorboardX, which is not installed" in said and "[tensorboard]" in said
    assert list(tmp_path.iterdir()) == []
