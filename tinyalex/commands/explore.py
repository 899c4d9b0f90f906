"""`tinyalex explore`: a run's network as a page in which it computes what you draw."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands.console import Output
from tinyalex.commands.options import DataRootOption, JsonOption, QuietOption


def explore(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write. Default: explore.html in the run's folder."
        ),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    no_photographs: Annotated[
        bool,
        typer.Option(
            "--no-photographs", help="Leave out the data set's images, to share the file."
        ),
    ] = False,
    max_mb: Annotated[
        float, typer.Option(help="Largest size of the network's weights, in MB.")
    ] = 40,
    data_root: DataRootOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one HTML file in which the network runs: draw, and every layer changes.

    The file is self-contained; it needs no network and no installation.

    [bold]Examples[/]
    tinyalex explore runs/tiny-digits-seed0 --open
    tinyalex explore runs/cifar-80sec-cifar10-seed0 --out cifar.html
    """
    from tinyalex import report

    output = Output(as_json, quiet)
    path = report.explore(
        run,
        run / "explore.html" if out is None else out,
        photographs=not no_photographs,
        max_mb=max_mb,
        data_root=data_root,
    )
    size = path.stat().st_size
    output.text(f"written: {path} ({size / 1e6:.1f} MB); open it in a browser")
    if open_it:
        webbrowser.open(path.resolve().as_uri())
    output.result({"file": str(path), "bytes": size}, str(path))
