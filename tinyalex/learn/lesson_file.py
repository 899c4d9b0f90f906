"""A lesson: a Python file in percent format, divided into cells.

# %% [markdown]
# # 02 Convolution: by hand, then as a matrix product
#
# **After it you can** compute a convolution on paper.
#
# **Needs** lesson 01. **Minutes** 25.

# %%
print("a cell of code")
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tinyalex.errors import ConfigError, TinyalexError, unknown
from tinyalex.learn.places import lessons_folder

MARKDOWN, CODE = "markdown", "code"
MARKS = {"# %% [markdown]": MARKDOWN, "# %%": CODE}

_FILE = re.compile(r"(\d\d)_\w+")
_TITLE = re.compile(r"# (\d\d) (\S.*)")
_GOAL = re.compile(r"\*\*After it you can\*\* (.+)", re.DOTALL)
_NEEDS = re.compile(r"\*\*Needs\*\* (.+?)\.? \*\*Minutes\*\* (\d+)\.", re.DOTALL)


class LessonError(TinyalexError, ValueError):
    """A file does not have the form of a lesson."""


@dataclass(frozen=True)
class Cell:
    """A cell of a lesson.

    Attributes
    ----------
    kind : "markdown" or "code"
    source : its text; for markdown, without the comment signs
    line : line of the file where the text begins, counted from 1
    """

    kind: str
    source: str
    line: int


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes
    ----------
    number : from 0
    title : without the number
    goal : what a student can do after it: "compute a convolution on paper."
    needs : what a student must have done before: "lesson 01"
    minutes : time for a student
    """

    path: Path
    number: int
    title: str
    goal: str
    needs: str
    minutes: int
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """``02_convolution``."""
        return self.path.stem


def all_lessons() -> list[Lesson]:
    """All lessons of this installation, in order."""
    return [read(path) for path in _files().values()]


def find(which: str) -> Lesson:
    """Find a lesson by number or name: ``2``, ``02``, ``02_convolution``, ``convolution``.

    Raises
    ------
    ConfigError
        No lesson has this number or name.
    """
    files = _files()
    for name, path in files.items():
        number, _, word = name.partition("_")
        if which.removesuffix(".py") in (name, number, str(int(number)), word):
            return read(path)
    raise unknown("lesson", which, files)


def _files() -> dict[str, Path]:
    folder = lessons_folder()
    files = {p.stem: p for p in sorted(folder.glob("*.py")) if _FILE.fullmatch(p.stem)}
    if not files:
        raise ConfigError(f"no lessons in {folder}")
    return files


def read(path: Path) -> Lesson:
    """Read a lesson's file.

    Raises
    ------
    LessonError
        The file is not UTF-8, or does not have the form of a lesson; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LessonError(f"{path}: not a text file in UTF-8 ({error})") from error
    cells = cut(text, path)
    head = cells[0] if cells else Cell(CODE, "", 1)
    if head.kind != MARKDOWN:
        raise LessonError(f"{path}:1: a lesson must begin with a cell '# %% [markdown]'")
    title = _TITLE.fullmatch(head.source.split("\n", 1)[0])
    if title is None:
        raise LessonError(f"{path}:{head.line}: expected a title like '# # 02 Convolution'")
    if title[1] != path.name[:2]:
        raise LessonError(f"{path}:{head.line}: the title says {title[1]}, the file {path.name}")
    paragraphs = [" ".join(part.split()) for part in head.source.split("\n\n")]
    goal = next(filter(None, map(_GOAL.fullmatch, paragraphs)), None)
    needs = next(filter(None, map(_NEEDS.fullmatch, paragraphs)), None)
    if goal is None or needs is None:
        missing = "**After it you can** ..." if goal is None else "**Needs** .... **Minutes** 20."
        raise LessonError(
            f"{path}:{head.line}: the first cell has no paragraph '# {missing}'",
            "copy the form of another lesson's first cell",
        )
    return Lesson(path, int(title[1]), title[2], goal[1], needs[1], int(needs[2]), tuple(cells))


def cut(text: str, path: Path) -> list[Cell]:
    """Divide a file at its marks; a cell without text is left out.

    Raises
    ------
    LessonError
        A mark is unknown, there is text before the first mark, or a line of markdown is not a
        comment.
    """
    cells: list[Cell] = []
    kind, start, lines = "", 1, list[str]()
    for number, line in enumerate([*text.splitlines(), "# %%"], start=1):
        if not line.startswith("# %%"):
            lines.append(_line_of(kind, line, f"{path}:{number}"))
            continue
        if line.rstrip() not in MARKS:
            known = " or ".join(map(repr, MARKS))
            raise LessonError(f"{path}:{number}: a cell must begin with {known} (got {line!r})")
        cells += _cell(kind, lines, start)
        kind, start, lines = MARKS[line.rstrip()], number + 1, []
    return cells


def _line_of(kind: str, line: str, place: str) -> str:
    """A line of the cell's source."""
    if kind == CODE or not line.strip():
        return line
    if not kind:
        raise LessonError(f"{place}: text before the first cell", "begin with '# %% [markdown]'")
    if line.startswith("# ") or line.rstrip() == "#":
        return line[2:].rstrip()
    raise LessonError(
        f"{place}: a line of markdown must begin with '# ' (got {line!r})",
        "add a mark '# %%' before code",
    )


def _cell(kind: str, lines: list[str], start: int) -> list[Cell]:
    """The cell of these lines, without empty lines around it; no cell if all are empty."""
    used = [i for i, line in enumerate(lines) if line.strip()]
    if not used:
        return []
    first, last = used[0], used[-1]
    return [Cell(kind, "\n".join(lines[first : last + 1]), start + first)]
