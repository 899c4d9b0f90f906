"""`tinyalex lesson`: lists the lessons, runs them step by step, makes notebooks and pages."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyalex.commands.console import Output, duration, plain_table
from tinyalex.errors import ConfigError, unknown

if TYPE_CHECKING:
    from tinyalex.learn.lesson_file import Lesson

FAILED = 1
DATA = ("digits", "cifar10")


def lesson(
    which: Annotated[
        str | None,
        typer.Argument(metavar="N", help="Number or name of a lesson. Default: list them."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Run all lessons without pauses.")] = False,
    no_pause: Annotated[
        bool, typer.Option("--no-pause", help="Run the lesson without pauses.")
    ] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin again, not where you stopped.")
    ] = False,
    pictures: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures.")] = Path(
        "lesson-pictures"
    ),
    data: Annotated[
        str | None,
        typer.Option(help="digits (default), or cifar10 (after `tinyalex data download`)."),
    ] = None,
    notebook: Annotated[
        bool, typer.Option("--notebook", help="Write NN_name.ipynb instead of running the lesson.")
    ] = False,
    execute: Annotated[
        bool, typer.Option("--execute", help="With --notebook: run it and keep its output.")
    ] = False,
    colab: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="With --notebook: a badge for Google Colab, and a first cell that installs the "
            "package from this GitHub repository.",
        ),
    ] = None,
    html: Annotated[
        bool, typer.Option("--html", help="Run the lesson and write NN_name.html with its output.")
    ] = False,
    slides: Annotated[
        bool, typer.Option("--slides", help="Run the lesson and write slides for a projector.")
    ] = False,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for notebooks, pages and slides.")
    ] = Path("."),
) -> None:
    """List the lessons, or run one step by step (Enter: next, s: no more pauses, q: quit).

    After q the same command continues where you stopped.

    Exit code: 0 if every cell ran, 1 if a cell failed, 2 for wrong options.

    [bold]Examples[/]
    tinyalex lesson
    tinyalex lesson 2
    tinyalex lesson 13 --data cifar10
    tinyalex lesson --all
    tinyalex lesson --all --notebook --execute --out notebooks
    """
    if which is not None and every:
        raise ConfigError(f"both lesson {which} and --all", "only one of them")
    if execute and not notebook:
        raise ConfigError("--execute needs --notebook", "--notebook --execute")
    if colab is not None and not notebook:
        raise ConfigError("--colab needs --notebook", "--notebook --colab ADDRESS")
    if data is not None and data not in DATA:
        raise unknown("data set", data, DATA)
    from tinyalex.learn import lesson_file

    out_ = Output()
    if which is None and not every:
        if notebook or html or slides or no_pause:
            raise ConfigError("no lesson is named", "a number, as in tinyalex lesson 2, or --all")
        _list(out_, lesson_file.all_lessons())
        return
    chosen = lesson_file.all_lessons() if every else [lesson_file.find(which or "")]
    with _variables(pictures, data):
        if notebook or html or slides:
            _convert(out_, chosen, out, notebook, execute, html, slides, colab)
        elif every:
            _run_all(out_, chosen)
        else:
            from tinyalex.commands.lesson_steps import Steps

            pause = not no_pause and _is_interactive()
            Steps(out_, chosen[0], pictures, pause, from_start).run()


def _is_interactive() -> bool:
    """Whether a person can press Enter: neither input nor output is a file or a pipe."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def _variables(pictures: Path, data: str | None) -> Iterator[None]:
    """Tell the lessons their folder for pictures and their data."""
    from tinyalex.learn.fitting import DATA_VARIABLE
    from tinyalex.learn.pictures import FOLDER_VARIABLE

    before = dict(os.environ)
    os.environ[FOLDER_VARIABLE] = str(pictures)
    if data is not None:
        os.environ[DATA_VARIABLE] = data
    try:
        yield
    finally:
        for name in (FOLDER_VARIABLE, DATA_VARIABLE):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


