"""The HTML page: self-contained, for screens of any width, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinyalex.outside import as_html

STYLE = """
:root { color-scheme: light dark; --text: #212529; --back: #ffffff; --soft: #f1f3f5;
  --line: #ced4da; --link: #1864ab; --mark: #b02a00; }
@media (prefers-color-scheme: dark) { :root { --text: #e9ecef; --back: #16191d;
  --soft: #23282e; --line: #495057; --link: #74c0fc; --mark: #ffa07a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; color: var(--text);
  background: var(--back); font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); } a:focus-visible, summary:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: 0; list-style: none; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.5rem; font-size: 1.35rem;
  border-bottom: 1px solid var(--line); } h3 { font-size: 1.1rem; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
img { max-width: 100%; height: auto; } .chart { background: #fff; border-radius: .4rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; } thead th { background: var(--soft); }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr));
  padding: 0; list-style: none; }
.cards li { padding: .5rem; background: var(--soft); border-radius: .4rem; font-size: .85rem; }
.cards img.photo { image-rendering: pixelated; width: 5rem; } .row { display: flex; gap: .3rem;
  flex-wrap: wrap; align-items: flex-end; } .row img { image-rendering: pixelated; width: 4.2rem; }
.row .query img { outline: 3px solid var(--link); } .miss { color: var(--mark); }
code { background: var(--soft); padding: .1rem .3rem; border-radius: .2rem;
  overflow-wrap: anywhere; } footer { margin: 3rem 0 1rem; font-size: .85rem; }
@media print { nav, .skip { display: none; } h2 { break-after: avoid; } }
"""


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
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">To the content</a>\n'
        f"<header><h1>{as_html(title)}</h1>{intro}</header>\n"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n'
        f'<main id="main">\n{body}</main>\n<footer>{footer}</footer>\n</body>\n</html>\n'
    )


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of text; its first column holds the row headings."""
    head = "".join(f'<th scope="col">{as_html(c)}</th>' for c in columns)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td>{as_html(cell)}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{as_html(first)}</th>{cells}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{as_html(caption)}">'
        f"<table><caption>{as_html(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def chart(uri: str, alt: str, caption: str = "") -> str:
    """A chart with a description in words."""
    under = f"<figcaption>{as_html(caption)}</figcaption>" if caption else ""
    return f'<figure><img class="chart" src="{uri}" alt="{as_html(alt)}">{under}</figure>'


def bullets(texts: Iterable[str]) -> str:
    """A bullet list of text."""
    return f"<ul>{''.join(f'<li>{as_html(text)}</li>' for text in texts)}</ul>"
