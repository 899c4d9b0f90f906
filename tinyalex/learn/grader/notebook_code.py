"""The Python code of a notebook's cells, without IPython's magics; nothing is run.

Nothing is even parsed here: that may take long, and is done under the time limit of an answer. The
cells are joined into one source, with a line between them that says which cell follows. So a
line of the source can be told as a cell and its line: `place`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinyalex.errors import ConfigError
from tinyalex.learn.grader.verdict import AnswerError, Outcome
from tinyalex.typed import anything, fields, list_of, maybe, parse_json

HEAD = "# The code cells of a notebook."
_CELL = "# %% cell {}"
_IS_CELL = re.compile(r"# %% cell (\d+)")
# `%matplotlib inline`, `!pip install x`, `?relu`, `relu?`, `files = !ls`, `t = %timeit f()`
_MAGIC = re.compile(r"\s*([%!?]|[\w.]+\?{1,2}\s*$|[\w., ]+=\s*[%!])")
# Cell magics whose cell is Python that runs, or that is the file to hand in.
_RUNS = re.compile(r"%%(time|timeit|capture|prun)\b|%%writefile\s+(-a\s+)?\S+\.py\s*$")
_MARK = re.compile(r"\"{3}|'{3}|[#\"'()\[\]{}]")
# The rest of a text, to its closing quote.
_END = {q: re.compile(rf"(?:\\.|(?!{q})[^\\])*{q}") for q in ("'", '"', "'''", '"""')}
_NOTEBOOK = fields(
    {}, {"cells": list_of(anything), "worksheets": list_of(anything), "metadata": anything}
)
_CODE_CELL = fields({}, {"source": maybe(anything), "input": maybe(anything)})


def is_notebook(name: str) -> bool:
    """Whether a file's name says that it is a notebook: ``06_relu.ipynb``, also ``.ipynb.txt``."""
    return re.search(r"\.ipynb(\.(txt|json))?$", name.lower()) is not None


def as_python(content: bytes) -> bytes:
    """The code of a notebook as one Python source in UTF-8.

    Raises
    ------
    AnswerError
        It is damaged, empty, or not in Python.
    """
    cells = code_cells(content)
    lines = [HEAD]
    if any("display(" in cell for cell in cells):
        lines[0] += " In a notebook display() is always there."
        lines.append("display = print")
    for number, cell in enumerate(cells, 1):
        lines += [_CELL.format(number), *plain(cell)]
    try:
        source = ("\n".join(lines) + "\n").encode()
    except UnicodeEncodeError:
        raise _damaged("a cell has characters that are no text") from None
    if b"\0" in source:
        raise _damaged("a cell contains zero bytes")
    return source


def code_cells(content: bytes) -> list[str]:
    """The text of each code cell."""
    try:
        book = parse_json(content, _NOTEBOOK, "it", ConfigError, finite=False)
    except ConfigError as error:
        raise _damaged(error.message.removeprefix("it: ")) from None
    kernel = _get(_get(book, "metadata"), "kernelspec")
    language = str(_get(kernel, "language") or "python")
    if not language.lower().startswith("python"):
        raise AnswerError(Outcome.UNREADABLE, f"it is a notebook in {language[:20]}, not Python")
    if "cells" not in book and "worksheets" not in book:
        raise _damaged("it has no cells")
    cells = list(book.get("cells", ()))
    for sheet in book.get("worksheets", ()):  # notebooks from before 2015
        cells += _get(sheet, "cells") or ()
    code = [_text(cell) for cell in cells if _get(cell, "cell_type") == "code"]
    if not any(text.strip() for text in code):
        raise AnswerError(Outcome.UNREADABLE, "it is a notebook without code")
    return code


def plain(cell: str) -> list[str]:
    """The lines of a cell, with ``pass`` in place of each magic, so that lines keep their place.

    A magic begins a statement: in brackets, in a text or after a backslash, ``%`` is no magic.
    """
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%"):
        if not _RUNS.match(lines[first].lstrip()):
            return [f"# {line}" for line in lines]
        lines[first] = f"# {lines[first]}"
    elif lines[first][:1].isspace():  # IPython runs a cell that is indented
        lines = textwrap.dedent("\n".join(lines)).split("\n")
    state, in_magic = _State(), False
    for i, line in enumerate(lines):
        if in_magic:  # a command of the shell that has several lines
            lines[i] = f"# {line}"
        elif state.begins_statement() and _MAGIC.match(line):
            indent = line[: len(line) - len(line.lstrip())]
            lines[i] = f"{indent}pass  # {line.strip()}"
        else:
            state.read(line)
            continue
        in_magic = line.rstrip().endswith("\\")
    return lines


@dataclass
class _State:
    """Where a line ends: in how many brackets, in which text, after a backslash or not."""

    depth: int = 0
    quote: str = ""
    continued: bool = False

    def begins_statement(self) -> bool:
        return not (self.depth or self.quote or self.continued)

    def read(self, line: str) -> None:
        at = 0
        self.continued = line.endswith("\\")
        while at < len(line):
            if self.quote:
                end = _END[self.quote].match(line, at)
                if end is None:
                    if len(self.quote) == 1 and not self.continued:
                        self.quote = ""  # a text that is not closed: Python refuses the line
                    return
                at, self.quote = end.end(), ""
            found = _MARK.search(line, at)
            if found is None:
                return
            mark, at = found[0], found.end()
            if mark == "#":
                self.continued = False
                return
            if mark in "([{":
                self.depth += 1
            elif mark in ")]}":
                self.depth = max(0, self.depth - 1)
            else:
                self.quote = mark


def place(lines: Sequence[str], number: int) -> str:
    """A line of a source: ``line 3``, or ``cell 2, line 3`` if it comes from a notebook."""
    if lines and lines[0].startswith(HEAD):
        for i in range(min(number, len(lines)) - 1, 0, -1):
            if found := _IS_CELL.fullmatch(lines[i]):
                return f"cell {found[1]}, line {number - i - 1}"
    return f"line {number}"


def _text(cell: Any) -> str:
    """A cell's source: one text, or a list of lines."""
    try:
        _CODE_CELL(cell, "")
    except ValueError as error:
        raise _damaged(str(error)) from None
    source = cell.get("source", cell.get("input")) or ""
    pieces = source if isinstance(source, list) else [source]
    if not all(isinstance(piece, str) for piece in pieces):
        raise _damaged("the source of a cell is not text")
    return "".join(pieces)


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _damaged(why: str) -> AnswerError:
    return AnswerError(Outcome.UNREADABLE, f"it is a damaged notebook: {why}")
