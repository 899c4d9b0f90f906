"""`tinyalex train`: begins a run, or resumes one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyalex.commands.console import Output, command_line, duration, in_epochs, percent
from tinyalex.commands.interrupt import exit_code_of
from tinyalex.commands.options import JsonOption, QuietOption
from tinyalex.commands.train_options import complete_set, given_in, with_settings
from tinyalex.commands.watch import TensorBoardOption, WatchOption
from tinyalex.commands.workers import TimeoutOption, WorkersOption, start_workers, together
from tinyalex.errors import ConfigError, TinyalexError
from tinyalex.settings import option_of

if TYPE_CHECKING:
    from tinyalex.training import RunConfig


@with_settings
def train(
    *,
    resume: Annotated[
        Path | None, typer.Option(help="Resume the run in this folder exactly (bit-identical).")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Repeat a run: its folder, its config.json, or an edited copy. Other options "
            "take the place of what it says."
        ),
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Change any number of the recipe, or any setting: weight_decay=1e-4, "
            "mirror=false, schedule.factor=0.5. Several times for several numbers.",
            rich_help_panel="Learning",
            autocompletion=complete_set,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace the run in the folder, once the new one has a checkpoint.",
            rich_help_panel="Output",
        ),
    ] = False,
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
    tinyalex train --data pictures/ --model alexnet -e 30 -o runs/mine
    tinyalex train --set weight_decay=1e-4 --set schedule.factor=0.5
    tinyalex train --config runs/tiny-digits-seed0 --seed 1
    tinyalex train --data imagenet/ --recipe star-finetune --init-from runs/star
    tinyalex train --resume runs/tiny-digits-seed0
    """
    from tinyalex import training
    from tinyalex.commands.progress import TrainingProgress
    from tinyalex.commands.watching import with_others
    from tinyalex.runs.config import read_config

    start_workers(workers, timeout)
    output = Output(as_json, quiet)
    undrawn: TinyalexError | None = None
    with together(workers, timeout) as group, TrainingProgress(output) as progress:
        listener = with_others(progress, output, watch, tensorboard)
        asked = _asked(settings, set or [], config, overwrite)
        if resume is not None:
            folder = resume
            summary = training.resume(folder, listener, group, **asked)
        else:
            new = _new_run(asked, config)
            summary = training.train(new, listener, group)
            folder = Path(str(new.out))
    if not group.leads:
        if summary.get("interrupted"):
            raise typer.Exit(exit_code_of(summary.get("signal")))
        return
    if summary.get("interrupted"):
        output.warning(f"stopped; the run is saved in {folder}")
        output.text(f"Resume with: {command_line('train', '--resume', folder)}")
    else:
        from tinyalex.report import draw_run

        try:
            draw_run(folder)
        except TinyalexError as error:  # raised after the results: the run itself is complete
            undrawn = error
        _print_results(output, folder, summary, read_config(folder).recipe.mirror)
    output.result({**summary, "run": str(folder)}, short=str(folder))
    if undrawn is not None:
        raise undrawn
    if summary.get("interrupted"):
        raise typer.Exit(exit_code_of(summary.get("signal")))


def _asked(
    settings: dict[str, Any], changes: list[str], config: Path | None, overwrite: bool
) -> dict[str, Any]:
    """What the command line says about the run, by the names of `RunConfig`."""
    from tinyalex import data as datasets
    from tinyalex.runs.changes import from_words

    asked = given_in(settings)
    changed, numbers = from_words(changes)
    for name in changed.keys() & asked.keys():
        raise ConfigError(f"{option_of(name)} is given twice, also by --set", "keep one of them")
    asked |= changed
    if "data" in asked:
        asked["data"] = datasets.choose(asked["data"])
    others = {"set": numbers, "overwrite": overwrite, "config": config}
    return asked | {name: value for name, value in others.items() if value}


def _new_run(asked: dict[str, Any], file: Path | None) -> RunConfig:
    from tinyalex.training import RunConfig

    asked = {**asked, "command": command_line(*sys.argv[1:])}
    asked.pop("config", None)
    return RunConfig(**asked) if file is None else RunConfig.from_file(file, **asked)


def _print_results(
    output: Output, folder: Path, summary: dict[str, Any], mirror: bool = False
) -> None:
    """Print the errors, the run's folder, and the next commands."""
    output.text()
    output.text(f"test error  {percent(summary['top1_error'])}", style="bold")
    if (ten := summary.get("top1_error_ten_crops")) is not None:
        top5 = percent(summary["top5_error_ten_crops"])
        output.text(f"ten crops   {percent(ten)}, top-5 {top5}", style="bold")
    output.text(
        f"time        {duration(summary['wall_seconds'])} for {in_epochs(summary['epochs'])}"
        f"{'' if ten is None else ' and the ten crops'},"
        f" {summary['images_per_second']:,.0f} images/s in training"
    )
    if summary.get("gpu_memory_mib") is not None:
        output.text(f"GPU memory  {summary['gpu_memory_mib']:,.0f} MiB (CuPy's pool)")
    output.text(f"folder      {folder} (weights, metrics, curves.png, filters.png)")
    output.text()
    output.text("Next:")
    # Flipped crops help only a network that was trained on flipped images.
    crops = ["--crops", 10] if mirror else []
    output.text(f"  {command_line('evaluate', folder, *crops)}")
    output.text(f"  {command_line('predict', folder)} IMAGE.png")
