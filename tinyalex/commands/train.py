"""`tinyalex train`: a run from nothing, or on from where it stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinyalex.commands.console import (
    JsonOption,
    Output,
    QuietOption,
    command_line,
    duration,
    percent,
)
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from tinyalex.layers import Container

INTERRUPTED = 130  # what shells report for a program ended by Ctrl-C
_DEFAULT_MODEL = {"digits": "tiny", "cifar10": "cifar-80sec"}


def train(
    data: Annotated[
        str | None,
        typer.Option(help="digits, cifar10, or a folder with a sub-folder a class. [digits]"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="See `tinyalex model`. [tiny; for cifar10: cifar-80sec]"),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="See `tinyalex recipe`. [the model's own]")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="auto, numpy or cuda. [auto: the fastest here]")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads. [all cores]")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training images. [the recipe's]")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step. [the recipe's]")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate. [the recipe's]")] = None,
    seed: Annotated[
        int | None, typer.Option(help="For weights, order and augmentation. [0]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="New folder for the run. [runs/MODEL-DATA-seedN]")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run in this folder, bit for bit.")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Where cifar10 lies. [$TINYALEX_DATA, then the cache]")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network; without options, tiny on handwritten digits (under a minute).

    Ctrl-C saves and stops; --resume goes on from there. The run's folder gets the weights, the
    figures of every epoch, and pictures.

    [bold]Examples[/]

    tinyalex train

    tinyalex train --data cifar10 --model cifar-80sec --seed 1

    tinyalex train --data pictures/ --model alexnet --epochs 30

    tinyalex train --resume runs/tiny-digits-seed0
    """
    from tinyalex import training
    from tinyalex.commands.progress import TrainingProgress

    output = Output(as_json, quiet)
    with TrainingProgress(output) as progress:
        if resume is not None:
            fixed = {
                "data": data,
                "model": model,
                "recipe": recipe,
                "batch-size": batch_size,
                "lr": lr,
                "seed": seed,
                "out": out,
                "data-root": data_root,
            }
            _refuse_changes(fixed)
            changes = {"epochs": epochs, "backend": backend, "threads": threads}
            given = {key: value for key, value in changes.items() if value is not None}
            summary = training.resume(resume, listener=progress, **given)
            folder = resume
        else:
            config = _config(
                data, model, recipe, backend, threads, epochs, batch_size, lr, seed, out, data_root
            )
            folder = config.out
            summary = training.train(config, listener=progress)
    if summary.get("interrupted"):
        _say_how_to_go_on(output, folder, summary)
        raise typer.Exit(INTERRUPTED)
    draw_pictures(folder)
    _say_what_came_out(output, folder, summary)
    output.result({**summary, "run": str(folder)}, short=str(folder))
