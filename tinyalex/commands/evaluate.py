"""`tinyalex evaluate` and `tinyalex predict`: what trained networks say about images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from tinyalex.commands.console import (
    JsonOption,
    Output,
    PrecisionOption,
    QuietOption,
    bar,
    percent,
    plain_table,
)
from tinyalex.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_CONFUSIONS = 5
BAR_WIDTH = 30


def evaluate(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of runs; several vote by mean probability.")
    ],
    data: Annotated[
        str | None, typer.Option(help="Other data than the run's own: digits, cifar10, a folder.")
    ] = None,
    crops: Annotated[
        int, typer.Option(help="Views of each image: 1, or 10 (five places, each mirrored).")
    ] = 1,
    backend: Annotated[str, typer.Option(help="auto, numpy, numba or cuda.")] = "auto",
    precision: PrecisionOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="JSON file to write. Default: evaluation.json in the first run."),
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="Where cifar10 lies.")] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the test error of one run, or of several as an ensemble.

    [bold]Examples[/]
    tinyalex evaluate runs/tiny-digits-seed0
    tinyalex evaluate runs/cifar-80sec-cifar10-seed0 --crops 10
    tinyalex evaluate runs/a runs/b runs/c --json
    """
    from tinyalex import evaluation
    from tinyalex.files import write_json

    if crops not in (1, 10):
        raise ConfigError(f"crops must be 1 or 10 (got {crops})", "--crops 10")
    output = Output(as_json, quiet)
    found = evaluation.evaluate(
        runs, data, data_root, crops=crops, backend=backend, precision=precision
    )
    path = runs[0] / "evaluation.json" if out is None else out
    write_json(path, found)

    table = plain_table("run", "top-1 error", "top-5 error", left=["run"])
    for each in found["runs"]:
        table.add_row(
            escape(str(each["run"])), percent(each["top1_error"]), percent(each["top5_error"])
        )
    if len(runs) > 1:
        errors = percent(found["top1_error"]), percent(found["top5_error"])
        table.add_row(f"all {len(runs)} together", *errors, style="bold")
    views = "one centre view" if crops == 1 else "ten views"
    output.text(f"{found['n']:,} test images, {views} of each")
    output.text()
    output.table(table)
    _print_confusions(output, found["confusion"], found["classes"])
    output.text()
    output.text(f"written to {path}")
    output.result(found, short=f"{found['top1_error']:.6f} {found['top5_error']:.6f}")


def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="Image files.")],
    top: Annotated[int, typer.Option(help="How many classes to show.")] = 5,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what is in images, with probabilities.

    [bold]Examples[/]
    tinyalex predict runs/tiny-digits-seed0 seven.png
    tinyalex predict runs/cifar-80sec-cifar10-seed0 cat.jpg dog.jpg --top 3 --json
    """
    from tinyalex import evaluation

    if top < 1:
        raise ConfigError(f"top must be at least 1 (got {top})", "--top 5")
    output = Output(as_json, quiet)
    found = evaluation.predict(run, images, top=top)
    for each in found:
        output.text(str(each["image"]), style="bold")
        table = plain_table("class", "bar", "p", left=["class", "bar"])
        table.show_header = False
        for guess in each["classes"]:
            p = guess["probability"]
            table.add_row(
                f"  {escape(guess['name'])}", bar(p, BAR_WIDTH, output.console), f"{p:.1%}"
            )
        output.table(table)
    best = [f"{each['image']}\t{each['classes'][0]['name']}" for each in found]
    output.result(found, short="\n".join(best))


def _print_confusions(
    output: Output, confusion: Sequence[Sequence[int]], classes: Sequence[str]
) -> None:
    """Name the mistakes that happened most often."""
    mistakes: list[tuple[int, Any, Any]] = [
        (count, classes[true], classes[said])
        for true, row in enumerate(confusion)
        for said, count in enumerate(row)
        if true != said and count
    ]
    if mistakes:
        output.text()
        output.text("Most common mistakes:")
    for count, true, said in sorted(mistakes, key=lambda m: -m[0])[:SHOWN_CONFUSIONS]:
        output.text(f"  {true} taken for {said}: {count}")
