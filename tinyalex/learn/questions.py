"""What a lesson asks a student: the predictions, and the one line that is left to fill in.

# %%
windows = (55 - 3) // 2 + 1  # your turn: windows of 3 pixels, 2 apart, along 55
assert windows == MaxPool2d(3, 2).output_shape((1, 1, 55, 55))[3]

The file has the right answer, so that a script runs. A student sees ``windows = ...``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinyalex.errors import TinyalexError
from tinyalex.learn.lesson_file import CODE, MARKDOWN, Cell, Lesson
from tinyalex.learn.stepping import run_cell

PREDICT, CHECK = "## Predict", "## Check"

_QUESTION = re.compile(r"^(\d+)\. ", re.MULTILINE)
_ANSWER = re.compile(r"^\*\*Prediction (\d+)\.\*\*", re.MULTILINE)
_BLANK = re.compile(r"([A-Za-z_]\w*) = (.+?)  # your turn: (.+)")
_MARKUP = re.compile(r"([\\*_`\[\]<>#])")


class NotAnAnswer(TinyalexError, ValueError):
    """What was typed is not one Python expression."""


@dataclass(frozen=True)
class Blank:
    """A line to fill in: ``name = answer  # your turn: question``."""

    name: str
    answer: str
    question: str


def begins(cell: Cell, heading: str) -> bool:
    """Whether a cell of text begins with a heading: `PREDICT` or `CHECK`."""
    return cell.kind == MARKDOWN and cell.source.split("\n", 1)[0].rstrip() == heading


def questions(cell: Cell) -> list[str]:
    """The numbers of the questions in a cell of text: ``["1", "2"]``."""
    return _QUESTION.findall(cell.source)


def answered(text: str) -> list[str]:
    """The numbers of the predictions that a text answers: ``**Prediction 1.** ...``."""
    return _ANSWER.findall(text)


def with_guesses(text: str, guesses: Mapping[str, str]) -> str:
    """Put each guess before its answer.

    Examples
    --------
    >>> print(with_guesses("**Prediction 1.** It is 75 MiB.", {"1": "8"}))
    **Prediction 1.** (You guessed: 8.) It is 75 MiB.
    """

    def beside(match: re.Match[str]) -> str:
        guess = _MARKUP.sub(r"\\\1", " ".join(guesses.get(match[1], "").split()))
        return f"{match[0]} (You guessed: {guess}.)" if guess else match[0]

    return _ANSWER.sub(beside, text)


def blank_of(cell: Cell) -> Blank | None:
    """The line to fill in, the first line of its cell; None if the cell has none."""
    found = _BLANK.fullmatch(cell.source.split("\n", 1)[0]) if cell.kind == CODE else None
    return Blank(*found.groups()) if found else None


def hidden(cell: Cell, blank: Blank) -> str:
    """The cell's source without the answer."""
    return _with_answer(cell, blank, "...").source


def try_answer(lesson: Lesson, cell: Cell, typed: str, names: dict[str, Any]) -> None:
    """Run the cell with what a student typed in place of the answer.

    Parameters
    ----------
    lesson : Lesson
    cell : Cell
        With a blank.
    typed : str
        An expression, ``27``, or the whole line, ``windows = 27``.
    names : dict
        The lesson's namespace, in which the name is set.

    Raises
    ------
    NotAnAnswer
        It is not one expression.
    CellError
        It is wrong: an assertion of the cell does not hold, or it fails.
    """
    blank = blank_of(cell)
    if blank is None:
        raise NotAnAnswer(f"{lesson.path.name}:{cell.line}: nothing is left to fill in here")
    typed = re.sub(rf"^\s*{blank.name}\s*=(?!=)", "", typed).strip()
    try:
        answer = ast.unparse(ast.parse(typed, mode="eval"))
    except (SyntaxError, ValueError) as error:
        raise NotAnAnswer(f"{typed!r} is not a Python expression ({error})") from error
    run_cell(lesson, _with_answer(cell, blank, answer), names)


def _with_answer(cell: Cell, blank: Blank, answer: str) -> Cell:
    _, *rest = cell.source.split("\n")
    line = f"{blank.name} = {answer}  # your turn: {blank.question}"
    return replace(cell, source="\n".join([line, *rest]))
