"""`tinyalex report`: shows runs in one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands import complete
from tinyalex.commands.console import Output
from tinyalex.commands.options import (
    OUTPUT,
    BackendOption,
    DataRootOption,
    JsonOption,
    QuietOption,
    ThreadsOption,
)


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of runs; the first is shown in full.", autocompletion=complete.runs
        ),
    ],
    no_photographs: Annotated[
        bool,
        typer.Option(
            "--no-photographs", help="Leave out the data set's images, to share the file."
        ),
    ] = False,
    data_root: DataRootOption = None,
    backend: BackendOption = "auto",
    threads: ThreadsOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            rich_help_panel=OUTPUT,
            help="File to write. Default: report.html in the first folder.",
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one HTML file about a run: curves, filters, predictions, mistakes, activations.

    The file is self-contained; it needs no network.

    [bold]Examples[/]
    tinyalex report runs/tiny-digits-seed0
    tinyalex report runs/a runs/b --out compared.html
    """
    from tinyalex import report as reports

    output = Output(as_json, quiet)
    path = reports.report(
        runs,
        runs[0] / "report.html" if out is None else out,
        photographs=not no_photographs,
        backend=backend,
        threads=threads,
        data_root=data_root,
        say=output.text,
    )
    size = path.stat().st_size
    output.text(f"written: {path} ({size / 1e6:.1f} MB); open it in a browser")
    output.result({"file": str(path), "bytes": size}, str(path))
