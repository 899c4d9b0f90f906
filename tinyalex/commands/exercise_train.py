"""`tinyalex exercise train`: trains a network whose parts are a student's own answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyalex import notice
from tinyalex.commands import complete
from tinyalex.commands.console import Output, command_line, percent
from tinyalex.commands.interrupt import exit_code_of
from tinyalex.commands.options import (
    OUTPUT,
    BatchSizeOption,
    DataRootOption,
    JobsOption,
    JsonOption,
    ModelOption,
    QuietOption,
    SeedOption,
)
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.learn.grader.verdict import Verdict
    from tinyalex.learn.own.answers import OwnAnswer
    from tinyalex.learn.own.milestones import Milestone
    from tinyalex.learn.own.operations import OwnOperations
    from tinyalex.learn.own.parts import Part


def train(
    folder: Annotated[Path, typer.Argument(help="The folder with your answers.")],
    data: Annotated[
        str,
        typer.Option(help="digits, cifar10, or a folder of images.", autocompletion=complete.data),
    ] = "digits",
    model: ModelOption = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", "-e", help="Epochs. Default: 20 for the digits, else the recipe's."
        ),
    ] = None,
    batch_size: BatchSizeOption = None,
    seed: SeedOption = 0,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Continue the run in this folder with your answers.",
            autocompletion=complete.runs,
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave out your answer to this exercise; may be repeated.",
            autocompletion=complete.exercises,
        ),
    ] = None,
    milestone: Annotated[
        int | None,
        typer.Option(help="Try this milestone, 1 to 6, instead of a whole run."),
    ] = None,
    data_root: DataRootOption = None,
    jobs: JobsOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="The run's folder. Default: runs/own-MODEL-DATA-seedN.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network that computes with your answers.

    Answers that pass take the place of the package's operations. The package's own code does the
    rest. Answers that have not changed since they were judged are not judged again.

    [bold]Examples[/]
    tinyalex exercise train my-answers/
    tinyalex exercise train my-answers/ --milestone 2
    tinyalex exercise train my-answers/ --data cifar10 --without 01_conv_loops
    """
    from tinyalex.learn.exercises import get
    from tinyalex.learn.own import milestones
    from tinyalex.learn.own.answers import read_answers
    from tinyalex.learn.own.operations import OwnOperations

    wanted = None if milestone is None else milestones.get(milestone)
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder", "give the folder with your answers")
    left_out = {get(name).name for name in without or ()}
    output = Output(as_json, quiet)
    if wanted is not None and wanted.number == 6:
        _use_simulator_without_gpu()
    submissions, verdicts = _judged(output, folder, jobs or 1)
    answers = read_answers(submissions)
    passed = {
        name: answer
        for name, answer in answers.items()
        if name in verdicts and verdicts[name].passed and name not in left_out
    }
    if not passed:
        raise ConfigError(
            f"{folder}: no answer passes, so no part of the network would be yours",
            command_line("exercise", "check", folder),
        )
    outcomes = {name: str(verdict.outcome) for name, verdict in verdicts.items()}
    outcomes |= {name: "left out" for name in left_out}
    operations = OwnOperations(passed)
    if wanted is not None and wanted.run is not None:
        _try_milestone(output, folder, wanted, operations, data_root)
    else:
        settings: dict[str, Any] = {"data": data, "model": model, "epochs": epochs, "seed": seed}
        settings |= {
            "batch_size": batch_size,
            "data_root": data_root,
            "command": command_line(*sys.argv[1:]),
        }
        if wanted is not None:  # a whole run of tiny
            settings |= {"data": "digits", "model": "tiny"}
            if lacking := wanted.missing(operations):
                raise ConfigError(
                    f"milestone {wanted.number} needs {', '.join(lacking)}", "write these first"
                )
        _train(output, folder, operations, outcomes, resume, out, settings)
    print_milestones(output, folder, answers, passed)


def print_milestones(
    output: Output,
    folder: Path,
    answers: Mapping[str, OwnAnswer],
    passed: Mapping[str, OwnAnswer],
) -> None:
    """Print the six milestones, each with how far the answers in a folder are."""
    from tinyalex.learn.own import milestones
    from tinyalex.learn.own.remembered import Remembered

    output.text("\nMilestones:", style="bold")
    for milestone, state, reached in milestones.states(Remembered.of(folder), answers, passed):
        mark = "x" if reached else " "
        output.text(f" [{mark}] {milestone.number} {milestone.title}")
        output.text(f"       {state}", style="green" if reached else "")


def _use_simulator_without_gpu() -> None:
    """Turn Numba's simulator on before Numba is imported, unless there is a GPU."""
    from tinyalex import backends

    if "cuda" not in backends.available() and "numba" not in sys.modules:
        os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")