def _list(out: Output, lessons: list[Lesson]) -> None:
    from rich.markup import escape

    from tinyalex.learn.markdown import plain

    able = "after it you can"
    table = plain_table("N", "lesson", "min", able, left=("lesson", able))
    for each in lessons:
        texts = escape(plain(each.title)), str(each.minutes), escape(plain(each.goal).rstrip("."))
        table.add_row(f"{each.number:02d}", *texts)
    out.table(table)
    minutes = sum(each.minutes for each in lessons)
    out.text(f"\n{len(lessons)} lessons, {duration(60 * minutes)}. Begin with: tinyalex lesson 0")


# ---------------------------------------------------------------------- all lessons


def _run_all(out: Output, lessons: list[Lesson]) -> None:
    """Run each lesson in its own process; print a line for each."""
    failed = []
    started = time.perf_counter()
    for each in lessons:
        begun = time.perf_counter()
        code, output = _run_in_process(each)
        verdict = f"{each.name:<24} {duration(time.perf_counter() - begun):>9}"
        out.text(f"{verdict}  {'FAILED' if code else 'ok'}", style="bold red" if code else "")
        if code:
            failed.append(each.name)
            out.page(output.rstrip())
    _end(out, lessons, failed, f"in {duration(time.perf_counter() - started)}")


def _run_in_process(each: Lesson) -> tuple[int, str]:
    """Run a lesson in a new process; give its exit code and the end of its output."""
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "tinyalex.learn.stepping", str(each.path)],
        env=os.environ | {"PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, "\n".join(done.stdout.splitlines()[-12:])


def _end(out: Output, lessons: list[Lesson], failed: list[str], how: str) -> None:
    """Print the last line; exit with 1 if a lesson failed."""
    good = len(lessons) - len(failed)
    out.text(f"{good} of {len(lessons)} lesson{'s' if len(lessons) > 1 else ''} {how}")
    if failed:
        out.text(f"failed: {', '.join(failed)}", style="bold red")
        raise typer.Exit(FAILED)


# ---------------------------------------------------------------------- notebooks and pages


def _convert(
    out: Output,
    lessons: list[Lesson],
    folder: Path,
    notebook: bool,
    execute: bool,
    html: bool,
    slides: bool,
    colab: str | None,
) -> None:
    """Write notebooks, pages and slides; a cell that fails has its error as output."""
    from tinyalex.files import write_atomic
    from tinyalex.learn import notebooks
    from tinyalex.learn.colab import checked, for_colab
    from tinyalex.learn.slides import to_slides
    from tinyalex.learn.stepping import CellError

    repository = checked(colab) if colab is not None else ""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    neighbours = _neighbours()
    runs = execute or html or slides
    for each in lessons:
        begun = time.perf_counter()
        book = notebooks.to_notebook(each)
        if runs:
            try:
                notebooks.execute(each, book, Path.cwd())
            except CellError as error:
                failed.append(each.name)
                out.page(error.in_words(), style="bold red")
        texts = {}
        if notebook:
            kept = book if execute else _for_students(each)
            kept = for_colab(kept, each.name, repository) if repository else kept
            texts["ipynb"] = notebooks.to_text(kept)
        if slides:
            texts["slides.html"] = to_slides(each, book)
        if html:
            notebooks.hide_answers(book, as_page=True)
            texts["html"] = notebooks.to_page(each, book, *neighbours[each.name])
        for ending, text in texts.items():
            path = folder / f"{each.name}.{ending}"
            write_atomic(path, text.encode())
            out.text(f"{path}  {duration(time.perf_counter() - begun)}")
    _end(out, lessons, failed, "without a failing cell" if runs else "written")


def _for_students(each: Lesson) -> Any:
    """A notebook without output, with places to write."""
    from tinyalex.learn import notebooks

    book = notebooks.to_notebook(each)
    notebooks.hide_answers(book)
    return book


def _neighbours() -> dict[str, tuple[Lesson | None, Lesson | None]]:
    """By name, the lesson before and the lesson after."""
    from tinyalex.learn import lesson_file

    lessons = [None, *lesson_file.all_lessons(), None]
    triples = zip(lessons, lessons[1:], lessons[2:], strict=False)
    return {each.name: (before, after) for before, each, after in triples if each is not None}
