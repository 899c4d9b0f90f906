"""`tinyalex look`: what a network makes of one image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinyalex.commands.console import Output, cell, plain_table
from tinyalex.commands.options import BackendOption, JsonOption, QuietOption, ThreadsOption


def look(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    image: Annotated[Path, typer.Argument(help="An image file.")],
    layer: Annotated[
        str | None, typer.Option(help="Layer of Grad-CAM. Default: the last convolution.")
    ] = None,
    class_name: Annotated[
        str | None, typer.Option("--class", help="Explain this class, too.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write. Default: look-IMAGE.html in the run's folder."
        ),
    ] = None,
    invert: Annotated[
        bool,
        typer.Option("--invert", help="Swap light and dark, for ink on paper and a digits net."),
    ] = False,
    backend: BackendOption = "auto",
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one HTML file about an image: feature maps, saliency, Grad-CAM, answers.

    [bold]Examples[/]
    tinyalex look runs/tiny-digits-seed0 seven.png
    tinyalex look runs/alexnet-mini-packed-seed0 dog.jpg --class truck
    """
    from tinyalex.report.look import look as looks

    output = Output(as_json, quiet)
    path = run / f"look-{image.stem}.html" if out is None else out
    found = looks(
        run,
        image,
        path,
        layer=layer,
        class_name=class_name,
        invert=invert,
        backend=backend,
        threads=threads,
    )
    names = found.names
    table = plain_table("class", "probability", left=["class"])
    for label in found.best:
        table.add_row(cell(str(names[label])), f"{found.p[label]:.1%}")
    output.table(table)
    output.text(f"written: {path} ({path.stat().st_size / 1e6:.1f} MB); open it in a browser")
    answers = [{"class": names[c], "probability": float(found.p[c])} for c in found.best]
    document = {"file": str(path), "layer": found.cam_layer, "classes": answers}
    output.result(document, str(path))
