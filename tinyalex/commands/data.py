"""`tinyalex data`: what a data set holds, and fetching one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tinyalex.commands.console import JsonOption, Output, QuietOption, plain_table
from tinyalex.commands.data_prepare import prepare

data_app = typer.Typer(no_args_is_help=True, help="See what a data set holds, or fetch one.")
data_app.command()(prepare)


@data_app.command()
def info(
    name: Annotated[str, typer.Argument(help="digits, cifar10, or a folder of images.")] = "digits",
    data_root: Annotated[Path | None, typer.Option(help="Where cifar10 lies.")] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show a data set's size, shape and classes.

    [bold]Examples[/]
    tinyalex data info digits
    tinyalex data info pictures/ --json
    """
    from tinyalex import data

    out = Output(as_json, quiet)
    found = data.info(data.load(name, root=data_root))
    train, test = found["train"], found["test"]
    table = plain_table("class", "training", "test", left=["class"])
    rows = zip(found["classes"], train["per_class"], test["per_class"], strict=True)
    for label, in_train, in_test in rows:
        table.add_row(escape(label), f"{in_train:,}", f"{in_test:,}")
    table.add_row("all", f"{train['images']:,}", f"{test['images']:,}", style="bold")
    height, width, channels = found["image_shape"]
    kind = "grey" if channels == 1 else "colour"
    out.text(f"{found['name']}: {height} x {width} pixels, {kind}", style="bold")
    mean, std = (" ".join(f"{x:.1f}" for x in found[key]) for key in ("mean", "std"))
    out.text(f"pixels from 0 to 255: mean {mean}, standard deviation {std}")
    out.text()
    out.table(table)
    out.text()
    out.text(f"fingerprint {found['fingerprint']}")
    out.result(found, short=f"{train['images']} {test['images']}")


@data_app.command()
def download(
    name: Annotated[str, typer.Argument(help="The data set: cifar10.")] = "cifar10",
    data_root: Annotated[
        Path | None, typer.Option(help="Where to put it. Default: $TINYALEX_DATA, or a cache.")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch a data set and check its checksum.

    [bold]Examples[/]
    tinyalex data download cifar10
    tinyalex data download cifar10 --data-root ~/data
    """
    from tinyalex import data

    out = Output(as_json, quiet)
    with Progress(
        TextColumn(name),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=out.console,
        disable=quiet or not out.console.is_terminal,
    ) as progress:
        path = data.download(name, root=data_root, progress=progress)
    out.text(f"{name} is in {path}")
    out.result({"name": name, "path": str(path)}, short=str(path))
