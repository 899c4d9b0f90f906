"""`tinyalex predict`: classifies image files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands import complete
from tinyalex.commands.console import Output, bar, cell, plain_table
from tinyalex.commands.options import (
    BackendOption,
    BatchSizeOption,
    CropsOption,
    DataRootOption,
    JsonOption,
    QuietOption,
    ThreadsOption,
)
from tinyalex.outside import shown

BAR_WIDTH = 30


def predict(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[RUN] IMAGE...",
            help="Folder of a run (unless --weights is given), then image files or their folders.",
            autocompletion=complete.runs_and_images,
        ),
    ],
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights in place of a run: torchvision (after `tinyalex weights download`), or a"
            " file.",
            autocompletion=complete.published,
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Number of classes to show.")] = 5,
    crops: CropsOption = "1",
    invert: Annotated[
        bool,
        typer.Option("--invert", help="Swap light and dark, for ink on paper and a digits net."),
    ] = False,
    data_root: DataRootOption = None,
    backend: BackendOption = "auto",
    threads: ThreadsOption = None,
    batch_size: BatchSizeOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Classify images, with probabilities.

    [bold]Examples[/]
    tinyalex predict runs/tiny-digits-seed0 seven.png
    tinyalex predict runs/tiny-digits-seed0 photos/ --invert
    tinyalex predict runs/cifar-80sec-cifar10-seed0 cat.jpg dog.jpg --top 3 --json
    tinyalex predict --weights torchvision cat.jpg
    """
    from tinyalex import evaluation, training

    output = Output(as_json, quiet)
    if weights is None:
        run, images = training.load_run(paths[0], backend, threads), paths[1:]
    else:
        from tinyalex.weights import load

        run, images = load(weights, data_root, backend, threads), paths
    predictions = evaluation.predict(
        run, images, top=top, crops=int(crops), invert=invert, batch_size=batch_size or 32
    )
    for each in predictions:
        output.text(shown(str(each["image"])), style="bold")
        table = plain_table("class", "bar", "p", left=["class", "bar"])
        table.show_header = False
        for guess in each["classes"]:
            p = guess["probability"]
            table.add_row(f"  {cell(guess['name'])}", bar(p, BAR_WIDTH, output.console), f"{p:.1%}")
        output.table(table)
    best = [
        f"{shown(str(each['image']))}\t{shown(each['classes'][0]['name'])}" for each in predictions
    ]
    output.result(predictions, short="\n".join(best))
