"""`tinyalex exercise`: exercises to write, and their grader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinyalex.commands.console import (
    JsonOption,
    Output,
    QuietOption,
    cell,
    command_line,
    plain_table,
)
from tinyalex.errors import ConfigError
from tinyalex.outside import shown

if TYPE_CHECKING:
    from tinyalex.learn.grader.classroom import Graded, Submission
    from tinyalex.learn.grader.spec import Exercise

NOT_PASSED = 1

exercise_app = typer.Typer(
    no_args_is_help=True, help="Write a part of the network yourself, and have it judged."
)


@exercise_app.command("list")
def list_exercises(
    folder: Annotated[
        Path | None, typer.Argument(help="Your folder: says which of your answers pass.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the exercises, the lesson that each belongs to, and how long it takes.

    [bold]Examples[/]
    tinyalex exercise list
    tinyalex exercise list my-answers/
    """
    from tinyalex.learn.exercises import all_exercises
    from tinyalex.learn.grader.classroom import grade_all, handed_in

    out = Output(as_json, quiet)
    state = {}
    if folder is not None:
        for one in grade_all(handed_in(_folder(folder))):
            state[one.verdict.exercise] = one.verdict
    columns = ["exercise", "", "lesson", "minutes", *(["yours"] if folder else [])]
    table = plain_table(*columns, left=["exercise", "", "yours"])
    document = []
    for exercise in all_exercises():
        verdict = state.get(exercise.name)
        yours = str(verdict.outcome) if verdict is not None else "-"
        row = [exercise.name, cell(exercise.title), f"{exercise.lesson:02d}"]
        table.add_row(*row, str(exercise.minutes), *([yours] if folder else []))
        entry = {"name": exercise.name, "title": exercise.title, "lesson": exercise.lesson}
        entry |= {"minutes": exercise.minutes, "functions": list(exercise.functions)}
        document.append(entry | ({"yours": verdict and verdict.to_dict()} if folder else {}))
    out.table(table)
    if folder is not None:
        passed = sum(verdict.passed for verdict in state.values())
        out.text(f"\n{passed} of {len(document)} passed")
    out.result(document, short="\n".join(str(one["name"]) for one in document))


@exercise_app.command()
def start(
    name: Annotated[str, typer.Argument(help="As in the list; a part of it will do: im2col.")],
    folder: Annotated[Path, typer.Argument(help="Where you want to write it.")] = Path("."),
) -> None:
    """Copy an exercise's stub, which says what to write, into your folder.

    [bold]Examples[/]
    tinyalex exercise start 02_im2col
    tinyalex exercise start im2col my-answers/
    """
    from tinyalex import files
    from tinyalex.learn.exercises import get
    from tinyalex.learn.places import exercises_folder

    exercise = get(name)
    stub = exercises_folder() / f"{exercise.name}.py"
    if not stub.is_file():
        raise ConfigError(f"the stub {stub} is missing", "install tinyalex once more")
    target = folder / stub.name
    if target.exists():
        raise ConfigError(f"{target} is there already; it stays as it is", "another folder")
    folder.mkdir(parents=True, exist_ok=True)
    files.write_atomic(target, stub.read_bytes(), ConfigError)
    out = Output()
    out.text(f"{target}: {exercise.title}, about {exercise.minutes} minutes", style="bold")
    out.text(f"Write {', '.join(exercise.functions)}; then: ")
    out.text(f"  {command_line('exercise', 'check', target)}")


