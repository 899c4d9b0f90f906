"""Output of all commands: text for people, one JSON document, errors, bars, tables."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

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

from tinyalex import launched, notice, outside
from tinyalex.commands import table_layout
from tinyalex.commands.phases import Phases
from tinyalex.errors import TinyalexError

# "NAME must be" at the beginning, or NAME=VALUE that is not part of a path or an option.
_ARGUMENT = re.compile(r"^([a-z_]+)(?= must be )|(?<![\w/.'\"-])([a-z_]+)=([^\s,;)]*)")


def console(stderr: bool = False) -> Console:
    """Make rich's console for standard output or stderr."""
    terminal = None if stderr else launched.on_terminal()
    return Console(stderr=stderr, force_terminal=terminal, highlight=False, emoji=False)


def has_cursor(screen: Console) -> bool:
    """Whether a console is a terminal on which a bar can be drawn."""
    return screen.is_terminal and not screen.is_dumb_terminal


class Output:
    """Prints a command's text.

    Parameters
    ----------
    as_json : bool
        Print exactly one JSON document to standard output, and text for people to stderr.
    quiet : bool
        Print no text for people; only the result, warnings and errors.
    """

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.console = console(stderr=as_json)
        self.active: Bar | None = None  # what is drawn at the bottom of the terminal
        self.phases = Phases(self)
        notice.listen(self.text, self.warning)
        notice.follow(self.phases)

    def text(self, line: str = "", style: str = "") -> None:
        """Print a line for people, without wrapping and without markup.

        Line breaks at its beginning make empty lines. Any other is part of a name and is escaped.
        """
        rest = line.lstrip("\n")
        self.page(line[: len(line) - len(rest)] + outside.shown(rest, keep="\t"), style)

    def page(self, text: str, style: str = "") -> None:
        """Print several lines for people, like `text`."""
        if not self.quiet:
            self.console.print(Text(outside.lines(text)), style=style or None, soft_wrap=True)

    def note(self, line: str) -> None:
        """Print a line about the progress to stderr, apart from the result."""
        if not self.quiet:
            console(stderr=True).print(Text(outside.shown(line)), soft_wrap=True)

    def warning(self, text: str) -> None:
        """Print a warning, also in quiet mode (then to stderr, apart from the result)."""
        screen = console(stderr=True) if self.quiet else self.console
        for line in _one_block("warning: ", text):
            screen.print(Text(line), style="yellow", soft_wrap=True)

    def table(self, table: Table) -> None:
        """Print a table from `plain_table` for people, every number in full."""
        if not self.quiet:
            table_layout.show(table, self.console)

    @property
    def is_watched(self) -> bool:
        """Whether a bar can be drawn: the output is not quiet, on a terminal with a cursor."""
        return not self.quiet and has_cursor(self.console)

    def bar(self, *columns: ProgressColumn | str, **options: Any) -> Bar:
        """Make a progress bar; it is shown only if `is_watched`."""
        return Bar(self, *columns, disable=not self.is_watched, **options)

    @contextmanager
    def download_bar(self, name: str) -> Iterator[Bar]:
        """Show a progress bar that counts bytes."""
        columns = TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        with notice.phase(f"downloading {name}"), self.bar(*columns) as bar:
            yield bar

    @contextmanager
    def status(self) -> Iterator[Callable[[str], None]]:
        """Give a function that shows what is being done; its next text replaces the last one."""
        with ExitStack() as stack:

            def show(text: str) -> None:
                before = stack.pop_all()
                if text:
                    stack.enter_context(notice.phase(text))
                before.close()  # after the next one has begun: the bar stays

            yield show

    def result(self, document: Any, short: str = "") -> None:
        """Print the JSON document, or in quiet mode the result in short."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2, default=_plain) + "\n")
        elif self.quiet and short:
            sys.stdout.write(outside.lines(short) + "\n")


class Bar(Progress):
    """Rich's bar, one at a time; one that is not shown ends without the empty line of old Rich."""

    def __init__(self, output: Output, *columns: ProgressColumn | str, **options: Any) -> None:
        super().__init__(*columns, console=output.console, **options)
        self.output = output

    def start(self) -> None:
        if not self.disable:
            self.output.phases.stop()
            self.output.active = self
            super().start()

    def stop(self) -> None:
        if not self.disable:
            self.output.active = None
            super().stop()


def plain_table(*columns: str, left: Iterable[str] = ()) -> Table:
    """Make a table without box characters, which every console can show.

    Parameters
    ----------
    columns : str
        The headings; a line break makes a heading of two lines.
    left : iterable of str
        Headings of text columns, aligned to the left; the others are numbers, to the right.
    """
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        if column in left:
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right", overflow="crop", no_wrap=True)
    return table


def cell(text: str) -> str:
    """Make text from outside safe for a table's cell: no control codes, no markup, one line."""
    return escape(f"{outside.shown(text)} ")[:-1]  # a backslash at the end would become two


def bar(fraction: float, width: int, console: Console) -> str:
    """Draw a bar for a fraction from 0 to 1, in blocks or, on an ASCII console, in ``#``."""
    full = round(max(0.0, min(1.0, fraction)) * width)
    filled = "#" if console.options.ascii_only else "\N{FULL BLOCK}"
    return (filled * full).ljust(width)


def command_line(*words: object) -> str:
    """Quote a command so that it can be pasted into a shell."""
    return shlex.join(["tinyalex", *(str(word) for word in words)])


def as_options(text: str, options: Mapping[str, str]) -> str:
    """Turn the arguments that a library's error names into options.

    Examples
    --------
    >>> as_options("batch_size must be at least 1 (got 0)", {"batch_size": "--batch-size"})
    '--batch-size must be at least 1 (got 0)'
    >>> as_options("batch_size=1, or leave it out", {"batch_size": "--batch-size"})
    '--batch-size 1, or leave it out'
    """

    def option(match: re.Match[str]) -> str:
        subject, name, value = match.groups()
        known = options.get(subject or name)
        return match.group() if known is None else f"{known} {value or ''}".rstrip()

    return _ARGUMENT.sub(option, text)


def explain(error: BaseException, options: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong and what to try, for the errors that a user can cause; None for a bug."""
    if isinstance(error, TinyalexError):
        return as_options(error.message, options), as_options(error.hint, options)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", ""
    if isinstance(error, MemoryError):
        hint = "use a smaller batch size, or close other programs"
        return f"not enough memory ({error})", hint
    if isinstance(error, OSError):
        hint = "check that the path is right and readable, and that its disk has free space"
        return str(error), hint
    return None


def print_error(message: str, hint: str = "") -> None:
    """Print an error without a traceback: what is wrong, then what to try."""
    for front, text in (("error: ", message), ("Try: ", hint)):
        if text:
            sys.stderr.writelines(f"{line}\n" for line in _one_block(front, text))


def accept_any_text() -> None:
    """Let the console replace letters that its encoding lacks (cp1252 on Windows)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def percent(fraction: float) -> str:
    """Format a fraction in percent: ``1.39 %``."""
    return f"{100 * fraction:.2f} %"


def in_epochs(count: int) -> str:
    """``1 epoch``, ``20 epochs``."""
    return f"{count:,} epoch{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Format a time span: ``41.2 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _one_block(front: str, text: str) -> list[str]:
    """Lines, indented from the second on: a line break in a name cannot fake a line of ours."""
    first, *rest = outside.lines(text).split("\n")
    return [front + first, *(line if line[:1] == " " else f"  {line}" for line in rest)]


def _plain(value: Any) -> Any:
    """Turn paths, NumPy scalars and arrays into values that JSON has."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
