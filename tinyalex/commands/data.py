"""`tinyalex data`: shows, checks, packs and downloads data sets."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from tinyalex.commands import complete
from tinyalex.commands.console import Output, cell, plain_table
from tinyalex.commands.data_prepare import prepare
from tinyalex.commands.options import (
    DataRootOption,
    JsonOption,
    QuietOption,
    ThreadsOption,
    renamed,
)
from tinyalex.errors import DataError

MOST_ROWS = 100  # a table shows at most this many classes

data_app = typer.Typer(no_args_is_help=True, help="Show, pack, check or download data sets.")
data_app.command(context_settings=renamed(workers="jobs"))(prepare)


@data_app.command()
def info(
    name: Annotated[
        str | None,
        typer.Argument(
            help="digits (default), moved-digits, cifar10, or a folder: packed, or with images.",
            autocompletion=complete.data,
        ),
    ] = None,
    data_root: DataRootOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show a data set's size, shape and classes.

    [bold]Examples[/]
    tinyalex data info digits
    tinyalex data info pictures/ --json
    """
    from tinyalex import data, notice
    from tinyalex.runs.default_model import default_model

    out = Output(as_json, quiet)
    name = "digits" if name is None else data.choose(name)
    with notice.phase(f"reading {name}"):
        about = data.info(data.load(name, root=data_root))
    about["model"] = default_model(name).model
    folder = data.expand(name)
    packed = data.packed.describe(folder) if data.is_packed(folder) else None
    train, test = about["train"], about["test"]
    table = plain_table("class", "training", "test", left=["class"])
    rows = list(zip(about["classes"], train["per_class"], test["per_class"], strict=True))
    for label, in_train, in_test in rows[:MOST_ROWS]:
        table.add_row(cell(label), f"{in_train:,}", f"{in_test:,}")
    if len(rows) > MOST_ROWS:
        table.add_row(f"... {len(rows) - MOST_ROWS:,} more", "", "")
    table.add_row("all", f"{train['images']:,}", f"{test['images']:,}", style="bold")
    height, width, channels = about["image_shape"]
    kind = "grey" if channels == 1 else "colour"
    out.text(f"{about['name']}: {height} x {width} pixels, {kind}", style="bold")
    mean, std = (" ".join(f"{x:.1f}" for x in about[key]) for key in ("mean", "std"))
    out.text(f"pixels from 0 to 255: mean {mean}, standard deviation {std}")
    out.text()
    out.table(table)
    out.text()
    if packed is not None:
        about["packed"] = packed
        say_how_packed(out, packed)
    out.text(f"default model {about['model']} (another one: `tinyalex train --model`)")
    out.text(f"fingerprint {about['fingerprint']}")
    out.result(about, short=f"{train['images']} {test['images']}")


def say_how_packed(out: Output, packed: dict[str, Any]) -> None:
    """Print the sizes of a packed data set's files, and how they were made."""
    for split, part in packed["splits"].items():
        out.text(
            f"{split}: {part['records']:,} {packed['kind']} records in {part['shards']} files, "
            f"{part['bytes'] / 2**20:,.1f} MiB; {packed['rejected'].get(split, 0):,} rejected"
        )
    if packed["options"]:
        out.text("made with " + ", ".join(f"{k} {v}" for k, v in packed["options"].items()))


@data_app.command(context_settings=renamed(workers="threads"))
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of a packed data set.")],
    limit: Annotated[int, typer.Option(min=0, help="Number of problems to print.")] = 20,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check all checksums, sizes and counts of a packed data set, and that its images decode.

    [bold]Examples[/]
    tinyalex data verify packed/
    tinyalex data verify packed/ --json
    """
    from tinyalex import data, notice

    out = Output(as_json, quiet)
    began = time.perf_counter()
    columns = TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with notice.phase(f"checking {folder}"), out.bar(*columns, transient=True) as progress:
        task = progress.add_task("checking", total=None)
        verdict = data.packed.verify(
            folder,
            lambda done, total: progress.update(task, completed=done, total=total),
            limit,
            threads,
        )
    seconds = time.perf_counter() - began
    document = {"folder": str(folder), **asdict(verdict), "seconds": round(seconds, 3)}
    if verdict.bad:
        named = "".join(f"\n  {problem}" for problem in verdict.problems)
        more = verdict.bad - len(verdict.problems)
        named += f"\n  ... and {more:,} more" if more else ""
        if as_json:
            out.result(document)
        raise DataError(
            f"{folder}: {verdict.bad:,} problems in {verdict.records:,} records{named}",
            "run `tinyalex data prepare` again, into an empty folder",
        )
    out.text(
        f"{folder}: {verdict.records:,} records, {verdict.bytes / 2**20:,.1f} MiB, all checksums "
        f"match ({verdict.records / max(seconds, 1e-9):,.0f} images/s)"
    )
    out.result(document, short=str(verdict.records))


@data_app.command()
def download(
    name: Annotated[
        str, typer.Argument(help="The data set: cifar10.", autocompletion=complete.downloads)
    ] = "cifar10",
    data_root: DataRootOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Download a data set and verify its checksum, unless it is already there.

    [bold]Examples[/]
    tinyalex data download cifar10
    tinyalex data download cifar10 --data-root ~/data
    """
    from tinyalex import data

    out = Output(as_json, quiet)
    with out.download_bar(name) as progress:
        path = data.download(name, root=data_root, progress=progress)
    out.text(f"{name} is in {path}")
    out.result({"name": name, "path": str(path)}, short=str(path))
