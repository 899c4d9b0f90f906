"""Runs a lesson's cells, one after the other, as a notebook does.

    python -m tinyalex.learn.stepping FILE

runs all of them; an error goes to standard error.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from tinyalex.errors import TinyalexError
from tinyalex.extras import install
from tinyalex.learn.lesson_file import CODE, Cell, Lesson, read

FAILED = 1
BROKEN_CLAIM = "a claim of the lesson does not hold here"


class CellError(Exception):
    """A cell failed.

    Attributes
    ----------
    line : line number in the lesson's file
    text : one sentence about the error
    code : that line
    hint : what to try, or ""
    """

    def __init__(self, lesson: Lesson, line: int, text: str, hint: str = "") -> None:
        super().__init__(f"{lesson.path.name}:{line}: {text}")
        self.line, self.text, self.hint = line, text, hint
        lines = lesson.path.read_text(encoding="utf-8").splitlines()
        self.code = lines[line - 1].strip() if 0 < line <= len(lines) else ""

    def in_words(self) -> str:
        """The message with the line of code and what to try."""
        parts = [str(self), f"    {self.code}"]
        return "\n".join(parts + ([f"Try: {self.hint}"] if self.hint else []))


def new_names() -> dict[str, Any]:
    """The namespace of a lesson's cells before the first cell."""
    return {"__name__": "__main__"}


def run_cell(lesson: Lesson, cell: Cell, names: dict[str, Any]) -> None:
    """Run one code cell.

    Parameters
    ----------
    lesson : Lesson
    cell : Cell
    names : dict
        The namespace, the same for all cells of a lesson: see `new_names`.

    Raises
    ------
    CellError
        The cell failed; the message is for the student.
    """
    # Empty lines before it make a traceback show the line numbers of the file.
    source = "\n" * (cell.line - 1) + cell.source + "\n"
    try:
        exec(compile(source, str(lesson.path), "exec", dont_inherit=True), names)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, too: it must not end the command
        line = _line_in(lesson.path, error.__traceback__) or getattr(error, "lineno", None)
        text, hint = _in_words(error)
        raise CellError(lesson, line or cell.line, text, hint) from error


def _in_words(error: BaseException) -> tuple[str, str]:
    """One sentence about the error, and what to try."""
    if isinstance(error, TinyalexError):
        return error.message, error.hint
    if isinstance(error, AssertionError):
        return f"{BROKEN_CLAIM}{f': {error}' if str(error) else ''}", ""
    hint = install("lessons") if isinstance(error, ModuleNotFoundError) else ""
    return "".join(traceback.format_exception_only(error)).strip().splitlines()[-1], hint


def _line_in(path: Path, trace: TracebackType | None) -> int | None:
    """The innermost line of the lesson in a traceback."""
    frames = traceback.walk_tb(trace)
    lines = [line for frame, line in frames if frame.f_code.co_filename == str(path)]
    return lines[-1] if lines else None


def run(lesson: Lesson) -> None:
    """Run all code cells; raise CellError at the first that fails."""
    names = new_names()
    for cell in lesson.cells:
        if cell.kind == CODE:
            run_cell(lesson, cell, names)


def main() -> int:
    """Run the lesson whose file is named on the command line."""
    try:
        run(read(Path(sys.argv[1])))
    except CellError as error:
        sys.stdout.flush()
        sys.stderr.write(f"{error.in_words()}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
