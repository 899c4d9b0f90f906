"""A lesson as a Jupyter notebook, and as a single HTML page."""

from __future__ import annotations

import functools
import html
import importlib
import os
import re
from pathlib import Path
from typing import Any

from tinyalex.errors import ConfigError
from tinyalex.extras import install
from tinyalex.learn import questions
from tinyalex.learn.lesson_file import CODE, MARKDOWN, Cell, Lesson
from tinyalex.learn.markdown import escaped, plain
from tinyalex.learn.stepping import BROKEN_CLAIM, CellError

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
TIMEOUT = 600  # s per cell

_STYLE = """
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222;
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1, h2 { line-height: 1.2; } a.anchor-link, div.prompt { display: none; }
pre, code { font: 14px/1.45 ui-monospace, Consolas, monospace; }
pre { overflow-x: auto; }
nav { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .3rem 2rem; }
label.guess { display: block; margin: .5rem 0; }
label.guess input { font: inherit; width: 100%; box-sizing: border-box; padding: .2rem .4rem; }
details { margin: .5rem 0; } summary { cursor: pointer; }
div.highlight pre { background: #f6f7f9; border: 1px solid #ddd; border-radius: 4px;
  padding: .6rem .8rem; overflow-x: auto; }
div.output pre, div.jp-OutputArea pre { border-left: 3px solid #8ab; padding-left: .8rem;
  white-space: pre-wrap; }
img { max-width: 100%; } table { border-collapse: collapse; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; }
"""


def to_notebook(lesson: Lesson) -> Any:
    """Convert a lesson to a notebook, without running it.

    Its answers are in it, so that it can be executed: see `hide_answers`.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ConfigError
        Jupytext is not installed.
    """
    book = _need("jupytext").read(lesson.path, fmt="py:percent")
    book.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for cell in book.cells:
        if cell.cell_type == MARKDOWN:
            cell.source = escaped(cell.source)
    return book


def hide_answers(book: Any, as_page: bool = False) -> None:
    """Leave the lines that a student fills in blank, and make places for the guesses.

    Parameters
    ----------
    book : nbformat.NotebookNode
    as_page : bool
        Guesses are typed into fields, as a page needs; otherwise into a cell of the notebook.
    """
    cells = []
    for cell in book.cells:
        cells.append(cell)
        as_cell = Cell(cell.cell_type, cell.source, 1)
        blank = questions.blank_of(as_cell)
        if questions.begins(as_cell, questions.PREDICT):
            cells.append(_text_cell(_guesses(questions.questions(as_cell), as_page)))
        if blank is not None:
            cell.source = questions.hidden(as_cell, blank)
            cells.append(_text_cell(_answer(blank)))
    book.cells = cells


def _guesses(numbers: list[str], as_page: bool) -> str:
    if not as_page:
        lines = [f"{number}. ..." for number in numbers]
        return "\n".join(["**Your guesses** (a double click opens this cell)", "", *lines])
    field = '<label class="guess">Your guess for {} <input autocomplete="off"></label>'
    return "\n".join(["<div>", *(field.format(number) for number in numbers), "</div>"])


def _answer(blank: questions.Blank) -> str:
    shown = html.escape(f"{blank.name} = {blank.answer}")
    return f"<details><summary>Show an answer</summary>\n<pre>{shown}</pre>\n</details>"


def _text_cell(source: str) -> Any:
    return _need("nbformat.v4").new_markdown_cell(source)


def execute(lesson: Lesson, book: Any, folder: Path) -> None:
    """Run a notebook's cells in ``folder``, and store their output in the notebook.

    Raises
    ------
    ConfigError
        A package of the extra ``lessons`` is not installed.
    CellError
        A cell failed; the output of the earlier cells is in the notebook.
    """
    _need("ipykernel")
    preprocessors = _need("nbconvert.preprocessors")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # else the kernel prints a warning
    runner = preprocessors.ExecutePreprocessor(
        timeout=TIMEOUT,
        kernel_name=KERNEL["name"],
        extra_arguments=["--log-level=ERROR"],  # the kernel warns that it is reachable locally
    )
    try:
        runner.preprocess(book, {"metadata": {"path": str(folder)}})
    except preprocessors.CellExecutionError as error:
        claim = f"{BROKEN_CLAIM}: " if error.ename == "AssertionError" else ""
        text = f"{claim or f'{error.ename}: '}{error.evalue}".removesuffix(": ")
        hint = install("lessons") if error.ename == "ModuleNotFoundError" else ""
        raise CellError(lesson, _failed_line(lesson, error.traceback), text, hint) from error


def _failed_line(lesson: Lesson, traceback: str) -> int:
    """The innermost line of the lesson in a kernel's traceback; 0 if there is none."""
    starts = [cell.line for cell in lesson.cells if cell.kind == CODE]
    plain = re.sub("\x1b\\[[0-9;]*m", "", traceback)
    frames = re.findall(r"Cell In\[(\d+)\], line (\d+)", plain)
    if not frames:
        return 0
    cell, line = map(int, frames[-1])
    return starts[cell - 1] + line - 1


def to_text(book: Any) -> str:
    """The text of an ``.ipynb`` file."""
    return str(_need("nbformat").writes(book)) + "\n"


def to_html(book: Any) -> str:
    """The cells of a notebook in HTML, with pictures inside; may raise ConfigError."""
    body, _ = _exporter(_need("nbconvert").HTMLExporter).from_notebook_node(book)
    return str(body)


@functools.cache  # it reads its templates once
def _exporter(kind: Any) -> Any:
    return kind(template_name="basic", embed_images=True)


def to_page(
    lesson: Lesson, book: Any, before: Lesson | None = None, after: Lesson | None = None
) -> str:
    """Convert a notebook to one HTML page, with pictures and styles inside and without scripts.

    Parameters
    ----------
    lesson : Lesson
    book : nbformat.NotebookNode
    before, after : Lesson, optional
        Its neighbours, whose pages it links to.
    """
    body = to_html(book)
    colours = _need("pygments.formatters").HtmlFormatter().get_style_defs("div.highlight")
    title = html.escape(_full_title(lesson))
    links = _link(before, "prev", "\N{LEFTWARDS ARROW} {}") + _link(
        after, "next", "{} \N{RIGHTWARDS ARROW}"
    )
    nav = f'<nav aria-label="lessons">{links}</nav>\n' if links else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>{_STYLE}{colours}</style>\n</head>\n<body>\n{nav}<main>\n{body}\n</main>\n{nav}"
        "</body>\n</html>\n"
    )


def _link(lesson: Lesson | None, rel: str, form: str) -> str:
    if lesson is None:
        return ""
    words = html.escape(form.format(_full_title(lesson)))
    return f'<a rel="{rel}" href="{lesson.name}.html">{words}</a>'


def _full_title(lesson: Lesson) -> str:
    return f"{lesson.number:02d} {plain(lesson.title)}"


def _need(module: str) -> Any:
    """Import a module that belongs to the extra ``lessons``."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ConfigError(
            f"notebooks and pages need the package {package}, which is not installed",
            install("lessons"),
        ) from error