def _judged(output: Output, folder: Path, jobs: int) -> tuple[Sequence[Any], dict[str, Verdict]]:
    """What was handed in, and the verdicts by exercise; failures are printed."""
    from tinyalex.learn.grader.classroom import handed_in
    from tinyalex.learn.own.remembered import judge

    submissions = [s for s in handed_in(folder) if s.path is not None]
    verdicts: dict[str, Verdict] = {}
    if not output.is_watched:
        output.text(f"judging {len(submissions)} answers, those that are new or have changed")
    answers = judge(folder, submissions, workers=jobs)
    judging = notice.phase("judging your answers", total=len(submissions))
    with judging as reached, closing(answers):
        for done, (result, _) in enumerate(answers, start=1):
            verdicts.setdefault(result.verdict.exercise, result.verdict)
            reached(done)
    right = sum(verdict.passed for verdict in verdicts.values())
    output.text(f"{right} of {len(verdicts)} answers pass")
    for name, verdict in verdicts.items():
        if not verdict.passed:
            what = verdict.what if verdict.what else verdict.outcome
            output.text(f"  {name}: {verdict.outcome}: {what}" if verdict.what else f"  {what}")
    return submissions, verdicts


def _try_milestone(
    output: Output,
    folder: Path,
    milestone: Milestone,
    operations: OwnOperations,
    root: Path | None,
) -> None:
    """Run a milestone; if it is reached, the folder remembers it."""
    from tinyalex.learn.own.train import one_thread

    assert milestone.run is not None
    if lacking := milestone.missing(operations):
        raise ConfigError(
            f"milestone {milestone.number} needs {', '.join(lacking)}", "write these first"
        )
    parts = milestone.parts(operations)
    _print_parts(output, parts, {})
    output.text(f"milestone {milestone.number}: {milestone.title}", style="bold")
    with one_thread(), notice.phase(f"milestone {milestone.number}"):
        result = milestone.run(operations, root)
    output.text(f"reached: {result}", style="bold green")
    _remember(folder, milestone, operations, result)
    document = {"milestone": milestone.number, "reached": True, "result": result}
    output.result(document | {"parts": _plain(parts)}, short=result)


def _train(
    output: Output,
    folder: Path,
    operations: OwnOperations,
    outcomes: Mapping[str, str],
    resume: Path | None,
    out: Path | None,
    settings: Mapping[str, Any],
) -> None:
    from tinyalex.commands.progress import TrainingProgress
    from tinyalex.learn.own import milestones, parts, record
    from tinyalex.learn.own import train as own
    from tinyalex.learn.own.measure import own_errors

    if resume is None:
        plan = own.plan(operations, out, **settings)
        run, owned = Path(plan.config.resolved().out), plan.parts
        _print_parts(output, owned, outcomes)
        with notice.phase("checking the gradients of the whole network"):
            own.check(plan)
        output.text("the gradients of the whole network are right")
        with TrainingProgress(output) as progress:
            summary = own.train(plan, progress)
    else:
        run, owned = resume, record.read_parts(resume)
        with TrainingProgress(output) as progress:
            summary = own.resume(run, operations, progress)
    if summary.get("interrupted"):
        output.warning(f"stopped; the run is saved in {run}")
        words = command_line("exercise", "train", folder, "--resume", run)
        output.text(f"Continue with: {words}")
        raise typer.Exit(exit_code_of(summary.get("signal")))
    output.text()
    output.text(f"test error  {percent(summary['top1_error'])}", style="bold")
    for line in own_errors(run, operations):
        output.text(line)
    if owned:
        output.text(parts.count(owned), style="bold")
    output.text(f"folder      {run}")
    output.text(f"Next: {command_line('report', run)}")
    whole = milestones.get(4)
    is_tiny = summary.get("model") == "tiny" and summary.get("data") == "digits"
    if is_tiny and not whole.missing(operations) and owned and all(p.is_own for p in owned):
        if summary["top1_error"] <= milestones.MOST_ERROR:
            result = f"test error {percent(summary['top1_error'])} in {summary['epochs']} epochs"
            _remember(folder, whole, operations, result)
        else:
            output.warning(f"milestone 4 wants a test error of {percent(milestones.MOST_ERROR)}")
    document = {**summary, "run": str(run), "parts": _plain(owned)}
    output.result(document, short=str(run))


def _print_parts(output: Output, owned: Sequence[Part], outcomes: Mapping[str, str]) -> None:
    from tinyalex.learn.own import parts

    output.text(f"yours: {parts.yours(owned)}", style="green")
    output.text(f"ours: {parts.ours(owned, outcomes)}")


def _plain(owned: Sequence[Part]) -> list[dict[str, Any]]:
    return [{"operation": part.operation, "yours": list(part.exercises)} for part in owned]


def _remember(folder: Path, milestone: Milestone, operations: OwnOperations, result: str) -> None:
    from tinyalex.learn.own.remembered import Remembered

    memory = Remembered.of(folder)
    memory.reach(milestone.number, milestone.uses(operations), result)
    memory.write()
