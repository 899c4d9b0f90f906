"""Text from outside (names of folders, classes, students), made safe for the place it is shown in.

A name may hold whatever a file system allows: escapes of a terminal, line breaks, marks that turn
the direction of writing, bytes that are no text, formulas, HTML. Each place has one function, and
everything that shows such text goes through it.
"""

from __future__ import annotations

import html
import re
import unicodedata

# Controls (ESC, C1), formats (zero width, bidirectional), single surrogates, separators of lines.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BYTES = range(0xDC80, 0xDD00)  # how Python keeps bytes of a name that are not UTF-8
# What spreadsheets take for a formula, at the start of a cell, in whichever way cells are divided.
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@＝＋－＠])")  # noqa: RUF001 (the wide ones count, too)


def shown(text: str, keep: str = "") -> str:
    """Write what cannot be seen, or acts on a terminal, as an escape; for a name on a console.

    Parameters
    ----------
    text : str
    keep : str
        Characters that stay as they are.

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
    """As `shown`, for a whole text, whose line breaks are its own."""
    return shown(text, keep="\n\t")


def as_html(text: object) -> str:
    """Write a text for a page, inside a tag's quotes too.

    Examples
    --------
    >>> as_html('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return html.escape(shown(str(text)))


def as_csv(text: str) -> str:
    """Write a text for a cell of a table, which no spreadsheet takes for a formula.

    Examples
    --------
    >>> as_csv("=1+1"), as_csv("anna-lena")
    ("'=1+1", 'anna-lena')
    """
    return _FORMULA.sub(r"\1'\2", shown(text))


def drawn(text: str) -> str:
    """Write a text for Matplotlib, which reads what stands between two ``$`` as mathematics.

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
