"""A lesson as slides: one HTML page for a projector, without network, which also prints."""

from __future__ import annotations

import copy
import html
import re
from typing import Any

from tinyalex.learn import notebooks, questions
from tinyalex.learn.lesson_file import CODE, Cell, Lesson
from tinyalex.learn.markdown import plain

WORDS = 90  # of text on one slide, if a paragraph ends there
_CONTINUES = re.compile(r"[-*] |\d+\. |\||    ")  # a list, a table, indented text

# Nothing is loaded from anywhere: pictures are inside the page.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

_STYLE = """
:root { color-scheme: light; }
body { margin: 0; color: #222; background: #fff; overflow-wrap: break-word;
  font: clamp(17px, 1.1vw + 10px, 28px)/1.45 system-ui, sans-serif; }
section { box-sizing: border-box; max-width: 62rem; margin: 0 auto; padding: 1.2rem 1rem 4.5rem; }
.shows-one section { display: none; min-height: 100vh; }
.shows-one section.now { display: block; }
section:focus { outline: none; }
h1, h2 { line-height: 1.2; margin: .3em 0 .6em; } a.anchor-link, div.prompt { display: none; }
p.part { color: #555; font-size: .7em; margin: 0; }
pre, code { font-family: ui-monospace, Consolas, monospace; font-size: .8em; line-height: 1.4; }
pre { overflow-x: auto; } p code, li code { font-size: .9em; }
div.highlight pre { background: #f6f7f9; border: 1px solid #ddd; border-radius: 4px;
  padding: .6rem .8rem; }
div.output pre, div.jp-OutputArea pre { border-left: 3px solid #8ab; padding-left: .8rem;
  white-space: pre-wrap; }
img { max-width: 100%; max-height: 70vh; } table { border-collapse: collapse; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; }
nav { position: fixed; bottom: 0; left: 0; right: 0; display: none; justify-content: center;
  align-items: center; gap: 1rem; background: #fffd; font-size: 1rem; }
.shows-one nav { display: flex; }
nav button { font: inherit; min-width: 44px; min-height: 44px; border: 0; background: none;
  cursor: pointer; }
@media print {
  .shows-one section { display: block; min-height: 0; }
  section { break-after: page; padding-bottom: 0; } .shows-one nav { display: none; }
  pre { white-space: pre-wrap; } img { max-height: 60vh; }
}
"""

_SCRIPT = """
const slides = [...document.querySelectorAll("section")];
const place = document.querySelector("nav output");
let now = 0;
function show(wanted) {
  now = Math.max(0, Math.min(slides.length - 1, wanted));
  slides.forEach((slide, i) => slide.classList.toggle("now", i === now));
  place.textContent = `${now + 1} / ${slides.length}`;
  history.replaceState(null, "", `#${now + 1}`);
  window.scrollTo(0, 0);
  slides[now].focus({ preventScroll: true });
}
const steps = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("button, summary"))
    return;
  if (event.key in steps) show(now + (event.shiftKey ? -1 : 1) * steps[event.key]);
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(slides.length - 1);
  else return;
  event.preventDefault();
});
let start = null;
addEventListener("touchstart", (event) => {
  const inCode = event.target.closest("pre");
  const scrolls = inCode && inCode.scrollWidth > inCode.clientWidth;
  start = event.touches.length === 1 && !scrolls ? event.touches[0] : null;
}, { passive: true });
addEventListener("touchend", (event) => {
  if (start === null) return;
  const dx = event.changedTouches[0].clientX - start.clientX;
  const dy = event.changedTouches[0].clientY - start.clientY;
  if (Math.abs(dx) > 60 && Math.abs(dx) > 2 * Math.abs(dy)) show(now - Math.sign(dx));
  start = null;
}, { passive: true });
const [back, forth] = document.querySelectorAll("nav button");
back.onclick = () => show(now - 1);
forth.onclick = () => show(now + 1);
addEventListener("hashchange", () => show((parseInt(location.hash.slice(1)) || 1) - 1));
document.body.classList.add("shows-one");
show((parseInt(location.hash.slice(1)) || 1) - 1);
"""


def to_slides(lesson: Lesson, book: Any) -> str:
    """Convert a lesson's notebook to slides.

    Keys: right and left, Page Down and Page Up, space, Home, End; on a touch screen, swipe. Without
    scripts, and on paper, the slides follow one another.

    Parameters
    ----------
    lesson : Lesson
    book : nbformat.NotebookNode
        Its notebook with output, and with its answers; it stays as it is.

    Returns
    -------
    str
        One HTML page. A line that students fill in is blank on one slide, and filled in on the
        next. Text of more than about `WORDS` words continues on the next slide.

    Raises
    ------
    ConfigError
        A package of the extra ``lessons`` is not installed.
    """
    colours = notebooks._need("pygments.formatters").HtmlFormatter()
    sections = []
    part = ""
    for cell in book.cells:
        for shown in _slides_of(cell):
            heading = re.match(r"## (.+)", shown.source) if cell.cell_type != CODE else None
            part = heading[1] if heading else part
            page = copy.copy(book)
            page.cells = [shown]
            body = notebooks.to_html(page)
            above = f'<p class="part">{html.escape(part)}</p>\n' if part and not heading else ""
            sections.append(f'<section tabindex="-1">\n{above}{body}\n</section>')
    title = html.escape(f"{lesson.number:02d} {plain(lesson.title)}")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}: slides</title>\n'
        f"<style>{_STYLE}{colours.get_style_defs('div.highlight')}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(sections)
        + '\n</main>\n<nav aria-label="slides"><button aria-label="previous slide">'
        "\N{LEFTWARDS ARROW}</button><output></output>"
        '<button aria-label="next slide">\N{RIGHTWARDS ARROW}</button></nav>\n'
        f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _slides_of(cell: Any) -> list[Any]:
    """The slides of one cell, as cells."""
    if cell.cell_type != CODE:
        return [_changed(cell, text) for text in split(cell.source)]
    as_cell = Cell(CODE, cell.source, 1)
    blank = questions.blank_of(as_cell)
    if blank is None:
        return [cell]
    asked = _changed(cell, questions.hidden(as_cell, blank))
    asked.outputs = []
    return [asked, cell]


def _changed(cell: Any, source: str) -> Any:
    """The cell with another text."""
    changed = copy.copy(cell)
    changed.source = source
    return changed


def split(text: str, words: int = WORDS) -> list[str]:
    """Divide a text in Markdown into parts of about this many words.

    It is divided between paragraphs only. A heading stays with the paragraph after it, and a list,
    a table or indented text with the paragraph before it.
    """
    parts: list[str] = []
    for paragraph in re.split(r"\n{2,}", text.strip()):
        before = parts[-1] if parts else ""
        heading = before.startswith("#") and "\n" not in before
        count = len(f"{before} {paragraph}".split())
        if before and (heading or _CONTINUES.match(paragraph) or count <= words):
            parts[-1] = f"{before}\n\n{paragraph}"
        else:
            parts.append(paragraph)
    return parts
