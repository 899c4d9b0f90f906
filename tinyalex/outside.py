"""Makes text from outside (names of folders, classes, students) safe to show.

A name may contain anything that a file system allows: terminal codes, line breaks, marks that
reverse the direction of writing, bytes that are not text, formulas, HTML. Each place has one
function, and everything that shows such text calls it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence

# Controls (ESC, C1), formats (zero width, bidirectional), lone surrogates, line separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BYTES = range(0xDC80, 0xDD00)  # how Python represents bytes of a name that are not UTF-8
# What spreadsheets read as a formula at the start of a cell, whatever separates cells.
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@＝＋－＠])")  # noqa: RUF001 (the wide ones count, too)


def shown(text: str, keep: str = "") -> str:
    """Escape characters that are invisible or act on a terminal; for a name on a console.

    Parameters
    ----------
    text : str
    keep : str
        Characters that are not escaped.

    Examples
    --------
    >>> print(shown("caf\\u00e9 \\x1b[31m\\n\\u202e\\udcff"))
    café \\x1b[31m\\n\\u202e\\xff
    """
    if text.isprintable():
        return text
    return "".join(
        _escape(c) if c not in keep and unicodedata.category(c) in _HIDDEN else c for c in text
    )


def lines(text: str) -> str:
    """As `shown`, for text that keeps its line breaks and tabs."""
    return shown(text, keep="\n\t")


def as_html(text: object) -> str:
    """Escape text for HTML, also inside a tag's quotes.

    Examples
    --------
    >>> as_html('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return html.escape(shown(str(text)))


def html_table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table for a notebook, in the page's own colours; every text is escaped.

    Numbers (also with thousands separators) are aligned to the right.

    Examples
    --------
    >>> "<td>&lt;b&gt;</td>" in html_table("t", ["name"], [["<b>"]])
    True
    """
    parts = [f"<table><caption style='text-align:left'>{as_html(title)}</caption><thead><tr>"]
    parts += [f"<th style='text-align:left'>{as_html(name)}</th>" for name in head]
    parts.append("</tr></thead><tbody>")
    for row in rows:
        parts.append("<tr>")
        for value in row:
            number = re.fullmatch(r"[-+]?[\d,.]+(e[-+]?\d+)?( %)?", str(value))
            style = " style='text-align:right'" if number else ""
            parts.append(f"<td{style}>{as_html(value)}</td>")
        parts.append("</tr>")
    return "".join([*parts, "</tbody></table>"])


def as_csv(text: str) -> str:
    """Escape text for a CSV cell, so that no spreadsheet reads it as a formula.

    Examples
    --------
    >>> as_csv("=1+1"), as_csv("anna-lena")
    ("'=1+1", 'anna-lena')
    """
    return _FORMULA.sub(r"\1'\2", shown(text))


def drawn(text: str) -> str:
    """Escape text for Matplotlib, which reads text between two ``$`` as mathematics.

    Examples
    --------
    >>> print(drawn("$x_1$"))
    \\$x_1\\$
    """
    return shown(text).replace("$", "\\$")


def _escape(letter: str) -> str:
    code = ord(letter)
    if code in _BYTES:
        code -= 0xDC00
    if letter in _SHORT:
        return _SHORT[letter]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
