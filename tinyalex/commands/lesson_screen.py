"""Shows a lesson in a terminal: its text, the code of the next cell, the prompt."""

from __future__ import annotations

import re

from rich.markdown import Markdown
from rich.syntax import Syntax

from tinyalex.commands.console import Output
from tinyalex.learn.lesson_file import Cell

WIDTH = 88
PROMPT = "[Enter] run   [s] run all the rest   [q] quit: "

_HEADING = re.compile(r"(#+) (.*)")
_MARKS = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`|\[([^]]+)\]\([^)]*\)")


class Screen:
    """Shows a lesson.

    Parameters
    ----------
    out : Output
        On a UTF-8 terminal Markdown has bold text and bullets; elsewhere (a file, an old Windows
        console) it is plain text.
    """

    def __init__(self, out: Output) -> None:
        self.out, self.console = out, out.console
        self.is_rich = self.console.is_terminal and not self.console.options.ascii_only
        self.width = min(self.console.width, WIDTH)

    def markdown(self, text: str) -> None:
        """Show a cell of text."""
        self.out.text()
        if self.is_rich:
            self.console.print(Markdown(text, hyperlinks=False), width=self.width)
        else:
            self.out.page(plain(text))

    def code(self, cell: Cell) -> None:
        """Show a cell of code, with the line numbers of the file."""
        self.out.text()
        if self.is_rich:
            code = Syntax(
                cell.source, "python", line_numbers=True, start_line=cell.line, word_wrap=True
            )
            self.console.print(code, width=max(self.width, 100) if self._wide() else self.width)
            return
        for number, line in enumerate(cell.source.splitlines(), start=cell.line):
            self.out.text(f"{number:>4} | {line}".rstrip())

    def _wide(self) -> bool:
        return self.console.width >= 108

    def ask(self) -> str:
        """Ask what to do: ``""`` (run), ``"s"`` or ``"q"``; the end of the input means quit."""
        try:
            answer = input(PROMPT).strip().lower()
        except EOFError:
            self.out.text()
            return "q"
        return answer[:1] if answer[:1] in ("s", "q") else ""


def plain(text: str) -> str:
    """Markdown as plain text, with underlined headings.

    Examples
    --------
    >>> print(plain("## By hand\\n\\nUse `im2col`, **always**."))
    By hand
    -------
    <BLANKLINE>
    Use im2col, always.
    """
    lines = []
    for line in text.splitlines():
        heading = _HEADING.fullmatch(line)
        line = _MARKS.sub(lambda match: next(filter(None, match.groups())), line)
        if heading:
            line = line.lstrip("# ")
            lines += [line, ("=" if heading[1] == "#" else "-") * len(line)]
        else:
            lines.append(line)
    return "\n".join(lines)
