"""What every command prints with: people's text, one JSON document, errors, bars."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from tinyalex import notice, outside
from tinyalex.commands import table_layout
from tinyalex.settings import ABOUT

QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print the result only, without progress.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document; all other text goes to stderr.")
]

PrecisionOption = Annotated[str | None, typer.Option(help=ABOUT["precision"].help)]
WorkspaceOption = Annotated[int | None, typer.Option(help=ABOUT["workspace_mb"].help)]


class Output:
    """Where a command's text goes.

    Parameters
    ----------
    as_json : bool
        Standard output gets exactly one JSON document, and people's text goes to stderr.
    quiet : bool
        People's text is dropped; results, warnings and errors stay.
    """

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.console = Console(stderr=as_json, highlight=False, emoji=False)
        notice.listen(self.text, self.warning)

    def text(self, line: str = "", style: str = "") -> None:
        """Print a line for people; paths in it are not wrapped, nor read as markup.

        Line breaks at its beginning make empty lines; any other came with a name, and is shown.
        """
        rest = line.lstrip("\n")
        self.page(line[: len(line) - len(rest)] + outside.shown(rest, keep="\t"), style)

    def page(self, text: str, style: str = "") -> None:
        """Print several lines for people, as `text` does one."""
        if not self.quiet:
            self.console.print(Text(outside.lines(text)), style=style or None, soft_wrap=True)

    def warning(self, text: str) -> None:
        """Print a warning, in quiet mode too (then to stderr, away from the result)."""
        console = Console(stderr=True, highlight=False, emoji=False) if self.quiet else self.console
        for line in _one_block("warning: ", text):
            console.print(Text(line), style="yellow", soft_wrap=True)

    def table(self, table: Table) -> None:
        """Print a table of `plain_table` for people, every number in full."""
        if not self.quiet:
            table_layout.show(table, self.console)

    @property
    def is_watched(self) -> bool:
        """Whether a bar can be drawn: on a terminal that moves its cursor, and not quiet."""
        screen = self.console
        return not self.quiet and screen.is_terminal and not screen.is_dumb_terminal

    def bar(self, *columns: ProgressColumn | str, **options: Any) -> Bar:
        """Make a progress bar; it shows nothing where nobody watches."""
        return Bar(*columns, console=self.console, disable=not self.is_watched, **options)

    def download_bar(self, name: str) -> Bar:
        """Make a progress bar that counts bytes."""
        return self.bar(TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn())

    @contextmanager
    def status(self) -> Iterator[Callable[[str], None]]:
        """Give a function that shows what is being done, in place of its last text ("": none)."""
        status = self.console.status("") if self.is_watched else None

        def show(text: str) -> None:
            if status is not None and text:
                status.update(text)
                status.start()
            elif status is not None:
                status.stop()

        try:
            yield show
        finally:
            show("")

    def result(self, document: Any, short: str = "") -> None:
        """Finish the command: the JSON document, or in quiet mode the result in one line."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2, default=_plain) + "\n")
        elif self.quiet and short:
            sys.stdout.write(outside.lines(short) + "\n")


class Bar(Progress):
    """Rich's bar; where it is not shown it ends without the empty line of Rich before 14.3."""

    def stop(self) -> None:
        if not self.disable:
            super().stop()


def plain_table(*columns: str, left: Iterable[str] = ()) -> Table:
    """Make a table without box characters, so that every console can show it.

    Parameters
    ----------
    columns : str
        The headings; a new line in one makes a heading of two lines.
    left : iterable of str
        The headings whose columns are text; the others are numbers, set to the right.
    """
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        if column in left:
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right", overflow="crop", no_wrap=True)
    return table


def cell(text: str) -> str:
    """Write text from outside for a cell of a table: no escape, no markup, in one line."""
    return escape(f"{outside.shown(text)} ")[:-1]  # a backslash at the end would become two


def bar(fraction: float, width: int, console: Console) -> str:
    """Draw a bar for a fraction from 0 to 1, in blocks or, where those fail, in ``#``."""
    full = round(max(0.0, min(1.0, fraction)) * width)
    filled = "#" if console.options.ascii_only else "\N{FULL BLOCK}"
    return (filled * full).ljust(width)


def command_line(*words: object) -> str:
    """Spell a command so that it can be pasted into a shell."""
    return shlex.join(["tinyalex", *(str(word) for word in words)])


def print_error(message: str, hint: str = "") -> None:
    """Print an error without a traceback: what is wrong, then what to try."""
    for front, text in (("error: ", message), ("Try: ", hint)):
        if text:
            sys.stderr.writelines(f"{line}\n" for line in _one_block(front, text))


def accept_any_text() -> None:
    """Let the console replace what its encoding lacks (cp1252 on Windows), never crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def percent(fraction: float) -> str:
    """Write a fraction as people read errors: ``1.39 %``."""
    return f"{100 * fraction:.2f} %"


def duration(seconds: float) -> str:
    """Write a time span: ``41.2 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _one_block(front: str, text: str) -> list[str]:
    """Lines, from the second on set in: a line break in a name begins none that looks like ours."""
    first, *rest = outside.lines(text).split("\n")
    return [front + first, *(line if line[:1] == " " else f"  {line}" for line in rest)]


def _plain(value: Any) -> Any:
    """Turn paths and NumPy scalars and arrays into what JSON knows."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
