"""What every command prints with: people's text, one JSON document, errors, bars."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tinyalex import notice
from tinyalex.commands import table_layout

QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print the result only, without progress.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document; all other text goes to stderr.")
]

PrecisionOption = Annotated[
    str | None,
    typer.Option(help="Of products on a GPU: float32 (default), or tf32: faster, 10-bit factors."),
]
WorkspaceOption = Annotated[
    int | None,
    typer.Option(help="MiB of GPU memory for a convolution's columns. Default: 512."),
]


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
        """Print a line for people; paths in it are not wrapped, nor read as markup."""
        if not self.quiet:
            self.console.print(escape(line), style=style or None, soft_wrap=True)

    def warning(self, text: str) -> None:
        """Print a warning, in quiet mode too (then to stderr, away from the result)."""
        console = Console(stderr=True, highlight=False, emoji=False) if self.quiet else self.console
        console.print(escape(f"warning: {text}"), style="yellow", soft_wrap=True)

    def table(self, table: Table) -> None:
        """Print a table of `plain_table` for people, every number in full."""
        if not self.quiet:
            table_layout.show(table, self.console)

    def result(self, document: Any, short: str = "") -> None:
        """Finish the command: the JSON document, or in quiet mode the result in one line."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2, default=_plain) + "\n")
        elif self.quiet and short:
            sys.stdout.write(short + "\n")


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
    sys.stderr.write(f"error: {message}\n")
    if hint:
        sys.stderr.write(f"Try: {hint}\n")


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


def _plain(value: Any) -> Any:
    """Turn paths and NumPy scalars and arrays into what JSON knows."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
