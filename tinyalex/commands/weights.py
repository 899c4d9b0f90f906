"""`tinyalex weights`: imports networks of PyTorch, Caffe and ONNX, and exports our own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from tinyalex.commands import complete
from tinyalex.commands.console import Output, command_line
from tinyalex.commands.options import DataRootOption, JsonOption, ModelOption, QuietOption

weights_app = typer.Typer(
    no_args_is_help=True, help="Import weights from PyTorch, Caffe or ONNX, or export them."
)


@weights_app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help=".safetensors, .pth (needs PyTorch), .caffemodel or .onnx.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new run.")],
    model: ModelOption = None,
    mean: Annotated[
        str | None,
        typer.Option(help="Mean to subtract: R,G,B, or a .binaryproto or .npy file."),
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Text file, one label per line. Default: ImageNet's 1000.")
    ] = None,
    colours: Annotated[
        Literal["rgb", "bgr"] | None,
        typer.Option(help="Channel order of an .onnx file. Default: bgr for Caffe's."),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a run from a file of weights, for `tinyalex evaluate` and `tinyalex predict`.

    [bold]Examples[/]
    tinyalex weights import alexnet.safetensors --out runs/torchvision
    tinyalex weights import bvlc_alexnet.caffemodel --mean mean.binaryproto --out runs/caffe
    tinyalex weights import bvlcalexnet-12.onnx --out runs/zoo
    tinyalex weights import net.pth --model alexnet --mean 124,117,104 --out runs/mine
    """
    from tinyalex import notice, weights

    output = Output(as_json, quiet)
    with notice.phase(f"importing {file}"):
        imported = weights.read(file, model, mean, classes, colours)
        imported.write(out, command_line(*sys.argv[1:]))
    parameters = sum(array.size for array in imported.weights.values())
    output.text(f"{imported.model}: {parameters:,} parameters, {len(imported.classes)} classes")
    output.text(f"folder {out} (for tinyalex predict and tinyalex evaluate)")
    document = {
        "out": str(out),
        "model": imported.model,
        "parameters": parameters,
        "classes": len(imported.classes),
        "recipe": imported.recipe.to_dict(),
    }
    output.result(document, short=str(out))


@weights_app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run.", autocompletion=complete.runs)],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .safetensors or .onnx.")],
    format: Annotated[
        Literal["safetensors", "onnx"] | None,
        typer.Option(help="Format of the file. Default: from its name."),
    ] = None,
    preprocess: Annotated[
        bool,
        typer.Option("--preprocess", help="ONNX with pixels as its input: uint8 (N, H, W, C)."),
    ] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a run's network for PyTorch (.safetensors) or as ONNX.

    [bold]Examples[/]
    tinyalex weights export runs/tiny-digits-seed0 --out tiny.safetensors
    tinyalex weights export runs/tiny-digits-seed0 --out tiny.onnx --preprocess
    """
    from tinyalex import notice, training, weights

    output = Output(as_json, quiet)
    with notice.phase(f"exporting {run}"):
        loaded = training.load_run(run, backend="numpy")
        files = weights.export(loaded, out, format, preprocess)
    for path in files:
        output.text(f"written to {path} ({path.stat().st_size / 1e6:.1f} MB)")
    document = {"model": loaded.model.name, "files": [str(path) for path in files]}
    output.result(document, short="\n".join(str(path) for path in files))


@weights_app.command()
def download(
    name: Annotated[
        str,
        typer.Argument(help="The weights: torchvision.", autocompletion=complete.published),
    ] = "torchvision",
    data_root: DataRootOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Download published weights and verify their hash.

    [bold]Examples[/]
    tinyalex weights download torchvision
    tinyalex predict --weights torchvision cat.jpg
    """
    from tinyalex.weights import fetch

    output = Output(as_json, quiet)
    with output.download_bar(name) as progress:
        path = fetch.download(name, data_root, progress)
    readable = fetch.is_readable(path)
    output.text(f"{name} is in {path}")
    if not readable:
        output.warning("PyTorch is needed to read this file: pip install torch")
    document = {"name": name, "path": str(path), "readable": readable}
    output.result(document, short=str(path))
