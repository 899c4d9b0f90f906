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


def html_table(
    title: str, head: Sequence[str], rows: Iterable[Sequence[object]], texts: int = 1
) -> str:
    """A table for a notebook, in the page's own colours; every text is escaped.

    The first ``texts`` columns are aligned to the left, the others, numbers, to the right.

    Examples
    --------
    >>> "&lt;b&gt;</td>" in html_table("title", ["name", "size"], [["<b>", 1]])
    True
    """

    def row(tag: str, values: Sequence[object]) -> str:
        sides = ["left" if i < texts else "right" for i in range(len(values))]
        return "".join(
            f"<{tag} style='text-align:{side};padding:0 1em 0 0'>{as_html(value)}</{tag}>"
            for side, value in zip(sides, values, strict=True)
        )

    body = "".join(f"<tr>{row('td', values)}</tr>" for values in rows)
    return (
        f"<div style='overflow-x:auto'><p>{as_html(title)}</p><table><thead><tr>"
        f"{row('th', head)}</tr></thead><tbody>{body}</tbody></table></div>"
    )


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
