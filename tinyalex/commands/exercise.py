"""`tinyalex exercise`: lists, starts and grades exercises."""

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
from tinyalex.commands.exercise_train import print_milestones, train
from tinyalex.errors import ConfigError
from tinyalex.outside import shown

if TYPE_CHECKING:
    from tinyalex.learn.grader.classroom import Graded, Submission
    from tinyalex.learn.grader.spec import Exercise

NOT_PASSED = 1

exercise_app = typer.Typer(
    no_args_is_help=True, help="Write a part of the network yourself, and have it graded."
)
exercise_app.command()(train)


@exercise_app.command("list")
def list_exercises(
    folder: Annotated[
        Path | None, typer.Argument(help="Your folder, to see which of your answers pass.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the exercises, each with its lesson and the minutes that it takes.

    [bold]Examples[/]
    tinyalex exercise list
    tinyalex exercise list my-answers/
    """
    from tinyalex.learn.exercises import all_exercises
    from tinyalex.learn.grader.classroom import handed_in
    from tinyalex.learn.own.answers import read_answers
    from tinyalex.learn.own.remembered import judge

    out = Output(as_json, quiet)
    handed = [] if folder is None else handed_in(_folder(folder))
    judged = [] if folder is None else list(judge(folder, handed, changed_too=False))
    state = {result.verdict.exercise: result.verdict for result, _ in judged}
    changed = {result.verdict.exercise for result, is_changed in judged if is_changed}
    columns = ["exercise", "", "lesson", "minutes", *(["yours"] if folder else [])]
    table = plain_table(*columns, left=["exercise", "", "yours"])
    document = []
    for exercise in all_exercises():
        verdict = state.get(exercise.name)
        yours = str(verdict.outcome) if verdict is not None else "-"
        yours = "changed since" if exercise.name in changed else yours
        row = [exercise.name, cell(exercise.title), f"{exercise.lesson:02d}"]
        table.add_row(*row, str(exercise.minutes), *([yours] if folder else []))
        entry = {"name": exercise.name, "title": exercise.title, "lesson": exercise.lesson}
        entry |= {"minutes": exercise.minutes, "functions": list(exercise.functions)}
        if folder is not None:
            entry |= {"yours": verdict and verdict.to_dict(), "changed": exercise.name in changed}
        document.append(entry)
    out.table(table)
    if folder is not None:
        passed = {name for name, v in state.items() if v.passed and name not in changed}
        out.text(f"\n{len(passed)} of {len(document)} passed")
        if changed:
            out.text(f"judge what has changed: {command_line('exercise', 'check', folder)}")
        answers = read_answers(handed)
        right = {name: answer for name, answer in answers.items() if name in passed}
        print_milestones(out, folder, answers, right)
    out.result(document, short="\n".join(str(entry["name"]) for entry in document))


@exercise_app.command()
def start(
    name: Annotated[str, typer.Argument(help="Name of an exercise, or a part of it: im2col.")],
    folder: Annotated[Path, typer.Argument(help="Folder for your answer.")] = Path("."),
) -> None:
    """Copy an exercise's template into your folder; it says what to write.

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
        raise ConfigError(f"the template {stub} is missing", "install tinyalex again")
    target = folder / stub.name
    if target.exists():
        raise ConfigError(f"{target} is there already and is not changed", "another folder")
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
        typer.Option(
            help="Name of the exercise, if the file has another name; of a folder: only it."
        ),
    ] = None,
    of_class: Annotated[
        bool, typer.Option("--class", help="PATHS have one folder per student.")
    ] = False,
    hint: Annotated[
        int, typer.Option("--hint", count=True, help="Print one more hint; repeat for more.")
    ] = 0,
    solution: Annotated[bool, typer.Option("--solution", help="Also print the solution.")] = False,
    teacher: Annotated[
        bool,
        typer.Option("--i-am-the-teacher", help="With --solution: confirm that you may see it."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the inputs to try.")] = 0,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds per exercise.")] = 30.0,
    memory_mb: Annotated[int, typer.Option(min=64, help="MiB of memory per exercise.")] = 2048,
    workers: Annotated[int, typer.Option(min=1, help="Files to grade at the same time.")] = 1,
    gradescope: Annotated[
        Path | None, typer.Option(help="Write results for Gradescope to this JSON file.")
    ] = None,
    points: Annotated[float, typer.Option(min=0, help="Points per exercise (Gradescope).")] = 10.0,
    csv: Annotated[
        Path | None, typer.Option(help="Write a table with one row per student to this CSV file.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Grade answers: show the first property that fails, with the smallest input for which it does.

    Exit code: 0 if all passed, 1 if an answer did not, 2 for wrong options.

    [bold]Examples[/]
    tinyalex exercise check 02_im2col.py
    tinyalex exercise check mine.py --exercise im2col --hint
    tinyalex exercise check --class handed-in/ --csv class.csv --workers 4
    """
    from tinyalex import files
    from tinyalex.learn.exercises import get
    from tinyalex.learn.grader import classroom
    from tinyalex.learn.grader.process import Limits
    from tinyalex.learn.own.remembered import refresh

    if solution and not teacher:
        raise ConfigError("--solution is for teachers", "--hint, or add --i-am-the-teacher")
    wanted = [get(name) for name in exercise or ()]
    handed = _handed(paths, wanted, of_class)
    for path in (gradescope, csv):
        if path is not None and not path.absolute().parent.is_dir():
            raise ConfigError(f"{path.parent} is not a folder", f"mkdir {path.parent}")
    out = Output(as_json, quiet)
    limits = Limits(time_limit, memory_mb)
    judged: list[Graded] = []
    for answer in classroom.grade_all(handed, seed=seed, limits=limits, workers=workers):
        if of_class:
            outcome = answer.submission.note or answer.verdict.outcome
            out.text(f"{shown(answer.submission.student)}: {answer.verdict.exercise}: {outcome}")
        else:
            _print_verdict(out, answer, 1 + hint, first=not judged)
        judged.append(answer)
    if len(judged) == 1 and judged[0].verdict.passed:
        _print_textbook(out, get(judged[0].verdict.exercise))
    if solution:
        _print_solutions(out, judged)
    if of_class:
        _print_class(out, judged)
    elif len(judged) > 1:
        out.text(f"\n{sum(a.verdict.passed for a in judged)} of {len(judged)} passed")
    if gradescope is not None:
        results = classroom.gradescope(judged, points, 1 + hint)
        files.write_json(gradescope, results, ConfigError)
    if csv is not None:
        files.write_atomic(csv, classroom.as_csv(judged).encode(), ConfigError)
    if not of_class:
        refresh(judged, seed)
    passed = all(a.verdict.passed for a in judged)
    document = {"seed": seed, "passed": passed, "verdicts": [a.to_dict() for a in judged]}
    short = (
        f"{shown(a.submission.student)} {a.verdict.exercise} {a.verdict.outcome}" for a in judged
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
            raise ConfigError(f"there is no file {path}", "check the path")
        else:
            if len(wanted) > 1:
                raise ConfigError(f"{path} is one file, for one --exercise", "name only one")
            which = wanted[0] if wanted else filenames.exercise_of(path)
            if which is None:
                meant = filenames.similar_exercise(path)
                hint = "--exercise NAME (`tinyalex exercise list` shows the names)"
                hint = filenames.advice(path, meant) if meant is not None else hint
                hint = "unpack it" if filenames.is_archive(path) else hint
                raise ConfigError(f"{path}: no exercise has this name", hint)
            handed.append(Submission(which, path))
    if not handed:
        names = ", ".join(map(str, paths))
        found_packed = "; ".join(filter(None, (filenames.archives_in(path) for path in paths)))
        hint = found_packed or "name the files as in `tinyalex exercise list`"
        raise ConfigError(f"no answers in {names}", hint)
    return handed


def _folder(path: Path) -> Path:
    from tinyalex.learn.grader.filenames import is_archive

    if not path.is_dir():
        packed = path.is_file() and is_archive(path)
        hint = "unpack it" if packed else "give the folder with your answers"
        raise ConfigError(f"{path} is not a folder", hint)
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
    """Print the package's own source of the same functions."""
    import inspect

    from tinyalex import functional

    for name in (name for name in exercise.functions if name in functional.__all__):
        function = getattr(functional, name)
        out.text(f"\nThe package's own code, in {function.__module__}:", style="bold")
        out.page(inspect.getsource(function).rstrip())


def _print_solutions(out: Output, judged: Sequence[Graded]) -> None:
    from tinyalex.learn.places import solutions_folder

    for name in dict.fromkeys(answer.verdict.exercise for answer in judged):
        text = (solutions_folder() / f"{name}.py").read_text(encoding="utf-8")
        out.text(f"\nSolution of {name}:", style="bold")
        out.page(text.rstrip())


def _print_class(out: Output, judged: Sequence[Graded]) -> None:
    from tinyalex.learn.grader.classroom import by_student

    columns = "student", "passed", "score", "first not passed"
    table = plain_table(*columns, left=["student", "first not passed"])
    for student, of_student in by_student(judged).items():
        passed = sum(a.verdict.passed for a in of_student)
        score = sum(a.verdict.score for a in of_student)
        first = next((a for a in of_student if not a.verdict.passed), None)
        why = first and (first.submission.note or first.verdict.outcome)
        text = f"{first.verdict.exercise} ({why})" if first is not None else ""
        row = [cell(student), f"{passed} of {len(of_student)}", f"{score:.2f}", cell(text)]
        table.add_row(*row)
    out.text()
    out.table(table)
