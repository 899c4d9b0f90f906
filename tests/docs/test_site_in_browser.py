"""The built site: its links lead somewhere, it loads nothing from elsewhere, a browser shows it.

Runs on the folder in TINYALEX_TEST_SITE, which `python -m docs.build_site` makes; CI sets it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.browser import Browser, browser

if "TINYALEX_TEST_SITE" not in os.environ:
    pytest.skip("no site has been built: TINYALEX_TEST_SITE", allow_module_level=True)
SITE = Path(os.environ["TINYALEX_TEST_SITE"]).resolve()
SHOWN = [
    "index.html",
    "how-to.html",
    "architecture.html",
    "decisions.html",
    "teaching.html",
    "tutorial/index.html",
    "tutorial/02_convolution.html",
    "tutorial/15_look_inside.html",
    "reference/layers.html",
    "reference/functional.html",
    "results/README.html",
    "repository/tinyalex/learn/index.html",
    "repository/tinyalex/functional/conv.py.html",
]


class Found(HTMLParser):
    """What a page refers to: ``links`` to click, ``loads`` of its own accord, and its ``ids``."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        self.ids |= {of[name] for name in ("id", "name") if name in of}
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        elif tag == "link" and of.get("rel") != "canonical" and "href" in of:
            self.loads.append(of["href"])
        elif tag != "a":
            self.loads += [of[name] for name in ("src", "srcset", "poster", "data") if name in of]


@cache
def read(page: Path) -> Found:
    found = Found()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def pages() -> list[Path]:
    """Sphinx's pages, and the lists and sources that they link to."""
    reports = SITE / "repository" / "docs" / "results" / "reproduced"
    return sorted(p for p in SITE.rglob("*.html") if not p.is_relative_to(reports))


def target_of(page: Path, link: str) -> tuple[Path, str]:
    file, _, anchor = link.partition("#")
    file = unquote(file.partition("?")[0])
    return (page.parent / file).resolve() if file else page, unquote(anchor)


def test_a_site_has_all_its_parts() -> None:
    assert all((SITE / name).is_file() for name in SHOWN)


def test_every_link_leads_to_a_page_and_to_a_place_in_it() -> None:
    dead = []
    for page in pages():
        for link in set(read(page).links):
            if re.match("[a-z]+:", link):
                assert link.startswith(("https:", "http:", "mailto:")), (page, link)
                continue
            target, anchor = target_of(page, link)
            if not target.is_file():
                dead.append(f"{page.relative_to(SITE)}: {link}")
            elif anchor and target.suffix == ".html" and anchor not in read(target).ids:
                dead.append(f"{page.relative_to(SITE)}: {link}: no such place")
    assert dead == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    for page in pages():
        outside = [x for x in read(page).loads if re.match("(https?:)?//", x)]
        assert outside == [], page
    for sheet in SITE.rglob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", text), sheet


def test_every_picture_says_what_it_shows() -> None:
    for page in pages():
        for tag in re.findall(r"<img\b[^>]*>", page.read_text(encoding="utf-8")):
            assert re.search(r'alt="[^"]', tag), (page, tag)


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", SHOWN)
def test_a_browser_shows_it(window: Browser, name: str, width: int, dark: bool) -> None:
    window.open(SITE / name, width=width, dark=dark).check()
    light = window.run(
        "const c = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);"
        "return c[0] + c[1] + c[2] > 3 * 128"
    )
    assert light is not dark


def test_the_search_finds_a_name(window: Browser) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    window.open((SITE / "search.html").as_uri() + "?q=local_response_norm")
    found = "return [...document.querySelectorAll('#search-results a')].map(a => a.href)"
    WebDriverWait(window.driver, 20).until(lambda _: window.run(found))
    assert any("reference/functional.html" in link for link in window.run(found))
    assert window.log() == []


def test_the_keyboard_reaches_the_text_and_the_side_bar(window: Browser) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    window.open(SITE / "index.html")
    reached = set()
    for _ in range(12):
        ActionChains(window.driver).send_keys(Keys.TAB).perform()
        reached.add(window.run("return document.activeElement.textContent.trim()"))
    assert "Skip to content" in reached and "Tutorial" in " ".join(reached)
