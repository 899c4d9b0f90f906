"""`tinyalex train`: a run from nothing, or on from where it stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tinyalex.commands.console import (
    JsonOption,
    Output,
    PrecisionOption,
    QuietOption,
    WorkspaceOption,
    command_line,
    duration,
    percent,
)
from tinyalex.commands.interrupt import exit_code_of
from tinyalex.errors import ConfigError, TinyalexError

CHANGES_ON_RESUME = ("data", "data_root", "epochs", "backend", "threads", "workers", "ten_crops")


def train(
    data: Annotated[
        str | None,
        typer.Option(
            help="digits (default), moved-digits, cifar10, a part of these (cifar10@10000, "
            "cifar10@held-out), or a folder: one sub-folder per class. With --resume: where the "
            "run's data are now."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="See `tinyalex model`. Default: the recipe's, or what suits the data: tiny for "
            "digits, alexnet-mini for photographs; `tinyalex data info` tells."
        ),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="See `tinyalex recipe`. Default: the model's own.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="numba, numpy, cuda, or auto (default): the fastest here.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads. Default: all cores.")] = None,
    precision: PrecisionOption = None,
    workspace_mb: WorkspaceOption = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training images. Default: the recipe's.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Images a step. Default: the recipe's.")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate at the start. Default: the recipe's.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="For weights, order, crops, dropout. Default: 0.")
    ] = None,
    shuffle: Annotated[
        str | None,
        typer.Option(help="Of packed data: full (default), or shard: a few files at a time."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Threads that read and decode. Default: all cores.")
    ] = None,
    jpeg_decoder: Annotated[
        str | None,
        typer.Option(help="Of packed JPEG: turbo (default), pillow, or nvimgcodec on a GPU."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run. Default: runs/MODEL-DATA-seedN.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Resume the run in this folder, bit for bit.")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Where cifar10 lies. Default: $TINYALEX_DATA, or a cache.")
    ] = None,
    checkpoint_every: Annotated[
        float | None,
        typer.Option(help="Seconds between checkpoints in an epoch. Default: 300."),
    ] = None,
    init_from: Annotated[
        Path | None,
        typer.Option(
            help="Begin with the weights of the run in this folder; with other classes, "
            "the last layer is new."
        ),
    ] = None,
    new_last_layer: Annotated[
        bool, typer.Option("--new-last-layer", help="With --init-from: always a new last layer.")
    ] = False,
    no_ten_crops: Annotated[
        bool, typer.Option("--no-ten-crops", help="Leave out the ten-crop test at the end.")
    ] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network; without options, tiny on handwritten digits (under a minute).

    Ctrl-C saves and stops; --resume continues from there.
    The run's folder gets the weights, every epoch's figures, and pictures.

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
    from tinyalex.report import draw_run

    output = Output(as_json, quiet)
    data = None if data is None else datasets.choose(data)
    options = {
        "data": data,
        "model": model,
        "recipe": recipe,
        "backend": backend,
        "threads": threads,
        "precision": precision,
        "workspace_mb": workspace_mb,
        "epochs": epochs,
        "batch_size": batch_size,
        "lr": lr,
        "seed": seed,
        "shuffle": shuffle,
        "workers": workers,
        "jpeg_decoder": jpeg_decoder,
        "out": out,
        "data_root": data_root,
        "checkpoint_every": checkpoint_every,
        "init_from": init_from,
        "new_last_layer": True if new_last_layer else None,
        "ten_crops": False if no_ten_crops else None,
    }
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    undrawn: TinyalexError | None = None
    with TrainingProgress(output) as progress:
        if resume is not None:
            refuse_changes(given)
            folder = resume
            summary = training.resume(folder, listener=progress, **given)
        else:
            config = training.RunConfig(**given, command=command_line(*sys.argv[1:]))
            folder = config.resolved().out
            summary = training.train(config, listener=progress)
    if summary.get("interrupted"):
        output.warning(f"stopped; the run is saved in {folder}")
        output.text(f"Go on with: {command_line('train', '--resume', folder)}")
    else:
        try:
            draw_run(folder)
        except TinyalexError as error:  # told after what came out: the run is whole
            undrawn = error
        say_what_came_out(output, folder, summary)
    output.result({**summary, "run": str(folder)}, short=str(folder))
    if undrawn is not None:
        raise undrawn
    if summary.get("interrupted"):
        raise typer.Exit(exit_code_of(summary.get("signal")))


def refuse_changes(given: dict[str, Any]) -> None:
    """Refuse what would make a resumed run another run."""
    changed = [f"--{name.replace('_', '-')}" for name in given if name not in CHANGES_ON_RESUME]
    if changed:
        raise ConfigError(
            f"--resume keeps the run's own settings (got {', '.join(changed)} as well)",
            "--resume with --data, --data-root (where the same data are now), --epochs, --backend, "
            "--threads, --workers or --no-ten-crops only; or a new run without --resume",
        )


def say_what_came_out(output: Output, folder: Path, summary: dict[str, Any]) -> None:
    """Print the end message: the result, where it lies, and what to do next."""
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
    # Mirrored views help only a network that may take a mirror image for the same thing.
    views = ["--crops", 10] if recipes.get(summary["recipe"]).mirror else []
    output.text(f"  {command_line('evaluate', folder, *views)}")
    output.text(f"  {command_line('predict', folder)} IMAGE.png")
