"""`tinyalex exercise`: lists, starts and grades exercises."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands import complete
from tinyalex.commands.console import Output, cell, command_line, plain_table
from tinyalex.commands.exercise_check import check, folder_at
from tinyalex.commands.exercise_show import print_unread
from tinyalex.commands.exercise_train import print_milestones, train
from tinyalex.commands.exercise_wheel import student_wheel
from tinyalex.commands.options import JsonOption, QuietOption, renamed
from tinyalex.errors import ConfigError

exercise_app = typer.Typer(
    no_args_is_help=True, help="Write a part of the network yourself, and have it graded."
)


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
    from tinyalex.learn.grader import hand_ins
    from tinyalex.learn.own.answers import read_answers
    from tinyalex.learn.own.remembered import judge

    out = Output(as_json, quiet)
    handed = hand_ins.HandedIn()
    if folder is not None:
        handed = hand_ins.of_folder(folder_at(folder, follow=False))
    answers = {answer.exercise.name: answer for answer in reversed(handed.submissions)}
    shown = [*answers.values()]
    judged = [] if folder is None else list(judge(folder, shown, changed_too=False))
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
        for answer in handed.submissions:
            if answer is not answers[answer.exercise.name]:
                out.text(f"not judged here, but by `exercise check`: {answer.shown}")
        if changed:
            out.text(f"judge what has changed: {command_line('exercise', 'check', folder)}")
        print_unread(out, handed.unread)
        own = read_answers(shown)
        print_milestones(out, folder, own, {name: own[name] for name in own if name in passed})
    short = "\n".join(str(entry["name"]) for entry in document)
    others = [file.to_dict() for file in handed.unread]
    with_folder = {"exercises": document, "not_recognised": others}
    out.result(with_folder if folder else document, short)


@exercise_app.command()
def start(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of an exercise, or a part of it: im2col.",
            autocompletion=complete.exercises,
        ),
    ],
    folder: Annotated[Path, typer.Argument(help="Folder for your answer.")] = Path("."),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
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
    out = Output(as_json, quiet)
    out.text(f"{target}: {exercise.title}, about {exercise.minutes} minutes", style="bold")
    out.text(f"Write {', '.join(exercise.functions)}; then: ")
    out.text(f"  {command_line('exercise', 'check', target)}")
    document = {"file": str(target), "exercise": exercise.name, "minutes": exercise.minutes}
    out.result(document, short=str(target))


exercise_app.command(context_settings=renamed(workers="jobs"))(check)
exercise_app.command(context_settings=renamed(workers="jobs"))(train)
exercise_app.command()(student_wheel)
