"""What a lesson is: a Python file in percent format, cut into cells.

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
_ABLE = re.compile(r"\*\*After it you can\*\* (.+)", re.DOTALL)
_NEEDS = re.compile(r"\*\*Needs\*\* (.+?)\.? \*\*Minutes\*\* (\d+)\.", re.DOTALL)


class LessonError(TinyalexError, ValueError):
    """A lesson's file does not have the form of a lesson."""


@dataclass(frozen=True)
class Cell:
    """A piece of a lesson.

    Attributes
    ----------
    kind : "markdown" or "code"
    source : its text; markdown without the comment signs
    line : where the text begins in the file, counted from 1
    """

    kind: str
    source: str
    line: int


@dataclass(frozen=True)
class Lesson:
    """A lesson, as its file says.

    Attributes
    ----------
    number : from 0
    title : without the number
    able : what you can do after it: "compute a convolution on paper."
    needs : what to have done before: "lesson 01"
    minutes : that it takes a student
    """

    path: Path
    number: int
    title: str
    able: str
    needs: str
    minutes: int
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """``02_convolution``."""
        return self.path.stem


def all_lessons() -> list[Lesson]:
    """Every lesson of this installation, in order."""
    return [read(path) for path in _files().values()]


def find(which: str) -> Lesson:
    """A lesson by its number or name: ``2``, ``02``, ``02_convolution``, ``convolution``.

    Raises
    ------
    ConfigError
        There is none.
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
        It is not UTF-8, or has not the form of a lesson; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LessonError(f"{path}: not a text in UTF-8 ({error})") from error
    cells = cut(text, path)
    head = cells[0] if cells else Cell(CODE, "", 1)
    if head.kind != MARKDOWN:
        raise LessonError(f"{path}:1: a lesson begins with a cell '# %% [markdown]'")
    title = _TITLE.fullmatch(head.source.split("\n", 1)[0])
    if title is None:
        raise LessonError(f"{path}:{head.line}: expected a title like '# # 02 Convolution'")
    if title[1] != path.name[:2]:
        raise LessonError(f"{path}:{head.line}: the title says {title[1]}, the file {path.name}")
    paragraphs = [" ".join(part.split()) for part in head.source.split("\n\n")]
    able = next(filter(None, map(_ABLE.fullmatch, paragraphs)), None)
    needs = next(filter(None, map(_NEEDS.fullmatch, paragraphs)), None)
    if able is None or needs is None:
        missing = "**After it you can** ..." if able is None else "**Needs** .... **Minutes** 20."
        raise LessonError(
            f"{path}:{head.line}: the first cell has no paragraph '# {missing}'",
            "see the first cell of another lesson",
        )
    return Lesson(path, int(title[1]), title[2], able[1], needs[1], int(needs[2]), tuple(cells))


def cut(text: str, path: Path) -> list[Cell]:
    """Cut a file at its marks; a cell without text is left out.

    Raises
    ------
    LessonError
        A mark is unknown, text stands before the first one, or a line of markdown is no comment.
    """
    cells: list[Cell] = []
    kind, start, lines = "", 1, list[str]()
    for number, line in enumerate([*text.splitlines(), "# %%"], start=1):
        if not line.startswith("# %%"):
            lines.append(_line_of(kind, line, f"{path}:{number}"))
            continue
        if line.rstrip() not in MARKS:
            known = " or ".join(map(repr, MARKS))
            raise LessonError(f"{path}:{number}: a cell begins with {known} (got {line!r})")
        cells += _cell(kind, lines, start)
        kind, start, lines = MARKS[line.rstrip()], number + 1, []
    return cells


def _line_of(kind: str, line: str, place: str) -> str:
    """A line as the cell has it."""
    if kind == CODE or not line.strip():
        return line
    if not kind:
        raise LessonError(f"{place}: text before the first cell", "begin with '# %% [markdown]'")
    if line.startswith("# ") or line.rstrip() == "#":
        return line[2:].rstrip()
    raise LessonError(
        f"{place}: a line of markdown begins with '# ' (got {line!r})",
        "is a mark '# %%' missing before code?",
    )


def _cell(kind: str, lines: list[str], start: int) -> list[Cell]:
    """The cell of these lines, without empty ones around it; none where nothing is left."""
    filled = [i for i, line in enumerate(lines) if line.strip()]
    if not filled:
        return []
    first, last = filled[0], filled[-1]
    return [Cell(kind, "\n".join(lines[first : last + 1]), start + first)]
