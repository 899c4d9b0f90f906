"""`tinyalex lesson`: lists the lessons, runs them step by step, makes notebooks and pages."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tinyalex import notice
from tinyalex.commands import complete
from tinyalex.commands.console import Output, duration, plain_table
from tinyalex.commands.options import JsonOption, QuietOption
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.learn.lesson_file import Lesson

FAILED = 1
PAGES = "Notebooks, pages and slides"


def lesson(
    which: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="N ...",
            help="Numbers or names of lessons. Default: list them.",
            autocompletion=complete.lessons,
        ),
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
        Literal["digits", "cifar10"] | None,
        typer.Option(help="Default: digits. cifar10: after `tinyalex data download`."),
    ] = None,
    notebook: Annotated[
        bool,
        typer.Option(
            "--notebook",
            help="Write NN_name.ipynb instead of running the lesson.",
            rich_help_panel=PAGES,
        ),
    ] = False,
    execute: Annotated[
        bool,
        typer.Option(
            "--execute",
            help="With --notebook: run it and keep its output.",
            rich_help_panel=PAGES,
        ),
    ] = False,
    colab: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="With --notebook: a badge for Google Colab, and a first cell that installs the "
            "package from this GitHub repository.",
            rich_help_panel=PAGES,
        ),
    ] = None,
    html: Annotated[
        bool,
        typer.Option(
            "--html",
            help="Run the lesson and write NN_name.html with its output.",
            rich_help_panel=PAGES,
        ),
    ] = False,
    slides: Annotated[
        bool,
        typer.Option(
            "--slides",
            help="Run the lesson and write slides for a projector.",
            rich_help_panel=PAGES,
        ),
    ] = False,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder for notebooks, pages and slides.",
            rich_help_panel=PAGES,
        ),
    ] = Path("."),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the lessons, or run one step by step (Enter: next, s: no more pauses, q: quit).

    After q the same command continues where you stopped.

    Exit code: 0 if every cell ran, 1 if a cell failed, 2 for wrong options.

    [bold]Examples[/]
    tinyalex lesson
    tinyalex lesson 2
    tinyalex lesson 13 --data cifar10
    tinyalex lesson 13 14 15 --html
    tinyalex lesson --all
    tinyalex lesson --all --notebook --execute --out notebooks
    """
    if which and every:
        raise ConfigError(f"both lesson {' '.join(which)} and --all", "only one of them")
    if execute and not notebook:
        raise ConfigError("--execute needs --notebook", "--notebook --execute")
    steps = not (every or notebook or html or slides)
    if which and steps and (as_json or quiet):
        raise ConfigError(
            "a lesson step by step is for a person: it has no --json and no --quiet",
            "--html, --notebook or --all with it",
        )
    if which and steps and len(which) > 1:
        raise ConfigError(
            f"step by step one lesson at a time (got {' '.join(which)})",
            "one number; several with --html, --notebook or --slides",
        )
    if colab is not None and not notebook:
        raise ConfigError("--colab needs --notebook", "--notebook --colab ADDRESS")
    from tinyalex.learn import lesson_file

    out_ = Output(as_json, quiet)
    if not which and not every:
        if notebook or html or slides or no_pause:
            raise ConfigError("no lesson is named", "a number, as in tinyalex lesson 2, or --all")
        _list(out_, lesson_file.all_lessons())
        return
    chosen = lesson_file.all_lessons() if every else list(map(lesson_file.find, which or []))
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
    document = [
        {"number": each.number, "name": each.name, "title": plain(each.title)}
        | {"minutes": each.minutes, "goal": plain(each.goal)}
        for each in lessons
    ]
    out.result(document, short="\n".join(each.name for each in lessons))


# ---------------------------------------------------------------------- all lessons


def _run_all(out: Output, lessons: list[Lesson]) -> None:
    """Run each lesson in its own process; print a line for each."""
    failed = []
    started = time.perf_counter()
    for each in lessons:
        begun = time.perf_counter()
        with notice.phase(f"running {each.name}"):
            code, output = _run_in_process(each)
        verdict = f"{each.name:<24} {duration(time.perf_counter() - begun):>9}"
        out.text(f"{verdict}  {'FAILED' if code else 'ok'}", style="bold red" if code else "")
        if code:
            failed.append(each.name)
            out.page(output.rstrip())
    _end(out, lessons, failed, [], f"in {duration(time.perf_counter() - started)}")


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


def _end(
    out: Output, lessons: list[Lesson], failed: list[str], written: list[str], how: str
) -> None:
    """Print the last line; exit with 1 if a lesson failed."""
    good = len(lessons) - len(failed)
    verdict = f"{good} of {len(lessons)} lesson{'s' if len(lessons) > 1 else ''}"
    out.text(f"{verdict} {how}")
    document = {"lessons": [each.name for each in lessons], "failed": failed, "files": written}
    out.result(document, short="\n".join(written) or verdict)
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
    failed, written = [], []
    neighbours = _neighbours()
    runs = execute or html or slides
    for each in lessons:
        begun = time.perf_counter()
        book = notebooks.to_notebook(each)
        if runs:
            try:
                with notice.phase(f"running {each.name}"):
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
            written.append(str(path))
            out.text(f"{path}  {duration(time.perf_counter() - begun)}")
    _end(out, lessons, failed, written, "without a failing cell" if runs else "written")


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
