"""Links of the pages: where each leads in the repository, and where on the site.

A page is read in two places: on a code host as a file of the repository, and on the site. A link
is written for the repository. `for_the_site` rewrites it; tests/test_links.py follows each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Pages outside docs/, and their files on the site.
OUTER = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "SECURITY.md": "security.md",
    "lessons/README.md": "tutorial/index.md",
}
REPOSITORY = "repo:"  # scheme of links to files that are not pages: see conf.py

_FENCE = re.compile(r"^(\s*)(```+|~~~+).*?^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)[ #]*$", re.MULTILINE)


@dataclass(frozen=True)
class Link:
    """A relative link of a page.

    Attributes
    ----------
    target : as it is written
    path : the file or folder from the repository's root; the page itself for ``#anchor``
    anchor : what follows ``#``, or an empty text
    is_image : whether it is shown in the page
    """

    target: str
    path: str
    anchor: str
    is_image: bool


def without_code(page: str) -> str:
    """A page in which code has become blank, of the same length and with the same lines."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _CODE.sub(blank, _FENCE.sub(blank, page))


def _read(match: re.Match[str], page: str) -> Link | None:
    target = match["target"]
    if re.match(r"[a-z]+:", target):
        return None
    file, _, anchor = target.partition("#")
    path = os.path.normpath(os.path.join(os.path.dirname(page), file)) if file else page
    return Link(target, path.replace(os.sep, "/"), anchor, bool(match["image"]))


def links_of(text: str, page: str) -> Iterator[Link]:
    """The relative links in the text of a page, which is named from the repository's root."""
    prose = _FENCE.sub("", text)
    for match in _LINK.finditer(prose):
        if link := _read(match, page):
            yield link
        for inner in _LINK.finditer(match["text"]):  # a picture that is a link
            if link := _read(inner, page):
                yield link


def anchors_of(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        name, number = slug, 0
        while name in found:
            number += 1
            name = f"{slug}-{number}"
        found.add(name)
    return found


def pages() -> dict[str, str]:
    """File on the site of every page and lesson, by its path in the repository."""
    docs = {
        path.relative_to(ROOT).as_posix(): path.relative_to(ROOT / "docs").as_posix()
        for path in sorted((ROOT / "docs").rglob("*.md"))
    }
    lessons = {
        f"lessons/{path.name}": f"tutorial/{path.stem}.ipynb"
        for path in sorted((ROOT / "lessons").glob("[0-9]*.py"))
    }
    return {name: file for name, file in OUTER.items() if (ROOT / name).exists()} | docs | lessons


def for_the_site(text: str, page: str, known: dict[str, str], file: Callable[[str], None]) -> str:
    """The text with its links changed to those of the site.

    Parameters
    ----------
    text : str
    page : str
        Its path in the repository.
    known : dict
        As `pages` gives it.
    file : callable
        Called with the path of every file or folder that is linked to and is not a page.
    """
    here = os.path.dirname(known[page])

    def changed(match: re.Match[str]) -> str:
        words = _LINK.sub(changed, match["text"])
        link = _read(match, page)
        if link is None:
            return f"{match['image']}[{words}]({match['target']})"
        anchor = f"#{link.anchor}" if link.anchor else ""
        folder_page = f"{link.path}/README.md".removeprefix("./")
        path = folder_page if folder_page in known else link.path
        if path == page:
            target = anchor or os.path.basename(known[page])
        elif path in known:
            target = os.path.relpath(known[path], here or ".").replace(os.sep, "/") + anchor
        elif link.is_image:
            file(path)
            target = os.path.relpath(f"repository/{path}", here or ".").replace(os.sep, "/")
        else:
            file(path)
            target = f"{REPOSITORY}{path}"
        return f"{match['image']}[{words}]({target})"

    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(changed, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _LINK.sub(changed, text[end:])])
