"""The page in a real browser, while a network is really trained."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browser, browser
from tests.processes import environment
from tests.report.watch.test_server import watching

POINTS = "return +document.getElementById('charts').dataset.points || 0"
LOADED = "return document.getElementById('images').naturalWidth"
STATUS = "return document.getElementById('status').textContent"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as found:
        yield found


def train(folder: Path, epochs: int, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tinyalex", "train", "--backend", "numpy", "--threads", "1"]
    command += ["--epochs", str(epochs), *more]
    command += [] if "--resume" in more else ["--out", str(folder)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)


def wait_for(window: Browser, script: str, wanted: Any, seconds: float = 240) -> None:
    """Until the script's value is what is wanted, or passes its test."""
    end = time.monotonic() + seconds
    while True:
        value = window.run(script)
        if wanted(value) if callable(wanted) else value == wanted:
            return
        assert time.monotonic() < end, f"{value!r} after {seconds} seconds"
        time.sleep(0.2)


@pytest.mark.slow
def test_the_page_follows_a_training_from_before_it_begins(tmp_path: Path, window: Browser) -> None:
    from selenium.webdriver.common.keys import Keys

    folder = tmp_path / "run"
    with watching(folder) as watcher:
        window.open(watcher.address, width=390, dark=True)
        wait_for(window, STATUS, "waiting")
        window.run("window.sameLoad = true")
        training = train(folder, 6)
        wait_for(window, POINTS, lambda points: points >= 1)
        seen = window.run(POINTS)
        assert seen < 6
        wait_for(window, POINTS, lambda points: points > seen)
        window.check()
        training.send_signal(2)
        training.wait()
        wait_for(window, STATUS, "stopped")
        training = train(folder, 4 + window.run(POINTS), "--resume", str(folder))
        assert training.wait() == 0
        wait_for(window, STATUS, "finished")
        assert window.run("return window.sameLoad")  # all of it without loading the page again
        wait_for(window, "return document.querySelectorAll('svg.chart').length", 4)
        wait_for(window, LOADED, lambda width: width > 100)
        window.check()

        slider = window.driver.find_element("id", "at")
        last = window.run("return document.getElementById('frame').textContent")
        slider.send_keys(Keys.HOME)
        assert window.run("return document.getElementById('frame').textContent") == "0"
        window.driver.find_element("id", "play").send_keys(Keys.ENTER)
        wait_for(window, "return document.getElementById('frame').textContent", last)
        wait_for(window, "return document.getElementById('play').textContent", "Play")
        for width in (390, 1280):
            for dark in (False, True):
                window.open(watcher.address, width=width, dark=dark)
                wait_for(window, LOADED, lambda width: width > 100)
                window.check()
        assert window.log() == []
    wait_for(window, "return document.getElementById('lost').hidden", False)
    window.open("about:blank").log()


@pytest.mark.slow
def test_names_on_the_page_are_text(tmp_path: Path, window: Browser) -> None:
    folder = tmp_path / "<img src=x onerror=alert(1)>"
    training = train(folder, 1)
    assert training.wait() == 0
    with watching(folder) as watcher:
        window.open(watcher.address)
        wait_for(window, STATUS, "finished")
        wait_for(window, LOADED, lambda width: width > 100)
        assert "onerror=alert(1)" in window.run("return document.title")
        assert window.run("return document.querySelectorAll('[onerror]').length") == 0
        window.check()
