"""A real browser for the tests of pages: Chromium without a window, driven by Selenium.

Tests that use it skip where Selenium (extra test-browser) or Chromium with its driver is missing;
with TINYALEX_TEST_BROWSER set they fail instead.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
DRIVER = shutil.which("chromedriver")


def selenium() -> Any:
    """The package, or a skip."""
    try:
        import selenium.webdriver as webdriver
    except ImportError:
        webdriver = None
    if webdriver is None or CHROMIUM is None or DRIVER is None:
        told = "no Selenium, no Chromium or no chromedriver here"
        pytest.fail(told) if os.environ.get("TINYALEX_TEST_BROWSER") else pytest.skip(told)
    return webdriver


class Browser:
    """One window. ``driver`` is Selenium's."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(
        self, page: Path | str, width: int = 1280, height: int = 900, dark: bool = False
    ) -> Browser:
        """Open a file or an address; the window is as wide as a phone's if so asked."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get(page.resolve().as_uri() if isinstance(page, Path) else page)
        return self

    def run(self, script: str, *values: Any) -> Any:
        """The value of a function's body in JavaScript."""
        return self.driver.execute_script(script, *values)

    def log(self) -> list[str]:
        """What the console has been told since the last time: errors, refused requests."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def picture(self, path: Path) -> None:
        """Write a picture of the whole page, however long."""
        size = self.run(
            "const e = document.documentElement; return [e.clientWidth, e.scrollHeight]"
        )
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 16_000), "scale": 1}
        options = {"clip": clip, "captureBeyondViewport": True, "format": "png"}
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"]
        path.write_bytes(base64.b64decode(data))

    def check(self) -> None:
        """Nothing is wider than the window, every picture has its size, the console is silent."""
        wide, broken = self.run(
            "return [document.documentElement.scrollWidth - window.innerWidth,"
            "[...document.images].filter(x => !(x.complete && x.naturalWidth)).length]"
        )
        assert wide <= 0, f"{wide} pixels wider than the window"
        assert broken == 0, f"{broken} pictures do not load"
        assert self.log() == []


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium; it ends with the block."""
    webdriver = selenium()
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.add_argument("--disable-background-networking")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
