"""`tinyalex train`: begins a run, or resumes one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from tinyalex.commands.console import (
    JsonOption,
    Output,
    QuietOption,
    command_line,
    duration,
    percent,
)
from tinyalex.commands.interrupt import exit_code_of
from tinyalex.commands.watch import TensorBoardOption, WatchOption
from tinyalex.commands.workers import TimeoutOption, WorkersOption, start_workers, together
from tinyalex.errors import TinyalexError
from tinyalex.settings import ABOUT, SETTINGS, option_of, option_types


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting of a run to a command; it gets them as keywords."""
    resume, *others = list(signature(command, eval_str=True).parameters.values())[:-1]
    options = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=False if kind is bool else None,
            annotation=Annotated[
                kind if kind is bool else kind | None,
                typer.Option(option_of(name), help=ABOUT[name].help),
            ],
        )
        for name, kind in option_types().items()
        if ABOUT[name].option
    ]
    after = [option.name for option in options].index("out") + 1
    shown = [*options[:after], resume, *options[after:], *others]
    command.__signature__ = Signature(shown)  # type: ignore[attr-defined]
    return command


@with_settings
def train(
    *,
    resume: Annotated[
        Path | None, typer.Option(help="Resume the run in this folder exactly (bit-identical).")
    ] = None,
    workers: WorkersOption = None,
    timeout: TimeoutOption = 600.0,
    watch: WatchOption = False,
    tensorboard: TensorBoardOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
    **settings: Any,
) -> None:
    """Train a network. Without options: tiny on handwritten digits (under a minute).

    Ctrl-C saves and stops; --resume resumes the run.
    The run's folder gets the weights, the losses and errors by epoch, and pictures.

    [bold]Examples[/]
    tinyalex train
    tinyalex train --data cifar10 --model cifar-80sec --seed 1
    tinyalex train --data pictures/ --model alexnet --epochs 30
    tinyalex train --data imagenet/ --recipe star-finetune --init-from runs/star
    tinyalex train --resume runs/tiny-digits-seed0
    """
    from tinyalex import data as datasets
    from tinyalex import training
    from tinyalex.commands.progress import TrainingProgress
    from tinyalex.commands.watching import with_others
    from tinyalex.report import draw_run

    start_workers(workers, timeout)
    output = Output(as_json, quiet)
    given: dict[str, Any] = {
        name: not SETTINGS[name].default if value is True else value
        for name, value in settings.items()
        if value is not None and value is not False
    }
    undrawn: TinyalexError | None = None
    with together(workers, timeout) as group, TrainingProgress(output) as progress:
        listener = with_others(progress, output, watch, tensorboard)
        if "data" in given:
            given["data"] = datasets.choose(given["data"])
        if resume is not None:
            folder = resume
            summary = training.resume(folder, listener, group, **given)
        else:
            config = training.RunConfig(**given, command=command_line(*sys.argv[1:]))
            folder = config.resolved().out
            summary = training.train(config, listener, group)
    if not group.leads:
        if summary.get("interrupted"):
            raise typer.Exit(exit_code_of(summary.get("signal")))
        return
    if summary.get("interrupted"):
        output.warning(f"stopped; the run is saved in {folder}")
        output.text(f"Resume with: {command_line('train', '--resume', folder)}")
    else:
        try:
            draw_run(folder)
        except TinyalexError as error:  # raised after the results: the run itself is complete
            undrawn = error
        _print_results(output, folder, summary)
    output.result({**summary, "run": str(folder)}, short=str(folder))
    if undrawn is not None:
        raise undrawn
    if summary.get("interrupted"):
        raise typer.Exit(exit_code_of(summary.get("signal")))


def _print_results(output: Output, folder: Path, summary: dict[str, Any]) -> None:
    """Print the errors, the run's folder, and the next commands."""
    from tinyalex import recipes

    output.text()
    output.text(f"test error  {percent(summary['top1_error'])}", style="bold")
    if (ten := summary.get("top1_error_ten_crops")) is not None:
        top5 = percent(summary["top5_error_ten_crops"])
        output.text(f"ten crops   {percent(ten)}, top-5 {top5}", style="bold")
    output.text(
        f"time        {duration(summary['wall_seconds'])} for {summary['epochs']} epochs"
        f"{'' if ten is None else ' and the ten crops'},"
        f" {summary['images_per_second']:,.0f} images/s in training"
    )
    if summary.get("gpu_memory_mib") is not None:
        output.text(f"GPU memory  {summary['gpu_memory_mib']:,.0f} MiB (CuPy's pool)")
    output.text(f"folder      {folder} (weights, metrics, curves.png, filters.png)")
    output.text()
    output.text("Next:")
    # Flipped crops help only a network that was trained on flipped images.
    crops = ["--crops", 10] if recipes.get(summary["recipe"]).mirror else []
    output.text(f"  {command_line('evaluate', folder, *crops)}")
    output.text(f"  {command_line('predict', folder)} IMAGE.png")
