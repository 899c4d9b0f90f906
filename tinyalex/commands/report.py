"""`tinyalex report`: runs as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands.console import JsonOption, Output, QuietOption


def report(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of runs; the first is shown in full.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file. Default: report.html in the first run.")
    ] = None,
    no_photographs: Annotated[
        bool,
        typer.Option("--no-photographs", help="Leave out the data set's images, to pass it on."),
    ] = False,
    backend: Annotated[str, typer.Option(help="auto, numpy, numba or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads. Default: all cores.")] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one HTML file about a run: curves, filters, answers, mistakes, what is inside.

    Everything is in the file; it needs no network.

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
        say=output.text,
    )
    size = path.stat().st_size
    output.text(f"written: {path} ({size / 1e6:.1f} MB); open it in a browser")
    output.result({"file": str(path), "bytes": size}, str(path))
