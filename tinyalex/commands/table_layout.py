"""Prints tables without losing a character, however narrow the terminal is.

Rich crops a table that is too wide. Here numbers keep their width and text is wrapped between
words. If that is still too wide, each row is printed as a list.
"""

from __future__ import annotations

import re
import textwrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 1  # spaces between two columns
SHORTEST = 8  # a word without a digit may be broken after this many characters


def show(table: Table, console: Console) -> None:
    """Print a table of `plain_table` in full width, with wrapped text, or row by row."""
    if _fit(table, console):
        console.print(table)
    else:
        _list_rows(table, console)


def _fit(table: Table, console: Console) -> bool:
    """Give every column a width so that nothing is cropped; False if there is no room."""
    columns = range(len(table.columns))
    cells = [[_lines(cell, console) for cell in _column(table, i)] for i in columns]
    wanted = [max(width for cell in column for width in map(_width, cell)) for column in cells]
    least = [
        width if table.columns[i].no_wrap else min(width, _narrowest(cells[i]))
        for i, width in enumerate(wanted)
    ]
    room = console.width - sum(least) - GAP * (len(least) - 1)
    if room < 0:
        return False
    # Columns that need little more get it; the one with the longest text gets the rest.
    order = sorted(range(len(least)), key=lambda i: wanted[i] - least[i])
    for place, i in enumerate(order):
        more = min(wanted[i] - least[i], room // (len(order) - place))
        table.columns[i].width = least[i] + more
        room -= more
    return True


def _narrowest(cells: list[list[str]]) -> int:
    """Width of a column of text in which no number is broken."""
    words = [word for lines in cells for line in lines for word in line.split()]
    return max(
        (_width(w) if re.search(r"\d", w) else min(_width(w), SHORTEST) for w in words), default=1
    )


def _list_rows(table: Table, console: Console) -> None:
    """Print one line per cell, after its heading."""
    headings = [" ".join(_lines(column.header, console)) for column in table.columns]
    headings = [heading.replace("- ", "-") for heading in headings]
    indent = 2 + max(map(_width, headings)) if table.show_header else 2
    for n, row in enumerate(table.rows):
        if n:
            console.print()
        for i, heading in enumerate(headings):
            cell = _column(table, i)[n + 1]
            front = heading if table.show_header else ""
            for line in _lines(cell, console):
                for piece in _wrapped(line, console.width - indent):
                    text = Text(front.ljust(indent) + piece, style=row.style or "")
                    console.print(text, soft_wrap=True)
                    front = ""


def _wrapped(line: str, width: int) -> list[str]:
    """Break a line between words; a word that is longer than the terminal stays whole."""
    return textwrap.wrap(line, max(width, SHORTEST), break_long_words=False, break_on_hyphens=False)


def _column(table: Table, i: int) -> list[str]:
    """The heading and the cells of a column."""
    column = table.columns[i]
    return [str(column.header) if table.show_header else "", *map(str, column.cells)]


def _lines(cell: object, console: Console) -> list[str]:
    return console.render_str(str(cell)).plain.split("\n")


def _width(text: str) -> int:
    return Text(text).cell_len
