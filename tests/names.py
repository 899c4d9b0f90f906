"""Names that are no plain text, as folders, classes and students may be called."""

from __future__ import annotations

import re

HOSTILE = {
    "mathematics": "$x_1$ ^{2}",
    "half of it": "$\\frac{",
    "bytes": "caf\udce9",
    "terminal": "\x1b[2J\x1b[31mred\x9b0m",
    "title": "\x1b]0;owned\x07",
    "markup": "[red]a [link=x]y\\",
    "closing": "a[/]\\",
    "emoji": ":fire:",
    "lines": "x\nerror: forged\rz",
    "tab": "\t=1+1",
    "formula": "=cmd|' -C calc'!A0",
    "at": "@SUM(1;=2)",
    "direction": "gnp\u202eexe",
    "zero width": "a\u200bb\ufeff",
    "html": "<script>alert(1)<",
    "attribute": "\"onload='x' <b>&",
    "hidden line": "_x",
    "separator": "a\u2028b\x85c",
}

# Everything that is left of a name that was not made safe.
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]")


def check_shown(text: str) -> None:
    """Nothing in a text acts on a terminal, and no name begins a line of its own."""
    found = RAW.search(text)
    assert found is None, (found, text[max(0, found.start() - 60) : found.end() + 60])
    assert not any(line.startswith("error: forged") for line in text.splitlines()), text
