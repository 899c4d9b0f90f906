"""Shows a lesson in a terminal: its text, the code of the next cell, the prompts."""

from __future__ import annotations

from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.text import Text

from tinyalex.commands.console import Output
from tinyalex.learn.lesson_file import Cell
from tinyalex.learn.markdown import escaped, plain
from tinyalex.learn.questions import Blank

WIDTH = 88
GUTTER = 5  # columns for the line number and a space
PROMPT = "[Enter] run   [s] run all the rest   [q] quit: "
GUESS = "Your guess for {} (Enter skips): "
CONTINUED = "\N{RIGHTWARDS ARROW WITH HOOK}"


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
            self.console.print(Markdown(escaped(text), hyperlinks=False), width=self.width)
        else:
            self.out.page(plain(text))

    def code(self, cell: Cell, source: str | None = None) -> None:
        """Show a cell of code, or ``source`` in its place, with the line numbers of the file."""
        self.out.text()
        source = cell.source if source is None else source
        if not self.is_rich:
            for number, text in enumerate(source.splitlines(), start=cell.line):
                self.out.text(f"{number:>4} | {text}".rstrip())
            return
        # The terminal's own colours: they can be read on a dark and on a light background.
        syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
        for number, line in enumerate(syntax.highlight(source).split(), start=cell.line):
            sign = str(number)
            for piece in wrapped(line, max(self.width - GUTTER, 8)):
                numbered = Text.assemble((f"{sign:>{GUTTER - 1}} ", "dim"), piece)
                self.console.print(numbered, soft_wrap=True)
                sign = CONTINUED

    def ask(self) -> str:
        """Ask what to do: ``""`` (run), ``"s"`` or ``"q"``; the end of the input means quit."""
        answer = self._typed(PROMPT)
        if answer is None:
            return "q"
        answer = answer.lower()[:1]
        return answer if answer in ("s", "q") else ""

    def guess(self, number: str) -> str | None:
        """Ask for a guess; ``""`` if there is none, None at the end of the input."""
        return self._typed(GUESS.format(number))

    def fill(self, blank: Blank, tries: int) -> str | None:
        """Ask for the answer of a blank, as `guess`."""
        left = f"{tries} {'tries' if tries > 1 else 'try'}"
        self.out.text(f"Your turn, {left}. [Enter] shows the answer.")
        return self._typed(f"{blank.name} = ")

    def _typed(self, prompt: str) -> str | None:
        try:
            return input(prompt).strip()
        except EOFError:
            self.out.text()
            return None


def wrapped(line: Text, width: int) -> list[Text]:
    """Cut a line of code into pieces of at most ``width`` columns, after a space if possible."""
    pieces = []
    while line.cell_len > width:
        fits = len(line.plain)
        while line[:fits].cell_len > width:
            fits -= 1
        space = line.plain.rfind(" ", width // 2, fits) + 1
        piece, line = line.divide([space or fits])
        pieces.append(piece)
    return [*pieces, line]
