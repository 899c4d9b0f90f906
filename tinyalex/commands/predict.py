"""`tinyalex predict`: classifies image files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands.console import (
    CropsOption,
    DataRootOption,
    JsonOption,
    Output,
    QuietOption,
    bar,
    cell,
    plain_table,
)
from tinyalex.errors import ConfigError
from tinyalex.outside import shown

BAR_WIDTH = 30


def predict(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[RUN] IMAGE...",
            help="Folder of a run (unless --weights is given), then image files or their folders.",
        ),
    ],
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights in place of a run: torchvision (after `tinyalex weights download`), or a"
            " file."
        ),
    ] = None,
    top: Annotated[int, typer.Option(help="Number of classes to show.")] = 5,
    crops: CropsOption = 1,
    invert: Annotated[
        bool,
        typer.Option("--invert", help="Swap light and dark, for ink on paper and a digits net."),
    ] = False,
    data_root: DataRootOption = None,
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
    from tinyalex import evaluation

    if top < 1:
        raise ConfigError(f"top must be at least 1 (got {top})", "--top 5")
    output = Output(as_json, quiet)
    if weights is None:
        predictions = evaluation.predict(paths[0], paths[1:], top=top, crops=crops, invert=invert)
    else:
        from tinyalex.weights import load

        run = load(weights, data_root)
        predictions = evaluation.predict(run, paths, top=top, crops=crops, invert=invert)
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