@exercise_app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.")],
    exercise: Annotated[
        list[str] | None,
        typer.Option(help="Which it is, where the file's name does not say; in a folder: only it."),
    ] = None,
    of_class: Annotated[
        bool, typer.Option("--class", help="PATHS are folders of students' folders.")
    ] = False,
    hint: Annotated[
        int, typer.Option("--hint", count=True, help="One more hint; again for another.")
    ] = 0,
    solution: Annotated[bool, typer.Option("--solution", help="Print the solution, too.")] = False,
    teacher: Annotated[
        bool, typer.Option("--i-am-the-teacher", help="What --solution asks for.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Draws the inputs that are tried.")] = 0,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds for an exercise.")] = 30.0,
    memory_mb: Annotated[int, typer.Option(min=64, help="MiB for an exercise.")] = 2048,
    workers: Annotated[int, typer.Option(min=1, help="Files at a time.")] = 1,
    gradescope: Annotated[
        Path | None, typer.Option(help="Write this results.json for Gradescope.")
    ] = None,
    points: Annotated[float, typer.Option(min=0, help="Of an exercise, on Gradescope.")] = 10.0,
    csv: Annotated[Path | None, typer.Option(help="Write this table: a row a student.")] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Judge answers: the first property that does not hold, and the smallest input that shows it.

    Ends with 0 if all passed, with 1 if something did not, and with 2 if the options are wrong.

    [bold]Examples[/]
    tinyalex exercise check 02_im2col.py
    tinyalex exercise check mine.py --exercise im2col --hint
    tinyalex exercise check --class handed-in/ --csv class.csv --workers 4
    """
    from tinyalex import files
    from tinyalex.learn.exercises import get
    from tinyalex.learn.grader import classroom
    from tinyalex.learn.grader.process import Limits

    if solution and not teacher:
        raise ConfigError("--solution is for teachers", "--hint, or add --i-am-the-teacher")
    wanted = [get(name) for name in exercise or ()]
    handed = _handed(paths, wanted, of_class)
    for path in (gradescope, csv):
        if path is not None and not path.absolute().parent.is_dir():
            raise ConfigError(f"{path.parent} is no folder", f"mkdir {path.parent}")
    out = Output(as_json, quiet)
    limits = Limits(time_limit, memory_mb)
    judged: list[Graded] = []
    for one in classroom.grade_all(handed, seed=seed, limits=limits, workers=workers):
        if of_class:
            how = one.submission.note or one.verdict.outcome
            out.text(f"{shown(one.submission.student)}: {one.verdict.exercise}: {how}")
        else:
            _print_verdict(out, one, 1 + hint, first=not judged)
        judged.append(one)
    if len(judged) == 1 and judged[0].verdict.passed:
        _print_textbook(out, get(judged[0].verdict.exercise))
    if solution:
        _print_solutions(out, judged)
    if of_class:
        _print_class(out, judged)
    elif len(judged) > 1:
        out.text(f"\n{sum(one.verdict.passed for one in judged)} of {len(judged)} passed")
    if gradescope is not None:
        results = classroom.gradescope(judged, points, 1 + hint)
        files.write_json(gradescope, results, ConfigError)
    if csv is not None:
        files.write_atomic(csv, classroom.as_csv(judged).encode(), ConfigError)
    passed = all(one.verdict.passed for one in judged)
    document = {"seed": seed, "passed": passed, "verdicts": [one.to_dict() for one in judged]}
    short = (
        f"{shown(one.submission.student)} {one.verdict.exercise} {one.verdict.outcome}"
        for one in judged
    )
    out.result(document, short="\n".join(line.strip() for line in short))
    if not passed:
        raise typer.Exit(NOT_PASSED)


def _handed(paths: Sequence[Path], wanted: list[Exercise], of_class: bool) -> list[Submission]:
    """Every file that the command line names, with its exercise."""
    from tinyalex.learn.grader import filenames
    from tinyalex.learn.grader.classroom import Submission, class_of, handed_in

    handed: list[Submission] = []
    for path in paths:
        if of_class:
            handed += class_of(_folder(path), wanted)
        elif path.is_dir():
            handed += handed_in(path, wanted)
        elif not path.exists():
            raise ConfigError(f"there is no file {path}", "is the path right?")
        else:
            if len(wanted) > 1:
                raise ConfigError(f"{path} is one file, for one --exercise", "a folder for several")
            found = wanted[0] if wanted else filenames.exercise_of(path)
            if found is None:
                meant = filenames.similar_exercise(path)
                hint = "--exercise NAME; tinyalex exercise list shows the names"
                hint = filenames.advice(path, meant) if meant is not None else hint
                hint = "unpack it" if filenames.is_archive(path) else hint
                raise ConfigError(f"{path}: its name is no exercise's", hint)
            handed.append(Submission(found, path))
    if not handed:
        names = ", ".join(map(str, paths))
        found_packed = "; ".join(filter(None, (filenames.archives_in(path) for path in paths)))
        hint = found_packed or "files that are called as in exercise list"
        raise ConfigError(f"no answers in {names}", hint)
    return handed


def _folder(path: Path) -> Path:
    from tinyalex.learn.grader.filenames import is_archive

    if not path.is_dir():
        packed = path.is_file() and is_archive(path)
        hint = "unpack it" if packed else "the folder that your answers lie in"
        raise ConfigError(f"{path} is no folder", hint)
    return path


def _print_verdict(out: Output, judged: Graded, hints: int, first: bool) -> None:
    from tinyalex.learn.grader.verdict import in_words

    if not first:
        out.text()
    head, *rest = in_words(judged.verdict, hints)
    out.text(head, style="bold green" if judged.verdict.passed else "bold red")
    for line in rest:
        style = {"  BROKEN": "red", "  at    ": "red", "  holds ": "green"}.get(line[:8], "")
        out.text(line, style=style or ("yellow" if line.startswith("  Hint:") else ""))


def _print_textbook(out: Output, exercise: Exercise) -> None:
    """What the package writes for the same functions."""
    import inspect

    from tinyalex import functional

    for name in (name for name in exercise.functions if name in functional.__all__):
        lines = getattr(functional, name)
        out.text(f"\nThe package's own, in {lines.__module__}:", style="bold")
        out.page(inspect.getsource(lines).rstrip())


def _print_solutions(out: Output, judged: Sequence[Graded]) -> None:
    from tinyalex.learn.places import solutions_folder

    for name in dict.fromkeys(one.verdict.exercise for one in judged):
        text = (solutions_folder() / f"{name}.py").read_text(encoding="utf-8")
        out.text(f"\nSolution of {name}:", style="bold")
        out.page(text.rstrip())


def _print_class(out: Output, judged: Sequence[Graded]) -> None:
    from tinyalex.learn.grader.classroom import by_student

    columns = "student", "passed", "score", "first not passed"
    table = plain_table(*columns, left=["student", "first not passed"])
    for student, of_student in by_student(judged).items():
        passed = sum(one.verdict.passed for one in of_student)
        score = sum(one.verdict.score for one in of_student)
        first = next((one for one in of_student if not one.verdict.passed), None)
        why = first and (first.submission.note or first.verdict.outcome)
        text = f"{first.verdict.exercise} ({why})" if first is not None else ""
        row = [cell(student), f"{passed} of {len(of_student)}", f"{score:.2f}", cell(text)]
        table.add_row(*row)
    out.text()
    out.table(table)
