"""A terminal for programs that tests start: 80 columns wide, and what stands on it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

from tests.processes import environment

_PIECES = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Terminal:
    """A pseudo-terminal; `read` it until the program has ended."""

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        self.shown = ""

    def start(
        self, folder: Path, *words: object, stderr: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program that has this terminal alone, also as stderr if that is not given."""
        variables = environment(TERM="xterm-256color")
        for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
            variables.pop(name, None)
        process = subprocess.Popen(
            [str(word) for word in words],
            cwd=folder,
            env=variables,
            stdout=self.theirs,
            stderr=self.theirs if stderr is None else stderr,
        )
        os.close(self.theirs)
        return process

    def read(self, until: str = "") -> str:
        """All that was shown, until a text is there or the programs have ended."""
        with contextlib.suppress(OSError):  # so says Linux that nobody can write any more
            while not (until and until in self.shown) and (some := os.read(self.ours, 65536)):
                self.shown += some.decode()  # the tests' bars are read frame by frame
        return self.shown

    def close(self) -> None:
        """Close it as a window is closed."""
        os.close(self.ours)


def frames(shown: str) -> list[str]:
    """All lines that were shown at some time, without codes; a bar counts each time."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    return [line for line in re.split(r"[\r\n]+", plain) if line]


def screen(shown: str) -> list[str]:
    """The lines that stand on the terminal at the end."""
    lines, row, column = [""], 0, 0
    for number, command, back, down, text in _PIECES.findall(shown):
        if text:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
        elif back:
            column = 0
        elif down:
            row += 1
            lines += [""] * (row == len(lines))
        elif command == "A":
            row -= int(number or 1)
        elif command == "K":
            assert number == "2"
            lines[row] = ""
        else:
            assert command in "mhl", command
    return [line.rstrip() for line in lines]


def hides_the_cursor(shown: str) -> Iterator[bool]:
    """Whether the cursor is hidden, each time that this is said."""
    for code in re.findall(r"\x1b\[\?25([hl])", shown):
        yield code == "l"
