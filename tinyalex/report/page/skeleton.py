"""The HTML page: self-contained, for screens of any width, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tinyalex.outside import as_html
from tinyalex.report import chart

STYLE = """
:root { color-scheme: light dark; --ink: #212529; --paper: #ffffff; --faint: #f1f3f5;
  --line: #ced4da; --accent: #1864ab; --mark: #b02a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ecef; --paper: #16191d;
  --faint: #23282e; --line: #495057; --accent: #74c0fc; --mark: #ffa07a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--accent); } a:focus-visible, input:focus-visible, [tabindex]:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: 0; list-style: none; }
h1 { font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; font-size: 1.35rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.1rem; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
img { max-width: 100%; height: auto; } .pixels { image-rendering: pixelated; width: 40rem; }
img.matrix { border: 1px solid var(--line); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
thead th { background: var(--faint); vertical-align: bottom; }
.matrix td { min-width: 2.1rem; padding: .25rem .3rem; text-align: center;
  border: 1px solid var(--line);
  background: color-mix(in srgb, var(--accent) calc(var(--p, 0%) * .5), transparent); }
.matrix thead th { padding: .3rem .2rem; } .matrix caption { font-weight: 400; }
.matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 9rem; }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr));
  padding: 0; list-style: none; }
.cards li { padding: .5rem; background: var(--faint); border-radius: .4rem; font-size: .85rem;
  min-width: 0; overflow-wrap: anywhere; }
.cards img.photo { image-rendering: pixelated; width: 5rem; } .row { display: flex; gap: .3rem;
  flex-wrap: wrap; align-items: flex-end; } .row img { image-rendering: pixelated; width: 4.2rem; }
.cards .row { margin-bottom: .5rem; } .cards .row img.photo { width: 4.2rem; }
.row .query img { outline: 3px solid var(--accent); } .miss { color: var(--mark); }
.bars { margin: .3rem 0 0; padding: 0; list-style: none; } .cards .bars li { display: flex;
  justify-content: space-between; gap: .5rem; margin: 2px 0; padding: 0 .3rem; border-radius: 0;
  background: linear-gradient(to right, color-mix(in srgb, var(--accent) 40%, transparent)
  var(--p), transparent var(--p)); }
.cards .bars li.right { font-weight: 600; --accent: var(--mark); }
.film .window { position: relative; overflow: hidden; box-sizing: content-box; margin: .5rem 0;
  padding-bottom: 2.2rem; max-width: 40rem; aspect-ratio: var(--w) / var(--h); }
.film .reel { position: absolute; inset: 0 0 auto 0; height: calc(100% * var(--n)); display: flex;
  flex-direction: column; } .film figure { flex: 1 1 0; min-height: 0; margin: 0;
  padding-top: 4px; overflow: hidden; }
.film img { display: block; width: 100%; aspect-ratio: var(--w) / var(--h); }
@keyframes film { to { transform: translateY(-100%); } }
.film:has(:checked) .reel { animation: none !important; }
.film:has(:checked) .window { overflow-y: scroll; scroll-snap-type: y mandatory; }
.film figure { scroll-snap-align: start; }
@media (prefers-reduced-motion: reduce) { .film .reel { animation: none !important; }
  .film .window { overflow-y: scroll; scroll-snap-type: y mandatory; } .film label {
  display: none; } }
code { background: var(--faint); padding: .1rem .3rem; border-radius: .2rem;
  overflow-wrap: anywhere; } footer { margin: 3rem 0 1rem; font-size: .85rem; }
@media print { nav, .skip, .film { display: none; } h2 { break-after: avoid; } }
"""

_NUMBER = re.compile(r"[-+]?[\d,]+(\.\d+)?( ?%)?|-")


def page(title: str, intro: str, sections: Sequence[tuple[str, str, str]], footer: str) -> str:
    """Make the page.

    Parameters
    ----------
    title : str
        Text.
    intro, footer : str
        HTML.
    sections : sequence of (anchor, heading, HTML)
        The heading is text.
    """
    links = "".join(f'<li><a href="#{a}">{as_html(h)}</a></li>' for a, h, _ in sections)
    body = "".join(
        f'<section id="{a}" aria-labelledby="{a}-h"><h2 id="{a}-h">{as_html(h)}</h2>'
        f"{html}</section>\n"
        for a, h, html in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # nothing may be fetched, and no script may run
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">\n"
        f'<link rel="icon" href="data:,">\n<title>{as_html(title)}</title>\n'
        f"<style>{STYLE}{chart.STYLE}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">To the content</a>\n'
        f"<header><h1>{as_html(title)}</h1>{intro}</header>\n"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n'
        f'<main id="main">\n{body}</main>\n<footer>{footer}</footer>\n</body>\n</html>\n'
    )


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; its first column holds the row headings. Numbers are aligned to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    look = ['class="number"' if _all_numbers(column) else "" for column in zip(*texts, strict=True)]
    look = [""] * len(columns) if not texts else ["", *look[1:]]
    head = "".join(
        f'<th scope="col" {c}>{as_html(h)}</th>' for h, c in zip(columns, look, strict=True)
    )
    lines = []
    for first, *rest in texts:
        cells = "".join(
            f"<td {c}>{as_html(cell)}</td>" for cell, c in zip(rest, look[1:], strict=True)
        )
        lines.append(f'<tr><th scope="row">{as_html(first)}</th>{cells}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{as_html(caption)}">'
        f"<table><caption>{as_html(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _all_numbers(cells: Iterable[str]) -> bool:
    return all(_NUMBER.fullmatch(cell) for cell in cells)


def picture(uri: str, alt: str, caption: str) -> str:
    """A picture of a few pixels, enlarged, with a description in words."""
    return (
        f'<figure><img class="pixels" src="{uri}" alt="{as_html(alt)}">'
        f"<figcaption>{as_html(caption)}</figcaption></figure>"
    )


def bullets(texts: Iterable[str]) -> str:
    """A bullet list of text."""
    return f"<ul>{''.join(f'<li>{as_html(text)}</li>' for text in texts)}</ul>"
